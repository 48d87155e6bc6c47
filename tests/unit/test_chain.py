"""The walk along the chain."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.chain import FLOOR, MOST_REACHED, Carried, Link, Place, Step, units_behind, walk
from chalicelib.domain.enterprise import Enterprise, Profile, Unit

ORIGIN = Place("a", "u")
NAMES = "abcdefg"


def link(ends: str, *, lead: int = 10, share: float = 1.0, damping: float = 1.0, id: str = "") -> Link:
    giver, receiver = (Place(one, "u") for one in ends)
    carries = (Carried("voc", 50.0, "mg/m3"),)
    return Link(id or f"{ends}-{lead}", giver, receiver, "solvent", carries, share, damping, lead)


def walked(links: Iterable[Link], floor: float = FLOOR) -> tuple[Step, ...]:
    by_giver: dict[Place, list[Link]] = {}
    for one in links:
        by_giver.setdefault(one.giver, []).append(one)
    return walk(ORIGIN, by_giver.get(ORIGIN, []), lambda place: by_giver.get(place, []), floor=floor)


def names(steps: Iterable[Step]) -> list[tuple[str, int]]:
    return [(one.place.enterprise_id, one.delay_min) for one in steps]


def test_nobody_is_reached_where_nothing_is_given() -> None:
    assert walked([link("bc")]) == ()


def test_what_comes_back_to_the_enterprise_it_came_from_ends_there() -> None:
    back = Link("back", Place("b", "u"), Place("a", "another"), "solvent", (), 1.0, 1.0, 5)
    assert names(walked([link("ab"), back])) == [("b", 10)]


def test_a_cycle_ends_and_each_is_reached_once_by_its_shortest_way() -> None:
    steps = walked([link("ab"), link("bc"), link("cd"), link("db"), link("ad", lead=90)])
    assert names(steps) == [("b", 10), ("c", 20), ("d", 30)]
    assert [(one.link_id, one.is_direct) for one in steps] == [("ab-10", True), ("bc-10", False), ("cd-10", True)]


def test_an_effect_is_damped_by_share_and_damping_and_ends_below_the_floor() -> None:
    weak = {"share": 0.5, "damping": 0.5}
    steps = walked([link("ab", **weak), link("bc", **weak), link("cd", **weak)])
    assert [(one.place.enterprise_id, one.effect) for one in steps] == [("b", 0.25), ("c", 0.0625)]


def test_who_takes_from_the_origin_itself_is_reached_however_weakly_and_passes_nothing_on_then() -> None:
    steps = walked([link("ab", share=0.01), link("bc")])
    assert names(steps) == [("b", 10)] and steps[0].effect < FLOOR


def test_a_strong_slow_way_lets_the_effect_go_on_and_the_fast_one_says_when() -> None:
    fast_and_weak, slow_and_strong = link("ab", lead=5, share=0.04, id="fast"), link("ab", lead=60, id="slow")
    steps = walked([fast_and_weak, slow_and_strong, link("bc")])
    assert [(*one, step.effect) for one, step in zip(names(steps), steps, strict=True)] == [
        ("b", 5, 1.0),
        ("c", 15, 1.0),
    ]


def test_of_ways_that_take_as_long_the_first_link_by_id_is_named() -> None:
    assert [one.link_id for one in walked([link("ab", id="second"), link("ab", id="first")])] == ["first"]


def test_of_a_chain_without_end_the_first_are_reached() -> None:
    places = [ORIGIN, *(Place(f"e{n}", "u") for n in range(MOST_REACHED + 9))]
    next_of = {a: Link(f"l{n}", a, b, "m", (), 1.0, 1.0, 1) for n, (a, b) in enumerate(pairwise(places))}
    steps = walk(ORIGIN, [next_of[ORIGIN]], lambda place: [next_of[place]] if place in next_of else [])
    assert [one.place for one in steps] == places[1 : MOST_REACHED + 1]


@pytest.mark.parametrize(
    ("feeds", "found"),
    [
        pytest.param({}, {"tank"}, id="a unit that feeds none is alone"),
        pytest.param({"tank": ("reactor",), "reactor": ("still",)}, {"tank", "reactor", "still"}, id="through another"),
        pytest.param({"tank": ("reactor",), "reactor": ("tank",)}, {"tank", "reactor"}, id="a recycle ends"),
    ],
)
def test_what_a_plant_takes_in_reaches_the_units_behind(feeds: Mapping[str, tuple[str, ...]], found: set[str]) -> None:
    enterprise = Enterprise("b", "B", "", "circular_chemical", "medium", "east")
    units = tuple(Unit(one, "b", one, "reactor", feeds.get(one, ())) for one in ("tank", "reactor", "still", "boiler"))
    assert units_behind(Profile(enterprise, units, ()), "tank") == found


def links_of(draw: st.DrawFn) -> list[Link]:
    ends = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
    drawn = draw(st.lists(st.tuples(ends, st.integers(0, 60), st.sampled_from([0.1, 0.5, 1.0])), max_size=25))
    return [
        link("".join(pair), lead=lead, share=share, id=f"l{n}") for n, (pair, lead, share) in enumerate(drawn)
    ]  # fmt: skip


graphs = st.composite(links_of)()


@given(graphs)
def test_nobody_is_reached_twice_nor_the_origin_and_delays_never_fall(links: list[Link]) -> None:
    steps = walked(links)
    places = [one.place for one in steps]
    assert len(places) == len(set(places)) and ORIGIN not in places
    assert [one.delay_min for one in steps] == sorted(one.delay_min for one in steps)


@given(graphs)
def test_each_is_reached_by_a_link_from_the_origin_or_from_somebody_reached_no_later(links: list[Link]) -> None:
    steps = walked(links)
    by_id, delays = {one.id: one for one in links}, {one.place: one.delay_min for one in steps} | {ORIGIN: 0}
    for one in steps:
        last = by_id[one.link_id]
        assert last.receiver == one.place and one.delay_min == delays[last.giver] + last.lead_time_min


@given(graphs)
def test_a_lower_floor_reaches_more_and_nobody_later(links: list[Link]) -> None:
    few, many = walked(links, 0.3), {one.place: one.delay_min for one in walked(links, 0.0)}
    assert all(many[one.place] <= one.delay_min for one in few)
    assert all(one.is_direct or one.effect >= 0.3 for one in few)


@given(graphs, st.randoms())
def test_the_order_of_the_links_makes_no_difference(links: list[Link], random: object) -> None:
    shuffled = list(links)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert walked(shuffled) == walked(links)
