"""The chain on the wire: links, and the graph that they make."""

from typing import Annotated

from pydantic import Field

from chalicelib.api.models.wire import Count, Id, Instant, Number, ShortText, View, Wire
from chalicelib.domain.chain import Carried, Link, Place

MAX_LEAD_TIME_MIN = 90 * 24 * 60


class PlaceIn(Wire):
    enterprise_id: Id
    unit_id: Id

    def value(self) -> Place:
        return Place(self.enterprise_id, self.unit_id)


class CarriedIn(Wire):
    indicator: Id = Field(description="measured at the giver's unit")
    upper: Number = Field(description="above it the receiver does not take the material")
    unit: str = Field(max_length=20, description="UCUM code of `upper`, one that the indicator's unit can be told in")


class LinkIn(Wire):
    giver: PlaceIn
    receiver: PlaceIn
    material: ShortText = Field(max_length=100)
    carries: list[CarriedIn] = Field(min_length=1, max_length=20)
    share: Annotated[Number, Field(gt=0, le=1)] = Field(
        description="the part of the material that goes this way; of one unit and material they come to 1 at most"
    )
    damping: Annotated[Number, Field(ge=0, le=1)] = Field(
        default=1.0, description="the factor by which an effect goes on to the receiver; 1: undamped"
    )
    lead_time_min: Annotated[Count, Field(ge=0, le=MAX_LEAD_TIME_MIN)] = Field(
        description="from leaving the giver until it is used at the receiver"
    )

    def value_of(self, link_id: str) -> Link:
        return Link(
            id=link_id,
            giver=self.giver.value(),
            receiver=self.receiver.value(),
            material=self.material,
            carries=tuple(Carried(one.indicator, one.upper, one.unit) for one in self.carries),
            share=self.share,
            damping=self.damping,
            lead_time_min=self.lead_time_min,
        )


class PlaceOut(View):
    enterprise_id: str
    unit_id: str


class CarriedOut(View):
    indicator: str
    upper: float
    unit: str


class LinkOut(View):
    id: str
    giver: PlaceOut
    receiver: PlaceOut
    material: str
    carries: list[CarriedOut]
    share: float
    damping: float
    lead_time_min: int


class ChainQuery(Wire):
    region: Id | None = Field(default=None, description="links of which one end is there; absent: all")


class ChainPageQuery(ChainQuery):
    cursor: str | None = Field(default=None, max_length=400, description="where the page before ended")
    limit: int | None = Field(default=None, ge=1, le=1000, description="links of a page; absent: all at once")


class ChainNodeOut(View):
    """`unit_name`, `region` and `industry` are left out of a partner that you may not see."""

    enterprise_id: str
    unit_id: str
    enterprise_name: str
    unit_name: str | None = None
    region: str | None = None
    industry: str | None = None


class ChainOut(View):
    """`nodes` are the ends of these links; one that has links on several pages is on each of them."""

    nodes: list[ChainNodeOut]
    links: list[LinkOut]
    next_cursor: str | None = None


class PictureOut(View):
    svg: str = Field(description="an SVG document; every text in it is escaped")


class ExcessOut(View):
    link_id: str
    indicator: str
    value: float
    upper: float = Field(description="the receiver's limit in the indicator's unit, as `value`")


class CrossingOut(View):
    at: Instant
    links: list[str]
    excesses: list[ExcessOut]


class WarnedOut(View):
    """A unit that the excess may reach, by expected arrival."""

    enterprise_id: str
    unit_id: str
    delay_min: int
    expected_at: Instant
    link_id: str = Field(description="the link by which it comes first")
    effect: float = Field(description="how much of it arrives at the worst; 1: as at the giver")
    is_direct: bool = Field(description="it takes from the giver itself")
    tier: int
    task_id: str = Field(description="empty: none was opened, because the readings came late")


class ChainAlertOut(View):
    """`giver` and `crossings` are left out for whoever takes nothing from there; `warned` has those that you may know of."""

    id: str
    at: Instant
    ended_at: Instant | None = Field(
        default=None,
        description="from when on it may be taken in again: back within the limits, and that was verified. Absent: not yet, or it came late",
    )
    end_reason: str | None = Field(
        default=None, description="of one that somebody has ended, for who may see the giver"
    )
    late: bool = Field(description="the readings came late: people read of it, nobody was called")
    giver: PlaceOut | None = None
    crossings: list[CrossingOut]
    warned: list[WarnedOut]
    parent_id: str = Field(description="the task that all others stand under; empty: none")


class AlertEndIn(Wire):
    reason: ShortText = Field(max_length=500, description="what was looked at")


class ChainAlertsOut(View):
    items: list[ChainAlertOut]
    next_cursor: str | None = None
