"""Commands on the wire, as people ask for them and follow them."""

from pydantic import Field

from chalicelib.api.models.wire import ClientId, Count, Id, Instant, Number, ShortText, View, Wire
from chalicelib.domain.command import DEFAULT_LIFE_S, MAX_LIFE_S, CommandState


class CommandIn(Wire):
    id: ClientId
    bridge_id: Id
    measure: Id = Field(description="a code of the catalogue's measures")
    value: Number | None = Field(default=None, description="what to set; absent: what the plant has configured")
    reason: ShortText
    expires_in_s: Count = Field(
        default=DEFAULT_LIFE_S, ge=1, le=MAX_LIFE_S, description="from when it is first received"
    )


class OutcomeOut(View):
    state: CommandState
    code: str | None = None
    detail: str | None = None
    value: float | None = Field(default=None, description="as the bridge wrote it")
    read_back: float | None = Field(default=None, description="as the device then had it")
    at: Instant = Field(validation_alias="at_ms", description="by the bridge's clock")
    received_at: Instant = Field(validation_alias="received_at_ms")


class CommandOut(View):
    """`state` expired without an `outcome`: the time ran out and the bridge has said nothing (yet)."""

    id: str
    enterprise_id: str
    bridge_id: str
    measure: str
    measure_name: str | None = None
    value: float | None = None
    reason: str
    requested_by: str
    requested_at: Instant = Field(validation_alias="requested_at_ms")
    expires_at: Instant = Field(validation_alias="expires_at_ms")
    delivered_at: Instant | None = Field(default=None, validation_alias="delivered_at_ms")
    state: CommandState
    state_text: str = ""
    outcome: OutcomeOut | None = None


class CommandsOut(View):
    items: list[CommandOut]
    next_cursor: str | None = None
