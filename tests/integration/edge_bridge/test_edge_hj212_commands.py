"""Requests that go down to a device over its own connection, and how each ends; a kill at the worst moment; real frames."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time

from green_shield_bridge.hj212.answers import ExeRtn, QnRtn, done, request_answer
from green_shield_bridge.hj212.commands import Kind, Result
from green_shield_bridge.hj212.frames import Frame, Rules
from green_shield_bridge.hj212.packet import Packet, parse
from green_shield_bridge.hj212.splitter import Splitter
from green_shield_bridge.hj212.times import format_time
from green_shield_bridge.hj212.wire import frame_of
from tests.integration.edge_bridge.hj212_plant import (
    NOW_MS,
    PASSWORD,
    Device,
    Disk,
    at_ms,
    device,
    live,
    serving,
    source,
    station,
    wire,
)


async def obeys(sender: Device, exe: ExeRtn = ExeRtn.OK) -> Packet:
    """Take the next request as a device does, and carry it out."""
    request = await sender.hears()
    sender.send(frame_of(request_answer(request, QnRtn.OK)), frame_of(done(request, exe)))
    return request


async def until(holds, within_s: float = 3.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 -- a plain counter
            await asyncio.sleep(0.005)


def test_intervals_are_set_at_login_one_after_the_other(tmp_path):
    config = source([station(tmp_path, live_interval_s=30, minute_interval_min=5)])

    async def story() -> None:
        async with serving(config, Disk(), tmp_path) as server, device(server.port) as sender:
            sender.send(wire())
            assert (await sender.hears()).cn == "9014"
            first, second = await obeys(sender), await obeys(sender, ExeRtn.FAILED)
            assert (first.cn, first.cp_text, first.pw, first.st, first.flag) == (
                "1062",
                "RtdInterval=30",
                PASSWORD,
                "31",
                5,
            )
            assert (second.cn, second.cp_text) == ("1064", "MinInterval=5")
            await until(lambda: "failed 1" in server.status()[0].detail)
            detail = server.status()[0].detail
            assert f"{Kind.SET_LIVE_INTERVAL} {Result.DONE} 1" in detail
            assert f"{Kind.SET_MINUTE_INTERVAL} {Result.FAILED} 1" in detail

    asyncio.run(story())


def test_a_request_that_nobody_answers_is_sent_four_times_while_data_go_on(tmp_path):
    config = source([station(tmp_path, live_interval_s=30)], answer_timeout_s=0.1)

    async def story() -> None:
        disk = Disk()
        async with serving(config, disk, tmp_path) as server, device(server.port) as sender:
            sender.send(wire(10))
            heard = [(await sender.hears()) for _ in range(3)]
            sender.send(wire(11))
            heard += [(await sender.hears()) for _ in range(3)]
            assert sorted(packet.cn for packet in heard) == ["1062"] * 4 + ["9014"] * 2
            assert len({packet.qn for packet in heard if packet.cn == "1062"}) == 1
            await until(lambda: "no_answer 1" in server.status()[0].detail)
            assert len(disk.on_disk) == 4

    asyncio.run(story())


def test_missed_hours_are_fetched_after_a_gap_and_stored(tmp_path):
    config = source([station(tmp_path, history=True)])
    seen, missed = at_ms(-300), at_ms(-180)

    def hour(time_ms: int) -> bytes:
        text = f"DataTime={format_time(time_ms)};a21026-Avg=7,a21026-Flag=N"
        return frame_of(live(cn="2061", cp_text=text, qn=""))

    async def story() -> None:
        disk = Disk()
        async with serving(config, disk, tmp_path) as server:
            async with device(server.port) as sender:
                sender.send(hour(seen))
                assert (await sender.hears()).cn == "9014"
            async with device(server.port) as sender:
                sender.send(wire())
                packets = [await sender.hears() for _ in range(2)]
                [request] = [packet for packet in packets if packet.cn == "2061"]
                assert request.cp_text == f"BeginTime={format_time(seen)},EndTime={format_time(NOW_MS)}"
                sender.send(
                    frame_of(request_answer(request, QnRtn.OK)),
                    hour(seen),
                    hour(missed),
                    frame_of(done(request, ExeRtn.OK)),
                )
                await until(lambda: f"{Kind.FETCH_HOURS} {Result.DONE} 1" in server.status()[0].detail)
        assert [row for row in disk.on_disk if row[1] == 2] == [(seen, 2, 7.0, "N"), (missed, 2, 7.0, "N")]

    asyncio.run(story())


def test_a_crossed_trigger_asks_for_a_sample_and_a_late_clock_is_set(tmp_path):
    config = source([station(tmp_path, sample_on_trigger=True, set_time=True)])

    async def story() -> None:
        async with serving(config, Disk(), tmp_path) as server, device(server.port) as sender:
            sender.send(wire(10, 50.0))
            assert (await sender.hears()).cn == "9014"
            late = at_ms(10)
            for at, value in enumerate((150.0, 151.0, 152.0)):
                text = f"DataTime={format_time(late + at * 1000 + 1000)};a21026-Rtd={value},a21026-Flag=N"
                sender.send(frame_of(live(cp_text=text)))
            heard = []
            while not {"3015", "1012"} <= {packet.cn for packet in heard}:
                packet = await sender.hears()
                heard.append(packet)
                if packet.cn in ("3015", "1012"):
                    sender.send(frame_of(request_answer(packet, QnRtn.OK)), frame_of(done(packet, ExeRtn.OK)))
            [clock] = [packet for packet in heard if packet.cn == "1012"]
            assert clock.value("SystemTime") == format_time(NOW_MS)
            assert len([packet for packet in heard if packet.cn == "3015"]) == 1

    asyncio.run(story())


_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Spool
from tests.integration.edge_bridge.hj212_plant import serving, source, station

folder, port_file, dies = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "dies"
spool = Spool(folder / "spool.db")
config = source([station(folder)])
points = [point.point for point in config.points]
ids = spool.series_of(points)

class Sink:
    frames = []
    def take(self, time_ms, at, values, flags):
        self.frames.append(pack(time_ms, [(ids[points[i]], v, f) for i, v, f in zip(at, values, flags)]))
    async def durable(self):
        spool.append(self.frames)
        self.frames.clear()
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

async def recall():
    import sqlite3
    from green_shield_bridge.frames import Frame, unpack
    names = {number: point for point, number in ids.items()}
    rows = sqlite3.connect(folder / "spool.db").execute("SELECT time_ms, count, body FROM frame").fetchall()
    return [(names[r[0]], row[0]) for row in rows for r in unpack(Frame(*row))]

async def main():
    async with serving(config, Sink(), folder, recall=recall) as server:
        port_file.with_suffix(".new").write_text(str(server.port))
        port_file.with_suffix(".new").replace(port_file)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def test_a_kill_between_the_disk_and_the_answer_stores_nothing_twice(tmp_path):
    def start(name: str, dies: str) -> tuple[subprocess.Popen[bytes], int]:
        port_file = tmp_path / name
        bridge = subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path), str(port_file), dies])
        for _ in range(1_000):
            if port_file.exists():
                break
            time.sleep(0.01)
        return bridge, int(port_file.read_text())

    async def sent(port: int) -> str:
        async with device(port) as sender:
            sender.send(wire())
            try:
                return (await sender.hears(5)).cn
            except OSError:
                return "killed"

    bridge, port = start("first", "dies")
    assert asyncio.run(sent(port)) == "killed"
    assert bridge.wait(5) == -signal.SIGKILL
    bridge, port = start("second", "lives")
    try:
        assert asyncio.run(sent(port)) == "9014"
    finally:
        bridge.kill()
        bridge.wait(5)
    assert _stored(tmp_path) == [(at_ms(15), 2)]


def _stored(folder) -> list[tuple[int, int]]:
    return sqlite3.connect(folder / "spool.db").execute("SELECT time_ms, count FROM frame").fetchall()


def _answered(frames: list[bytes], folder, **options) -> tuple[int, str]:
    """How many packets of real devices are accepted, all sent on one connection."""
    stations = []
    for mn in {packet.mn for frame in frames for packet in _packets(frame) if packet.mn and packet.mn.isalnum()}:
        secret = folder / f"pw-{mn}"
        secret.write_text(next(p.pw for f in frames for p in _packets(f) if p.mn == mn) or "none")
        secret.chmod(0o600)
        points = [{"point": f"{mn}-so2", "factor": "a21026"}]
        stations.append(station(folder, mn, points=points, password_file=str(secret), **options))
    config = source(stations, max_refused=1_000, max_garbage=1_000_000)

    async def story() -> tuple[int, str]:
        async with serving(config, Disk(), folder) as server, device(server.port) as sender:
            sender.send(*frames)
            sender.writer.write_eof()
            assert await sender.is_cut()
            rows = server.status()
            return sum(row.polls for row in rows), " ".join(row.detail for row in rows)

    return asyncio.run(story())


def _packets(frame: bytes) -> list[Packet]:
    splitter = Splitter(Rules(tolerant=True))
    found = splitter.feed(frame) + splitter.timeout()
    parsed = [parse(one.data, tolerant=True) for one in found if isinstance(one, Frame)]
    return [packet for packet in parsed if isinstance(packet, Packet)]


def test_real_frames_are_taken_as_strictly_as_the_source_says(shared_data, tmp_path):
    rows = [json.loads(line) for line in (shared_data / "hj212" / "frames.jsonl").read_text().splitlines()]
    frames = [row["frame"].encode() for row in rows]
    strict, _ = _answered(frames, tmp_path)
    tolerant, detail = _answered(frames, tmp_path, tolerant=True, accept_empty_password=True)
    lenient, _ = _answered(frames, tmp_path, tolerant=True, accept_empty_password=True, accept_modbus_crc=True)
    good = sum(row["crc_ok"] for row in rows)
    modbus = sum(row["crc_variant"] == "modbus" for row in rows)
    assert 0 < strict <= tolerant <= good < lenient <= good + modbus
    assert "crc_wrong" in detail or "crc_modbus" in detail
