"""Alarm habits on a store that fails: whichever call it is, the same people are called in the end, and none twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.handling import Handling
from chalicelib.domain.side import Side, SideState
from chalicelib.handlers.on_clock import on_clock
from chalicelib.observability import FunctionFailed
from tests.acts import client_id
from tests.alarms import CHILD, PARENT, Alarms
from tests.integration.test_alarm_habits import many_plants, with_parents
from tests.integration.test_faults import RetryingPark
from tests.park import Park

DISTURBANCES = [(part, after) for part in range(4) for after in (False, True)]


class Story:
    """A parent with two derived warnings, one of tier 3; a shelved one that is released; openings that chatter."""

    def __init__(self) -> None:
        self.park = park = RetryingPark()
        with_parents(park)
        self.alarms = Alarms(park, pumps=False)
        until = rfc3339(park.clock.ms + 60_000)
        shelving = {"id": client_id(1), "unit": "other-r1", "reason": "校准", "until": until}
        park.as_("admin").post("/v1/shelvings", shelving, expect=201)
        raised = self.alarms.raised
        self.ids = [raised(PARENT), raised(CHILD, tier=3), raised(eid="other", tier=2)]
        for _ in range(3):
            self.ids.append(raised(unit="acme-r2"))
        self.alarms.clears(self.ids[1])

    def goes_on(self) -> None:
        """The relay and the push queue work through it, then the clock, then these again."""
        self.park.pump()
        self.park.clock.advance(120)
        for _ in range(RetryingPark.TRIES):
            try:
                on_clock(self.park.services)
                break
            except FunctionFailed:
                continue
        self.park.pump()

    def outcome(self) -> dict[str, Any]:
        park = self.park
        people = ("enterprise", "enterprise_other", "department_safety", "inspector_safety", "committee")
        return {
            "courses": [[step.course for step in self.alarms.handling(id).steps] for id in self.ids],
            "tasks": [
                {key: value for key, value in task.items() if key != "version"}
                for task in park.as_("committee").get("/v1/tasks?limit=100")["items"]
            ],
            "inboxes": {who: park.as_(who).get("/v1/inbox?limit=100")["items"] for who in people},
            "observations": park.as_("committee").get("/v1/observations")["items"],
            "pushed": Counter(device.person_id for device, _ in park.sent.sent).keys(),
        }


@pytest.fixture(scope="module")
def undisturbed() -> tuple[dict[str, Any], int]:
    story = Story()
    story.park.store.heal()
    story.goes_on()
    calls = story.park.store.calls
    return story.outcome(), calls


def test_the_story_has_what_it_is_about(undisturbed: tuple[dict[str, Any], int]) -> None:
    courses = undisturbed[0]["courses"]
    assert courses == [
        ["own_task"],
        ["under_parent"],
        ["shelved", "own_task"],
        ["own_task"],
        ["own_task"],
        ["chattering"],
    ]


@pytest.mark.parametrize(("part", "after"), DISTURBANCES)
def test_whichever_call_of_the_store_fails_the_end_is_the_same(
    undisturbed: tuple[dict[str, Any], int], part: int, after: bool
) -> None:
    expected, calls = undisturbed
    for number in range(part, calls, 4):
        story = Story()
        story.park.store.fails(range(number, number + 1), after=after)
        story.goes_on()
        story.park.store.heal()
        assert story.outcome() == expected, f"call {number} of {calls}"


class Raced:
    """Dispatches where others are first: `meanwhile` happens once, between what was read and what is written."""

    def __init__(self, real: Any, meanwhile: Callable[[], object]) -> None:
        self._real, self._waiting = real, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def commit(self, handling: Handling, **beside: Any) -> Handling:
        while self._waiting:
            self._waiting.pop()()
        done: Handling = self._real.commit(handling, **beside)
        return done


def race(park: Park, meanwhile: Callable[[], object]) -> None:
    desk = park.services.desk
    park.services.__dict__.pop("desk")
    park.services.__dict__["dispatches"] = Raced(desk.dispatches, meanwhile)


def settles(park: Park) -> None:
    """The race is over: everyone sees the same store again."""
    park.services.__dict__.pop("dispatches")
    park.services.__dict__.pop("desk")


def test_two_enterprises_that_are_dispatched_at_once_open_one_regional_task() -> None:
    park = Park().register()
    alarms = Alarms(park)
    plants = many_plants(park, 12)
    for eid in plants[:10]:
        alarms.raised(eid=eid)
    last = Alarms(park, pumps=False)
    first, second = (last.raised(eid=eid) for eid in plants[10:])
    rows = [park.stream.popleft() for _ in range(len(park.stream))]
    mine, others = ([row for row in rows if row.pk == f"ENT#{eid}"] for eid in plants[10:])

    def others_are_first() -> None:
        for row in others:
            park._deliver(row)

    race(park, others_are_first)
    for row in mine:
        park._deliver(row)
    settles(park)
    park.pump()
    (regional,) = (
        one for one in park.as_("committee").get("/v1/tasks?limit=100")["items"] if one["kind"] == "regional"
    )
    assert [one["warning_id"] for one in regional["members"]] == [second, first]
    assert park.failures == 0


def test_a_parents_task_that_closes_meanwhile_is_not_joined() -> None:
    park = with_parents(Park().register())
    alarms = Alarms(park)
    alarms.raised(PARENT)
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    late = Alarms(park, pumps=False)
    child = late.raised(CHILD)

    def people_close_it() -> None:
        passed = Side(state=SideState.PASSED)
        known = park.services.tasks.get(task["id"])
        assert known is not None
        park.services.tasks.save(replace(known, safety=passed, environment=passed, closed_at_ms=park.clock.ms), [])

    race(park, people_close_it)
    while park.stream:
        park._deliver(park.stream.popleft())
    settles(park)
    assert alarms.course(child) == "own_task" and park.failures == 0


def test_who_is_always_second_gives_up_and_comes_again() -> None:
    park = Park().register()
    alarms = Alarms(park, pumps=False)
    id = alarms.raised()

    class NeverFirst(Raced):
        def commit(self, handling: Handling, **beside: Any) -> Handling:
            raise WriteConflict

    real = park.services.dispatches
    park.services.__dict__["dispatches"] = NeverFirst(real, lambda: None)
    rows = list(park.stream)
    park.pump()
    assert park.failures == 1
    settles(park)
    for row in rows:
        park._deliver(row)
    assert alarms.course(id) == "own_task"
