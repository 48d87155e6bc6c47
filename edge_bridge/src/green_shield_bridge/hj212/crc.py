"""The two check sums that senders of HJ 212 use: the standard's own, and plain Modbus CRC-16 where a device got it wrong.

HJ 212-2017, annex A: start 0xFFFF; for each byte crc = (crc >> 8) ^ byte, then eight times a shift to the right with
0xA001 for every bit that falls out. The old low byte is thrown away, so only its high byte is state and only 256 values
can occur. With H(i) = T[i] >> 8 (T: the CRC-16 table of one byte) the state after a byte b is H(state ^ b). H is linear
over XOR, so what the bytes contribute can be added in any order: n bytes take log2(n) table passes over bytes objects
instead of n steps of the interpreter.
"""

POLYNOMIAL = 0xA001
START = 0xFFFF


def _shifted_out(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ POLYNOMIAL if value & 1 else value >> 1
    return value


_TABLE = tuple(_shifted_out(i) for i in range(256))
_STEP = bytes(crc >> 8 for crc in _TABLE)


def _powers_of_step(count: int) -> tuple[bytes, ...]:
    """Tables of H, H after H, ... doubling: entry k steps over 2**k bytes."""
    tables = [_STEP]
    while len(tables) < count:
        tables.append(tables[-1].translate(tables[-1]))
    return tuple(tables)


# 32 doublings outlast any bytes object that fits in memory.
_POWERS = _powers_of_step(32)
# A pass over this few costs more than their steps.
_FEW = 16


def crc16(data: bytes) -> int:
    """The check sum of HJ 212 (all versions) of a data segment, 0 to 0xFFFF. Of no bytes: 0xFFFF."""
    if not data:
        return START
    rest, passes = bytes((data[0] ^ START >> 8,)) + data[1:], 0
    while len(rest) > _FEW:
        rest = _folded(rest, _POWERS[passes])
        passes += 1
    state, table = rest[0], _POWERS[passes]
    for byte in rest[1:]:
        state = table[state] ^ byte
    return _TABLE[state]


def _folded(data: bytes, table: bytes) -> bytes:
    """Each pair of bytes as one: what is left of the first after stepping over the second, added to the second."""
    if len(data) % 2:
        data = b"\0" + data  # zero contributes zero
    firsts = int.from_bytes(data[0::2].translate(table), "little")
    seconds = int.from_bytes(data[1::2], "little")
    return (firsts ^ seconds).to_bytes(len(data) // 2, "little")


def modbus_crc16(data: bytes) -> int:
    """CRC-16/MODBUS: the low byte goes through the table, the high byte is shifted down."""
    crc, table = START, _TABLE
    for byte in data:
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
    return crc
