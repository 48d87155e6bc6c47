"""The HJ 212 server with devices on real sockets: nothing is answered that is not on disk, and nothing is stored twice."""

import asyncio
import json
import logging

import pytest

from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import KeyFileError
from green_shield_bridge.hj212.wire import frame_of
from green_shield_bridge.log import JsonLines
from tests.integration.edge_bridge.hj212_plant import (
    NOW_MS,
    PASSWORD,
    Disk,
    at_ms,
    device,
    live,
    serving,
    source,
    station,
    wire,
)


def test_a_password_file_that_others_may_read_is_refused(tmp_path):
    config = source([station(tmp_path)])
    (tmp_path / "pw").chmod(0o644)

    async def story() -> None:
        async with serving(config, Disk(), tmp_path):
            pass

    with pytest.raises(KeyFileError, match="0644"):
        asyncio.run(story())


def test_no_answer_comes_before_the_readings_are_on_disk(tmp_path):
    async def story() -> None:
        disk = Disk(gate=asyncio.Event())
        async with serving(source([station(tmp_path)]), disk, tmp_path) as server, device(server.port) as sender:
            sender.send(wire())
            assert await sender.hears_nothing()
            assert disk.on_disk == []
            disk.gate.set()
            answer = await sender.hears()
            assert (answer.cn, answer.qn, answer.mn) == ("9014", live().qn, "MN1")
            assert disk.on_disk == [(at_ms(15), 0, 12.5, "N"), (at_ms(15), 1, 3.5, "N")]

    asyncio.run(story())


def test_a_disk_that_refuses_leaves_the_device_without_answer_until_it_sends_again(tmp_path):
    async def story() -> None:
        disk = Disk(refuses=True)
        async with serving(source([station(tmp_path)]), disk, tmp_path) as server, device(server.port) as sender:
            sender.send(wire())
            assert await sender.hears_nothing()
            disk.refuses = False
            sender.send(wire())
            assert (await sender.hears()).cn == "9014"
            assert len(disk.on_disk) == 2
            assert "1 not stored" in server.status()[0].detail

    asyncio.run(story())


def test_what_comes_again_is_answered_again_and_stored_once(tmp_path):
    async def story() -> None:
        disk = Disk()
        async with serving(source([station(tmp_path)]), disk, tmp_path) as server, device(server.port) as sender:
            for _ in range(3):
                sender.send(wire(), wire())
                assert [(await sender.hears()).cn for _ in range(2)] == ["9014", "9014"]
            assert len(disk.on_disk) == 2
            assert server.status()[0].late == 5

    asyncio.run(story())


def test_a_repeat_is_known_after_a_restart_and_a_supplement_is_taken(tmp_path):
    async def story() -> None:
        config, disk = source([station(tmp_path)]), Disk()
        async with serving(config, disk, tmp_path) as server, device(server.port) as sender:
            sender.send(wire(10))
            await sender.hears()
        async with serving(config, disk, tmp_path) as server, device(server.port) as sender:
            sender.send(wire(10), wire(3))
            assert [(await sender.hears()).cn for _ in range(2)] == ["9014", "9014"]
        assert [time_ms for time_ms, *_ in disk.on_disk] == [at_ms(10), at_ms(10), at_ms(3), at_ms(3)]

    asyncio.run(story())


def test_what_a_killed_bridge_had_on_disk_but_not_remembered_is_recalled_from_the_spool(tmp_path):
    async def story() -> None:
        disk = Disk()

        async def spool():
            return [("MN1-so2", at_ms(15)), ("another-source", 1)]

        async with (
            serving(source([station(tmp_path)]), disk, tmp_path, recall=spool) as server,
            device(server.port) as sender,
        ):
            sender.send(wire())
            assert (await sender.hears()).cn == "9014"
        assert disk.on_disk == [(at_ms(15), 1, 3.5, "N")]

    asyncio.run(story())


