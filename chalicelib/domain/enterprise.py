"""An enterprise with its units and points, as the registry holds them."""

from dataclasses import dataclass
from functools import cached_property

from chalicelib.domain.photo import Position


@dataclass(frozen=True, slots=True)
class Enterprise:
    """`credit_code` is the 18-character unified social credit code; `size` one of large, medium, small. `registered_at_ms`: when it came to the
    park's registry, 0 where that is not known; its first month to be settled is that one."""

    id: str
    name: str
    credit_code: str
    industry: str
    size: str
    region: str
    position: Position | None = None
    registered_at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Unit:
    """A production unit. `type` names the catalogue's unit type; its rules follow from type and industry.

    `feeds` are the units of the same enterprise that take what this one gives: what lies downstream of it.
    """

    id: str
    enterprise_id: str
    name: str
    type: str
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One indicator of one unit, in the indicator's unit of measure.

    `nominal` stands in for the baseline until that has been learnt; `threshold`, `limit` and the band
    [`band_low`, `band_high`] override the indicator's own and are what the triggers of a rule compare with.
    """

    id: str
    enterprise_id: str
    unit_id: str
    indicator: str
    nominal: float | None = None
    threshold: float | None = None
    limit: float | None = None
    band_low: float | None = None
    band_high: float | None = None


@dataclass(frozen=True)
class Profile:
    """All that ingestion and evaluation need to know of one enterprise."""

    enterprise: Enterprise
    units: tuple[Unit, ...]
    points: tuple[Point, ...]

    @cached_property
    def points_by_id(self) -> dict[str, Point]:
        return {point.id: point for point in self.points}

    @cached_property
    def units_by_id(self) -> dict[str, Unit]:
        return {unit.id: unit for unit in self.units}

    @cached_property
    def _points_by_unit(self) -> dict[str, tuple[Point, ...]]:
        found: dict[str, list[Point]] = {}
        for point in self.points:
            found.setdefault(point.unit_id, []).append(point)
        return {unit_id: tuple(points) for unit_id, points in found.items()}

    def points_of(self, unit_id: str) -> tuple[Point, ...]:
        return self._points_by_unit.get(unit_id, ())
