"""The course of a notice, from the queue to the person: which states it has passed, when, and by which channel.

Each state stands where it is known first: attempts in the ledger, what was queued, received and seen as steps beside them, what was
acknowledged in the task. They are put together when somebody asks, so that none can contradict another.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.notice import Delivery, PushStatus
from chalicelib.domain.task import Acknowledgement


class DeliveryState(StrEnum):
    """In the order in which they come."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"


ORDER = {state: rank for rank, state in enumerate(DeliveryState)}
# A retry is no state of its own: the notice is in the queue again, and the attempt stands in the ledger.
OF_ATTEMPT = {
    PushStatus.SENT: DeliveryState.SENT,
    PushStatus.REFUSED: DeliveryState.FAILED,
    PushStatus.UNREGISTERED: DeliveryState.FAILED,
}


@dataclass(frozen=True, slots=True)
class DeliveryStep:
    """A notice has come to a state. `device_id` and `attempt` where one device is meant; `task_id` as in the ledger."""

    notice_id: str
    task_id: str
    person_id: str
    state: DeliveryState
    at_ms: int
    channel: str = ""
    device_id: str = ""
    attempt: int = 0
    reason: str = ""


def course(
    steps: Iterable[DeliveryStep], attempts: Iterable[Delivery], acknowledgements: Iterable[Acknowledgement]
) -> tuple[DeliveryStep, ...]:
    """All states of a task's notices in order of time. A person's acknowledgement answers what they were told until then."""
    known = [*steps, *(_of(one) for one in attempts if one.status in OF_ATTEMPT)]
    queued = [one for one in known if one.state is DeliveryState.QUEUED]
    answered = [
        DeliveryStep(one.notice_id, one.task_id, one.person_id, DeliveryState.ACKNOWLEDGED, mark.at_ms)
        for mark in acknowledgements
        for one in queued
        if one.person_id == mark.by and one.at_ms <= mark.at_ms
    ]
    return tuple(sorted([*known, *answered], key=lambda one: (one.at_ms, one.notice_id, ORDER[one.state], one.attempt)))


def _of(attempt: Delivery) -> DeliveryStep:
    return DeliveryStep(
        attempt.notice_id,
        attempt.task_id,
        attempt.person_id,
        OF_ATTEMPT[attempt.status],
        attempt.at_ms,
        attempt.channel,
        attempt.device_id,
        attempt.attempt,
        attempt.reason,
    )
