"""Fifty people press the same button at once: one of them has done it, and forty-nine get a clear answer."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.acts import FakeInspector, brings_retest, submits, the_task
from tests.park import Park

RACERS = 50
CLEAR = {"illegal_transition", "stale_revision", "precondition_failed", "content_conflict"}


@pytest.fixture
def park() -> Park:
    """A tier 3 task, and fifty people of the safety department."""
    park = Park(inspector=FakeInspector()).register()
    for number in range(RACERS):
        person = {"name": f"审核员{number}", "role": "department", "dimension": "safety"}
        park.as_("admin").put(f"/v1/people/dept-{number}", person)
        park.as_("admin").put(f"/v1/people/env-{number}", person | {"dimension": "environment"})
    park.runs_hot(temperature=190.0, voc=70.0)
    for side in ("safety", "environment"):
        brings_retest(park, the_task(park), side)
    return park


def race(act: Callable[[int], dict[str, Any]]) -> tuple[list[dict[str, Any]], Counter[str]]:
    """(those that were done, the codes of those that were not)."""
    barrier = Barrier(RACERS)

    def run(number: int) -> dict[str, Any]:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(run, range(RACERS)))
    return [one for one in answers if "code" not in one], Counter(one["code"] for one in answers if "code" in one)


def says(park: Park, person: str, what: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    path = f"/v1/tasks/{the_task(park)['id']}/sides/safety/{what}"
    return park.as_(person).call("POST", path, body, None, headers)


def test_of_fifty_verdicts_one_counts(park: Park) -> None:
    submits(park, the_task(park), "safety")
    task = the_task(park)["id"]

    def judge(number: int) -> dict[str, Any]:
        verdict = {"revision": 1, "verdict": ("passed", "rejected")[number % 2], "reason": f"意见{number}"}
        return park.as_(f"dept-{number}").call("POST", f"/v1/tasks/{task}/sides/safety/verdict", verdict, None, {})

    done, refused = race(judge)
    assert len(done) == 1
    assert sum(refused.values()) == RACERS - 1
    assert set(refused) <= CLEAR
    stored = the_task(park)["safety"]
    assert (stored["verdict"], stored["returns"]) == (done[0]["safety"]["verdict"], int(stored["state"] == "rejected"))


def test_of_fifty_submissions_one_counts(park: Park) -> None:
    task = the_task(park)
    path = f"/v1/tasks/{task['id']}/sides/safety/submission"

    def submit(number: int) -> dict[str, Any]:
        return park.as_("inspector_safety").call("POST", path, {"note": f"处置{number}"}, None, {})

    done, refused = race(submit)
    assert len(done) == 1
    assert (sum(refused.values()), set(refused) <= CLEAR) == (RACERS - 1, True)
    assert (the_task(park)["safety"]["revision"], the_task(park)["safety"]["state"]) == (1, "submitted")


def test_of_fifty_who_saw_the_same_version_one_changes_it(park: Park) -> None:
    seen = the_task(park)
    path = f"/v1/tasks/{seen['id']}/sides/safety/submission"

    def submit(number: int) -> dict[str, Any]:
        headers = {"If_Match": f'"{seen["version"]}"'}
        return park.as_("inspector_safety").call("POST", path, {"note": f"处置{number}"}, None, headers)

    done, refused = race(submit)
    assert (len(done), sum(refused.values())) == (1, RACERS - 1)
    assert set(refused) <= CLEAR


def test_of_fifty_consents_one_waives_the_side(park: Park) -> None:
    task = the_task(park)["id"]
    park.as_("department_safety").post(f"/v1/tasks/{task}/sides/safety/waiver", {"reason": "已拆除"})
    path = f"/v1/tasks/{task}/sides/safety/waiver/decision"

    def decide(number: int) -> dict[str, Any]:
        body = {"consent": number % 2 == 0, "reason": f"意见{number}"}
        return park.as_(f"env-{number}").call("POST", path, body, None, {})

    done, refused = race(decide)
    # A refusal leaves the side open but ends the proposal: nobody after it has anything to decide.
    assert (len(done), sum(refused.values())) == (1, RACERS - 1)
    assert set(refused) <= CLEAR


def test_fifty_acknowledgements_of_one_person_are_one(park: Park) -> None:
    path = f"/v1/tasks/{the_task(park)['id']}/acknowledgement"
    done, refused = race(lambda _: park.as_("inspector_safety").call("POST", path, None, None, {}))
    assert (len(done), refused) == (RACERS, Counter())
    assert [one["by"] for one in the_task(park)["acknowledgements"]] == ["inspector_safety"]


def test_one_offline_operation_that_fifty_bring_is_done_once(park: Park) -> None:
    from chalicelib.api.models.wire import rfc3339
    from tests.acts import client_id

    now = rfc3339(park.clock.ms)
    one = {"id": client_id(1), "kind": "submission", "task_id": the_task(park)["id"], "side": "safety", "at": now}
    sent = {"device_id": "phone", "sent_at": now, "operations": [one | {"payload": {"note": "已处置"}}]}
    done, refused = race(lambda _: park.as_("inspector_safety").call("POST", "/v1/sync", sent, None, {}))
    assert (len(done), refused) == (RACERS, Counter())
    assert {result["outcome"] for answer in done for result in answer["results"]} == {"applied"}
    assert the_task(park)["safety"]["revision"] == 1


def test_every_change_of_these_races_is_in_the_audit(park: Park) -> None:
    task = the_task(park)["id"]
    path = f"/v1/tasks/{task}/acknowledgement"
    people = ("inspector_safety", "inspector_environment")
    race(lambda number: park.as_(people[number % 2]).call("POST", path, None, None, {}))
    chain = park.as_("committee").get(f"/v1/audit/task:{task}?limit=200")
    assert chain["intact"]
    assert sum(one["part"] == "" for one in chain["items"]) == the_task(park)["version"]
