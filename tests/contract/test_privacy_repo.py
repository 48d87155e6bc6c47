"""The repository of budgets and releases, on every store: what is spent and what is released are one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from random import Random
from threading import Barrier

import pytest

from chalicelib.adapters.audited_rows import AuditedRows
from chalicelib.adapters.privacy_repo import RowPrivacyRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.errors import Busy, PrivacyBudgetSpent, WriteConflict
from chalicelib.domain.person import Person, Role
from chalicelib.domain.privacy import Answer, Budget, Grant, Noise, Release, ReleaseQuery
from chalicelib.domain.statistic import STATISTICS, StatisticId
from chalicelib.usecases.share_statistics import StatisticsDesk, grant_budget, release_statistic
from tests.park import Park

RACERS = 50
COMMITTEE = Person("committee", "committee", Role.COMMITTEE)
QUERY = ReleaseQuery(StatisticId.ENTERPRISES, "city", Fraction(1, 3))
NOISE = Noise.of(STATISTICS[StatisticId.ENTERPRISES][1], QUERY.epsilon)
RELEASE = Release(
    "r-1", QUERY, "enterprises", "committee", 1_000, "{enterprise}", NOISE, (Answer("", 7),), Fraction(1), Fraction(1, 3), Fraction(2, 3)
)  # fmt: skip
BUDGET = Budget("enterprises", "city", (Grant(Fraction(1), "committee", 500),))


@pytest.fixture
def privacy(rows: Rows) -> RowPrivacyRepo:
    return RowPrivacyRepo(rows)


def test_what_nobody_granted_or_released_is_not_there(privacy: RowPrivacyRepo) -> None:
    assert privacy.budget("enterprises", "city") is None
    assert privacy.release("r-1") is None
    assert privacy.budgets("enterprises") == privacy.listing(None, 10).items == ()


def test_a_budget_changes_at_the_version_that_was_read(privacy: RowPrivacyRepo) -> None:
    first = privacy.put_budget(BUDGET)
    assert first == replace(BUDGET, version=1) == privacy.budget("enterprises", "city")
    with pytest.raises(WriteConflict):
        privacy.put_budget(BUDGET)
    second = privacy.put_budget(first.granting(Grant(Fraction(2), "admin", 900)))
    with pytest.raises(WriteConflict):
        privacy.put_budget(first.granting(Grant(Fraction(9), "admin", 900)))
    assert privacy.budget("enterprises", "city") == second


def test_budgets_of_a_data_set_are_those_of_all_its_recipients(privacy: RowPrivacyRepo) -> None:
    town, city = (privacy.put_budget(replace(BUDGET, recipient=one)) for one in ("town", "city"))
    privacy.put_budget(replace(BUDGET, data_set="warnings"))
    assert privacy.budgets("enterprises") == (city, town)


def test_a_release_comes_with_the_budget_that_it_leaves(privacy: RowPrivacyRepo) -> None:
    budget = privacy.put_budget(BUDGET)
    assert privacy.add(RELEASE, budget.spending(QUERY.epsilon)) == RELEASE == privacy.release("r-1")
    paid = privacy.budget("enterprises", "city")
    assert paid is not None and (paid.spent, paid.left) == (Fraction(1, 3), Fraction(2, 3))


def test_a_release_that_is_there_or_that_another_has_overtaken_is_not_written_and_not_paid(
    privacy: RowPrivacyRepo,
) -> None:
    budget = privacy.put_budget(BUDGET)
    privacy.add(RELEASE, budget.spending(QUERY.epsilon))
    paid = privacy.budget("enterprises", "city")
    assert paid is not None
    with pytest.raises(WriteConflict):
        privacy.add(replace(RELEASE, answers=(Answer("", 8),)), paid.spending(QUERY.epsilon))
    with pytest.raises(WriteConflict):
        privacy.add(replace(RELEASE, id="r-2"), budget.spending(QUERY.epsilon))
    assert (privacy.budget("enterprises", "city"), privacy.release("r-1")) == (paid, RELEASE)
    assert privacy.release("r-2") is None and len(privacy.listing(None, 10).items) == 1


def test_releases_are_listed_newest_first_page_by_page(privacy: RowPrivacyRepo) -> None:
    budget = privacy.put_budget(replace(BUDGET, grants=(Grant(Fraction(9), "committee", 500),)))
    for number in range(5):
        privacy.add(replace(RELEASE, id=f"r-{number}", at_ms=1_000 + number), budget.spending(QUERY.epsilon))
        found = privacy.budget("enterprises", "city")
        assert found is not None
        budget = found
    page = privacy.listing(None, 3)
    assert [one.id for one in page.items] == ["r-4", "r-3", "r-2"]
    rest = privacy.listing(page.cursor, 3)
    assert ([one.id for one in rest.items], rest.cursor) == (["r-1", "r-0"], None)


@pytest.fixture
def raced_desk(raced_rows: Rows) -> StatisticsDesk:
    """A park's desk over the raced table, audited as it is when deployed; ten releases at 1 are granted."""
    desk = Park(privacy=RowPrivacyRepo(AuditedRows(raced_rows, lambda: 1_000))).register().services.statistics_desk
    desk.privacy.put_budget(replace(BUDGET, grants=(Grant(Fraction(10), "committee", 500),)))
    return desk


def test_of_fifty_racers_ten_are_answered_from_a_budget_of_ten(raced_desk: StatisticsDesk) -> None:
    outcomes = race(lambda number: ask(f"r-{number}", number, raced_desk))
    answered = [one for one in outcomes if isinstance(one, Release)]
    assert (len(answered), sum(isinstance(one, PrivacyBudgetSpent) for one in outcomes)) == (10, RACERS - 10)
    budget = raced_desk.privacy.budget("enterprises", "city")
    assert budget is not None and (budget.spent, budget.left) == (10, 0)
    assert {one.id for one in raced_desk.privacy.listing(None, 100).items} == {one.id for one in answered}
    assert sorted(one.spent for one in answered) == list(range(1, 11))


def test_of_fifty_racers_with_one_id_all_get_the_same_answer_and_it_is_paid_once(raced_desk: StatisticsDesk) -> None:
    all_of_it = Fraction(1, 10)
    grant_budget("enterprises", "city", all_of_it, COMMITTEE, privacy=raced_desk.privacy, clock=raced_desk.clock)
    outcomes = race(lambda number: ask("r-1", number, raced_desk, all_of_it))
    budget = raced_desk.privacy.budget("enterprises", "city")
    assert set(outcomes) == {raced_desk.privacy.release("r-1")}
    assert budget is not None and (budget.spent, budget.left) == (all_of_it, 0)


def ask(release_id: str, number: int, desk: StatisticsDesk, epsilon: Fraction = Fraction(1)) -> Release:
    """Each racer draws noise of its own."""
    own = replace(desk, randbelow=Random(number).randrange)
    return release_statistic(release_id, replace(QUERY, epsilon=epsilon), COMMITTEE, statistics_desk=own)


def race(work: Callable[[int], Release]) -> list[Release | PrivacyBudgetSpent]:
    """All at once. Whom the store puts off comes again, as a client does."""
    start = Barrier(RACERS)

    def run(number: int) -> Release | PrivacyBudgetSpent:
        start.wait(30)
        for _ in range(RACERS):
            try:
                return work(number)
            except PrivacyBudgetSpent as refused:
                return refused
            except (Busy, WriteConflict):
                continue
        raise AssertionError("put off too often")

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))
