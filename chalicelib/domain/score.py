"""A month's score: three parts that begin at a base, and a ledger of entries; the grade follows from their weighted sum.

An entry counts in full for each of its `parts`, and for the score by their weight. Nothing deletes an entry: what is put right is another entry.
Every entry follows from a task as it was closed and from the catalogue then in force, so that the same history gives the same ledger.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from chalicelib.domain.catalogue import ScorePolicy
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.hazard import Hazard
from chalicelib.domain.task import WARNED, Task, TaskKind
from chalicelib.domain.warning import Warning

PARTS = tuple(Dimension)


class Cause(StrEnum):
    WARNING = "warning"
    DURATION = "duration"
    TIMELY = "timely"
    LATE = "late"
    RETURNED = "returned"
    HAZARD_REPORTED = "hazard_reported"
    HAZARD_FOUND = "hazard_found"
    RECTIFICATION = "rectification"  # of a month as a whole, as those below: domain/month.py
    EXCEEDANCES = "exceedances"
    DATA = "data"
    CARRIED = "carried"  # from the month before
    TRAINING = "training"
    CORRECTION = "correction"
    CHAIN = "chain"


class Grade(StrEnum):
    """绿色标杆, 合规达标, 限期整改, 重点督办."""

    BENCHMARK = "benchmark"
    COMPLIANT = "compliant"
    RECTIFY = "rectify"
    SUPERVISED = "supervised"


GRADES = ((90.0, Grade.BENCHMARK), (70.0, Grade.COMPLIANT), (50.0, Grade.RECTIFY))


@dataclass(frozen=True, slots=True)
class ScoreEntry:
    """`key` names the cause once and for all: (enterprise, month, key) is written at most once. `points` may be negative.

    `rule` is the rule's id and version, of a warning, or the course's, of training; `evidence` names the photos that the task was settled by;
    `corrects` is the key of the entry that a correction takes back. `figures` are what an entry of a month as a whole follows from.
    """

    enterprise_id: str
    month: str
    key: str
    cause: Cause
    points: float
    task_id: str
    at_ms: int
    catalogue_version: str
    parts: tuple[Dimension, ...] = PARTS
    rule: str = ""
    evidence: tuple[str, ...] = ()
    corrects: str = ""
    figures: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """`parts` are within 0..100, and `value` is their weighted sum. `frozen` are keys of entries that do not count while an objection is open."""

    enterprise_id: str
    month: str
    value: float
    grade: Grade
    base: float
    entries: tuple[ScoreEntry, ...]
    parts: Mapping[Dimension, float]
    weights: Mapping[Dimension, float]
    frozen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Background:
    """What besides a task its entries follow from: its warning as it now stands, or the hazard that it is about."""

    warning: Warning | None = None
    hazard: Hazard | None = None


def month_of(at_ms: int, zone: tzinfo) -> str:
    """YYYY-MM of an instant, in the park's time zone."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m")


def entries_of(
    task: Task, background: Background, policy: ScorePolicy, zone: tzinfo, catalogue_version: str
) -> tuple[ScoreEntry, ...]:
    """The entries that closing a task writes.

    Of a warning: that it was and how long it stood, timely or late, and one for each return. Of a hazard: a reward where the enterprise reported it of
    itself, else what it costs that others found it. Other tasks write none, nor one whose readings are in doubt: nobody is blamed for a broken sensor.
    """
    assert task.closed_at_ms is not None
    if task.doubts:
        return ()
    if task.kind is TaskKind.REGIONAL:
        causes = _regional(task, policy)
    elif task.kind in WARNED:
        causes = _warned(task, background.warning, policy)
    elif task.kind is TaskKind.HAZARD:
        causes = _hazard(task, background.hazard, policy)
    else:
        causes = []
    evidence = tuple(photo for side in SIDES if (said := task.side(side).submission) for photo in said.media)
    warning = background.warning
    return tuple(
        ScoreEntry(
            enterprise_id=one.enterprise_id or task.enterprise_id,
            month=month_of(task.closed_at_ms, zone),
            key=f"{task.id}:{one.cause}{one.suffix}",
            cause=one.cause,
            points=one.points,
            task_id=task.id,
            at_ms=task.closed_at_ms,
            catalogue_version=catalogue_version,
            parts=one.parts,
            rule="" if warning is None else f"{warning.why.rule_id}@{warning.why.rule_version}",
            evidence=evidence,
        )
        for one in causes
    )


@dataclass(frozen=True, slots=True)
class _Because:
    cause: Cause
    points: float
    parts: tuple[Dimension, ...] = SIDES
    suffix: str = ""
    enterprise_id: str = ""


