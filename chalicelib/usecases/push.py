"""Deliver notices to their reader's devices and keep the ledger of every attempt. The inbox does not depend on it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import tzinfo
from math import ceil

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.errors import RetryLater
from chalicelib.domain.messages import render_group, render_notice
from chalicelib.domain.notice import (
    BODY_BYTES,
    DAY_S,
    TITLE_BYTES,
    Delivery,
    Device,
    Notice,
    PushMessage,
    PushOutcome,
    PushStatus,
    shortened,
)
from chalicelib.ports import (
    CatalogueRepo,
    Clock,
    DeliveryRepo,
    DeviceRepo,
    InboxRepo,
    PreferenceRepo,
    PushChannel,
    PushQueue,
    PushRequest,
    RegistryRepo,
)

LONGEST_WAIT_S = 900
LEAST_TTL_S = 300  # of what is late already: a phone in a lift should ring all the same
LOOK_BACK = 50  # notices of an inbox among which those that go out together are found
Group = tuple[Notice, ...]


def push(
    request: PushRequest,
    *,
    inbox: InboxRepo,
    registry: RegistryRepo,
    devices: DeviceRepo,
    deliveries: DeliveryRepo,
    channel: PushChannel,
    catalogues: CatalogueRepo,
    preferences: PreferenceRepo,
    queue: PushQueue,
    clock: Clock,
    zone: tzinfo,
) -> tuple[Delivery, ...]:
    """Send to each device what it has not had yet of this notice and those that go out with it. A device the provider no longer
    knows is forgotten.

    Raises RetryLater if any device is worth another try; those that succeeded are not sent to again.
    """
    notice = inbox.get(request.person_id, request.notice_id)
    person = registry.person(request.person_id)
    if notice is None or person is None:
        return ()
    chosen = preferences.of(person.id)
    if (until_ms := chosen.silent_until_ms(notice.tier, clock.now_ms(), zone)) is not None:
        # A message waits at most a quarter of an hour; then it looks again. The inbox has had the notice all the while.
        queue.put([request], delay_s=min(ceil((until_ms - clock.now_ms()) / 1000), LONGEST_WAIT_S))
        return ()
    catalogue = catalogues.current()
    group = _group(notice, catalogue.grouping.wait_ms, inbox, deliveries)
    earlier = {one.id: deliveries.of_notice(one.ledger_id, one.id) for one in group}
    attempts: list[Delivery] = []
    outcomes: list[PushOutcome] = []
    waiting = _waiting(group, earlier, devices.of_person(person.id))
    for unsent, sent_to in waiting.items():
        answers = channel.send(
            message_of(unsent, chosen.language or person.language, catalogue, clock.now_ms()), sent_to
        )
        entries = [
            d for one in unsent for d in ledger_entries(one, channel.name, earlier[one.id], answers, clock.now_ms())
        ]
        deliveries.add(entries)
        _forget(answers, sent_to, devices)
        attempts += entries
        outcomes += answers
    if again := [outcome for outcome in outcomes if outcome.status is PushStatus.RETRY]:
        waits = [o.retry_after_s for o in again if o.retry_after_s is not None]
        raise RetryLater(again[0].reason, after_s=max(waits, default=None))
    return tuple(attempts)


def _group(notice: Notice, wait_ms: int, inbox: InboxRepo, deliveries: DeliveryRepo) -> Group:
    """The notices of one message, the first first. None where this one goes out with another's, which was claimed to."""
    if not notice.may_be_grouped:
        return (notice,)
    nearby = {
        one.id: one
        for one in inbox.listing(notice.person_id, None, LOOK_BACK).items
        if one.may_be_grouped
        and (one.enterprise_id, one.drill_id) == (notice.enterprise_id, notice.drill_id)
        and abs(one.created_at_ms - notice.created_at_ms) <= wait_ms
    }
    known = nearby | {notice.id: notice}
    claimed = deliveries.claim(notice, [one for one in nearby.values() if one.id != notice.id])
    found = (known.get(one) or inbox.get(notice.person_id, one) for one in claimed)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.created_at_ms, one.id)))


def _waiting(
    group: Group, earlier: dict[str, tuple[Delivery, ...]], devices: Sequence[Device]
) -> dict[Group, list[Device]]:
    """Who is to be sent which of the notices: devices that lack the same ones get the same message."""
    found: dict[Group, list[Device]] = defaultdict(list)
    for device in devices:
        done = {d.notice_id for one in group for d in earlier[one.id] if d.device_id == device.id and d.is_final}
        if unsent := tuple(one for one in group if one.id not in done):
            found[unsent].append(device)
    return found


def message_of(group: Group, language: str, catalogue: Catalogue, now_ms: int) -> PushMessage:
    """One message for all of a group, in a language."""
    first, tier = group[0], max(one.tier for one in group)
    title, body = render_notice(first, language, catalogue) if len(group) == 1 else render_group(group, language)
    data = (
        ("notice_id", first.id),
        ("task_id", first.task_id),
        ("kind", first.kind.value),
        ("tier", str(tier)),
        *((("count", str(len(group))),) if len(group) > 1 else ()),
        *((("drill_id", first.drill_id),) if first.drill_id else ()),
    )
    return PushMessage(
        shortened(title, TITLE_BYTES),
        shortened(body, BODY_BYTES),
        data,
        collapse_key=first.id,
        urgent=tier >= 2,
        ttl_s=_worth_s(first, tier, catalogue, now_ms),
    )


def _worth_s(notice: Notice, tier: int, catalogue: Catalogue, now_ms: int) -> int:
    """Until its task should be finished: a phone that comes back later has the inbox. A day for what has no deadline."""
    deadlines = catalogue.deadlines.get(tier)
    if deadlines is None:
        return DAY_S
    return max(LEAST_TTL_S, (notice.created_at_ms + deadlines.finish_ms - now_ms) // 1000)


def ledger_entries(
    notice: Notice, channel: str, earlier: tuple[Delivery, ...], outcomes: list[PushOutcome], now_ms: int
) -> tuple[Delivery, ...]:
    """The attempts of one send, each with its number."""
    return tuple(
        Delivery(
            notice_id=notice.id,
            task_id=notice.ledger_id,
            person_id=notice.person_id,
            channel=channel,
            device_id=outcome.device_id,
            attempt=1 + sum(d.device_id == outcome.device_id for d in earlier),
            at_ms=now_ms,
            status=outcome.status,
            reason=outcome.reason,
            provider_id=outcome.provider_id,
        )
        for outcome in outcomes
    )


def _forget(outcomes: list[PushOutcome], sent_to: list[Device], devices: DeviceRepo) -> None:
    """Forget dead devices, but not one that registered anew (with another token) while we were sending."""
    tokens = {device.id: device.token for device in sent_to}
    for outcome in outcomes:
        if outcome.status is PushStatus.UNREGISTERED:
            person_id = next(d.person_id for d in sent_to if d.id == outcome.device_id)
            current = {d.id: d.token for d in devices.of_person(person_id)}
            if current.get(outcome.device_id) == tokens[outcome.device_id]:
                devices.delete(person_id, outcome.device_id)
