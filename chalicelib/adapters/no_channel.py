"""No push channel is configured: the inbox alone tells people."""

from collections.abc import Sequence

from chalicelib.domain.notice import Device, PushMessage, PushOutcome, PushStatus


class NoChannel:
    name = "none"

    def send(self, message: PushMessage, devices: Sequence[Device]) -> list[PushOutcome]:
        return [PushOutcome(device.id, PushStatus.REFUSED, "no_channel_configured") for device in devices]
