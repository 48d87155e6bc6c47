"""Who works on a side: the rota chooses, people hand over, and what nobody takes goes on to the next, then to the chief."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.assignment import Crew, hand_over, next_holder
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.side import Side
from chalicelib.domain.task import Assignment, Task
from chalicelib.handlers.on_clock import on_clock
from tests.acts import FakeInspector, brings_retest, submits
from tests.park import PEOPLE, Park

GROUP = PEOPLE["inspector_safety"]
DAY_MS = 86_400_000


def park_of(**people: dict[str, Any]) -> Park:
    park = Park(inspector=FakeInspector()).register()
    for person, more in people.items():
        park.as_("admin").put(f"/v1/people/{person}", {"name": person, **GROUP, **more})
    return park


def runs_hot(park: Park) -> dict[str, Any]:
    park.runs_hot(temperature=190.0, voc=70.0)
    return task_of(park)


def task_of(park: Park) -> dict[str, Any]:
    (task,) = park.as_("committee").get("/v1/tasks?state=all")["items"]
    return dict(task)


def holder(park: Park, side: str = "safety") -> str:
    return str(task_of(park)[side].get("inspector_id"))


def says(park: Park, person: str, what: str, body: Any = None, expect: int = 200, **headers: str) -> dict[str, Any]:
    path = f"/v1/tasks/{task_of(park)['id']}/sides/safety/{what}"
    answer = park.as_(person).post(path, body, expect=expect, **headers)
    park.pump()
    return answer


def minutes_pass(park: Park, minutes: int) -> None:
    for _ in range(minutes):
        park.clock.advance(60)
        on_clock(park.services)
    park.pump()


def kinds(park: Park, person: str) -> list[str]:
    return [one["kind"] for one in park.as_(person).get("/v1/inbox")["items"]]


def enters(park: Park, person: str, kind: str, whose: str, *, from_ms: int = 0, to_ms: int = DAY_MS, expect: int = 200) -> dict[str, Any]:  # fmt: skip
    body = {"from": rfc3339(park.clock.ms + from_ms), "to": rfc3339(park.clock.ms + to_ms), "reason": "x"}
    return park.as_(person).put(f"/v1/people/{whose}/{kind}/e-1", body, expect=expect)


# refusals


@pytest.mark.parametrize(
    ("person", "kind", "whose", "status"),
    [
        ("inspector_safety", "shifts", "inspector_safety", 403),
        ("inspector_safety", "leaves", "inspector_environment", 403),
        ("inspector_elsewhere", "leaves", "inspector_safety", 404),
        ("department_environment", "shifts", "inspector_safety", 403),
        ("department_elsewhere", "shifts", "inspector_safety", 404),
        ("enterprise", "leaves", "inspector_safety", 403),
        ("committee", "shifts", "inspector_safety", 403),
        ("admin", "shifts", "enterprise", 404),
        ("admin", "shifts", "nobody", 404),
        ("inspector_safety", "leaves", "inspector_safety", 200),
        ("department_safety", "shifts", "inspector_safety", 200),
        ("admin", "leaves", "inspector_environment", 200),
    ],
)
def test_the_rota_is_kept_by_those_in_charge(person: str, kind: str, whose: str, status: int) -> None:
    enters(park_of(), person, kind, whose, expect=status)


@pytest.mark.parametrize(("from_ms", "to_ms"), [(0, 0), (0, 367 * DAY_MS), (-2, -1)])
def test_a_time_that_cannot_be_is_refused(from_ms: int, to_ms: int) -> None:
    problem = enters(park_of(), "admin", "leaves", "inspector_safety", from_ms=from_ms, to_ms=to_ms, expect=400)
    assert problem["errors"][0]["field"] == "to"


def test_only_an_inspector_is_a_chief() -> None:
    body = {"name": "x", "role": "committee", "is_chief": True}
    assert park_of().as_("admin").put("/v1/people/x", body, expect=400)["errors"][0]["field"] == "is_chief"


@pytest.mark.parametrize("to", ["inspector_environment", "inspector_elsewhere", "nobody", "away"])
def test_a_side_goes_to_nobody_who_is_not_of_the_group_or_is_away(to: str) -> None:
    park = park_of(second={}, away={})
    runs_hot(park)
    enters(park, "admin", "leaves", "away")
    problem = says(park, "department_safety", "transfer", {"to": to, "reason": "x"}, expect=400)
    assert problem["errors"][0]["field"] == "to"
    assert "second" in problem["errors"][0]["detail"]


@pytest.mark.parametrize("person", ["second", "inspector_environment", "department_environment"])
def test_a_side_is_handed_on_by_those_it_concerns_only(person: str) -> None:
    park = park_of(second={})
    runs_hot(park)
    other = "second" if holder(park) == "inspector_safety" else "inspector_safety"
    who = other if person == "second" else person
    says(park, who, "transfer", {"to": other, "reason": "x"}, expect=403)
    if not who.startswith("department"):
        says(park, who, "decline", {"reason": "x"}, expect=403)
        says(park, who, "acceptance", expect=403)


# who is chosen


def test_the_least_loaded_who_is_there_is_called() -> None:
    park = park_of(a_away={}, b_off={"on_duty": False}, c_there={})
    enters(park, "admin", "leaves", "a_away")
    enters(park, "admin", "leaves", "inspector_safety")
    runs_hot(park)
    assert holder(park) == "c_there"


def test_where_there_is_a_rota_those_on_shift_are_called() -> None:
    park = park_of(a_first={}, z_night={})
    enters(park, "department_safety", "shifts", "z_night")
    runs_hot(park)
    assert holder(park) == "z_night"
    shown = park.as_("department_safety").get("/v1/duty?region=east&industry=circular_chemical")["items"]
    assert {one["person_id"]: (one["standing"], one["open_tasks"]) for one in shown} == {
        "a_first": ("not_on_shift", 0),
        "inspector_safety": ("not_on_shift", 0),
        "z_night": ("available", 1),
        "inspector_environment": ("available", 1),
    }


def test_a_chief_is_called_only_where_nobody_else_is_there() -> None:
    park = park_of(a_chief={"is_chief": True})
    enters(park, "admin", "leaves", "inspector_safety")
    runs_hot(park)
    assert holder(park) == "a_chief"


# handing over


def test_a_side_that_is_declined_goes_to_the_next_with_the_reason() -> None:
    park = park_of(second={})
    runs_hot(park)
    first = holder(park)
    after = says(park, first, "decline", {"reason": "正在另一现场"})
    assert says(park, first, "decline", {"reason": "正在另一现场"}, expect=404 if first not in after["party"] else 200)
    second = holder(park)
    assert second != first
    step = task_of(park)["assignments"][-1]
    assert (step["why"], step["by"], step["to"], step["text"]) == ("declined", first, second, "正在另一现场")
    assert "side_assigned" in kinds(park, second)
    assert "side_handed_on" in kinds(park, first)
    assert [one["id"] for one in park.as_(second).get("/v1/tasks")["items"]] == [after["id"]]
    assert park.as_(first).get("/v1/tasks")["items"] == []
    assert (
        after["id"] in park.as_(first).get("/v1/sync?cursor=" + park.as_(first).get("/v1/sync")["next_cursor"])["gone"]
    )


def test_the_last_of_a_group_cannot_decline() -> None:
    park = park_of()
    runs_hot(park)
    assert says(park, "inspector_safety", "decline", {"reason": "x"}, expect=409)["code"] == "nobody_left"
    assert holder(park) == "inspector_safety"


def test_a_department_gives_its_side_to_whom_it_wants() -> None:
    park = park_of(second={})
    runs_hot(park)
    other = "second" if holder(park) == "inspector_safety" else "inspector_safety"
    done = says(park, "department_safety", "transfer", {"to": other, "reason": "熟悉该装置"})
    assert says(park, "department_safety", "transfer", {"to": other, "reason": "熟悉该装置"}) == done
    assert (holder(park), other in done["party"]) == (other, True)
    brings_retest(park, task_of(park) | {"enterprise_id": "acme"}, "environment")
    park.as_(other).post(f"/v1/tasks/{done['id']}/acknowledgement")


def test_what_was_seen_is_what_is_handed_on() -> None:
    park = park_of(second={})
    runs_hot(park)
    body = {"to": "second", "reason": "x"}
    assert (
        says(park, "department_safety", "transfer", body, expect=412, If_Match='"99"')["code"] == "precondition_failed"
    )


# nobody answers


def test_what_nobody_takes_goes_to_the_next_then_to_the_chief_and_each_step_is_on_record() -> None:
    park = park_of(second={}, third={}, chief={"is_chief": True})
    runs_hot(park)
    first = holder(park)
    minutes_pass(park, 11)
    second = holder(park)
    minutes_pass(park, 11)
    assert len({first, second, "chief"}) == 3
    assert holder(park) == "chief"
    minutes_pass(park, 11)
    assert holder(park) == "chief"
    steps = [one for one in task_of(park)["assignments"] if one["dimension"] == "safety"]
    assert [(one["why"], one["to"]) for one in steps] == [
        ("dispatched", first),
        ("unanswered", second),
        ("chief", "chief"),
    ]
    assert "side_assigned" in kinds(park, "chief")


def test_one_inspector_who_has_taken_the_task_does_not_silence_the_other_side() -> None:
    park = park_of(second={})
    task = runs_hot(park)
    first = holder(park)
    park.as_("inspector_environment").post(f"/v1/tasks/{task['id']}/acknowledgement")
    minutes_pass(park, 11)
    assert holder(park) != first
    assert holder(park, "environment") == "inspector_environment"


def test_who_has_taken_it_keeps_it() -> None:
    park = park_of(second={})
    runs_hot(park)
    first = holder(park)
    says(park, first, "acceptance")
    minutes_pass(park, 30)
    assert holder(park) == first


SIX = [f"p{n}" for n in range(6)]


@given(st.lists(st.sampled_from(SIX), unique=True), st.sampled_from([None, *SIX]))
def test_the_ladder_calls_nobody_twice_and_ends(ranked: list[str], chief: str | None) -> None:
    task = Task("t", "", "e", "u", "r", "i", "", 2, Side(inspector_id="p0"), Side(), (), 0, 9, 5)
    crew = Crew(tuple(ranked), chief)
    called = ["p0"]  # whom the dispatch called
    while (found := next_holder(task, Dimension.SAFETY, crew)) is not None:
        called.append(found[0])
        task = hand_over(task, Assignment(Dimension.SAFETY, found[0], 1, found[1]), 60)
    assert len(called) == len(set(called)) <= 3


# reminders, progress


def test_people_are_reminded_when_half_and_a_tenth_of_the_time_is_left() -> None:
    park = park_of()
    task = runs_hot(park)
    for side in ("safety", "environment"):
        park.as_(f"inspector_{side}").post(f"/v1/tasks/{task['id']}/acknowledgement")
    brings_retest(park, task, "environment")
    submits(park, task, "environment")
    minutes_pass(park, 119)
    assert kinds(park, "inspector_safety").count("task_reminder") == 2
    assert kinds(park, "inspector_environment").count("task_reminder") == 0
    bodies = [
        one["body"] for one in park.as_("inspector_safety").get("/v1/inbox")["items"] if one["kind"] == "task_reminder"
    ]
    assert ["十分之一" in body for body in bodies] == [True, False]


def test_both_sides_progress_stands_beside_each_other_and_who_is_behind() -> None:
    park = park_of()
    task = runs_hot(park)
    assert "laggard" not in task["progress"]
    park.as_("inspector_environment").post(f"/v1/tasks/{task['id']}/acknowledgement")
    brings_retest(park, task, "environment")
    submits(park, task, "environment")
    progress = task_of(park)["progress"]
    assert (progress["safety"]["stage"], progress["environment"]["stage"]) == ("assigned", "submitted")
    assert (progress["laggard"], progress["laggard_text"]) == ("safety", "安全侧进度落后")
