"""Times of day as people in the park read them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def local_minute(at_ms: int, zone: ZoneInfo) -> str:
    """An instant as "2026-03-02 03:12" in a time zone."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
