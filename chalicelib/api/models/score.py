"""Scores on the wire."""

from pydantic import Field, StrictBool

from chalicelib.api.models.wire import ClientId, Instant, Month, ShortText, View, Wire
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.objection import ObjectionState
from chalicelib.domain.score import Cause, Grade


class ScoreQuery(Wire):
    month: Month | None = Field(default=None, description="the running month, in the park's time zone, if absent")


class ScoreEntryOut(View):
    key: str
    cause: Cause
    cause_text: str
    points: float = Field(description="for each of its parts")
    parts: list[Dimension]
    effect: float = Field(description="on the score, by the weights of its parts, where no bound is met")
    task_id: str
    at: Instant
    catalogue_version: str
    rule: str = Field(description="the rule's id and version, of a warning, or the course's, of training; empty: none")
    evidence: list[str] = Field(description="photos that the task was settled by")
    corrects: str = Field(description="the key of the entry that it takes back; empty: none")
    figures: dict[str, float] = Field(description="what an entry of the month as a whole follows from; else empty")
    is_frozen: bool = Field(description="an objection to it is being judged: it does not count")
    repair_text: str = Field(description="how it is avoided or put right")


class ScorePartOut(View):
    part: Dimension
    score: float
    weight: float


class ProjectionOut(View):
    score: float
    grade: Grade
    grade_text: str
    is_downgrade: bool = Field(description="the grade falls unless open tasks end better than that")


class ScoreOut(View):
    enterprise_id: str
    month: str
    score: float
    grade: Grade
    grade_text: str
    base: float
    parts: list[ScorePartOut] = Field(description="each 0 to 100; the score is their sum by weight")
    entries: list[ScoreEntryOut]
    projected: ProjectionOut | None = Field(
        default=None,
        description="of the running month: where it comes to if the tasks that are open now were closed now",
    )


class RecountOut(View):
    """Keys of entries. Corrections after objections, and tasks that were opened again, are not looked at."""

    is_same: bool
    missing: list[str] = Field(description="what the history gives and the ledger lacks")
    surplus: list[str] = Field(description="what only the ledger has")
    different: list[str]


class ChainLinkOut(View):
    id: str
    material: str | None = Field(default=None, description="absent: the link is there no more")


class ChainPartnerOut(View):
    enterprise_id: str
    enterprise_name: str
    result: float = Field(description="its month without what its own partners share with it")
    strength: float = Field(description="share and damping of all links between you, 1 at most")
    points: float = Field(description="before the bound on all partners together")
    links: list[ChainLinkOut]


class ChainShareOut(View):
    """`points` are the sum of the partners', no more than `most` up or down."""

    enterprise_id: str
    month: str
    is_settled: bool = Field(description="it stands in the ledger; else as it would be by what is known now")
    points: float
    share_of: float = Field(description="of what a partner's result is above or below `mark`")
    mark: float
    most: float
    partners: list[ChainPartnerOut]


class ObjectionIn(Wire):
    id: ClientId
    month: Month
    entry: str = Field(min_length=1, max_length=200, description="the entry's key")
    reason: ShortText


class ObjectionDecisionIn(Wire):
    uphold: StrictBool
    reason: ShortText


class ObjectionOut(View):
    id: str
    enterprise_id: str
    month: str
    entry: str = Field(validation_alias="entry_key")
    reason: str
    by: str
    at: Instant = Field(validation_alias="at_ms")
    due_at: Instant = Field(validation_alias="due_at_ms", description="by when it is to be judged")
    is_late: bool = False
    state: ObjectionState
    state_text: str = ""
    decided_by: str
    decided_reason: str
    decided_at: Instant | None = Field(default=None, validation_alias="decided_at_ms")


class ObjectionsOut(View):
    items: list[ObjectionOut]
    next_cursor: str | None = None
