"""The HTTP API as a phone uses it: a token, JSON, and files straight to S3 by an upload policy."""

import time
from collections.abc import Callable
from typing import Any

import httpx

RETRIED = (429, 502, 503, 504)
TRIES = 6


class Phone:
    """One person's way into the API. Answers are parsed JSON; a refusal raises Refused with its problem.

    `drill`: the drill in which the person is at work. What is worth another try is tried again: every call is one that may come twice. Raises ConnectionError where nobody answers.
    """

    def __init__(
        self,
        api: str,
        token: str,
        *,
        drill: str = "",
        transport: httpx.BaseTransport | None = None,
        first_pause_s: float = 0.3,
    ) -> None:
        head = {"Authorization": f"Bearer {token}"} | ({"X-Drill": drill} if drill else {})
        self._client = httpx.Client(base_url=api.rstrip("/") + "/", headers=head, timeout=30, transport=transport)
        self._first_pause_s = first_pause_s

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._call("GET", path, params=query)

    def raw(self, path: str) -> bytes:
        """The answer as it was sent."""
        answer = self._tried(lambda: self._client.get(path.lstrip("/")))
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _problem(answer))
        return answer.content

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        return self._call("POST", path, json=body)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        return self._call("PUT", path, json=body)

    def upload(self, ticket: dict[str, Any], data: bytes) -> None:
        """Send a file by its upload policy. Raises OSError with what S3 says where it refuses."""
        answer = self._tried(
            lambda: httpx.post(ticket["url"], data=ticket["fields"], files={"file": ("photo", data)}, timeout=60)
        )
        if answer.status_code not in (200, 201, 204):
            raise OSError(f"the upload was answered with {answer.status_code}: {answer.text[:300]}")

    def _call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        answer = self._tried(lambda: self._client.request(method, path.lstrip("/"), **sent))
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _problem(answer))
        return answer.json() if answer.content else {}

    def _tried(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        for attempt in range(TRIES):
            try:
                answer = call()
            except httpx.TransportError as error:
                if attempt == TRIES - 1:
                    raise ConnectionError(f"{type(error).__name__}: {error}") from error
            else:
                if answer.status_code not in RETRIED or attempt == TRIES - 1:
                    return answer
            time.sleep(self._first_pause_s * 2**attempt)
        raise AssertionError("unreachable")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem of an answer; what a gateway says is none of ours, and its beginning serves as a title."""
    try:
        return dict(answer.json())
    except ValueError:
        return {"title": answer.text[:100]}


class Refused(Exception):
    """The API refused; `problem` is its RFC 9457 body."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('title')} {problem.get('errors', '')}")
        self.status, self.problem = status, problem
