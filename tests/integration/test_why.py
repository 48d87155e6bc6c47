"""GET /v1/warnings/{id}/why: what an inspector reads of a decision, with and without a network."""

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from chalice.test import HTTPResponse

from chalicelib.adapters.catalogue import shipped, shipped_document
from chalicelib.api.models.wire import rfc3339
from chalicelib.api.why_card import MAX_BYTES, ROOMS, fitted, size
from chalicelib.domain.catalogue import Rule
from chalicelib.domain.downwind import Downwind, Receptor, ReceptorKind, Sector, Wind
from chalicelib.domain.enterprise import Profile, Unit
from chalicelib.domain.neighbour import Neighbour
from chalicelib.domain.reading import Series
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.usecases.read_why import Why
from tests.park import Park, credit_code
from tests.plant import START_MS, enterprise
from tests.why_cards import above, card, limit, rise

ZONE = ZoneInfo("Asia/Shanghai")
ORDER = ["sparks", "neighbours", "downwind", "texts"]


def hot(park: Park, minutes: int = 50, **values: float) -> str:
    """A normal hour, then two hot readings. Returns the warning's id."""
    for n in range(minutes):
        park.clock.advance(60)
        park.reads(temperature=170.0 + n % 7, voc=30.0 + n % 3, steam=100.0)
    park.runs_hot(**{"temperature": 188.0, "voc": 54.0, "steam": 112.0} | values)
    return str(park.as_("admin").get("/v1/warnings")["items"][0]["id"])


@pytest.fixture
def park() -> Park:
    return Park().register()


def ask(park: Park, warning_id: str, person: str = "inspector_safety", **headers: str) -> HTTPResponse:
    sent = {"Authorization": f"Bearer person:{person}"} | {name.replace("_", "-"): v for name, v in headers.items()}
    return park.client.http.request("GET", f"/v1/warnings/{warning_id}/why", headers=sent)


def read(park: Park, warning_id: str, person: str = "inspector_safety", **headers: str) -> dict[str, Any]:
    answer = ask(park, warning_id, person, **headers)
    assert answer.status_code == 200, answer.body
    assert len(answer.body) <= MAX_BYTES
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_a_warning_that_is_not_there_has_no_card(park: Park) -> None:
    assert ask(park, "w-nothing").status_code == 404


@pytest.mark.parametrize("person", ["inspector_elsewhere", "department_elsewhere", "enterprise_other"])
def test_who_may_not_see_a_warning_does_not_see_why(park: Park, person: str) -> None:
    assert ask(park, hot(park, minutes=0), person).status_code == 404


