"""How far a phone has read a feed of changes.

Commits land out of order: a change may be marked a little earlier than one that is already there to be read. A cursor therefore never
passes the horizon, HORIZON_MS before now. What changed since then comes again next time, and a phone ignores versions that it has.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass

from chalicelib.domain.errors import InvalidCursor

HORIZON_MS = 60_000  # a function that marks a change has written it, or given up, by then
LONGEST_AWAY_MS = 30 * 86_400_000  # a phone away for longer starts anew
_TEXT = re.compile(r"v1 (?P<feed>[\x21-\x7e]{1,80}) (?P<mark>[0-9]{13}(#[\x21-\x7e]{0,80})?)")


@dataclass(frozen=True, slots=True)
class SyncCursor:
    """`mark` is a sort key of the feed, or a bare instant (13 digits): all before it has been read."""

    feed: str
    mark: str

    @property
    def at_ms(self) -> int:
        return int(self.mark[:13])

    def text(self) -> str:
        return urlsafe_b64encode(f"v1 {self.feed} {self.mark}".encode()).decode().rstrip("=")

    def is_stale(self, now_ms: int) -> bool:
        return self.at_ms < now_ms - LONGEST_AWAY_MS


def read_cursor(text: str, feed: str) -> SyncCursor | None:
    """None for a cursor of another feed: its reader has moved to another enterprise or role, and starts anew. Raises InvalidCursor."""
    try:
        match = _TEXT.fullmatch(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
    except (Base64Error, ValueError):
        raise InvalidCursor() from None
    if match is None:
        raise InvalidCursor()
    return SyncCursor(feed, match["mark"]) if match["feed"] == feed else None


def next_cursor(feed: str, last_mark: str | None, now_ms: int, *, is_end: bool) -> SyncCursor:
    """Behind the last row of a page; at the end of the feed at the horizon, or at the last row where that is earlier."""
    horizon = f"{max(now_ms - HORIZON_MS, 0):013d}"
    if last_mark is None:
        return SyncCursor(feed, horizon)
    return SyncCursor(feed, horizon if is_end else last_mark)
