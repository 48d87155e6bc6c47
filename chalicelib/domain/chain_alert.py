"""What a unit gives is over what a receiver takes: found in the unit's readings, told along the chain.

All that is over within GAP_MS of each other is one episode of a unit, one alert, in whatever order its readings come: neither a repeated
block nor one that comes late makes a second alert of the same matter, and each link crosses its limit once an episode.

Event time decides. A reading that comes more than LATE_MS after it was measured opens an episode of its own, of which people read and
for which nobody is called; what goes on until now calls all the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.chain import Link, Place, Step
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.ucum import converted, convertible_to

GAP_MS = 3_600_000
LATE_MS = 2 * 3_600_000  # as long as a warning that stands open calls people
OLDEST_MS = 7 * 86_400_000  # as late as readings are judged at all
KEPT_MS = OLDEST_MS + 86_400_000
MOST_KEPT = 400  # episodes of an enterprise: about a quarter of what one row holds
DIRECT_TIER, FARTHER_TIER = 2, 1  # who takes it is visited by the joint group; who is behind them looks for themselves


@dataclass(frozen=True, slots=True)
class Excess:
    """`value` and `upper` in the indicator's unit."""

    link_id: str
    indicator: str
    point_id: str
    value: float
    upper: float


@dataclass(frozen=True, slots=True)
class Over:
    """A reading over a receiver's limit."""

    at_ms: int
    giver: Place
    excess: Excess

    @property
    def order(self) -> tuple[int, Place]:
        return self.at_ms, self.giver


@dataclass(frozen=True, slots=True)
class Episode:
    """`links` are those whose limits were crossed, in that order. `calm_ms`: its alert has ended, for all was calm from then on."""

    alert_id: str
    unit_id: str
    first_ms: int
    last_ms: int
    links: tuple[str, ...]
    is_late: bool
    calm_ms: int | None = None

    def covers(self, at_ms: int) -> bool:
        is_over = self.calm_ms is not None and at_ms >= self.calm_ms
        return self.first_ms - GAP_MS <= at_ms <= self.last_ms + GAP_MS and not is_over


