"""Settled months, rankings and consequences, on every store."""

from dataclasses import replace

import pytest

from chalicelib.adapters.consequence_repo import RowConsequenceRepo
from chalicelib.adapters.result_repo import RowResultRepo
from chalicelib.adapters.rows import Rows
from chalicelib.adapters.score_repo import RowScoreRepo
from chalicelib.domain.consequence import Consequence, EndReason
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import MonthSettled
from chalicelib.domain.interview import Interview, InterviewState
from chalicelib.domain.month import MonthFigures, MonthResult
from chalicelib.domain.objection import Objection
from chalicelib.domain.ranking import Place, Ranking
from chalicelib.domain.score import Cause, Grade, ScoreEntry
from chalicelib.domain.supervision import Listing

FIGURES = MonthFigures(5, 3, 2, 4, 0.9, 1_000)
RESULT = MonthResult(
    "acme", "2026-03", "east", "hydrogen", 66.5, Grade.RECTIFY, dict.fromkeys(Dimension, 66.5), FIGURES, 0, "1", 2_000
)
MEASURE = Consequence("acme:lock:2026-03:5", "lock", "acme", "rectify", "2026-03", 5, "1")
LISTING = Listing("acme", "2026-03", 7, FIGURES, "east", "hydrogen")
INTERVIEW = Interview("acme:2026-03", "acme", "2026-03", (40.0, 41.0, 42.0), 9)


@pytest.fixture
def results(rows: Rows) -> RowResultRepo:
    return RowResultRepo(rows)


@pytest.fixture
def consequences(rows: Rows) -> RowConsequenceRepo:
    return RowConsequenceRepo(rows)


def test_a_month_is_counted_once_and_settled_at_the_revision_that_was_read(results: RowResultRepo) -> None:
    assert results.figures("acme", "2026-03") is None and results.get("acme", "2026-03") is None
    assert results.count("acme", "2026-03", FIGURES) == FIGURES
    assert results.count("acme", "2026-03", replace(FIGURES, due=9)) == FIGURES == results.figures("acme", "2026-03")
    first = results.settle(RESULT, [MonthSettled("acme", 1, "c", "2026-03", 1)])
    assert first == replace(RESULT, revision=1) == results.get("acme", "2026-03")
    with pytest.raises(WriteConflict):
        results.settle(RESULT, [])
    second = results.settle(replace(first, value=80.0), [])
    with pytest.raises(WriteConflict):
        results.settle(first, [])
    assert results.listing("acme", None, 10).items == (second,)


def test_who_is_counted_and_settled_is_told_of_many_at_once(results: RowResultRepo) -> None:
    results.count("acme", "2026-03", FIGURES)
    results.settle(replace(RESULT, enterprise_id="other"), [])
    assert results.counted("2026-03", ["acme", "other"]) == {"acme"}
    assert results.settled("2026-03", ["acme", "other"]) == {"other"}
    assert set(results.many("2026-03", ["acme", "other"])) == {"other"}
    assert results.counted("2026-03", []) == frozenset()


def test_months_of_an_enterprise_come_newest_first_by_page(results: RowResultRepo) -> None:
    for month in ("2026-01", "2026-03", "2026-02"):
        results.settle(replace(RESULT, month=month), [])
    page = results.listing("acme", None, 2)
    assert [one.month for one in page.items] == ["2026-03", "2026-02"]
    assert [one.month for one in results.listing("acme", page.cursor, 2).items] == ["2026-01"]


def test_figures_and_results_are_no_entries_of_the_ledger(rows: Rows, results: RowResultRepo) -> None:
    scores = RowScoreRepo(rows)
    scores.add([ScoreEntry("acme", "2026-03", "t-1:late", Cause.LATE, -3.0, "t-1", 1, "1")])
    scores.raise_objection(Objection("o", "acme", "2026-03", "t-1:late", "x", "p", 1, 2), [])
    results.count("acme", "2026-03", FIGURES)
    results.settle(RESULT, [])
    assert [one.key for one in scores.of_month("acme", "2026-03")] == ["t-1:late"]
    assert [one.id for one in scores.objections("acme", "2026-03")] == ["o"]


