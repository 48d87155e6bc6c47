"""What becomes of a notice once it is out: the phone received it, the person saw it; and its whole course, for whoever asks."""

from chalicelib.domain.access import Action, require
from chalicelib.domain.delivery import DeliveryState, DeliveryStep, course
from chalicelib.domain.errors import NotFound
from chalicelib.domain.notice import Delivery, Notice
from chalicelib.domain.person import Person
from chalicelib.ports import Clock, DeliveryRepo, InboxRepo, TaskRepo
from chalicelib.usecases.work_task import see_task


def receive_notice(
    notice_id: str, device_id: str, person: Person, *, inbox: InboxRepo, deliveries: DeliveryRepo, clock: Clock
) -> Notice:
    """A phone says that the push arrived. It may be faster than our note that it went out. Raises NotFound for a notice of another's."""
    notice = _own(notice_id, person, inbox)
    sent = [one for one in deliveries.of_notice(notice.ledger_id, notice.id) if one.device_id == device_id]
    channel, attempt = (sent[-1].channel, sent[-1].attempt) if sent else ("", 0)
    deliveries.mark(_step(notice, DeliveryState.DELIVERED, clock.now_ms(), channel, device_id, attempt))
    return notice


def see_notice(notice_id: str, person: Person, *, inbox: InboxRepo, deliveries: DeliveryRepo, clock: Clock) -> Notice:
    """The person has opened it: seen stays as first seen. Raises NotFound for a notice of another's."""
    notice = inbox.mark_seen(_own(notice_id, person, inbox), clock.now_ms())
    deliveries.mark(_step(notice, DeliveryState.SEEN, notice.seen_at_ms or notice.created_at_ms))
    return notice


def read_deliveries(
    task_id: str, person: Person, *, tasks: TaskRepo, deliveries: DeliveryRepo
) -> tuple[tuple[Delivery, ...], tuple[DeliveryStep, ...]]:
    """Every attempt of a task's pushes, and the course of its notices. Raises NotFound."""
    require(person, Action.READ_DELIVERIES)
    task = see_task(task_id, person, tasks=tasks)
    attempts = deliveries.of_task(task_id)
    return attempts, course(deliveries.steps(task_id), attempts, task.acknowledgements)


def _own(notice_id: str, person: Person, inbox: InboxRepo) -> Notice:
    notice = inbox.get(person.id, notice_id)
    if notice is None:
        raise NotFound(what="notice")
    return notice


def _step(
    notice: Notice, state: DeliveryState, at_ms: int, channel: str = "", device_id: str = "", attempt: int = 0
) -> DeliveryStep:
    return DeliveryStep(notice.id, notice.ledger_id, notice.person_id, state, at_ms, channel, device_id, attempt)
