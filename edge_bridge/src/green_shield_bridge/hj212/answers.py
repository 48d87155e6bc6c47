"""What is said back: 9011 request taken, 9012 done, 9013 notice taken, 9014 data taken; and the heartbeat 9015.

An answer has ST=91 and echoes QN, PW, MN and the version bits of Flag; it wants no answer itself. In 2005 the QN stands
in CP and only 9011 has a Flag (HJ/T 212-2005, annex C); since 2017 it stands in the head (HJ 212-2017, annex C).
"""

from dataclasses import dataclass
from enum import IntEnum

from green_shield_bridge.hj212.packet import Packet, Version

SYSTEM_INTERACTION = "91"


class QnRtn(IntEnum):
    """How a request was taken."""

    OK = 1
    REFUSED = 2
    WRONG_PW = 3
    WRONG_MN = 4
    WRONG_ST = 5
    WRONG_FLAG = 6
    WRONG_QN = 7
    WRONG_CN = 8
    WRONG_CRC = 9
    OTHER = 100


class ExeRtn(IntEnum):
    """How a request ended."""

    OK = 1
    FAILED = 2
    WRONG_CONDITIONS = 3
    TIMEOUT = 4
    BUSY = 5
    SYSTEM_FAULT = 6
    NO_DATA = 100


@dataclass(frozen=True, slots=True)
class _Answer:
    cn: str
    keeps_flag_in_2005: bool = False

    def to(self, packet: Packet, result: str = "") -> Packet:
        flag = 0 if packet.flag is None else packet.flag & ~3
        if packet.version is not Version.HJ2005:
            return _interaction(self.cn, packet, packet.qn, flag, result)
        echo = ";".join(part for part in (f"QN={packet.qn}" if packet.qn else "", result) if part)
        return _interaction(self.cn, packet, "", flag if self.keeps_flag_in_2005 else None, echo)


def _interaction(cn: str, to: Packet, qn: str, flag: int | None, cp_text: str) -> Packet:
    return Packet(cn, to.mn, SYSTEM_INTERACTION, to.pw, qn, flag, cp_text=cp_text)


_REQUEST_TAKEN = _Answer("9011", keeps_flag_in_2005=True)
_DONE = _Answer("9012")
_NOTICE_TAKEN = _Answer("9013")
_DATA_TAKEN = _Answer("9014")


def request_answer(packet: Packet, rtn: QnRtn) -> Packet:
    """9011: a request was taken, or why not."""
    return _REQUEST_TAKEN.to(packet, f"QnRtn={rtn:d}")


def done(packet: Packet, rtn: ExeRtn) -> Packet:
    """9012: how the request ended."""
    return _DONE.to(packet, f"ExeRtn={rtn:d}")


def notice_answer(packet: Packet) -> Packet:
    """9013: a notice (a heartbeat too) was taken."""
    return _NOTICE_TAKEN.to(packet)


def data_answer(packet: Packet) -> Packet:
    """9014: the data are kept. Only to be sent when they are."""
    return _DATA_TAKEN.to(packet)


def heartbeat(mn: str, pw: str, st: str, qn: str) -> Packet:
    """9015 of 2025: the connection lives. `st` is the sender's own; the answer is 9013."""
    return Packet("9015", mn, st, pw, qn, Version.HJ2025 << 2 | 1)
