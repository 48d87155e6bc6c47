"""The arithmetic of bench-edge, on numbers that can be followed by hand."""

from bench.edge import Measured, document, percentile


def measured(polls, **changes):
    return Measured(
        **{"cpu_s": 0.5, "rss_mb": 40.0, "seconds": 10.0, "polls": polls, "readings": 0, "ages_ms": [], **changes}
    )


def test_jitter_is_how_far_the_time_between_two_polls_was_from_what_was_asked():
    one = measured([[0.0, 1.0, 2.5, 3.0], [0.5, 1.5]])
    assert one.jitter_ms(1.0, 0.0) == 0.0
    assert one.jitter_ms(1.0, 1.0) == 500.0


def test_cpu_is_shared_by_every_register_of_every_poll():
    assert measured([[0.0] * 50, [0.0] * 50]).cpu_s_per_1000_readings == 0.5 / 10


def test_a_percentile_of_nothing_is_no_number():
    assert percentile([], 0.5) != percentile([], 0.5)
    assert [percentile([3, 1, 2], share) for share in (0.0, 0.5, 0.99)] == [1, 2, 3]


VALUES = {
    "cpu_s_per_1000_readings": 0.010,
    "rss_mb": 61.0,
    "poll_jitter_ms_p99": 5.0,
    "read_to_sink_ms_p50": 40.0,
    "max_readings_per_s": 40_000.0,
}
FLOORS = {"cpu_s_per_1000_readings": 0.002, "max_readings_per_s": 50_000.0}


def test_a_target_is_met_on_its_own_side_and_a_ratio_says_how_many_times_dearer():
    known = document(VALUES, FLOORS, {}, 30.0)
    assert known["met"] == {name: name != "rss_mb" for name in VALUES}
    assert known["ratio"] == {"cpu_s_per_1000_readings": 5.0, "max_readings_per_s": 1.25}
    assert known["cpu_s_per_1000_readings"] == 0.01
