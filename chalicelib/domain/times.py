"""Times of day as people in the park read them."""

from calendar import monthrange
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo


def local_minute(at_ms: int, zone: ZoneInfo) -> str:
    """An instant as "2026-03-02 03:12" in a time zone."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def months_through(first: str, last: str) -> tuple[str, ...]:
    """All months (YYYY-MM) from one to another, both included."""
    begin, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    return tuple(f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(begin, end + 1))


def local_day(at_ms: int, zone: tzinfo) -> str:
    """The day of an instant in a time zone, as YYYY-MM-DD."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone).strftime("%Y-%m-%d")


def months_later(at_ms: int, months: int, zone: tzinfo) -> int:
    """The same time of the same day so many months later, or of the last day of a month that has no such day."""
    begun = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    years, month = divmod(begun.month - 1 + months, 12)
    year, month = begun.year + years, month + 1
    day = min(begun.day, monthrange(year, month)[1])
    return round(begun.replace(year=year, month=month, day=day).timestamp() * 1000)


def month_span(month: str, zone: tzinfo) -> tuple[int, int]:
    """from_ms <= t < to_ms of a month (YYYY-MM) in a time zone."""
    year, number = int(month[:4]), int(month[5:])
    first, after = (
        datetime(year, number, 1, tzinfo=zone),
        datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone),
    )
    return round(first.timestamp() * 1000), round(after.timestamp() * 1000)
