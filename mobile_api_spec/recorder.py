"""Calls the park in one process by operation id and keeps every exchange. Clock and ids are fixed: each run is the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlencode

from chalicelib.adapters.memory_media import MemoryMediaStore
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.ports import UploadTicket
from mobile_api_spec.static import FILE
from tests.acts import FakeInspector
from tests.park import Park

BUCKET = "https://green-shield-photos.s3.cn-north-1.amazonaws.com.cn"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `who` is a person's id, "bridge", or None for nobody."""

    operation: str
    who: str | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int
    answer: Any
    answer_headers: Mapping[str, str]


class ExampleMedia(MemoryMediaStore):
    """Tickets and links with the look of S3's; the secrets in them are left out."""

    def upload_ticket(self, key: str, *, sha256: str, size_bytes: int, content_type: str, now_ms: int) -> UploadTicket:
        fields = {"key": key, "Content-Type": content_type, "x-amz-checksum-sha256": "…"}
        fields |= {
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": "…",
            "policy": "…",
            "x-amz-signature": "…",
        }
        return UploadTicket(f"{BUCKET}/", fields, now_ms + 900_000)

    def download_url(self, key: str, *, version: str = "", expires_s: int = 900) -> str:
        return f"{BUCKET}/{key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires={expires_s}&X-Amz-Signature=…"


class Walker:
    """Calls routes by operation id and keeps every exchange."""

    def __init__(self) -> None:
        noise = Random(1).randrange  # the same in every run: examples only, never a park's
        self.park = Park(media=ExampleMedia(), inspector=FakeInspector(), randbelow=noise).register()
        self.exchanges: list[Exchange] = []
        self.task_id = ""
        self.endpoints: dict[str, Endpoint] = {one.view.__name__: one for one in ENDPOINTS}

    def call(
        self, operation: str, who: str | None, *, expect: int, body: Any = None, raw: bytes | None = None,
        query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **path: str,
    ) -> Any:  # fmt: skip
        """Send one request, keep it, and return the answer's body."""
        one, data = self.endpoints[operation], raw
        if data is None:
            data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        url = one.path.format(**path) + (f"?{urlencode(query)}" if query else "")
        sent = self._headers(operation, who, data) | dict(headers or {})
        response = self.park.client.http.request(one.method, url, headers=sent, body=data)
        is_file = response.status_code < 300 and bool(one.media_type)
        answer = FILE["example"] if is_file else json.loads(response.body) if response.body else None
        assert response.status_code == expect, f"{operation}: {response.status_code} {answer}"
        sent_body = None if body is None else json.loads(data)
        kept = (operation, who, path, query or {}, headers or {}, sent_body)
        self.exchanges.append(Exchange(*kept, response.status_code, answer, response.headers))
        return answer

    def _headers(self, operation: str, who: str | None, data: bytes) -> dict[str, str]:
        sent = {"Content-Type": "application/json", "X-Correlation-Id": f"example-{operation}"}
        if who is None:
            return sent
        token = f"bridge:acme-bridge:{hashlib.sha256(data).hexdigest()}" if who == "bridge" else f"person:{who}"
        return sent | {"Authorization": f"Bearer {token}"}
