"""A month's score: a base and a ledger of entries; the grade follows from the sum. Nothing deletes an entry."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from chalicelib.domain.catalogue import ScorePolicy
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.task import WARNED, Task, TaskKind


class Cause(StrEnum):
    WARNING = "warning"
    TIMELY = "timely"
    LATE = "late"
    RETURNED = "returned"


class Grade(StrEnum):
    """绿色标杆, 合规达标, 限期整改, 重点督办."""

    BENCHMARK = "benchmark"
    COMPLIANT = "compliant"
    RECTIFY = "rectify"
    SUPERVISED = "supervised"


GRADES = ((90.0, Grade.BENCHMARK), (70.0, Grade.COMPLIANT), (50.0, Grade.RECTIFY))


@dataclass(frozen=True, slots=True)
class ScoreEntry:
    """`key` names the cause once and for all: (enterprise, month, key) is written at most once. `points` may be negative."""

    enterprise_id: str
    month: str
    key: str
    cause: Cause
    points: float
    task_id: str
    at_ms: int
    catalogue_version: str


@dataclass(frozen=True, slots=True)
class Score:
    enterprise_id: str
    month: str
    value: float
    grade: Grade
    base: float
    entries: tuple[ScoreEntry, ...]


def month_of(at_ms: int, zone: tzinfo) -> str:
    """YYYY-MM of an instant, in the park's time zone."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m")


def entries_of(task: Task, policy: ScorePolicy, zone: tzinfo, catalogue_version: str) -> tuple[ScoreEntry, ...]:
    """The entries that closing a task writes: the warning itself, timely or late, and one for each return. A task without a
    warning writes none, nor one whose readings are in doubt: nobody is blamed for a broken sensor."""
    assert task.closed_at_ms is not None
    if task.kind not in WARNED or task.doubts:
        return ()
    if task.kind is TaskKind.REGIONAL:
        return _regional_entries(task, task.closed_at_ms, policy, zone, catalogue_version)
    late = task.closed_at_ms > task.due_at_ms
    causes = [
        (Cause.WARNING, "", policy.warning[task.tier]),
        (Cause.LATE, "", policy.late[task.tier]) if late else (Cause.TIMELY, "", policy.timely[task.tier]),
    ]
    if task.reopenings:
        causes = []  # what its first closing wrote stands: a department's second thought makes nobody late
    for dimension in SIDES:
        causes += [
            (Cause.RETURNED, f":{dimension}:{n + 1}", policy.returned) for n in range(task.side(dimension).returns)
        ]
    return tuple(
        ScoreEntry(
            enterprise_id=task.enterprise_id,
            month=month_of(task.closed_at_ms, zone),
            key=f"{task.id}:{cause}{suffix}",
            cause=cause,
            points=points,
            task_id=task.id,
            at_ms=task.closed_at_ms,
            catalogue_version=catalogue_version,
        )
        for cause, suffix, points in causes
    )


def _regional_entries(
    task: Task, at_ms: int, policy: ScorePolicy, zone: tzinfo, catalogue_version: str
) -> tuple[ScoreEntry, ...]:
    """Each enterprise's own warnings. How the group's inspectors worked is no enterprise's merit or fault, and a warning that is
    still open goes on in a task of its own."""
    return tuple(
        ScoreEntry(
            enterprise_id=one.enterprise_id,
            month=month_of(at_ms, zone),
            key=f"{task.id}:{Cause.WARNING}:{one.warning_id}",
            cause=Cause.WARNING,
            points=policy.warning[one.tier],
            task_id=task.id,
            at_ms=at_ms,
            catalogue_version=catalogue_version,
        )
        for one in task.members
        if one.cleared_at_ms is not None
    )


def total(enterprise_id: str, month: str, base: float, entries: Iterable[ScoreEntry]) -> Score:
    """Base plus points, kept within 0..100."""
    listed = tuple(sorted(entries, key=lambda entry: (entry.at_ms, entry.key)))
    value = round(min(max(base + sum(entry.points for entry in listed), 0.0), 100.0), 2)
    return Score(enterprise_id, month, value, grade_of(value), base, listed)


def grade_of(value: float) -> Grade:
    return next((grade for least, grade in GRADES if value >= least), Grade.SUPERVISED)
