"""The chain on a store that fails: whichever call it is, the same places are reached in the end, and nobody is called twice."""

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.domain.errors import Busy
from chalicelib.handlers.on_clock import on_clock
from chalicelib.observability import FunctionFailed
from tests.acts import closes
from tests.integration.test_faults import RetryingPark

WHO = ("enterprise", "enterprise_other", "department_safety", "committee")


class Story:
    """acme gives to other, which gives to a third; what acme gives is over other's limit."""

    def __init__(self) -> None:
        self.park = park = RetryingPark()
        admin = park.as_("admin")
        park.put_plant(admin, "third", "91110000MA01A2B67R")
        for id, giver, receiver in (("l-1", "acme", "other"), ("l-2", "other", "third")):
            ends = {
                name: {"enterprise_id": one, "unit_id": f"{one}-r1"}
                for name, one in (("giver", giver), ("receiver", receiver))
            }
            limits = [{"indicator": "voc", "upper": 50.0, "unit": "mg/m3"}]
            link = {**ends, "material": "溶剂", "carries": limits, "share": 0.5, "lead_time_min": 30}
            admin.put(f"/v1/chain/links/{id}", link)
        park.upload([{"point": "acme-voc", "times": [park.clock.ms], "values": [60.0]}])

    def outcome(self) -> dict[str, Any]:
        committee = self.park.as_("committee")
        tasks = committee.get("/v1/tasks?limit=100")["items"]
        return {
            "alerts": committee.get("/v1/chain/alerts")["items"],
            "tasks": sorted((one["id"], one["kind"], one["parent_id"], tuple(one["party"])) for one in tasks),
            "inboxes": {who: self.park.as_(who).get("/v1/inbox?limit=100")["items"] for who in WHO},
            "pushed": Counter((device.person_id, message.collapse_key) for device, message in self.park.sent.sent).keys(),
        }  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed() -> tuple[dict[str, Any], int]:
    story = Story()
    story.park.store.heal()
    story.park.pump()
    calls = story.park.store.calls
    return story.outcome(), calls


def test_the_story_has_what_it_is_about(undisturbed: tuple[dict[str, Any], int]) -> None:
    (alert,), tasks = undisturbed[0]["alerts"], undisturbed[0]["tasks"]
    assert [one["enterprise_id"] for one in alert["warned"]] == ["other", "third"]
    assert [kind for _, kind, _, _ in tasks] == ["chain"] * 3


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done but the answer lost"])
@pytest.mark.parametrize("part", range(4))
def test_whichever_call_of_the_store_fails_the_end_is_the_same(
    undisturbed: tuple[dict[str, Any], int], part: int, after: bool
) -> None:
    expected, calls = undisturbed
    for number in range(part, calls, 4):
        story = Story()
        story.park.store.fails(range(number, number + 1), after=after)
        story.park.pump()
        story.park.store.heal()
        assert story.outcome() == expected, f"call {number} of {calls}"


class EndStory(Story):
    """What acme gives is calm again, and its task is closed: the alert ends, on a store that fails."""

    def __init__(self) -> None:
        super().__init__()
        park = self.park
        park.store.heal()
        park.pump()
        found = park.as_("committee").get("/v1/tasks?limit=100")["items"]
        (task,) = (one for one in found if one["enterprise_id"] == "acme")
        closes(park, task)
        for _ in range(4):
            park.clock.advance(600)
            park.reads(voc=30.0)

    def ends(self) -> None:
        """A minute whose job fails is followed by another."""
        for _ in range(2):
            with suppress(FunctionFailed, Busy):
                on_clock(self.park.services)
            self.park.pump()


def test_whichever_call_fails_at_the_end_of_an_alert_all_are_told_once() -> None:
    undisturbed = EndStory()
    undisturbed.park.store.heal()
    undisturbed.ends()
    calls, expected = undisturbed.park.store.calls, undisturbed.outcome()
    kinds = {who: [one["kind"] for one in found] for who, found in expected["inboxes"].items()}
    assert calls > 30 and expected["alerts"][0]["ended_at"] and kinds["enterprise_other"].count("chain_resume") == 1
    for after in (False, True):
        for number in range(0, calls, 5):
            story = EndStory()
            story.park.store.fails(range(number, number + 1), after=after)
            story.ends()
            story.park.store.heal()
            assert story.outcome() == expected, f"call {number} of {calls}, after: {after}"