@pytest.mark.parametrize(
    ("feeds", "field", "code"),
    [
        pytest.param(["acme-r1"], "feeds.0", "feeds_itself", id="a unit does not feed itself"),
        pytest.param(["acme-t1", "nothing"], "feeds.1", "unknown_unit", id="a unit feeds none that is not there"),
        pytest.param(["other-r1"], "feeds.0", "unknown_unit", id="a unit feeds none of another enterprise"),
    ],
)
def test_what_a_unit_cannot_feed_is_refused_by_name(park: Park, feeds: list[str], field: str, code: str) -> None:
    admin = park.as_("admin")
    admin.put("/v1/units/acme-t1", {"enterprise_id": "acme", "name": "T1", "type": "reactor"})
    unit = {"enterprise_id": "acme", "name": "R1", "type": "reactor", "feeds": feeds}
    (error,) = admin.put("/v1/units/acme-r1", unit, expect=400)["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert admin.get("/v1/units/acme-r1")["feeds"] == []


def test_a_card_tells_each_term_in_numbers_and_words(park: Park) -> None:
    found = read(park, hot(park))
    safety, response, energy = found["terms"]
    assert (safety["value"], safety["reference"], safety["deviation"], safety["unit"]) == (188.0, 180.0, 4.0, "Cel")
    assert safety["words"] == "反应釜温度188℃，比阈值180℃高8.0℃，达触发幅度的4.0倍"
    assert (response["baseline"], energy["baseline"], "baseline" in safety) == ("learnt", "learnt", False)
    assert response["standard"] == "GB 31572-2015 表5"
    assert sum(term["weight"] for term in found["terms"]) == pytest.approx(1.0, abs=0.002)
    assert [term["flag"] for term in found["terms"]] == ["N"] * 3


def test_a_baseline_that_is_not_learnt_is_said_to_be_nominal(park: Park) -> None:
    found = read(park, hot(park, minutes=0))
    assert found["terms"][1]["baseline"] == "nominal" and "标称值" in found["terms"][1]["words"]


def test_flagged_readings_of_the_hour_are_counted_and_not_drawn(park: Park) -> None:
    park.reads(temperature=170.0, voc=30.0, steam=100.0)
    park.clock.advance(60)
    park.reads(flag="D", temperature=500.0)
    found = read(park, hot(park, minutes=3))["terms"][0]
    assert (found["readings"], found["flagged"]) == (7, 1)
    assert max(found["spark"]["values"]) == 188.0


def test_a_sparkline_is_the_hour_up_to_the_decision(park: Park) -> None:
    warning = hot(park, minutes=90)
    park.clock.advance(60)
    park.reads(temperature=100.0, voc=10.0, steam=50.0)
    spark = read(park, warning)["terms"][0]["spark"]
    assert len(spark["values"]) == len(spark["ago_s"]) <= 20
    assert (spark["ago_s"][0], spark["ago_s"][-1]) == (3600, 0)
    assert (max(spark["values"]), min(spark["values"]), spark["values"][-1]) == (188.0, 170.0, 188.0)


def test_the_ways_back_stand_in_numbers_and_in_words(park: Park) -> None:
    found = read(park, hot(park, temperature=190.0, voc=60.0))
    assert [way["below"] for way in found["ways"]] == [0.6, 0.3]
    for way in found["ways"]:
        for value in (*way["alone"][:2], *way["together"][:2]):
            assert f"{value:g}" in way["words"]


def test_a_plant_that_returns_to_the_named_values_has_a_lower_tier_next_time(park: Park) -> None:
    way = read(park, hot(park, temperature=190.0, voc=60.0))["ways"][0]
    again = Park().register()
    assert read(again, hot(again, temperature=way["together"][0], voc=way["together"][1]))["tier"] == 2
    alone = Park().register()
    assert read(alone, hot(alone, temperature=way["alone"][0], voc=60.0))["tier"] == 2


def test_a_card_speaks_the_language_that_is_asked_for(park: Park) -> None:
    warning = hot(park)
    english = read(park, warning, Accept_Language="en")
    assert english["rule"]["name"] == "Reactor temperature with off-gas VOC"
    assert english["remedies"]["safety"].startswith("Cool below the threshold")
    written = json.dumps(english, ensure_ascii=False)
    assert english["terms"][1]["standard"] == "GB 31572-2015 Table 5"
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in written)


def test_a_card_is_told_by_the_catalogue_it_was_decided_under(park: Park) -> None:
    warning = hot(park)
    document = shipped_document()
    document["indicators"]["voc"]["name"] = {"zh-CN": "改名后", "en": "renamed"}
    park.as_("admin").put("/v1/catalogue", document | {"version": "own.1"})
    found = read(park, warning)
    assert (found["rule"]["catalogue_version"], found["terms"][1]["name"]) == (shipped().version, "非甲烷总烃")


def test_a_rule_that_no_catalogue_has_any_more_leaves_the_figures() -> None:
    why = why_of(card(above(188.0, 180.0, 2.0), rise(54.0, 30.0, 0.3)), units=0)
    found = fitted(replace(why, rule=None), "zh-CN", ZONE)
    assert (found.remedies, found.clears, found.rule.name) == (None, None, "reactor-temperature-voc")
    assert found.sum.coefficient == pytest.approx(0.5176, abs=1e-3)


def test_what_came_late_is_said(park: Park) -> None:
    times = [park.clock.ms - minutes * 60_000 for minutes in (120, 119, 118, 117, 116)]
    hour = {"temperature": [188.0, 188.0, 170.0, 170.0, 170.0], "voc": [54.0, 54.0, 30.0, 30.0, 30.0]}
    park.upload([{"point": f"acme-{name}", "times": times, "values": values} for name, values in hour.items()])
    park.pump()
    (warning,) = park.as_("admin").get("/v1/warnings")["items"]
    found = read(park, warning["id"])
    assert (found["retroactive"], found["late"]) == (
        True,
        "由补传数据追溯判定：本应于2026-03-02 08:01发出预警，当时未能通知。",
    )


