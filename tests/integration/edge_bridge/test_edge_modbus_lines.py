"""Several devices on one line, and lines that go wrong: what each fault costs, whom, and what is said of it."""

import asyncio
import os
import pty
import time
import tty

import pytest

from green_shield_bridge.config.modbus import ModbusRtuSource, ModbusRtuTcpSource, ModbusTcpSource
from green_shield_bridge.config.read import as_value
from green_shield_bridge.sources.faults import LinkFault
from tests.peers.modbus_reader import run_lines, until
from tests.peers.modbus_wire import Answer, Raw, holds, on_wire, rtu, tcp


def device(port: int, unit: int = 1, *, name: str | None = None, registers: tuple[int, ...] = (0,), **options):
    kind = options.pop("kind", "modbus_tcp")
    data = {
        "name": name or f"d{unit}",
        "kind": kind,
        "host": "127.0.0.1",
        "port": port,
        "device_id": unit,
        "poll_interval_s": 0.02,
        "timeout_s": 0.2,
        "suspend_max_s": 60,
        "address_base": 0,
        "points": [{"point": f"d{unit}-{n}", "register": n, "type": "uint16"} for n in registers],
        **options,
    }
    return as_value(ModbusTcpSource if kind == "modbus_tcp" else ModbusRtuTcpSource, data)


def test_devices_of_one_address_share_one_connection_and_are_asked_one_after_the_other():
    busy = []

    def answer(unit: int, _pdu: bytes) -> bytes:
        busy.append(unit)
        return holds(unit)

    async def story(wire, lines, sinks, _activity):
        await until(lambda: all(len(sinks[f"d{n}"].told[f"d{n}-0"]) > 3 for n in (1, 2, 3)))
        assert len(lines) == 1
        assert wire.connections == 1
        return {name: set(next(iter(sink.told.values()))) for name, sink in sinks.items()}

    assert on_wire(answer, lambda port: [device(port, n) for n in (1, 2, 3)], story) == {
        f"d{n}": {(float(n), "N")} for n in (1, 2, 3)
    }
    assert set(busy) == {1, 2, 3}


def test_a_silent_device_costs_its_line_one_time_limit_and_then_ever_fewer():
    async def story(wire, lines, sinks, _activity):
        await until(lambda: len([1 for _, unit, _ in wire.asked if unit == 2]) >= 3, within_s=8)
        silent = [at for at, unit, _ in wire.asked if unit == 2]
        first_rest_s, second_rest_s = silent[1] - silent[0] - 0.2, silent[2] - silent[1] - 0.2
        assert second_rest_s > 1.5 * first_rest_s
        assert sinks["d2"].told["d2-0"] == [(None, "B")]
        assert {flag for _, flag in sinks["d1"].told["d1-0"]} == {"N"}
        states = {row.name: (row.state, row.detail) for row in lines[0].status()}
        assert states["d1"] == ("ok", None)
        assert states["d2"][0] in ("lost", "suspended")
        assert states["d2"][1] == "no answer within 0.2 s"
        return len(sinks["d1"].told["d1-0"])

    polls = on_wire(
        lambda unit, _pdu: None if unit == 2 else holds(1), lambda port: [device(port, 1), device(port, 2)], story
    )
    assert polls > 15


def test_the_long_limit_of_one_device_is_not_the_limit_of_the_next_on_its_line():
    async def story(_wire, lines, sinks, _activity):
        await until(lambda: sinks["d2"].told["d2-0"] != [], within_s=3)
        return sinks["d2"].told["d2-0"], lines[0].status()[1].detail

    patient_first = lambda port: [device(port, 1, timeout_s=60), device(port, 2)]  # noqa: E731
    told = on_wire(lambda unit, _pdu: None if unit == 2 else holds(1), patient_first, story)
    assert told == ([(None, "B")], "no answer within 0.2 s")


def test_a_closed_connection_is_noticed_at_once():
    async def story(wire, lines, sinks, activity):
        await until(lambda: wire.asked != [])
        begin_s = time.monotonic()
        wire.cut()
        await until(lambda: sinks["d1"].told["d1-0"] == [(None, "B")])
        assert lines[0].status()[0].detail == "the device closed the connection"
        return time.monotonic() - begin_s

    assert on_wire(lambda _u, _p: None, lambda port: [device(port, timeout_s=30)], story) < 1


