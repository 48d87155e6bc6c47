"""The dashboard on the wire."""

from pydantic import Field

from chalicelib.api.models.wire import Id, Instant, Month, SideName, View, Wire
from chalicelib.domain.dashboard_scope import Level
from chalicelib.domain.score import Grade


class DashboardQueryIn(Wire):
    region: Id | None = Field(default=None, description="all that you see if absent")
    industry: Id | None = Field(default=None, description="with a region: the joint group")
    enterprise: Id | None = Field(default=None, description="one enterprise's branch, with its units")
    month: Month | None = Field(default=None, description="the running month, in the park's time zone, if absent")
    cursor: str | None = Field(default=None, max_length=400, description="where the page before ended")
    limit: int = Field(default=20, ge=1, le=45)


class TierCountsOut(View):
    tier_1: int
    tier_2: int
    tier_3: int
    total: int


class SideProgressOut(View):
    """How far one side of the open tasks has come."""

    side: SideName
    side_text: str
    pending: int
    submitted: int
    rejected: int
    passed: int
    waived: int


class TaskFiguresOut(View):
    open: TierCountsOut
    overdue: int = Field(description="open ones whose time to finish is over")
    unanswered: int = Field(description="open ones that nobody took in time")
    shared: int = Field(
        description="of an enterprise: open tasks of its whole joint group that concern it; they are counted in the group and not in `open`"
    )
    sides: list[SideProgressOut]


class HandlingOut(View):
    """How long the tasks that were closed in the month had been open."""

    count: int
    total_s: int
    mean_s: float | None = None
    median_below_s: int | None = Field(
        default=None, description="the median is less than this, and above a minute at least half of it"
    )


class MonthFiguresOut(View):
    month: str
    raised: TierCountsOut = Field(description="warnings, by the tier that they came to")
    retroactive: int = Field(description="warnings found in data that came late")
    observed: int = Field(description="observations")
    opened: int = Field(description="tasks")
    closed: int = Field(description="tasks")
    on_time: int = Field(description="of those that were closed")
    on_time_share: float | None = None
    handling: HandlingOut


class GradeCountOut(View):
    grade: Grade
    grade_text: str
    count: int


class ScoreFiguresOut(View):
    """Of the enterprises that have entries in the month; all others stand at the base."""

    count: int
    sum: float
    mean: float | None = None
    grades: list[GradeCountOut]


class CompletenessOut(View):
    """What stands behind the figures."""

    enterprises: int = Field(description="registered ones")
    units: int
    reporting: int | None = Field(
        default=None,
        description="enterprises whose data came within two of their sampling intervals, at `sources_at`; absent: nobody has looked yet",
    )
    share: float | None = Field(default=None, description="reporting of all")
    sources_at: Instant | None = Field(default=None, description="when it was last seen whose data come: once an hour")
    counted_at: Instant | None = Field(default=None, description="when any of the figures last changed")
    checked_at: Instant | None = Field(
        default=None, description="since then all figures were held against the whole history: once a night"
    )


class FiguresOut(View):
    warnings: TierCountsOut = Field(description="that stand open")
    tasks: TaskFiguresOut
    observations: int = Field(description="that stand open")
    month: MonthFiguresOut
    scores: ScoreFiguresOut | None = Field(default=None, description="for who may read scores; a unit has none")
    completeness: CompletenessOut


class DashboardNodeOut(View):
    level: Level
    level_text: str
    region: str | None = None
    industry: str | None = None
    id: str | None = Field(default=None, description="of an enterprise or a unit")
    name: str | None = None
    figures: FiguresOut


class DashboardOut(DashboardNodeOut):
    """A node with what is right below it, by rising id."""

    last_data_at: Instant | None = Field(default=None, description="of one enterprise: when its newest readings came")
    is_rebuilding: bool = Field(
        description="the figures are being counted anew beside these, which stay right meanwhile"
    )
    children: list[DashboardNodeOut]
    next_cursor: str | None = None


class RebuildOut(View):
    generation: int = Field(description="that is read")
    building: int | None = Field(default=None, description="that is being counted")
    asked_at: Instant | None = None
    built_to: str | None = Field(default=None, description="the enterprise that it has come to, by rising id")
