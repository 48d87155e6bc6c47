"""Data segments: QN, ST, CN, PW, MN, Flag, PNUM, PNO and the items of CP.

Flag says the version of the standard in its upper six bits (0: 2005, 1: 2017, 2: 2025), in bit 1 that PNUM and PNO
follow, in bit 0 that an answer is wanted. A strict parse refuses a packet whose meaning would have to be guessed
(deviations.GUESSED); a tolerant one guesses and says so. PW and what CP holds (a new password, a new key) stay out of
repr.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from green_shield_bridge.hj212.deviations import GUESSED, Deviation
from green_shield_bridge.hj212.frames import encode_frame
from green_shield_bridge.hj212.times import parse_time

# An item of CP: its fields, in order. (("a21026-Rtd", "12.5"), ("a21026-Flag", "N"))
Item = tuple[tuple[str, str], ...]


class Version(IntEnum):
    HJ2005 = 0
    HJ2017 = 1
    HJ2025 = 2


@dataclass(frozen=True, slots=True)
class Packet:
    """One data segment. "" stands for a field that is empty or missing, None for a number that is.

    `items` and `data_time_ms` are what parse() read out of `cp_text`; a packet built to be sent needs `cp_text` only.
    `extra` are further fields of the head.
    """

    cn: str
    mn: str = ""
    st: str = ""
    pw: str = field(default="", repr=False)
    qn: str = ""
    flag: int | None = None
    pnum: int | None = None
    pno: int | None = None
    cp_text: str = field(default="", repr=False)
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    deviations: tuple[Deviation, ...] = field(default=(), compare=False)
    items: tuple[Item, ...] = field(default=(), repr=False, compare=False)
    data_time_ms: int | None = field(default=None, compare=False)

    @property
    def version(self) -> Version:
        """By Flag; without one, or with one of a version to come, the nearest that is known."""
        return Version.HJ2005 if self.flag is None else Version(min(self.flag >> 2, Version.HJ2025))

    @property
    def is_answer_wanted(self) -> bool:
        return self.flag is not None and self.flag & 1 == 1

    @property
    def is_part(self) -> bool:
        """Whether this is one of several packets that make one message."""
        return self.pnum is not None and self.pno is not None and self.pnum > 1

    def value(self, name: str) -> str | None:
        """The first value of a field of CP (`RtdInterval`, `QnRtn`, `SystemTime`), or None."""
        return next((value for item in self.items for key, value in item if key == name), None)


class Reason(StrEnum):
    CP_MISSING = "cp_missing"
    CP_UNTERMINATED = "cp_unterminated"
    CN_MISSING = "cn_missing"
    GUESSED = "guessed"  # strict, and the deviations leave a doubt about the meaning


@dataclass(frozen=True, slots=True)
class Malformed:
    """A data segment that cannot be used, and why."""

    reason: Reason
    deviations: tuple[Deviation, ...] = ()


_ORDER = {name: place for place, name in enumerate(("QN", "ST", "CN", "PW", "MN", "FLAG", "PNUM", "PNO"))}
_SPELLED = {"QN": "QN", "ST": "ST", "CN": "CN", "PW": "PW", "MN": "MN", "Flag": "FLAG", "PNUM": "PNUM", "PNO": "PNO"}
# The longest number that a head can sensibly hold.
_MAX_DIGITS = 9


def parse(data: bytes, *, tolerant: bool = False) -> Packet | Malformed:
    """A data segment (of a frame) to a packet."""
    found: list[Deviation] = []
    head, opened, rest = _text(data, found).partition("CP=&&")
    if not opened:
        return Malformed(Reason.CP_MISSING, tuple(found))
    cp_text, closed, after = rest.rpartition("&&")
    if not closed:
        return Malformed(Reason.CP_UNTERMINATED, tuple(found))
    if after:
        found.append(Deviation.STRAY_SEPARATOR if after.strip(";") == "" else Deviation.FIELD_MALFORMED)
    fields, extra = _head(head, found)
    cn = fields.get("CN", "")
    if not (cn.isascii() and cn.isdigit()):
        return Malformed(Reason.CN_MISSING, tuple(found))
    flag = _flag(fields.get("FLAG"), found)
    pnum, pno = _numbers(fields, flag, found)
    _note_missing(fields, found)
    items = _items(cp_text, found)
    data_time_ms = _data_time(items, found)
    deviations = tuple(dict.fromkeys(found)) if found else ()
    if not tolerant and not GUESSED.isdisjoint(deviations):
        return Malformed(Reason.GUESSED, deviations)
    return Packet(
        cn,
        fields.get("MN", ""),
        fields.get("ST", ""),
        fields.get("PW", ""),
        fields.get("QN", ""),
        flag,
        pnum,
        pno,
        cp_text,
        extra,
        deviations,
        items,
        data_time_ms,
    )


def _text(data: bytes, found: list[Deviation]) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        found.append(Deviation.ENCODING)
        return data.decode("utf-8", "replace")


def _head(head: str, found: list[Deviation]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Fields of the head by upper-case name; those that the standard does not name."""
    fields: dict[str, str] = {}
    extra: list[tuple[str, str]] = []
    last = -1
    for text in head.removesuffix(";").split(";"):
        name, is_field, value = text.partition("=")
        if not is_field:
            found.append(Deviation.FIELD_MALFORMED if text else Deviation.STRAY_SEPARATOR)
            continue
        known = _SPELLED.get(name)
        if known is None:
            known = name.strip().upper()
            if known not in _ORDER:
                extra.append((name, value))
                continue
            found.append(Deviation.FIELD_CASE)
        if known in fields:
            found.append(Deviation.FIELD_REPEATED)
            continue
        fields[known] = value
        place = _ORDER[known]
        if place < last:
            found.append(Deviation.FIELD_ORDER)
        last = place
    return fields, tuple(extra)


