"""Tell those who take part of a drill: that it is planned, over or called off. And the committee, that a quarter lacks one."""

from zoneinfo import ZoneInfo

from chalicelib.domain.drill import Drill
from chalicelib.domain.events import DrillCancelled, DrillDue, DrillEnded, DrillEvent, DrillPlanned
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Role
from chalicelib.domain.times import local_minute
from chalicelib.ports import RegistryRepo
from chalicelib.usecases.drill_desk import DrillDesk
from chalicelib.usecases.hand_out import Post, hand_out

KINDS: dict[type[DrillEvent], NoticeKind] = {
    DrillPlanned: NoticeKind.DRILL_PLANNED,
    DrillEnded: NoticeKind.DRILL_ENDED,
    DrillCancelled: NoticeKind.DRILL_CANCELLED,
}


def tell_drill(event: DrillEvent, *, drill_desk: DrillDesk) -> tuple[Notice, ...]:
    """Into the inbox of each who takes part, marked as of the drill, and of nobody else. Doing it twice tells each once."""
    drill = drill_desk.drills.get(event.drill_id)
    if drill is None:
        return ()
    params = tuple(_params(drill, drill_desk.zone).items())
    notices = tuple(_notice(event, person_id, KINDS[type(event)], params) for person_id in sorted(set(drill.people)))
    return hand_out(notices, drill_desk.room(drill).post)


def tell_drill_due(event: DrillDue, *, registry: RegistryRepo, post: Post) -> tuple[Notice, ...]:
    """Into every committee member's inbox. Doing it twice tells each once."""
    readers = sorted(one.id for one in registry.people() if one.role is Role.COMMITTEE)
    params = (("quarter", event.quarter),)
    return hand_out(tuple(_notice(event, one, NoticeKind.DRILL_DUE, params) for one in readers), post)


def _params(drill: Drill, zone: ZoneInfo) -> dict[str, str]:
    params = {"drill": drill.title, "at": local_minute(drill.starts_at_ms, zone), "minutes": str(drill.lasts_min)}
    if drill.report is not None:
        params |= {name: str(getattr(drill.report, name)) for name in ("done", "total", "late")}
    return params


def _notice(
    event: DrillEvent | DrillDue, person_id: str, kind: NoticeKind, params: tuple[tuple[str, str], ...]
) -> Notice:
    return Notice(
        id=notice_id(event.id, person_id),
        person_id=person_id,
        kind=kind,
        task_id="",
        enterprise_id="",
        tier=0,
        created_at_ms=event.at_ms,
        params=params,
        correlation_id=event.correlation_id,
    )
