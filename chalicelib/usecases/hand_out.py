"""Hand notices out: each into its inbox, then a pointer on the push queue. The inbox is the truth, whatever becomes of the push."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.channel import is_channel
from chalicelib.domain.delivery import DeliveryState, DeliveryStep
from chalicelib.domain.notice import FOLDED, Notice, of_drill
from chalicelib.domain.unseen import watched
from chalicelib.ports import Clock, DeliveryRepo, InboxRepo, PushQueue, PushRequest

LOOK_BACK = 20  # notices of an inbox among which an equal one is looked for


@dataclass(frozen=True, slots=True)
class Post:
    """What handing out needs. `drill_id`: of the drill in whose room it is done, or empty."""

    inbox: InboxRepo
    deliveries: DeliveryRepo
    queue: PushQueue
    clock: Clock
    drill_id: str = ""


def hand_out(notices: Sequence[Notice], post: Post, *, delay_s: int = 0) -> tuple[Notice, ...]:
    """Twice: the inbox has each once, and the delivery ledger keeps a second push from going out. What only repeats an unread one is
    counted there and pushed no more. Returns those that stand for themselves."""
    marked = (of_drill(notice, post.drill_id) for notice in notices)
    told = tuple(notice for notice in marked if not _is_folded(notice, post))
    for notice in told:
        post.inbox.add(notice)
        call = None if is_channel(notice.person_id) else watched(notice, post.clock.now_ms())
        post.deliveries.mark(_queued(notice), call)
    post.queue.put([PushRequest(n.person_id, n.id, n.correlation_id, n.drill_id) for n in told], delay_s=delay_s)
    return told


def _is_folded(notice: Notice, post: Post) -> bool:
    """Fold it where it can be; of one that was told before, whether it was folded then."""
    if notice.kind not in FOLDED:
        return False
    known = post.inbox.get(notice.person_id, notice.id)
    if known is not None:
        return known.id != notice.id
    recent = post.inbox.listing(notice.person_id, None, LOOK_BACK).items
    first = next((one for one in recent if notice.repeats(one)), None)
    if first is not None:
        post.inbox.fold(first, notice)
    return first is not None


def _queued(notice: Notice) -> DeliveryStep:
    return DeliveryStep(notice.id, notice.ledger_id, notice.person_id, DeliveryState.QUEUED, notice.created_at_ms)
