"""HJ 212: stations that send to this bridge, and platforms that this bridge sends to.

Passwords and SM4 keys stand in files of their own (mode 0600), never in the configuration.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from green_shield_bridge.config.points import Point
from green_shield_bridge.config.rules import STRICT, Finite, Host, Name, Port, Rule, Text

DataKind = Literal["live", "state", "day", "run_time", "minute", "hour"]
Field = Literal[
    "Rtd",
    "Min",
    "Avg",
    "Max",
    "Cou",
    "ZsRtd",
    "ZsMin",
    "ZsAvg",
    "ZsMax",
    "ZsCou",
    "RS",
    "RT",
    "Data",
    "DayData",
    "NightData",
]
Edition = Literal["2005", "2017", "2025"]
System = Annotated[str, Rule(pattern=r"^[0-9]{2}$")]
# Of a message: what ends a field may not stand in it.
Mn = Annotated[str, Rule("the unique number of the device, as it sends it", pattern=r"^[A-Za-z0-9._-]{1,64}$")]
FactorCode = Annotated[str, Rule("such as a21026 or 02", pattern=r"^[A-Za-z0-9]{1,32}$")]

USUAL_FIELD: dict[DataKind, Field] = {"live": "Rtd", "state": "RS", "run_time": "RT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hj212Point(Point):
    """One point of the park and the value of a message that it is. Equipment has codes SB1, SB2, ... with RS and RT."""

    __pydantic_config__ = STRICT

    factor: FactorCode
    data: DataKind = "live"
    field: Annotated[
        Field | None, Rule("Rtd of live data, Avg of minute, hour and day data, RS, RT where it is not said")
    ] = None
    scale: Finite = 1.0
    offset: Finite = 0.0

    def __post_init__(self) -> None:
        if self.scale == 0:
            raise ValueError("scale: 0 would make every value the same")

    @property
    def sent_as(self) -> Field:
        return self.field or USUAL_FIELD.get(self.data, "Avg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hj212Station:
    """One device, known by its MN. Everything that goes down to it is off unless it is switched on here."""

    __pydantic_config__ = STRICT

    mn: Mn
    password_file: Annotated[Text, Rule("holds the PW of the device; mode 0600 or 0400")]
    st: Annotated[list[System], Rule("system codes that are accepted; none: any", max_length=20)] = field(
        default_factory=list
    )
    version: Literal["auto", "2005", "2017", "2025"] = "auto"
    tolerant: bool = False
    accept_modbus_crc: bool = False
    accept_empty_password: Annotated[bool, Rule("whoever knows the MN may then send")] = False
    sm4_key_file: Annotated[Text | None, Rule("32 hex digits; mode 0600 or 0400")] = None
    answers: Literal["auto", "always", "never"] = "auto"
    set_time: bool = False
    live_interval_s: Annotated[int | None, Rule(ge=10, le=3_600)] = None
    minute_interval_min: Annotated[int | None, Rule(ge=1, le=60)] = None
    history: bool = False
    sample_on_trigger: bool = False
    points: Annotated[list[Hj212Point], Rule(min_length=1, max_length=1_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hj212Source:
    """A TCP port where HJ 212 devices report. Loopback unless another address is given."""

    __pydantic_config__ = STRICT

    name: Name
    kind: Literal["hj212_server"]
    listen: Host = "127.0.0.1"
    port: Annotated[int, Rule("0: any free one", ge=0, le=65_535)]
    max_connections: Annotated[int, Rule(ge=1, le=10_000)] = 200
    login_timeout_s: Annotated[float, Rule(gt=0, le=600)] = 30.0
    idle_timeout_s: Annotated[float, Rule(gt=0, le=86_400)] = 7_200.0
    packet_timeout_s: Annotated[float, Rule(gt=0, le=120)] = 10.0
    answer_timeout_s: Annotated[float, Rule("5 to 10 by the standard", gt=0, le=120)] = 10.0
    max_frame: Annotated[int, Rule("bytes of a data segment", ge=1_024, le=9_999)] = 9_999
    max_garbage: Annotated[int, Rule("bytes without a good packet before a connection is cut", ge=64, le=1_000_000)] = (
        4_096
    )
    max_refused: Annotated[int, Rule("refused packets in a row before a connection is cut", ge=1, le=1_000)] = 20
    forward: Literal["sampled", "all"] = "all"
    stations: Annotated[list[Hj212Station], Rule(min_length=1, max_length=1_000)]

    @property
    def points(self) -> list[Hj212Point]:
        """All points, station after station: a sink counts them in this order."""
        return [point for station in self.stations for point in station.points]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPoint:
    """A point of this bridge and what the platform shall see it as."""

    __pydantic_config__ = STRICT

    point: Annotated[Name, Rule("a point of one of the sources of this file")]
    factor: FactorCode
    scale: Finite = 1.0
    offset: Finite = 0.0
    digits: Annotated[int, Rule("digits after the decimal point", ge=0, le=6)] = 3
    total_of_rate_per: Annotated[
        Literal["s", "min", "h"] | None, Rule("the value is a flow per s, min or h: send what has flowed as Cou")
    ] = None

    def __post_init__(self) -> None:
        if self.scale == 0:
            raise ValueError("scale: 0 would make every value the same")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A superior platform that speaks HJ 212."""

    __pydantic_config__ = STRICT

    name: Name
    host: Host
    port: Port
    mn: Mn
    password_file: Annotated[Text, Rule("holds the PW that the platform gave; mode 0600 or 0400")]
    st: System
    version: Edition = "2017"
    sm4_key_file: Annotated[Text | None, Rule("32 hex digits; mode 0600 or 0400")] = None
    live_interval_s: Annotated[int, Rule(ge=1, le=3_600)] = 60
    minute_interval_min: Annotated[int, Rule(ge=1, le=60)] = 10
    is_hour_sent: bool = True
    timeout_s: Annotated[float, Rule("5 to 10 by the standard", gt=0, le=120)] = 10.0
    resends: Annotated[int, Rule(ge=0, le=10)] = 3
    retry_max_s: Annotated[float, Rule(gt=0, le=3_600)] = 60.0
    max_packets: Annotated[
        int, Rule("that wait for the platform; past it the oldest are dropped", ge=10, le=10_000_000)
    ] = 200_000
    points: Annotated[list[ForwardPoint], Rule(min_length=1, max_length=1_000)]

    def __post_init__(self) -> None:
        if 60 % self.minute_interval_min:
            raise ValueError("minute_interval_min: an hour must be a whole number of them")
        if self.sm4_key_file is not None and self.version != "2025":
            raise ValueError("sm4_key_file: goes with version 2025")
