"""What of a person's tasks has changed since their phone last asked, each with all that is needed without a signal."""

from dataclasses import dataclass, replace

from chalicelib.domain.access import Action, can_see_evidence, can_see_task, require
from chalicelib.domain.field_pack import FieldPack, PackEntry, feed_of
from chalicelib.domain.membership import seen_by
from chalicelib.domain.person import Person, Role
from chalicelib.domain.sync_cursor import next_cursor, read_cursor
from chalicelib.domain.task import TaskKind
from chalicelib.ports import Clock, PackRepo

ROWS_A_PAGE = 1000  # a row of a feed is small; those of closed tasks are passed over at a first sync


@dataclass(frozen=True, slots=True)
class Changes:
    """`is_reset`: this begins anew; the phone drops what is not among the open tasks of this and the following pages."""

    packs: tuple[FieldPack, ...]
    gone: tuple[str, ...]
    cursor: str
    has_more: bool
    is_reset: bool


def read_sync(cursor: str | None, limit: int, person: Person, *, packs: PackRepo, clock: Clock) -> Changes:
    """At most `limit` tasks, oldest change first. Without a cursor the open ones, page by page; then all that changed, closed ones too.

    One query of a feed, and one read for each hundred tasks. Raises InvalidCursor.
    """
    require(person, Action.READ_TASK)
    feed, now_ms = feed_of(person), clock.now_ms()
    known = None if cursor is None else read_cursor(cursor, feed)
    since = None if known is None or known.is_stale(now_ms) else known
    rows = packs.changes(feed, None if since is None else since.mark, ROWS_A_PAGE)
    taken, last_mark, is_end = _page(rows, person, limit, wants_closed=since is not None and not since.is_first)
    found = packs.many([entry.task_id for entry in taken if not entry.is_gone])
    ordered = (found[entry.task_id] for entry in taken if entry.task_id in found)
    return Changes(
        packs=tuple(_seen(pack, person) for pack in ordered if can_see_task(person, pack.task)),
        gone=tuple(entry.task_id for entry in taken if entry.is_gone),
        cursor=next_cursor(feed, since, last_mark, now_ms, is_end=is_end).text(),
        has_more=not is_end,
        is_reset=since is None,
    )


def _page(
    rows: tuple[tuple[str, PackEntry], ...], person: Person, limit: int, *, wants_closed: bool
) -> tuple[list[PackEntry], str | None, bool]:
    """(what is sent, up to where the feed was read, whether that is its end)."""
    taken: list[PackEntry] = []
    last_mark = None
    for mark, entry in rows:
        is_wanted = (entry.is_open or wants_closed) and _may_see(entry, person)
        if is_wanted and len(taken) == limit:
            return taken, last_mark, False
        taken += [entry] if is_wanted else []
        last_mark = mark
    return taken, last_mark, len(rows) < ROWS_A_PAGE


def _may_see(entry: PackEntry, person: Person) -> bool:
    """Whether an entry is worth its pack: a department's feed is the whole park's."""
    return person.role is not Role.DEPARTMENT or not person.regions or entry.region in person.regions


def _seen(pack: FieldPack, person: Person) -> FieldPack:
    """The pack as this person may see it: of a regional task an enterprise sees what is its own."""
    if person.role is Role.ENTERPRISE and pack.task.kind is TaskKind.REGIONAL:
        pack = replace(pack, answers=())  # they may be about others
    task = seen_by(pack.task, person)
    if task is pack.task:
        return pack
    known = {*task.party}
    return replace(
        pack,
        task=task,
        warning=pack.warning if pack.warning and pack.warning.enterprise_id == person.enterprise_id else None,
        contacts=tuple(one for one in pack.contacts if one.role is not Role.ENTERPRISE or one.id in known),
        photos=tuple(one for one in pack.photos if can_see_evidence(person, one.enterprise_id)),
        retests=tuple(one for one in pack.retests if can_see_evidence(person, one.enterprise_id)),
        rectifications=tuple(one for one in pack.rectifications if can_see_evidence(person, one.enterprise_id)),
    )
