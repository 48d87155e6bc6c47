"""Once a minute: calls of tier 2 and 3 that have not been seen in time go to the next channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from chalicelib.domain.channel import Channel
from chalicelib.domain.notice import Notice
from chalicelib.domain.person import Person
from chalicelib.domain.unseen import WAIT_MS, Ending, UnseenCall, next_channel
from chalicelib.ports import ChannelRepo, PreferenceRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.hand_out import Post, hand_out
from chalicelib.usecases.tell_channels import readdressed

AT_ONCE = 200  # what is due beyond these is due a minute later as well


@dataclass(frozen=True, slots=True)
class UnseenDesk:
    """What looking after calls needs."""

    registry: RegistryRepo
    tasks: TaskRepo
    channels: ChannelRepo
    preferences: PreferenceRepo
    post: Post
    zone: tzinfo


def escalate_channels(*, unseen_desk: UnseenDesk) -> int:
    """How many calls went on to another channel. A step that is done twice tells the channel once."""
    post = unseen_desk.post
    now_ms = post.clock.now_ms()
    due = post.deliveries.unseen(now_ms, AT_ONCE)
    known = unseen_desk.channels.all() if due else ()
    return sum(_look_after(call, now_ms, known, unseen_desk) for call in due)


def _look_after(call: UnseenCall, now_ms: int, known: Sequence[Channel], desk: UnseenDesk) -> bool:
    """Whether it went on to another channel."""
    notice, person = desk.post.inbox.get(call.person_id, call.notice_id), desk.registry.person(call.person_id)
    if notice is None or person is None:
        desk.post.deliveries.move(call, None)
        return False
    quiet_until_ms = desk.preferences.of(person.id).silent_until_ms(call.tier, now_ms, desk.zone)
    if quiet_until_ms is not None:  # the push itself waits until then
        desk.post.deliveries.move(call, call.later(quiet_until_ms + WAIT_MS[call.tier]))
        return False
    found = _next(call, notice, person, known, desk)
    if isinstance(found, Ending):
        desk.post.deliveries.move(call, None)
        return False
    hand_out((readdressed(notice, found),), desk.post)
    desk.post.deliveries.move(call, call.later(now_ms + WAIT_MS[call.tier], found.id))
    return True


def _next(
    call: UnseenCall, notice: Notice, person: Person, known: Sequence[Channel], desk: UnseenDesk
) -> Channel | Ending:
    """The next channel that does not have it yet: a group chat may have been told at once, or for a colleague."""
    task = desk.tasks.get(notice.task_id) if notice.task_id else None
    found = next_channel(call, notice, person, task, known)
    while isinstance(found, Channel) and _has(found, notice, desk):
        call = call.later(call.due_at_ms, found.id)
        found = next_channel(call, notice, person, task, known)
    return found


def _has(channel: Channel, notice: Notice, desk: UnseenDesk) -> bool:
    """Whether it was sent to; what only stands in its inbox may not have reached the queue."""
    own = readdressed(notice, channel)
    return bool(desk.post.deliveries.of_notice(own.ledger_id, own.id))
