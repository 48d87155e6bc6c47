"""Statistics for outsiders over the API: refusals first, then what is paid, told and kept."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from chalicelib.adapters.rows import OPERATIONS
from chalicelib.domain.discrete_laplace import RandBelow
from chalicelib.domain.statistic import DATA_SETS
from chalicelib.usecases.share_statistics import SOURCES
from tests.acts import client_id, the_task
from tests.alarms import Alarms
from tests.park import START_MS, Park, credit_code

DAY_S = 86_400
APRIL_MS = START_MS + 31 * DAY_S * 1000


class NoNoise:
    """Coins of which every sample is 0: of two sides first 1, which adds no step, then 0, which is no minus. Not for a scale of 2."""

    def __init__(self) -> None:
        self._side = 0

    def __call__(self, n: int) -> int:
        self._side = 1 - self._side if n == 2 else self._side
        return self._side if n == 2 else 0


def park_of(randbelow: RandBelow) -> Park:
    return Park(randbelow=randbelow).register()


@pytest.fixture
def park() -> Park:
    """A park whose answers are true, to see what they are made of."""
    return park_of(NoNoise())


def grant(park: Park, data_set: str, epsilon: str, recipient: str = "city") -> dict[str, Any]:
    return park.as_("committee").put(f"/v1/privacy/budgets/{data_set}/{recipient}", {"epsilon": epsilon})


def ask(park: Park, number: int = 1, *, expect: int = 201, **changes: Any) -> dict[str, Any]:
    body = {"id": client_id(number), "recipient": "city", "statistic": "enterprises", "epsilon": "1"} | changes
    return park.as_("committee").post("/v1/privacy/releases", body, expect=expect)


def answers(release: Mapping[str, Any]) -> dict[str, int]:
    return {one.get("cell", ""): one["value"] for one in release["answers"]}


# refusals


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"epsilon": "0"}, "epsilon", "invalid", id="nothing buys nothing"),
        pytest.param({"epsilon": "-1"}, "epsilon", "pattern", id="a price is not negative"),
        pytest.param({"epsilon": "0.0001"}, "epsilon", "pattern", id="a price has three decimals at most"),
        pytest.param({"epsilon": 0.5}, "epsilon", "invalid", id="a price is no float"),
        pytest.param({"statistic": "secrets"}, "statistic", "one_of", id="what is not in the table is not told"),
        pytest.param({"month": "2026-02"}, "month", "no_months", id="what is registered has no months"),
        pytest.param({"statistic": "warnings"}, "month", "missing", id="warnings are of a month"),
        pytest.param({"statistic": "warnings", "month": "2026-03"}, "month", "month_not_over", id="the month is over"),
        pytest.param({"statistic": "warnings", "month": "2099-01"}, "month", "month_not_over", id="no month to come"),
        pytest.param({"statistic": "warnings", "month": "0000-01"}, "month", "pattern", id="a month is of our days"),
    ],
)
def test_a_release_is_refused_by_the_field_that_is_wrong(
    park: Park, changes: Mapping[str, Any], field: str, code: str
) -> None:
    for data_set in DATA_SETS:
        grant(park, data_set, "5")
    refused = ask(park, expect=400, **changes)
    assert [(one["field"], one["code"]) for one in refused["errors"]] == [(field, code)]
    assert all(one["spent"] == "0" for one in park.as_("committee").get("/v1/privacy/data-sets")["items"])


def test_nobody_is_told_anything_before_a_budget_is_granted(park: Park) -> None:
    grant(park, "warnings", "5")
    grant(park, "enterprises", "5", recipient="other-bureau")
    assert ask(park, expect=404)["what"] == "privacy_budget"
    assert (
        park.as_("committee").put("/v1/privacy/budgets/people/city", {"epsilon": "1"}, expect=404)["what"] == "data_set"
    )


def test_the_eleventh_release_at_one_on_a_budget_of_ten_is_refused(park: Park) -> None:
    grant(park, "enterprises", "10")
    left = [ask(park, number)["left"] for number in range(10)]
    assert left == [str(9 - number) for number in range(10)]
    refused = ask(park, 10, expect=409)
    assert (refused["code"], refused["asked"], refused["left"]) == ("privacy_budget_spent", "1", "0")
    assert refused["title"] == "该接收方的隐私预算不足，不能再发布"
    assert len(park.as_("committee").get("/v1/privacy/releases")["items"]) == 10


# what is told


def test_the_same_request_has_the_same_answer_for_ever_and_is_paid_once() -> None:
    park = park_of(Random(3).randrange)
    grant(park, "enterprises", "1")
    first = ask(park, epsilon="0.125")
    park.clock.advance(DAY_S)
    again = [ask(park, epsilon="0.125") for _ in range(20)]
    assert [*again, park.as_("admin").get(f"/v1/privacy/releases/{client_id(1)}")] == [first] * 21
    assert first["left"] == "0.875" == grant(park, "enterprises", "1")["left"]
    assert ask(park, epsilon="0.25", expect=409)["code"] == "content_conflict"
    assert ask(park, recipient="other-bureau", epsilon="0.125", expect=409)["code"] == "content_conflict"


def test_every_release_says_how_it_was_made(park: Park) -> None:
    grant(park, "tasks", "2")
    park.clock.ms = APRIL_MS
    release = ask(park, statistic="overdue_minutes", month="2026-03", epsilon="0.5")
    noise = {"mechanism": "discrete_laplace", "sensitivity": 2880, "scale": "5760", "margin": 17255}
    assert release["noise"] == noise
    told = {name: release[name] for name in ("data_set", "unit", "month", "epsilon", "granted", "spent", "left", "by")}
    assert told == {
        "data_set": "tasks", "unit": "min", "month": "2026-03", "epsilon": "0.5", "granted": "2", "spent": "0.5", "left": "1.5", "by": "committee"
    }  # fmt: skip
    assert park.as_("committee").get("/v1/privacy/releases")["items"] == [release]


def test_noise_is_drawn_for_each_cell_and_the_true_answer_is_kept_nowhere() -> None:
    park = park_of(Random(5).randrange)
    grant(park, "enterprises", "1")
    told = answers(ask(park, statistic="enterprises_by_industry", epsilon="0.01"))
    assert len(set(told.values())) > 3 and told["circular_chemical"] != 2
    kept = park.services.rows(OPERATIONS).get(f"RELEASE#{client_id(1)}", "RELEASE")
    assert kept is not None
    assert {one["cell"]: one["value"] for one in kept.body["answers"]} == told


def test_the_registered_are_told_by_industry(park: Park) -> None:
    grant(park, "enterprises", "2")
    third = {"name": "third", "credit_code": credit_code("91110000MA01A2B76N"), "industry": "hydrogen", "size": "small"}
    park.as_("admin").put("/v1/enterprises/third", third | {"region": "west"})
    assert answers(ask(park, 1)) == {"": 3}
    told = answers(ask(park, 2, statistic="enterprises_by_industry"))
    assert {cell: value for cell, value in told.items() if value} == {"circular_chemical": 2, "hydrogen": 1}


def test_warnings_of_a_month_are_told_within_each_enterprise_s_bound(park: Park) -> None:
    grant(park, "warnings", "5")
    alarms = Alarms(park)
    for number in range(12):
        park.clock.advance(3600)
        alarms.clears(alarms.raised(unit=f"other-r{number + 2}", eid="other"))
    park.clock.advance(3600)
    worst = alarms.raised(eid="acme")
    alarms.escalates(worst, 3)
    park.clock.ms = APRIL_MS
    alarms.raised(unit="acme-r9", eid="acme")
    asked = {"month": "2026-03"}
    assert answers(ask(park, 1, statistic="warnings", **asked)) == {"": 10 + 1}
    assert answers(ask(park, 2, statistic="warned_by_tier", **asked)) == {"1": 1, "2": 0, "3": 1}
    assert answers(ask(park, 3, statistic="warned_by_industry", **asked))["circular_chemical"] == 2
    assert answers(ask(park, 4, statistic="warnings", month="2026-02")) == {"": 0}


def test_tasks_of_a_month_are_told_with_the_minutes_that_they_are_overdue(park: Park) -> None:
    grant(park, "tasks", "5")
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)  # tier 3: two hours to finish
    task = park.services.tasks.get(the_task(park)["id"])
    assert task is not None
    park.clock.ms = APRIL_MS
    asked = {"month": "2026-03"}
    assert answers(ask(park, 1, statistic="tasks", **asked)) == {"": 1}
    assert answers(ask(park, 2, statistic="tasked_by_industry", **asked))["circular_chemical"] == 1
    assert (APRIL_MS - task.due_at_ms) // 60_000 > 2880
    assert answers(ask(park, 3, statistic="overdue_minutes", **asked)) == {"": 2880}
    assert answers(ask(park, 4, statistic="tasks", month="2026-02")) == {"": 0}


# what is granted


def test_a_budget_says_who_granted_what_and_what_all_recipients_have_together(park: Park) -> None:
    grant(park, "enterprises", "1")
    ask(park)
    park.as_("admin").put("/v1/privacy/budgets/enterprises/city", {"epsilon": "1.5"})
    budget = grant(park, "enterprises", "1.5")
    assert [(one["epsilon"], one["by"]) for one in budget["grants"]] == [("1", "committee"), ("1.5", "admin")]
    assert (budget["granted"], budget["spent"], budget["left"]) == ("1.5", "1", "0.5")
    grant(park, "enterprises", "2", recipient="university")
    found = {one["id"]: one for one in park.as_("committee").get("/v1/privacy/data-sets")["items"]}
    assert (found["enterprises"]["granted"], found["enterprises"]["spent"]) == ("3.5", "1")
    assert [one["recipient"] for one in found["enterprises"]["budgets"]] == ["city", "university"]
    assert found["warnings"]["budgets"] == []


def test_a_budget_that_is_taken_back_below_what_was_spent_buys_nothing_more(park: Park) -> None:
    grant(park, "enterprises", "3")
    ask(park, 1)
    ask(park, 2)
    assert grant(park, "enterprises", "1")["left"] == "0"
    assert ask(park, 3, epsilon="0.001", expect=409)["code"] == "privacy_budget_spent"


def test_grants_and_what_is_spent_are_in_the_audit() -> None:
    park = park_of(Random(7).randrange)
    grant(park, "enterprises", "3")
    ask(park, epsilon="0.5")
    audit = park.as_("committee").get("/v1/audit/privacy:enterprises")
    first, second = audit["items"]
    assert audit["intact"] and {first["part"], second["part"]} == {"city"}
    assert (first["by_id"], first["after"]["grants"][0]["epsilon"], "before" in first) == ("committee", "3", False)
    assert (second["before"]["spent"], second["after"]["spent"]) == ("0", "1/2")
    park.as_("enterprise").get("/v1/audit/privacy:enterprises", expect=403)


def test_titles_are_in_the_reader_s_language(park: Park) -> None:
    grant(park, "enterprises", "1")
    assert ask(park)["title"] == "在册企业数"
    path = f"/v1/privacy/releases/{client_id(1)}"
    assert park.as_("committee").get(path, Accept_Language="en")["title"] == "Registered enterprises"


def test_the_list_goes_on_where_a_page_ended(park: Park) -> None:
    grant(park, "enterprises", "5")
    for number in range(5):
        park.clock.advance(1)
        ask(park, number)
    first = park.as_("admin").get("/v1/privacy/releases?limit=3")
    rest = park.as_("admin").get(f"/v1/privacy/releases?limit=3&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == [client_id(number) for number in (4, 3, 2, 1, 0)]


def test_every_data_set_has_a_source_of_records() -> None:
    assert SOURCES.keys() == DATA_SETS.keys()


def test_the_coins_of_a_park_are_cryptographic() -> None:
    import secrets

    assert Park().services.randbelow is secrets.randbelow
