"""Emergency resources on the wire."""

from datetime import time, tzinfo
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from chalicelib.api.models.people import QuietModel
from chalicelib.api.models.registry import PositionModel
from chalicelib.api.models.wire import Count, Id, Instant, InstantIn, Number, OptionalText, ShortText, View, Wire
from chalicelib.domain.emergency import (
    Availability,
    EmergencyResource,
    NearResource,
    OnCall,
    ResourceKind,
    masked,
)
from chalicelib.domain.messages import text
from chalicelib.domain.photo import Position
from chalicelib.domain.preferences import QuietHours

ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]
MAX_QUANTITY = 1e9


def _each_once(days: list[int]) -> list[int]:
    if len(set(days)) < len(days) or not set(days) <= set(ALL_DAYS):
        raise ValueError("1 (Monday) to 7, each once")
    return sorted(days)


class OnCallIn(Wire):
    name: ShortText = Field(max_length=50)
    phone: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{2,19}$")]
    days: Annotated[list[Count], AfterValidator(_each_once)] = Field(
        default=ALL_DAYS, min_length=1, description="1 (Monday) to 7; of a night through, the day on which it begins"
    )
    hours: QuietModel | None = Field(default=None, description="absent: round the clock")
    person_id: Id | None = Field(
        default=None, description="who that is, if registered: a task of tier 3 nearby calls them"
    )

    def value(self) -> OnCall:
        at = self.hours
        hours = None if at is None else QuietHours(time.fromisoformat(at.begins), time.fromisoformat(at.ends))
        return OnCall(self.name, self.phone, tuple(self.days), hours, self.person_id or "")


class EmergencyResourceIn(Wire):
    name: ShortText = Field(max_length=100, examples=["泡沫消防车"])
    kind: ResourceKind
    region: Id
    enterprise_id: Id | None = Field(default=None, description="whose it is; absent: the park's")
    where: ShortText = Field(max_length=200, description="where it stands, in words")
    position: PositionModel
    quantity: Number = Field(ge=0, le=MAX_QUANTITY)
    unit: ShortText = Field(max_length=20, examples=["台"])
    least: Number = Field(default=0, ge=0, le=MAX_QUANTITY, description="below that the stock is short")
    is_usable: StrictBool = True
    on_call: list[OnCallIn] = Field(default=[], max_length=10)
    check_every_days: Count = Field(default=90, ge=1, le=366)
    note: OptionalText = Field(default="", max_length=500)

    def value_of(self, resource_id: str) -> EmergencyResource:
        return EmergencyResource(
            id=resource_id,
            name=self.name,
            kind=self.kind,
            region=self.region,
            enterprise_id=self.enterprise_id or "",
            where=self.where,
            position=Position(self.position.latitude, self.position.longitude),
            quantity=self.quantity,
            unit=self.unit,
            least=self.least,
            is_usable=self.is_usable,
            on_call=tuple(one.value() for one in self.on_call),
            check_every_days=self.check_every_days,
            note=self.note,
        )


class ResourceCheckIn(Wire):
    checked_at: InstantIn
    quantity: Number = Field(ge=0, le=MAX_QUANTITY, description="how much was found")
    is_usable: StrictBool
    note: OptionalText = Field(default="", max_length=500)


class OnCallOut(View):
    name: str
    phone: str = Field(description="masked for those who need it not")
    days: list[int]
    hours: QuietModel | None = None
    person_id: str | None = None
    is_now: bool = Field(description="on call at this moment")


class EmergencyResourceOut(View):
    id: str
    name: str
    kind: ResourceKind
    kind_text: str
    region: str
    enterprise_id: str = Field(description="empty: the park's")
    where: str
    position: PositionModel
    quantity: float
    unit: str
    least: float
    is_usable: bool
    availability: Availability
    availability_text: str
    on_call: list[OnCallOut]
    check_every_days: int
    checked_at: Instant | None = Field(default=None, description="absent: nobody has looked yet")
    checked_by: str
    note: str

    @classmethod
    def of(cls, one: EmergencyResource, at_ms: int, shown: "Shown") -> Self:
        state = one.availability_at(at_ms)
        return cls(
            id=one.id,
            name=one.name,
            kind=one.kind,
            kind_text=text(f"word.resource.{one.kind.value}", shown.language),
            region=one.region,
            enterprise_id=one.enterprise_id,
            where=one.where,
            position=PositionModel.model_validate(one.position),
            quantity=one.quantity,
            unit=one.unit,
            least=one.least,
            is_usable=one.is_usable,
            availability=state,
            availability_text=text(f"word.availability.{state.value}", shown.language),
            on_call=[shown.on_call(who, at_ms) for who in one.on_call],
            check_every_days=one.check_every_days,
            checked_at=one.checked_at_ms,
            checked_by=one.checked_by,
            note=one.note,
        )


class EmergencyResourcesOut(View):
    items: list[EmergencyResourceOut]


class ResourceEditionOut(View):
    version: int
    by: str
    at: Instant
    is_removed: bool
    resource: EmergencyResourceOut


class ResourceHistoryOut(View):
    items: list[ResourceEditionOut] = Field(description="newest first")


class NearResourceOut(View):
    distance_m: int | None = Field(default=None, description="as the crow flies; absent: no position is registered")
    resource: EmergencyResourceOut


class Shown:
    """How a resource is shown to somebody: in which language, by which clock, and whether with telephone numbers."""

    def __init__(self, language: str, zone: tzinfo, *, with_phones: bool) -> None:
        self.language, self._zone, self._with_phones = language, zone, with_phones

    def on_call(self, who: OnCall, at_ms: int) -> OnCallOut:
        hours = None
        if who.hours is not None:
            hours = QuietModel(begins=f"{who.hours.begins:%H:%M}", ends=f"{who.hours.ends:%H:%M}")
        return OnCallOut(
            name=who.name,
            phone=who.phone if self._with_phones else masked(who.phone),
            days=list(who.days),
            hours=hours,
            person_id=who.person_id or None,
            is_now=who.is_at(at_ms, self._zone),
        )

    def near(self, one: NearResource, at_ms: int) -> NearResourceOut:
        distance = None if one.distance_m is None else round(one.distance_m)
        return NearResourceOut(distance_m=distance, resource=EmergencyResourceOut.of(one.resource, at_ms, self))
