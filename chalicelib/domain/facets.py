"""What each kind of thing adds to the dashboard's figures, from the thing alone as it is now."""

from datetime import tzinfo

from chalicelib.domain.dashboard import Counts, Facet, Thing, ThingKind, summed
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.observation import Observation
from chalicelib.domain.score import Score, month_of
from chalicelib.domain.task import Task, TaskKind, TaskState
from chalicelib.domain.warning import Warning, WarningState


def of_task(task: Task, zone: tzinfo) -> Facet:
    """An open task with both its sides, and in its months that it was opened and how it was closed."""
    is_open = task.state is TaskState.OPEN
    shared = tuple(sorted(task.enterprises)) if is_open and task.kind is TaskKind.REGIONAL else ()
    months = _added((month_of(task.opened_at_ms, zone), {"opened": 1}), _closing(task, zone))
    return Facet(Thing(ThingKind.TASK, task.id), task.unit_id, _open_task(task) if is_open else {}, months, shared)


def _open_task(task: Task) -> Counts:
    sides = {f"{side.value}.{task.side(side).state.value}": 1 for side in SIDES}
    is_unanswered = "acknowledge" in task.overdue and not task.acknowledgements
    late = {"overdue": 1} if "finish" in task.overdue else {}
    return {"tasks": 1, f"tasks.{task.tier}": 1} | sides | late | ({"unanswered": 1} if is_unanswered else {})


def _closing(task: Task, zone: tzinfo) -> tuple[str, Counts]:
    if task.closed_at_ms is None:
        return "", {}
    taken_s = max(task.closed_at_ms - task.opened_at_ms, 0) // 1000
    counts = {"closed": 1, "handling_s": taken_s, f"handling.{handling_class(taken_s)}": 1}
    on_time = {"on_time": 1} if task.closed_at_ms <= task.due_at_ms else {}
    return month_of(task.closed_at_ms, zone), _told(counts | on_time)


def handling_class(taken_s: int) -> int:
    """Classes of handling times, each twice as wide as the one before: 0 is under a minute, n under 2 to the n minutes."""
    return (taken_s // 60).bit_length()


def handling_class_end_s(number: int) -> int:
    return 60 << number


def of_warning(warning: Warning, zone: tzinfo) -> Facet:
    """One that stands open, and in its month that it was raised, or found in data that came late."""
    thing = Thing(ThingKind.WARNING, warning.id)
    if warning.state not in (WarningState.OPEN, WarningState.CLEARED):
        return Facet(thing, warning.unit_id)
    now = {f"warnings.{warning.tier}": 1} if warning.state is WarningState.OPEN else {}
    raised = {"retroactive": 1} if warning.retroactive else {f"raised.{warning.tier}": 1}
    return Facet(thing, warning.unit_id, now, {month_of(warning.opened_at_ms, zone): raised})


def of_observation(one: Observation, zone: tzinfo) -> Facet:
    now = {"observations": 1} if one.closed_at_ms is None else {}
    thing = Thing(ThingKind.OBSERVATION, one.id)
    return Facet(thing, one.unit_id, now, {month_of(one.opened_at_ms, zone): {"observed": 1}})


def of_score(score: Score) -> Facet:
    """Of a month with entries; in hundredths of a point, so that sums are exact."""
    thing = Thing(ThingKind.SCORE, score.month)
    if not score.entries:
        return Facet(thing)
    counts = {"scored": 1, "score_hundredths": round(score.value * 100), f"grade.{score.grade.value}": 1}
    return Facet(thing, months={score.month: _told(counts)})


def of_enterprise() -> Facet:
    return Facet(Thing(ThingKind.ENTERPRISE), now={"enterprises": 1})


def of_unit(unit_id: str) -> Facet:
    return Facet(Thing(ThingKind.UNIT, unit_id), unit_id, {"units": 1})


def of_source(*, is_reporting: bool) -> Facet:
    return Facet(Thing(ThingKind.SOURCE), now={"reporting": 1} if is_reporting else {})


def _added(*parts: tuple[str, Counts]) -> dict[str, Counts]:
    months = dict.fromkeys(month for month, _ in parts if month)
    return {month: summed(counts for own, counts in parts if own == month) for month in months}


def _told(counts: Counts) -> Counts:
    return {name: number for name, number in counts.items() if number}
