"""Which AWS calls each function made on the local stack, and whether its role allowed them.

The local stack checks every call against the roles of the template, so a role that grants too little shows at once. This book shows
the other half: what a role grants and no function ever asked for.
"""

import json
import threading
from pathlib import Path

from ministack.services import sts


class CallBook:
    """Calls by role and action, with the resources they went to. Written to a file when something new was seen."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._calls: dict[str, dict[str, dict[str, int]]] = json.loads(file.read_text()) if file.is_file() else {}
        self._written: str | None = None

    def note(self, access_key_id: str, action: str, resource: str, *, is_allowed: bool) -> None:
        """Count a call. Calls without a role (the tests', the demo's, ministack's own) are nobody's duty and left out."""
        session = sts._sessions.get(access_key_id)
        if not session or ":assumed-role/" not in session.get("Arn", ""):
            return
        role = session["Arn"].split(":assumed-role/", 1)[1].split("/", 1)[0]
        line = f"{'allowed' if is_allowed else 'denied'} {without_key(resource)}"
        with self._lock:
            seen = self._calls.setdefault(role, {}).setdefault(action, {})
            seen[line] = seen.get(line, 0) + 1

    def write(self) -> None:
        with self._lock:
            text = json.dumps(self._calls, indent=2, sort_keys=True)
        if text != self._written:
            self._file.write_text(text + "\n")
            self._written = text


def without_key(resource: str) -> str:
    """An object's ARN down to its first folder: the book holds kinds of things, not things."""
    if ":s3:::" not in resource or "/" not in resource:
        return resource
    bucket, _, key = resource.partition("/")
    return f"{bucket}/{key.partition('/')[0]}/*"
