"""Deliver one notice to its reader's devices and keep the ledger of every attempt. The inbox does not depend on it."""

from chalicelib.domain.errors import RetryLater
from chalicelib.domain.messages import render_notice
from chalicelib.domain.notice import Delivery, Device, Notice, PushMessage, PushOutcome, PushStatus
from chalicelib.ports import (
    CatalogueRepo,
    Clock,
    DeliveryRepo,
    DeviceRepo,
    InboxRepo,
    PushChannel,
    PushRequest,
    RegistryRepo,
)


def push(
    request: PushRequest,
    *,
    inbox: InboxRepo,
    registry: RegistryRepo,
    devices: DeviceRepo,
    deliveries: DeliveryRepo,
    channel: PushChannel,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> tuple[Delivery, ...]:
    """Send to each device that has not had this notice yet. A device the provider no longer knows is forgotten.

    Raises RetryLater if any device is worth another try; those that succeeded are not sent to again.
    """
    notice = inbox.get(request.person_id, request.notice_id)
    person = registry.person(request.person_id)
    if notice is None or person is None:
        return ()
    earlier = deliveries.of_notice(_ledger_of(notice), notice.id)
    done = {d.device_id for d in earlier if d.status is not PushStatus.RETRY}
    waiting = [device for device in devices.of_person(person.id) if device.id not in done]
    if not waiting:
        return ()
    outcomes = channel.send(_message(notice, person.language, catalogues), waiting)
    attempts = _ledger(notice, channel.name, earlier, outcomes, clock.now_ms())
    deliveries.add(attempts)
    _forget(outcomes, waiting, devices)
    if again := [outcome for outcome in outcomes if outcome.status is PushStatus.RETRY]:
        waits = [o.retry_after_s for o in again if o.retry_after_s is not None]
        raise RetryLater(again[0].reason, after_s=max(waits, default=None))
    return attempts


def _ledger_of(notice: Notice) -> str:
    """Deliveries are kept with the notice's task; of a notice without one, under its own id."""
    return notice.task_id or notice.id


def _message(notice: Notice, language: str, catalogues: CatalogueRepo) -> PushMessage:
    title, body = render_notice(notice, language, catalogues.current())
    data = (
        ("notice_id", notice.id),
        ("task_id", notice.task_id),
        ("kind", notice.kind.value),
        ("tier", str(notice.tier)),
    )
    return PushMessage(title, body, data, collapse_key=notice.id, urgent=notice.tier >= 2)


def _ledger(
    notice: Notice, channel: str, earlier: tuple[Delivery, ...], outcomes: list[PushOutcome], now_ms: int
) -> tuple[Delivery, ...]:
    return tuple(
        Delivery(
            notice_id=notice.id,
            task_id=_ledger_of(notice),
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
