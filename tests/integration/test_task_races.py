"""Fifty people at once on one task, in memory and on DynamoDB Local: one wins, each other gets a clear answer, nothing is half written."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Row, Rows
from chalicelib.bootstrap import ports_of
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import GreenShieldError
from chalicelib.domain.side import SideAction
from chalicelib.domain.task import Task, TaskState
from chalicelib.usecases.settle_side import propose_waiver, reopen_side
from chalicelib.usecases.work_task import SideCommand, acknowledge, judge_side, submit_side
from tests.acts import FakeInspector, brings_retest, closes, submits, the_task
from tests.contract.conftest import (  # noqa: F401 - fixtures: the stores that rows live in
    dynamodb_local,
    local_tables,
)
from tests.park import PEOPLE, Park, memory_rows

RACERS = 50
CLEAR = {"illegal_transition", "stale_revision", "precondition_failed"}
SAFETY = Dimension.SAFETY
Racer = Callable[[int], Task]


class Streamed:
    """Rows of a real store, whose stream is told of each row that a commit has put, as MemoryRows tells of its own."""

    def __init__(self, rows: Rows, on_insert: Callable[[Row], None]) -> None:
        self._rows, self._on_insert = rows, on_insert
        self.get, self.get_many, self.query, self.count = rows.get, rows.get_many, rows.query, rows.count

    def commit(self, writes: Any) -> None:
        self._rows.commit(writes)
        for write in writes:
            if hasattr(write, "row"):
                self._on_insert(write.row)


@pytest.fixture(params=["memory", "dynamodb_local"])
def park(request: pytest.FixtureRequest) -> Iterator[Park]:
    if request.param == "memory":
        yield Park(memory_rows, inspector=FakeInspector()).register()
        return
    tables: Callable[[], Rows] = request.getfixturevalue("local_tables")

    def real_rows(on_insert: Callable[[Row], None]) -> dict[str, Rows]:
        return {
            READINGS: Streamed(tables(), on_insert),
            OPERATIONS: Streamed(tables(), on_insert),
            REGISTRY: tables(),
        }

    yield Park(real_rows, inspector=FakeInspector()).register()


@pytest.fixture
def task(park: Park) -> dict[str, Any]:
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
    return the_task(park)


def race(run: Racer) -> list[Task | str]:
    """All at once: nobody starts before everybody is there. Gives each one's task, or the code of the problem.

    Use cases are raced, not routes: chalice's test client holds one request at a time.
    """
    gate = Barrier(RACERS)

    def started(number: int) -> Task | str:
        gate.wait()
        try:
            return run(number)
        except GreenShieldError as error:
            return error.code

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(started, range(RACERS)))


def has_one_winner(answers: list[Task | str]) -> Task:
    winners = [one for one in answers if isinstance(one, Task)]
    codes = Counter(one for one in answers if isinstance(one, str))
    assert len(winners) == 1, codes
    assert set(codes) <= CLEAR
    return winners[0]


def events(park: Park, kind: str) -> int:
    rows = park.services.rows(OPERATIONS).query("ENT#acme", prefix="EVENT#")
    return sum(row.body["kind"] == kind for row in rows)


def now(park: Park, task: dict[str, Any]) -> Task:
    found = park.services.tasks.get(task["id"])
    assert found is not None
    return found


def act(park: Park, run: Callable[..., Task], who: str, *args: Any) -> Task:
    person = park.services.registry.person(who)
    assert person is not None
    return run(*args, person, **ports_of(run, park.services))


def test_of_fifty_verdicts_one_counts(park: Park, task: dict[str, Any]) -> None:
    brings_retest(park, task, "safety")
    submits(park, task, "safety")

    def judge(number: int) -> Task:
        action = SideAction.REJECT if number % 2 else SideAction.PASS
        command = SideCommand(task["id"], SAFETY, f"第{number}次审核")
        return act(park, judge_side, "department_safety", command, 1, action)

    assert has_one_winner(race(judge)) == now(park, task)
    assert events(park, "side_passed") + events(park, "side_rejected") == 1


def test_of_fifty_submissions_one_counts(park: Park, task: dict[str, Any]) -> None:
    brings_retest(park, task, "safety")

    def submit(number: int) -> Task:
        return act(park, submit_side, "inspector_safety", SideCommand(task["id"], SAFETY, f"第{number}次提交"))

    assert has_one_winner(race(submit)) == now(park, task)
    assert (now(park, task).safety.revision, events(park, "side_submitted")) == (1, 1)


def test_of_fifty_waivers_one_is_asked(park: Park, task: dict[str, Any]) -> None:
    def propose(number: int) -> Task:
        return act(park, propose_waiver, "department_safety", SideCommand(task["id"], SAFETY, f"理由{number}"))

    assert has_one_winner(race(propose)) == now(park, task)
    assert events(park, "waiver_proposed") == 1


def test_of_fifty_reopenings_one_counts(park: Park, task: dict[str, Any]) -> None:
    closes(park, task)

    def open_again(number: int) -> Task:
        return act(park, reopen_side, "department_safety", SideCommand(task["id"], SAFETY, f"原因{number}"))

    assert has_one_winner(race(open_again)) == now(park, task)
    assert events(park, "side_reopened") == 1


def test_of_fifty_changes_of_what_all_saw_one_is_made(park: Park, task: dict[str, Any]) -> None:
    """With If-Match the others hear that it has changed, whatever they wanted to do."""
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
    seen = now(park, task).version

    def submit(number: int) -> Task:
        side = SIDES[number % 2]
        return act(park, submit_side, f"inspector_{side}", SideCommand(task["id"], side, f"第{number}次提交", seen))

    assert has_one_winner(race(submit)) == now(park, task)
    assert events(park, "side_submitted") == 1


def test_fifty_people_acknowledge_and_nobody_is_left_out(park: Park) -> None:
    people = [f"enterprise_{number}" for number in range(RACERS)]
    for one in people:
        park.as_("admin").put(f"/v1/people/{one}", {"name": one, **PEOPLE["enterprise"]})
    park.runs_hot()
    task = the_task(park)
    assert task["tier"] == 1
    answers = race(lambda number: act(park, acknowledge, people[number], task["id"]))
    assert [one for one in answers if isinstance(one, str)] == []
    assert sorted(one.by for one in now(park, task).acknowledgements) == sorted(people)


def test_both_sides_passed_at_once_close_the_task_once(park: Park, task: dict[str, Any]) -> None:
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
        submits(park, task, side)

    def judge(number: int) -> Task:
        side = SIDES[number % 2]
        return act(park, judge_side, f"department_{side}", SideCommand(task["id"], side, ""), 1, SideAction.PASS)

    answers = race(judge)  # the same verdict again is a success
    assert [one for one in answers if isinstance(one, str)] == []
    assert now(park, task).state is TaskState.CLOSED
    assert events(park, "task_closed") == 1
