"""One poller against devices that answer in every way a device can."""

import asyncio
import struct
from collections.abc import Callable

import pytest

from green_shield_bridge.clock import Clock
from green_shield_bridge.config import ModbusTcpSource
from green_shield_bridge.config.read import as_value
from green_shield_bridge.sources.modbus import modbus_lines
from green_shield_bridge.stats import Activity

Answer = Callable[[int, int, int], bytes]


def frame(transaction: int, function: int, payload: bytes) -> bytes:
    return struct.pack(">HHHBB", transaction, 0, 2 + len(payload), 1, function) + payload


def registers(*values: int) -> Answer:
    return lambda transaction, function, _count: frame(
        transaction, function, bytes([2 * len(values)]) + struct.pack(f">{len(values)}H", *values)
    )


def bits(packed: int) -> Answer:
    return lambda transaction, function, _count: frame(transaction, function, bytes([1, packed]))


def exception(code: int) -> Answer:
    return lambda transaction, function, _count: frame(transaction, function | 0x80, bytes([code]))


def garbage(_transaction: int, _function: int, _count: int) -> bytes:
    return b"HTTP/1.1 400 Bad Request\r\n\r\n" * 40


def another_transaction(transaction: int, function: int, count: int) -> bytes:
    return registers(1, 2)(transaction + 7, function, count)


def silence(_transaction: int, _function: int, _count: int) -> bytes:
    return b""


class Recorder:
    """A sink that remembers what it was handed."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, list[int], list[float | None], str]] = []

    def take(self, time_ms, points, values, flags) -> None:
        self.taken.append((time_ms, list(points), list(values), flags))


def polled(answers: list[Answer], polls: int, function: str = "holding", type_: str = "uint16", **options):
    """Poll a device that gives these answers, the last one for ever, and return what the sink got and the counters."""

    async def run() -> tuple[Recorder, Activity]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while head := await reader.read(12):
                transaction, _, _, _, code, _, count = struct.unpack(">HHHBBHH", head)
                writer.write(answers[0](transaction, code, count))
                if len(answers) > 1:
                    answers.pop(0)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        source = as_value(
            ModbusTcpSource,
            {
                "name": "d",
                "kind": "modbus_tcp",
                "host": "127.0.0.1",
                "port": server.sockets[0].getsockname()[1],
                "poll_interval_s": 0.02,
                "timeout_s": 0.1,
                "suspend_max_s": 0.1,
                "address_base": 0,
                "points": [{"point": f"p{n}", "register": n, "function": function, "type": type_} for n in range(2)],
                **options,
            },
        )
        sink, activity = Recorder(), Activity()
        (line,) = modbus_lines([source], lambda _source: sink, activity, Clock())
        poller = asyncio.create_task(line.run())
        async with asyncio.timeout(5):
            while activity.polls <= polls:  # noqa: ASYNC110 -- the counter is a plain number
                await asyncio.sleep(0.01)
        while not poller.done():
            poller.cancel()
            await asyncio.wait([poller], timeout=0.1)
        server.close()
        return sink, activity

    return asyncio.run(run())


def what(sink: Recorder) -> list[tuple[list[float | None], str]]:
    return [(values, flags) for _, _, values, flags in sink.taken]


def test_registers_become_values_with_one_stamp_an_answer():
    sink, activity = polled([registers(7, 8)], polls=3)
    assert what(sink)[:3] == [([7.0, 8.0], "NN")] * 3
    stamps = [time_ms for time_ms, *_ in sink.taken]
    assert stamps == sorted(set(stamps))
    assert activity.failed_polls == 0


@pytest.mark.parametrize("function", ["coil", "discrete"])
def test_bits_become_ones_and_zeros(function):
    sink, _ = polled([bits(0b10)], polls=1, function=function, type_="bool")
    assert what(sink)[0] == ([0.0, 1.0], "NN")


def test_input_registers_are_asked_with_their_own_function():
    sink, _ = polled(
        [lambda t, function, c: registers(function, c)(t, function, c)], polls=1, function="input", type_="uint16"
    )
    assert what(sink)[0] == ([4.0, 2.0], "NN")


def test_an_exception_answer_is_a_fault_of_the_registers_and_the_device_is_not_left_alone():
    sink, activity = polled([exception(2)], polls=3)
    assert what(sink)[:3] == [([None, None], "DD")] * 3
    assert activity.failed_polls == 0


LINK_FAULTS = {
    "a gateway that cannot reach the device": exception(11),
    "garbage": garbage,
    "silence": silence,
    "an answer to another question": another_transaction,
    "too few registers": registers(1),
    "too many registers": registers(1, 2, 3),
}


@pytest.mark.parametrize("answer", LINK_FAULTS.values(), ids=LINK_FAULTS.keys())
def test_a_link_fault_is_told_once_and_ends_with_the_first_value(answer):
    sink, activity = polled([registers(1, 2), answer, answer, registers(3, 4)], polls=5)
    assert what(sink)[:3] == [([1.0, 2.0], "NN"), ([None, None], "BB"), ([3.0, 4.0], "NN")]
    assert activity.failed_polls == 2


def test_a_port_where_nobody_listens_is_a_link_fault_and_is_asked_less_and_less_often():
    sink, activity = polled([registers(1, 2)], polls=3, host="127.0.0.2", port=1)
    assert what(sink) == [([None, None], "BB")]
    assert activity.failed_polls >= 3
