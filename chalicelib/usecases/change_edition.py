"""Change a thing of a list of which nothing is lost: read what it is, decide what it becomes, and try again where somebody was faster."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.domain.edition import Edition
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.person import Person
from chalicelib.ports import Clock, EditionRepo

T = TypeVar("T")
ATTEMPTS = 5


def change_edition(
    thing_id: str, changed: Callable[[Edition[T] | None], Edition[T]], repo: EditionRepo[T]
) -> Edition[T]:
    """`changed` gets what there is (None: nothing) and returns that very edition, or the next one."""
    for _ in range(ATTEMPTS):
        known = repo.get(thing_id)
        after = changed(known)
        if after is known:
            return after
        try:
            return repo.save(thing_id, after)
        except WriteConflict:
            continue
    raise WriteConflict


def next_edition(before: Edition[T] | None, value: T, person: Person, clock: Clock) -> Edition[T]:
    """The same value again makes no edition, unless the thing had been taken away."""
    if before is not None and value == before.value and not before.is_removed:
        return before
    return Edition(value, 1 if before is None else before.version + 1, person.id, clock.now_ms())


def removal(before: Edition[T], person: Person, clock: Clock) -> Edition[T]:
    return Edition(before.value, before.version + 1, person.id, clock.now_ms(), is_removed=True)
