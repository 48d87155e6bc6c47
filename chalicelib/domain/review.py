"""The quarterly review of the catalogue: which quarter, from when it is due, and who said that it was done."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

WORK_BEGINS_H = 9
SATURDAY = 5
NEARLY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Quarter:
    """Of a year in the park's time zone."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    def due_ms(self, zone: tzinfo) -> int:
        """Nine in the morning of its first weekday. Public holidays are not known: what is said then waits in the inbox."""
        return _working_day_ms(self._first_day(zone))

    def begins_ms(self, zone: tzinfo) -> int:
        return round(self._first_day(zone).replace(hour=0).timestamp() * 1000)

    def nearly_over_ms(self, zone: tzinfo) -> int:
        """The same time of day, two weeks before it is over."""
        after = Quarter(self.year + self.number // 4, self.number % 4 + 1)
        return _working_day_ms(after._first_day(zone) - NEARLY)

    def _first_day(self, zone: tzinfo) -> datetime:
        return datetime(self.year, 3 * self.number - 2, 1, WORK_BEGINS_H, tzinfo=zone)


def _working_day_ms(day: datetime) -> int:
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return round(day.timestamp() * 1000)


def quarter_of(at_ms: int, zone: tzinfo) -> Quarter:
    local = datetime.fromtimestamp(at_ms / 1000, zone)
    return Quarter(local.year, (local.month + 2) // 3)


@dataclass(frozen=True, slots=True)
class Review:
    """`id` is made by the client. `version` was in force when it was reviewed."""

    id: str
    quarter: str
    version: str
    note: str
    by: str
    at_ms: int
