"""Times of HJ 212: YYYYMMDDhhmmss, or with three digits of milliseconds, in Beijing time (UTC+8, no summer time)."""

from datetime import UTC, datetime, timedelta

from green_shield_bridge.hj212.deviations import Deviation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEIJING_MS = 8 * 3600 * 1000
_SECOND = timedelta(seconds=1)


def parse_time(text: str) -> tuple[int | None, Deviation | None]:
    """(epoch ms, what is odd about the text). None with TIME_MALFORMED where it is no time."""
    if len(text) not in (14, 17) or not (text.isascii() and text.isdigit()):
        return None, Deviation.TIME_MALFORMED
    try:
        wall = datetime.fromisoformat(f"{text[:8]}T{text[8:14]}+00:00")
    except ValueError:
        return None, Deviation.TIME_MALFORMED
    epoch_ms = (wall - _EPOCH) // _SECOND * 1000 - _BEIJING_MS
    if len(text) == 14:
        return epoch_ms, None
    return epoch_ms + int(text[14:]), Deviation.TIME_MILLISECONDS


def format_time(epoch_ms: int) -> str:
    """YYYYMMDDhhmmss, for DataTime, SystemTime, BeginTime and EndTime."""
    wall = _EPOCH + timedelta(milliseconds=epoch_ms + _BEIJING_MS)
    return f"{wall.year:04d}{wall:%m%d%H%M%S}"


def format_qn(epoch_ms: int) -> str:
    """YYYYMMDDhhmmssZZZ, for QN."""
    return f"{format_time(epoch_ms)}{epoch_ms % 1000:03d}"
