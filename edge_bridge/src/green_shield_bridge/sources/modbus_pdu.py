"""What stands between the device's address and the checksum: questions, and what an answer to them must look like."""

import struct
from typing import NoReturn

from green_shield_bridge.modbus.request import FUNCTION_CODES
from green_shield_bridge.sources.faults import LinkFault

WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16

# Modbus application protocol 1.1b3, section 7.
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledged, still at work",
    6: "device busy",
    7: "negative acknowledge",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway: no answer from the device",
}
_GATEWAY = (10, 11)
_BUSY = (5, 6)


class ExceptionAnswer(Exception):
    """The device understood and does not do it; these registers are at fault, not the line."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}: {EXCEPTIONS.get(code, 'not in the standard')}")
        self.code = code

    @property
    def is_busy(self) -> bool:
        return self.code in _BUSY


class GatewayFault(LinkFault):
    """A gateway answered that the device behind it does not."""


class WrongAnswer(LinkFault):
    """An answer to something else, or of another length than it says or was asked for."""


def payload_of(answer: bytes, function_code: int) -> bytes:
    """The registers or packed bits of an answer to a read. Raises ExceptionAnswer, LinkFault."""
    if not answer or answer[0] != function_code:
        _refuse(answer, function_code)
    if len(answer) < 2 or answer[1] != len(answer) - 2:
        raise WrongAnswer(
            f"an answer that says it has {answer[1:2].hex() or 'no'} (hex) bytes has {max(0, len(answer) - 2)}"
        )
    return answer[2:]


def check_echo(answer: bytes, question: bytes) -> None:
    """A write is answered with what was asked: the function and the next four bytes. Raises ExceptionAnswer, LinkFault."""
    if not answer or answer[0] != question[0]:
        _refuse(answer, question[0])
    if answer != question[:5]:
        raise WrongAnswer(f"the answer to a write is {answer.hex(' ')}, not {question[:5].hex(' ')}")


def _refuse(answer: bytes, function_code: int) -> NoReturn:
    if len(answer) != 2 or answer[0] != function_code | 0x80:
        raise WrongAnswer(f"asked function {function_code}, answered {answer[:8].hex(' ') or 'nothing'}")
    code = answer[1]
    if code in _GATEWAY:
        raise GatewayFault(f"exception {code}: {EXCEPTIONS[code]}")
    raise ExceptionAnswer(code)


def read_coil(address: int) -> bytes:
    return struct.pack(">BHH", FUNCTION_CODES["coil"], address, 1)


def read_holding(address: int, count: int) -> bytes:
    return struct.pack(">BHH", FUNCTION_CODES["holding"], address, count)


def write_coil(address: int, is_on: bool) -> bytes:
    return struct.pack(">BHH", WRITE_COIL, address, 0xFF00 if is_on else 0)


def write_registers(address: int, registers: bytes) -> bytes:
    """One register by function 6, several by function 16: some devices know only the one for a single register."""
    if len(registers) == 2:
        return struct.pack(">BH", WRITE_REGISTER, address) + registers
    return struct.pack(">BHHB", WRITE_REGISTERS, address, len(registers) // 2, len(registers)) + registers