def test_after_a_refusal_the_spool_is_asked_what_it_has_after_all_but_not_all_the_time(tmp_path):
    async def story() -> None:
        disk, held, asked = Disk(refuses=True), [], []
        seconds = [0.0]

        async def spool():
            asked.append(seconds[0])
            return held

        clock = Clock(wall_ms=lambda: NOW_MS, monotonic_s=lambda: seconds[0])
        config = source([station(tmp_path)])
        async with (
            serving(config, disk, tmp_path, recall=spool, clock=clock) as server,
            device(server.port) as sender,
        ):
            for _ in range(3):
                sender.send(wire())
                assert await sender.hears_nothing()
            assert asked == [0.0]
            held.extend([("MN1-so2", at_ms(15)), ("MN1-dust", at_ms(15))])
            seconds[0] = 3.0
            sender.send(wire())
            assert (await sender.hears()).cn == "9014"
            assert asked == [0.0, 3.0]
        assert disk.on_disk == []

    asyncio.run(story())


def test_a_packet_that_comes_byte_by_byte_is_a_packet(tmp_path):
    async def story() -> None:
        disk = Disk()
        async with serving(source([station(tmp_path)]), disk, tmp_path) as server, device(server.port) as sender:
            for byte in wire():
                sender.send(bytes([byte]))
                await asyncio.sleep(0)
            assert (await sender.hears()).cn == "9014"
            assert len(disk.on_disk) == 2

    asyncio.run(story())


def test_many_senders_at_once_are_each_answered_for_each_packet(tmp_path):
    senders, packets = 20, 50
    config = source([station(tmp_path, f"MN{n}") for n in range(senders)])

    async def report(port: int, mn: str) -> list[str]:
        async with device(port) as sender:
            sender.send(*(wire(minute, float(minute), mn) for minute in range(packets)))
            return [(await sender.hears(20)).qn for _ in range(packets)]

    async def story() -> None:
        disk = Disk()
        async with serving(config, disk, tmp_path) as server:
            heard = await asyncio.gather(*(report(server.port, f"MN{n}") for n in range(senders)))
        assert all(qns == [live(minute).qn for minute in range(packets)] for qns in heard)
        assert (
            len(disk.on_disk) == len({(time_ms, point) for time_ms, point, *_ in disk.on_disk}) == senders * packets * 2
        )
        points = len(config.points)
        assert {(point, value) for _, point, value, _ in disk.on_disk} >= {
            (point, float(minute)) for point in range(0, points, 3) for minute in range(packets)
        }

    asyncio.run(story())


def test_the_same_packet_on_two_connections_is_stored_once(tmp_path):
    async def story() -> None:
        disk = Disk(gate=asyncio.Event())
        async with (
            serving(source([station(tmp_path)]), disk, tmp_path) as server,
            device(server.port) as one,
            device(server.port) as other,
        ):
            one.send(wire())
            other.send(wire())
            await asyncio.sleep(0.05)
            disk.gate.set()
            assert [(await peer.hears()).cn for peer in (one, other)] == ["9014", "9014"]
        assert len(disk.on_disk) == 2

    asyncio.run(story())


def test_garbage_is_cut_and_the_station_beside_it_is_served(tmp_path):
    config = source([station(tmp_path)], max_garbage=64, max_frame=1_024)

    async def story() -> None:
        disk = Disk()
        async with serving(config, disk, tmp_path) as server, device(server.port) as good, device(server.port) as bad:
            bad.send(b"\x00\xff" * 2_000)
            assert await bad.is_cut()
            good.send(wire())
            assert (await good.hears()).cn == "9014"
            *stations, port = server.status()
            assert (port.state, port.failed) == ("ok", server.refused.total())
            assert "cut_garbage 1" in port.detail
            assert [row.failed for row in stations] == [0]

    asyncio.run(story())


def test_an_address_that_keeps_talking_garbage_is_not_let_in_for_a_while(tmp_path):
    config = source([station(tmp_path)], max_garbage=64, max_frame=1_024)

    async def story() -> None:
        async with serving(config, Disk(), tmp_path) as server:
            for _ in range(6):
                async with device(server.port) as bad:
                    bad.send(b"\x00\xff" * 2_000)
                    assert await bad.is_cut()
            assert server.refused["cut_garbage"] == 5
            assert server.refused["peer_unwelcome"] == 1

    asyncio.run(story())


