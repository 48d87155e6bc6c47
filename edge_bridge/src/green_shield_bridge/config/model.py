"""The shape of a configuration. Unknown keys are refused: a misspelt option must not be a silent default.

A further kind of source is a further model here, joined to `Source` by its `kind`.
"""

from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from green_shield_bridge.codec import Order, ValueType, bits_of

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Trigger(_Strict):
    """Where a value becomes urgent: the value that crosses, and the one that returns, are sent at once."""

    above: Finite | None = None
    below: Finite | None = None
    outside: Annotated[list[Finite], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(x is not None for x in (self.above, self.below, self.outside)) != 1:
            raise ValueError("give exactly one of above, below, outside")
        if self.outside and self.outside[0] >= self.outside[1]:
            raise ValueError("outside: the first number must be smaller than the second")
        return self

    def limits(self) -> tuple[float, float]:
        """(low, high): a value below low or above high is beyond the trigger."""
        if self.outside is not None:
            return self.outside[0], self.outside[1]
        return (
            self.below if self.below is not None else float("-inf"),
            self.above if self.above is not None else float("inf"),
        )


class ModbusPoint(_Strict):
    """One point of the park and the register it is read from."""

    point: Name = Field(description="the point's id in the park")
    register_: int = Field(alias="register", description="as the device's manual counts; see address_base")
    function: Literal["holding", "input", "coil", "discrete"] = "holding"
    type: ValueType = Field(description="how the register is coded")
    order: Order = "ABCD"
    scale: Finite = 1.0
    offset: Finite = 0.0
    invalid: list[int] = []
    trigger: Trigger | None = None

    @model_validator(mode="after")
    def _bits_are_bool(self) -> Self:
        is_bit = self.function in ("coil", "discrete")
        if is_bit != (self.type == "bool"):
            raise ValueError("type bool goes with function coil or discrete, every other type with holding or input")
        if is_bit and self.invalid:
            raise ValueError("invalid: a coil or discrete input has no marker values")
        return self

    @model_validator(mode="after")
    def _scale_is_not_zero(self) -> Self:
        if self.scale == 0:
            raise ValueError("scale: 0 would make every value the same")
        return self

    @model_validator(mode="after")
    def _markers_fit(self) -> Self:
        bits = bits_of(self.type)
        for marker in self.invalid:
            if not -(2 ** (bits - 1)) <= marker < 2**bits:
                raise ValueError(f"invalid: {marker} does not fit in the {bits} bits of {self.type}")
        return self


class ModbusTcpSource(_Strict):
    """One Modbus TCP device."""

    name: Name
    kind: Literal["modbus_tcp"]
    host: Annotated[str, Field(min_length=1, max_length=253)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 502
    device_id: Annotated[int, Field(ge=0, le=255)] = 1
    poll_interval_s: Annotated[float, Field(ge=0.01, le=86_400)]
    timeout_s: Annotated[float, Field(ge=0.05, le=120)] = 3.0
    address_base: Literal[0, 1] = Field(
        description="0: registers count from 0 as in the frames; 1: from 1 as in most manuals"
    )
    forward: Literal["sampled", "all"] = "sampled"
    suspend_max_s: Annotated[float, Field(ge=0.1, le=3_600)] = 60.0
    max_registers: Annotated[int, Field(ge=4, le=125)] = 125
    max_gap: Annotated[int, Field(ge=0, le=120)] = 0
    points: Annotated[list[ModbusPoint], Field(min_length=1, max_length=5_000)]


Source = ModbusTcpSource


class Server(_Strict):
    """Where the park is. `/v1/readings` is added to the URL."""

    url: str = Field(description="the park's API, such as https://park.example")
    ca_file: str | None = None
    timeout_s: Annotated[float, Field(ge=0.1, le=300)] = 20.0

    @field_validator("url")
    @classmethod
    def _https_or_loopback(cls, url: str) -> str:
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username
        ):
            raise ValueError("allowed: https://host[:port][/path], without user, query or fragment")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError("http is allowed to this machine (127.0.0.1, ::1, localhost) only; use https")
        return url.rstrip("/")


class Spool(_Strict):
    path: Annotated[str, Field(min_length=1)]
    commit_interval_s: Annotated[float, Field(ge=0, le=10)] = 0.1
    memory_readings: Annotated[int, Field(ge=1_000, le=10_000_000)] = 200_000


class Upload(_Strict):
    max_batch_age_s: Seconds = 60.0
    max_batch_readings: Annotated[int, Field(ge=1, le=20_000)] = 20_000
    default_interval_s: Seconds = 60.0
    retry_max_s: Seconds = 60.0


class Config(_Strict):
    bridge_id: Name = Field(description="the id under which the park registered this bridge")
    server: Server
    key_file: Annotated[str, Field(min_length=1)] = Field(description="made by `green-shield-bridge keygen`")
    spool: Spool
    upload: Upload = Upload()
    shutdown_s: Annotated[float, Field(ge=0.1, le=120)] = 5.0
    sources: Annotated[list[Source], Field(min_length=1, max_length=1_000)]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