def test_a_connection_that_was_closed_between_two_polls_is_opened_again_without_a_fault():
    async def story(wire, _lines, sinks, activity):
        await until(lambda: len(sinks["d1"].told["d1-0"]) == 1)
        await asyncio.sleep(0.05)
        wire.cut()
        await until(lambda: len(sinks["d1"].told["d1-0"]) == 2)
        return wire.connections, sinks["d1"].told["d1-0"], activity.failed_polls

    answer = on_wire(lambda _u, _p: holds(7), lambda port: [device(port, poll_interval_s=0.3)], story)
    assert answer == (2, [(7.0, "N")] * 2, 0)


def frames_of(*parts: bytes) -> Answer:
    return lambda _unit, _pdu: Raw(b"".join(parts))


WRONG_OVER_RTU = {
    "a wrong checksum": (frames_of(rtu(1, holds(5))[:-1], b"\0"), "a wrong checksum"),
    "an answer of another device": (frames_of(rtu(9, holds(5))), "before the answer"),
    "half an answer": (frames_of(rtu(1, holds(5))[:4]), "bytes that are not all of one"),
    "an answer to another function": (frames_of(rtu(1, b"\x04\x02\x00\x05")), "before the answer"),
    "another length than asked": (frames_of(rtu(1, b"\x03\x04\x00\x05\x00\x06")), "asked for 2 bytes, got 4"),
    "nothing at all": (lambda _u, _p: None, "no answer within 0.2 s"),
}


@pytest.mark.parametrize(("answer", "reason"), WRONG_OVER_RTU.values(), ids=WRONG_OVER_RTU.keys())
def test_what_is_wrong_over_rtu_is_named_and_no_value_is_made_of_it(answer, reason):
    async def story(_wire, lines, sinks, _activity):
        await until(lambda: sinks["d1"].told["d1-0"] != [])
        assert reason in lines[0].status()[0].detail
        return sinks["d1"].told["d1-0"]

    make = lambda port: [device(port, kind="modbus_rtu_tcp")]  # noqa: E731
    assert on_wire(answer, make, story, is_rtu=True) == [(None, "B")]


def test_noise_before_an_rtu_answer_is_passed_over():
    async def story(_wire, _lines, sinks, _activity):
        await until(lambda: sinks["d1"].told["d1-0"] != [])
        return sinks["d1"].told["d1-0"][0]

    make = lambda port: [device(port, kind="modbus_rtu_tcp")]  # noqa: E731
    assert on_wire(frames_of(b"\x00\xff\x17", rtu(1, holds(5))), make, story, is_rtu=True) == (5.0, "N")


WRONG_OVER_TCP = {
    "another transaction": (lambda _u, _p: Raw(tcp(b"\x77\x77", 1, holds(5))), "transaction 30583 instead of"),
    "a frame too long to be one": (frames_of(b"\0\1\0\0\xff\xff\1\3"), "not Modbus"),
    "another protocol": (frames_of(b"SSH-2.0-x\r\n"), "not Modbus"),
    "an exception of no code": (lambda _u, _p: b"\x83", "asked function 3, answered 83"),
    "a byte count that lies": (lambda _u, _p: b"\x03\x04\x00\x05", "an answer that says"),
}


@pytest.mark.parametrize(("answer", "reason"), WRONG_OVER_TCP.values(), ids=WRONG_OVER_TCP.keys())
def test_what_is_wrong_over_tcp_is_named(answer, reason):
    async def story(_wire, lines, sinks, _activity):
        await until(lambda: sinks["d1"].told["d1-0"] != [])
        assert reason in lines[0].status()[0].detail
        return sinks["d1"].told["d1-0"]

    assert on_wire(answer, lambda port: [device(port)], story) == [(None, "B")]


def test_a_late_answer_is_not_taken_for_the_next_one():
    """Each question of device 1 is first answered by what device 2, and device 1 itself before, should have said."""

    async def story(wire, _lines, sinks, _activity):
        def answer(unit: int, _pdu: bytes) -> bytes | None:
            before = (int.from_bytes(wire.transaction, "big") - 1).to_bytes(2, "big")
            late = tcp(before, 2, holds(666)) + tcp(before, 1, holds(667))
            return None if unit == 2 else Raw(late + tcp(wire.transaction, 1, holds(1)))

        wire.answer = answer
        await until(lambda: len(sinks["d1"].told["d1-0"]) > 5)
        return set(sinks["d1"].told["d1-0"]), set(sinks["d2"].told["d2-0"])

    told = on_wire(lambda _u, _p: None, lambda port: [device(port, 1), device(port, 2)], story)
    assert told == ({(1.0, "N")}, {(None, "B")})


