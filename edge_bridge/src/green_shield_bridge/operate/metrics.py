"""A snapshot as Prometheus metrics.

The only module that imports prometheus_client, which costs memory; it is itself imported at the first scrape. Names and units are
the field's: counters end in _total, instants are Unix seconds.
"""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from green_shield_bridge.operate.status_model import Snapshot, SourceRow

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4  # which every scraper reads
PREFIX = "green_shield_bridge_"

# Metric, counter of the snapshot, what it is. The first five are of the spool's lifetime, the others of this process.
_COUNTERS = (
    ("readings_produced", "produced", "Readings stored in the spool since it was made"),
    ("readings_acked", "acked", "Readings the park has acknowledged since the spool was made"),
    ("readings_quarantined", "quarantined", "Readings the park refused, set aside with the reason"),
    ("readings_dropped", "dropped", "Stored readings dropped by the declared full-disk policy or by retention"),
    ("readings_refused", "refused", "Readings that never reached the spool because it or the memory was full"),
    ("uploads", "uploads", "Upload requests sent"),
    ("uploaded_readings", "uploaded", "Readings sent, repeats included"),
    ("upload_retries", "retries", "Uploads tried again"),
)

_SOURCE_COUNTERS: tuple[tuple[str, str, Callable[[SourceRow], int]], ...] = (
    ("source_polls", "Polls of the source", lambda row: row["polls"]),
    ("source_failed_polls", "Polls the source did not answer, or not intelligibly", lambda row: row["failed"]),
    ("source_late_polls", "Polls skipped because the one before had not ended", lambda row: row["late"]),
)


def render(now: Snapshot) -> bytes:
    """The text of /metrics, in the format of CONTENT_TYPE. The library escapes label values."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_OneSnapshot(now))
    return generate_latest(registry)


class _OneSnapshot(Collector):
    def __init__(self, now: Snapshot) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        now = self._now
        yield InfoMetricFamily(
            f"{PREFIX}build", "The bridge", value={"version": now["version"], "bridge_id": now["bridge_id"]}
        )
        yield from _counters(now)
        yield from _gauges(now)
        yield from _sources(now["sources"])


def _counters(now: Snapshot) -> Iterator[Metric]:
    for name, key, text in _COUNTERS:
        if key in now["counters"]:
            yield CounterMetricFamily(PREFIX + name, text, value=now["counters"][key])
    yield CounterMetricFamily(
        f"{PREFIX}clock_jumps", "Jumps of the wall clock since the process started", value=now["clock"]["jumps"]
    )


def _gauges(now: Snapshot) -> Iterator[Metric]:
    spool, upload = now["spool"], now["upload"]
    rows = (
        ("spool_readings", "Readings in the spool that wait for the park", spool["waiting"]),
        ("spool_bytes", "Size of the spool on disk", spool["bytes"]),
        ("spool_oldest_waiting_timestamp_seconds", "When the oldest waiting reading was measured", _s(spool["oldest_waiting_ms"])),
        ("spool_refusing", "1 while the disk refuses readings", int(spool["refusing"] is not None)),
        ("memory_readings", "Readings in memory that wait for their commit", now["counters"].get("in_memory")),
        ("gaps_open", "Entries of the gap ledger the park has not taken yet", spool["gaps_open"]),
        ("upload_live_readings", "Readings waiting in the live lane", upload["live"]),
        ("upload_backlog_readings", "Readings waiting in the backlog lane", upload["backlog"]),
        ("last_ack_timestamp_seconds", "When the park last acknowledged a block", _s(upload["last_ack_ms"])),
        ("retrying_since_timestamp_seconds", "Since when the park has not answered", _s(upload["retrying_since_ms"])),
        ("clock_offset_seconds", "What the bridge adds to the wall clock", now["clock"]["offset_ms"] / 1000),
        ("start_time_seconds", "When the process started", _s(now["started_ms"])),
    )  # fmt: skip
    for name, text, value in rows:
        if value is not None:
            yield GaugeMetricFamily(PREFIX + name, text, value=value)


def _sources(rows: list[SourceRow]) -> Iterator[Metric]:
    up = GaugeMetricFamily(f"{PREFIX}source_up", "1 while the source answers", labels=("source", "kind"))
    last = GaugeMetricFamily(
        f"{PREFIX}source_last_value_timestamp_seconds", "When the source last gave a value", labels=("source",)
    )
    for row in rows:
        up.add_metric((row["name"], row["kind"]), row["state"] == "ok")
        if row["last_value_ms"] is not None:
            last.add_metric((row["name"],), row["last_value_ms"] / 1000)
    yield from (up, last)
    for name, text, value_of in _SOURCE_COUNTERS:
        family = CounterMetricFamily(PREFIX + name, text, labels=("source",))
        for row in rows:
            family.add_metric((row["name"],), value_of(row))
        yield family


def _s(instant_ms: int | None) -> float | None:
    return None if instant_ms is None else instant_ms / 1000
