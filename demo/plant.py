"""A plant on loopback: Modbus TCP devices and HJ 212 data loggers with the values a scenario gives them.

    plant = Plant([Device("reactor", [RegisterPoint("p-temperature", 0), RegisterPoint("p-voc", 2)])])
    with plant:
        plant.set("p-temperature", 178.0)
        plant.ramp({"p-temperature": 186.0, "p-voc": 58.0}, seconds=5)
        replayed = plant.replay(load_recording("d06_te.dat").named(), {"XMEAS(7)": "p-pressure", ...})

Values are engineering values; how each is coded in registers is said by its point. All values given in one call
appear together: a device never answers with half of a row. The devices run on a thread of their own, on free ports of
127.0.0.1.
"""

import argparse
import asyncio
import logging
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty
from types import TracebackType
from typing import Any, Literal, Self, cast

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from demo.recording import RecordingError, load_recording
from demo.replay import Replay, Replayed, mapped
from demo.station import RunningStation, Station

HOST = "127.0.0.1"
START_TIMEOUT_S = 10.0

RegisterType = Literal["int16", "uint16", "int32", "uint32", "float32", "float64"]
WordOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]
_FORMATS: dict[RegisterType, str] = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "float32": ">f",
    "float64": ">d",
}


class PlantError(RuntimeError):
    """The plant cannot do what was asked."""


@dataclass(frozen=True, slots=True)
class RegisterPoint:
    """A value in a device's holding registers. `address` counts from 0. The register holds (value - offset) / scale."""

    point_id: str
    address: int
    type: RegisterType = "float32"
    order: WordOrder = "ABCD"
    scale: float = 1.0
    offset: float = 0.0
    initial: float = 0.0

    def words(self, value: float) -> list[int]:
        """A value as the registers the device sends."""
        raw = (value - self.offset) / self.scale
        data = struct.pack(_FORMATS[self.type], raw if self.type.startswith("float") else round(raw))
        words = [data[i : i + 2] for i in range(0, len(data), 2)]
        if self.order in ("CDAB", "DCBA"):
            words.reverse()
        if self.order in ("BADC", "DCBA"):
            words = [word[::-1] for word in words]
        return [int.from_bytes(word, "big") for word in words]


@dataclass(slots=True)
class Device:
    """One Modbus TCP device. `port` 0: a free one, known after the start. `delay_s`: it thinks that long."""

    name: str
    points: Sequence[RegisterPoint]
    device_id: int = 1
    port: int = 0
    delay_s: float = 0.0


