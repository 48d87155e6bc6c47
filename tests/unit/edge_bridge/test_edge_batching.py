"""Where a batch ends and what it looks like on the wire."""

import gzip
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from green_shield_bridge.batching import Limits, build_block, take
from green_shield_bridge.frames import pack, series_of, total, unpack

HOUR_MS = 3_600_000
POINTS = {1: "a", 2: "b", 3: "c"}

values = st.floats(allow_nan=False, allow_infinity=False)
readings = st.one_of(
    st.tuples(st.integers(1, 3), values, st.just("N")),
    st.tuples(st.integers(1, 3), st.none(), st.sampled_from("BDFMSCT")),
)
frames = st.builds(
    pack, st.integers(0, 60 * HOUR_MS), st.lists(readings, min_size=1, max_size=3, unique_by=lambda reading: reading[0])
)


def batches(stream, limits):
    """Cut a whole stream, as the spool does."""
    rest = list(enumerate(stream))
    while rest:
        batch = list(take(iter(rest), limits))
        yield [frame for _, frame in batch]
        rest = rest[len(batch) :]


def on_the_wire(batch, block_id="x"):
    return json.loads(gzip.decompress(build_block(block_id, 0, batch, POINTS).body))


def as_read(batch):
    """Every (point, time, value, flag) of a block's body."""
    return [
        (series["point"], time_ms, value, flag)
        for series in on_the_wire(batch)["series"]
        for time_ms, value, flag in zip(
            series["times"], series["values"], series.get("flags", ["N"] * len(series["times"])), strict=True
        )
    ]


@given(st.lists(readings, min_size=1, max_size=200), st.integers(0, 2**45))
def test_a_frame_unpacks_to_what_was_packed(readings, time_ms):
    frame = pack(time_ms, readings)
    assert list(unpack(frame)) == readings
    assert series_of(frame) == tuple(series for series, _, _ in readings)
    assert len(frame.body) == 13 * frame.count


@settings(max_examples=60)
@given(st.lists(frames, max_size=40), st.integers(1, 12), st.integers(1, 24))
def test_cutting_keeps_every_reading_once_in_order_and_within_the_limits(stream, most, hours):
    cut = list(batches(stream, Limits(readings=most, span_ms=hours * HOUR_MS)))
    assert [frame for batch in cut for frame in batch] == stream
    for batch in cut:
        times = [frame.time_ms for frame in batch]
        assert len(batch) == 1 or total(batch) <= most
        assert max(times) - min(times) <= hours * HOUR_MS


@settings(max_examples=60)
@given(st.lists(frames, max_size=40), st.integers(1, 12))
def test_within_a_series_times_strictly_increase_and_nothing_changes_on_the_wire(stream, most):
    for batch in batches(stream, Limits(readings=most)):
        for series in on_the_wire(batch)["series"]:
            assert series["times"] == sorted(set(series["times"]))
        expected = [(POINTS[s], frame.time_ms, v, flag) for frame in batch for s, v, flag in unpack(frame)]
        assert sorted(as_read(batch), key=str) == sorted(expected, key=str)


@settings(max_examples=60)
@given(st.lists(frames, min_size=1, max_size=10))
def test_the_same_batch_gives_the_same_bytes(stream):
    batch = next(batches(stream, Limits()))
    assert build_block("x", 7, batch, POINTS) == build_block("x", 7, list(batch), POINTS)


def test_a_clock_set_back_ends_the_batch():
    stream = [pack(t, [(1, float(t), "N")]) for t in (100, 200, 150, 300)]
    assert [[f.time_ms for f in batch] for batch in batches(stream, Limits())] == [[100, 200], [150, 300]]


def test_series_that_interleave_out_of_order_stay_together():
    stream = [pack(200, [(1, 1.0, "N")]), pack(100, [(2, 1.0, "N")]), pack(300, [(1, 1.0, "N")])]
    assert len(list(batches(stream, Limits()))) == 1


def test_a_batch_spans_exactly_a_day_and_not_a_millisecond_more():
    day_ms = 24 * HOUR_MS
    stream = [pack(t, [(1, 1.0, "N")]) for t in (0, day_ms, day_ms + 1)]
    assert [len(batch) for batch in batches(stream, Limits())] == [2, 1]


def test_the_body_is_what_the_park_reads():
    batch = [pack(1_767_225_600_000, [(1, 178.2, "N"), (2, None, "B")]), pack(1_767_225_601_000, [(1, 178.4, "N")])]
    block = build_block("0198-id", 1_767_225_602_500, batch, POINTS)
    assert json.loads(gzip.decompress(block.body)) == {
        "block_id": "0198-id",
        "sent_at": "2026-01-01T00:00:02.500+00:00",
        "series": [
            {"point": "a", "times": [1_767_225_600_000, 1_767_225_601_000], "values": [178.2, 178.4]},
            {"point": "b", "times": [1_767_225_600_000], "values": [None], "flags": ["B"]},
        ],
    }
    assert (block.readings, block.series) == (3, (1, 2))
