"""Which polled values the park gets."""

from green_shield_bridge.sampling import Decision, PointSampler

D = Decision


def decisions(values, *, poll_ms=1_000, interval_ms=5_000, **options):
    """Decide over values polled one after the other; a value of None is a link fault."""
    sampler = PointSampler(interval_ms=interval_ms, poll_ms=poll_ms, **options)
    return [sampler.decide(v, "B" if v is None else "N", i * poll_ms) for i, v in enumerate(values)]


def test_the_first_value_and_then_one_an_interval():
    assert decisions([1.0] * 11) == [D.DUE, *[D.NOT_DUE] * 4, D.DUE, *[D.NOT_DUE] * 4, D.DUE]


def test_every_value_where_all_are_wanted():
    assert decisions([1.0] * 3, keeps_all=True) == [D.EVERY] * 3


def test_an_interval_equal_to_the_poll_interval_keeps_every_poll_though_they_jitter():
    sampler = PointSampler(interval_ms=1_000, poll_ms=1_000)
    assert [sampler.decide(1.0, "N", t) for t in (0, 990, 2_010, 2_995)] == [D.DUE] * 4


def test_a_crossing_two_more_to_confirm_it_and_the_return():
    values = [1.0, 9.0, 9.0, 9.0, 9.0, 2.0, 2.0]
    assert decisions(values, high=5.0)[1:] == [D.CROSSED, D.CONFIRMING, D.CONFIRMING, D.NOT_DUE, D.RETURNED, D.NOT_DUE]


def test_below_and_outside_cross_as_above_does():
    assert decisions([5.0, 1.0], low=2.0)[1] is D.CROSSED
    assert decisions([5.0, 9.0], low=2.0, high=8.0)[1] is D.CROSSED
    assert decisions([5.0, 8.0], low=2.0, high=8.0)[1] is D.NOT_DUE


def test_a_value_that_is_beyond_its_trigger_from_the_start_is_a_crossing():
    assert decisions([9.0], high=5.0) == [D.CROSSED]


def test_a_fault_once_and_the_recovery_once():
    assert decisions([1.0, None, None, 1.0, 1.0])[1:] == [D.QUALITY_CHANGED, D.NOT_DUE, D.QUALITY_CHANGED, D.NOT_DUE]


def test_a_fault_does_not_make_a_crossing():
    assert decisions([9.0, None, 9.0, 9.0], high=5.0)[3] is D.CONFIRMING
    assert decisions([9.0, 9.0, 9.0, None, 9.0, 9.0], high=5.0)[5] is D.NOT_DUE


def test_a_clock_set_back_does_not_silence_a_point():
    sampler = PointSampler(interval_ms=60_000, poll_ms=1_000)
    assert sampler.decide(1.0, "N", 3_600_000) is D.DUE
    assert sampler.decide(1.0, "N", 10) is D.DUE
    assert sampler.decide(1.0, "N", 1_010) is D.NOT_DUE


def test_a_new_interval_counts_from_the_last_kept_value():
    sampler = PointSampler(interval_ms=60_000, poll_ms=1_000)
    sampler.decide(1.0, "N", 0)
    assert sampler.decide(1.0, "N", 30_000) is D.NOT_DUE
    sampler.interval_ms = 30_000
    assert sampler.decide(1.0, "N", 31_000) is D.DUE
