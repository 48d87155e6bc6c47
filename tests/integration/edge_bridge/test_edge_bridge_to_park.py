"""A real Modbus server, the bridge as a process, and a park that misbehaves: every reading arrives exactly once."""

import logging
import signal
import sqlite3
import time
from typing import Any

import pytest


def assert_all_is_there(park: Any, stats: dict[str, int], refused: int = 0) -> None:
    assert stats["spool_rows"] == 0
    assert stats["quarantined"] == refused
    assert len(park.stored) == stats["produced"] - refused
    assert park.duplicates == 0


def test_readings_reach_the_park_with_the_values_of_the_registers(park, plant, configure, process, wait_for):
    configure()
    process.start()
    wait_for(lambda: len(park.values_of("p-steam")) >= 3 and len(park.values_of("p-voc")) >= 3)
    plant.set_many({"p-temperature": 182.3, "p-pressure": 2.75})
    wait_for(lambda: 182.3 in park.values_of("p-temperature"))
    assert process.stop() == 0
    assert_all_is_there(park, process.stats())
    assert set(park.values_of("p-temperature")) == {178.25, 182.3}
    assert set(park.values_of("p-steam")) == {-12.3}


MISBEHAVIOURS = {
    "answers 500, 503 and 429 with and without Retry-After": [
        "500",
        "500",
        "503:0",
        "503:Thu, 01 Jan 2015 00:00:00 GMT",
        "429:1",
    ],
    "refuses tokens and shows a sign-in page": ["401", "401", "page", "page"],
    "cuts the line before and after it stored": ["cut", "halt", "cut", "ok", "cut"],
    "hangs, and then does all of it at once": ["hang", "500", "cut", "page", "429:0", "halt", "401", "cut"],
}


@pytest.mark.parametrize("script", MISBEHAVIOURS.values(), ids=MISBEHAVIOURS.keys())
def test_nothing_is_lost_or_doubled_when_the_park(script, park, plant, configure, bridge, wait_for):
    park.script = list(script)
    configure()
    bridge.start()
    wait_for(lambda: not park.script and len(park.stored) > 20)
    bridge.stop()
    assert_all_is_there(park, bridge.stats())


def test_a_lost_answer_makes_the_very_same_block_go_again(park, plant, configure, bridge, wait_for):
    park.script = ["cut", "500", "hang"]
    configure()
    bridge.start()
    wait_for(lambda: len(park.uploads) >= 5)
    bridge.stop()
    first = park.uploads[0]
    assert {(u.block_id, u.sha256) for u in park.uploads[:4]} == {(first.block_id, first.sha256)}
    assert park.uploads[4].block_id != first.block_id
    assert len(set(park.tokens)) == len(park.tokens)


def test_a_block_the_park_refuses_is_set_aside_with_its_reason_and_the_rest_goes_on(
    park, plant, configure, bridge, wait_for
):
    park.script = ["409"]
    folder = configure()
    bridge.start()
    wait_for(lambda: len(park.stored) > 20)
    bridge.stop()
    refused = sum(len(s["times"]) for s in park.uploads[0].document["series"])
    assert_all_is_there(park, bridge.stats(), refused=refused)
    with sqlite3.connect(folder / "spool.db") as db:
        assert db.execute("SELECT DISTINCT code, reason FROM quarantine").fetchall() == [("code_409", "as scripted")]


def test_a_refused_series_is_quarantined_and_the_others_of_its_block_are_not(park, plant, configure, bridge, wait_for):
    park.refused_points = {"p-voc": "unknown_point"}
    folder = configure()
    bridge.start()
    wait_for(lambda: len(park.values_of("p-pressure")) > 5)
    bridge.stop()
    stats = bridge.stats()
    assert stats["quarantined"] > 0
    assert_all_is_there(park, stats, refused=stats["quarantined"])
    with sqlite3.connect(folder / "spool.db") as db:
        rows = db.execute("SELECT DISTINCT point, code, reason FROM quarantine").fetchall()
    assert rows == [("p-voc", "unknown_point", "p-voc is refused")]


