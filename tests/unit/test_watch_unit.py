"""The watch around a unit: when it judges, what it opens and closes, and what changes nothing."""

from dataclasses import replace

import pytest

from chalicelib.domain.block import pack
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.observation import ObservationKind, Verdict
from chalicelib.domain.reading import Series
from chalicelib.domain.watch_record import WatchVersion
from chalicelib.usecases.watch_unit import ATTEMPTS, MAX_CHANGED
from tests.watched import POINTS, STEP, T0, Park, block_of, lifted, normal

# ---- nothing to do ---------------------------------------------------------------------------------------------------


def test_an_enterprise_without_a_watch_costs_one_look_a_minute() -> None:
    park = Park(is_watched=False)
    park.reads(normal(100, 2))
    assert park.registry.asked == 0 and park.watches.commits == 0


def test_a_block_of_other_points_is_left_alone() -> None:
    park = Park()
    block = replace(block_of(normal(2, 2), 0), payload=pack([Series("r9-temperature", [T0], [1.0], "N")]))
    assert park.judges(block) == () and park.watches.commits == 0


def test_a_watch_of_points_that_are_gone_rests_until_it_is_trained_anew() -> None:
    park = Park()
    park.activates("v2", (*POINTS, "r1-taken-away"))
    park.reads(normal(40, 2))
    assert park.watches.commits == 0


def test_a_unit_whose_model_cannot_be_used_is_named_and_stops_nobody() -> None:
    park = Park()
    park.watches.activate(WatchVersion("acme", "r0", "v9", POINTS[:2], STEP, T0, T0, 600, 0.0, T0))
    (found,) = park.reads(lifted(normal(200, 4), 100, temperature=4.0, voc=4.0))
    assert park.unusable == ("r0",) and found.unit_id == "r1"


# ---- what it opens ---------------------------------------------------------------------------------------------------


def test_normal_operation_opens_nothing() -> None:
    park = Park()
    assert park.reads(normal(400, 3)) == [] and park.told() == []


def test_safety_and_environment_off_together_are_an_early_coupled_observation_that_names_its_points() -> None:
    park = Park()
    (found,) = park.reads(lifted(normal(200, 4), 100, temperature=3.0, voc=3.0))
    assert (found.kind, found.dimension, found.unit_id) == (ObservationKind.EARLY_COUPLED, None, "r1")
    assert T0 + 100 * STEP <= found.onset_ms < found.opened_at_ms <= T0 + 110 * STEP
    named = {finding.point_id: finding for finding in found.findings}
    assert {"r1-temperature", "r1-voc"} <= set(named) and found.subject in ("r1-temperature", "r1-voc")
    assert named["r1-voc"].reference == pytest.approx(30.0, abs=1.0) and named["r1-voc"].verdict is Verdict.RISES
    figures = dict(found.figures)
    assert figures["level"] > 1.0 and figures["share:safety"] + figures["share:environment"] == pytest.approx(1.0)
    assert park.told() == [found.id] and park.all() == [found]


@pytest.mark.parametrize(
    ("point", "dimension"),
    [("pressure", Dimension.SAFETY), ("cod", Dimension.ENVIRONMENT)],
    ids=["safety", "environment"],
)
def test_one_dimension_off_is_an_observation_of_its_department(point: str, dimension: Dimension) -> None:
    (found,) = Park().reads(lifted(normal(200, 5), 100, **{point: 4.0}))
    assert (found.kind, found.dimension, found.subject) == (ObservationKind.OFF_NORMAL, dimension, f"r1-{point}")


def test_what_began_in_one_dimension_and_becomes_joint_is_told_once_more() -> None:
    rows = lifted(lifted(normal(300, 6), 100, temperature=3.0), 160, cod=6.0)
    found = Park().reads(rows)
    assert [one.kind for one in found] == [ObservationKind.OFF_NORMAL, ObservationKind.EARLY_COUPLED]


