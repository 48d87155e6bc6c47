"""Who changed what, when and from where; and the same to take away and check."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import InvalidCursor, NotFound
from chalicelib.domain.messages import text
from chalicelib.domain.person import Role

if TYPE_CHECKING:
    from chalicelib.api.models.audit import AuditEntryOut, AuditExportOut, AuditOut
    from chalicelib.domain.audit import Entry

api = Blueprint(__name__)
SEES_ORIGIN = {Role.DEPARTMENT, Role.COMMITTEE, Role.ADMIN}


@endpoint(
    api, "GET", "/v1/audit/{object}", summary="Every change of a task, warning, month's score, budget of privacy or the catalogue; who took credit files",
    action=Action.READ_AUDIT, query="audit.AuditQuery", response="audit.AuditOut", problems=(NotFound, InvalidCursor),
)  # fmt: skip
def get_audit(call: Call, object: str) -> AuditOut:
    from chalicelib.api.models.audit import AuditOut
    from chalicelib.observability import count
    from chalicelib.usecases.read_audit import read_audit

    ports, query = call.services, call.query
    chain = read_audit(object, query.after, query.limit, call.person, audit_desk=ports.audit_desk)
    if chain.broken is not None:
        count("AuditBroken")
    return AuditOut(
        object=object,
        count=chain.head.seq,
        head=chain.head.hash,
        items=[_entry(call, one) for one in chain.entries],
        intact=chain.broken is None,
        broken_at=chain.broken.seq if chain.broken else None,
        broken_text=text(f"word.break.{chain.broken.why}", call.language) if chain.broken else None,
        next_after=chain.next_seq,
    )


@endpoint(
    api, "GET", "/v1/audit/{object}/export", summary="All entries, for anybody to check without this software",
    action=Action.EXPORT_AUDIT, response="audit.AuditExportOut", problems=(NotFound,),
)  # fmt: skip
def export_audit(call: Call, object: str) -> AuditExportOut:
    from chalicelib.api.models.audit import AuditExportOut
    from chalicelib.usecases import read_audit

    chain = read_audit.export_audit(object, call.person, audit_desk=call.services.audit_desk)
    entries = [asdict(one) for one in chain.entries]
    return AuditExportOut(object=object, count=chain.head.seq, head=chain.head.hash, entries=entries)


def _entry(call: Call, entry: Entry) -> AuditEntryOut:
    from chalicelib.api.models.audit import AuditEntryOut

    view = AuditEntryOut.model_validate(entry)
    person = call.services.registry.person(entry.by_id) if entry.by_kind != "system" else None
    view.by_name = person.name if person else None
    if call.person.role not in SEES_ORIGIN:
        view.origin = view.device_id = None
    return view
