"""Frames: "##", four digits of length, data segment, four hex digits of CRC, CR LF.

A verdict is kept apart from parsing: whatever can be delimited comes out as a Frame that says what is right and wrong
about it, and `refusal` says whether a source may use it. HJ 212-2017, 6.3; what devices send instead: deviations.py.

How a frame is found in a stream (splitter.py does it):
- A "##" with digits opens a frame. It can end where its length says, and at the first "&&" with four hex digits.
  The first end at which the CRC holds is the end.
- A whole good frame inside the length that another claims wins: a lying length swallows nothing.
- A frame whose CRC holds nowhere is given up at its length, at its "&&" with four hex digits, at the next "##" or by
  timeout(), whichever is the first that can be told.
- What comes out does not depend on how the stream was cut into pieces.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from green_shield_bridge.hj212.crc import crc16, modbus_crc16
from green_shield_bridge.hj212.deviations import Deviation

# The standard's limit of a data segment; real devices exceed it, so it is noted and not refused.
STANDARD_DATA_BYTES = 1024
# What four digits can say.
MAX_DATA_BYTES = 9999


class Crc(StrEnum):
    HJ212 = "hj212"
    MODBUS = "modbus"
    MODBUS_SWAPPED = "modbus_swapped"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a source accepts. Strict: CRC and length must hold. Tolerant: the CRC must hold.

    `accept_modbus_crc` takes plain Modbus CRC for a CRC, with its bytes in either order, in both.
    """

    tolerant: bool = False
    accept_modbus_crc: bool = False
    max_data_bytes: int = MAX_DATA_BYTES

    def __post_init__(self) -> None:
        if not 1 <= self.max_data_bytes <= MAX_DATA_BYTES:
            raise ValueError(f"max_data_bytes: {self.max_data_bytes}; allowed: 1 to {MAX_DATA_BYTES}")


STRICT = Rules()


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `data` is the data segment (it holds the PW, so it stays out of repr), `size` its bytes on the wire
    from "##" to the CRC. `length_given` and `crc_given` are as sent."""

    data: bytes = field(repr=False)
    size: int
    length_given: str
    crc_given: str
    crc: Crc
    length_ok: bool
    deviations: tuple[Deviation, ...]

    @property
    def crc_ok(self) -> bool:
        """Whether the CRC is the standard's."""
        return self.crc is Crc.HJ212


@dataclass(frozen=True, slots=True)
class Garbage:
    """`size` bytes that belong to no frame; `head` are the first of them."""

    size: int
    head: bytes = field(repr=False)


def refusal(frame: Frame, rules: Rules) -> Deviation | None:
    """Why a source with these rules may not use a frame, or None where it may."""
    if not crc_holds(frame.crc, rules):
        return _CRC_DEVIATION[frame.crc]
    if rules.tolerant or frame.length_ok:
        return None
    return Deviation.LENGTH_WRONG if Deviation.LENGTH_WRONG in frame.deviations else Deviation.LENGTH_DIGITS


def crc_holds(crc: Crc, rules: Rules) -> bool:
    return crc is Crc.HJ212 or (rules.accept_modbus_crc and crc is not Crc.NONE)


_CRC_DEVIATION = {
    Crc.MODBUS: Deviation.CRC_MODBUS,
    Crc.MODBUS_SWAPPED: Deviation.CRC_MODBUS_SWAPPED,
    Crc.NONE: Deviation.CRC_WRONG,
}


def crc_variant(data: bytes, given: int) -> Crc:
    """By which sum a given CRC fits the data."""
    if crc16(data) == given:
        return Crc.HJ212
    modbus = modbus_crc16(data)
    if modbus == given:
        return Crc.MODBUS
    return Crc.MODBUS_SWAPPED if (modbus & 0xFF) << 8 | modbus >> 8 == given else Crc.NONE


def judged(data: bytes, length_given: str, crc_given: str, crc: Crc) -> Frame:
    """A delimited frame with its verdict."""
    length_is_right = int(length_given[-4:]) == len(data)
    has_four = len(length_given) == 4
    found: tuple[Deviation, ...] = ()
    if not length_is_right:
        found += (Deviation.LENGTH_WRONG,)
    if not has_four:
        found += (Deviation.LENGTH_DIGITS,)
    if len(data) > STANDARD_DATA_BYTES:
        found += (Deviation.OVERSIZE,)
    if crc_given != crc_given.upper():
        found += (Deviation.CRC_LOWER_CASE,)
    if crc is not Crc.HJ212:
        found += (_CRC_DEVIATION[crc],)
    size = 2 + len(length_given) + len(data) + 4
    return Frame(data, size, length_given, crc_given, crc, length_is_right and has_four, found)


def encode_frame(data: bytes) -> bytes:
    """A frame around a data segment. Raises ValueError where four digits cannot say its length."""
    if len(data) > MAX_DATA_BYTES:
        raise ValueError(f"data segment: {len(data)} bytes; allowed: at most {MAX_DATA_BYTES}")
    return b"##%04d%b%04X\r\n" % (len(data), data, crc16(data))
