"""When and where a photo was taken, and which way up it is, from its EXIF block (Exif 2.32).

Cameras write all kinds of nonsense here: what cannot be true is None. Pillow may raise while it parses the block.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from PIL import Image

from chalicelib.domain.photo import Position

_MAKE, _MODEL, _SOFTWARE, _MODIFIED, _MODIFIED_OFFSET = 0x010F, 0x0110, 0x0131, 0x0132, 0x9010
_ORIENTATION, _EXIF_IFD, _GPS_IFD = 0x0112, 0x8769, 0x8825
_TAKEN, _TAKEN_OFFSET, _TAKEN_FRACTION = 0x9003, 0x9011, 0x9291
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_MAX_OFFSET_MIN = 14 * 60


def orientation(exif: Image.Exif) -> int:
    """1 (upright) to 8; 1 where the tag is absent or senseless."""
    value = exif.get(_ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def taken_at_ms(exif: Image.Exif, zone: tzinfo) -> int | None:
    """DateTimeOriginal with its fraction and offset; without an offset the clock is read in `zone`."""
    ifd = exif.get_ifd(_EXIF_IFD)
    fraction = _text(ifd.get(_TAKEN_FRACTION))
    fraction_ms = int(fraction[:3].ljust(3, "0")) if fraction.isascii() and fraction.isdigit() else 0
    taken_ms = _instant_ms(ifd.get(_TAKEN), ifd.get(_TAKEN_OFFSET), zone)
    return None if taken_ms is None else taken_ms + fraction_ms


def modified_at_ms(exif: Image.Exif, zone: tzinfo) -> int | None:
    """DateTime: when the file was written last, by the program that wrote it."""
    return _instant_ms(exif.get(_MODIFIED), exif.get_ifd(_EXIF_IFD).get(_MODIFIED_OFFSET), zone)


def software(exif: Image.Exif) -> str:
    return _text(exif.get(_SOFTWARE))[:100]


def has_camera(exif: Image.Exif) -> bool:
    return bool(_text(exif.get(_MAKE)) or _text(exif.get(_MODEL)) or _text(exif.get_ifd(_EXIF_IFD).get(_TAKEN)))


def _instant_ms(written: object, offset: object, zone: tzinfo) -> int | None:
    match = _TIME.fullmatch(_text(written))
    if match is None:
        return None
    try:
        local = datetime(*map(int, match.groups()), tzinfo=_offset(_text(offset)) or zone)  # type: ignore[arg-type,misc]
        return (local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def position(exif: Image.Exif) -> Position | None:
    """The GPS fix, in WGS 84. (0, 0) is what phones write for "no fix"."""
    gps = exif.get_ifd(_GPS_IFD)
    latitude = _degrees(gps, _LATITUDE, _LATITUDE_REF, {"N": 1, "S": -1}, 90)
    longitude = _degrees(gps, _LONGITUDE, _LONGITUDE_REF, {"E": 1, "W": -1}, 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return Position(latitude, longitude)


def _offset(text: str) -> timezone | None:
    match = _OFFSET.fullmatch("+00:00" if text == "Z" else text)
    if match is None or int(match[2]) * 60 + int(match[3]) > _MAX_OFFSET_MIN:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)


def _degrees(gps: Mapping[int, Any], tag: int, ref_tag: int, signs: Mapping[str, int], limit: float) -> float | None:
    """Degrees, minutes, seconds as one signed number; a rational with denominator 0 reads as NaN."""
    sign = signs.get(_text(gps.get(ref_tag)).upper())
    raw = gps.get(tag)
    parts = [float(part) for part in (raw if isinstance(raw, tuple) else (raw,)) if part is not None]
    if sign is None or not 1 <= len(parts) <= 3 or not all(math.isfinite(part) and part >= 0 for part in parts):
        return None
    if any(part > 60 for part in parts[1:]):
        return None
    degrees = sum(part / 60**place for place, part in enumerate(parts))
    return sign * degrees if degrees <= limit else None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip("\0 ") if isinstance(value, str) else ""
