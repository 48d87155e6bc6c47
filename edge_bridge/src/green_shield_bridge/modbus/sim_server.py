"""Modbus TCP devices with given registers: the answering side of `simulate`. No file and no clock.

Reads (functions 1 to 4) of registers that are not there are refused (exception 2), so that a configuration with wrong addresses shows. Writes
(5, 6, 16) to registers that are there are taken.
"""

import asyncio
import struct
from collections.abc import Mapping

from green_shield_bridge.config.modbus import Function

# Registers or bits by address counted from 0, of each function.
Image = dict[Function, dict[int, int]]

_HEADER = struct.Struct(">HHHB")
_READS: dict[int, Function] = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE, _NO_SUCH_DEVICE = 1, 2, 3, 11
_MAX_LENGTH = 260


def answer(image: Image, question: bytes) -> bytes:
    """The PDU that answers a question's PDU."""
    try:
        return _answer(image, question)
    except KeyError:
        return _refusal(question, _ILLEGAL_ADDRESS)
    except struct.error:
        return _refusal(question, _ILLEGAL_VALUE)


def _answer(image: Image, question: bytes) -> bytes:
    code = question[0]
    if code in _READS:
        _, address, count = struct.unpack(">BHH", question)
        values = [image[_READS[code]][at] for at in range(address, address + count)]
        if not 1 <= count <= (2_000 if code <= 2 else 125):
            return _refusal(question, _ILLEGAL_VALUE)
        packed = _bits(values) if code <= 2 else struct.pack(f">{count}H", *values)
        return bytes((code, len(packed))) + packed
    if code in (5, 6):
        _, address, value = struct.unpack(">BHH", question)
        _set(image, "coil" if code == 5 else "holding", {address: value >> 15 if code == 5 else value})
        return question
    if code == 16:
        _, address, count, _ = struct.unpack_from(">BHHB", question)
        _set(image, "holding", dict(enumerate(struct.unpack(f">{count}H", question[6:]), address)))
        return question[:5]
    return _refusal(question, _ILLEGAL_FUNCTION)


def _bits(values: list[int]) -> bytes:
    whole = sum(value << at for at, value in enumerate(values))
    return whole.to_bytes((len(values) + 7) // 8, "little")


def _set(image: Image, function: Function, values: Mapping[int, int]) -> None:
    registers = image[function]
    for at in values:
        registers[at]  # refused as a whole when one is not there
    registers.update(values)


def _refusal(question: bytes, code: int) -> bytes:
    return bytes((question[0] | 0x80, code))


class SimulatedLine(asyncio.Protocol):
    """One connection to the devices of a line. `images`: of each device id; shared by all connections."""

    def __init__(self, images: Mapping[int, Image]) -> None:
        self._images = images
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._buffer += data
        while len(self._buffer) >= _HEADER.size + 1:
            transaction, protocol, length, unit = _HEADER.unpack_from(self._buffer)
            if protocol or not 2 <= length <= _MAX_LENGTH:
                self._transport.close()
                return
            if len(self._buffer) < 6 + length:
                return
            question, self._buffer = self._buffer[_HEADER.size : 6 + length], self._buffer[6 + length :]
            image = self._images.get(unit)
            pdu = answer(image, question) if image is not None else _refusal(question, _NO_SUCH_DEVICE)
            self._transport.write(_HEADER.pack(transaction, 0, len(pdu) + 1, unit) + pdu)
