"""The green credit file on the wire: its document as it is signed, and the signature."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from chalicelib.api.models.wire import INSTANT_SCHEMA, Instant, Month, View, Wire
from chalicelib.domain.credit_file import MONTHS, MOST_MONTHS, TYPE, VERSION
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.interview import InterviewState
from chalicelib.domain.objection import ObjectionState
from chalicelib.domain.score import Cause, Grade

Moment = Annotated[str, WithJsonSchema(INSTANT_SCHEMA)]
MomentOrNone = Annotated[str, Field(description="an RFC 3339 instant; empty: not yet")]


class CreditFileQuery(Wire):
    from_month: Month | None = Field(
        default=None, alias="from", description=f"the first month; {MONTHS} months up to the last if absent"
    )
    to_month: Month | None = Field(
        default=None, alias="to", description=f"the last month, the running one if absent; at most {MOST_MONTHS} months"
    )


class CreditIdentity(View):
    id: str
    name: str
    credit_code: str = Field(description="the unified social credit code")
    industry: str
    size: str
    region: str


class CreditSummary(View):
    """Over the months that are over and connected; of none, of the last one."""

    months: int
    average: float
    lowest: float
    lowest_month: Month
    latest: float
    latest_grade: Grade
    grades: dict[str, int] = Field(description="months by grade")


class CreditRules(View):
    catalogue_versions: list[str]
    warning_rules: list[str] = Field(description="id and version of each")


class CreditEntry(View):
    key: str
    cause: Cause
    points: float = Field(description="for each of its parts")
    parts: list[Dimension]
    effect: float = Field(description="on the score, by the weights of its parts, where no bound is met")
    task_id: str
    at: Moment
    catalogue_version: str
    rule: str = Field(description="the rule's id and version, of a warning; empty: none")
    evidence: list[str] = Field(description="photos that the task was settled by")
    corrects: str = Field(description="the key of the entry that it takes back; empty: none")
    figures: dict[str, float] = Field(description="what an entry of the month as a whole follows from; else empty")
    is_frozen: bool = Field(description="an objection to it is being judged: it does not count")


class CreditPart(View):
    part: Dimension
    score: float
    weight: float


class CreditObjection(View):
    id: str
    entry: str
    reason: str
    at: Moment
    due_at: Moment
    state: ObjectionState
    decided_reason: str
    decided_at: MomentOrNone


class CreditMonth(View):
    month: Month
    is_running: bool = Field(description="the month is not over: the score so far")
    is_connected: bool = Field(description="false before the first reading or entry: the score says nothing then")
    score: float
    grade: Grade
    base: float
    parts: list[CreditPart]
    entries: list[CreditEntry]
    objections: list[CreditObjection]


class CreditTiers(View):
    month: Month
    tier_1: int
    tier_2: int
    tier_3: int


class CreditWarning(View):
    id: str
    unit_id: str
    rule: str
    tier: int
    onset: Moment
    cleared_at: MomentOrNone
    retroactive: bool = Field(description="found in data that came late; nobody was called")


class CreditWarnings(View):
    """By their onset."""

    total: int
    by_tier: dict[str, int]
    by_month: list[CreditTiers]
    items: list[CreditWarning]


class CreditWork(View):
    opened: int
    closed: int
    on_time: int
    late: int
    open: int
    returned: int = Field(description="how often a side was returned")


class CreditMonthWork(CreditWork):
    month: Month


class CreditTasks(CreditWork):
    """By when they were opened; those of a whole region are only counted in `regional`."""

    regional: int
    in_doubt: int = Field(description="about readings that an inspector's retest disagreed with")
    by_month: list[CreditMonthWork]


class CreditHazard(View):
    id: str
    unit_id: str
    dimension: Dimension
    severity: int
    is_own: bool
    seen_at: Moment
    closed_at: MomentOrNone


class CreditHazards(View):
    reported: int = Field(description="by the enterprise itself")
    found: int = Field(description="by others")
    items: list[CreditHazard]


class CreditSettled(View):
    month: Month
    score: float
    grade: Grade
    due: int = Field(description="tasks whose time ended in the month")
    done: int = Field(description="those of them that were closed by its end")
    exceedances: int
    data: float | None = Field(
        default=None, description="share of readings that came and can be judged; null: none was checked"
    )
    revision: int
    settled_at: Moment


class CreditMeasure(View):
    measure: str
    names: dict[str, str] = Field(description="by language; empty: the catalogue names it no more")
    cause: str = Field(description="a grade, or key_supervision")
    month: Month
    from_at: Moment = Field(alias="from")
    to_at: MomentOrNone = Field(alias="to")
    ended_by: str


class CreditListing(View):
    month: Month
    from_at: Moment = Field(alias="from")
    to_at: MomentOrNone = Field(alias="to")
    due: int
    done: int
    exceedances: int


class CreditInterview(View):
    month: Month
    state: InterviewState
    held_at: MomentOrNone
    outcome: str = Field(description="empty: not yet")


class CreditConsequences(View):
    measures: list[CreditMeasure]
    supervision: list[CreditListing] = Field(description="stands on the list of key supervision")
    interviews: list[CreditInterview]


class CreditCourse(View):
    course: str
    passed: int
    missed: int


class CreditTraining(View):
    passed: int
    missed: int
    courses: list[CreditCourse]


class CreditSections(View):
    identity: CreditIdentity
    summary: CreditSummary
    rules: CreditRules
    months: list[CreditMonth]
    warnings: CreditWarnings
    tasks: CreditTasks
    hazards: CreditHazards
    settled: list[CreditSettled]
    consequences: CreditConsequences
    training: CreditTraining


class CreditDocument(View):
    type: Literal["green-credit-file"] = Field(description=TYPE)
    version: int = Field(description=f"of this form: {VERSION}")
    from_month: Month = Field(alias="from")
    to_month: Month = Field(alias="to")
    sections: CreditSections
    digest: str = Field(
        description="SHA-256 (hex) of all but `digest` and `made_at`, in canonical JSON: sorted keys, no spaces, UTF-8"
    )
    made_at: Moment  # fmt: skip


class CreditFileOut(View):
    """A JWS in its flattened JSON serialization (RFC 7515, 7.2.2), and its payload once more, to be read."""

    file: CreditDocument = Field(description="what `payload` says")
    payload: str = Field(description="base64url of the canonical JSON that is signed")
    protected: str = Field(description="base64url of the header: alg (ES256 or RS256), kid, typ, x5c")
    signature: str


class CreditKeyOut(View):
    id: str = Field(description="SHA-256 (hex) of the certificate; `kid` of what it signed")
    subject: str
    not_before: Instant = Field(validation_alias="not_before_ms")
    not_after: Instant = Field(validation_alias="not_after_ms")
    is_current: bool = Field(description="files are signed with it now; the others signed before")
    certificates: list[str] = Field(description="PEM: its own, then that of each issuer")
    jwk: dict[str, Any] = Field(description="the public key (RFC 7517)")


class CreditKeysOut(View):
    keys: list[CreditKeyOut]
