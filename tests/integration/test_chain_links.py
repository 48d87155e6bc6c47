"""Links of the chain: who registers them, what is refused, and who sees what of the graph."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from chalicelib.domain.chain_picture import SVG, columns
from tests.park import PEOPLE, Park

LINK: dict[str, Any] = {
    "giver": {"enterprise_id": "acme", "unit_id": "acme-r1"},
    "receiver": {"enterprise_id": "other", "unit_id": "other-r1"},
    "material": "回收溶剂",
    "carries": [{"indicator": "voc", "upper": 50.0, "unit": "mg/m3"}],
    "share": 0.6,
    "lead_time_min": 30,
}
WHERE = "/v1/chain/links/l-1"


@pytest.fixture
def park() -> Park:
    return Park().register()


def test_a_link_comes_back_as_it_was_registered_and_twice_is_once(park: Park) -> None:
    for _ in range(2):
        put = park.as_("committee").put(WHERE, LINK)
    assert put == {"id": "l-1", "damping": 1.0, **LINK} == park.as_("admin").get(WHERE)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"receiver": LINK["giver"]}, "receiver.enterprise_id", "same_enterprise", id="a link to itself"),
        pytest.param(
            {"receiver": {"enterprise_id": "acme", "unit_id": "acme-r2"}}, "receiver.enterprise_id", "same_enterprise",
            id="between units of one enterprise",
        ),
        pytest.param(
            {"giver": {"enterprise_id": "none", "unit_id": "acme-r1"}}, "giver.enterprise_id", "unknown_enterprise",
            id="from an enterprise nobody registered",
        ),
        pytest.param(
            {"receiver": {"enterprise_id": "other", "unit_id": "acme-r1"}}, "receiver.unit_id", "unknown_unit",
            id="to a unit of somebody else",
        ),
        pytest.param(
            {"carries": [{"indicator": "dust", "upper": 1.0, "unit": "mg/m3"}]}, "carries.0.indicator", "unknown_indicator",
            id="with an indicator that the giver's type of unit does not have",
        ),
        pytest.param(
            {"carries": [{"indicator": "voc", "upper": 1.0, "unit": "kPa"}]}, "carries.0.unit", "wrong_unit",
            id="with a limit in a unit that the indicator cannot be told in",
        ),
        pytest.param({"carries": LINK["carries"] * 2}, "carries.1.indicator", "repeated", id="with an indicator twice"),
        pytest.param({"carries": []}, "carries", "too_few", id="that carries nothing"),
        pytest.param({"share": 0}, "share", "invalid", id="with a share of nothing"),
        pytest.param({"share": 1.01}, "share", "at_most", id="with more than there is"),
        pytest.param({"damping": 1.5}, "damping", "at_most", id="that strengthens"),
        pytest.param({"lead_time_min": -1}, "lead_time_min", "at_least", id="that arrives before it left"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_link_is_refused_by_field(park: Park, changes: dict[str, Any], field: str, code: str) -> None:
    problem = park.as_("committee").put(WHERE, LINK | changes, expect=400)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


def test_a_unit_gives_no_more_of_a_material_than_it_has(park: Park) -> None:
    committee = park.as_("committee")
    committee.put(WHERE, LINK)
    (error,) = committee.put("/v1/chain/links/l-2", LINK | {"share": 0.5}, expect=400)["errors"]
    assert (error["field"], error["code"]) == ("share", "shares_exceed") and "0.6" in error["detail"]
    committee.put("/v1/chain/links/l-2", LINK | {"share": 0.4})
    committee.put(WHERE, LINK | {"share": 0.1})
    committee.put("/v1/chain/links/l-3", LINK | {"material": "蒸汽冷凝水", "share": 1.0})


def test_a_link_stays_between_its_partners(park: Park) -> None:
    turned = {"giver": LINK["receiver"], "receiver": LINK["giver"]}
    park.as_("committee").put(WHERE, LINK)
    park.as_("committee").put(WHERE, LINK | turned, expect=409)
    assert park.as_("committee").put(WHERE, LINK | {"lead_time_min": 45})["lead_time_min"] == 45


@pytest.mark.parametrize("person", [p for p, f in PEOPLE.items() if f["role"] not in ("committee", "admin")])
def test_nobody_but_the_committee_and_the_admin_keeps_links(park: Park, person: str) -> None:
    park.as_("committee").put(WHERE, LINK)
    park.as_(person).put(WHERE, LINK, expect=403)
    park.as_(person).call("DELETE", WHERE, None, 403, {})


def test_a_link_that_is_taken_away_is_gone_from_either_side(park: Park) -> None:
    park.as_("committee").put(WHERE, LINK)
    park.as_("committee").call("DELETE", WHERE, None, 204, {})
    park.as_("committee").get(WHERE, expect=404)
    park.as_("committee").call("DELETE", WHERE, None, 404, {})
    assert [park.as_(one).get("/v1/chain") for one in ("enterprise", "enterprise_other", "committee")] == [
        {"nodes": [], "links": []}
    ] * 3


@pytest.fixture
def third(park: Park) -> Park:
    """acme gives to other, and other to a third enterprise in the west."""
    admin = park.as_("admin")
    park.put_plant(admin, "third", "91110000MA01A2B67R")
    known = park.services.registry.profile("third")
    assert known is not None
    fields = {name: getattr(known.enterprise, name) for name in ("name", "credit_code", "industry", "size")}
    admin.put("/v1/enterprises/third", fields | {"region": "west"})
    admin.put(WHERE, LINK)
    ends = {"giver": LINK["receiver"], "receiver": {"enterprise_id": "third", "unit_id": "third-r1"}}
    admin.put("/v1/chain/links/l-2", LINK | ends)
    return park


SEES = {
    "enterprise": ["l-1"],
    "enterprise_other": ["l-1", "l-2"],
    "inspector_safety": ["l-1", "l-2"],
    "inspector_elsewhere": ["l-2"],
    "department_elsewhere": ["l-2"],
    "department_safety": ["l-1", "l-2"],
    "committee": ["l-1", "l-2"],
}


@pytest.mark.parametrize(("person", "seen"), SEES.items())
def test_who_sees_an_end_of_a_link_sees_it_and_nobody_else_does(third: Park, person: str, seen: list[str]) -> None:
    caller = third.as_(person)
    assert [one["id"] for one in caller.get("/v1/chain")["links"]] == seen
    for link in ("l-1", "l-2"):
        caller.get(f"/v1/chain/links/{link}", expect=200 if link in seen else 404)


def test_of_a_partner_its_name_is_known_and_nothing_of_its_plant(third: Park) -> None:
    own, partner = third.as_("enterprise").get("/v1/chain")["nodes"]
    assert own["unit_name"] == "R1" and own["region"] == "east"
    assert partner == {"enterprise_id": "other", "unit_id": "other-r1", "enterprise_name": "other chemicals"}


def test_a_region_has_the_links_that_begin_or_end_there(third: Park) -> None:
    ids = lambda region: [one["id"] for one in third.as_("committee").get(f"/v1/chain?region={region}")["links"]]  # noqa: E731
    assert (ids("west"), ids("east"), ids("nowhere")) == (["l-2"], ["l-1", "l-2"], [])


def drawn(park: Park, person: str) -> ElementTree.Element:
    return ElementTree.fromstring(park.as_(person).get("/v1/chain/picture")["svg"])  # noqa: S314 - it is our own


def texts(picture: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(f"{{{SVG}}}text")]


def test_the_picture_has_every_unit_and_an_arrow_for_every_link(third: Park) -> None:
    picture = drawn(third, "committee")
    assert len(picture.findall(f".//{{{SVG}}}rect")) == 3
    assert texts(picture).count("回收溶剂") == 2
    assert drawn(Park().register(), "committee").findall(f".//{{{SVG}}}rect") == []


def test_all_that_a_unit_gives_to_another_is_one_arrow(park: Park) -> None:
    park.as_("committee").put(WHERE, LINK)
    park.as_("committee").put("/v1/chain/links/l-2", LINK | {"material": "冷凝水"})
    picture = drawn(park, "committee")
    assert "回收溶剂、冷凝水" in texts(picture) and len(picture.findall(f"./{{{SVG}}}g")) == 3


def test_the_picture_shows_nobody_what_the_data_do_not(third: Park) -> None:
    assert not any("third" in one for one in drawn(third, "enterprise").itertext())


NAMES: list[tuple[str, Callable[[str], str]]] = [
    ('</text><script>alert("x")</script>', str),
    ('" onload="alert(1)', str),
    ("<![CDATA[&amp;", str),
    ("a\x00b\x1bc\ufffe", lambda _: "abc"),
]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_a_name_brings_no_markup_into_the_picture(park: Park, name: str, shown: Callable[[str], str]) -> None:
    park.as_("committee").put(WHERE, LINK | {"material": name})
    picture = drawn(park, "committee")
    assert {one.tag.removeprefix(f"{{{SVG}}}") for one in picture.iter()} == {
        "svg", "defs", "marker", "path", "g", "title", "rect", "text"
    }  # fmt: skip
    assert not any(key.startswith("on") for one in picture.iter() for key in one.attrib)
    assert any(one.startswith(shown(name)) for one in picture.itertext())


def test_a_long_name_is_cut_where_its_box_ends_and_whole_under_the_pointer(park: Park) -> None:
    name = "某某循环经济化工园区有机溶剂回收再生利用一期"
    park.as_("admin").put("/v1/units/acme-r1", {"enterprise_id": "acme", "name": name, "type": "reactor"})
    park.as_("committee").put(WHERE, LINK)
    picture = drawn(park, "committee")
    assert name[:14] + "…" in texts(picture)
    assert f"acme chemicals · {name}" in [one.text for one in picture.iter(f"{{{SVG}}}title")]


@pytest.mark.parametrize(
    ("arrows", "found"),
    [
        pytest.param([], (("a", "b", "c"),), id="without arrows all stand in one column"),
        pytest.param([("a", "b"), ("b", "c")], (("a",), ("b",), ("c",)), id="a chain goes from left to right"),
        pytest.param([("a", "b"), ("b", "c"), ("c", "a")], (("a",), ("b",), ("c",)), id="a ring begins at its first"),
        pytest.param([("c", "b"), ("c", "a")], (("c",), ("a", "b")), id="receivers of one stand in one column"),
    ],
)
def test_columns_go_by_the_distance_from_a_source(arrows: list[tuple[str, str]], found: tuple[tuple[str, ...]]) -> None:
    assert columns("abc", arrows) == columns("cba", reversed(arrows)) == found


def many(park: Park, count: int = 7) -> list[str]:
    for n in range(count):
        park.as_("admin").put(f"/v1/chain/links/m-{n}", LINK | {"material": f"料{n}", "share": 1.0})
    return [f"m-{n}" for n in range(count)]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_pages_of_the_graph_have_each_link_once_in_order_with_its_ends(park: Park, limit: int) -> None:
    expected, found, query = many(park), [], f"?limit={limit}"
    while True:
        page = park.as_("committee").get(f"/v1/chain{query}")
        found += [one["id"] for one in page["links"]]
        ends = {
            (one[end]["enterprise_id"], one[end]["unit_id"]) for one in page["links"] for end in ("giver", "receiver")
        }
        assert ends == {(one["enterprise_id"], one["unit_id"]) for one in page["nodes"]}
        assert len(page["links"]) <= limit
        if "next_cursor" not in page:
            break
        query = f"?limit={limit}&cursor={page['next_cursor']}"
    assert found == expected


def test_who_asks_for_no_page_gets_the_whole_graph(park: Park) -> None:
    expected = many(park)
    whole = park.as_("committee").get("/v1/chain")
    assert [one["id"] for one in whole["links"]] == expected and "next_cursor" not in whole
    cursor = park.as_("committee").get("/v1/chain?limit=5")["next_cursor"]
    rest = park.as_("committee").get(f"/v1/chain?cursor={cursor}")
    assert [one["id"] for one in rest["links"]] == ["m-5", "m-6"] and "next_cursor" not in rest


def test_what_is_taken_away_between_two_pages_moves_no_other(park: Park) -> None:
    many(park)
    first = park.as_("committee").get("/v1/chain?limit=3")
    for gone in ("m-0", "m-2"):
        park.as_("admin").call("DELETE", f"/v1/chain/links/{gone}", None, 204, {})
    rest = park.as_("committee").get(f"/v1/chain?limit=100&cursor={first['next_cursor']}")
    assert [one["id"] for one in rest["links"]] == ["m-3", "m-4", "m-5", "m-6"]


def test_pages_have_only_what_a_person_may_see(park: Park) -> None:
    many(park, 2)
    assert park.as_("inspector_elsewhere").get("/v1/chain?limit=1") == {"nodes": [], "links": []}
    park.as_("committee").get("/v1/chain?limit=0", expect=400)
    for wrong in ("nonsense", "bS00", "%E6%96%99"):
        assert park.as_("committee").get(f"/v1/chain?cursor={wrong}", expect=400)["code"] == "invalid_cursor"
    park.as_("committee").get("/v1/chain/picture?limit=1", expect=400)