def test_an_objection_is_late_until_somebody_was_reminded(rows: Rows) -> None:
    scores = RowScoreRepo(rows)
    scores.add([ScoreEntry("acme", "2026-03", "t-1:late", Cause.LATE, -3.0, "t-1", 1, "1")])
    raised = scores.raise_objection(Objection("o", "acme", "2026-03", "t-1:late", "x", "p", 1, 2_000), [])
    assert scores.late_objections(1_999, 10) == ()
    assert scores.late_objections(2_001, 10) == (raised,)
    scores.remind(raised, [])
    assert scores.late_objections(9_999, 10) == ()


def test_a_ranking_is_published_by_revisions_that_stay(results: RowResultRepo) -> None:
    results.settle(RESULT, [])
    assert results.stale() == ("2026-03",)
    places = [Place(n, n, f"e{n}", f"E{n}", 100.0 - n, Grade.BENCHMARK, None) for n in range(1, 151)]
    first = results.publish(Ranking("2026-03", 0, 10, 150), {"park": places})
    assert (first.revision, results.stale()) == (1, ())
    page = results.places(first, "park", None, 100)
    assert page.items == tuple(places[:100])
    assert results.places(first, "park", page.cursor, 100).items == tuple(places[100:])
    second = results.publish(first, {"park": places[:1]})
    assert results.places(second, "park", None, 10).items == tuple(places[:1])
    assert len(results.places(first, "park", None, 200).items) == 150
    with pytest.raises(WriteConflict):
        results.publish(first, {})
    assert results.rankings(None, 10).items == (second,)


def test_measures_stand_until_they_end(consequences: RowConsequenceRepo) -> None:
    other = replace(MEASURE, id="acme:visit:2026-03:5", measure="visit")
    consequences.commit([MEASURE, other], [])
    stood = consequences.standing("acme")
    assert {one.measure for one in stood} == {"lock", "visit"} and {one.version for one in stood} == {1}
    assert consequences.known([MEASURE, replace(MEASURE, started_at_ms=6)]) == {MEASURE.id}
    lock = next(one for one in stood if one.measure == "lock")
    consequences.commit([lock.ended(EndReason.WORK_DONE, 8)], [])
    with pytest.raises(WriteConflict):
        consequences.commit([lock.ended(EndReason.WORK_DONE, 9)], [])
    with pytest.raises(WriteConflict):
        consequences.commit([MEASURE], [])
    assert [one.measure for one in consequences.standing("acme")] == ["visit"]
    assert [one.measure for one in consequences.listing(None, 10).items] == ["visit"]
    assert {one.measure: one.ended_by for one in consequences.of_enterprise("acme", None, 10).items} == {
        "lock": EndReason.WORK_DONE,
        "visit": None,
    }


def test_an_enterprise_stands_on_the_list_once(consequences: RowConsequenceRepo) -> None:
    listed = consequences.save_listing(LISTING, [MEASURE], [])
    assert consequences.supervised("acme") == listed
    with pytest.raises(WriteConflict):
        consequences.save_listing(replace(LISTING, listed_at_ms=8), [], [])
    off = consequences.save_listing(listed.taken_off("2026-04", 20), [], [])
    assert consequences.supervised("acme") is None and consequences.supervision(None, 10).items == ()
    again = consequences.save_listing(replace(LISTING, month="2026-05", listed_at_ms=30), [], [])
    assert consequences.listings("acme") == (off, again)
    assert consequences.supervision(None, 10).items == (again,)


def test_interviews_are_listed_newest_month_first(consequences: RowConsequenceRepo) -> None:
    first = consequences.save_interview(INTERVIEW, [])
    newer = consequences.save_interview(replace(INTERVIEW, month="2026-04", enterprise_id="other"), [])
    assert consequences.interviews(None, None, 10).items == (newer, first)
    assert consequences.interviews("acme", None, 10).items == (first,)
    held = consequences.save_interview(replace(first, state=InterviewState.HELD), [])
    with pytest.raises(WriteConflict):
        consequences.save_interview(first, [])
    assert consequences.interview("acme", "2026-03") == held
