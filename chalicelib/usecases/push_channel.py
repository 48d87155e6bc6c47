"""Deliver a channel's notice, and keep the ledger as for a phone: every attempt, and none after one that was taken."""

from chalicelib.domain.channel import READER
from chalicelib.domain.errors import RetryLater
from chalicelib.domain.notice import Delivery, PushStatus
from chalicelib.ports import CatalogueRepo, ChannelRepo, ChannelSender, Clock, DeliveryRepo, InboxRepo, PushRequest
from chalicelib.usecases.push import ledger_entries, message_of


def push_channel(
    request: PushRequest,
    *,
    inbox: InboxRepo,
    channels: ChannelRepo,
    deliveries: DeliveryRepo,
    sender: ChannelSender,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> tuple[Delivery, ...]:
    """Nothing for a channel that was taken away meanwhile. Raises RetryLater where time may heal it."""
    channel = channels.get(request.person_id.removeprefix(READER))
    notice = inbox.get(request.person_id, request.notice_id)
    if channel is None or notice is None:
        return ()
    earlier = deliveries.of_notice(notice.ledger_id, notice.id)
    if any(one.is_final for one in earlier):
        return ()
    message = message_of((notice,), channel.language, catalogues.current(), clock.now_ms())
    outcome = sender.send(message, channel, notice.id, clock.now_ms())
    entries = ledger_entries(notice, channel.scheme, earlier, [outcome], clock.now_ms())
    deliveries.add(entries)
    if outcome.status is PushStatus.RETRY:
        raise RetryLater(outcome.reason, after_s=outcome.retry_after_s)
    return entries
