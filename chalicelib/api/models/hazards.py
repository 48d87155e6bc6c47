"""Hazards on the wire."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.api.models.registry import PositionModel
from chalicelib.api.models.wire import ClientId, Count, Id, InstantIn, SideName, Wire
from chalicelib.domain.hazard import MOST_SEVERE, Hazard
from chalicelib.domain.photo import Position


class HazardIn(Wire):
    """Its task is `t-<id>`: photos can be announced for that before the answer is there."""

    id: ClientId
    enterprise_id: Id
    unit_id: Id | None = None
    dimension: SideName
    severity: Count = Field(
        ge=1, le=MOST_SEVERE, description="3 is the most severe; of an inspector's report it is the tier"
    )
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    seen_at: InstantIn
    position: PositionModel | None = None

    def value_of(self) -> Hazard:
        where = None if self.position is None else Position(self.position.latitude, self.position.longitude)
        return Hazard(
            self.id, self.enterprise_id, self.unit_id or "", self.dimension, self.severity, self.text, self.seen_at, "", 0, where
        )  # fmt: skip
