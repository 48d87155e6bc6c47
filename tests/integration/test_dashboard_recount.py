"""A hundred thousand changes, doubled, out of order, over a store that fails: in the end the figures are those of a full recount."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Delete, Put, RowConflict
from chalicelib.domain.dashboard import Thing, ThingKind, ThingTouched, enterprise_node
from chalicelib.domain.errors import Busy, WriteConflict
from chalicelib.domain.events import RegistryChanged
from chalicelib.domain.person import Person, Role
from chalicelib.usecases.check_dashboard import Drift, check_enterprise, check_totals
from chalicelib.usecases.count_thing import ATTEMPTS, count_registered, count_thing
from chalicelib.usecases.rebuild_dashboard import SETTLING_MS, ask_for_rebuild, rebuild_dashboard
from tests.counted_park import CountedPark, kept

EVENTS = 100_000
ADMIN = Person("admin", "admin", Role.ADMIN)


class FaultyRows(MemoryRows):
    """Of a hundred commits one fails before and one after it was written, and one meets a condition that does not hold. Before another one
    in a hundred somebody else writes first."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random, self.is_ill, self.faults = random, False, 0
        self.meanwhile: Callable[[], object] = lambda: None

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        fate = self._random.random() if self.is_ill else 1.0
        self.faults += fate < 0.04
        if fate < 0.01:
            raise Busy
        if fate < 0.02:
            raise RowConflict
        if fate < 0.03:
            self.is_ill = False
            self.meanwhile()
            self.is_ill = True
        super().commit(writes)
        if 0.03 <= fate < 0.04:
            raise Busy


class Stream:
    """Delivers in some order, some things twice, and again what failed."""

    def __init__(self, park: CountedPark, random: Random) -> None:
        self._park, self._random, self.waiting = park, random, list[ThingTouched | RegistryChanged]()
        self.delivered = 0

    def brings(self, event: ThingTouched | RegistryChanged | None) -> None:
        if event is not None:
            self.waiting += [event] * self._random.choice((1, 1, 1, 2))

    def delivers(self) -> None:
        at = self._random.randrange(len(self.waiting))
        event, self.waiting[at] = self.waiting[at], self.waiting[-1]
        self.waiting.pop()
        self.delivered += 1
        try:
            if isinstance(event, RegistryChanged):
                count_registered(event, dashboard_desk=self._park.desk)
            else:
                count_thing(event, dashboard_desk=self._park.desk)
        except Busy:
            self.waiting.append(event)

    def drains(self) -> None:
        while self.waiting:
            self.delivers()


def lives(park: CountedPark, stream: Stream, events: int, random: Random) -> None:
    happenings = [park.opens_task, park.changes_task, park.changes_task, park.raises_warning, park.changes_warning]
    happenings += [park.changes_warning, park.observes, park.is_scored, park.falls_silent]
    while stream.delivered < events:
        park.clock.ms += random.randrange(120_000)
        stream.brings(park.moves() if random.random() < 0.002 else random.choice(happenings)())
        while len(stream.waiting) > 20:
            stream.delivers()
    stream.drains()


def begins(events: int) -> tuple[FaultyRows, CountedPark, Stream, Random]:
    """A park that has lived through so many events over a store that fails; the store is well again."""
    random = Random(20260302)
    rows = FaultyRows(random)
    park = CountedPark(rows, random=random)
    stream = Stream(park, random)
    for eid in park.profiles:
        stream.brings(RegistryChanged("", 1, f"c-{eid}", f"enterprise:{eid}"))
    rows.meanwhile = lambda: stream.waiting and stream.delivers()
    rows.is_ill = True
    lives(park, stream, events, random)
    rows.is_ill = False
    return rows, park, stream, random


def looks_at_sources(park: CountedPark) -> None:
    """Who falls silent does so without an event: the hourly look finds it."""
    for eid in park.profiles:
        count_thing(ThingTouched(enterprise_node(eid), Thing(ThingKind.SOURCE)), dashboard_desk=park.desk)


class ContendedRows(MemoryRows):
    """Somebody else is always first."""

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        raise RowConflict


@dataclass
class Waits:
    attempts: list[int] = field(default_factory=list)

    def wait(self, attempt: int) -> None:
        self.attempts.append(attempt)


def test_who_is_never_first_waits_longer_and_longer_and_then_leaves_it_to_the_stream() -> None:
    park, waits = CountedPark(ContendedRows()), Waits()
    with pytest.raises(Busy):
        count_thing(park.opens_task(), dashboard_desk=replace(park.desk, patience=waits))
    assert waits.attempts == list(range(ATTEMPTS))


def test_after_a_hundred_thousand_events_with_faults_the_figures_are_those_of_a_full_recount() -> None:
    rows, park, stream, _ = begins(EVENTS)
    looks_at_sources(park)
    assert stream.delivered >= EVENTS and rows.faults > EVENTS / 100
    assert kept(rows) == park.recounted()
    assert {check_enterprise(eid, dashboard_desk=park.desk) for eid in park.profiles} == {Drift()}
    assert check_totals(dashboard_desk=park.desk) == Drift()


def test_figures_are_counted_anew_while_events_come_and_the_store_fails() -> None:
    rows, park, stream, random = begins(2_000)
    ask_for_rebuild(ADMIN, dashboard_desk=park.desk)
    park.clock.ms += SETTLING_MS
    rows.is_ill, steps = True, list[str]()
    while not steps or steps[-1] != "built":
        lives(park, stream, stream.delivered + 20, random)
        stream.brings(park.opens_task())
        try:
            steps.append(rebuild_dashboard(park.clock.ms + 1, dashboard_desk=park.desk))
        except (Busy, WriteConflict) as error:
            steps.append(type(error).__name__)
    stream.drains()
    rows.is_ill = False
    looks_at_sources(park)
    assert "Busy" in steps
    assert kept(rows, park.desk.dashboard.generations().live) == park.recounted()


def test_what_was_lost_and_spoilt_is_mended_by_a_night() -> None:
    rows, park, _, random = begins(2_000)
    for _ in range(40):
        for happens in (park.opens_task, park.changes_warning, park.changes_task, park.is_scored):
            happens()  # and nobody hears of it
    for pk in random.sample([pk for pk in rows.partitions() if pk.startswith("DASHBOARD#1#")], 20):
        row = rows.query(pk)[0]
        body = {**row.body, "counts": {"overdue": 3}} if "counts" in row.body else row.body
        rows.commit([Put(replace(row, body=body, version=row.version + 1))])
    found = sum((check_enterprise(eid, dashboard_desk=park.desk) for eid in park.profiles), Drift())
    found += check_totals(dashboard_desk=park.desk)
    looks_at_sources(park)
    assert found.things and found.scores and found.sums and not found.is_unsettled
    assert kept(rows) == park.recounted()
