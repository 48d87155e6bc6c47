"""Instruments on the wire."""

from pydantic import Field, model_validator

from chalicelib.api.models.wire import Id, Instant, InstantIn, Number, OptionalText, ShortText, View, Wire
from chalicelib.domain.instrument import Instrument, InstrumentKind


class InstrumentIn(Wire):
    """An online instrument names its enterprise and point; a handheld neither."""

    name: ShortText
    kind: InstrumentKind
    serial: OptionalText = ""
    enterprise_id: Id | None = None
    point_id: Id | None = None
    relative: Number | None = Field(
        default=None, gt=0, le=1, description="how far it may be off, as a share of the value"
    )
    absolute: Number | None = Field(
        default=None, gt=0, description="the same, in the indicator's unit; the larger holds"
    )
    calibrated_until: InstantIn | None = None

    @model_validator(mode="after")
    def _belongs(self) -> "InstrumentIn":
        is_online = self.kind is InstrumentKind.ONLINE
        if is_online != (self.enterprise_id is not None) or is_online != (self.point_id is not None):
            raise ValueError("enterprise_id and point_id for an online instrument, and for no other")
        return self

    def value_of(self, instrument_id: str) -> Instrument:
        return Instrument(
            instrument_id,
            self.name,
            self.kind,
            self.serial,
            self.point_id or "",
            self.enterprise_id or "",
            self.relative,
            self.absolute,
            self.calibrated_until,
        )


class InstrumentOut(View):
    id: str
    name: str
    kind: InstrumentKind
    serial: str
    enterprise_id: str | None = Field(default=None, description="of an online one; absent of a handheld")
    point_id: str | None = None
    relative: float | None = None
    absolute: float | None = None
    calibrated_until: Instant | None = Field(default=None, validation_alias="calibrated_until_ms")


class InstrumentsOut(View):
    items: list[InstrumentOut]
