"""The audit on the wire."""

from typing import Any

from pydantic import Field

from chalicelib.api.models.wire import Instant, View, Wire
from chalicelib.domain.audit import canonical

METHOD = (
    "hash = SHA-256 (hex) of the entry without its hash, as JSON in UTF-8 with sorted keys, separators ',' and ':' and no ASCII escapes; "
    "previous = hash of the entry before, empty at the first; head = hash of the last"
)


class AuditQuery(Wire):
    after: int = Field(default=0, ge=0, le=10**9, description="go on behind this entry")
    limit: int = Field(default=50, ge=1, le=200)


class AuditEntryOut(View):
    """`origin`, `device_id` are for departments, committee and admin."""

    seq: int
    at: Instant = Field(validation_alias="at_ms")
    by_kind: str = Field(description="a role, bridge or system")
    by_id: str = Field(description="a person, a bridge, or one of the system's functions")
    by_name: str | None = None
    origin: str | None = None
    device_id: str | None = None
    operation_id: str
    device_at: Instant | None = Field(default=None, validation_alias="device_at_ms")
    part: str = Field(description="which evidence or version of the object; empty: the object itself")
    before: dict[str, Any] | None = Field(default=None, description="the members that changed; absent of what was new")
    after: dict[str, Any] | None = None
    previous: str
    hash: str


class AuditOut(View):
    object: str
    count: int = Field(description="of all its entries")
    head: str
    items: list[AuditEntryOut]
    intact: bool = Field(description="whether these entries follow each other, and the one before them")
    broken_at: int | None = None
    broken_text: str | None = None
    next_after: int | None = Field(default=None, description="`after` of the next page")


class AuditExportOut(View):
    """Sent in the canonical form of its entries, so that every byte of it counts."""

    object: str
    method: str = METHOD
    count: int
    head: str
    entries: list[dict[str, Any]]

    def model_dump_json(self, **_: Any) -> str:
        return canonical(self.model_dump(mode="json"))
