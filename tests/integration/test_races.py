"""The same request fifty times at once, as a phone on a bad line sends it. What fifty different people do at once: test_task_races.py."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.acts import FakeInspector, brings_retest, the_task
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
