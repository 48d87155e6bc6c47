"""Where a page of the chain's links ended: the last link's id, so that what is registered or taken away meanwhile moves no other."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from chalicelib.domain.errors import InvalidCursor

PREFIX = "link:"


def to_cursor(link_id: str) -> str:
    return urlsafe_b64encode(f"{PREFIX}{link_id}".encode()).decode().rstrip("=")


def from_cursor(cursor: str) -> str:
    """The link's id. Raises InvalidCursor."""
    try:
        found = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (Base64Error, ValueError) as error:
        raise InvalidCursor() from error
    if not found.startswith(PREFIX):
        raise InvalidCursor()
    return found.removeprefix(PREFIX)
