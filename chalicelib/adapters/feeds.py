"""Lists are partitions of feed rows that only name what they list; a cursor is the sort key where a page ended."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from chalicelib.adapters.rows import Row, Rows
from chalicelib.domain.errors import InvalidCursor

SORT_KEY = re.compile(r"^[\x21-\x7e]{1,200}$")


def _to_cursor(sk: str) -> str:
    return urlsafe_b64encode(sk.encode()).decode().rstrip("=")


def _from_cursor(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        sk = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (Base64Error, ValueError) as error:
        raise InvalidCursor() from error
    if not SORT_KEY.match(sk):
        raise InvalidCursor()
    return sk


def feed_page(
    rows: Rows, pk: str, cursor: str | None, limit: int, *, newest_first: bool = True
) -> tuple[list[Row], str | None]:
    """Newest first (or by rising sort key), and the cursor that goes on behind them."""
    found = rows.query(pk, after=_from_cursor(cursor), newest_first=newest_first, limit=limit + 1)
    return found[:limit], _to_cursor(found[limit - 1].sk) if len(found) > limit else None
