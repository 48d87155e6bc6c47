"""Check: sources tried one line at a time, the park asked, nothing stored."""

import asyncio
import socket
import time
from contextlib import asynccontextmanager

import pytest

from green_shield_bridge.config.model import Server
from green_shield_bridge.config.read import parse_config
from green_shield_bridge.operate.check_park import ask_park
from green_shield_bridge.operate.check_sources import Collector, try_all, try_line
from green_shield_bridge.operate.check_view import as_text
from green_shield_bridge.sources.status import SourceStatus
from green_shield_bridge.writer import NotStored

DEVICE = "{{name: {name}, kind: modbus_tcp, host: 127.0.0.1, port: 1, address_base: 0, poll_interval_s: 1, points: [{points}]}}"
POINTS = "{point: a, register: 0, type: int16}, {point: b, register: 1, type: int16}"
STATION = "{name: plant, kind: hj212_server, port: PORT, stations: [{mn: '1', password_file: pw, points: [{point: x, factor: a21026}]}]}"


def config(*sources, forward="[]"):
    text = "bridge_id: x\nkey_file: k\nserver: {url: 'http://127.0.0.1:1'}\nspool: {path: s}\n"
    return parse_config(f"{text}forward: {forward}\nsources: [{', '.join(sources)}]\n", "bridge.yaml")


def device(name="reactor"):
    return config(DEVICE.format(name=name, points=POINTS)).sources[0]


class FakeLine:
    """Hands over what it is given, then runs on, or ends as it is told."""

    def __init__(self, collector, *taken, detail="", ends=None):
        self._collector = collector
        self._taken = taken
        self._detail = detail
        self._ends = ends

    async def run(self):
        for points, values, flags in self._taken:
            self._collector.take(0, points, values, flags)
        if self._ends is not None:
            raise self._ends
        await asyncio.Event().wait()

    def status(self):
        return [SourceStatus("reactor", "modbus_tcp", "127.0.0.1:1", "ok", 2, None, 0, 0, 0, self._detail)]


def tried(*taken, **options):
    async def scenario():
        collector = Collector(device())
        (one,) = await try_line(FakeLine(collector, *taken, **options), [collector], 0.2)
        return one

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("taken", "options", "is_ok", "problem"),
    [
        pytest.param([], {}, False, "2 of 2 points gave nothing in time", id="a source that says nothing"),
        pytest.param(
            [([0, 1], [None, None], "BB")],
            {"detail": "refused"},
            False,
            "no answer: refused",
            id="a source that does not answer",
        ),
        pytest.param(
            [([0], [1.0], "N"), ([1], [None], "B")], {}, False, "no answer", id="a source that is lost on the way"
        ),
        pytest.param([([0], [1.0], "N")], {}, False, "1 of 2 points gave nothing in time", id="half of the points"),
        pytest.param([], {"ends": RuntimeError("boom")}, False, "RuntimeError: boom", id="a source that crashes"),
        pytest.param(
            [([0, 1], [None, None], "DD")], {}, False, "2 of 2 points have no valid value", id="no valid value at all"
        ),
        pytest.param(
            [([0, 1], [1.0, None], "ND")], {}, True, "1 of 2 points have no valid value", id="one valid value"
        ),
        pytest.param([([0, 1], [1.0, 2.0], "NN")], {}, True, None, id="all valid"),
    ],
)
def test_a_source_is_judged(taken, options, is_ok, problem):
    one = tried(*taken, **options)
    assert one.is_ok is is_ok
    assert (one.problem or "").endswith(problem or "") and (one.problem is None) is (problem is None)


def test_the_first_value_of_a_point_is_the_one_that_is_told():
    one = tried(([0, 1], [1.0, 2.0], "NN"), ([0, 1], [8.0, 9.0], "NN"))
    assert [point.value for point in one.points] == [1.0, 2.0]


def test_a_device_never_hears_that_a_check_has_stored_something():
    async def scenario():
        collector = Collector(device())
        collector.take(0, [0, 1], [1.0, 2.0], "NN")
        await collector.durable()

    with pytest.raises(NotStored):
        asyncio.run(scenario())


def test_a_port_that_is_taken_is_a_problem_and_a_free_one_is_none():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (taken,) = asyncio.run(try_all(config(STATION.replace("PORT", str(port))), 1)).sources
    (free,) = asyncio.run(try_all(config(STATION.replace("PORT", str(port))), 1)).sources
    assert (taken.is_ok, free.is_ok) == (False, True)
    assert "in use" in taken.problem


def test_a_platform_that_does_not_listen_is_a_problem():
    forward = "[{name: city, host: 127.0.0.1, port: 1, mn: '1', password_file: pw, st: '32', points: [{point: x, factor: a21026}]}]"
    findings = asyncio.run(try_all(config(STATION.replace("PORT", "0"), forward=forward), 1))
    assert [one.is_ok for one in findings.platforms] == [False] and not findings.are_all_ok
    assert "city" in as_text(findings)


def test_many_silent_devices_are_tried_at_the_same_time():
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        port = silent.getsockname()[1]
        line = (
            DEVICE.replace("port: 1", f"port: {port}")
            .replace("127.0.0.1", "127.0.0.{n}")
            .replace("[{points}]", "[{{point: p{n}, register: 0, type: int16}}]")
        )
        sources = [line.format(name=f"d{n}", n=n) for n in range(1, 2)]
        dead = [
            DEVICE.format(name=f"x{n}", points=f"{{point: x{n}, register: 0, type: int16}}")
            .replace("port: 1", f"port: {port}, timeout_s: 30")
            .replace("127.0.0.1", f"127.0.0.{n + 2}")
            for n in range(20)
        ]
        began_s = time.monotonic()
        findings = asyncio.run(try_all(config(*sources, *dead), 0.5))
    assert time.monotonic() - began_s < 5
    assert not any(one.is_ok for one in findings.sources)


@asynccontextmanager
async def a_park(answer):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield Server(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api")


def asked(answer):
    async def scenario():
        async with a_park(answer) as server:
            return await ask_park(server, 0.5)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(b"", "disconnected", id="a park that hangs up"),
        pytest.param(b"220 mail.example ESMTP\r\n\r\n", "", id="something that is no park"),
        pytest.param(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers 404", id="another site"),
        pytest.param(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", "answers 503", id="a park that is down"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n",
            "clock",
            id="another time",
        ),
    ],
)
def test_a_park_that_cannot_be_used_is_told_with_the_reason(answer, problem):
    finding = asked(answer)
    assert not finding.is_ok and problem in finding.problem


@pytest.mark.parametrize("date", [b"", b"Date: soon\r\n"], ids=["no date", "a date that is none"])
def test_a_park_that_answers_is_ok(date):
    finding = asked(b"HTTP/1.1 200 OK\r\n" + date + b"Content-Length: 2\r\n\r\n{}")
    assert (finding.is_ok, finding.problem, finding.clock_s) == (True, None, None)


def test_a_park_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        finding = asyncio.run(ask_park(Server(url=f"http://127.0.0.1:{silent.getsockname()[1]}"), 0.2))
    assert finding.problem == "no answer within 0.2 s"
