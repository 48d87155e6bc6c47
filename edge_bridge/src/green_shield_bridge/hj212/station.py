"""What is known of a device, and whether a frame that claims to come from it may be used.

A refusal carries its reason, for the count and the log, and the QnRtn that tells the device (HJ 212-2017, 6.6.3).
"""

import hmac
from dataclasses import dataclass, field, replace
from typing import Literal

from green_shield_bridge.hj212.answers import SYSTEM_INTERACTION, QnRtn
from green_shield_bridge.hj212.deviations import GUESSED
from green_shield_bridge.hj212.frames import STRICT, Frame, Rules, crc_holds, refusal
from green_shield_bridge.hj212.packet import Malformed, Packet, Version, parse
from green_shield_bridge.hj212.sm4 import Undecipherable, decrypt_data_segment, is_encrypted_command, is_readable


@dataclass(frozen=True, slots=True)
class Station:
    """One device. `systems`: the ST it may send, all where empty. `version`: the edition it must speak, any where None."""

    mn: str
    pw: str = field(repr=False)
    systems: frozenset[str] = frozenset()
    version: Version | None = None
    rules: Rules = STRICT
    accepts_empty_pw: bool = False
    sm4_key: bytes | None = field(default=None, repr=False)
    answers: Literal["auto", "always", "never"] = "auto"

    def wants_answer(self, packet: Packet) -> bool:
        return packet.is_answer_wanted if self.answers == "auto" else self.answers == "always"


@dataclass(frozen=True, slots=True)
class Accepted:
    """`deviations`: codes of what a tolerant or strict reading let pass."""

    station: Station
    packet: Packet
    deviations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """`mn` is "" where no station of ours is concerned. `packet` is what can be answered, None where nothing can."""

    reason: str
    rtn: QnRtn = QnRtn.OTHER
    mn: str = ""
    packet: Packet | None = None


_Stations = dict[str, Station]


def judge(frame: Frame, stations: _Stations) -> Accepted | Refused:
    """A frame to the packet of a station, or why it may not be used."""
    packet = parse(frame.data, tolerant=True)
    if isinstance(packet, Malformed):
        return Refused(str(packet.reason))
    station = stations.get(packet.mn)
    if station is None:
        is_whole = crc_holds(frame.crc, STRICT)
        return Refused("mn_unknown", QnRtn.WRONG_MN, packet=packet) if is_whole else Refused("crc_wrong")
    reason = refusal(frame, station.rules)
    if reason is not None:
        rtn = QnRtn.OTHER if crc_holds(frame.crc, station.rules) else QnRtn.WRONG_CRC
        return Refused(str(reason), rtn, station.mn, packet)
    return _of_station(frame, packet, station)


def _of_station(frame: Frame, packet: Packet, station: Station) -> Accepted | Refused:
    refused = _identity(packet, station)
    if refused is not None:
        return refused
    opened = _opened(frame, packet, station)
    if isinstance(opened, Refused):
        return opened
    deviations = tuple(dict.fromkeys(str(one) for one in (*frame.deviations, *opened.deviations)))
    if is_other_version(opened, station):
        if not station.rules.tolerant:
            return Refused("version_differs", QnRtn.WRONG_FLAG, station.mn, packet)
        deviations += ("version_differs",)
    if station.sm4_key is not None and opened is packet and is_encrypted_command(packet.cn) and packet.cp_text:
        deviations += ("not_encrypted",)
    return Accepted(station, opened, deviations)


def _identity(packet: Packet, station: Station) -> Refused | None:
    is_empty_allowed = station.accepts_empty_pw and not packet.pw
    if not is_empty_allowed and not hmac.compare_digest(packet.pw.encode(), station.pw.encode()):
        return Refused("pw_wrong", QnRtn.WRONG_PW, station.mn, packet)
    if station.systems and packet.st not in station.systems and packet.st != SYSTEM_INTERACTION:
        return Refused("st_wrong", QnRtn.WRONG_ST, station.mn, packet)
    return None


def _opened(frame: Frame, packet: Packet, station: Station) -> Packet | Refused:
    """The packet with its CP in the clear, and nothing left to guess where the station is strict."""
    readable = packet
    if station.sm4_key is not None and is_encrypted_command(packet.cn):
        if is_readable(frame.data):
            if packet.cp_text and not station.rules.tolerant:
                return Refused("not_encrypted", QnRtn.OTHER, station.mn, packet)
        else:
            decrypted = _decrypted(frame.data, station.sm4_key)
            if decrypted is None:
                return Refused("undecipherable", QnRtn.OTHER, station.mn, packet)
            readable = decrypted
    doubts = GUESSED.intersection(readable.deviations)
    if doubts and not station.rules.tolerant:
        return Refused(min(doubts), QnRtn.OTHER, station.mn, packet)
    return readable


def _decrypted(data: bytes, key: bytes) -> Packet | None:
    try:
        packet = parse(decrypt_data_segment(key, data), tolerant=True)
    except Undecipherable:
        return None
    return None if isinstance(packet, Malformed) else packet


def is_other_version(packet: Packet, station: Station) -> bool:
    """Whether a packet is of another edition than its station must speak. Answers of 2005 have no Flag to tell."""
    is_silent = packet.flag is None and packet.st == SYSTEM_INTERACTION
    return station.version is not None and not is_silent and packet.version is not station.version


def rules_for_all(stations: _Stations, max_data_bytes: int) -> Rules:
    """How to find frames before it is known whose they are: as the most lenient of the stations needs it."""
    return replace(
        STRICT,
        accept_modbus_crc=any(station.rules.accept_modbus_crc for station in stations.values()),
        max_data_bytes=max_data_bytes,
    )
