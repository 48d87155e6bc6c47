"""A park can leave and come back: lists go out page by page, each person's own, and come in row by row."""

from typing import Any

import pytest

from chalicelib.adapters.rows import OPERATIONS, REGISTRY
from chalicelib.domain.exchange import IMPORTED, ListName
from mobile_api_spec.walk_context import RESOURCE, TARGET
from tests.acts import client_id
from tests.park import PEOPLE, START_MS, Park, credit_code

WHERE = "/v1/exchange"
LINK: dict[str, Any] = {
    "giver": {"enterprise_id": "acme", "unit_id": "acme-r1"},
    "receiver": {"enterprise_id": "other", "unit_id": "other-r1"},
    "material": "=cmd|' /C calc'!A0",
    "carries": [{"indicator": "voc", "upper": 50.0, "unit": "mg/m3"}],
    "share": 0.6,
    "lead_time_min": 30,
}


@pytest.fixture
def park() -> Park:
    park = Park().register()
    committee = park.as_("committee")
    committee.put("/v1/chain/links/l-1", LINK)
    committee.put("/v1/emergency-resources/foam", RESOURCE)
    committee.put("/v1/emergency-resources/acme-foam", RESOURCE | {"enterprise_id": "acme"})
    committee.put("/v1/targets/voc-east", TARGET)
    return park


