"""The bridge reads and writes devices that others wrote: pyModbusTCP, and libmodbus over TCP and on a serial line."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from pyModbusTCP.server import DataBank, ModbusServer

from green_shield_bridge.config.commands import AllowedCommand
from green_shield_bridge.config.modbus import ModbusRtuSource, ModbusSource, ModbusTcpSource
from green_shield_bridge.config.read import as_value
from green_shield_bridge.sources.faults import WriteRefused
from tests.peers import libmodbus
from tests.peers.modbus_reader import read_once, run_lines, until

# Where the device is, as keys of a source.
Place = dict[str, Any]
Peer = Callable[[libmodbus.Registers], AbstractContextManager[Place]]

UNIT = 7


@contextmanager
def py_modbus_tcp(registers: libmodbus.Registers) -> Iterator[Place]:
    bank = DataBank(coils_size=800, d_inputs_size=800, h_regs_size=800, i_regs_size=800)
    put = {
        "coil": bank.set_coils,
        "discrete": bank.set_discrete_inputs,
        "holding": bank.set_holding_registers,
        "input": bank.set_input_registers,
    }
    for function, held in registers.items():
        for at, value in held.items():
            put[function](at, [bool(value) if function in ("coil", "discrete") else value])
    server = ModbusServer("127.0.0.1", 0, no_block=True, data_bank=bank)
    server.start()
    try:
        port = server._service.socket.getsockname()[1]
        yield {"kind": "modbus_tcp", "host": "127.0.0.1", "port": port}
    finally:
        server.stop()


@pytest.fixture(scope="session")
def libmodbus_server(tmp_path_factory):
    """The program, or a skip; where GREENSHIELD_LIBMODBUS_REQUIRED=1 (CI), it must be there."""
    if reason := libmodbus.missing():
        if os.environ.get("GREENSHIELD_LIBMODBUS_REQUIRED") == "1":
            pytest.fail(f"{reason}, and GREENSHIELD_LIBMODBUS_REQUIRED=1")
        pytest.skip(f"no second implementation to hold the bridge against: {reason}")
    return libmodbus.build(tmp_path_factory.mktemp("libmodbus"))


def over_tcp(program) -> Peer:
    @contextmanager
    def peer(registers: libmodbus.Registers) -> Iterator[Place]:
        with libmodbus.serving(program, registers, "tcp", "127.0.0.1") as port:
            yield {"kind": "modbus_tcp", "host": "127.0.0.1", "port": int(port)}

    return peer


def on_a_serial_line(program) -> Peer:
    @contextmanager
    def peer(registers: libmodbus.Registers) -> Iterator[Place]:
        with (
            libmodbus.serial_line() as (theirs, ours),
            libmodbus.serving(program, registers, "rtu", theirs, str(UNIT)) as word,
        ):
            assert word == "ready"
            yield {"kind": "modbus_rtu", "serial_port": ours, "baudrate": 115_200}

    return peer


@pytest.fixture(params=["pyModbusTCP", "libmodbus over TCP", "libmodbus on a serial line"])
def peer(request) -> Peer:
    if request.param == "pyModbusTCP":
        return py_modbus_tcp
    program = request.getfixturevalue("libmodbus_server")
    return over_tcp(program) if request.param == "libmodbus over TCP" else on_a_serial_line(program)


@pytest.fixture(params=["libmodbus over TCP", "libmodbus on a serial line"])
def libmodbus_peer(request, libmodbus_server) -> Peer:
    return over_tcp(libmodbus_server) if request.param == "libmodbus over TCP" else on_a_serial_line(libmodbus_server)


def source_at(place: Place, points: list[dict[str, Any]], **options: Any) -> ModbusSource:
    model = ModbusRtuSource if place["kind"] == "modbus_rtu" else ModbusTcpSource
    base = {"name": "d", "device_id": UNIT, "poll_interval_s": 0.05, "timeout_s": 1, "address_base": 0}
    return as_value(model, {**base, **place, **options, "points": points})


def at(register: int, type_: str, **options: Any) -> dict[str, Any]:
    return {
        "point": f"{type_}-{options.get('order', 'ABCD')}-{register}",
        "register": register,
        "type": type_,
        **options,
    }


FLOAT, DOUBLE, LONG = (0x4336, 0x4CCD), (0x4066, 0xC999, 0x9999, 0x999A), (0x0102, 0x0304, 0x0506, 0x0708)


def swapped(words: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(word >> 8 | (word & 0xFF) << 8 for word in words)


# register, type and how it is said, the words, the value
TABLE = [
    (0, "uint16", {}, (65_413,), 65413.0),
    (1, "int16", {}, (0xFF85,), -123.0),
    (2, "int16", {"order": "BADC"}, (0x85FF,), -123.0),
    (3, "uint16", {"scale": 0.1, "offset": -40.0}, (1_000,), 60.0),
    (4, "bit", {"bit": 15}, (0x8000,), 1.0),
    (5, "uint16", {"invalid": [0xFFFF]}, (0xFFFF,), None),
    (10, "float32", {}, FLOAT, 182.3),
    (12, "float32", {"order": "CDAB"}, FLOAT[::-1], 182.3),
    (14, "float32", {"order": "BADC"}, swapped(FLOAT), 182.3),
    (16, "float32", {"order": "DCBA"}, swapped(FLOAT[::-1]), 182.3),
    (20, "uint32", {}, (0x0102, 0x0304), 16909060.0),
    (22, "int32", {"order": "CDAB"}, (0x1DC0, 0xFFFE), -123456.0),
    (24, "float64", {}, DOUBLE, 182.3),
    (28, "float64", {"order": "DCBA"}, swapped(DOUBLE[::-1]), 182.3),
    (32, "uint64", {"order": "BADC"}, swapped(LONG), float(0x0102030405060708)),
    (36, "int64", {"order": "CDAB"}, LONG[::-1], float(0x0102030405060708)),
    (40, "string", {"length": 2, "map": {"RUN": 1, "STOP": 0}}, (0x5255, 0x4E00), 1.0),
    (42, "uint16", {"scale_register": 43}, (1_823, 0xFFFF), 182.3),
]


@pytest.mark.parametrize("function", ["holding", "input"])
def test_every_type_and_order_comes_out_as_it_was_put_in(peer, function):
    words = {first + n: word for first, _, _, held, _ in TABLE for n, word in enumerate(held)}
    points = [at(first, type_, function=function, **options) for first, type_, options, _, _ in TABLE]
    with peer({function: words}) as place:
        got = read_once(source_at(place, points, max_gap=8))
    wanted = {
        point["point"]: (value, "D" if value is None else "N") for point, (*_, value) in zip(points, TABLE, strict=True)
    }
    assert got == wanted


@pytest.mark.parametrize("function", ["coil", "discrete"])
def test_bits_come_out_as_they_were_put_in(peer, function):
    states = {n: n % 3 == 0 for n in range(3, 40)}
    points = [{"point": f"b{n}", "register": n, "type": "bool", "function": function} for n in states]
    with peer({function: {n: int(state) for n, state in states.items()}}) as place:
        got = read_once(source_at(place, points))
    assert got == {f"b{n}": (float(state), "N") for n, state in states.items()}


def test_a_register_that_is_not_there_is_a_fault_of_its_request_alone(peer):
    with peer({"holding": {0: 5}}) as place:
        got = read_once(source_at(place, [at(0, "uint16"), at(850, "uint16")]))
    assert got == {"uint16-ABCD-0": (5.0, "N"), "uint16-ABCD-850": (None, "D")}


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 8])
def test_what_a_device_refuses_has_no_value_and_the_rest_has(libmodbus_peer, code):
    with libmodbus_peer({"holding": {0: 5}}) as place:
        got = read_once(source_at(place, [at(0, "uint16"), at(900 + code, "uint16")]))
    assert got == {"uint16-ABCD-0": (5.0, "N"), f"uint16-ABCD-{900 + code}": (None, "D")}


@pytest.mark.parametrize("code", [10, 11])
def test_a_gateway_that_cannot_reach_the_device_is_a_link_fault(libmodbus_peer, code):
    with libmodbus_peer({}) as place:
        assert read_once(source_at(place, [at(900 + code, "uint16")])) == {f"uint16-ABCD-{900 + code}": (None, "B")}


WRITES = {
    "a coil (function 5)": ({"function": "coil", "type": "bool"}, 1.0, 1.0),
    "one register (function 6)": ({"type": "int16", "scale": 0.1}, -12.3, -12.3),
    "several registers (function 16)": ({"type": "float32", "order": "CDAB"}, 182.3, 182.3),
    "a whole number of two registers": ({"type": "uint32", "order": "DCBA"}, 70000.0, 70000.0),
}


@pytest.mark.parametrize(("spec", "value", "shown"), WRITES.values(), ids=WRITES.keys())
def test_a_value_is_written_and_read_back(peer, spec, value, shown):
    target = as_value(AllowedCommand, {"measure": "m", "source": "d", "register": 101, "min": -1e9, "max": 1e9, **spec})

    async def story(lines, _sinks, _activity):
        return await lines[0].write("d", target, value)

    with peer({"holding": {0: 5}}) as place:
        assert run_lines([source_at(place, [at(1, "uint16")], address_base=1)], story) == shown


def test_a_write_to_what_is_not_there_is_refused_and_polling_goes_on(peer):
    target = as_value(AllowedCommand, {"measure": "m", "source": "d", "register": 850, "type": "uint16", "value": 1})

    async def story(lines, sinks, activity):
        with pytest.raises(WriteRefused, match="exception 2: illegal data address"):
            await lines[0].write("d", target, 1.0)
        polls = activity.polls
        await until(lambda: activity.polls > polls + 1)
        return sinks["d"].told["uint16-ABCD-0"][-1], activity.failed_polls

    with peer({"holding": {0: 5}}) as place:
        assert run_lines([source_at(place, [at(0, "uint16")])], story) == ((5.0, "N"), 0)
