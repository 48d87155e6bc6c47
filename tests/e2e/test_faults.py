"""What breaks on the way, on the packaged functions: nothing is lost, the bad one is set aside, and the others go on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from chalicelib.adapters.block_repo import block_row
from chalicelib.adapters.operations_repos import event_row
from chalicelib.adapters.rows import Row
from chalicelib.domain.block import Block
from chalicelib.domain.events import TaskOverdue
from green_shield_bridge.ids import uuid7
from tests.live_park import HOT, WARM, LivePark, LivePlant, eventually, now_ms

WHO = "department_safety"
PERSONAL = "what somebody wrote about somebody"


def attempts(live: LivePark, task: dict, device: str = "phone-1") -> list[tuple[int, str, str]]:
    """The ledger of the task's first notice to the phone: attempt, status, reason."""
    ledger = [
        one for one in live.deliveries(task) if one["person_id"] == live.person(WHO) and one["device_id"] == device
    ]
    return sorted((one["attempt"], one["status"], one["reason"]) for one in ledger)


class TestPushes:
    def test_three_refusals_of_google_in_a_row_delay_a_push_and_lose_none(self, live: LivePark) -> None:
        plant = live.plant("refused")
        live.fcm(fail_next=3, status=503, retry_after_s=1)
        plant.reads(WARM)
        task = plant.task_of()
        assert len(eventually(lambda: live.pushes(task), "the push after three refusals", within_s=60)) == 1
        refused = [(attempt, "retry", "UNAVAILABLE") for attempt in (1, 2, 3)]
        eventually(lambda: attempts(live, task) == [*refused, (4, "sent", "")], "each attempt in the ledger")

    def test_three_crashes_of_the_function_in_a_row_lose_no_push(self, live: LivePark) -> None:
        plant = live.plant("crashes")
        with live.queue_with(live.stack.resources["PushQueueUrl"], VisibilityTimeout="1"):
            with live.broken("push"):
                since_ms = now_ms()
                plant.reads(WARM)
                task = plant.task_of()
                eventually(lambda: live.calls("push", since_ms) >= 3, "three calls, each of which crashes")
                assert live.pushes(task) == [] and any("BadSettings" in line for line in live.log("push", since_ms))
            assert len(eventually(lambda: live.pushes(task), "the push after the crashes")) == 1
        eventually(lambda: attempts(live, task) == [(1, "sent", "")], "the attempt in the ledger")

    def test_a_push_that_was_given_up_is_delivered_when_it_is_moved_back(self, live: LivePark) -> None:
        plant, resources = live.plant("redriven"), live.stack.resources
        with gives_up_soon(live, "PushQueueUrl", after=2), live.broken("push"):
            correlation_id = plant.reads(WARM)
            task = plant.task_of()
            # One for each of the two departments.
            eventually(lambda: live.count(resources["PushDeadLettersUrl"]) == 2, "the dead letters")
        dead = live.take(resources["PushDeadLettersUrl"])
        assert all(correlation_id in body for body in dead) and live.pushes(task) == []
        live.put(resources["PushQueueUrl"], *dead)
        assert len(eventually(lambda: live.pushes(task), "the push that was moved back")) == 1

    def test_a_device_that_google_no_longer_knows_is_forgotten_and_the_other_gets_its_push(
        self, live: LivePark
    ) -> None:
        plant = live.plant("wiped")
        live.phones[WHO].put(
            "v1/me/devices/wiped", {"token": f"token-unregistered-{uuid4().hex}", "platform": "android"}
        )
        plant.reads(WARM)
        task = plant.task_of()
        assert eventually(lambda: live.pushes(task), "the push to the phone that works")
        eventually(lambda: devices(live) == ["phone-1"], "the wiped phone forgotten")
        assert attempts(live, task, "wiped") == [(1, "unregistered", "UNREGISTERED")]


def devices(live: LivePark) -> list[str]:
    found = live.rows("OperationsTableName", f"PERSON#{live.person(WHO)}")
    return [row["sk"]["S"].removeprefix("DEVICE#") for row in found]


@contextmanager
def gives_up_soon(live: LivePark, queue: str, *, after: int, visibility_s: int = 1) -> Iterator[None]:
    """A queue that gives a message up after so many tries, each after a second or so, not after the minutes of the template."""
    url = live.stack.resources[queue]
    policy = json.dumps({**json.loads(live.attribute(url, "RedrivePolicy")), "maxReceiveCount": after})
    with live.queue_with(url, VisibilityTimeout=str(visibility_s), RedrivePolicy=policy):
        yield


