"""What changed from one catalogue document to another, in terms of its rules and indicators: path, old, new."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

ABSENT: Any = object()


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """`path` names a rule by its id, not by its place; `name` is that of the rule, indicator or other thing it is of.

    What is added or removed is told whole, by its topmost path.
    """

    path: tuple[str, ...]
    kind: ChangeKind
    old: Any = None
    new: Any = None
    name: Mapping[str, str] | None = None


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Of two documents with their defaults filled in. The order of rules and of keys is none of it."""
    names = _names(old) | _names(new)
    return tuple(replace(one, name=names.get(one.path[:2])) for one in _between((), old, new))


def _names(document: Mapping[str, Any]) -> dict[tuple[str, ...], Mapping[str, str]]:
    return {
        (part, name): one["name"]
        for part, things in document.items()
        for name, one in (_table(things) or {}).items()
        if isinstance(one, Mapping) and "name" in one
    }


def _between(path: tuple[str, ...], old: Any, new: Any) -> Iterator[Difference]:
    if old is ABSENT:
        yield Difference(path, ChangeKind.ADDED, new=new)
    elif new is ABSENT:
        yield Difference(path, ChangeKind.REMOVED, old=old)
    elif (before := _table(old)) is not None and (after := _table(new)) is not None:
        for name in dict.fromkeys((*before, *after)):
            yield from _between((*path, name), before.get(name, ABSENT), after.get(name, ABSENT))
    elif old != new:
        yield Difference(path, ChangeKind.CHANGED, old, new)


def _table(value: Any) -> Mapping[str, Any] | None:
    """A table by its keys, a list of things with ids by these; None for any other value."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "id" in one for one in value):
        return {str(one["id"]): one for one in value}
    return None
