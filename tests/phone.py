"""An inspector's phone as a good app would be: it keeps what it was told and what was done on it, and loses neither when it is killed.

Everything in `saved` is on its disk; the rest is gone with the process. It talks to the park through `line`, which may lose a request
before or after the park acted on it.
"""

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib.api.models.wire import rfc3339

Line = Callable[[str, str, Any], dict[str, Any]]
SETTLED = {"applied", "merged", "refused", "conflict", "discarded", "superseded"}


class LineLost(Exception):
    """No answer came; the park may have acted or not."""


@dataclass(slots=True)
class Saved:
    """What is on the phone's disk."""

    cursor: str | None = None
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    checklists: dict[str, dict[str, Any]] = field(default_factory=dict)  # by name; they never change
    outbox: list[dict[str, Any]] = field(default_factory=list)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)  # photos not known to have arrived, by id
    outcomes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Phone:
    """`clock_ms` is the phone's own clock, right or wrong; `page` is how many tasks it asks for at once."""

    person: str
    line: Line
    upload: Callable[[dict[str, Any], bytes], None]
    clock_ms: Callable[[], int]
    saved: Saved = field(default_factory=Saved)
    page: Callable[[], int] = lambda: 200

    def killed(self) -> None:
        """The process dies; what was saved is read again from a copy, as from a disk."""
        self.saved = copy.deepcopy(self.saved)

    # what its owner does, with or without a signal

    def does(
        self, operation_id: str, kind: str, task_id: str, payload: dict[str, Any], side: str | None = None
    ) -> None:
        known = self.saved.tasks.get(task_id)
        operation = {
            "id": operation_id,
            "kind": kind,
            "task_id": task_id,
            "at": rfc3339(self.clock_ms()),
            "payload": payload,
        }
        operation |= {} if side is None else {"side": side}
        operation |= {} if known is None else {"base_version": known["task"]["version"]}
        self.saved.outbox.append(operation)

    def photographs(self, operation_id: str, photo_id: str, task_id: str, side: str, data: bytes) -> None:
        payload = {
            "id": photo_id,
            "dimension": side,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "content_type": "image/jpeg",
        }
        self.does(operation_id, "photo", task_id, payload)
        self.saved.uploads[photo_id] = {"data": data.hex(), "operation": self.saved.outbox[-1]}

    # when there is a signal

    def pulls(self) -> None:
        more = True
        while more:
            known = "" if self.saved.cursor is None else f"&cursor={self.saved.cursor}"
            answer = self.line("GET", f"/v1/sync?limit={self.page()}{known}", None)
            if answer["reset"]:
                self.saved.tasks = {}
            for one in answer["tasks"]:
                self._learns(one)
            for task_id in answer["gone"]:
                self.saved.tasks.pop(task_id, None)
            self.saved.checklists |= {one["name"]: one for one in answer["checklists"]}
            self.saved.cursor, more = answer["next_cursor"], answer["more"]

    def _learns(self, one: dict[str, Any]) -> None:
        known = self.saved.tasks.get(one["task"]["id"])
        if known is None or one["task"]["version"] >= known["task"]["version"]:
            self.saved.tasks[one["task"]["id"]] = one
        for photo in one["photos"]:
            if photo["state"] != "expected":
                self.saved.uploads.pop(photo["id"], None)

    def waiting(self) -> list[dict[str, Any]]:
        """What is to be sent: what has no outcome yet, and the announcement of each photo that is not known to have arrived, which
        gives new leave to upload it."""
        unsent = {one["id"] for one in self.saved.outbox}
        again = (one["operation"] for one in self.saved.uploads.values())
        return [*self.saved.outbox, *(one for one in again if one["id"] not in unsent)]

    def pushes(self, operations: list[dict[str, Any]]) -> None:
        """Send a batch; what was answered with an outcome that stays leaves the outbox."""
        body = {"device_id": f"phone-{self.person}", "sent_at": rfc3339(self.clock_ms()), "operations": operations}
        results = self.line("POST", "/v1/sync", json.loads(json.dumps(body)))["results"]
        for result in results:
            self.saved.outcomes[result["id"]] = result["outcome"]
        settled = {result["id"] for result in results if result["outcome"] in SETTLED}
        self.saved.outbox = [one for one in self.saved.outbox if one["id"] not in settled]
        tickets = {result["id"]: result["upload"] for result in results if "upload" in result}
        for photo in list(self.saved.uploads.values()):
            if photo["operation"]["id"] in tickets:
                self.upload(tickets[photo["operation"]["id"]], bytes.fromhex(photo["data"]))
