"""What if another catalogue had been in force: the same history, judged again, with nothing changed."""

from typing import Any

import pytest

from chalicelib.adapters.catalogue import shipped_document
from chalicelib.api.models.wire import rfc3339
from chalicelib.usecases import ask_what_if
from tests.park import START_MS, Park

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
RULE = "reactor-temperature-voc"


def document(version: str, *, delta: float = 2.0, kappa: float | None = None) -> dict[str, Any]:
    """The shipped catalogue with another trigger of the reactor's temperature."""
    shipped = shipped_document()
    rules = [
        one if one["id"] != RULE else one | {"safety": one["safety"] | {"trigger": one["safety"]["trigger"] | {"amount": delta}}}
        for one in shipped["rules"]
    ]  # fmt: skip
    return shipped | {"version": version, "rules": rules} | ({} if kappa is None else {"kappa": kappa})


@pytest.fixture
def park() -> Park:
    """A reactor that was 3 degC over its threshold with its off-gas for five minutes, and 12 degC over an hour later."""
    found = Park().register()
    admin = found.as_("admin")
    for version, changes in (("early", {"delta": 1.0}), ("late", {"delta": 5.0}), ("same", {})):
        admin.put(f"/v1/catalogue/versions/{version}", {"document": document(version, **changes)})
    for minute in range(120):
        found.clock.advance(60)
        over = 3.0 if 20 <= minute < 25 else 12.0 if 80 <= minute < 85 else -8.0
        found.reads(temperature=180.0 + over, voc=48.0 if over > 0 else 30.0, steam=100.0)
    return found


def ask(park: Park, version: str, *, expect: int = 200, **changes: Any) -> dict[str, Any]:
    asked = {
        "enterprise_id": "acme",
        "from": rfc3339(START_MS),
        "to": rfc3339(START_MS + 3 * HOUR_MS),
        "version": version,
    }
    return park.as_("admin").post("/v1/what-if", asked | changes, expect=expect)


def test_a_version_nobody_proposed_is_not_found(park: Park) -> None:
    assert ask(park, "unheard-of", expect=404)["what"] == "catalogue_version"
    assert ask(park, "same", against="unheard-of", expect=404)["what"] == "catalogue_version"
    assert ask(park, "same", enterprise_id="nobody", expect=404)["what"] == "enterprise"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"to": rfc3339(START_MS)}, "to", id="a span of nothing"),
        pytest.param({"to": rfc3339(START_MS + 32 * 24 * HOUR_MS)}, "to", id="more than a month"),
        pytest.param({"from": "yesterday"}, "from", id="a time that is none"),
    ],
)
def test_a_span_that_cannot_be_judged_is_refused(park: Park, changes: dict[str, Any], field: str) -> None:
    assert [one["field"] for one in ask(park, "same", expect=400, **changes)["errors"]] == [field]


def test_more_readings_than_an_answer_takes_are_refused(park: Park, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask_what_if, "MAX_READINGS", 100)
    assert ask(park, "same", expect=413)["what"] == "readings"


def test_a_draft_that_does_not_know_the_industry_is_refused(park: Park) -> None:
    without = document("foreign")
    others = [one for one in without["rules"] if one["industry"] not in ("circular_chemical",)]
    known = {
        name: one for name, one in without["unit_types"].items() if "circular_chemical" not in (one["industries"] or ())
    }
    draft = without | {
        "rules": [one for one in others if one["unit_type"] in known],
        "unit_types": known,
        **{part: {k: v for k, v in without[part].items() if k != "circular_chemical"} for part in ("industry_weights", "warning_thresholds")},
    }  # fmt: skip
    weights = {k: v for k, v in without["score"]["part_weights"].items() if k != "circular_chemical"}
    draft["score"] = without["score"] | {"part_weights": weights}
    park.as_("admin").put("/v1/catalogue/versions/foreign", {"document": draft})
    assert [one["field"] for one in ask(park, "foreign", expect=400)["errors"]] == ["version"]


