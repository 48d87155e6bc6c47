"""Modbus: one line, one connection, one task, which reads the line's devices in turn.

Requests on a line never overlap, and polls of a device never pile up. A device that does not answer costs its line
one time limit, then is left alone for a doubling time; devices of other lines notice nothing. A command to a device
is carried out by the same task, between two requests.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from green_shield_bridge.clock import Clock
from green_shield_bridge.config.modbus import ModbusRtuTcpSource, ModbusSource
from green_shield_bridge.intake import Sink
from green_shield_bridge.modbus.request import Request
from green_shield_bridge.sources.faults import LinkFault, WriteRefused
from green_shield_bridge.sources.modbus_device import ModbusDevice
from green_shield_bridge.sources.modbus_link import Link, NoConnection, Silence, least_pause_s, new_link
from green_shield_bridge.sources.modbus_pdu import ExceptionAnswer, GatewayFault
from green_shield_bridge.sources.modbus_write import PendingWrite, Writable, write_and_read_back
from green_shield_bridge.sources.status import SourceStatus
from green_shield_bridge.stats import Activity

BUSY_PAUSE_S = 0.1
MAX_PENDING_WRITES = 100
PHASES = 10

__all__ = ["LinkFault", "ModbusLine", "WriteRefused", "modbus_lines"]


class ModbusLine:
    """Reads every device of a line at its beat and hands the values to the device's sink."""

    def __init__(self, devices: Sequence[ModbusDevice], activity: Activity, clock: Clock) -> None:
        first = devices[0].source
        self.name = first.name if len(devices) == 1 else first.line
        self._devices = devices
        self._activity = activity
        self._clock = clock
        self._link: Link | None = None
        self._rested_s = 0.0
        self._silences = 0
        self._writes: deque[PendingWrite] = deque()
        self._wake: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Poll until cancelled."""
        for device in self._devices:
            device.start(self._clock.monotonic_s())
        try:
            while True:
                device = min(self._devices, key=_due_s) if len(self._devices) > 1 else self._devices[0]
                await self._until(device.beat.due_s)
                if self._writes:
                    await self._carry_out_writes()
                if self._clock.monotonic_s() >= device.beat.due_s:
                    await self._poll(device)
                    self._activity.late_polls += device.over(self._clock.monotonic_s())
        finally:
            self._disconnect()
            for pending in self._writes:
                _settle(pending, LinkFault("the bridge stopped"))
            self._writes.clear()

    def status(self) -> list[SourceStatus]:
        now_s = self._clock.monotonic_s()
        return [device.status(now_s) for device in self._devices]

    async def write(self, device: str, spec: Writable, value: float) -> float:
        """Write a value to a register of a device (named as its source) and return what it then shows.

        Waits for the line's task, which does it between two requests. Raises WriteRefused, LinkFault.
        """
        if all(device != one.source.name for one in self._devices):
            raise WriteRefused(f"no device {device!r} on the line {self.name}")
        if len(self._writes) >= MAX_PENDING_WRITES:
            raise WriteRefused(f"{MAX_PENDING_WRITES} writes wait for this line already")
        pending = PendingWrite(device, spec, value, asyncio.get_running_loop().create_future())
        self._writes.append(pending)
        self._wake_up()
        return await pending.done

    async def _until(self, due_s: float) -> None:
        """Sleep, but no longer than until somebody wants to write."""
        delay_s = due_s - self._clock.monotonic_s()
        if delay_s <= 0 or self._writes:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        self._wake = loop.create_future()
        timer = loop.call_later(delay_s, self._wake_up)
        try:
            await self._wake
        finally:
            timer.cancel()
            self._wake = None

    def _wake_up(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _poll(self, device: ModbusDevice) -> None:
        self._activity.polls += 1
        device.begin_poll()
        try:
            for request in await self._read(device, device.requests):
                await self._again(device, request)
        except NoConnection as fault:
            self._failed(device, fault)
            for other in self._devices:
                if other is not device:
                    other.cut_off(fault)
                    other.over(self._clock.monotonic_s())
        except LinkFault as fault:
            self._failed(device, fault)
        else:
            device.recovered()

    async def _read(self, device: ModbusDevice, requests: Iterable[Request]) -> list[Request]:
        """Read what the requests ask for. Returns those for which the device was too busy."""
        busy: list[Request] = []
        for request in requests:
            if self._writes:
                await self._carry_out_writes()
            try:
                device.answered(request, await self._ask(device, request.pdu))
            except ExceptionAnswer as refusal:
                if refusal.is_busy:
                    busy.append(request)
                else:
                    device.refused(request, refusal)
        return busy

    async def _again(self, device: ModbusDevice, request: Request) -> None:
        """Once more after a rest: a device that is still busy then has no value."""
        await asyncio.sleep(max(BUSY_PAUSE_S, device.source.pause_s))
        try:
            device.answered(request, await self._ask(device, request.pdu))
        except ExceptionAnswer as refusal:
            device.refused(request, refusal)

    async def _ask(self, device: ModbusDevice, pdu: bytes) -> bytes:
        source = device.source
        link = self._link
        if link is None or not link.is_open:
            link = await self._connect(source)
        if (rest_s := self._rested_s - self._clock.monotonic_s()) > 0:
            await asyncio.sleep(rest_s)
        try:
            answer = await link.ask(source.device_id, pdu, source.timeout_s)
        finally:
            pause_s = max(source.pause_s, least_pause_s(source))
            self._rested_s = self._clock.monotonic_s() + pause_s if pause_s else 0.0
        self._silences = 0
        return answer

    async def _connect(self, source: ModbusSource) -> Link:
        self._disconnect()
        link = new_link(source)
        try:
            await link.open(source.timeout_s)
        except BaseException:
            link.close()
            raise
        self._link = link
        for device in self._devices:
            if device.is_cut_off:  # it was the line that failed: nobody on it has to wait any longer
                device.is_cut_off = False
                device.beat.due_s = min(device.beat.due_s, self._clock.monotonic_s())
        return link

    def _disconnect(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _failed(self, device: ModbusDevice, fault: LinkFault) -> None:
        self._activity.failed_polls += 1
        self._after_fault(device.source, fault)
        device.lost(fault)

    def _after_fault(self, source: ModbusSource, fault: LinkFault) -> None:
        """Close the connection, unless the fault is the device's alone and others go on using it.

        RTU frames have no transaction number, by which a late answer could be told from the next one's.
        """
        self._silences += isinstance(fault, Silence)
        is_shared = len(self._devices) > 1 and self._silences < 2 and not isinstance(source, ModbusRtuTcpSource)
        if not isinstance(fault, GatewayFault) and not (isinstance(fault, Silence) and is_shared):
            self._disconnect()
            self._silences = 0

    async def _carry_out_writes(self) -> None:
        while self._writes:
            pending = self._writes.popleft()
            if not pending.done.done():  # else whoever asked for it has gone
                await self._carry_out(pending)

    async def _carry_out(self, pending: PendingWrite) -> None:
        device = next(one for one in self._devices if one.source.name == pending.device)

        async def ask(pdu: bytes) -> bytes:
            return await self._ask(device, pdu)

        try:
            shown = await write_and_read_back(ask, pending.target, device.source.address_base, pending.value)
        except WriteRefused as refusal:
            _settle(pending, refusal)
        except LinkFault as fault:
            self._after_fault(device.source, fault)
            _settle(pending, fault)
        except asyncio.CancelledError:
            _settle(pending, LinkFault("the bridge stopped while it wrote"))
            raise
        else:
            if not pending.done.done():
                pending.done.set_result(shown)


def _due_s(device: ModbusDevice) -> float:
    return device.beat.due_s


def _settle(pending: PendingWrite, problem: Exception) -> None:
    if not pending.done.done():
        pending.done.set_exception(problem)


def modbus_lines(
    sources: Sequence[ModbusSource], sink_of: Callable[[ModbusSource], Sink], activity: Activity, clock: Clock
) -> list[ModbusLine]:
    """One line for all sources with the same address.

    Devices begin in groups spread over their interval (at most a second), so that answers do not all come at once ever after,
    and yet the process wakes up for several of them at a time: waking is what costs most.
    """
    by_line: dict[str, list[ModbusDevice]] = {}
    for index, source in enumerate(sources):
        phase_s = index * PHASES // len(sources) / PHASES * min(1.0, source.poll_interval_s)
        device = ModbusDevice(source, sink_of(source), clock.wall_ms, phase_s)
        by_line.setdefault(source.line, []).append(device)
    return [ModbusLine(devices, activity, clock) for devices in by_line.values()]
