"""Which measures the park may ask for, and which register each may write. Nothing is allowed that is not listed here."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from green_shield_bridge.config.rules import STRICT, Finite, Name, Rule
from green_shield_bridge.modbus.codec import Order

WritableType = Literal["bool", "int16", "uint16", "int32", "uint32", "float32"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedCommand:
    """One measure and the one register it may write: always `value`, or what the park says between `min` and `max`."""

    __pydantic_config__ = STRICT

    measure: Annotated[Name, Rule("the park's name of the measure, such as start_cooling")]
    source: Annotated[Name, Rule("the name of a Modbus source of this file")]
    register: Annotated[int, Rule("as the device's manual counts; see the source's address_base")]
    function: Literal["holding", "coil"] = "holding"
    type: Annotated[WritableType, Rule("how the register is coded")]
    order: Order = "ABCD"
    scale: Finite = 1.0
    offset: Finite = 0.0
    value: Finite | None = None
    min: Finite | None = None
    max: Finite | None = None

    def __post_init__(self) -> None:
        if (self.type == "bool") != (self.function == "coil"):
            raise ValueError("type bool goes with function coil, every other type with holding")
        if self.scale == 0:
            raise ValueError("scale: 0 would make every value the same")
        has_limits = self.min is not None and self.max is not None
        if (self.value is not None) == has_limits or (self.min is None) != (self.max is None):
            raise ValueError("give either value (always this one) or both min and max (the park says which)")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min: is above max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Off unless something is allowed."""

    __pydantic_config__ = STRICT

    allow: Annotated[list[AllowedCommand], Rule(max_length=100)] = field(default_factory=list)
