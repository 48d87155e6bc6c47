"""The picture of the park in figures: what each thing adds to them, and where.

A thing's part is its facet. It follows from the thing as it is now, and from nothing else. A figure is the sum of the facets below it, so
it changes by the difference between the facet that was counted before and the one that is counted now: what comes twice, late or in
another order changes nothing in the end.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Counts = Mapping[str, int]  # without zeros
NOW = "NOW"  # beside the months (YYYY-MM): how it stands
PARK = "park"
SHARED = "shared_tasks"  # of one enterprise, and of nobody above it: the group has counted the task once


@dataclass(frozen=True, slots=True)
class Place:
    """Where an enterprise stands."""

    region: str
    industry: str

    @property
    def group(self) -> str:
        return f"group:{self.region}|{self.industry}"

    @property
    def joint(self) -> str:
        """What is of the whole joint group and of no enterprise by itself."""
        return f"joint:{self.region}|{self.industry}"

    @property
    def above(self) -> tuple[str, ...]:
        """The nodes that have a share in whatever is counted here."""
        return PARK, region_node(self.region), industry_node(self.industry), self.group


def region_node(region: str) -> str:
    return f"region:{region}"


def industry_node(industry: str) -> str:
    return f"industry:{industry}"


def enterprise_node(enterprise_id: str) -> str:
    return f"enterprise:{enterprise_id}"


def unit_node(unit_id: str) -> str:
    return f"unit:{unit_id}"


def anchor_of(enterprise_id: str, region: str, industry: str) -> str:
    """The node that something is counted at first: its enterprise, or the joint group where it has none."""
    return enterprise_node(enterprise_id) if enterprise_id else Place(region, industry).joint


class ThingKind(StrEnum):
    TASK = "task"
    WARNING = "warning"
    OBSERVATION = "observation"
    SCORE = "score"  # of a month
    ENTERPRISE = "enterprise"
    UNIT = "unit"
    SOURCE = "source"  # whether the enterprise's data come


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """Something that is counted. `id` is the month of a score, and empty for what an enterprise has one of."""

    kind: ThingKind
    id: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind.value}:{self.id}"


def thing_of(key: str) -> Thing:
    kind, _, id = key.partition(":")
    return Thing(ThingKind(kind), id)


@dataclass(frozen=True, slots=True)
class ThingTouched:
    """A row of something that is counted was written."""

    kind = "thing_touched"
    anchor: str
    thing: Thing


@dataclass(frozen=True, slots=True)
class Facet:
    """What a thing adds to the figures of its anchor, of its unit where it has one, and of all above: `now` as long as it stands so,
    `months` for good. `shared` are enterprises that it concerns besides."""

    thing: Thing
    unit_id: str = ""
    now: Counts = field(default_factory=dict)
    months: Mapping[str, Counts] = field(default_factory=dict)
    shared: tuple[str, ...] = ()


def changes(before: Iterable[Facet], after: Iterable[Facet]) -> dict[tuple[str, str], Counts]:
    """(unit, or "" for the whole anchor; NOW or a month) -> by how much its figures differ. Nothing that does not."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for sign, facets in ((-1, before), (1, after)):
        for one in facets:
            for sk, counts in ((NOW, one.now), *one.months.items()):
                for unit_id in {"", one.unit_id}:
                    tally = found.setdefault((unit_id, sk), Counter())
                    for name, number in counts.items():
                        tally[name] += sign * number
    told = {key: {name: number for name, number in tally.items() if number} for key, tally in found.items()}
    return {key: counts for key, counts in told.items() if counts}


def summed(parts: Iterable[Counts]) -> dict[str, int]:
    """Without zeros."""
    total: Counter[str] = Counter()
    for one in parts:
        for name, number in one.items():
            total[name] += number
    return {name: number for name, number in total.items() if number}


def rising(counts: Counts) -> Counts:
    """What of an enterprise's figures those above it have a share in."""
    return {name: number for name, number in counts.items() if name != SHARED}


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of a node, now or of a month, when they last changed, and where an anchor's are counted besides. Version 0: there are none yet."""

    counts: Counts = field(default_factory=dict)
    at_ms: int = 0
    place: Place | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Home:
    """Where an anchor stands, and what it is called."""

    place: Place
    name: str = ""


@dataclass(frozen=True, slots=True)
class Generations:
    """Which generation of the figures is read. While another one is `building`, every change is counted in both; one that was read before is
    `former` until its rows are gone.

    `built_to` is the enterprise that the building has come to, `changed_at_ms` when one of the three last changed. `checked_at_ms`: since then the figures of every enterprise were held against the history,
    `sources_at_ms` when it was last seen whose data come.
    """

    live: int = 1
    building: int | None = None
    former: int | None = None
    changed_at_ms: int = 0
    built_to: str = ""
    checked_at_ms: int | None = None
    sources_at_ms: int | None = None
    version: int = 0

    @property
    def kept(self) -> tuple[int, ...]:
        return (self.live,) if self.building is None else (self.live, self.building)


@dataclass(frozen=True, slots=True)
class StoredFacets:
    """What was counted last of some things of an anchor, each with the version of its row, and where the anchor stands (None: it is new)."""

    generation: int
    anchor: str
    facets: Mapping[Thing, tuple[Facet, int]]
    place: Place | None

    def facet(self, thing: Thing) -> Facet:
        return self.facets[thing][0] if thing in self.facets else Facet(thing)

    def version(self, thing: Thing) -> int:
        return self.facets[thing][1] if thing in self.facets else 0


@dataclass(frozen=True, slots=True)
class Branch:
    """All that was counted of an anchor, and its sums and its units' by (node, NOW or month), as they were at one moment; `version` is that of
    the anchor's row NOW."""

    generation: int
    anchor: str
    facets: tuple[Facet, ...]
    tallies: Mapping[tuple[str, str], Tally]
    version: int

    def wrong(self, shared: int) -> dict[tuple[str, str], Counts]:
        """Sums that are not those of the facets, as they should be. `shared` joint tasks concern the enterprise."""
        sums = changes((), self.facets)
        wanted = {(unit_node(unit) if unit else self.anchor, sk): counts for (unit, sk), counts in sums.items()}
        if shared:
            wanted[self.anchor, NOW] = summed((wanted.get((self.anchor, NOW), {}), {SHARED: shared}))
        keys = dict.fromkeys((*wanted, *self.tallies))
        stand = {key: self.tallies[key].counts if key in self.tallies else {} for key in keys}
        return {key: wanted.get(key, {}) for key in keys if wanted.get(key, {}) != stand[key]}
