"""The running state of one station: what came from it, what was wrong with it, and the requests that go down to it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from green_shield_bridge import log
from green_shield_bridge.config.hj212 import Hj212Source, Hj212Station
from green_shield_bridge.hj212.answers import SYSTEM_INTERACTION
from green_shield_bridge.hj212.commands import Address, Exchange, Outcome, Request, Result
from green_shield_bridge.hj212.frames import Rules
from green_shield_bridge.hj212.packet import Packet, Version
from green_shield_bridge.hj212.qn import QnMaker
from green_shield_bridge.hj212.readings import HOUR, MINUTE
from green_shield_bridge.hj212.secret_files import read_password, read_sm4_key
from green_shield_bridge.hj212.station import Station
from green_shield_bridge.hj212.wishes import Wanted, Wishes
from green_shield_bridge.sources.status import SourceStatus

_VERSIONS = {"2005": Version.HJ2005, "2017": Version.HJ2017, "2025": Version.HJ2025}


@dataclass(slots=True)
class Tally:
    """Counts since the process started, and when something came last."""

    packets: int = 0
    repeats: int = 0
    answers: int = 0
    not_stored: int = 0
    last_packet_ms: int | None = None
    last_value_ms: int | None = None
    deviations: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class StationDesk:
    """Everything of one station but its connection."""

    def __init__(self, config: Hj212Station, station: Station, exchange: Exchange) -> None:
        self.config = config
        self.station = station
        self.exchange = exchange
        self.wishes = Wishes(_wanted(config))
        self.tally = Tally()
        self._st = config.st[0] if config.st else ""
        self._version = station.version or Version.HJ2017

    @property
    def address(self) -> Address:
        return Address(self.station.mn, self.station.pw, self._st, self._version)

    def accounted(self, deviations: Sequence[str], refused: str, now_ms: int) -> None:
        """A packet came, and was accepted unless `refused` says why not."""
        if refused:
            if not self.tally.refused[refused]:
                log.warn("hj212_refused", mn=self.station.mn, reason=refused)
            self.tally.refused[refused] += 1
            return
        self.tally.packets += 1
        self.tally.last_packet_ms = now_ms
        for deviation in deviations:
            if not self.tally.deviations[deviation]:
                log.warn("hj212_deviation", mn=self.station.mn, kind=deviation)
            self.tally.deviations[deviation] += 1

    def learn(self, packet: Packet) -> None:
        """How the station speaks: requests to it are put the same way."""
        if packet.st and packet.st != SYSTEM_INTERACTION:
            self._st = packet.st
        if packet.flag is not None and self.station.version is None:
            self._version = packet.version

    def ask(self, requests: Sequence[Request]) -> None:
        for request in requests:
            outcome = self.exchange.add(request)
            if outcome is not None:
                self.ended(outcome)

    def ended(self, outcome: Outcome) -> None:
        say = log.event if outcome.result is Result.DONE else log.warn
        say(
            "hj212_request_ended",
            mn=self.station.mn,
            request=outcome.kind,
            result=outcome.result,
            code=outcome.code,
            tries=outcome.tries,
        )

    def row(self, source: str, peer: str | None) -> SourceStatus:
        """The station in the status table; `peer` is where it is connected from. `late` counts repeats."""
        silent: Literal["starting", "lost"] = "starting" if self.tally.last_packet_ms is None else "lost"
        return SourceStatus(
            name=f"{source}/{self.station.mn}",
            kind="hj212_server",
            address=peer or "",
            state=silent if peer is None else "ok",
            points=len(self.config.points),
            last_value_ms=self.tally.last_value_ms,
            polls=self.tally.packets,
            failed=sum(self.tally.refused.values()),
            late=self.tally.repeats,
            detail=self.detail(),
        )

    def detail(self) -> str:
        """What an operator should know at a glance; counts, no values."""
        tally = self.tally
        parts = [f"{tally.packets} packets", f"{tally.answers} answered"]
        parts += [f"{tally.repeats} repeats"] if tally.repeats else []
        parts += [f"{tally.not_stored} not stored"] if tally.not_stored else []
        parts += [f"{name} {count}" for name, count in (tally.refused + tally.deviations).most_common(5)]
        parts += [f"{kind} {result} {count}" for (kind, result), count in sorted(self.exchange.counts.items())]
        return ", ".join(parts)


def desk_of(config: Hj212Station, source: Hj212Source) -> StationDesk:
    """A station with its secrets read. Raises KeyFileError."""
    station = Station(
        config.mn,
        read_password(config.password_file),
        frozenset(config.st),
        _VERSIONS.get(config.version),
        Rules(config.tolerant, config.accept_modbus_crc, source.max_frame),
        config.accept_empty_password,
        read_sm4_key(config.sm4_key_file) if config.sm4_key_file else None,
        config.answers,
    )
    return StationDesk(config, station, Exchange(QnMaker(), timeout_s=source.answer_timeout_s))


def _wanted(config: Hj212Station) -> Wanted:
    kinds = {point.data for point in config.points}
    history = {cn for kind, cn in (("minute", MINUTE), ("hour", HOUR)) if kind in kinds}
    return Wanted(
        config.set_time,
        config.live_interval_s,
        config.minute_interval_min,
        frozenset(history) if config.history else frozenset(),
        config.sample_on_trigger,
    )
