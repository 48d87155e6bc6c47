"""Figures on every store: a facet and its sums are one, and who is not first begins again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from chalicelib.adapters.dashboard_repo import RowDashboardRepo
from chalicelib.adapters.patience import JitteredPatience
from chalicelib.adapters.rows import Rows
from chalicelib.domain.dashboard import (
    NOW,
    PARK,
    Facet,
    Generations,
    Home,
    Place,
    Thing,
    ThingKind,
    enterprise_node,
)
from chalicelib.domain.errors import Busy, WriteConflict
from chalicelib.usecases.check_dashboard import Drift, check_enterprise, check_totals
from chalicelib.usecases.count_thing import count_thing, count_things
from chalicelib.usecases.history import history_of
from tests.counted_park import CountedPark

EAST, WEST = Place("east", "hydrogen"), Place("west", "hydrogen")
ACME, OTHER = enterprise_node("acme"), enterprise_node("other")
HOMES = {ACME: Home(EAST, "安澜化工"), OTHER: Home(EAST)}
ABOVE = (*EAST.above, ACME)


@pytest.fixture
def dashboard(rows: Rows) -> RowDashboardRepo:
    return RowDashboardRepo(rows)


def task(id: str, *, unit: str = "", shared: tuple[str, ...] = (), **now: int) -> Facet:
    return Facet(Thing(ThingKind.TASK, id), unit, now, {"2026-03": {"opened": 1}}, shared)


def settles(dashboard: RowDashboardRepo, *facets: Facet, anchor: str = ACME, generation: int = 1) -> int:
    stored = dashboard.stored(generation, anchor, [one.thing for one in facets])
    return dashboard.settle(stored, facets, HOMES, 1_000)


def counts(dashboard: RowDashboardRepo, *nodes: str, sk: str = NOW, generation: int = 1) -> list[dict[str, int]]:
    known = dashboard.tallies(generation, [(node, sk) for node in nodes])
    return [dict(known[node, sk].counts) for node in nodes]


def test_what_was_never_counted_is_nothing(dashboard: RowDashboardRepo) -> None:
    assert dashboard.generations() == Generations()
    assert counts(dashboard, PARK, ACME) == [{}, {}]
    assert dashboard.children(1, PARK, None, 10).items == () == dashboard.months(1, PARK)
    assert not dashboard.rehome(1, ACME, HOMES[ACME], 1)


def test_who_was_overtaken_writes_nothing(dashboard: RowDashboardRepo) -> None:
    slow = dashboard.stored(1, ACME, [Thing(ThingKind.TASK, "t")])
    settles(dashboard, task("t", tasks=1, overdue=1))
    with pytest.raises(WriteConflict):
        dashboard.settle(slow, [task("t", tasks=1)], HOMES, 2_000)
    assert counts(dashboard, *ABOVE) == [{"tasks": 1, "overdue": 1}] * 5


def test_a_facet_is_in_all_sums_above_it_and_its_unit(dashboard: RowDashboardRepo) -> None:
    assert settles(dashboard, task("t", unit="r1", tasks=1)) == 1
    assert settles(dashboard, task("t", unit="r1", tasks=1)) == 0
    assert counts(dashboard, *ABOVE, "unit:r1") == [{"tasks": 1}] * 6
    assert counts(dashboard, *ABOVE, "unit:r1", sk="2026-03") == [{"opened": 1}] * 6
    settles(dashboard, Facet(Thing(ThingKind.TASK, "t"), "r1"))
    assert counts(dashboard, *ABOVE, "unit:r1") == [{}] * 6


def test_what_is_below_is_listed_by_id_with_its_name_page_by_page(dashboard: RowDashboardRepo) -> None:
    settles(dashboard, task("t", unit="r1", tasks=1))
    settles(dashboard, task("t", tasks=1), anchor=OTHER)
    assert [node for node, _ in dashboard.children(1, PARK, None, 10).items] == ["region:east"]
    assert [node for node, _ in dashboard.children(1, "region:east", None, 10).items] == [EAST.group]
    assert [node for node, _ in dashboard.children(1, "industry:hydrogen", None, 10).items] == [EAST.group]
    first = dashboard.children(1, EAST.group, None, 1)
    rest = dashboard.children(1, EAST.group, first.cursor, 1)
    assert (first.items, rest.items, rest.cursor) == (((ACME, "安澜化工"),), ((OTHER, ""),), None)
    assert dashboard.children(1, ACME, None, 10).items == (("unit:r1", ""),)


def test_a_task_of_the_group_is_counted_there_and_shared_by_its_enterprises(dashboard: RowDashboardRepo) -> None:
    joint = task("j", shared=("acme", "other"), tasks=1)
    stored = dashboard.stored(1, EAST.joint, [joint.thing])
    dashboard.settle(stored, [joint], HOMES | {EAST.joint: Home(EAST)}, 1_000)
    assert counts(dashboard, *EAST.above, EAST.joint) == [{"tasks": 1}] * 5
    assert counts(dashboard, ACME, OTHER) == [{"shared_tasks": 1}] * 2
    assert [node for node, _ in dashboard.children(1, EAST.group, None, 10).items] == [ACME, OTHER]


def test_more_than_one_commit_takes_is_counted_all_the_same(dashboard: RowDashboardRepo) -> None:
    many = [task(f"t{number}", unit=f"r{number}", tasks=1) for number in range(60)]
    assert settles(dashboard, *many) == 60
    assert counts(dashboard, *ABOVE) == [{"tasks": 60}] * 5


def test_an_enterprise_moves_with_all_that_was_counted(dashboard: RowDashboardRepo) -> None:
    settles(dashboard, task("t", tasks=1))
    settles(dashboard, task("t", tasks=1), anchor=OTHER)
    home = Home(WEST, "新名")
    assert dashboard.rehome(1, ACME, home, 2_000) and not dashboard.rehome(1, ACME, home, 2_000)
    for sk, mine in ((NOW, {"tasks": 1}), ("2026-03", {"opened": 1})):
        both = dict.fromkeys(mine, 2)
        assert counts(dashboard, PARK, "industry:hydrogen", "region:west", WEST.group, sk=sk) == [
            both,
            both,
            mine,
            mine,
        ]
        assert counts(dashboard, "region:east", EAST.group, sk=sk) == [mine, mine]
    assert dashboard.children(1, EAST.group, None, 10).items == ((OTHER, ""),)
    assert dashboard.children(1, WEST.group, None, 10).items == ((ACME, "新名"),)
    settles(dashboard, task("t"))  # where it now stands, whatever the caller takes its home for
    assert counts(dashboard, PARK, "region:west", "region:east") == [{"tasks": 1}, {}, {"tasks": 1}]


def test_a_sum_is_corrected_at_the_version_it_was_read_at(dashboard: RowDashboardRepo) -> None:
    settles(dashboard, task("t", tasks=1))
    branch = dashboard.branch(1, ACME)
    assert branch is not None and branch.wrong(0) == {}
    settles(dashboard, task("u", tasks=1))
    with pytest.raises(WriteConflict):
        dashboard.correct(1, {(ACME, NOW): {"tasks": 9}}, {(ACME, NOW): branch.version}, 3_000)
    version = dashboard.tallies(1, [(ACME, NOW)])[ACME, NOW].version
    dashboard.correct(1, {(ACME, NOW): {"tasks": 9}}, {(ACME, NOW): version}, 3_000)
    assert counts(dashboard, ACME) == [{"tasks": 9}]
    found = dashboard.branch(1, ACME)
    assert found is not None and found.wrong(0) == {(ACME, NOW): {"tasks": 2}}


def test_generations_know_nothing_of_each_other_and_one_is_swept_by_itself(dashboard: RowDashboardRepo) -> None:
    settles(dashboard, task("t", tasks=1))
    settles(dashboard, task("t", tasks=1), generation=2)
    for node in (ACME, EAST.group, *EAST.above):
        dashboard.sweep(1, node)
    assert (
        counts(dashboard, *ABOVE) == [{}] * 5 and dashboard.stored(1, ACME, [Thing(ThingKind.TASK, "t")]).facets == {}
    )
    assert counts(dashboard, *ABOVE, generation=2) == [{"tasks": 1}] * 5
    first = dashboard.save_generations(Generations(live=2))
    assert dashboard.generations() == first
    with pytest.raises(WriteConflict):
        dashboard.save_generations(Generations(live=3))


def test_writers_of_one_park_at_once_lose_nothing(raced_rows: Rows) -> None:
    """Each counts things of an enterprise of its own; all of them write the park's row."""
    park = CountedPark(raced_rows, enterprises=4, units=1)
    for profile in park.profiles.values():
        for anchor, things in history_of(profile, park.desk):
            count_things(1, anchor, things, park.desk)
    events = [happens() for _ in range(10) for happens in (park.opens_task, park.raises_warning, park.observes)]
    race([events[at::4] for at in range(4)], park)
    right = park.recounted()
    sums = RowDashboardRepo(raced_rows).tallies(1, list(right))
    assert {key: dict(tally.counts) for key, tally in sums.items()} == right
    assert {check_enterprise(eid, dashboard_desk=park.desk) for eid in park.profiles} == {Drift()}
    assert check_totals(dashboard_desk=park.desk) == Drift()


def test_two_that_count_the_same_thing_at_once_count_it_once(raced_rows: Rows) -> None:
    park = CountedPark(raced_rows, enterprises=1, units=1)
    event = park.opens_task()
    race([[event] * 5] * 4, park)
    assert counts(RowDashboardRepo(raced_rows), PARK)[0]["tasks"] == 1


def race(batches: list[list[Any]], park: CountedPark) -> None:
    """All at once. What the store puts off comes again, as from a stream."""
    start = Barrier(len(batches))
    desk = replace(park.desk, patience=JitteredPatience())

    def run(events: list[Any]) -> None:
        start.wait(30)
        for event in events:
            for _ in range(20):
                try:
                    count_thing(event, dashboard_desk=desk)
                    break
                except Busy:
                    continue
            else:
                raise AssertionError("put off too often")

    with ThreadPoolExecutor(len(batches)) as pool:
        list(pool.map(run, batches))