def test_a_withdrawn_warning_says_what_stands_in_its_place() -> None:
    known = why_of(card(above(188.0, 180.0, 2.0), rise(54.0, 30.0, 0.3)), units=0)
    gone, replaced = (replace(known, warning=known.warning.withdrawn(by)) for by in ("", "w-2"))
    assert fitted(known, "zh-CN", ZONE).late is None
    assert fitted(gone, "zh-CN", ZONE).late == "补传数据表明该预警不成立，已撤销。"
    assert fitted(replaced, "zh-CN", ZONE).late == "补传数据改变了判定，该预警已撤销，以预警w-2为准。"


def test_neighbours_tell_how_they_stand(park: Park) -> None:
    admin = park.as_("admin")
    admin.put("/v1/units/acme-r2", {"enterprise_id": "acme", "name": "R2", "type": "reactor"})
    admin.put("/v1/points/acme-t2", {"unit_id": "acme-r2", "indicator": "reactor_temperature", "threshold": 180.0})
    admin.put("/v1/points/acme-v2", {"unit_id": "acme-r2", "indicator": "voc", "nominal": 30.0})
    unit = {"enterprise_id": "acme", "name": "R1", "type": "reactor", "feeds": ["acme-r2"]}
    admin.put("/v1/units/acme-r1", unit)
    for _ in range(2):
        park.clock.advance(60)
        park.reads(temperature=188.0, voc=54.0, steam=112.0, t2=182.0, v2=39.0)
    park.reads(at_ms=park.clock.ms + 1000, flag="D", v2=1.0)
    warnings = {one["unit_id"]: one["id"] for one in admin.get("/v1/warnings")["items"]}
    (down,) = read(park, warnings["acme-r1"])["neighbours"]
    assert (down["name"], down["side"]) == ("R2", "downstream")
    assert down["warnings"] == [{"id": warnings["acme-r2"], "tier": 1}]
    assert down["values"] == [{"name": "反应釜温度", "value": 182.0, "unit": "Cel"}, {"name": "非甲烷总烃", "unit": "mg/m3"}]  # fmt: skip
    (up,) = read(park, warnings["acme-r2"])["neighbours"]
    assert (up["id"], up["side"], up["warnings"][0]["tier"]) == ("acme-r1", "upstream", 3)


@pytest.mark.parametrize(
    ("person", "name"),
    [
        pytest.param("department_safety", "other chemicals", id="a department knows who"),
        pytest.param("enterprise", None, id="an enterprise does not"),
    ],
)
def test_who_lies_downwind_at_the_decision_is_told(park: Park, person: str, name: str | None) -> None:
    plant = {"industry": "circular_chemical", "size": "medium", "region": "east"}
    for eid, code, longitude in (("acme", "91110000MA01A2B34H", 121.4737), ("other", "91110000MA01A2B50N", 121.4947)):
        place = {"position": {"latitude": 31.2304, "longitude": longitude}}
        fields = plant | {"name": f"{eid} chemicals", "credit_code": credit_code(code)}
        park.as_("admin").put(f"/v1/enterprises/{eid}", fields | place)
    hour = {"at": rfc3339(START_MS), "wind_m_s": 2.0, "wind_from_deg": 270}
    issue = {"kind": "observed", "source": "station", "issued_at": rfc3339(START_MS), "hours": [hour]}
    park.as_("admin").put("/v1/regions/east/weather", issue)
    found = read(park, hot(park, minutes=2), person)["downwind"]
    assert (found["wind"], found["to_deg"]) == ("blowing", 90)
    (other,) = found["receptors"]
    assert other.get("name") == name and other["distance_m"] == pytest.approx(2000, abs=10)
    assert ("travel_s" in other) == (name is not None)


def test_without_a_position_nothing_is_said_of_the_wind(park: Park) -> None:
    assert "downwind" not in read(park, hot(park, minutes=0))


