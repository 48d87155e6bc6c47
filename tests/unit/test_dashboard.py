"""What a thing adds to the figures, how sums follow from it, and whose figures a person reads."""

from dataclasses import replace
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.patience import FIRST_S, MOST_S, JitteredPatience
from chalicelib.domain.dashboard import (
    NOW,
    SHARED,
    Branch,
    Counts,
    Facet,
    Place,
    Tally,
    Thing,
    ThingKind,
    anchor_of,
    changes,
    rising,
    summed,
    thing_of,
)
from chalicelib.domain.dashboard_figures import figures_of, median_below_s
from chalicelib.domain.dashboard_scope import Level, NodeName, name_of, scope_of
from chalicelib.domain.errors import NotFound
from chalicelib.domain.facets import (
    handling_class,
    handling_class_end_s,
    of_task,
    of_warning,
)
from chalicelib.domain.person import Person, Role
from chalicelib.domain.side import Side, SideState
from chalicelib.domain.task import Member, Task, TaskKind
from chalicelib.domain.warning import Warning, WarningState
from tests.alarms import WHY
from tests.park import START_MS

ZONE = ZoneInfo("Asia/Shanghai")
TASK = Task(
    "t-1", "w-1", "acme", "acme-r1", "east", "hydrogen", "r", 2, Side(), Side(), (), START_MS, START_MS + 3_600_000, None
)  # fmt: skip
WARNING = Warning("w-1", "acme", "acme-r1", "r", 2, WarningState.OPEN, START_MS, START_MS, START_MS, WHY)
NAMES = st.sampled_from(["tasks", "tasks.1", "overdue", SHARED])
COUNTS = st.dictionaries(NAMES, st.integers(1, 5), max_size=3)
FACETS = st.builds(
    Facet,
    st.builds(Thing, st.just(ThingKind.TASK), st.sampled_from("abcd")),
    st.sampled_from(["", "u-1", "u-2"]),
    COUNTS,
    st.dictionaries(st.sampled_from(["2026-02", "2026-03"]), COUNTS, max_size=2),
)


# facets


def test_an_open_task_counts_with_both_sides_and_how_late_it_is() -> None:
    late = replace(TASK, overdue=("acknowledge", "finish"), safety=Side(SideState.SUBMITTED))
    now = {"tasks": 1, "tasks.2": 1, "safety.submitted": 1, "environment.pending": 1, "overdue": 1, "unanswered": 1}
    assert of_task(late, ZONE).now == now
    assert of_task(late, ZONE).months == {"2026-03": {"opened": 1}}


def test_a_closed_task_counts_no_more_but_in_its_months() -> None:
    done = Side(SideState.PASSED)
    closed = replace(TASK, safety=done, environment=done, closed_at_ms=START_MS + 31 * 86_400_000)
    found = of_task(closed, ZONE)
    assert found.now == {} and found.months["2026-03"] == {"opened": 1}
    assert found.months["2026-04"] == {"closed": 1, "handling_s": 31 * 86_400, "handling.16": 1}


def test_a_month_begins_with_the_parks_midnight() -> None:
    """2026-04-01T00:00+08:00 is still March in UTC."""
    april_ms = 1_774_972_800_000
    assert of_task(replace(TASK, opened_at_ms=april_ms - 1), ZONE).months == {"2026-03": {"opened": 1}}
    assert of_task(replace(TASK, opened_at_ms=april_ms), ZONE).months == {"2026-04": {"opened": 1}}


def test_a_task_of_a_whole_group_is_shared_by_its_enterprises_while_it_is_open() -> None:
    members = tuple(Member(f"w-{eid}", eid, "u", "r", 1, START_MS) for eid in ("b", "a", "b"))
    joint = replace(TASK, kind=TaskKind.REGIONAL, enterprise_id="", unit_id="", members=members)
    assert of_task(joint, ZONE).shared == ("a", "b")
    done = Side(SideState.WAIVED)
    assert of_task(replace(joint, safety=done, environment=done, closed_at_ms=START_MS), ZONE).shared == ()
    assert anchor_of("", "east", "hydrogen") == Place("east", "hydrogen").joint


