"""The course of a task's notices: put together from the ledger, from steps and from the task."""

from chalicelib.domain.delivery import DeliveryState, DeliveryStep, course
from chalicelib.domain.notice import Delivery, PushStatus
from chalicelib.domain.task import Acknowledgement

T0 = 1_772_416_800_000


def step(state: DeliveryState, after_s: int, notice: str = "n-1", person: str = "li") -> DeliveryStep:
    return DeliveryStep(notice, "t-1", person, state, T0 + after_s * 1000)


def attempt(status: PushStatus, number: int, after_s: int) -> Delivery:
    return Delivery("n-1", "t-1", "li", "fcm", "phone", number, T0 + after_s * 1000, status)


def told(*found: DeliveryStep) -> list[tuple[str, str]]:
    return [(one.notice_id, one.state.value) for one in found]


def test_states_stand_in_order_of_time_whatever_they_were_read_from() -> None:
    steps = [step(DeliveryState.SEEN, 30), step(DeliveryState.DELIVERED, 9), step(DeliveryState.QUEUED, 0)]
    found = course(steps, [attempt(PushStatus.SENT, 2, 8)], [Acknowledgement("li", T0 + 60_000)])
    assert [state for _, state in told(*found)] == ["queued", "sent", "delivered", "seen", "acknowledged"]


def test_a_retry_is_an_attempt_and_no_state() -> None:
    found = course([step(DeliveryState.QUEUED, 0)], [attempt(PushStatus.RETRY, 1, 2)], [])
    assert told(*found) == [("n-1", "queued")]


def test_a_device_that_will_never_take_it_has_failed() -> None:
    refused = [attempt(PushStatus.REFUSED, 1, 2), attempt(PushStatus.UNREGISTERED, 2, 3)]
    assert [state for _, state in told(*course([], refused, []))] == ["failed", "failed"]


def test_who_acknowledges_a_task_answers_what_they_were_told_until_then_and_nobody_else_s() -> None:
    queued = [
        step(DeliveryState.QUEUED, 0),
        step(DeliveryState.QUEUED, 90, "n-2"),
        step(DeliveryState.QUEUED, 0, "n-3", "wang"),
    ]
    found = course(queued, [], [Acknowledgement("li", T0 + 60_000)])
    assert [one for one in told(*found) if one[1] == "acknowledged"] == [("n-1", "acknowledged")]
