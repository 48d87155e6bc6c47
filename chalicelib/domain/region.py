"""A region of the park: its name and where it ends."""

from dataclasses import dataclass

from chalicelib.domain.geo import is_simple, offset_m
from chalicelib.domain.photo import Position


@dataclass(frozen=True, slots=True)
class Region:
    """`boundary` is a ring of corners (WGS 84); the last is joined to the first. Empty: where it ends is not known."""

    id: str
    name: str
    boundary: tuple[Position, ...] = ()


def is_boundary(corners: tuple[Position, ...]) -> bool:
    """Whether corners make one ring that encloses an area and does not meet itself."""
    return not corners or is_simple([offset_m(corners[0], corner) for corner in corners])