@pytest.mark.parametrize(
    ("state", "retroactive", "now", "month"),
    [
        pytest.param(WarningState.OBSERVED, False, {}, None, id="below the threshold nobody was called"),
        pytest.param(WarningState.WITHDRAWN, False, {}, None, id="one that was none"),
        pytest.param(WarningState.OPEN, False, {"warnings.2": 1}, {"raised.2": 1}, id="one that stands open"),
        pytest.param(WarningState.CLEARED, False, {}, {"raised.2": 1}, id="one that has cleared"),
        pytest.param(WarningState.CLEARED, True, {}, {"retroactive": 1}, id="one that was found in late data"),
    ],
)
def test_what_a_warning_adds(state: WarningState, retroactive: bool, now: Counts, month: Counts | None) -> None:
    found = of_warning(replace(WARNING, state=state, retroactive=retroactive), ZONE)
    assert (found.now, dict(found.months)) == (now, {} if month is None else {"2026-03": month})


@given(st.integers(0, 10**8))
def test_a_handling_time_lies_in_its_class(taken_s: int) -> None:
    number = handling_class(taken_s)
    assert taken_s < handling_class_end_s(number) and (number == 0 or taken_s >= handling_class_end_s(number) // 2)


@given(st.lists(st.integers(0, 10**7), min_size=1))
def test_the_median_is_below_its_bound_and_not_below_half_of_it(times: list[int]) -> None:
    bound = median_below_s(summed({f"handling.{handling_class(one)}": 1} for one in times))
    middle = sorted(times)[(len(times) - 1) // 2]
    assert bound is not None and middle < bound and (bound == 60 or middle >= bound // 2)


def test_without_closed_tasks_there_is_no_median_mean_or_share() -> None:
    found = figures_of(Tally(), Tally())
    assert (found.month.handling.median_below_s, found.month.handling.mean_s, found.month.on_time_share) == (None,) * 3
    assert (found.scores.mean, found.completeness.share, found.counted_at_ms) == (None, None, None)


@given(st.builds(Thing, st.sampled_from(ThingKind), st.text("abc:|-", max_size=8)))
def test_a_thing_is_found_by_its_key(thing: Thing) -> None:
    assert thing_of(thing.key) == thing


# sums


def totals(facets: dict[Thing, Facet]) -> dict[tuple[str, str], Counts]:
    return changes((), facets.values())


@given(st.lists(FACETS, max_size=20))
def test_sums_that_change_by_differences_are_the_sums_of_what_stands(arriving: list[Facet]) -> None:
    """Whatever comes in whatever order, any of it twice: the last facet of each thing counts, once."""
    counted: dict[Thing, Facet] = {}
    sums: dict[tuple[str, str], Counts] = {}
    for one in arriving:
        for _ in range(2):
            before = counted.get(one.thing, Facet(one.thing))
            for key, counts in changes([before], [one]).items():
                sums[key] = summed((sums.get(key, {}), counts))
            counted[one.thing] = one
    assert {key: counts for key, counts in sums.items() if counts} == totals(counted)


@given(st.lists(FACETS, max_size=8, unique_by=lambda one: one.thing), st.randoms(use_true_random=False))
def test_a_branch_whose_sums_are_right_has_nothing_wrong_and_a_spoilt_sum_is_found(
    facets: list[Facet], random: Random
) -> None:
    sums = changes((), facets)
    tallies = {
        (f"unit:{unit}" if unit else "enterprise:acme", sk): Tally(counts) for (unit, sk), counts in sums.items()
    }
    assert Branch(1, "enterprise:acme", tuple(facets), tallies, 1).wrong(0) == {}
    key = random.choice([*tallies, ("enterprise:acme", NOW), ("unit:gone", NOW)])
    right = tallies[key].counts if key in tallies else {}
    spoilt = tallies | {key: Tally(summed((right, {"overdue": 1})))}
    assert Branch(1, "enterprise:acme", tuple(facets), spoilt, 1).wrong(0) == {key: right}


def test_joint_tasks_are_expected_beside_what_is_counted() -> None:
    assert Branch(1, "enterprise:acme", (), {}, 0).wrong(2) == {("enterprise:acme", NOW): {SHARED: 2}}
    assert rising({"tasks": 1, SHARED: 2}) == {"tasks": 1}


# whose


def person(role: Role, *, regions: tuple[str, ...] = (), industries: tuple[str, ...] = ()) -> Person:
    return Person("p", "p", role, regions=regions, industries=industries)


COMMITTEE = person(Role.COMMITTEE)
WEST = person(Role.DEPARTMENT, regions=("west", "south"))
INSPECTOR = person(Role.INSPECTOR, regions=("east", "west"), industries=("hydrogen", "park"))


@pytest.mark.parametrize(
    ("who", "region", "industry"),
    [
        pytest.param(WEST, "east", None, id="a region that is not the department's"),
        pytest.param(WEST, "east", "hydrogen", id="a group of it"),
        pytest.param(INSPECTOR, "south", None, id="a region that is not the inspector's"),
        pytest.param(INSPECTOR, None, "energy_saving", id="an industry that is not the inspector's"),
        pytest.param(INSPECTOR, "east", "energy_saving", id="a group half of which is"),
    ],
)
def test_what_is_not_theirs_is_not_found(who: Person, region: str | None, industry: str | None) -> None:
    with pytest.raises(NotFound):
        scope_of(who, region, industry)


EAST_HYDROGEN, WEST_HYDROGEN = "group:east|hydrogen", "group:west|hydrogen"


@pytest.mark.parametrize(
    ("who", "region", "industry", "level", "nodes"),
    [
        pytest.param(COMMITTEE, None, None, Level.PARK, ["park"], id="the whole park"),
        pytest.param(COMMITTEE, "east", None, Level.REGION, ["region:east"], id="a region"),
        pytest.param(COMMITTEE, None, "hydrogen", Level.INDUSTRY, ["industry:hydrogen"], id="an industry"),
        pytest.param(COMMITTEE, "east", "hydrogen", Level.GROUP, [EAST_HYDROGEN], id="a joint group"),
        pytest.param(WEST, None, None, Level.OWN, ["region:south", "region:west"], id="a department's regions"),
        pytest.param(WEST, "west", None, Level.REGION, ["region:west"], id="one of them"),
        pytest.param(
            WEST, None, "hydrogen", Level.OWN, ["group:south|hydrogen", WEST_HYDROGEN], id="an industry in them"
        ),
        pytest.param(
            INSPECTOR,
            "east",
            None,
            Level.OWN,
            [EAST_HYDROGEN, "group:east|park"],
            id="an inspector's groups of a region",
        ),
        pytest.param(INSPECTOR, None, "hydrogen", Level.OWN, [EAST_HYDROGEN, WEST_HYDROGEN], id="or of an industry"),
        pytest.param(INSPECTOR, "east", "hydrogen", Level.GROUP, [EAST_HYDROGEN], id="one of an inspector's groups"),
    ],
)
def test_whose_figures_are_read(
    who: Person, region: str | None, industry: str | None, level: Level, nodes: list[str]
) -> None:
    scope = scope_of(who, region, industry)
    assert (scope.level, list(scope.nodes)) == (level, nodes)
    assert list(scope.chosen) == (nodes if level is Level.OWN else [])


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("region:a:b", NodeName(Level.REGION, region="a:b")),
        ("industry:hydrogen", NodeName(Level.INDUSTRY, industry="hydrogen")),
        ("group:a:b|c", NodeName(Level.GROUP, "a:b", "c")),
        ("enterprise:acme", NodeName(Level.ENTERPRISE, id="acme")),
        ("unit:acme:r1", NodeName(Level.UNIT, id="acme:r1")),
    ],
)
def test_a_node_is_told_by_its_parts(node: str, name: NodeName) -> None:
    assert name_of(node) == name


# waiting


def test_who_was_not_first_waits_longer_each_time_up_to_a_bound_and_never_as_long_as_another() -> None:
    waited: list[float] = []
    shares = iter([0.0, 1.0, 0.5, 0.25])
    patience = JitteredPatience(waited.append, lambda: next(shares))
    for attempt in (0, 1, 2, 30):
        patience.wait(attempt)
    assert waited == pytest.approx([FIRST_S / 2, FIRST_S * 2, FIRST_S * 3, MOST_S * 0.625])
