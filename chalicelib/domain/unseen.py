"""Calls that nobody has looked at yet, and which channel is tried next.

Only what calls somebody to act is watched, and only at the tiers where minutes count. Each channel is tried once, in a fixed order: the
person's own, then those of the person's department, or enterprise. The order ends, and whoever looks ends it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.channel import Channel
from chalicelib.domain.notice import Notice, NoticeKind
from chalicelib.domain.person import Person
from chalicelib.domain.task import Task, TaskState

CALLS = frozenset(
    {
        NoticeKind.TASK_DISPATCHED,
        NoticeKind.CASE_DISPATCHED,
        NoticeKind.TASK_ESCALATED,
        NoticeKind.SIDE_ASSIGNED,
        NoticeKind.TASK_OVERDUE,
        NoticeKind.RISK_UPWIND,
        NoticeKind.CHAIN_INTAKE,
        NoticeKind.CHAIN_CASE,
        NoticeKind.PLAN_STEP,
    }
)
# Of the ten and thirty minutes in which tiers 3 and 2 must be acknowledged: enough for a phone to be taken out of a
# pocket, and short enough for two more channels within them.
WAIT_MS = {2: 5 * 60_000, 3: 2 * 60_000}


@dataclass(frozen=True, slots=True)
class UnseenCall:
    """A call that is looked after at `due_at_ms`. `tried` are the channels that have it by then."""

    person_id: str
    notice_id: str
    tier: int
    due_at_ms: int
    tried: tuple[str, ...] = ()

    def later(self, due_at_ms: int, *tried: str) -> "UnseenCall":
        return replace(self, due_at_ms=due_at_ms, tried=(*self.tried, *tried))


class Ending(StrEnum):
    """Why a call is looked after no longer."""

    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    TASK_CLOSED = "task_closed"
    NOTHING_LEFT = "nothing_left"


def watched(notice: Notice, now_ms: int) -> UnseenCall | None:
    """What is looked after of a notice that goes out now; None where nobody's minutes count."""
    wait_ms = WAIT_MS.get(notice.tier)
    if wait_ms is None or notice.kind not in CALLS:
        return None
    return UnseenCall(notice.person_id, notice.id, notice.tier, now_ms + wait_ms)


def next_channel(
    call: UnseenCall, notice: Notice, person: Person, task: Task | None, channels: Iterable[Channel]
) -> Channel | Ending:
    """The channel to try now, or why there is no more to do."""
    if notice.seen_at_ms is not None:
        return Ending.SEEN
    if task is not None and task.state is TaskState.CLOSED:
        return Ending.TASK_CLOSED
    if task is not None and any(one.by == person.id for one in task.acknowledgements):
        return Ending.ACKNOWLEDGED
    ways = (one for one in _ways(person, task, channels) if one.id not in call.tried)
    return next(ways, Ending.NOTHING_LEFT)


def _ways(person: Person, task: Task | None, channels: Iterable[Channel]) -> list[Channel]:
    known = sorted(channels, key=lambda one: (one.order, one.id))
    own = [one for one in known if one.audience.person_id == person.id]
    # What is no task, or no longer theirs to see, stays with the person.
    group = [one for one in known if task is not None and _is_of_group(one, person, task)]
    return own + group


def _is_of_group(channel: Channel, person: Person, task: Task) -> bool:
    audience = channel.audience
    if audience.person_id or not channel.covers(task.region, task.enterprises):
        return False
    if audience.enterprise_id or person.enterprise_id:
        return audience.enterprise_id == (person.enterprise_id or "")
    return person.dimension is not None and audience.dimension is person.dimension
