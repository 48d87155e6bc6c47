"""How statistics are measured: whatever the data, no enterprise adds more than its bound."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.statistic import (
    DATA_SETS,
    STATISTICS,
    TIERS,
    WHOLE,
    Kind,
    Record,
    Statistic,
    StatisticId,
    measure,
)

INDUSTRIES = ("circular_chemical", "hydrogen", "water_treatment")
ROWS = [pytest.param(one, id=one.id) for _, one in STATISTICS.values()]
RECORDS = st.lists(
    st.builds(
        Record,
        enterprise_id=st.sampled_from(["acme", "other", "third"]),
        industry=st.sampled_from([*INDUSTRIES, "gone"]),
        tier=st.integers(0, 3),
        amount=st.integers(-(10**6), 10**6),
    ),
    max_size=60,
)


def statistic(id: StatisticId) -> Statistic:
    return STATISTICS[id][1]


def at(eid: str, *, industry: str = "hydrogen", tier: int = 1, amount: int = 0, times: int = 1) -> list[Record]:
    return [Record(eid, industry, tier, amount)] * times


@pytest.mark.parametrize("one", ROWS)
@given(records=RECORDS, eid=st.sampled_from(["acme", "other", "third"]))
def test_without_an_enterprise_an_answer_is_another_by_its_bound_at_most(
    one: Statistic, records: list[Record], eid: str
) -> None:
    with_it = measure(one, records, INDUSTRIES)
    without = measure(one, [r for r in records if r.enterprise_id != eid], INDUSTRIES)
    assert with_it.keys() == without.keys()
    assert sum(abs(with_it[cell] - without[cell]) for cell in with_it) <= one.bound


@pytest.mark.parametrize("one", ROWS)
@given(records=RECORDS)
def test_which_cells_there_are_says_nothing_about_the_data(one: Statistic, records: list[Record]) -> None:
    assert measure(one, records, INDUSTRIES).keys() == measure(one, [], INDUSTRIES).keys()


@pytest.mark.parametrize(
    ("id", "records", "answer"),
    [
        pytest.param(StatisticId.WARNINGS, at("acme", times=3) + at("other"), {WHOLE: 4}, id="a count counts records"),
        pytest.param(StatisticId.WARNINGS, at("acme", times=50) + at("other"), {WHOLE: 11}, id="of one enterprise ten at most"),
        pytest.param(StatisticId.OVERDUE_MINUTES, at("acme", amount=90, times=2) + at("other", amount=5), {WHOLE: 185}, id="a sum adds amounts up"),
        pytest.param(StatisticId.OVERDUE_MINUTES, at("acme", amount=100_000) + at("other", amount=5), {WHOLE: 2885}, id="of one enterprise two days at most"),
        pytest.param(StatisticId.OVERDUE_MINUTES, at("acme", amount=-100) + at("other", amount=5), {WHOLE: 5}, id="and nothing less than nothing"),
        pytest.param(
            StatisticId.WARNED_BY_TIER, at("acme", tier=1, times=9) + at("acme", tier=3) + at("other", tier=1),
            {"1": 1, "2": 0, "3": 1}, id="an enterprise counts once, by its highest tier",
        ),
        pytest.param(
            StatisticId.WARNED_BY_INDUSTRY, at("acme", times=9) + at("other", industry="gone"),
            {"circular_chemical": 0, "hydrogen": 1, "water_treatment": 0}, id="an industry that is none is told by no cell",
        ),
    ],
)  # fmt: skip
def test_an_answer_is(id: StatisticId, records: Sequence[Record], answer: dict[str, int]) -> None:
    assert measure(statistic(id), records, INDUSTRIES) == answer


def test_every_statistic_is_of_one_data_set_and_a_histogram_alone_has_cells() -> None:
    listed = [one for data_set in DATA_SETS.values() for one in data_set.statistics]
    assert sorted(one.id for one in listed) == sorted(StatisticId)
    assert all((one.by is not None) == (one.kind is Kind.HISTOGRAM) for one in listed)
    assert all(one.bound == 1 for one in listed if one.kind is Kind.HISTOGRAM)
    assert TIERS == ("1", "2", "3")
