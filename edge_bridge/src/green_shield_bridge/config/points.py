"""What a point of any source says about the value: its id in the park, when it is urgent, what it is worth on a full disk."""

from dataclasses import dataclass
from typing import Annotated, Literal

from green_shield_bridge.config.rules import STRICT, Finite, Name, Rule

Priority = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Where a value becomes urgent: the value that crosses, and the one that returns, are sent at once."""

    __pydantic_config__ = STRICT

    above: Finite | None = None
    below: Finite | None = None
    outside: Annotated[list[Finite], Rule(min_length=2, max_length=2)] | None = None

    def __post_init__(self) -> None:
        if sum(x is not None for x in (self.above, self.below, self.outside)) != 1:
            raise ValueError("give exactly one of above, below, outside")
        if self.outside and self.outside[0] >= self.outside[1]:
            raise ValueError("outside: the first number must be smaller than the second")

    def limits(self) -> tuple[float, float]:
        """(low, high): a value below low or above high is beyond the trigger."""
        if self.outside is not None:
            return self.outside[0], self.outside[1]
        return (
            self.below if self.below is not None else float("-inf"),
            self.above if self.above is not None else float("inf"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A point of the park, wherever its values come from."""

    point: Annotated[Name, Rule("the point's id in the park")]
    trigger: Trigger | None = None
    priority: Priority = "normal"
