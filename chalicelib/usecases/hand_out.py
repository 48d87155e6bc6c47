"""Hand notices out: each into its inbox, then a pointer on the push queue. The inbox is the truth, whatever becomes of the push."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.channel import is_channel
from chalicelib.domain.delivery import DeliveryState, DeliveryStep
from chalicelib.domain.notice import Notice
from chalicelib.domain.unseen import watched
from chalicelib.ports import Clock, DeliveryRepo, InboxRepo, PushQueue, PushRequest


@dataclass(frozen=True, slots=True)
class Post:
    """What handing out needs."""

    inbox: InboxRepo
    deliveries: DeliveryRepo
    queue: PushQueue
    clock: Clock


def hand_out(notices: Sequence[Notice], post: Post, *, delay_s: int = 0) -> tuple[Notice, ...]:
    """Twice: the inbox has each once, and the delivery ledger keeps a second push from going out."""
    for notice in notices:
        post.inbox.add(notice)
        post.deliveries.mark(
            _queued(notice), None if is_channel(notice.person_id) else watched(notice, post.clock.now_ms())
        )
    post.queue.put([PushRequest(one.person_id, one.id, one.correlation_id) for one in notices], delay_s=delay_s)
    return tuple(notices)


def _queued(notice: Notice) -> DeliveryStep:
    return DeliveryStep(notice.id, notice.ledger_id, notice.person_id, DeliveryState.QUEUED, notice.created_at_ms)