def test_a_device_that_is_busy_is_asked_once_more():
    refusals = iter([b"\x83\x06", holds(5), b"\x83\x05", b"\x83\x06", holds(6)])

    async def story(wire, _lines, sinks, activity):
        await until(lambda: len(sinks["d1"].told["d1-0"]) == 3)
        return sinks["d1"].told["d1-0"], activity.failed_polls

    told = on_wire(lambda _u, _p: next(refusals, None), lambda port: [device(port)], story)
    assert told == ([(5.0, "N"), (None, "D"), (6.0, "N")], 0)


def test_only_what_was_not_read_is_told_as_lost():
    async def story(_wire, _lines, sinks, _activity):
        await until(lambda: sinks["d1"].told["d1-9"] != [])
        return sinks["d1"].told

    told = on_wire(
        lambda _u, pdu: holds(5) if pdu[2] == 0 else None, lambda port: [device(port, registers=(0, 9))], story
    )
    assert told == {"d1-0": [(5.0, "N")], "d1-9": [(None, "B")]}


def test_a_line_that_comes_back_is_back_for_all_its_devices():
    async def story(wire, _lines, sinks, _activity):
        await until(lambda: all(sink.has_all() for sink in sinks.values()))
        wire.server.close()
        wire.cut()
        await until(
            lambda: all(sink.first and next(iter(sink.told.values()))[-1] == (None, "B") for sink in sinks.values())
        )
        await wire.open()
        await until(lambda: all(next(iter(sink.told.values()))[-1][1] == "N" for sink in sinks.values()))
        return [[flag for _, flag in sink.told[f"{name}-0"]].count("B") for name, sink in sinks.items()]

    make = lambda port: [device(port, n, suspend_max_s=0.4) for n in (1, 2)]  # noqa: E731
    assert on_wire(lambda unit, _p: holds(unit), make, story) == [1, 1]


def test_a_pause_stands_between_two_requests_of_a_device():
    async def story(wire, _lines, sinks, _activity):
        await until(sinks["d1"].has_all)
        return [at for at, _, _ in wire.asked]

    first, second = on_wire(
        lambda _u, _p: holds(5),
        lambda port: [device(port, registers=(0, 9), pause_s=0.15, poll_interval_s=5)],
        story,
    )
    assert second - first >= 0.15


def test_a_write_waits_for_nobody_elses_beat_and_is_not_tried_twice():
    class Coil:
        register, type, order, scale, offset = 4, "bool", "ABCD", 1.0, 0.0

    async def story(wire, lines, sinks, _activity):
        await until(sinks["d1"].has_all)
        with pytest.raises(LinkFault, match=r"no answer within 0\.2 s"):
            await lines[0].write("d1", Coil(), 1.0)
        return [pdu[0] for _, _, pdu in wire.asked].count(5)

    answer = on_wire(
        lambda _u, pdu: None if pdu[0] == 5 else holds(5), lambda port: [device(port, poll_interval_s=60)], story
    )
    assert answer == 1


def test_a_serial_port_that_is_not_there_is_a_link_fault_with_its_name():
    source = as_value(
        ModbusRtuSource,
        {
            "name": "d",
            "kind": "modbus_rtu",
            "serial_port": "/dev/no-such-port",
            "poll_interval_s": 0.05,
            "address_base": 0,
            "points": [{"point": "p", "register": 0, "type": "uint16"}],
        },
    )

    async def story(lines, sinks, _activity):
        await until(sinks["d"].has_all)
        return lines[0].status()[0].detail, sinks["d"].told["p"]

    detail, told = run_lines([source], story)
    assert detail.startswith("no connection to /dev/no-such-port: ")
    assert told == [(None, "B")]


def test_a_serial_port_that_is_pulled_out_is_noticed_at_once():
    async def story(lines, sinks, _activity):
        await asyncio.sleep(0.1)
        begin_s = time.monotonic()
        os.close(ends[0])
        await until(sinks["d"].has_all)
        return time.monotonic() - begin_s

    ends = pty.openpty()
    tty.setraw(ends[1])
    source = as_value(
        ModbusRtuSource,
        {
            "name": "d",
            "kind": "modbus_rtu",
            "serial_port": os.ttyname(ends[1]),
            "poll_interval_s": 0.05,
            "timeout_s": 30,
            "address_base": 0,
            "points": [{"point": "p", "register": 0, "type": "uint16"}],
        },
    )
    try:
        assert run_lines([source], story) < 2
    finally:
        os.close(ends[1])
