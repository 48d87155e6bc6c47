"""Identifiers that sort by time."""

import secrets
from collections.abc import Callable
from uuid import UUID

NewId = Callable[[int], str]


def uuid7(time_ms: int) -> str:
    """A UUIDv7 of an instant, as text. RFC 9562, 5.7."""
    value = (time_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(UUID(int=value))