class TestStreams:
    def test_a_poison_event_is_set_aside_and_the_events_before_and_behind_it_are_relayed(self, live: LivePark) -> None:
        one, other = live.plant("poisoned"), live.plant("neighbour")
        one.reads(WARM)
        other.reads(WARM)
        task, others = one.task_of(), other.task_of()
        poison = Row(
            f"ENT#{one.id}", f"EVENT#{now_ms():013d}#poison:{uuid4()}", {"kind": "no_such_event", "reason": PERSONAL}
        )
        live.write(
            "OperationsTableName",
            overdue(task, "acknowledge"),
            poison,
            overdue(task, "finish"),
            overdue(others, "finish"),
        )

        for about, expected in ((task, 2), (others, 1)):
            eventually(lambda t=about, n=expected: live.inbox(t).count("task_overdue") == n, f"{expected} notices")
        (failure,) = eventually(
            lambda: live.take(live.stack.resources["RelayFailuresUrl"]), "the poison event's failure record"
        )
        assert json.loads(failure)["DDBStreamBatchInfo"]["batchSize"] == 1
        one.reads(WARM, unit="r2")
        assert one.task_of("r2"), "the stream goes on"
        assert not [line for line in live.log("relay") if PERSONAL in line], "no word of it is in the log"

    def test_a_damaged_block_is_set_aside_and_the_blocks_before_and_behind_it_are_judged(self, live: LivePark) -> None:
        one, other = live.plant("damaged"), live.plant("intact")
        one.reads(WARM)
        live.write("ReadingsTableName", damaged_block(one))
        one.reads(WARM, unit="r2")
        other.reads(WARM)

        for plant, unit in ((one, "r1"), (one, "r2"), (other, "r1")):
            assert plant.task_of(unit)
        (failure,) = eventually(
            lambda: live.take(live.stack.resources["EvaluateFailuresUrl"]), "the damaged block's failure record"
        )
        assert json.loads(failure)["DDBStreamBatchInfo"]["batchSize"] == 1

    def test_an_event_that_was_given_up_is_relayed_when_it_is_handed_over_again(self, live: LivePark) -> None:
        plant = live.plant("given-up")
        with live.broken("relay"):
            plant.reads(WARM)
            failures = eventually(lambda: live.take(live.stack.resources["RelayFailuresUrl"]), "the failure record")
        assert plant.tasks() == []
        for failure in failures:
            live.hand_over_again("relay", json.loads(failure)["DDBStreamBatchInfo"])
        assert eventually(lambda: live.pushes(plant.task_of()), "the push of the event that was handed over again")


def overdue(task: dict, deadline: str) -> Row:
    return event_row(
        TaskOverdue(task["enterprise_id"], now_ms(), f"overdue-{uuid4()}", task["id"], deadline, task["tier"])
    )


def damaged_block(plant: LivePlant) -> Row:
    at_ms = now_ms()
    return block_row(
        Block(uuid7(at_ms), plant.id, plant.identity.bridge_id, at_ms, at_ms, at_ms, 1, "0" * 64, b"damaged", "damaged")
    )


class TestQueues:
    def test_poison_pushes_reach_the_dead_letters_and_the_push_between_them_goes_out(self, live: LivePark) -> None:
        plant, resources = live.plant("pushes"), live.stack.resources
        poison = ["not JSON", '{"person_id": "somebody"}', "[]"]
        with gives_up_soon(live, "PushQueueUrl", after=3, visibility_s=2):
            live.put(resources["PushQueueUrl"], *poison)
            plant.reads(WARM)
            task = plant.task_of()
            assert eventually(lambda: live.pushes(task), "the push between the poison")
            eventually(lambda: live.count(resources["PushDeadLettersUrl"]) == len(poison), "the dead letters")
        assert sorted(live.take(resources["PushDeadLettersUrl"])) == sorted(poison)

    def test_a_poison_photo_message_reaches_the_dead_letters_and_a_photo_is_judged(self, live: LivePark) -> None:
        plant, resources = live.plant("photos"), live.stack.resources
        plant.reads(HOT)
        task = plant.task_of()
        with gives_up_soon(live, "PhotoQueueUrl", after=2, visibility_s=4):
            live.put(resources["PhotoQueueUrl"], "not JSON")
            assert live.photographs(task, "safety")["state"] == "verified"
            assert eventually(lambda: live.take(resources["PhotoDeadLettersUrl"]), "the dead letter") == ["not JSON"]