def _warned(task: Task, warning: Warning | None, policy: ScorePolicy) -> list[_Because]:
    if task.reopenings:
        return _returns(
            task, policy
        )  # what its first closing wrote stands: a department's second thought makes nobody late
    parts = _parts_of(warning)
    causes = [_Because(Cause.WARNING, policy.warning[task.tier], parts), _haste(task, policy)]
    stood = 0.0 if warning is None else policy.duration.points(_ended_ms(task, warning) - warning.onset_ms)
    return [*causes, *([_Because(Cause.DURATION, stood, parts)] if stood else []), *_returns(task, policy)]


def _hazard(task: Task, hazard: Hazard | None, policy: ScorePolicy) -> list[_Because]:
    if task.reopenings:
        return _returns(task, policy)
    parts = SIDES if hazard is None else (hazard.dimension,)
    is_own = hazard is not None and hazard.is_own
    what = (Cause.HAZARD_REPORTED, policy.reported) if is_own else (Cause.HAZARD_FOUND, policy.found[task.tier])
    haste = _haste(task, policy)
    late = [haste] if haste.cause is Cause.LATE else []  # haste must not make up for what others had to find
    return [_Because(*what, parts), *late, *_returns(task, policy)]


def _regional(task: Task, policy: ScorePolicy) -> list[_Because]:
    """Each enterprise's own warnings. How the group's inspectors worked is no enterprise's merit or fault, and a warning that is
    still open goes on in a task of its own."""
    return [
        _Because(Cause.WARNING, policy.warning[one.tier], suffix=f":{one.warning_id}", enterprise_id=one.enterprise_id)
        for one in task.members
        if one.cleared_at_ms is not None
    ]


def _haste(task: Task, policy: ScorePolicy) -> _Because:
    is_late = task.closed_at_ms is not None and task.closed_at_ms > task.due_at_ms
    return _Because(Cause.LATE, policy.late[task.tier]) if is_late else _Because(Cause.TIMELY, policy.timely[task.tier])


def _returns(task: Task, policy: ScorePolicy) -> list[_Because]:
    return [
        _Because(Cause.RETURNED, policy.returned, (dimension,), f":{dimension}:{n + 1}")
        for dimension in SIDES
        for n in range(task.side(dimension).returns)
    ]


def _parts_of(warning: Warning | None) -> tuple[Dimension, ...]:
    """Both coupled parts, and energy where that deviated too."""
    terms = () if warning is None else warning.why.terms
    has_energy = any(one.dimension is Dimension.ENERGY and one.deviation > 0 for one in terms)
    return PARTS if has_energy else SIDES


def _ended_ms(task: Task, warning: Warning) -> int:
    return warning.cleared_at_ms or task.closed_at_ms or warning.onset_ms


def correction_of(entry: ScoreEntry, at_ms: int) -> ScoreEntry:
    """What takes an entry back, in its own month: an objection was upheld."""
    return ScoreEntry(
        enterprise_id=entry.enterprise_id,
        month=entry.month,
        key=f"{Cause.CORRECTION}:{entry.key}",
        cause=Cause.CORRECTION,
        points=-entry.points,
        task_id=entry.task_id,
        at_ms=at_ms,
        catalogue_version=entry.catalogue_version,
        parts=entry.parts,
        rule=entry.rule,
        corrects=entry.key,
    )


def total(
    enterprise_id: str,
    month: str,
    policy: ScorePolicy,
    weights: Mapping[Dimension, float],
    entries: Iterable[ScoreEntry],
    frozen: frozenset[str] = frozenset(),
) -> Score:
    """Each part is the base and the points that count for it, within 0..100; the score is their weighted sum, to two decimals."""
    listed = tuple(sorted(entries, key=lambda entry: (entry.at_ms, entry.key)))
    counted = [one for one in listed if one.key not in frozen]
    parts = {part: _part(part, policy, counted) for part in PARTS}
    value = round(sum(weights[part] * parts[part] for part in PARTS), 2)
    return Score(enterprise_id, month, value, grade_of(value), policy.base, listed, parts, weights, frozen)


def _part(part: Dimension, policy: ScorePolicy, entries: Iterable[ScoreEntry]) -> float:
    own = [one for one in entries if part in one.parts]
    rewards = sum(one.points for one in own if one.cause is Cause.HAZARD_REPORTED)
    trained = sum(one.points for one in own if one.cause is Cause.TRAINING and one.points > 0)
    others = sum(one.points for one in own if one.cause is not Cause.HAZARD_REPORTED) - trained
    earned = min(rewards, policy.reported_most) + min(trained, policy.training_most)
    return round(min(max(policy.base + others + earned, 0.0), 100.0), 2)


def grade_of(value: float) -> Grade:
    return next((grade for least, grade in GRADES if value >= least), Grade.SUPERVISED)
