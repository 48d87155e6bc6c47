"""A mark: what of a point's readings cannot well be true, when, and why. It never changes, hides or judges them."""

from dataclasses import dataclass
from enum import StrEnum


class MarkKind(StrEnum):
    NOT_A_NUMBER = "not_a_number"  # flagged by its source, or without a value
    OUT_OF_RANGE = "out_of_range"
    DECIMAL_SHIFT = "decimal_shift"
    IMPOSSIBLE_RATE = "impossible_rate"
    FLAT_LINE = "flat_line"
    CEILING_CLIPPING = "ceiling_clipping"
    IDENTICAL_DECIMALS = "identical_decimals"
    TREATMENT_OFF = "treatment_off"
    EMISSION_FLAT_UNDER_LOAD = "emission_flat_under_load"
    FLAGS_WITH_LOAD = "flags_with_load"


# A pattern of flags casts doubt on the source, not on the readings between them.
SPARES_READINGS = frozenset({MarkKind.FLAGS_WITH_LOAD})


@dataclass(frozen=True, slots=True)
class Mark:
    """`from_ms` and `until_ms` are the instants of its first and last reading, `readings` how many it doubts."""

    kind: MarkKind
    point_id: str
    from_ms: int
    until_ms: int
    readings: int
    evidence: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Roles:
    """Which points of a unit tell how hard it works and whether its treatment is on, and which are its emissions."""

    load: str | None = None
    treatment_power: str | None = None
    emissions: tuple[str, ...] = ()


NO_ROLES = Roles()
