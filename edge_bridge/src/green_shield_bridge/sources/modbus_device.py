"""One Modbus device on its line: when it is due, what is known of its points, how it fares. No sockets.

A device that does not answer is left alone for a doubling time, and each of its points says so once, with the flag B
and no value. What it refuses gets the flag D at every poll.
"""

import logging
from collections.abc import Callable

from green_shield_bridge import log
from green_shield_bridge.backoff import suspension_s
from green_shield_bridge.config.modbus import ModbusSource
from green_shield_bridge.intake import Sink
from green_shield_bridge.modbus.plan import FAULT, LINK_FAULT, plan_requests
from green_shield_bridge.modbus.request import FUNCTION_CODES, Request
from green_shield_bridge.sources.faults import LinkFault
from green_shield_bridge.sources.modbus_link import NoConnection
from green_shield_bridge.sources.modbus_pdu import ExceptionAnswer, payload_of
from green_shield_bridge.sources.polling import Beat
from green_shield_bridge.sources.status import SourceStatus, State

# Two answers within one step of the clock (clock.py counts in fours) must not give a series two values at one time.
_STEP_MS = 4


class ModbusDevice:
    """The points of one device and their requests."""

    def __init__(self, source: ModbusSource, sink: Sink, wall_ms: Callable[[], int], phase_s: float = 0.0) -> None:
        self.source = source
        self.requests = plan_requests(source)
        self.beat = Beat(source.poll_interval_s, phase_s)
        self.failures = 0
        self.polls = self.failed_polls = self.late_polls = 0
        self.is_cut_off = False
        self._phase_s = phase_s
        self._sink = sink
        self._wall_ms = wall_ms
        self._stamp_ms = 0
        self._last_value_ms: int | None = None
        self._detail = ""
        self._exponents: dict[tuple[str, int], int] = {}
        self._unread: list[Request] = []
        self._told_lost: set[Request] = set()
        self._refusals: dict[Request, int] = {}

    def start(self, now_s: float) -> None:
        """Begin to count the beat: the first poll is due `phase_s` from now."""
        self.beat = Beat(self.source.poll_interval_s, now_s + self._phase_s)

    def begin_poll(self) -> None:
        self.polls += 1
        self._unread = list(self.requests)
        self._exponents.clear()

    def answered(self, request: Request, answer: bytes) -> None:
        """Take an answer's values. Raises ExceptionAnswer, LinkFault."""
        payload = payload_of(answer, FUNCTION_CODES[request.function])
        try:
            decoded = request.decode(payload, self._exponents)  # type: ignore[arg-type]
        except ValueError as error:
            raise LinkFault(str(error)) from error
        self._read(request)
        if self._refusals and self._refusals.pop(request, None) is not None:
            self._say("request_answered_again", request)
        if request.points:
            self._last_value_ms = stamp_ms = self._stamp()
            self._sink.take(stamp_ms, request.points, decoded.values, decoded.flags)

    def refused(self, request: Request, refusal: ExceptionAnswer) -> None:
        """An exception answer: these registers have no value. Told in the log when it begins."""
        self._read(request)
        self._detail = f"{request.function} {request.address} (counted from 0), {request.count} of them: {refusal}"
        if self._refusals.get(request) != refusal.code:
            self._refusals[request] = refusal.code
            self._say("request_refused", request, reason=str(refusal))
        self._mark(request, FAULT)

    def lost(self, fault: LinkFault) -> None:
        """The poll failed. What was not read of it is not known any more."""
        self.failures += 1
        self.failed_polls += 1
        self.is_cut_off = isinstance(fault, NoConnection)
        self._detail = str(fault)
        if self.failures == 1:
            log.warn("device_lost", source=self.source.name, reason=str(fault))
        for request in self._unread:
            if request not in self._told_lost:
                self._told_lost.add(request)
                self._mark(request, LINK_FAULT)

    def cut_off(self, fault: NoConnection) -> None:
        """Nobody on the line can be reached, as another device's poll has found."""
        self._unread = list(self.requests)
        self.lost(fault)
        self.failed_polls -= 1  # it was not this device's poll

    def recovered(self) -> None:
        if self.failures:
            log.event("device_back", source=self.source.name, failed_polls=self.failures)
        self.failures = 0
        self.is_cut_off = False
        if not self._refusals:
            self._detail = ""

    def over(self, now_s: float) -> int:
        """The poll is over: set the next. Returns the polls that are skipped because it took too long."""
        skipped = self.beat.over(now_s + self._suspension_s())
        late = 0 if self.failures else skipped
        self.late_polls += late
        return late

    def status(self, now_s: float) -> SourceStatus:
        source = self.source
        return SourceStatus(
            name=source.name,
            kind=source.kind,
            address=source.address,
            state=self._state(now_s),
            points=len(source.points),
            last_value_ms=self._last_value_ms,
            polls=self.polls,
            failed=self.failed_polls,
            late=self.late_polls,
            detail=self._detail or None,
        )

    def _state(self, now_s: float) -> State:
        if self.failures:
            return "suspended" if self.beat.due_s > now_s else "lost"
        return "ok" if self.polls else "starting"

    def _suspension_s(self) -> float:
        source = self.source
        base_s = max(source.poll_interval_s, source.timeout_s)
        return suspension_s(self.failures, base_s=base_s, cap_s=source.suspend_max_s)

    def _read(self, request: Request) -> None:
        if request in self._unread:
            self._unread.remove(request)
        self._told_lost.discard(request)

    def _mark(self, request: Request, flag: str) -> None:
        if request.points:
            count = len(request.points)
            self._sink.take(self._stamp(), request.points, [None] * count, flag * count)

    def _stamp(self) -> int:
        now_ms = self._wall_ms()
        before_ms = self._stamp_ms
        self._stamp_ms = before_ms + _STEP_MS if 0 <= before_ms - now_ms < 1_000 else now_ms
        return self._stamp_ms

    def _say(self, event: str, request: Request, **facts: object) -> None:
        log.event(
            event,
            level=logging.WARNING if facts else logging.INFO,
            source=self.source.name,
            function=request.function,
            address=request.address,
            count=request.count,
            **facts,
        )