def test_a_block_too_large_for_the_park_is_split_until_it_fits(park, plant, configure, bridge, wait_for):
    park.max_readings = 10
    configure(extra=["max_batch_age_s: 0.2 => max_batch_age_s: 1.0"])
    bridge.start()
    wait_for(lambda: len(park.stored) > 60)
    bridge.stop()
    assert_all_is_there(park, bridge.stats())
    assert any(not upload.is_stored for upload in park.uploads)


def test_a_block_the_park_cannot_digest_holds_nothing_back(park, plant, configure, bridge, wait_for):
    park.poison = "p-pressure"
    folder = configure(extra=["retry_max_s: 0.3 => retry_max_s: 0.05"])
    bridge.start()
    wait_for(lambda: len(park.values_of("p-steam")) > 2)
    plant.set("p-pressure", 666.0)
    wait_for(lambda: any(not upload.is_stored for upload in park.uploads))
    plant.set("p-pressure", 2.5)
    steam = len(park.values_of("p-steam"))
    wait_for(lambda: len(park.values_of("p-steam")) > steam + 10 and bridge.stats()["quarantined"] > 0, within_s=20)
    bridge.stop()
    stats = bridge.stats()
    assert stats["produced"] == len(park.stored) + stats["quarantined"] + stats["spool_rows"]
    assert park.duplicates == 0
    with sqlite3.connect(folder / "spool.db") as db:
        assert db.execute("SELECT DISTINCT code FROM quarantine").fetchall() == [("poison",)]
        assert (666.0,) in db.execute("SELECT value FROM quarantine WHERE point = 'p-pressure'").fetchall()


def test_the_park_is_told_that_the_bridge_lives_and_which_readings_it_refused(park, plant, configure, bridge, wait_for):
    park.refused_points = {"p-voc": "unknown_point"}
    folder = configure()
    bridge.start()
    wait_for(lambda: bridge.stats().get("quarantined", 0) > 0 and park.reports)
    bridge.stop()
    bridge.start()
    wait_for(lambda: park.gaps)
    bridge.stop()
    with sqlite3.connect(folder / "spool.db") as db:
        (spool_id,) = db.execute("SELECT value FROM meta WHERE key = 'spool_id'").fetchone()
    assert {report["spool"]["id"] for report in park.reports} == {spool_id}
    assert {(gap["reason"], gap["detail"], *gap["points"]) for gap in park.gaps.values()} == {
        ("refused", "unknown_point", "p-voc")
    }


def test_a_park_without_reports_gets_its_readings(park, plant, configure, bridge, wait_for):
    park.report_script = ["404"] * 5
    configure()
    bridge.start()
    wait_for(lambda: len(park.stored) > 20)
    bridge.stop()
    assert len(park.reports) == 1
    assert_all_is_there(park, bridge.stats())


def test_a_kill_at_any_moment_loses_and_doubles_nothing(park, plant, configure, process, wait_for):
    configure(poll_interval_s=0.02)
    park.script = ["ok", "cut", "500", "cut", "ok", "halt", "cut"]
    for pause_s in (0.35, 0.0, 0.11, 0.23):
        before = len(park.uploads)
        process.start()
        wait_for(lambda before=before: len(park.uploads) > before)
        time.sleep(pause_s)
        process.kill()
    process.start()
    wait_for(lambda: not park.script and process.stats().get("acked", 0) > 20)
    assert process.stop() == 0
    assert_all_is_there(park, process.stats())


def test_an_outage_with_restarts_in_it_loses_nothing(park, plant, configure, process, wait_for):
    configure()
    park.close()
    process.start()
    wait_for(lambda: process.stats().get("produced", 0) > 10)
    process.kill()
    process.start()
    wait_for(lambda: process.stats().get("spooled", 0) > 10)
    started_s = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - started_s < 5
    assert process.stats()["spool_rows"] == process.stats()["produced"] > 0
    park.open()
    process.start()
    wait_for(lambda: len(park.stored) > 30)
    assert process.stop() == 0
    assert_all_is_there(park, process.stats())


