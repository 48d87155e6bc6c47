"""Tell who answers for the park that a chain of the audit is broken."""

from chalicelib.domain.events import AuditBroken
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Role
from chalicelib.ports import RegistryRepo
from chalicelib.usecases.hand_out import Post, hand_out


def tell_audit(event: AuditBroken, *, registry: RegistryRepo, post: Post) -> tuple[Notice, ...]:
    """Every admin and the committee, each once for a break."""
    params = (("object", event.object), ("seq", str(event.seq)), ("why", event.why))
    notices = tuple(
        Notice(
            id=notice_id(event.id, person.id),
            person_id=person.id,
            kind=NoticeKind.AUDIT_BROKEN,
            task_id="",
            enterprise_id="",
            tier=0,
            created_at_ms=event.at_ms,
            params=params,
            correlation_id=event.correlation_id,
        )
        for person in sorted(registry.people(), key=lambda one: one.id)
        if person.role in (Role.ADMIN, Role.COMMITTEE)
    )
    return hand_out(notices, post)
