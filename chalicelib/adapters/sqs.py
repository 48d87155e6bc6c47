"""The push queue on SQS. Messages point to notices; they carry nothing personal."""

import json
import random
from collections.abc import Sequence
from typing import Any

from chalicelib.domain.errors import RetryLater
from chalicelib.ports import PushRequest

BATCH = 10  # SQS takes no more at once
ATTEMPTS = 3
MAX_VISIBILITY_S = 43_200
MAX_DELAY_S = 900


class SqsPushQueue:
    def __init__(self, client: Any, queue_url: str) -> None:
        self._client, self._url = client, queue_url

    def put(self, requests: Sequence[PushRequest], *, delay_s: int = 0) -> None:
        """Queue them all, or raise RetryLater; a repeat is harmless, for the delivery ledger knows what went out."""
        for start in range(0, len(requests), BATCH):
            self._send(requests[start : start + BATCH], min(delay_s, MAX_DELAY_S))

    def _send(self, requests: Sequence[PushRequest], delay_s: int) -> None:
        waiting: dict[str, dict[str, Any]] = {
            str(at): {"Id": str(at), "MessageBody": encode(request), "DelaySeconds": delay_s}
            for at, request in enumerate(requests)
        }
        for _ in range(ATTEMPTS):
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=list(waiting.values()))
            waiting = {failed["Id"]: waiting[failed["Id"]] for failed in answer.get("Failed", [])}
            if not waiting:
                return
        raise RetryLater("push queue refused messages")

    def delay(self, receipt_handle: str, seconds: float) -> None:
        """Let a message come back after so long, at most SQS's 12 h."""
        visibility = min(max(round(seconds), 0), MAX_VISIBILITY_S)
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=visibility
        )


def encode(request: PushRequest) -> str:
    fields = {"person_id": request.person_id, "notice_id": request.notice_id, "correlation_id": request.correlation_id}
    fields |= {"drill_id": request.drill_id} if request.drill_id else {}
    return json.dumps(fields, separators=(",", ":"))


def decode(body: str) -> PushRequest:
    """Raises ValueError, KeyError or TypeError for a message that is none of ours."""
    fields = json.loads(body)
    words = [str(fields[name]) for name in ("person_id", "notice_id", "correlation_id")]
    return PushRequest(words[0], words[1], words[2], str(fields.get("drill_id", "")))


def backoff_s(attempt: int, *, base_s: float, cap_s: float, spread: float | None = None) -> float:
    """Exponential with full jitter: somewhere between half and all of base * 2^(attempt-1), under the cap."""
    share = random.random() if spread is None else spread
    return min(cap_s, base_s * 2 ** (attempt - 1)) * (0.5 + share / 2)
