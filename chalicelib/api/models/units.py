"""A unit as who stands before it sees it."""

from pydantic import Field

from chalicelib.api.models.observations import ObservationOut
from chalicelib.api.models.registry import PositionModel
from chalicelib.api.models.tasks import TaskOut
from chalicelib.api.models.warnings import WarningOut
from chalicelib.api.models.wire import View


class UnitPageOut(View):
    unit_id: str
    unit_name: str
    unit_type: str
    enterprise_id: str
    enterprise_name: str
    position: PositionModel | None = None
    tasks: list[TaskOut] = Field(description="open ones")
    warnings: list[WarningOut] = Field(description="open ones of the last week")
    observations: list[ObservationOut] = Field(description="open ones of the last week")


class UnitCodeOut(View):
    link: str = Field(description="what the code says; the app opens the unit's page by it")
    svg: str = Field(description="the QR code as a picture, to be printed; error correction level Q")
