"""Modbus TCP: one device, one connection, one task.

Polls of a device never overlap. A device that does not answer is left alone for a doubling time, and its points say
so once, with the flag B and no value. pymodbus carries the frames; what the registers mean is decided by plan.py and
codec.py.
"""

import asyncio
import logging
from collections.abc import Sequence

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.pdu import ModbusPDU

from green_shield_bridge import log
from green_shield_bridge.backoff import suspension_s
from green_shield_bridge.clock import Clock
from green_shield_bridge.config.model import ModbusTcpSource
from green_shield_bridge.intake import Sink
from green_shield_bridge.plan import FAULT, LINK_FAULT, Request, plan_requests
from green_shield_bridge.sources.polling import Beat
from green_shield_bridge.stats import Activity

# Exceptions by which a gateway says that the device behind it does not answer (Modbus application protocol 1.1b3, 7).
_GATEWAY_EXCEPTIONS = (10, 11)


class LinkFault(Exception):
    """The device does not answer, or not in a way that can be understood."""


class ModbusTcpPoller:
    """Reads every point of one device at each beat and hands the values to the sink."""

    def __init__(
        self, source: ModbusTcpSource, sink: Sink, activity: Activity, clock: Clock, *, phase_s: float = 0.0
    ) -> None:
        self.name = source.name
        self._source = source
        self._sink = sink
        self._activity = activity
        self._clock = clock
        self._phase_s = phase_s
        self._requests = plan_requests(source)
        self._client: AsyncModbusTcpClient | None = None
        self._failures = 0
        self._stamp_ms = 0

    async def run(self) -> None:
        """Poll until cancelled."""
        beat = Beat(self._source.poll_interval_s, self._clock.monotonic_s, phase_s=self._phase_s)
        resume_s = 0.0
        try:
            while True:
                skipped = await beat.next()
                if self._clock.monotonic_s() < resume_s:
                    continue
                if not self._failures:
                    self._activity.late_polls += skipped
                await self._poll()
                resume_s = self._clock.monotonic_s() + self._suspension_s()
        finally:
            self._disconnect()

    async def _poll(self) -> None:
        self._activity.polls += 1
        try:
            for request in self._requests:
                await self._read(await self._connected(), request)
        except LinkFault as fault:
            self._failed(fault)
        else:
            self._recovered()

    async def _read(self, client: AsyncModbusTcpClient, request: Request) -> None:
        answer = await self._ask(client, request)
        stamp_ms = self._stamp()
        if answer.isError():
            self._refused(request, answer, stamp_ms)
            return
        try:
            decoded = request.decode(answer.bits if request.function in ("coil", "discrete") else answer.registers)
        except ValueError as error:
            raise LinkFault(str(error)) from error
        self._sink.take(stamp_ms, request.points, decoded.values, decoded.flags)

    async def _ask(self, client: AsyncModbusTcpClient, request: Request) -> ModbusPDU:
        read = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }[request.function]
        try:
            return await read(request.address, count=request.count, device_id=self._source.device_id)
        except ModbusException as error:
            raise LinkFault(str(error)) from error

    def _refused(self, request: Request, answer: ModbusPDU, stamp_ms: int) -> None:
        """An exception answer: these registers are at fault, unless a gateway speaks for a silent device."""
        code = answer.exception_code
        if code in _GATEWAY_EXCEPTIONS:
            raise LinkFault(f"gateway: no answer from device {self._source.device_id} (exception {code})")
        log.event(
            "request_refused",
            level=logging.DEBUG,
            source=self._source.name,
            function=request.function,
            address=request.address,
            count=request.count,
            exception=code,
        )
        self._mark(request.points, FAULT, stamp_ms)

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client is not None and self._client.connected:
            return self._client
        self._disconnect()
        source = self._source
        # A new client for each connection, without pymodbus's own retries: when to try again is decided here, for
        # every cause alike.
        client = AsyncModbusTcpClient(
            source.host, port=source.port, timeout=source.timeout_s, retries=0, reconnect_delay=0
        )
        if not await client.connect():
            client.close()
            raise LinkFault(f"no connection to {source.host}:{source.port}")
        self._client = client
        return client

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _failed(self, fault: LinkFault) -> None:
        self._activity.failed_polls += 1
        self._failures += 1
        self._disconnect()  # an answer that comes after its time limit must not be taken for the next one's
        if self._failures == 1:
            log.warn("device_lost", source=self._source.name, reason=str(fault))
            self._mark(range(len(self._source.points)), LINK_FAULT, self._stamp())

    def _recovered(self) -> None:
        if self._failures:
            log.event("device_back", source=self._source.name, failed_polls=self._failures)
        self._failures = 0

    def _mark(self, points: Sequence[int], flag: str, stamp_ms: int) -> None:
        self._sink.take(stamp_ms, points, [None] * len(points), flag * len(points))

    def _suspension_s(self) -> float:
        source = self._source
        return suspension_s(self._failures, base_s=source.poll_interval_s, cap_s=source.suspend_max_s)

    def _stamp(self) -> int:
        """Now; never the very instant of the answer before, so that no series has two values at one time."""
        now_ms = self._clock.wall_ms()
        self._stamp_ms = now_ms + 1 if now_ms == self._stamp_ms else now_ms
        return self._stamp_ms


async def keep_running(poller: ModbusTcpPoller, restart_s: float = 5.0) -> None:
    """Run a source until cancelled. A defect in one does not stop the others: it is logged and the source restarted."""
    while True:
        try:
            await poller.run()
        except Exception as error:  # noqa: BLE001 -- the last line of defence of all other sources
            log.error("source_crashed", error, source=poller.name)
            await asyncio.sleep(restart_s)
