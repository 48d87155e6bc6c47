"""A month's results shared along the chain: who sees what of it, and that it is worked out once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.bootstrap import ports_of
from chalicelib.domain.score import Cause, ScoreEntry
from chalicelib.usecases.share_chain_results import recount_chain, share_chain_results
from tests.acts import client_id
from tests.park import Park
from tests.year import months_pass

MONTH = "2026-03"
LINK: dict[str, Any] = {
    "giver": {"enterprise_id": "acme", "unit_id": "acme-r1"},
    "receiver": {"enterprise_id": "other", "unit_id": "other-r1"},
    "material": "回收溶剂",
    "carries": [{"indicator": "voc", "upper": 50.0, "unit": "mg/m3"}],
    "share": 0.5,
    "damping": 0.8,
    "lead_time_min": 30,
}
OVER_MS = round(datetime(2026, 3, 31, 16, tzinfo=UTC).timestamp() * 1000)  # the month ends at midnight in China


@pytest.fixture
def park() -> Park:
    park = Park().register()
    park.as_("admin").put("/v1/chain/links/l-1", LINK)
    writes(park, "acme", -30.0)
    return park


def writes(park: Park, eid: str, points: float, key: str = "t-x:warning") -> None:
    park.services.scores.add([ScoreEntry(eid, MONTH, key, Cause.WARNING, points, "t-x", park.clock.ms, "1")])


def shared(park: Park, who: str, eid: str, **asked: Any) -> dict[str, Any]:
    return park.as_(who).get(f"/v1/enterprises/{eid}/score/chain?month={MONTH}", **asked)


def score(park: Park, eid: str) -> dict[str, Any]:
    return park.as_("committee").get(f"/v1/enterprises/{eid}/score?month={MONTH}")


def closes_the_month(park: Park, later_ms: int = 0) -> None:
    share_chain_results(MONTH, OVER_MS + later_ms, **ports_of(share_chain_results, park.services))


def test_a_month_that_is_not_over_is_not_shared(park: Park) -> None:
    with pytest.raises(ValueError, match=MONTH):
        closes_the_month(park, -1)
    assert shared(park, "enterprise", "acme")["is_settled"] is False
    assert score(park, "other")["score"] == 100.0


def test_partners_see_before_the_month_is_over_what_they_would_share(park: Park) -> None:
    assert shared(park, "enterprise_other", "other") == {
        "enterprise_id": "other",
        "month": MONTH,
        "is_settled": False,
        "points": -0.8,
        "share_of": 0.1,
        "mark": 90.0,
        "most": 3.0,
        "partners": [
            {
                "enterprise_id": "acme",
                "enterprise_name": "acme chemicals",
                "result": 70.0,
                "strength": 0.4,
                "points": -0.8,
                "links": [{"id": "l-1", "material": "回收溶剂"}],
            }
        ],
    }


def test_the_share_is_one_entry_of_each_partners_score(park: Park) -> None:
    closes_the_month(park)
    (own,) = score(park, "other")["entries"]
    assert (own["key"], own["cause"], own["points"], own["effect"], own["task_id"]) == (
        "chain",
        "chain",
        -0.8,
        -0.8,
        "",
    )
    assert own["cause_text"] == "产业链上下游共担" and score(park, "other")["score"] == 99.2
    assert score(park, "acme")["score"] == 70.4  # its partner's month is above the mark
    assert shared(park, "enterprise_other", "other")["is_settled"] is True


def test_sharing_twice_and_what_happens_meanwhile_change_nothing(park: Park) -> None:
    closes_the_month(park)
    before = [score(park, one) for one in ("acme", "other")]
    explained = shared(park, "enterprise_other", "other")
    park.as_("admin").call("DELETE", "/v1/chain/links/l-1", None, 204, {})
    closes_the_month(park, 86_400_000)
    assert [score(park, one) for one in ("acme", "other")] == before
    later = shared(park, "enterprise_other", "other")
    assert later["partners"][0].pop("links") == [{"id": "l-1"}]
    explained["partners"][0].pop("links")
    assert later == explained


def test_a_run_that_broke_off_goes_on_with_the_same_figures(park: Park) -> None:
    closes_the_month(park)
    whole = score(park, "other")["entries"]
    fresh = Park().register()
    fresh.as_("admin").put("/v1/chain/links/l-1", LINK)
    writes(fresh, "acme", -30.0)
    month = park.services.chain_months.get(MONTH)
    assert month is not None
    fresh.services.chain_months.settle(month)  # and then nothing more was written
    writes(fresh, "acme", -50.0, "t-y:warning")
    closes_the_month(fresh, 3_600_000)
    assert score(fresh, "other")["entries"] == whole


def test_a_recount_gives_the_same_entries_and_names_what_no_longer_follows(park: Park) -> None:
    closes_the_month(park)
    path = f"/v1/enterprises/other/score/recount?month={MONTH}"
    ports = ports_of(recount_chain, park.services)
    assert {one.enterprise_id: one.points for one in recount_chain(MONTH, **ports)} == {"acme": 0.4, "other": -0.8}
    assert park.as_("committee").get(path) == {"is_same": True, "missing": [], "surplus": [], "different": []}
    writes(park, "acme", -20.0, "t-late:warning")  # its event was stuck: the ledger of the partner is another now
    assert park.as_("committee").get(path)["different"] == ["chain"]


def test_an_objection_to_the_share_is_the_enterprises_own_and_reaches_no_partner(park: Park) -> None:
    park.clock.ms = OVER_MS
    closes_the_month(park)
    partner = score(park, "acme")
    raised = {"id": client_id(2), "month": MONTH, "entry": "chain", "reason": "伙伴已停产"}
    park.as_("enterprise_other").post("/v1/score-objections", raised, expect=201)
    assert score(park, "other")["score"] == 100.0
    park.as_("committee").post(f"/v1/score-objections/{client_id(2)}/decision", {"uphold": True, "reason": "属实"})
    assert [one["key"] for one in score(park, "other")["entries"]] == ["chain", "correction:chain"]
    assert score(park, "other")["score"] == 100.0 and score(park, "acme") == partner
    recount = "/v1/enterprises/{}/score/recount?month=" + MONTH
    assert all(park.as_("committee").get(recount.format(one))["different"] == [] for one in ("acme", "other"))


@pytest.mark.parametrize("person", ["enterprise", "department_elsewhere"])
def test_what_partners_share_with_others_is_not_there_for_who_may_not_see_them(park: Park, person: str) -> None:
    shared(park, person, "other", expect=404)
    shared(park, "inspector_safety", "other", expect=403)


def test_an_enterprise_without_links_shares_nothing(park: Park) -> None:
    park.put_plant(park.as_("admin"), "third", "91110000MA01A2B67R")
    closes_the_month(park)
    found = shared(park, "committee", "third")
    assert (found["points"], found["partners"]) == (0.0, []) and score(park, "third")["entries"] == []


def test_settling_a_month_shares_it_once_all_are_counted_and_results_have_it(park: Park) -> None:
    writes(park, "other", -20.0, "t-o:warning")
    months_pass(park, MONTH)
    results = {one: park.services.results.get(one, MONTH) for one in ("acme", "other")}
    entries = {one: {e.key: e.points for e in park.services.scores.of_month(one, MONTH)} for one in results}
    own = {
        one: 100.0 + sum(points for key, points in known.items() if key != "chain") for one, known in entries.items()
    }
    for one, partner in (("acme", "other"), ("other", "acme")):
        assert entries[one]["chain"] == pytest.approx(0.1 * 0.4 * (own[partner] - 90.0), abs=0.005)
        result = results[one]
        assert result is not None and result.value == pytest.approx(own[one] + entries[one]["chain"], abs=0.011)
        path = f"/v1/enterprises/{one}/score/recount?month={MONTH}"
        assert "chain" not in str(park.as_("committee").get(path))
    before = park.services.chain_months.get(MONTH)
    months_pass(park, MONTH)
    assert park.services.chain_months.get(MONTH) == before


def test_a_month_that_is_settled_again_is_not_shared_again(park: Park) -> None:
    months_pass(park, MONTH)
    shared_before = shared(park, "enterprise", "acme")
    raised = {"id": client_id(2), "month": MONTH, "entry": "chain", "reason": "伙伴已停产"}
    park.as_("enterprise_other").post("/v1/score-objections", raised, expect=201)
    park.as_("committee").post(f"/v1/score-objections/{client_id(2)}/decision", {"uphold": True, "reason": "属实"})
    park.pump()
    result = park.services.results.get("other", MONTH)
    assert result is not None and result.revision == 2
    assert shared(park, "enterprise", "acme") == shared_before
