"""How far a phone has read a feed of changes.

Commits land out of order: a change may be marked a little earlier than one that is already there to be read. A phone reads a feed in runs
of pages, and each run begins with a horizon, HORIZON_MS before it. Where the run ends, the next begins at that horizon, however long the
phone was away between two pages. What changed since then comes again next time, and a phone ignores versions that it has.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass

from chalicelib.domain.errors import InvalidCursor

HORIZON_MS = 60_000  # a function that marks a change has written it, or given up, by then
LONGEST_AWAY_MS = 30 * 86_400_000  # a phone away for longer starts anew
_TEXT = re.compile(
    r"v1 (?P<feed>[\x21-\x7e]{1,80}) (?P<mark>[0-9]{13}(#[\x21-\x7e]{0,80})?)( (?P<horizon>[0-9]{13})(?P<first> first)?)?"
)


@dataclass(frozen=True, slots=True)
class SyncCursor:
    """`mark` is a sort key of the feed, or a bare instant (13 digits): all before it has been read.

    `horizon_ms` is that of a run with pages still to come; None between runs. `is_first`: of a run that began with nothing, and is of open
    tasks alone. One that is closed while it goes on changed after its horizon: the next run brings it.
    """

    feed: str
    mark: str
    horizon_ms: int | None = None
    is_first: bool = False

    def text(self) -> str:
        run = "" if self.horizon_ms is None else f" {self.horizon_ms:013d}{' first' if self.is_first else ''}"
        return urlsafe_b64encode(f"v1 {self.feed} {self.mark}{run}".encode()).decode().rstrip("=")

    def is_stale(self, now_ms: int) -> bool:
        """By when the phone spoke, not by how old a change it has read: a first sync begins with the oldest."""
        spoke_ms = int(self.mark[:13]) if self.horizon_ms is None else self.horizon_ms
        return spoke_ms < now_ms - LONGEST_AWAY_MS


def read_cursor(text: str, feed: str) -> SyncCursor | None:
    """None for a cursor of another feed: its reader has moved to another enterprise or role, and starts anew. Raises InvalidCursor."""
    try:
        match = _TEXT.fullmatch(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii"))
    except (Base64Error, ValueError):
        raise InvalidCursor() from None
    if match is None:
        raise InvalidCursor()
    horizon_ms = None if match["horizon"] is None else int(match["horizon"])
    is_first = match["first"] is not None
    return SyncCursor(feed, match["mark"], horizon_ms, is_first) if match["feed"] == feed else None


def next_cursor(feed: str, since: SyncCursor | None, last_mark: str | None, now_ms: int, *, is_end: bool) -> SyncCursor:
    """Behind the last row of a page, with the horizon of the run; at the end of the feed at that horizon."""
    begun_ms = None if since is None else since.horizon_ms
    horizon_ms = max(now_ms - HORIZON_MS, 0) if begun_ms is None else begun_ms
    if is_end or last_mark is None:
        return SyncCursor(feed, f"{horizon_ms:013d}")
    return SyncCursor(feed, last_mark, horizon_ms, is_first=since is None or since.is_first)