def test_strangers_that_say_nothing_make_room_and_a_silent_one_is_cut(tmp_path):
    config = source([station(tmp_path)], max_connections=2, login_timeout_s=0.3)

    async def story() -> None:
        async with (
            serving(config, Disk(), tmp_path) as server,
            device(server.port) as first,
            device(server.port) as second,
            device(server.port) as good,
        ):
            good.send(wire())
            assert (await good.hears()).cn == "9014"
            assert await first.is_cut()
            assert await second.is_cut()
            good.send(wire(16))
            assert (await good.hears()).cn == "9014"

    asyncio.run(story())


def test_a_frame_that_never_ends_is_given_up_and_the_next_one_counts(tmp_path):
    config = source([station(tmp_path)], packet_timeout_s=0.2)

    async def story() -> None:
        async with serving(config, Disk(), tmp_path) as server, device(server.port) as sender:
            sender.send(wire()[:-20])
            await asyncio.sleep(0.3)
            sender.send(wire(16))
            assert (await sender.hears()).qn == live(16).qn
            assert server.refused["garbage"] == 1

    asyncio.run(story())


def test_old_codes_scales_and_flags_reach_the_point(tmp_path):
    points = [
        {"point": "so2", "factor": "a21026", "scale": 2.0, "offset": 1.0},
        {"point": "fan", "factor": "SB1", "data": "state"},
        {"point": "fan-hours", "factor": "SB1", "data": "run_time"},
        {"point": "so2-day", "factor": "02", "data": "day", "field": "Cou"},
        {"point": "power", "factor": "e1", "data": "minute"},
    ]
    texts = [
        ("2011", "02-Rtd=3,02-Flag=T"),
        ("2021", "SB1-RS=1"),
        ("2041", "SB1-RT=23.5"),
        ("2031", "a21026-Cou=7.25,a21026-Avg=1"),
        ("2051", "e1-Avg=99,e1-Flag=N"),
        ("2051", "e9-Avg=99"),
    ]

    async def story() -> None:
        disk = Disk()
        config = source([station(tmp_path, points=points, st=["31", "44"])])
        async with serving(config, disk, tmp_path) as server, device(server.port) as sender:
            for at, (cn, text) in enumerate(texts):
                cp_text = f"DataTime=202608010{at}0000;{text}"
                sender.send(frame_of(live(cn=cn, cp_text=cp_text, st="44" if cn == "2051" else "31")))
                assert (await sender.hears()).cn == "9014"
            assert [row[1:] for row in disk.on_disk] == [
                (0, 7.0, "T"),
                (1, 1.0, "N"),
                (2, 23.5, "N"),
                (3, 7.25, "N"),
                (4, 99.0, "N"),
            ]

    asyncio.run(story())


def test_a_damaged_memory_of_what_was_taken_is_set_aside(tmp_path):
    (tmp_path / "taken.db").write_bytes(b"no database at all" * 100)

    async def story() -> None:
        async with serving(source([station(tmp_path)]), Disk(), tmp_path) as server, device(server.port) as sender:
            sender.send(wire())
            assert (await sender.hears()).cn == "9014"

    asyncio.run(story())
    assert (tmp_path / "taken.db.damaged").exists()


def test_no_password_is_in_any_log_line(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    wanted = {"set_time": True, "live_interval_s": 30, "sample_on_trigger": True}

    async def story() -> None:
        config = source([station(tmp_path, **wanted)])
        async with serving(config, Disk(), tmp_path) as server, device(server.port) as sender:
            sender.send(wire(pw="wrong-guess"), wire(mn="nobody"), wire(), b"PW=" + PASSWORD.encode(), wire(cn="9999"))
            await asyncio.sleep(0.2)
            assert PASSWORD not in repr(server.status())

    asyncio.run(story())
    lines = [JsonLines().format(record) for record in caplog.records]
    assert any(json.loads(line)["event"] == "hj212_refused" for line in lines)
    assert not [line for line in lines if PASSWORD in line or "wrong-guess" in line]
