"""Who acts just now, for the audit: set where a request or a record comes in, read where a change is written.

It is the one thing that is not passed along as an argument, like the correlation id of the log: every write needs it, and no decision
may depend on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Author:
    """`kind` is a role, "bridge" or "system"; `id` a person, a bridge or one of our functions. `origin` is where the call came from.

    `device_id`, `operation_id` and `device_at_ms` are set where a phone did it offline, and by its own clock.
    """

    kind: str = SYSTEM
    id: str = ""
    origin: str = ""
    device_id: str = ""
    operation_id: str = ""
    device_at_ms: int | None = None


_author: ContextVar[Author | None] = ContextVar("author", default=None)


def author() -> Author:
    return _author.get() or Author()


@contextmanager
def acting(who: Author) -> Iterator[None]:
    token = _author.set(who)
    try:
        yield
    finally:
        _author.reset(token)
