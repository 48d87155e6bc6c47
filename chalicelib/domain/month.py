"""A month as a whole: what was due and done, what was exceeded, and the entries that follow once it is over.

Figures follow from tasks and warnings as they stood at the month's end, so that what happens later changes no month that is settled. An exceedance (超标)
is a coupled warning: its environment leg was past its trigger for at least the rule's on-delay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.domain.catalogue import MonthPolicy, ScorePolicy, Steps
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.score import PARTS, Cause, Grade, ScoreEntry
from chalicelib.domain.task import Task, TaskKind
from chalicelib.domain.warning import Warning, WarningState

STOOD = frozenset({WarningState.OPEN, WarningState.CLEARED})
# How a group works on a flood, or goes on its rounds, is no enterprise's merit or fault.
OF_NO_ENTERPRISE = frozenset({TaskKind.REGIONAL, TaskKind.JOINT_VISIT})


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """`due` are the tasks whose time ended in the month, `done` those of them that were closed by its end, `on_time` by their own. `data` is the
    share of readings that came and can be judged, of the hours that were checked; None: there was nothing to check. What came to be known after
    `counted_at_ms` is not in them."""

    due: int
    done: int
    on_time: int
    exceedances: int
    data: float | None = None
    counted_at_ms: int = 0

    @property
    def rate(self) -> float | None:
        """The rectification rate (整改率), 0 to 1; None where nothing was due."""
        return self.done / self.due if self.due else None

    @property
    def is_all_done(self) -> bool:
        return self.done == self.due


def figures_of(tasks: Iterable[Task], warnings: Iterable[Warning], span: tuple[int, int], at_ms: int) -> MonthFigures:
    """Of an enterprise's tasks and warnings, in from_ms <= t < to_ms, as far as known at an instant. Of a month that is not over, a task counts once its time has ended."""
    from_ms, to_ms = span
    until_ms = min(to_ms, at_ms + 1)
    due = [one for one in tasks if one.kind not in OF_NO_ENTERPRISE and from_ms <= one.due_at_ms < until_ms]
    done = [one.closed_at_ms for one in due if one.closed_at_ms is not None and one.closed_at_ms < to_ms]
    on_time = sum(one.closed_at_ms is not None and one.closed_at_ms <= one.due_at_ms for one in due)
    exceeded = [
        one
        for one in warnings
        if one.state in STOOD and from_ms <= one.onset_ms < to_ms and one.received_at_ms <= at_ms
    ]
    return MonthFigures(len(due), len(done), on_time, len(exceeded), counted_at_ms=at_ms)


@dataclass(frozen=True, slots=True)
class MonthCause:
    """What a month's entries are written with."""

    enterprise_id: str
    month: str
    at_ms: int
    catalogue_version: str


def monthly_entries(of: MonthCause, figures: MonthFigures, policy: ScorePolicy) -> tuple[ScoreEntry, ...]:
    """What a month that is over adds to its own ledger: rectification, exceedances beyond the free ones, and data. An entry that would be
    worth nothing is not written."""
    month = policy.month
    found = [
        _entry(of, Cause.RECTIFICATION, _rectified(figures, month), SIDES, {"due": figures.due, "done": figures.done}),
        _entry(of, Cause.EXCEEDANCES, _exceeded(figures, month), SIDES, {"exceedances": figures.exceedances}),
    ]
    if figures.data is not None:
        found.append(_entry(of, Cause.DATA, step(figures.data, month.data), PARTS, {"share": figures.data}))
    return tuple(one for one in found if one.points)


def carried_entry(of: MonthCause, value: float, figures: MonthFigures, policy: ScorePolicy) -> ScoreEntry | None:
    """What a month leaves to the next one, `of.month`: a share of what was missing to the base, half of it where all that was due was done."""
    month = policy.month
    share = month.carried_repaired if figures.is_all_done else month.carried
    points = round(max(-share * max(policy.base - value, 0.0), month.carried_most), 2)
    return _entry(of, Cause.CARRIED, points, PARTS, {"score": value}) if points else None


def step(share: float, steps: Steps) -> float:
    return next((points for below, points in steps if share < below), 0.0)


def _rectified(figures: MonthFigures, policy: MonthPolicy) -> float:
    if figures.rate is None:
        return 0.0
    return policy.rectified if figures.is_all_done else step(figures.rate, policy.rectification)


def _exceeded(figures: MonthFigures, policy: MonthPolicy) -> float:
    beyond = max(figures.exceedances - policy.exceedances_free, 0)
    return max(beyond * policy.exceedance, policy.exceedances_most)


def _entry(
    of: MonthCause, cause: Cause, points: float, parts: tuple[Dimension, ...], figures: Mapping[str, float]
) -> ScoreEntry:
    return ScoreEntry(
        enterprise_id=of.enterprise_id,
        month=of.month,
        key=f"month:{cause}",
        cause=cause,
        points=points,
        task_id="",
        at_ms=of.at_ms,
        catalogue_version=of.catalogue_version,
        parts=parts,
        figures=tuple(sorted(figures.items())),
    )


@dataclass(frozen=True, slots=True)
class MonthResult:
    """A month as it was settled. `low_months`: how many months running, with this one, the score was under the bound for interviews.
    `revision` counts settlements: an objection that was decided later settles it again."""

    enterprise_id: str
    month: str
    region: str
    industry: str
    value: float
    grade: Grade
    parts: Mapping[Dimension, float]
    figures: MonthFigures
    low_months: int
    catalogue_version: str
    settled_at_ms: int
    revision: int = 0


def previous_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year - (number == 1)}-{(number - 2) % 12 + 1:02d}"


def next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + (number == 12)}-{number % 12 + 1:02d}"