def every(park: Park, who: str, name: str, limit: int = 200, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    asked, cursor = "".join(f"&{key}={value}" for key, value in query.items()), ""
    for _ in range(500):
        page = park.as_(who).get(f"{WHERE}/{name}?limit={limit}{asked}{cursor}")
        rows += page["rows"]
        if "next_cursor" not in page:
            return rows
        cursor = f"&cursor={page['next_cursor']}"
    raise AssertionError("it never ends")


def sheet(park: Park, who: str, name: str, limit: int = 200, headings: str = "field") -> str:
    text, cursor = "", ""
    for _ in range(500):
        page = park.as_(who).get(f"{WHERE}/{name}?format=csv&headings={headings}&limit={limit}{cursor}")
        text += page["content"]
        if "next_cursor" not in page:
            return text
        cursor = f"&cursor={page['next_cursor']}"
    raise AssertionError("it never ends")


def bring(park: Park, name: str, *, apply: bool = True, expect: int = 200, **body: Any) -> dict[str, Any]:
    given = {"format": "csv" if "content" in body else "json", "apply": apply, **body}
    return park.as_("admin").post(f"{WHERE}/{name}", given, expect=expect)


def history(park: Park) -> None:
    """A task of tier 3 with its warning, a hazard, a visit, a shift, a score."""
    for voc in (30.0, 30.0, 54.0, 54.0):
        park.clock.advance(60)
        for eid in ("acme", "other"):
            park.reads(eid=eid, temperature=188.0, voc=voc, steam=112.0)
    hazard = {
        "id": client_id(87),
        "enterprise_id": "acme",
        "dimension": "safety",
        "severity": 1,
        "text": "护栏松动",
        "seen_at": "2026-03-02T10:00:00+08:00",
    }
    park.as_("inspector_safety").post("/v1/hazards", hazard, expect=201)
    shift = {"from": "2026-03-02T08:00:00+08:00", "to": "2026-03-02T20:00:00+08:00"}
    park.as_("department_safety").put("/v1/people/inspector_safety/shifts/s-1", shift)
    task = next(one for one in park.as_("committee").get("/v1/tasks")["items"] if one["enterprise_id"] == "acme")
    visit = {"id": client_id(62), "tasks": [task["id"]], "planned_at": "2026-03-03T08:00:00+08:00"}
    park.as_("department_safety").post("/v1/visits", visit, expect=201)
    park.pump()


# who gets what


@pytest.mark.parametrize(
    ("who", "name"),
    [
        pytest.param("enterprise", "audits", id="an enterprise the audits"),
        pytest.param("inspector_safety", "audits", id="an inspector the audits"),
        pytest.param("enterprise", "rota", id="an enterprise the rota"),
        pytest.param("inspector_safety", "scores", id="an inspector the scores"),
        pytest.param("inspector_safety", "people", id="an inspector everybody's numbers"),
        pytest.param("department_safety", "people", id="a department everybody's numbers"),
    ],
)
def test_nobody_takes_away_what_is_not_theirs_to_read(park: Park, who: str, name: str) -> None:
    park.as_(who).get(f"{WHERE}/{name}", expect=403)


def test_a_list_that_there_is_not_is_not_found(park: Park) -> None:
    park.as_("admin").get(f"{WHERE}/secrets", expect=404)
    for name in set(ListName) - set(IMPORTED):
        park.as_("admin").post(f"{WHERE}/{name}", {"content": "id\r\n"}, expect=404)


def test_an_enterprise_takes_its_own_rows_and_no_other(park: Park) -> None:
    history(park)
    for name in ListName:
        if name in (ListName.AUDITS, ListName.ROTA):
            continue
        mine, park_s = every(park, "enterprise", name), every(park, "admin", name)
        owners = {one["enterprise_id"] for one in mine if "enterprise_id" in one}
        assert owners <= {"acme"} and all(one in park_s or name == "resources" for one in mine), name
        assert "other" not in {one["id"] for one in mine if name in ("enterprises", "people")}
    assert [one["id"] for one in every(park, "enterprise", "people")] == ["enterprise"]
    assert {one["enterprise_id"] for one in every(park, "enterprise", "warnings")} == {"acme"}
    assert {one["enterprise_id"] for one in every(park, "enterprise_other", "tasks")} == {"other"}
    assert every(park, "enterprise_other", "hazards") == []


def test_whoever_works_in_another_region_takes_nothing_of_this_one(park: Park) -> None:
    history(park)
    for who in ("inspector_elsewhere", "department_elsewhere"):
        for name in set(ListName) - {"people", "audits", "scores", "instruments"}:
            assert every(park, who, name) == [], (who, name)
    assert every(park, "department_elsewhere", "audits") == every(park, "department_elsewhere", "scores") == []


def test_telephone_numbers_leave_only_with_those_who_read_them(park: Park) -> None:
    told = {
        who: {one["id"]: one["on_call"][0]["phone"] for one in every(park, who, "resources")}
        for who in ("admin", "enterprise", "inspector_safety")
    }
    assert told["admin"]["foam"] == told["enterprise"]["acme-foam"] == "13800001234"
    assert told["enterprise"]["foam"] == told["inspector_safety"]["acme-foam"] == "****"


# out


def test_every_list_leaves_whole_whatever_the_size_of_its_pages(park: Park) -> None:
    history(park)
    for name in ListName:
        whole = every(park, "admin", name, 500)
        assert every(park, "admin", name, 1) == whole, name
        assert whole or name in (ListName.PLANS, ListName.INSTRUMENTS, ListName.CHAIN_ALERTS, ListName.SCORES), name
        assert len({str(one) for one in whole}) == len(whole), name


def test_scores_leave_month_by_month(park: Park) -> None:
    from chalicelib.domain.score import Cause, ScoreEntry

    for month in ("2024-03", "2026-02", "2026-03"):
        entries = [ScoreEntry(e, month, "k", Cause.LATE, -3.0, "t", START_MS, "1") for e in ("acme", "other")]
        park.services.scores.add(entries)
    for limit in (1, 3, 200):
        told = [(one["enterprise_id"], one["month"]) for one in every(park, "committee", "scores", limit)]
        assert told == [(e, m) for e in ("acme", "other") for m in ("2024-03", "2026-02", "2026-03")]
    only = every(park, "committee", "scores", from_month="2026-03", to_month="2026-03")
    assert [one["month"] for one in only] == ["2026-03", "2026-03"]
    park.as_("committee").get(f"{WHERE}/scores?from_month=2026-03&to_month=2026-02", expect=400)


def test_a_point_leaves_with_its_code_of_hj_212_and_its_unit_of_measure(park: Park) -> None:
    (voc,) = (one for one in every(park, "admin", "points") if one["id"] == "acme-voc")
    assert (voc["hj212_code"], voc["unit"], voc["indicator_name"]) == ("a24088", "mg/m3", "非甲烷总烃")


def test_a_sheet_has_a_mark_and_chinese_headings_and_no_formula(park: Park) -> None:
    text = sheet(park, "admin", "links", headings="zh")
    assert text.startswith("\ufeff链路编号,供方企业编号,") and "'=cmd|" in text and ",=cmd" not in text


@pytest.mark.parametrize("cursor", ["nonsense", "YQ", "8J-YgA"])
def test_a_cursor_that_nobody_gave_is_refused_or_is_a_place_in_the_list(park: Park, cursor: str) -> None:
    answers = [park.as_("admin").call("GET", f"{WHERE}/{one}?cursor={cursor}", None, None, {}) for one in ListName]
    assert {one.get("code", "invalid_cursor") for one in answers} == {"invalid_cursor"}


# in


def test_only_an_admin_brings_lists(park: Park) -> None:
    for who in set(PEOPLE) - {"admin"}:
        park.as_(who).post(f"{WHERE}/units", {"content": "id\r\n"}, expect=403)


@pytest.mark.parametrize(
    ("name", "record", "column", "code"),
    [
        pytest.param("enterprises", {"credit_code": "1"}, "credit_code", "invalid", id="a credit code that does not check"),
        pytest.param("enterprises", {"industry": "farming"}, "industry", "invalid", id="an industry that there is not"),
        pytest.param("enterprises", {"latitude": 91}, "latitude", "at_most", id="a place beyond the pole"),
        pytest.param("enterprises", {"longitude": None}, "longitude", "missing", id="half a place"),
        pytest.param("enterprises", {"size": 3}, "size", "one_of", id="a size in figures"),
        pytest.param("enterprises", {"id": "no id"}, "id", "pattern", id="an id that is none"),
        pytest.param("enterprises", {"colour": "red"}, "colour", "unknown_column", id="a column that there is not"),
        pytest.param("units", {"enterprise_id": "none"}, "enterprise_id", "not_registered", id="a unit of nobody"),
        pytest.param("units", {"id": "other-r1"}, "id", "taken", id="a unit of somebody else"),
        pytest.param("units", {"feeds": ["acme-r9"]}, "feeds", "unknown_unit", id="a unit that feeds none"),
        pytest.param("points", {"unit_id": "none"}, "unit_id", "not_registered", id="a point of no unit"),
        pytest.param("people", {"dimension": None}, "dimension", "invalid", id="a department of nothing"),
        pytest.param("links", {"receiver_unit_id": "none"}, "receiver_unit_id", "unknown_unit", id="a link to nowhere"),
        pytest.param("resources", {"enterprise_id": "none"}, "enterprise_id", "unknown_enterprise", id="a resource of nobody"),
        pytest.param("targets", {"unit": "kPa"}, "unit", "wrong_unit", id="a target in a unit of something else"),
        pytest.param("targets", {"source_title": None}, "source_title", "missing", id="a target from nowhere"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_and_nothing_is_written(
    park: Park, name: str, record: dict[str, Any], column: str, code: str
) -> None:
    (right,) = (one for one in every(park, "admin", name) if one["id"] in GOOD)
    row = right | record
    before = contents(park)
    for apply in (False, True):
        found = bring(park, name, apply=apply, rows=[row])
        assert (found["wrong"], found["rows"][0]["outcome"], found["applied"]) == (1, "wrong", apply)
        assert (1, column, code) in [(one["row"], one["column"], one["code"]) for one in found["errors"]]
    assert contents(park) == before


GOOD = {"acme", "acme-r1", "acme-voc", "department_safety", "l-1", "acme-foam", "voc-east"}


@pytest.fixture(autouse=True)
def _placed(park: Park) -> None:
    enterprise = {
        "name": "acme chemicals",
        "credit_code": credit_code("91110000MA01A2B34H"),
        "industry": "circular_chemical",
        "size": "medium",
        "region": "east",
        "position": {"latitude": 31.2, "longitude": 121.4},
    }
    park.as_("admin").put("/v1/enterprises/acme", enterprise)


def contents(park: Park) -> str:
    park.pump()
    return repr([park.services.rows(table)._rows for table in (REGISTRY, OPERATIONS)])  # type: ignore[attr-defined]


def test_trying_writes_nothing_and_sees_what_earlier_rows_would_have_registered(park: Park) -> None:
    unit = {"enterprise_id": "acme", "name": "新釜", "type": "reactor"}
    rows = [unit | {"id": "acme-r8"}, unit | {"id": "acme-r9", "feeds": ["acme-r8"]}]
    before = contents(park)
    tried = bring(park, "units", apply=False, rows=rows)
    assert (tried["applied"], tried["new"], tried["errors"]) == (False, 2, []) and contents(park) == before
    assert bring(park, "units", rows=rows)["new"] == 2
    assert bring(park, "units", rows=rows)["same"] == 2
    assert bring(park, "units", rows=[rows[1] | {"feeds": []}])["changed"] == 1


def test_a_wrong_row_holds_up_no_other_and_writes_nothing_of_itself(park: Park) -> None:
    unit = {"enterprise_id": "acme", "name": "新釜", "type": "reactor"}
    rows = [
        unit | {"id": "acme-r8"},
        unit | {"id": "acme-r9", "type": "oven"},
        unit | {"id": "acme-r8"},
        unit | {"id": "acme-r7"},
    ]
    found = bring(park, "units", rows=rows)
    assert [one["outcome"] for one in found["rows"]] == ["new", "wrong", "wrong", "new"]
    assert {one["id"] for one in every(park, "admin", "units")} >= {"acme-r7", "acme-r8"}
    assert "acme-r9" not in {one["id"] for one in every(park, "admin", "units")}


def test_more_rows_than_are_taken_at_once_are_refused(park: Park) -> None:
    rows = [{"id": f"u-{n}", "enterprise_id": "acme", "name": "x", "type": "reactor"} for n in range(201)]
    bring(park, "units", rows=rows, expect=400)
    text = "id,enterprise_id,name,type\r\n" + "".join(f"u-{n},acme,x,reactor\r\n" for n in range(201))
    bring(park, "units", content=text, expect=413)


def test_a_list_is_brought_in_its_own_format_only(park: Park) -> None:
    park.as_("admin").post(f"{WHERE}/units", {"format": "csv", "rows": []}, expect=400)
    park.as_("admin").post(f"{WHERE}/units", {"format": "json", "content": "id"}, expect=400)


@pytest.mark.parametrize("headings", ["field", "zh"])
def test_a_park_that_leaves_comes_back_in_another_place_as_it_was(park: Park, headings: str) -> None:
    files = {name: sheet(park, "admin", name, headings=headings) for name in IMPORTED}
    from chalicelib.domain.person import Person, Role

    fresh = Park()
    fresh.services.registry.put_person(Person("admin", "admin", Role.ADMIN))
    for name in IMPORTED:
        found = bring(fresh, name, content=files[name])
        assert found["errors"] == [], name
        assert bring(fresh, name, content=files[name])["same"] == len(found["rows"]), name
        assert sheet(fresh, "admin", name, headings=headings) == files[name]
