"""The audit: one chain of entries for each object, in which nothing can be changed, left out or put in without its being seen.

An entry names the one before by its hash, and its own hash is the SHA-256 (hex) of all its other members, written as JSON with sorted
keys, without spaces, in UTF-8, non-ASCII characters as they are. docs/verify_audit.py checks an export by that alone.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

FIRST = ""  # what the first entry names as the one before


class AuditKind(StrEnum):
    TASK = "task"
    WARNING = "warning"
    SCORE = "score"
    CATALOGUE = "catalogue"
    PRIVACY = "privacy"
    CONSEQUENCE = "consequence"
    CREDIT_FILE = "credit_file"
    MODULES = "modules"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a part of an object (`part` is empty for the object itself). `before` and `after` hold the members that changed;
    of what was new, `before` is None. `by` is who did it: a role with a person's id, a bridge, or "system" with our function's name;
    `origin` where the call came from. `device_at_ms` is by the clock of a phone that was offline."""

    object: str
    seq: int
    at_ms: int
    by_kind: str
    by_id: str
    origin: str
    device_id: str
    operation_id: str
    device_at_ms: int | None
    part: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    previous: str
    hash: str = field(default="")

    def sealed(self) -> "Entry":
        return replace(self, hash=hash_of(asdict(self)))


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_of(entry: Mapping[str, Any]) -> str:
    told = {key: value for key, value in entry.items() if key != "hash"}
    return sha256(canonical(told).encode()).hexdigest()


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """The members that changed, as they were and as they are."""
    if before is None or after is None:
        return before, after
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before[key] for key in changed if key in before}, {key: after[key] for key in changed if key in after}


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends."""

    object: str
    seq: int
    hash: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that does not fit, by where it stands, and why."""

    seq: int
    why: str


def find_break(entries: Iterable[Entry], *, seq: int = 1, previous: str = FIRST) -> Break | None:
    """None where the entries follow each other from `seq` on, the first behind `previous`."""
    for entry in entries:
        if entry.seq != seq:
            return Break(seq, "missing")
        if entry.previous != previous:
            return Break(seq, "not_linked")
        if entry.hash != hash_of(asdict(entry)):
            return Break(seq, "changed")
        seq, previous = seq + 1, entry.hash
    return None


def state_after(entries: Iterable[Entry], part: str) -> Mapping[str, Any] | None:
    """A part of an object as its entries say that it is."""
    state: dict[str, Any] | None = None
    for entry in entries:
        if entry.part != part:
            continue
        if entry.after is None:
            state = None
        elif state is None or entry.before is None:
            state = dict(entry.after)
        else:
            state = {key: value for key, value in state.items() if key not in entry.before} | dict(entry.after)
    return state