class Plant:
    """Devices that can be read, set, slowed and unplugged."""

    def __init__(self, devices: Sequence[Device | Station]) -> None:
        self._running: dict[str, _RunningDevice | RunningStation] = {
            device.name: RunningStation(device)
            if isinstance(device, Station)
            else _RunningDevice(device, self._before_read)
            for device in devices
        }
        if len(self._running) != len(devices):
            raise PlantError("two devices have the same name")
        self._owner = {point.point_id: running for running in self._running.values() for point in running.device.points}
        self._replay: Replay | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="plant", daemon=True)

    def start(self) -> None:
        # A client killed in the middle of an answer is part of the show; pymodbus would print its frames.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        self._thread.start()
        for name in self._running:
            self.plug(name)

    def stop(self) -> None:
        for name in self._running:
            self.unplug(name)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_TIMEOUT_S)
        self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def port(self, device: str) -> int:
        return self._running[device].device.port

    def plug(self, device: str) -> None:
        """Make a device answer, on the port it had before."""
        self._await(self._running[device].listen())

    def unplug(self, device: str) -> None:
        """Close a device's port and connections."""
        self._await(self._running[device].close())

    def slow_down(self, device: str, delay_s: float) -> None:
        slowed = self._running[device].device
        if isinstance(slowed, Station):
            raise PlantError(f"{device} sends by itself")
        slowed.delay_s = delay_s

    def reads_served(self, device: str) -> int:
        """How many read requests the device has answered."""
        return self._running[device].reads

    def set(self, point_id: str, value: float) -> None:
        self.set_many({point_id: value})

    def set_many(self, values: Mapping[str, float]) -> None:
        """Give several points their values; those of one device appear together."""
        by_device: dict[str, dict[str, float]] = {}
        for point_id, value in values.items():
            by_device.setdefault(self._device_of(point_id).device.name, {})[point_id] = value
        for name, part in by_device.items():
            self._running[name].show(part)

    def value(self, point_id: str) -> float:
        """What the point shows now."""
        return self._device_of(point_id).values[point_id]

    def ramp(self, targets: Mapping[str, float], seconds: float, *, step_s: float = 0.1) -> None:
        """Move points to their targets in a straight line, and return when they are there."""
        starts = {point_id: self.value(point_id) for point_id in targets}
        begun_s = time.monotonic()
        while (share := (time.monotonic() - begun_s) / seconds if seconds else 1.0) < 1:
            self.set_many({p: starts[p] + share * (target - starts[p]) for p, target in targets.items()})
            time.sleep(step_s)
        self.set_many(targets)

    def replay(
        self,
        rows: Iterable[Mapping[str, float]],
        mapping: Mapping[str, str],
        *,
        period_s: float = 0.0,
        read_timeout_s: float = 30.0,
        on_row: Callable[[int], None] | None = None,
    ) -> Replayed:
        """Show one row after the other; `mapping` is from column name to point. Returns when the last has been read.

        The reader's polls set the pace, as replay.py says; a row stays at least `period_s`. `on_row` is told the
        number of each row that appears. Raises PlantError where nobody reads.
        """
        steps = mapped(rows, mapping)
        devices = {self._device_of(point_id).device.name for point_id in mapping.values()}
        self._replay = replay = Replay(steps, devices, self.set_many, period_s=period_s)
        row_ms: list[int] = []
        try:
            while (shown_ms := replay.progress.get(timeout=period_s + read_timeout_s)) is not None:
                row_ms.append(shown_ms)
                if on_row is not None:
                    on_row(len(row_ms) - 1)
        except Empty:
            names = ", ".join(sorted(devices))
            raise PlantError(f"row {len(row_ms)}: not all of {names} were read within {read_timeout_s:g} s") from None
        finally:
            self._replay = None
        return Replayed(tuple(row_ms))

    def _before_read(self, device: str) -> None:
        if (replay := self._replay) is not None:
            replay.before_read(device)

    def _device_of(self, point_id: str) -> "_RunningDevice | RunningStation":
        if point_id not in self._owner:
            raise PlantError(f"no device has the point {point_id!r}")
        return self._owner[point_id]

    def _await(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(START_TIMEOUT_S)


class _RunningDevice:
    """A device's registers, its server, and who has read what."""

    def __init__(self, device: Device, before_read: Callable[[str], None]) -> None:
        self.device = device
        self._before_read = before_read
        self.reads = 0
        self.values = {point.point_id: point.initial for point in device.points}
        self._points = {point.point_id: point for point in device.points}
        self._image: dict[int, int] = {}
        self._server: ModbusTcpServer | None = None
        self._lock = threading.Lock()
        self.show(self.values)

    def show(self, values: Mapping[str, float]) -> None:
        words = {
            self._points[p].address + i: word
            for p, value in values.items()
            for i, word in enumerate(self._points[p].words(value))
        }
        with self._lock:
            self.values.update(values)
            self._image = {**self._image, **words}

    async def listen(self) -> None:
        if self._server is not None:
            return
        self._server = ModbusTcpServer(self._simulated(), address=(HOST, self.device.port))
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError as error:
            self._server = None
            raise PlantError(
                f"device {self.device.name!r}: port {self.device.port} of {HOST} cannot be used"
            ) from error
        listener = cast(asyncio.Server, self._server.transport)  # which is what a listening pymodbus keeps there
        self.device.port = listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            await server.shutdown()  # type: ignore[no-untyped-call]

    def _simulated(self) -> SimDevice:
        first, last = min(self._image), max(self._image)
        return SimDevice(
            self.device.device_id,
            [SimData(first, count=last - first + 1, values=0, datatype=DataType.REGISTERS)],
            action=self._answer,
        )

    async def _answer(
        self,
        _function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Called by the server before it answers: put the newest image into its registers."""
        if written is not None:
            return ExcCodes.ILLEGAL_FUNCTION
        if self.device.delay_s:
            await asyncio.sleep(self.device.delay_s)
        self._before_read(self.device.name)
        with self._lock:
            for at, word in self._image.items():
                registers[at - start] = word
            self.reads += 1
        return None


def main() -> None:
    """Replay a recorded run on one device, for whoever wants to read it by hand."""
    parser = argparse.ArgumentParser(prog="python -m demo.plant", description=main.__doc__)
    parser.add_argument("recording", help="a Tennessee Eastman .dat file")
    parser.add_argument(
        "--column", action="append", metavar="NAME", help="column to show, such as XMEAS(7); may be given again"
    )
    parser.add_argument(
        "--period-s", type=float, default=1.0, help="how long each row stays at least (default: %(default)s)"
    )
    options = parser.parse_args()
    columns = options.column or ["XMEAS(7)", "XMEAS(31)", "XMEAS(19)"]
    try:
        recording = load_recording(options.recording)
    except RecordingError as error:
        parser.error(str(error))
    points = [RegisterPoint(column, 2 * index) for index, column in enumerate(columns)]
    with Plant([Device("recording", points)]) as plant:
        print(
            f"{HOST}:{plant.port('recording')}: float32 holding registers",
            {p.point_id: p.address for p in points},
            flush=True,
        )
        plant.replay(recording.named(), {c: c for c in columns}, period_s=options.period_s, read_timeout_s=3_600)


if __name__ == "__main__":
    main()