def _flag(text: str | None, found: list[Deviation]) -> int | None:
    if text is None:
        return None
    flag = _number(text)
    if flag is None or flag > 0xFF:
        found.append(Deviation.FLAG_MALFORMED)
        return None
    if flag >> 2 > Version.HJ2025:
        found.append(Deviation.VERSION_UNKNOWN)
    return flag


def _number(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS and text.isascii() and text.isdigit() else None


def _numbers(fields: dict[str, str], flag: int | None, found: list[Deviation]) -> tuple[int | None, int | None]:
    """(PNUM, PNO): both or none."""
    is_announced = flag is not None and flag & 2 == 2
    if "PNUM" not in fields and "PNO" not in fields:
        # Every example of 2005 has Flag=3 and no numbers.
        if is_announced and flag is not None and flag >> 2:
            found.append(Deviation.NUMBERS_MISSING)
        return None, None
    if not is_announced:
        found.append(Deviation.NUMBERS_UNANNOUNCED)
    pnum, pno = _number(fields.get("PNUM", "")), _number(fields.get("PNO", ""))
    if not pnum or not pno:
        found.append(Deviation.NUMBERS_MALFORMED)
        return None, None
    if pno > pnum:
        found.append(Deviation.NUMBERS_SWAPPED)
        return pno, pnum
    return pnum, pno


def _note_missing(fields: dict[str, str], found: list[Deviation]) -> None:
    if not fields.get("PW"):
        found.append(Deviation.PW_MISSING)
    if not fields.get("MN"):
        found.append(Deviation.MN_MISSING)
    qn = fields.get("QN")
    if qn is not None and (len(qn) != 17 or not (qn.isascii() and qn.isdigit())):
        found.append(Deviation.QN_MALFORMED)


def _items(cp_text: str, found: list[Deviation]) -> tuple[Item, ...]:
    if not cp_text:
        return ()
    if "-td=" in cp_text:
        found.append(Deviation.RTD_MISSPELT)
    if ";Flag=" in cp_text:
        found.append(Deviation.FLAG_OF_NOTHING)
    items: list[Item] = []
    for text in cp_text.split(";"):
        item: list[tuple[str, str]] = []
        for part in text.split(","):
            key, sign, value = part.partition("=")
            if sign:
                item.append((key, value))
            else:
                found.append(Deviation.ITEM_MALFORMED if part else Deviation.STRAY_SEPARATOR)
        if item:
            items.append(tuple(item))
    return tuple(items)


def _data_time(items: Iterable[Item], found: list[Deviation]) -> int | None:
    """DataTime leads; where it does not, it counts all the same."""
    text = next((value for item in items for key, value in item if key == "DataTime"), None)
    if text is None:
        return None
    data_time_ms, deviation = parse_time(text)
    if deviation:
        found.append(deviation)
    return data_time_ms


def encode(packet: Packet) -> bytes:
    """A packet to a frame. Raises ValueError where a field holds what would end it, or four digits cannot say the length."""
    return encode_frame(encode_segment(packet))


def encode_segment(packet: Packet) -> bytes:
    """A packet to a data segment, in the order of the standard."""
    fields = [("QN", packet.qn)] if packet.qn else []
    fields += [("ST", packet.st)] if packet.st else []
    fields += [("CN", packet.cn), ("PW", packet.pw), ("MN", packet.mn)]
    fields += [] if packet.flag is None else [("Flag", str(packet.flag))]
    if packet.pnum is not None and packet.pno is not None:
        fields += [("PNUM", str(packet.pnum)), ("PNO", str(packet.pno))]
    fields += packet.extra
    for name, value in fields:
        if any(mark in name + value for mark in ";&\r\n"):
            raise ValueError(f"{name}: holds ';', '&' or a line end; allowed: any other text")
    if "&&" in packet.cp_text or packet.cp_text[-1:] == "&":
        raise ValueError("cp_text: holds what ends it; allowed: text without &&")
    return "".join([*(f"{name}={value};" for name, value in fields), f"CP=&&{packet.cp_text}&&"]).encode()
