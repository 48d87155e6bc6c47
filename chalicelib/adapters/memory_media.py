"""A media store and a push channel in memory. They pass the contract tests of S3 and FCM, and refuse as those do."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.domain.notice import Device, PushMessage, PushOutcome, PushStatus
from chalicelib.ports import MediaMissing, MediaTooLarge, StoredMedia, UploadTicket

UPLOAD_WINDOW_MS = 900_000


class UploadRefused(Exception):
    """The form does not keep to its ticket. `reason` is S3's code for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class MemoryMediaStore:
    objects: dict[str, list[bytes]] = field(default_factory=dict)  # every version, oldest first
    uploads: dict[str, tuple[str, str, dict[int, bytes]]] = field(default_factory=dict)

    def upload_ticket(self, key: str, *, sha256: str, size_bytes: int, content_type: str, now_ms: int) -> UploadTicket:
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError("sha256 is 64 lower-case hex digits")
        fields = {"key": key, "Content-Type": content_type, "sha256": sha256, "size": str(size_bytes)}
        return UploadTicket("memory://photos", fields, now_ms + UPLOAD_WINDOW_MS)

    def upload(self, ticket: UploadTicket, data: bytes, *, now_ms: int) -> str:
        """What a phone's POST does. Returns the key; raises UploadRefused with the code S3 would answer."""
        if now_ms >= ticket.expires_at_ms:
            raise UploadRefused("AccessDenied")
        if len(data) != int(ticket.fields["size"]):
            raise UploadRefused("EntityTooLarge" if len(data) > int(ticket.fields["size"]) else "EntityTooSmall")
        if hashlib.sha256(data).hexdigest() != ticket.fields["sha256"]:
            raise UploadRefused("BadDigest")
        self.write(ticket.fields["key"], data, content_type=ticket.fields["Content-Type"])
        return ticket.fields["key"]

    def begin_parts(self, key: str, *, content_type: str) -> str:
        upload_id = f"upload-{len(self.uploads) + 1}"
        self.uploads[upload_id] = (key, content_type, {})
        return upload_id

    def part_url(self, key: str, upload_id: str, number: int, *, expires_s: int = 3600) -> str:
        return f"memory://photos/{key}?uploadId={upload_id}&partNumber={number}"

    def put_part(self, url: str, data: bytes) -> None:
        """What a phone's PUT to a part's URL does."""
        upload_id, number = re.fullmatch(r".*uploadId=(.*)&partNumber=(\d+)", url).groups()  # type: ignore[union-attr]
        self.uploads[upload_id][2][int(number)] = data

    def parts(self, key: str, upload_id: str) -> Mapping[int, int]:
        if upload_id not in self.uploads:
            raise MediaMissing(key)
        return {number: len(data) for number, data in sorted(self.uploads[upload_id][2].items())}

    def finish_parts(self, key: str, upload_id: str) -> None:
        _, content_type, parts = self.uploads.pop(upload_id)
        self.write(key, b"".join(parts[number] for number in sorted(parts)), content_type=content_type)

    def abandon_parts(self, key: str, upload_id: str) -> None:
        self.uploads.pop(upload_id, None)

    def read(self, key: str, *, max_bytes: int) -> StoredMedia:
        if key not in self.objects:
            raise MediaMissing(key)
        versions = self.objects[key]
        if len(versions[-1]) > max_bytes:
            raise MediaTooLarge(key)
        return StoredMedia(versions[-1], str(len(versions)))

    def write(self, key: str, data: bytes, *, content_type: str) -> None:
        self.objects.setdefault(key, []).append(data)

    def download_url(self, key: str, *, version: str = "", expires_s: int = 900) -> str:
        return f"memory://photos/{key}?expires_s={expires_s}" + (f"&versionId={version}" if version else "")


@dataclass(slots=True)
class FakePushChannel:
    """Keeps what it was given. What a device's token begins with decides its outcome, as with the FCM stand-in."""

    name: str = "fake"
    sent: list[tuple[Device, PushMessage]] = field(default_factory=list)
    attempts: int = 0
    fail_next: int = 0

    def send(self, message: PushMessage, devices: Sequence[Device]) -> list[PushOutcome]:
        return [self._send_one(message, device) for device in devices]

    def _send_one(self, message: PushMessage, device: Device) -> PushOutcome:
        self.attempts += 1
        if self.fail_next > 0:
            self.fail_next -= 1
            return PushOutcome(device.id, PushStatus.RETRY, "UNAVAILABLE")
        for prefix, (status, reason, retry_after_s) in _SCRIPTED.items():
            if device.token.startswith(prefix):
                return PushOutcome(device.id, status, reason, retry_after_s=retry_after_s)
        if not device.token:
            return PushOutcome(device.id, PushStatus.REFUSED, "NO_TOKEN")
        self.sent.append((device, message))
        return PushOutcome(device.id, PushStatus.SENT, provider_id=f"fake/{len(self.sent)}")


_SCRIPTED = {
    "token-unregistered": (PushStatus.UNREGISTERED, "UNREGISTERED", None),
    "token-mismatch": (PushStatus.REFUSED, "SENDER_ID_MISMATCH", None),
    "token-invalid": (PushStatus.REFUSED, "INVALID_ARGUMENT", None),
    "token-quota": (PushStatus.RETRY, "QUOTA_EXCEEDED", 60.0),
    "token-unavailable": (PushStatus.RETRY, "UNAVAILABLE", 2.0),
    "token-internal": (PushStatus.RETRY, "INTERNAL", None),
}
