"""One connection to Modbus devices: pymodbus's transport and framers, one question at a time.

The only file that knows pymodbus. What comes is an answer to the question that was asked, or a LinkFault that
says what was wrong; a closed connection is one at once. Answers of other transactions or other devices, such as late ones, are passed
over until the time limit. No asyncio.wait_for: on Python 3.11 it can swallow a cancellation.
"""

import asyncio
import struct
import termios
from typing import Any

from pymodbus import ModbusException
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.transport import CommParams, CommType, ModbusProtocol

from green_shield_bridge.config.modbus import ModbusRtuSource, ModbusSource, ModbusTcpSource
from green_shield_bridge.sources.faults import LinkFault

_LAST_TRANSACTION = 65_000
_MAX_MBAP_LENGTH = 254
_MAX_BUFFERED = 516
_CHARACTERS_OF_SILENCE = 3.5
# Above 19,200 baud the silence between frames is fixed (Modbus over serial line 1.02, 2.5.1.1).
_FAST_SILENCE_S = 0.001_75


class Silence(LinkFault):
    """No answer within the time limit."""


class NoConnection(LinkFault):
    """The line itself cannot be opened; no device on it can be reached."""


class Link(ModbusProtocol):
    """One connection, for as long as it lives. A new one is a new object."""

    def __init__(self, params: CommParams, *, is_rtu: bool, address: str) -> None:
        super().__init__(params, is_server=False)
        self._is_rtu = is_rtu
        self._framer: Any = (FramerRTU if is_rtu else FramerSocket)(DecodePDU(False))
        self._address = address
        self._transaction = 0
        self._unit = 0
        self._function_code = 0
        self._answer: asyncio.Future[bytes] | None = None
        self._strange = ""
        self._timeout_s = self._limit_s = 0.0
        self._watch: asyncio.TimerHandle | None = None

    async def open(self, timeout_s: float) -> None:
        """Connect. Raises NoConnection."""
        try:
            async with asyncio.timeout(timeout_s):
                self.transport, _ = await self.call_create()
        except TimeoutError as error:
            raise NoConnection(f"no connection to {self._address} within {timeout_s:g} s") from error
        except (OSError, termios.error, ValueError, RuntimeError) as error:  # RuntimeError: pyserial is absent
            raise NoConnection(f"no connection to {self._address}: {error}") from error

    @property
    def is_open(self) -> bool:
        return bool(self.transport)

    async def ask(self, unit: int, pdu: bytes, timeout_s: float) -> bytes:
        """The answer's PDU to a question's PDU. Raises LinkFault."""
        if not self.transport:
            raise LinkFault("the connection was closed")
        if not self._is_rtu:
            self._transaction = self._transaction % _LAST_TRANSACTION + 1
        self._unit, self._function_code, self._strange = unit, pdu[0], ""
        answer: asyncio.Future[bytes] = self.loop.create_future()
        self._answer, self._timeout_s = answer, timeout_s
        self._limit_s = self.loop.time() + timeout_s
        if (
            self._watch is None or self._watch.when() > self._limit_s
        ):  # set for a device of the line that may take longer
            self._watch_at(self._limit_s)
        try:
            self.recv_buffer = b""
            self.transport.write(self._framer.encode(pdu, unit, self._transaction))  # type: ignore[attr-defined]
            return await answer
        finally:
            self._answer = None

    def close(self, reconnect: bool = False) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        super().close(reconnect)

    def _watch_at(self, at_s: float) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self.loop.call_at(at_s, self._look)

    def _look(self) -> None:
        """Is the question that is open now out of time? One timer does for many questions, nearly all of which are answered."""
        self._watch = None
        if self._answer is None or self._answer.done():
            return
        if self.loop.time() < self._limit_s:
            self._watch_at(self._limit_s)
            return
        self._out_of_time(self._answer, self._timeout_s)

    def _out_of_time(self, answer: "asyncio.Future[bytes]", timeout_s: float) -> None:
        text = f"no answer within {timeout_s:g} s"
        if self.recv_buffer:
            answer.set_exception(LinkFault(f"{text}; came: {len(self.recv_buffer)} bytes that are not all of one"))
        else:
            answer.set_exception(Silence(f"{text}; came: {self._strange}" if self._strange else text))

    def callback_connected(self) -> None:
        """Nothing to do: `open` waits for it."""

    def callback_disconnected(self, _exc: Exception | None) -> None:
        self._fail("the device closed the connection")

    def callback_new_connection(self) -> ModbusProtocol:
        raise AssertionError("a client does not listen")

    def data_received(self, data: bytes) -> None:
        """Called by the transport. What nobody asked for, such as an answer after its time limit, is let go."""
        if self._answer is not None:
            data = self.recv_buffer + data if self.recv_buffer else data
            used = self.callback_data(data)
            self.recv_buffer = data[used:] if len(data) - used <= _MAX_BUFFERED else b""

    def callback_data(self, data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        """Called with everything not yet used; returns how much is."""
        return self._rtu_data(data) if self._is_rtu else self._tcp_data(data)

    def _tcp_data(self, data: bytes) -> int:
        used = 0
        while len(data) - used >= 8:
            _, protocol, length = struct.unpack_from(">HHH", data, used)
            if protocol != 0 or not 2 <= length <= _MAX_MBAP_LENGTH:
                self._fail(f"not Modbus: {data[used : used + 16].hex(' ')}")
                return len(data)
            size, unit, transaction, pdu = self._framer.decode(data[used:])
            if not size:
                break
            used += size
            if transaction != self._transaction:
                self._strange = f"transaction {transaction} instead of {self._transaction}"
            else:
                self._take(unit, pdu)
        return used

    def _rtu_data(self, data: bytes) -> int:
        """An answer has to begin with the device's address and the function. What stands before it is passed over."""
        start = self._start_of_answer(data)
        if start:
            self._strange = f"{data[: min(start, 16)].hex(' ')} before the answer"
        try:
            size, unit, _, pdu = self._framer.decode(data[start:])
        except (ModbusException, ValueError, IndexError, struct.error):
            size, unit, pdu = len(data) - start, 0, b""
        if size and not pdu:
            self._strange = f"a wrong checksum: {data[start : start + 16].hex(' ')}"
        elif size:
            self._take(unit, pdu)
        return int(start + size)

    def _start_of_answer(self, data: bytes) -> int:
        for at in range(len(data)):
            is_unit = data[at] == self._unit or self._unit == 0
            if is_unit and (at + 1 == len(data) or data[at + 1] & 0x7F == self._function_code):
                return at
        return len(data)

    def _take(self, unit: int, pdu: bytes) -> None:
        if self._unit and unit != self._unit:  # device 0 stands for "whoever is at the other end"
            self._strange = f"an answer of device {unit} instead of {self._unit}"
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(pdu)

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LinkFault(reason))


def new_link(source: ModbusSource) -> Link:
    """A link, not yet open, to a device's line."""
    if isinstance(source, ModbusRtuSource):
        params = CommParams(
            comm_name=source.name,
            comm_type=CommType.SERIAL,
            host=source.serial_port,
            baudrate=source.baudrate,
            bytesize=source.bytesize,
            parity=source.parity,
            stopbits=source.stopbits,
            timeout_connect=source.timeout_s,
            reconnect_delay=0.0,
        )
    else:
        params = CommParams(
            comm_name=source.name,
            comm_type=CommType.TCP,
            host=source.host,
            port=source.port,
            timeout_connect=source.timeout_s,
            reconnect_delay=0.0,
        )
    return Link(params, is_rtu=not isinstance(source, ModbusTcpSource), address=source.line)


def least_pause_s(source: ModbusSource) -> float:
    """The silence that must stand between two frames on a serial line; none over TCP."""
    if not isinstance(source, ModbusRtuSource):
        return 0.0
    bits = 1 + source.bytesize + (source.parity != "N") + source.stopbits
    return _FAST_SILENCE_S if source.baudrate > 19_200 else _CHARACTERS_OF_SILENCE * bits / source.baudrate
