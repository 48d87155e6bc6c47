"""An enterprise objects to an entry of its score: it does not count until a second person has judged it, and nothing is ever deleted."""

from typing import Any

import pytest

from tests.acts import FakeInspector, brings_retest, client_id, judges, submits, the_task
from tests.park import Park

ROUTE = "/v1/score-objections"
DAY_S = 86_400


@pytest.fixture
def park() -> Park:
    """A task of tier 3 was returned once, and closed late."""
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    task = the_task(park)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    judges(park, task, "safety", "rejected", reason="请补拍阀门")
    park.clock.advance(3 * 3600)
    submits(park, task, "safety", "已补拍")
    judges(park, task, "safety", revision=2)
    brings_retest(park, task, "environment")
    submits(park, task, "environment")
    judges(park, task, "environment")
    park.pump()
    return park


def score(park: Park) -> dict[str, Any]:
    answer: dict[str, Any] = park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-03")
    return answer


def entry(park: Park, cause: str) -> dict[str, Any]:
    return next(one for one in score(park)["entries"] if one["cause"] == cause)


def objection(park: Park, cause: str = "late", number: int = 1, **changes: Any) -> dict[str, Any]:
    body = {"id": client_id(number), "month": "2026-03", "entry": entry(park, cause)["key"], "reason": "到场受阻"}
    return body | changes


def objects(park: Park, expect: int = 201, person: str = "enterprise", **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = park.as_(person).post(ROUTE, objection(park, **changes), expect=expect)
    park.pump()
    return answer


def decides(park: Park, uphold: bool, person: str = "committee", expect: int = 200) -> dict[str, Any]:
    body = {"uphold": uphold, "reason": "已核实"}
    answer: dict[str, Any] = park.as_(person).post(f"{ROUTE}/{client_id(1)}/decision", body, expect=expect)
    park.pump()
    return answer


def notices(park: Park, person: str, kind: str) -> list[dict[str, Any]]:
    return [one for one in park.as_(person).get("/v1/inbox")["items"] if one["kind"] == kind]


# refusals


def test_what_earned_points_is_not_objected_to(park: Park) -> None:
    from chalicelib.domain.score import Cause, ScoreEntry

    park.services.scores.add(
        [ScoreEntry("acme", "2026-03", "t-y:timely", Cause.TIMELY, 4.0, "t-y", park.clock.ms, "1")]
    )
    problem = objects(park, cause="timely", expect=400)
    assert [(one["field"], one["code"]) for one in problem["errors"]] == [("entry", "only_of_a_deduction")]


def test_an_entry_that_is_not_in_the_own_ledger_is_not_found(park: Park) -> None:
    assert objects(park, expect=404, entry="t-none:late")["code"] == "not_found"
    assert objects(park, expect=404, person="enterprise_other")["code"] == "not_found"


def test_after_the_days_of_the_catalogue_it_is_too_late(park: Park) -> None:
    late = objection(park)
    park.clock.advance(10 * DAY_S + 1)
    problem = park.as_("enterprise").post(ROUTE, late, expect=409)
    assert (problem["code"], problem["days"]) == ("objection_too_late", 10)


def test_an_entry_is_objected_to_once(park: Park) -> None:
    objects(park)
    assert objects(park, expect=409, number=2)["code"] == "illegal_transition"
    assert objects(park, expect=409, reason="另一理由")["code"] == "content_conflict"


def test_who_accepted_a_side_does_not_judge_the_objection(park: Park) -> None:
    objects(park)
    assert decides(park, True, "department_safety", expect=409)["code"] == "same_judge"
    assert entry(park, "late")["is_frozen"]


def test_what_was_decided_stays_so(park: Park) -> None:
    objects(park)
    decides(park, uphold=False)
    assert decides(park, uphold=True, expect=409)["code"] == "illegal_transition"
    assert objects(park)["state"] == "rejected"  # the same objection again is answered with how it stands


# what becomes of it


def test_while_it_is_judged_the_entry_does_not_count(park: Park) -> None:
    before = score(park)["score"]
    raised = objects(park)
    assert (raised["state"], raised["due_at"]) == ("open", "2026-03-17T13:02:00.000+08:00")
    assert score(park)["score"] == round(before - entry(park, "late")["effect"], 2)
    assert entry(park, "late")["is_frozen"]


def test_a_rejected_one_lets_it_count_again(park: Park) -> None:
    before = score(park)["score"]
    objects(park)
    assert decides(park, uphold=False)["state_text"] == "不成立，恢复计分"
    assert (score(park)["score"], entry(park, "late")["is_frozen"]) == (before, False)


def test_an_upheld_one_is_an_entry_that_takes_the_other_back(park: Park) -> None:
    before, late = score(park), entry(park, "late")
    objects(park)
    decides(park, uphold=True)
    after = score(park)
    correction = entry(park, "correction")
    assert (correction["corrects"], correction["points"]) == (late["key"], -late["points"])
    assert after["score"] == round(before["score"] - late["effect"], 2)
    assert {one["key"] for one in before["entries"]} < {one["key"] for one in after["entries"]}


def test_doing_either_twice_is_doing_it_once(park: Park) -> None:
    objects(park)
    objects(park)
    decides(park, uphold=True)
    decides(park, uphold=True)
    assert sum(one["cause"] == "correction" for one in score(park)["entries"]) == 1
    assert len(notices(park, "enterprise", "objection_decided")) == 1


def test_it_stands_in_the_list_until_it_was_judged(park: Park) -> None:
    objects(park)
    for person in ("department_safety", "committee", "enterprise"):
        assert [one["id"] for one in park.as_(person).get(ROUTE)["items"]] == [client_id(1)]
    for person in ("department_elsewhere", "enterprise_other"):
        assert park.as_(person).get(ROUTE)["items"] == []
    decides(park, uphold=False)
    assert park.as_("committee").get(ROUTE)["items"] == []


def test_one_that_nobody_judges_in_time_is_said_to_be_late(park: Park) -> None:
    objects(park)
    park.clock.advance(15 * DAY_S + 1)
    assert [one["is_late"] for one in park.as_("committee").get(ROUTE)["items"]] == [True]


def test_both_sides_are_told_in_words(park: Park) -> None:
    objects(park)
    (raised,) = notices(park, "committee", "objection_raised")
    assert raised["title"] == "评分申诉待复核：acme chemicals"
    assert "“超时办结”提出申诉：到场受阻。请在2026-03-17前复核" in raised["body"]
    assert notices(park, "enterprise_other", "objection_decided") == []
    decides(park, uphold=True)
    (decided,) = notices(park, "enterprise", "objection_decided")
    assert decided["body"] == "2026-03评分中“超时办结”的申诉成立，已更正：已核实。"


def test_objections_are_in_the_audit_of_the_score(park: Park) -> None:
    objects(park)
    decides(park, uphold=True)
    audited = park.as_("committee").get("/v1/audit/score:acme:2026-03")
    assert audited["intact"]
    parts = [one["part"] for one in audited["items"]]
    assert sum("OBJECTION" in one for one in parts) == 2