def test_a_dead_device_says_link_fault_once_and_comes_back(park, plant, configure, bridge, wait_for, caplog):
    caplog.set_level(logging.INFO, "green_shield_bridge")
    configure()
    bridge.start()
    wait_for(lambda: len(park.values_of("p-voc")) > 2)
    plant.unplug("reactor")
    wait_for(lambda: None in park.values_of("p-voc"))
    steam = len(park.values_of("p-steam"))
    wait_for(lambda: len(park.values_of("p-steam")) > steam + 10)
    plant.plug("reactor")
    voc = len(park.values_of("p-voc"))
    wait_for(lambda: len(park.values_of("p-voc")) > voc + 2)
    bridge.stop()
    assert_all_is_there(park, bridge.stats())
    assert park.values_of("p-voc").count(None) == 1
    assert [f for (p, _), f in park.flags.items() if p == "p-voc" and f != "N"] == ["B"]
    assert {"device_lost", "device_back"} <= {record.getMessage() for record in caplog.records}


def test_a_slow_device_does_not_delay_the_others(park, plant, configure, bridge, wait_for):
    configure()
    plant.slow_down("reactor", 0.3)
    bridge.start()
    wait_for(lambda: len(park.values_of("p-voc")) >= 3)
    bridge.stop()
    assert len(park.values_of("p-steam")) > 3 * len(park.values_of("p-voc"))
    assert bridge.stats()["late_polls"] > 0


def test_the_bridge_polls_faster_than_it_forwards_and_obeys_the_interval_of_the_park(
    park, plant, configure, bridge, wait_for
):
    park.intervals = {"p-temperature": 0.5}
    configure(forward="sampled", trigger_above=185.0)
    bridge.start()
    wait_for(lambda: len(park.values_of("p-temperature")) >= 3)
    assert bridge.stats()["polls"] > 3 * bridge.stats()["produced"] / 4
    assert len(park.values_of("p-voc")) == 1
    bridge.stop()
    assert_all_is_there(park, bridge.stats())


def test_a_value_that_crosses_its_trigger_and_one_that_returns_go_at_once(park, plant, configure, bridge, wait_for):
    configure(forward="sampled", trigger_above=185.0, extra=["max_batch_age_s: 0.2 => max_batch_age_s: 600"])
    bridge.start()
    wait_for(lambda: bridge.stats().get("produced", 0) == 4)
    assert park.stored == {}
    plant.set("p-temperature", 186.5)
    wait_for(lambda: park.values_of("p-temperature") == [178.25, 186.5, 186.5, 186.5], within_s=2)
    plant.set("p-temperature", 184.0)
    wait_for(lambda: park.values_of("p-temperature")[4:] == [184.0], within_s=2)
    bridge.stop()
    assert_all_is_there(park, bridge.stats())


def test_the_interval_of_the_park_is_remembered_over_a_restart(park, plant, configure, bridge, wait_for):
    park.intervals = {"p-voc": 0.1}
    configure(forward="sampled")
    bridge.start()
    wait_for(lambda: len(park.values_of("p-voc")) >= 2)
    bridge.stop()
    park.script = ["hang"] * 20
    bridge.start()
    wait_for(lambda: bridge.stats().get("spooled", 0) >= 8)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_ends_it_in_bounded_time_though_the_park_hangs(number, park, plant, configure, process, wait_for):
    park.script = ["hang"] * 50
    configure()
    process.start()
    wait_for(lambda: len(park.uploads) >= 1)
    started_s = time.monotonic()
    process.process.send_signal(number)
    assert process.process.wait(10) == 0
    assert time.monotonic() - started_s < 5
    stats = process.stats()
    assert stats["spool_rows"] == stats["produced"] > 0


def test_a_second_bridge_on_the_same_spool_is_refused(park, plant, configure, process, wait_for, tmp_path):
    configure()
    process.start()
    wait_for(lambda: len(park.stored) > 0)
    second = type(process)(tmp_path)
    second.start()
    assert second.process.wait(10) == 3
    assert "another bridge is using it" in (tmp_path / "bridge.log").read_text()
