"""What a person chose for themselves: the language of pushes, and when they want none. Tier 3 comes all the same."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

URGENT_TIER = 3


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` to `ends`, by the park's clock; the night through where it ends before it begins."""

    begins: time
    ends: time

    def end_ms(self, now_ms: int, zone: tzinfo) -> int | None:
        """When the quiet that there is now ends; None where there is none now."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
        clock = now.time().replace(tzinfo=None)
        crosses = self.ends <= self.begins
        is_quiet = clock >= self.begins or clock < self.ends if crosses else self.begins <= clock < self.ends
        if not is_quiet:
            return None
        day = now.date() + timedelta(days=1 if crosses and clock >= self.begins else 0)
        return round(datetime.combine(day, self.ends, zone).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`language` None: the one that the registry has."""

    person_id: str
    language: str | None = None
    quiet: QuietHours | None = None

    def silent_until_ms(self, tier: int, now_ms: int, zone: tzinfo) -> int | None:
        """Until when a push of a tier waits; None: it goes out now."""
        if self.quiet is None or tier >= URGENT_TIER:
            return None
        return self.quiet.end_ms(now_ms, zone)
