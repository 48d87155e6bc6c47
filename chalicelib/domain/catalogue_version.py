"""Versions of the catalogue: drafts, what is in force when, and how a park goes back.

A published version never changes. The schedule keeps every change in the order in which it was made; which version is in force
at an instant follows from it. A rollback takes the last publication off and withdraws what was to follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.errors import IllegalTransition


class VersionState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    PAST = "past"


class Move(StrEnum):
    PUBLISHED = "published"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class CatalogueVersion:
    """`revision` rises with each change of a draft; 0: not stored yet."""

    name: str
    proposed_by: str
    proposed_at_ms: int
    revision: int = 0
    is_published: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A document that was checked, its defaults filled in, and the catalogue that it says."""

    document: Mapping[str, Any]
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Change:
    """`version` is what was published, or what a rollback left."""

    move: Move
    version: str
    effective_from_ms: int
    at_ms: int
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`shipped` is in force where nothing else is. `revision` rises with each change; 0: there was none yet."""

    shipped: str
    changes: tuple[Change, ...] = ()
    revision: int = 0

    def in_force(self, at_ms: int) -> str:
        standing = self._standing(at_ms)
        return standing[-1].version if standing else self.shipped

    def in_force_between(self, from_ms: int, to_ms: int) -> tuple[tuple[int, str], ...]:
        """(since when, which) for from_ms <= t <= to_ms, the first from from_ms on."""
        changes = sorted({one.effective_from_ms for one in self.changes if from_ms < one.effective_from_ms <= to_ms})
        found: list[tuple[int, str]] = []
        for at_ms in (from_ms, *changes):
            name = self.in_force(at_ms)
            if not found or found[-1][1] != name:
                found.append((at_ms, name))
        return tuple(found)

    def since_ms(self, at_ms: int) -> int | None:
        """When what is in force took effect, by its publication; None: it is the shipped one."""
        standing = self._standing(at_ms)
        return standing[-1].effective_from_ms if standing else None

    def scheduled(self, now_ms: int) -> tuple[Change, ...]:
        """Publications that are still to take effect, the next one first."""
        return tuple(one for one in self._by_effect() if one.effective_from_ms > now_ms)

    def state(self, version: CatalogueVersion, now_ms: int) -> VersionState:
        if version.name == self.in_force(now_ms):
            return VersionState.IN_FORCE
        if any(one.version == version.name for one in self.scheduled(now_ms)):
            return VersionState.SCHEDULED
        return VersionState.PAST if version.is_published else VersionState.DRAFT

    def publish(self, change: Change) -> "Schedule":
        """With one more publication; what already stands there, again, changes nothing.

        Raises IllegalTransition where the version is to take effect at another time.
        """
        now_ms = change.at_ms
        waiting = [one for one in self.scheduled(now_ms) if one.version == change.version]
        if any(one.effective_from_ms == change.effective_from_ms for one in waiting):
            return self
        if waiting:
            raise IllegalTransition(state=VersionState.SCHEDULED.value, action="publish")
        if change.version == self.in_force(now_ms):
            return self
        return replace(self, changes=(*self.changes, change))

    def roll_back(self, now_ms: int, by: str, reason: str) -> "Schedule":
        """Back to what was in force before. Raises IllegalTransition where nothing was ever published, or all is undone."""
        if not self._standing(now_ms) and not self.scheduled(now_ms):
            raise IllegalTransition(state="shipped", action="roll_back")
        change = Change(Move.ROLLED_BACK, self.in_force(now_ms), now_ms, now_ms, by, reason)
        return replace(self, changes=(*self.changes, change))

    def _standing(self, at_ms: int) -> list[Change]:
        standing: list[Change] = []
        for change in self._by_effect():
            if change.effective_from_ms > at_ms:
                break
            if change.move is Move.PUBLISHED:
                standing.append(change)
            elif standing:
                standing.pop()
        return standing

    def _by_effect(self) -> list[Change]:
        """In the order in which they take effect, without what a rollback withdrew."""
        kept = [
            one
            for at, one in enumerate(self.changes)
            if not any(
                later.move is Move.ROLLED_BACK and later.at_ms < one.effective_from_ms
                for later in self.changes[at + 1 :]
            )
        ]
        return sorted(kept, key=lambda one: one.effective_from_ms)
