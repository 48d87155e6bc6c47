"""Instants on the wire."""

from datetime import UTC, datetime


def rfc3339(time_ms: int) -> str:
    """Epoch milliseconds as text with offset. RFC 3339."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