@dataclass(frozen=True, slots=True)
class Giving:
    """What is remembered of an enterprise that gives."""

    episodes: tuple[Episode, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossing:
    """Links whose limits were crossed at an instant, for the first time in their episode. `number`: how many had been before."""

    alert_id: str
    number: int
    giver: Place
    at_ms: int
    is_late: bool
    block_id: str
    excesses: tuple[Excess, ...]

    @property
    def order(self) -> tuple[int, Place]:
        return self.at_ms, self.giver

    @property
    def links(self) -> frozenset[str]:
        return frozenset(one.link_id for one in self.excesses)


@dataclass(frozen=True, slots=True)
class Warned:
    """A place that was told, because of the crossing with that `number`."""

    place: Place
    number: int
    delay_min: int
    expected_at_ms: int
    link_id: str
    effect: float
    is_direct: bool
    tier: int
    task_id: str

    @property
    def crossed_at_ms(self) -> int:
        return self.expected_at_ms - self.delay_min * 60_000

    @property
    def order(self) -> tuple[int, Place]:
        return self.expected_at_ms, self.place


@dataclass(frozen=True, slots=True)
class AlertEnd:
    """When an alert was found to be over, and since when what is given had been calm. `by` a person, with a `reason`; empty: by readings."""

    at_ms: int
    calm_ms: int
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChainAlert:
    """An episode as it is told. `parent_id` is the task at the giver that all others stand under, empty before there is any.
    `end` None: it stands, or it came late and called nobody."""

    id: str
    giver: Place | None  # None: not to be known
    at_ms: int
    is_late: bool
    crossings: tuple[Crossing, ...]
    warned: tuple[Warned, ...] = ()
    parent_id: str = ""
    end: AlertEnd | None = None

    def crossing(self, number: int) -> Crossing | None:
        return next((one for one in self.crossings if one.number == number), None)


def over_limits(series: Iterable[Series], links: Sequence[Link], profile: Profile, catalogue: Catalogue, received_at_ms: int) -> Iterator[Over]:  # fmt: skip
    """Readings of givers' units that a receiver would not take."""
    by_point = {one.point_id: one for one in series}
    for link in links:
        for carried in link.carries:
            indicator = catalogue.indicators.get(carried.indicator)
            if indicator is None or carried.unit not in convertible_to(indicator.unit):
                continue  # by a later catalogue it is measured no more, or otherwise: the limit says nothing of it
            upper = converted(carried.upper, carried.unit, indicator.unit)
            for point in profile.points_of(link.giver.unit_id):
                if point.indicator == carried.indicator and point.id in by_point:
                    for at_ms, value in _standing(by_point[point.id], upper, indicator.plausible):
                        if at_ms >= received_at_ms - OLDEST_MS:
                            yield Over(at_ms, link.giver, Excess(link.id, indicator.id, point.id, value, upper))


def _standing(series: Series, upper: float, plausible: tuple[float, float]) -> Iterator[tuple[int, float]]:
    """Valid values over a limit, but those that the next one takes back: a spike of one reading stops no plant. The last of an upload
    counts at once."""
    low, high = plausible
    rows = zip(series.times_ms, series.values, series.flags, strict=True)
    valid = [(at_ms, value) for at_ms, value, flag in rows if flag == NORMAL and low <= value <= high]
    for n, (at_ms, value) in enumerate(valid):
        if value > upper and (n + 1 == len(valid) or valid[n + 1][1] > upper):
            yield at_ms, value


def follow(
    before: Giving, over: Iterable[Over], received_at_ms: int, block_id: str
) -> tuple[Giving, tuple[Crossing, ...]]:
    """Put readings into their episodes. Of readings that are there already nothing comes."""
    episodes, crossings = list(before.episodes), list[Crossing]()
    found = sorted(over, key=lambda one: (*one.order, one.excess.link_id, one.excess.indicator))
    for (at_ms, giver), group in groupby(found, key=lambda one: one.order):
        excesses = [one.excess for one in group]
        at = _episode_of(episodes, giver, at_ms, received_at_ms)
        known = episodes[at]
        new = tuple(one for one in excesses if one.link_id not in known.links)
        if new:
            crossings.append(
                Crossing(known.alert_id, len(known.links), giver, at_ms, known.is_late, block_id, new)
            )  # fmt: skip
        episodes[at] = replace(
            known,
            first_ms=min(known.first_ms, at_ms),
            last_ms=max(known.last_ms, at_ms),
            links=(*known.links, *dict.fromkeys(one.link_id for one in new)),
        )
    if not crossings and tuple(episodes) == before.episodes:
        return before, ()
    kept = [one for one in episodes if one.last_ms >= received_at_ms - KEPT_MS]
    newest = sorted(kept, key=lambda one: (one.last_ms, one.alert_id))[-MOST_KEPT:]
    return Giving(tuple(newest)), tuple(crossings)


def _episode_of(episodes: list[Episode], giver: Place, at_ms: int, received_at_ms: int) -> int:
    """The index of the episode that a reading belongs to, a new one where there is none. What is going on joins none that is late."""
    is_late = at_ms < received_at_ms - LATE_MS
    for at, one in enumerate(episodes):
        if one.unit_id == giver.unit_id and one.covers(at_ms) and (is_late or not one.is_late):
            return at
    episodes.append(Episode(_alert_id(giver, at_ms, is_late), giver.unit_id, at_ms, at_ms, (), is_late))
    return len(episodes) - 1


def _alert_id(giver: Place, at_ms: int, is_late: bool) -> str:
    return "c-" + sha256(f"{giver.enterprise_id}|{giver.unit_id}|{at_ms}|{is_late}".encode()).hexdigest()[:20]


def warned_of(step: Step, crossing: Crossing) -> Warned:
    return Warned(
        place=step.place,
        number=crossing.number,
        delay_min=step.delay_min,
        expected_at_ms=crossing.at_ms + step.delay_min * 60_000,
        link_id=step.link_id,
        effect=step.effect,
        is_direct=step.is_direct,
        tier=DIRECT_TIER if step.is_direct else FARTHER_TIER,
        task_id="" if crossing.is_late else chain_task_id(crossing.alert_id, step.place),
    )


def chain_task_id(alert_id: str, place: Place) -> str:
    """One task for each place of an alert."""
    return "t-" + sha256(f"{alert_id}|{place.enterprise_id}|{place.unit_id}".encode()).hexdigest()[:20]
