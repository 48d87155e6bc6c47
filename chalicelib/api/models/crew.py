"""The rota on the wire."""

from pydantic import Field

from chalicelib.api.models.wire import Id, Instant, InstantIn, OptionalText, View, Wire
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.duty import DutyKind, Standing


class DutyQuery(Wire):
    region: Id
    industry: Id


class DutyEntryIn(Wire):
    from_: InstantIn = Field(alias="from")
    to: InstantIn = Field(description="after `from`, at most a year, and not past")
    reason: OptionalText = ""


class DutyEntryOut(View):
    id: str
    person_id: str
    kind: DutyKind
    from_: Instant = Field(validation_alias="from_ms", serialization_alias="from")
    to: Instant = Field(validation_alias="to_ms")
    reason: str


class OnDutyOut(View):
    person_id: str
    name: str
    dimension: Dimension | None = None
    is_chief: bool
    standing: Standing
    standing_text: str
    open_tasks: int


class DutyOut(View):
    items: list[OnDutyOut]
