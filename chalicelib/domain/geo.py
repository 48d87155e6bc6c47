"""Distances and directions between places of one park, on the WGS 84 ellipsoid."""

from collections.abc import Iterable, Sequence
from math import atan2, cos, degrees, hypot, radians, sin, sqrt

from chalicelib.domain.photo import Position

SEMI_MAJOR_M = 6_378_137.0  # WGS 84
ECCENTRICITY_2 = 6.694_379_990_14e-3
RIGHT_ANGLE_DEG = 90.0
Offset = tuple[float, float]  # metres east, metres north


def offset_m(origin: Position, place: Position) -> Offset:
    """Where a place lies from an origin, in metres (east, north).

    By the radii of curvature at the middle latitude: within 1 m at 20 km, away from the poles.
    """
    middle = radians((origin.latitude + place.latitude) / 2)
    w = 1 - ECCENTRICITY_2 * sin(middle) ** 2
    along_meridian_m = SEMI_MAJOR_M * (1 - ECCENTRICITY_2) / w**1.5
    along_parallel_m = SEMI_MAJOR_M / sqrt(w) * cos(middle)
    turn = (place.longitude - origin.longitude + 180) % 360 - 180
    return radians(turn) * along_parallel_m, radians(place.latitude - origin.latitude) * along_meridian_m


def bearing_deg(offset: Offset) -> float:
    """Clockwise from north, 0 <= bearing < 360."""
    return degrees(atan2(*offset)) % 360


def angle_between_deg(one: float, other: float) -> float:
    """The smaller angle between two directions, 0 to 180."""
    return abs((one - other + 180) % 360 - 180)


def nearest_in_sector(ring: Sequence[Offset], axis_deg: float | None, half_width_deg: float) -> Offset | None:
    """The nearest point of a closed line that lies within a sector around the origin; axis None: in any direction.

    `half_width_deg` must be below 90, so that the sector is convex.
    """
    if half_width_deg >= RIGHT_ANGLE_DEG:
        raise ValueError(half_width_deg)
    edges: Iterable[tuple[Offset, Offset]] = zip(ring, (*ring[1:], ring[0]), strict=True)
    kept = (edge if axis_deg is None else _clipped(*edge, axis_deg, half_width_deg) for edge in edges)
    found = (_nearest(*edge) for edge in kept if edge is not None)
    return min(found, key=lambda place: hypot(*place), default=None)


def _clipped(start: Offset, end: Offset, axis_deg: float, half_width_deg: float) -> tuple[Offset, Offset] | None:
    """What of an edge lies right of the sector's left side and left of its right side."""
    for side_deg in (axis_deg - half_width_deg + RIGHT_ANGLE_DEG, axis_deg + half_width_deg - RIGHT_ANGLE_DEG):
        inward = (sin(radians(side_deg)), cos(radians(side_deg)))
        at_start, at_end = (place[0] * inward[0] + place[1] * inward[1] for place in (start, end))
        if at_start < 0 and at_end < 0:
            return None
        if at_start < 0:
            start = _between(start, end, at_start / (at_start - at_end))
        elif at_end < 0:
            end = _between(start, end, at_start / (at_start - at_end))
    return start, end


def _nearest(start: Offset, end: Offset) -> Offset:
    along = (end[0] - start[0], end[1] - start[1])
    length_2 = along[0] ** 2 + along[1] ** 2
    if length_2 == 0:
        return start
    part = -(start[0] * along[0] + start[1] * along[1]) / length_2
    return _between(start, end, min(1.0, max(0.0, part)))


def _between(start: Offset, end: Offset, part: float) -> Offset:
    return start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])


def is_simple(ring: Sequence[Offset]) -> bool:
    """Whether a closed line of at least three different corners encloses an area and never meets itself."""
    count = len(ring)
    if count < 3 or len(set(ring)) < count:
        return False
    edges = [(ring[i], ring[(i + 1) % count]) for i in range(count)]
    apart = ((i, j) for i in range(count) for j in range(i + 2, count) if (j + 1) % count != i)
    return _area_2(ring) != 0 and not any(_cross(*edges[i], *edges[j]) for i, j in apart)


def _area_2(ring: Sequence[Offset]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, (*ring[1:], ring[0]), strict=True))


def _cross(a: Offset, b: Offset, c: Offset, d: Offset) -> bool:
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0


def _turn(a: Offset, b: Offset, c: Offset) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