def test_a_card_may_be_kept_and_is_not_sent_twice(park: Park) -> None:
    warning = hot(park, minutes=2)
    first = ask(park, warning)
    assert first.headers["Cache-Control"] == "private, max-age=60, stale-if-error=604800"
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = ask(park, warning, If_None_Match=known)
        assert (again.status_code, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert ask(park, warning, If_None_Match='"other"').status_code == 200
    assert ask(park, warning, If_None_Match=tag, Accept_Language="en").status_code == 200
    assert ask(park, warning, "enterprise_other", If_None_Match=tag).status_code == 404


def test_a_card_that_has_changed_is_sent_again(park: Park) -> None:
    warning = hot(park, minutes=2, temperature=182.0, voc=39.0, steam=100.0)
    before = ask(park, warning)
    park.runs_hot(temperature=188.0, voc=60.0, steam=112.0)
    after = ask(park, warning, If_None_Match=before.headers["ETag"])
    assert (after.status_code, json.loads(after.body)["tier"]) == (200, 3)


LETTERS = [
    pytest.param("长", id="three bytes each"),
    pytest.param("\U0001f525", id="four bytes each"),
    pytest.param('"', id="two bytes once escaped"),
    pytest.param("\x01", id="six bytes once escaped"),
]
TEXTS = ("name", "risk_points", "safety_standard", "environment_requirement")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_with_the_longest_names_and_texts_that_can_be_registered_a_card_still_fits(park: Park, language: str) -> None:
    admin, long = park.as_("admin"), "长" * 2000
    admin.put("/v1/catalogue", long_catalogue("长"))
    plant = {"credit_code": credit_code("91110000MA01A2B34H"), "industry": "circular_chemical", "size": "large"}
    admin.put("/v1/enterprises/acme", plant | {"name": long, "region": "east"})
    others = [f"{n:02}{'u' * 62}" for n in range(32)]
    for one in others:
        admin.put(f"/v1/units/{one}", {"enterprise_id": "acme", "name": long, "type": "reactor"})
        admin.put(f"/v1/points/{'p' * 60}{one[:2]}", {"unit_id": one, "indicator": "reactor_temperature"})
    admin.put("/v1/units/acme-r1", {"enterprise_id": "acme", "name": long, "type": "reactor", "feeds": others})
    found = read(park, hot(park, temperature=191.987654, voc=61.23456, steam=114.5678), Accept_Language=language)
    assert [term["role"] for term in found["terms"]] == ["safety", "response", "energy"]
    assert len(found["ways"]) == 2 and "remedies" in found and found["shortened"] == ["sparks", "neighbours", "texts"]


def long_catalogue(letter: str) -> dict[str, Any]:
    """The shipped one with every text as long as it may be."""
    texts = dict.fromkeys(("zh-CN", "en"), letter * 2000)
    document = shipped_document() | {"version": "v" * 64}
    for number, rule in enumerate(document["rules"]):
        rule.update(dict.fromkeys(TEXTS, texts))
        rule["id"] = letter * 62 + f"{number:02}"
        rule.pop("inhibited_by", None)
    for indicator in document["indicators"].values():
        indicator.update(name=texts, unit=letter * 2000)
        if "standard" in indicator:
            indicator["clause"] = texts
    return document


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("rule", shipped().rules, ids=[rule.id for rule in shipped().rules])
def test_of_what_the_shipped_rules_say_nothing_is_cut(rule: Rule, language: str) -> None:
    known = card(above(190.0, 180.0, 2.0), limit(200.0, 60.0), rise(120.0, 100.0, 0.1, "voc"))
    told = fitted(replace(why_of(known, units=0), rule=rule), language, ZONE)
    assert told.remedies is not None and told.remedies.safety == rule.safety_standard[language]
    assert (told.remedies.risk, told.remedies.environment) == (rule.risk_points[language], rule.environment_requirement[language])  # fmt: skip
    assert told.terms[0].spark is not None and len(told.terms[0].spark.values) >= 7


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_whatever_letters_names_and_ids_are_made_of_a_card_fits(language: str, letter: str) -> None:
    card_ = fitted(longest(letter), language, ZONE)
    assert size(card_) <= MAX_BYTES
    assert len(card_.terms) == 3 and len(card_.ways) == 2 and card_.remedies is not None


def longest(letter: str) -> Why:
    """A card of which everything that a park chooses is as long as it may be."""
    known = card(above(399.98765, 180.12345, 2.0), rise(12345.678, 30.123456, 0.3), rise(1234.567, 100.12345, 0.1))
    terms = tuple(
        replace(one, indicator=f"{one.role}-".ljust(64, "i"), point_id="p" * 64, unit=letter * 2000)
        for one in known.terms
    )
    known = replace(known, terms=terms, rule_id=letter * 64, catalogue_version=letter * 64)
    why, texts = why_of(known, units=32, receptors=9, letters=2000), dict.fromkeys(("zh-CN", "en"), letter * 2000)
    voc = replace(shipped().indicators["voc"], name=texts, standard=letter * 2000)
    assert why.rule is not None
    return replace(
        why,
        warning=replace(
            why.warning,
            enterprise_id="e" * 64,
            unit_id="u" * 64,
            cleared_at_ms=START_MS,
            tier=3,
            retroactive=True,
            known_as="w" * 22,
            superseded_by="w" * 22,
        ),
        profile=Profile(replace(enterprise(), name=letter * 2000), (Unit("u" * 64, "acme", letter * 2000, "t"),), ()),
        rule=replace(why.rule, **dict.fromkeys(TEXTS, texts)),
        catalogue=replace(shipped(), indicators={one.indicator: voc for one in terms}),
    )


def why_of(known: Any, *, units: int, receptors: int = 0, letters: int = 10) -> Why:
    """All that a card could tell, of any size."""
    names = "名" * letters
    others = tuple(Unit(f"u{n}", "acme", names, "reactor") for n in range(units))
    profile = Profile(replace(enterprise(), name=names), others, ())
    rule = shipped().rules[0]
    texts = {"zh-CN": "文" * (letters * 5), "en": "t" * (letters * 5)}
    rule = replace(rule, risk_points=texts, safety_standard=texts, environment_requirement=texts)
    warning = Warning(
        "w-1", "acme", "r1", rule.id, 2, WarningState.OPEN, START_MS, START_MS + 60_000, START_MS + 61_000, known
    )
    near = tuple(Neighbour(unit, n % 2 == 0, (("w-2", 3),), ()) for n, unit in enumerate(others))
    reached = tuple(Receptor(ReceptorKind.ENTERPRISE, "other", names, 1000.0, 90.0, 300.0) for _ in range(receptors))
    sector = Sector(Wind.BLOWING, 10_000.0, to_deg=90.0)
    times = [START_MS - 3_600_000 + n * 60_000 for n in range(61)]
    series = {
        one.point_id: Series(one.point_id, times, [100.0 + n % 9 / 7 for n in range(61)], "N" * 61)
        for one in known.terms
    }
    return Why(
        warning,
        profile,
        shipped(),
        rule,
        series,
        near,
        Downwind("acme", START_MS, bool(reached), sector, reached),
        frozenset({"other"}),
    )


def test_what_goes_first_where_there_is_no_room_is_what_the_decision_says() -> None:
    known = card(above(190.0, 180.0, 2.0), limit(200.0, 60.0), rise(120.0, 100.0, 0.1))
    sizes = [
        (units, receptors, letters)
        for letters in (1, 4, 10, 20, 60, 300)
        for units in (1, 4, 12)
        for receptors in (1, 6)
    ]
    told = [fitted(why_of(known, units=u, receptors=r, letters=n), "zh-CN", ZONE) for u, r, n in sizes]
    assert all(size(one) <= MAX_BYTES for one in told)
    assert all(one.shortened == ORDER[: len(one.shortened)] for one in told)
    assert {len(one.shortened) for one in told} == {0, 1, 2, 3, 4}
    assert all(
        (one.neighbours_left_out or 0) == u - len(one.neighbours) for one, (u, _, _) in zip(told, sizes, strict=True)
    )


def test_each_room_is_smaller_than_the_one_before() -> None:
    known = card(above(190.0, 180.0, 2.0), limit(200.0, 60.0), rise(120.0, 100.0, 0.1))
    assert len(set(ROOMS)) == len(ROOMS) and ROOMS[-1].points == ROOMS[-1].neighbours == ROOMS[-1].receptors == 0
    assert fitted(why_of(known, units=0), "zh-CN", ZONE).downwind is None
