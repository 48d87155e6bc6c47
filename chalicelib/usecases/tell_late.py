"""One digest an hour of warnings that late data brought to light, instead of a storm of pushes."""

from zoneinfo import ZoneInfo

from chalicelib.domain.access import can_see
from chalicelib.domain.events import LateWarningsFound
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Role
from chalicelib.domain.times import local_minute
from chalicelib.domain.warning import Warning
from chalicelib.ports import RegistryRepo, WarningRepo
from chalicelib.usecases.hand_out import Post, hand_out

LISTED = 100


def tell_late(
    event: LateWarningsFound,
    *,
    warnings: WarningRepo,
    registry: RegistryRepo,
    post: Post,
    zone: ZoneInfo,
) -> tuple[Notice, ...]:
    """Tell the enterprise and both departments how many there are so far and when the first would have been raised."""
    profile = registry.profile(event.enterprise_id)
    found = [w for w in warnings.listing(event.enterprise_id, None, LISTED).items if _is_meant(w, event)]
    if profile is None or not found:
        return ()
    enterprise = profile.enterprise
    where = {"enterprise_id": enterprise.id, "region": enterprise.region, "industry": enterprise.industry}
    params = {
        "enterprise": enterprise.name,
        "count": str(len(found)),
        "first": local_minute(min(w.opened_at_ms for w in found), zone),
    }
    notices = tuple(
        Notice(
            id=notice_id(event.id, person.id),
            person_id=person.id,
            kind=NoticeKind.LATE_WARNINGS,
            task_id="",
            enterprise_id=enterprise.id,
            tier=max(w.tier for w in found),
            created_at_ms=event.at_ms,
            params=tuple(params.items()),
            correlation_id=event.correlation_id,
        )
        for person in sorted(registry.people(), key=lambda p: p.id)
        if person.role in (Role.ENTERPRISE, Role.DEPARTMENT) and can_see(person, **where)
    )
    return hand_out(notices, post)


def _is_meant(warning: Warning, event: LateWarningsFound) -> bool:
    return warning.retroactive and warning.received_at_ms >= event.at_ms
