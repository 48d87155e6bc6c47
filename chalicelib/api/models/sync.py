"""What phones fetch and bring when they have a signal again."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.models.checklists import AnswerIn, AnswerOut, ChecklistOut
from chalicelib.api.models.evidence import (
    PhotoIn,
    PhotoOut,
    RectificationIn,
    RectificationOut,
    RetestIn,
    RetestOut,
    UploadOut,
)
from chalicelib.api.models.hazards import HazardIn
from chalicelib.api.models.registry import PositionModel
from chalicelib.api.models.tasks import (
    ConsentIn,
    HandoverIn,
    ReopeningIn,
    SubmissionIn,
    TaskOut,
    TransferIn,
    VerdictIn,
    WaiverIn,
)
from chalicelib.api.models.visits import VisitIn
from chalicelib.api.models.why import WhyOut
from chalicelib.api.models.wire import (
    ClientId,
    Count,
    FieldProblem,
    Id,
    Instant,
    InstantIn,
    PageQuery,
    ShortText,
    SideName,
    View,
    Wire,
)
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.field_operation import Decision, Outcome
from chalicelib.domain.person import Role

MAX_OPERATIONS = 100


class SyncQuery(Wire):
    cursor: str | None = Field(default=None, max_length=400, description="`next_cursor` of the last answer")
    limit: int = Field(default=200, ge=1, le=200)


class ContactOut(View):
    id: str
    name: str
    role: Role
    dimension: Dimension | None = None
    enterprise_id: str | None = None
    phone: str


class FieldTaskOut(View):
    """A task with all that is needed of it without a signal. `photos` have links to their thumbnails, which expire."""

    task: TaskOut
    why: WhyOut | None = Field(default=None, description="without sparklines, neighbours and receptors")
    position: PositionModel | None = None
    contacts: list[str] = Field(description="ids, explained in `people`")
    photos: list[PhotoOut]
    retests: list[RetestOut]
    rectifications: list[RectificationOut]
    checklists: list[str] = Field(description="names of its sides' versions, explained in `checklists` of the whole")
    answers: list[AnswerOut] = Field(description="of an item, the newest by `at` stands")


class SyncOut(View):
    tasks: list[FieldTaskOut]
    gone: list[str] = Field(description="tasks that you have nothing to do with any more: forget them")
    people: list[ContactOut]
    checklists: list[ChecklistOut] = Field(description="each version once, which never changes: keep it")
    next_cursor: str
    more: bool = Field(description="ask again at once")
    reset: bool = Field(description="this begins anew: forget every task that is not in this and the following answers")
    server_time: Instant


class Nothing(Wire):
    """Who takes something needs to say no more than that."""


class FieldAnswerIn(AnswerIn):
    """With a signal, the item stands in the route."""

    item: Id


# By kind, what an operation's payload is: the very body of the route that does the same with a signal.
PAYLOADS: dict[str, type[Wire]] = {
    "hazard": HazardIn,
    "acknowledge": Nothing,
    "accept": Nothing,
    "decline": HandoverIn,
    "transfer": TransferIn,
    "photo": PhotoIn,
    "retest": RetestIn,
    "rectification": RectificationIn,
    "checklist_answer": FieldAnswerIn,
    "submission": SubmissionIn,
    "verdict": VerdictIn,
    "waiver": WaiverIn,
    "consent": ConsentIn,
    "reopening": ReopeningIn,
    "visit": VisitIn,
}
Kind = Literal[
    "hazard",
    "acknowledge",
    "accept",
    "decline",
    "transfer",
    "photo",
    "retest",
    "rectification",
    "checklist_answer",
    "submission",
    "verdict",
    "waiver",
    "consent",
    "reopening",
    "visit",
]
# The kinds that name a side beside their payload: with a signal, it stands in the route.
SIDED = frozenset(
    {"accept", "decline", "transfer", "checklist_answer", "submission", "verdict", "waiver", "consent", "reopening"}
)


class OperationIn(Wire):
    """One thing done offline. Its payload is judged with it, so that one that is wrong refuses no other."""

    id: ClientId
    kind: Kind
    task_id: Id
    side: SideName | None = Field(
        default=None,
        description="of every kind but `hazard`, `acknowledge`, `photo`, `retest`, `rectification`, `visit`",
    )
    base_version: Annotated[Count, Field(ge=1)] | None = Field(
        default=None, description="the version of the task that its owner saw; absent: as it now stands"
    )
    at: InstantIn = Field(description="when it was done, by the device's clock")
    payload: dict[str, Any] = Field(
        default={},
        description="hazard: HazardIn (its task is `t-<id>`); acknowledge, accept: nothing; decline: HandoverIn; transfer: TransferIn; "
        "photo: PhotoIn; retest: RetestIn; rectification: RectificationIn; checklist_answer: AnswerIn with `item`; submission: SubmissionIn; "
        "verdict: VerdictIn; waiver: WaiverIn; consent: ConsentIn; reopening: ReopeningIn; visit: VisitIn (its task is the first of them)",
    )


class SyncIn(Wire):
    device_id: Id
    sent_at: InstantIn = Field(description="the device's clock, now")
    operations: list[OperationIn] = Field(max_length=MAX_OPERATIONS)


class OperationProblem(View):
    code: str
    title: str
    errors: list[FieldProblem] = Field(default=[])


class OperationOut(View):
    """`task_version` is the task's after it; use it as the base of what follows."""

    id: str
    outcome: Outcome
    outcome_text: str
    task_id: str
    task_version: int | None = None
    merged_with: list[str] = Field(default=[], description="what others changed meanwhile: sides, or `task`")
    forced: bool = Field(default=False, description="it had waited five days: applied without all that it named")
    problem: OperationProblem | None = None
    upload: UploadOut | None = None


class SyncedOut(View):
    results: list[OperationOut] = Field(description="in the order of the operations")
    clock_skew_ms: int = Field(description="how far the device's clock is ahead of the server's; negative: behind")
    clock_text: str | None = Field(default=None, description="what to tell its owner, where it is too far off")
    server_time: Instant


class ConflictOut(View):
    """An operation that others stand against, with what it would do."""

    id: str
    person_id: str
    person_name: str
    task_id: str
    operation: str
    operation_text: str
    payload: dict[str, Any]
    base_version: int | None = None
    at: Instant
    received_at: Instant
    outcome: Outcome
    outcome_text: str
    problem: OperationProblem | None = None
    decided_by: str | None = None
    decided_at: Instant | None = None
    decision: Decision | None = None
    reason: str | None = None


class ConflictsOut(View):
    items: list[ConflictOut]
    next_cursor: str | None = None


class ConflictQuery(PageQuery):
    """Undecided ones only."""


class DecisionIn(Wire):
    decision: Literal[Decision.APPLY, Decision.DISCARD]
    reason: ShortText