def test_what_ended_is_closed_when_the_unit_has_been_calm() -> None:
    park = Park()
    (found,) = park.reads(lifted(normal(400, 7), 100, 130, temperature=4.0, voc=4.0))
    (closed,) = park.all()
    assert closed.closed_at_ms is not None and closed.closed_at_ms > T0 + 130 * STEP
    assert closed == found.closed(closed.closed_at_ms)


def test_what_was_over_before_its_readings_came_is_recorded_and_told_to_nobody() -> None:
    park = Park()
    rows = lifted(normal(400, 7), 100, 130, temperature=4.0, voc=4.0)
    assert park.judges(block_of(rows, 0)) == ()
    assert [one.closed_at_ms is not None for one in park.all()] == [True] and park.told() == []


def test_a_new_model_starts_afresh_and_ends_what_the_old_one_opened() -> None:
    park = Park()
    park.reads(lifted(normal(140, 4), 100, temperature=3.0, voc=3.0))
    park.activates("v2")
    park.reads(normal(40, 8), first=140)
    assert [one.closed_at_ms is not None for one in park.all()] == [True]


# ---- doubtful data, doubled data, other writers ----------------------------------------------------------------------


def test_flagged_readings_are_never_judged() -> None:
    park = Park()
    park.reads(normal(60, 4))
    assert park.reads(lifted(normal(60, 4), 0, temperature=9.0, voc=9.0), first=60, flags="D") == []


def test_a_value_outside_its_plausible_range_is_no_reading() -> None:
    park = Park()
    rows = normal(200, 4)
    rows[100:, 0] = 1e6
    assert park.reads(rows) == []


def test_blocks_that_come_twice_change_nothing() -> None:
    once, twice = Park(), Park()
    rows = lifted(normal(240, 4), 100, 150, temperature=3.0, voc=3.0)
    once.reads(rows)
    for n in range(0, len(rows), 20):
        for _ in range(2):
            twice.judges(block_of(rows[n : n + 20], n))
    assert twice.all() == once.all() and twice.told() == once.told()
    assert twice.watches.load("acme", "r1") == once.watches.load("acme", "r1")


def test_readings_older_than_what_was_judged_change_nothing() -> None:
    park = Park()
    park.reads(normal(100, 4))
    before = park.watches.load("acme", "r1")
    assert park.judges(block_of(lifted(normal(20, 4), 0, temperature=50.0), 10)) == ()
    assert park.watches.load("acme", "r1") == before


@pytest.mark.parametrize("size", [1, 7, 240], ids=["row by row", "in sevens", "at once"])
def test_it_makes_no_difference_where_uploads_are_cut(size: int) -> None:
    whole, cut = Park(), Park()
    rows = lifted(normal(240, 4), 100, temperature=3.0, voc=3.0)
    whole.reads(rows)
    for n in range(0, len(rows), size):
        cut.judges(block_of(rows[n : n + size], n))
    strip = [replace(one, received_at_ms=0) for one in cut.all()]
    assert strip == [replace(one, received_at_ms=0) for one in whole.all()]


def test_beaten_by_another_writer_it_judges_again() -> None:
    park = Park()
    park.watches.times = ATTEMPTS - 1
    park.judges(block_of(normal(20, 4), 0))
    assert park.watches.commits == 1


def test_beaten_again_and_again_it_gives_the_block_back() -> None:
    park = Park()
    park.watches.times = ATTEMPTS
    with pytest.raises(WriteConflict):
        park.judges(block_of(normal(20, 4), 0))


def test_a_block_with_more_observations_than_a_commit_takes_is_judged_in_parts() -> None:
    park, rows = Park(), normal(5000, 9)
    for begin in range(100, 4900, 150):
        rows = lifted(rows, begin, begin + 3, temperature=5.0, voc=5.0)
    park.judges(block_of(rows, 0))
    assert len(park.all()) > MAX_CHANGED and park.watches.commits > 1
    assert all(one.closed_at_ms is not None for one in park.all())
