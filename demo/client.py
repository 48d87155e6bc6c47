"""The HTTP API as a phone uses it: a token, JSON, and files straight to S3 by an upload policy."""

import time
from typing import Any

import httpx

RETRIED = (429, 502, 503, 504)
TRIES = 6


class Phone:
    """One person's way into the API. Answers are parsed JSON; a refusal raises Refused with its problem."""

    def __init__(self, api: str, token: str) -> None:
        self._client = httpx.Client(base_url=api.rstrip("/") + "/", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._call("GET", path, params=query)

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        return self._call("POST", path, json=body)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        return self._call("PUT", path, json=body)

    def upload(self, ticket: dict[str, Any], data: bytes) -> None:
        """Send a file by its upload policy. Raises OSError with what S3 says where it refuses."""
        answer = httpx.post(ticket["url"], data=ticket["fields"], files={"file": ("photo", data)}, timeout=60)
        if answer.status_code not in (200, 201, 204):
            raise OSError(f"the upload was answered with {answer.status_code}: {answer.text[:300]}")

    def _call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        for attempt in range(TRIES):
            answer = self._client.request(method, path.lstrip("/"), **sent)
            if answer.status_code not in RETRIED or attempt == TRIES - 1:
                break
            time.sleep(0.3 * 2**attempt)
        if answer.status_code >= 400:
            raise Refused(answer.status_code, answer.json() if answer.content else {})
        return answer.json() if answer.content else {}


class Refused(Exception):
    """The API refused; `problem` is its RFC 9457 body."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('title')} {problem.get('errors', '')}")
        self.status, self.problem = status, problem