def test_the_same_rules_under_another_name_make_no_difference(park: Park) -> None:
    answer = ask(park, "same")
    assert (answer["dropped"], answer["added"], answer["changed"], answer["same"]) == ([], [], [], 2)
    assert answer["against"]["warnings"] == answer["version"]["warnings"] == 2
    assert answer["readings"] == 360


def test_what_is_asked_agrees_with_what_was_raised(park: Park) -> None:
    raised = park.as_("committee").get("/v1/warnings")["items"]
    assert ask(park, "same")["against"]["warnings"] == len(raised) == 2
    assert ask(park, "same")["against"]["by_tier"] == {
        str(tier): sum(one["tier"] == tier for one in raised) for tier in (1, 2, 3)
    }


def test_a_later_trigger_drops_the_mild_warning_and_keeps_the_grave_one(park: Park) -> None:
    answer = ask(park, "late")
    (dropped,) = answer["dropped"]
    assert dropped["onset_at"] == rfc3339(START_MS + 21 * MINUTE_MS)
    assert answer["added"] == [] and answer["version"]["warnings"] == 1


def test_an_earlier_trigger_raises_tiers(park: Park) -> None:
    changed = ask(park, "early")["changed"]
    assert changed and all(one["after"]["tier"] >= one["before"]["tier"] for one in changed)
    assert any(one["after"]["tier"] > one["before"]["tier"] for one in changed)


def test_asking_changes_nothing_and_calls_nobody(park: Park) -> None:
    before = park.as_("committee").get("/v1/warnings"), park.services.states.load("acme")
    ask(park, "late")
    assert not park.stream
    assert (park.as_("committee").get("/v1/warnings"), park.services.states.load("acme")) == before


def test_late_readings_are_judged_under_what_was_in_force_when_they_were_measured() -> None:
    park = Park().register()
    admin = park.as_("admin")
    park.reads(temperature=170.0, voc=30.0, steam=100.0)
    park.clock.advance(3600)
    admin.put("/v1/catalogue", document("strict", delta=50.0))
    park.clock.advance(60)
    park.reads(temperature=170.0, voc=30.0, steam=100.0)
    for begun_ms in (START_MS + 10 * MINUTE_MS, START_MS + 61 * MINUTE_MS + 5_000):
        times = [begun_ms + n * 10_000 for n in range(3)]
        values = {"temperature": 186.0, "voc": 48.0, "steam": 100.0}
        park.upload([{"point": f"acme-{k}", "times": times, "values": [v] * 3} for k, v in values.items()])
        park.pump()
    (found,) = park.as_("committee").get("/v1/warnings")["items"]
    assert found["onset_at"] == rfc3339(START_MS + 10 * MINUTE_MS)
    assert found["why"]["catalogue_version"] != "strict"


def test_a_rule_that_a_new_catalogue_drops_is_cleared_by_the_next_reading() -> None:
    park = Park().register()
    park.runs_hot()
    shipped = document("without")
    park.clock.advance(60)
    rules = [one for one in shipped["rules"] if one["id"] != RULE and RULE not in one.get("inhibited_by", ())]
    park.as_("admin").put("/v1/catalogue", shipped | {"rules": rules})
    park.clock.advance(60)
    park.reads(temperature=190.0, voc=60.0, steam=100.0)
    (found,) = park.as_("committee").get("/v1/warnings")["items"]
    assert found["state"] == "cleared"


def test_an_observation_of_a_term_that_a_new_catalogue_drops_is_over() -> None:
    park = Park().register()
    for _ in range(3):
        park.clock.advance(60)
        park.reads(temperature=190.0, voc=30.0, steam=100.0)
    (seen,) = park.as_("committee").get("/v1/observations")["items"]
    assert "closed_at" not in seen
    without = document("without")
    rules = [one for one in without["rules"] if one["id"] != RULE]
    park.clock.advance(60)
    park.as_("admin").put("/v1/catalogue", without | {"rules": rules})
    park.clock.advance(60)
    park.reads(temperature=190.0, voc=30.0, steam=100.0)
    (over,) = park.as_("committee").get("/v1/observations")["items"]
    assert (over["id"], over["closed_at"]) == (seen["id"], rfc3339(START_MS + 3 * MINUTE_MS))
