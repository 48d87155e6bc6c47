"""The chain: who gives what to whom, and whom it reaches when something is wrong with what is given.

walk() goes from a unit along the links: nobody is reached twice, delays never fall along the way, cycles end, and the order of the
links makes no difference.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from chalicelib.domain.enterprise import Profile

FLOOR = 0.05  # what goes on of an effect below this is not worth stopping a plant for
MOST_REACHED = 500  # of a chain that damps nothing, those that it reaches first


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A unit of an enterprise, where a material leaves or comes in."""

    enterprise_id: str
    unit_id: str


@dataclass(frozen=True, slots=True)
class Carried:
    """An indicator of the giver that the receiver has a limit for: `upper`, in the UCUM code `unit`."""

    indicator: str
    upper: float
    unit: str


@dataclass(frozen=True, slots=True)
class Link:
    """A material that one enterprise's unit gives to another's. `share` is which part of it goes to this receiver (0..1], `damping` the
    factor by which an effect goes on with it (1: undamped), `lead_time_min` how long it takes to be used there."""

    id: str
    giver: Place
    receiver: Place
    material: str
    carries: tuple[Carried, ...]
    share: float
    damping: float
    lead_time_min: int

    @property
    def passes_on(self) -> float:
        return self.share * self.damping

    @property
    def ends(self) -> tuple[Place, Place]:
        return self.giver, self.receiver


@dataclass(frozen=True, slots=True)
class Step:
    """A place that is reached: after how long at the earliest, by the last of which links, and how strongly at the worst (1: as at the
    origin). `is_direct`: it takes from the origin itself."""

    place: Place
    delay_min: int
    link_id: str
    effect: float
    is_direct: bool


Gives = Callable[[Place], Iterable[Link]]
Reached = Mapping[
    Place, tuple[float, tuple[Link, ...]]
]  # by place, the strongest effect and the links by which it goes on


def walk(origin: Place, first: Iterable[Link], gives: Gives, *, floor: float = FLOOR) -> tuple[Step, ...]:
    """Whom the given links of the origin reach, and those behind them, by expected arrival.

    The receivers of `first` are reached however weakly, the others while the effect is not below `floor`. `gives` says what a place
    passes on. What comes back to the enterprise it came from ends there. At most MOST_REACHED.
    """
    direct = tuple(link for link in first if link.receiver.enterprise_id != origin.enterprise_id)
    reached = _reached(origin, direct, gives, floor)
    arrivals = _arrivals(direct, reached)
    receivers = {link.receiver for link in direct}
    return tuple(
        Step(place, delay_min, link_id, reached[place][0], place in receivers)
        for place, (delay_min, link_id) in sorted(arrivals.items(), key=lambda one: (one[1][0], one[0]))[:MOST_REACHED]
    )


def _reached(origin: Place, direct: Iterable[Link], gives: Gives, floor: float) -> Reached:
    """The strongest first: as no link strengthens an effect, the first time that a place comes up is its strongest."""
    found: dict[Place, tuple[float, tuple[Link, ...]]] = {}
    waiting = [(-link.passes_on, link.receiver) for link in direct]
    heapify(waiting)
    while waiting:
        negative, place = heappop(waiting)
        if place in found:
            continue
        on = tuple(
            link
            for link in gives(place)
            if link.receiver.enterprise_id != origin.enterprise_id and -negative * link.passes_on >= floor
        )
        found[place] = (-negative, on)
        for link in on:
            heappush(waiting, (negative * link.passes_on, link.receiver))
    return found


def _arrivals(direct: Iterable[Link], reached: Reached) -> Mapping[Place, tuple[int, str]]:
    """By place, the shortest time to it and the link by which it comes then."""
    found: dict[Place, tuple[int, str]] = {}
    waiting = [(link.lead_time_min, link.id, link.receiver) for link in direct]
    heapify(waiting)
    while waiting:
        delay_min, link_id, place = heappop(waiting)
        if place in found:
            continue
        found[place] = (delay_min, link_id)
        for link in reached[place][1]:
            heappush(waiting, (delay_min + link.lead_time_min, link.id, link.receiver))
    return found


def units_behind(profile: Profile, unit_id: str) -> frozenset[str]:
    """A unit and those of its enterprise that it feeds, directly or through others."""
    found, waiting = {unit_id}, [unit_id]
    while waiting:
        unit = profile.units_by_id.get(waiting.pop())
        new = set(unit.feeds if unit else ()) - found
        found |= new
        waiting += new
    return frozenset(found)
