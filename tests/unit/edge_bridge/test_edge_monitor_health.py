"""Health and metrics: what a snapshot says about the bridge."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from green_shield_bridge.operate.health import reasons
from green_shield_bridge.operate.metrics import render

MINUTE_MS = 60_000

ROW = {
    "name": "reactor",
    "kind": "modbus_tcp",
    "address": "192.0.2.10:502",
    "state": "ok",
    "points": 3,
    "last_value_ms": 1_700_000_000_000,
    "polls": 100,
    "failed": 2,
    "late": 1,
    "detail": "",
}
SNAPSHOT = {
    "version": "0.1.0",
    "bridge_id": "plant-a",
    "started_ms": 1_700_000_000_000,
    "now_ms": 1_700_000_600_000,
    "counters": {
        "produced": 10,
        "acked": 6,
        "quarantined": 1,
        "dropped": 1,
        "refused": 4,
        "retries": 7,
        "in_memory": 5,
    },
    "sources": [ROW],
    "crashed": [],
    "spool": {
        "id": "018f",
        "path": "/var/lib/bridge/spool.db",
        "bytes": 4096,
        "oldest_waiting_ms": 1_700_000_500_000,
        "newest_ms": 1_700_000_599_000,
        "waiting": 2,
        "refusing": None,
        "gaps_open": 1,
        "gaps": [],
    },
    "upload": {
        "last_ack_ms": 1_700_000_590_000,
        "last_error": None,
        "retrying_since_ms": None,
        "backlog": 1,
        "live": 1,
    },
    "clock": {"offset_ms": -1500, "jumps": 2},
}


def snapshot(**changes):
    """The snapshot with `part__field=value` changed."""
    made = copy.deepcopy(SNAPSHOT)
    for name, value in changes.items():
        part, _, field = name.partition("__")
        if field:
            made[part][field] = value
        else:
            made[part] = value
    return made


def silent_for(minutes, **changes):
    return snapshot(upload__retrying_since_ms=SNAPSHOT["now_ms"] - minutes * MINUTE_MS, **changes)


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        pytest.param(snapshot(spool__refusing="spool_full"), ["spool_full"], id="a spool that refuses is no health"),
        pytest.param(silent_for(11), ["park_silent"], id="a park that is silent for long while readings wait"),
        pytest.param(silent_for(9), [], id="a short silence is the line's daily life"),
        pytest.param(silent_for(600, spool__waiting=0), [], id="silence matters only while something waits"),
        pytest.param(snapshot(crashed=["a", "b"]), ["source_crashed"] * 2, id="each crashed source is a reason"),
        pytest.param(snapshot(sources=[{**ROW, "state": "lost"}]), [], id="a dead device is not the bridge's illness"),
        pytest.param(
            silent_for(11, spool__refusing="spool_full", crashed=["a"]),
            ["spool_full", "park_silent", "source_crashed"],
            id="all reasons are said",
        ),
    ],
)
def test_health_says_every_reason_and_no_other(now, codes):
    assert [reason["code"] for reason in reasons(now)] == codes


def samples(now):
    families = text_string_to_metric_families(render(now).decode())
    return {
        (sample.name, sample.labels.get("source", "")): sample.value for family in families for sample in family.samples
    }


def test_no_metric_comes_without_help_and_type():
    text = render(snapshot()).decode()
    names = {line.partition("{")[0].partition(" ")[0] for line in text.splitlines() if not line.startswith("#")}
    assert names
    for name in names:
        assert name.startswith("green_shield_bridge_")
        assert f"# HELP {name} " in text and f"# TYPE {name} " in text


@pytest.mark.parametrize(
    ("name", "source", "value"),
    [
        ("readings_produced_total", "", 10),
        ("readings_acked_total", "", 6),
        ("readings_quarantined_total", "", 1),
        ("readings_dropped_total", "", 1),
        ("readings_refused_total", "", 4),
        ("upload_retries_total", "", 7),
        ("memory_readings", "", 5),
        ("spool_readings", "", 2),
        ("spool_bytes", "", 4096),
        ("gaps_open", "", 1),
        ("source_up", "reactor", 1),
        ("source_polls_total", "reactor", 100),
        ("source_failed_polls_total", "reactor", 2),
        ("source_late_polls_total", "reactor", 1),
        ("source_last_value_timestamp_seconds", "reactor", 1_700_000_000),
        ("last_ack_timestamp_seconds", "", 1_700_000_590),
        ("spool_oldest_waiting_timestamp_seconds", "", 1_700_000_500),
        ("clock_offset_seconds", "", -1.5),
        ("clock_jumps_total", "", 2),
        ("start_time_seconds", "", 1_700_000_000),
    ],
)
def test_a_metric_has_the_snapshots_value(name, source, value):
    assert samples(snapshot())[f"green_shield_bridge_{name}", source] == value


@pytest.mark.parametrize("state", ["starting", "lost", "suspended"])
def test_a_source_that_gives_nothing_is_not_up(state):
    assert samples(snapshot(sources=[{**ROW, "state": state}]))["green_shield_bridge_source_up", "reactor"] == 0


def test_what_has_not_happened_yet_has_no_metric():
    names = {name for name, _ in samples(snapshot(upload__last_ack_ms=None, spool__oldest_waiting_ms=None))}
    assert "green_shield_bridge_last_ack_timestamp_seconds" not in names
    assert "green_shield_bridge_spool_oldest_waiting_timestamp_seconds" not in names


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x85\u2028\u2029\x0b\x0c\x1c\x1d\x1e")))
def test_any_name_of_a_source_survives_as_a_label(name):
    up = samples(snapshot(sources=[{**ROW, "name": name}]))
    assert up["green_shield_bridge_source_up", name] == 1
