"""What an admin registers, on the wire."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from chalicelib.api.models.wire import Id, Number, ShortText, SideName, View, Wire
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Unit
from chalicelib.domain.person import Role


class PositionModel(Wire):
    model_config = ConfigDict(extra="forbid", from_attributes=True, allow_inf_nan=False)
    latitude: Number = Field(ge=-90, le=90)
    longitude: Number = Field(ge=-180, le=180)


def _credit_code(code: str) -> str:
    from stdnum.cn import uscc  # only registering needs it
    from stdnum.exceptions import ValidationError

    try:
        return uscc.validate(code)
    except ValidationError:
        raise ValueError("18-character unified social credit code with a right check digit") from None


class EnterpriseIn(Wire):
    name: ShortText
    credit_code: Annotated[str, AfterValidator(_credit_code)]
    industry: str
    size: Literal["large", "medium", "small"]
    region: Id
    position: PositionModel | None = None


class UnitIn(Wire):
    enterprise_id: Id
    name: ShortText
    type: Id
    feeds: list[Id] = Field(
        default=[], max_length=32, description="units of the same enterprise, registered before, that this one feeds"
    )


class PointIn(Wire):
    unit_id: Id
    indicator: Id
    nominal: Number | None = None
    threshold: Number | None = None
    limit: Number | None = None
    band_low: Number | None = None
    band_high: Number | None = None


class PersonIn(Wire):
    name: ShortText
    role: Role
    language: Literal["zh-CN", "en"] = "zh-CN"
    dimension: SideName | None = None
    enterprise_id: Id | None = None
    regions: list[Id] = Field(default=[])
    industries: list[str] = Field(default=[])
    on_duty: StrictBool = True
    is_chief: StrictBool = Field(default=False, description="of an inspector: who is called when nobody else answers")
    phone: Annotated[str, StringConstraints(pattern=r"^$|^\+?[0-9][0-9 -]{4,19}$")] = Field(
        default="", description="shown to those of the same task"
    )


class BridgeIn(Wire):
    enterprise_id: Id
    public_key_pem: str = Field(max_length=2000, description="Ed25519 public key, PEM (SubjectPublicKeyInfo)")
    revoked: StrictBool = False


class EnterpriseOut(View):
    id: str
    name: str
    credit_code: str
    industry: str
    size: str
    region: str
    position: PositionModel | None = None


class PointOut(View):
    id: str
    indicator: str
    nominal: float | None = None
    threshold: float | None = None
    limit: float | None = None
    band_low: float | None = None
    band_high: float | None = None


class UnitOut(View):
    id: str
    enterprise_id: str
    name: str
    type: str
    feeds: list[str] = Field(default=[])
    points: list[PointOut] = Field(default=[])

    @classmethod
    def of(cls, unit: Unit, points: Sequence[PointOut] = ()) -> "UnitOut":
        fields = {"id": unit.id, "enterprise_id": unit.enterprise_id, "name": unit.name, "type": unit.type}
        return cls(**fields, feeds=list(unit.feeds), points=list(points))


class EnterprisesOut(View):
    items: list[EnterpriseOut]


class UnitsOut(View):
    items: list[UnitOut]


class PersonOut(View):
    id: str
    name: str
    role: Role
    language: str
    dimension: Dimension | None = None
    enterprise_id: str | None = None
    regions: list[str] = Field(default=[])
    industries: list[str] = Field(default=[])
    on_duty: bool = True
    is_chief: bool = False
    phone: str = ""


class BridgeOut(View):
    id: str
    enterprise_id: str
    revoked: bool
