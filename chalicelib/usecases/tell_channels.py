"""The same news for channels: one notice each, whatever the number of people behind it."""

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.domain.channel import Channel, channel_notice_id
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.notice import Notice, NoticeKind
from chalicelib.domain.task import Task, TaskKind

# Of one person's own work: nobody else need hear of it.
PERSONAL = frozenset(
    {
        NoticeKind.PHOTO_REFUSED,
        NoticeKind.PHOTO_MISSING,
        NoticeKind.SIDE_BEHIND,
        NoticeKind.SIDE_ASSIGNED,
        NoticeKind.SIDE_HANDED_ON,
        NoticeKind.TASK_REMINDER,
    }
)


def for_channels(notice: Notice, task: Task, channels: Iterable[Channel]) -> tuple[Notice, ...]:
    """What the channels that take it are told, made from what anybody is told of the same thing."""
    if notice.kind in PERSONAL:
        return ()
    # A proposed waiver is for the other department to decide, so its side narrows nothing.
    side = None if notice.kind is NoticeKind.WAIVER_PROPOSED else dict(notice.params).get("side")
    is_of_many = task.kind is TaskKind.REGIONAL
    return tuple(
        readdressed(notice.without_reason() if is_of_many and one.audience.enterprise_id else notice, one)
        for one in channels
        if one.takes(notice.kind, notice.tier, Dimension(side) if side else None)
        and one.covers(task.region, task.enterprises)
    )


def readdressed(notice: Notice, channel: Channel) -> Notice:
    """A person's notice for a channel."""
    id = channel_notice_id(notice.ledger_id, notice.kind, notice.created_at_ms, channel.reader_id)
    return replace(notice, id=id, person_id=channel.reader_id, seen_at_ms=None)
