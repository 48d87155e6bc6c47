"""How many warnings of one joint group were dispatched of late: more than a park allows in a time is a flood.

ISA-18.2 and EEMUA 191 call more than 10 alarms in 10 minutes for one operator a flood.
"""

from dataclasses import dataclass, replace

from chalicelib.domain.catalogue import Grouping


@dataclass(frozen=True, slots=True)
class GroupLoad:
    """`recent_ms` are the instants of the newest dispatches, no more of them than decide. `regional_task_id` is the task
    of the flood that lasts."""

    region: str
    industry: str
    recent_ms: tuple[int, ...] = ()
    regional_task_id: str | None = None
    version: int = 0

    def is_flood(self, now_ms: int, grouping: Grouping) -> bool:
        """Whether one dispatch more is one too many."""
        return len(self._within(now_ms, grouping)) >= grouping.flood_count

    def with_dispatch(self, now_ms: int, grouping: Grouping, regional_task_id: str | None) -> "GroupLoad":
        recent = (*self._within(now_ms, grouping), now_ms)[-grouping.flood_count :]
        return replace(self, recent_ms=recent, regional_task_id=regional_task_id)

    def _within(self, now_ms: int, grouping: Grouping) -> tuple[int, ...]:
        return tuple(at_ms for at_ms in self.recent_ms if at_ms > now_ms - grouping.flood_window_ms)
