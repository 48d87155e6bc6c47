"""What of a point arrived: each instant once, by flag and hour, and how long its source said the link was broken."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.completeness import Span
from chalicelib.domain.point_ledger import HOUR_MS, LinkFault, PointLedger, PointTally
from chalicelib.domain.reading import FLAGS, Series

FROM = 1_772_380_800_000
SPAN = Span(FROM, FROM + 24 * HOUR_MS)
READINGS = st.lists(st.tuples(st.integers(-50, 24 * 60 + 50), st.sampled_from(sorted(FLAGS))), max_size=60)


def series(*readings: tuple[float, str]) -> Series:
    """(hour, flag) of each."""
    rows = sorted((FROM + round(hour * HOUR_MS), flag) for hour, flag in readings)
    return Series("p", [time for time, _ in rows], [1.0] * len(rows), "".join(flag for _, flag in rows))


def ledger(*parts: tuple[Series, int]) -> PointLedger:
    tally = PointTally()
    for one, received_ms in parts:
        tally.add(one, received_ms, SPAN)
    return tally.ledger("p", SPAN)


def hours(found: PointLedger) -> list[tuple[float, float | None]]:
    return [
        ((one.from_ms - FROM) / HOUR_MS, None if one.to_ms is None else (one.to_ms - FROM) / HOUR_MS)
        for one in found.link_faults
    ]


def test_no_readings_are_counted_as_none() -> None:
    assert ledger() == PointLedger("p", 0, 0, {}, None, None, (0,) * 24, ())


def test_readings_are_counted_by_flag_and_by_hour_of_the_span() -> None:
    found = ledger((series((-1, "N"), (0, "N"), (0.5, "D"), (1, "N"), (23.99, "N"), (24, "N")), 1))
    assert (found.readings, found.valid, found.by_flag) == (4, 3, {"D": 1, "N": 3})
    assert found.hourly == (2, 1, *(0,) * 21, 1)
    assert (found.first_ms, found.last_ms) == (FROM, FROM + round(23.99 * HOUR_MS))


def test_an_instant_that_came_twice_counts_once_as_it_was_first_stored() -> None:
    found = ledger((series((1, "D"), (2, "N")), 200), (series((1, "N"), (3, "N")), 100))
    assert (found.readings, found.by_flag) == (3, {"N": 3})


def test_a_link_fault_lasts_until_the_next_other_reading() -> None:
    found = ledger((series((1, "N"), (2, "B"), (3, "B"), (4, "D"), (5, "B"), (6, "N")), 1))
    assert hours(found) == [(2, 4), (5, 6)]


def test_a_link_fault_without_an_end_is_open() -> None:
    assert hours(ledger((series((1, "N"), (22, "B")), 1))) == [(22, None)]


def test_a_link_fault_is_found_over_the_seams_of_late_blocks() -> None:
    late, live = series((1, "B"), (4, "N")), series((0, "N"), (2, "B"), (3, "B"))
    assert hours(ledger((live, 1), (late, 2))) == [(1, 4)]
    assert ledger((live, 1), (late, 2)).link_faults[0] == LinkFault(FROM + HOUR_MS, FROM + 4 * HOUR_MS)


@given(st.lists(READINGS, max_size=6))
def test_the_counts_add_up_however_the_readings_came(blocks: list[list[tuple[int, str]]]) -> None:
    parts = [
        (series(*{minute / 60: flag for minute, flag in rows}.items()), number) for number, rows in enumerate(blocks)
    ]
    found = ledger(*parts)
    instants = {time for one, _ in parts for time in one.times_ms if SPAN.from_ms <= time < SPAN.to_ms}
    assert found.readings == len(instants) == sum(found.hourly) == sum(found.by_flag.values())
    assert found.valid == found.by_flag.get("N", 0)
