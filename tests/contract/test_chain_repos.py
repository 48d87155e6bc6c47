"""What is kept of the chain, on every store."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.chain_alert_repo import RowChainAlertRepo
from chalicelib.adapters.chain_month_repo import RowChainMonthRepo
from chalicelib.adapters.codec import event_from_body
from chalicelib.adapters.link_repo import RowLinkRepo
from chalicelib.adapters.plan_repos import RowPlanRepo, RowPlanRunRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.catalogue import ChainShare
from chalicelib.domain.chain import Carried, Link, Place
from chalicelib.domain.chain_alert import AlertEnd, ChainAlert, Crossing, Episode, Excess, Giving, Warned
from chalicelib.domain.chain_plan import ChainPlan, PlanRun, PlanStep, Resource, StepAnswer, StepState, answered
from chalicelib.domain.chain_score import ChainMonth, Tie
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.events import ChainEnded, ChainLifted, ChainReached, Event, LimitCrossed, PlanStepsOpened
from tests.park import FakeClock

LINK = Link("l-1", Place("a", "a1"), Place("b", "b1"), "溶剂", (Carried("voc", 50.0, "mg/m3"),), 0.6, 0.9, 30)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def links(rows: Rows, clock: FakeClock) -> RowLinkRepo:
    return RowLinkRepo(rows, clock)


def test_a_link_is_found_by_its_id_and_with_either_partner(links: RowLinkRepo) -> None:
    assert links.of_enterprise("a") == ()
    links.put(LINK)
    assert links.get("l-1") == LINK and links.all() == (LINK,)
    assert links.of_enterprise("a") == links.of_enterprise("b") == (LINK,)
    assert links.of_enterprise("c") == () and links.get("l-2") is None


def test_a_link_that_is_put_again_is_changed_everywhere(links: RowLinkRepo) -> None:
    links.put(LINK)
    links.put(LINK)
    changed = replace(LINK, share=0.2)
    links.put(changed)
    assert links.all() == links.of_enterprise("a") == links.of_enterprise("b") == (changed,)


def test_the_id_of_a_link_is_taken_by_its_partners(links: RowLinkRepo) -> None:
    links.put(LINK)
    with pytest.raises(ContentConflict):
        links.put(replace(LINK, receiver=Place("c", "c1")))
    assert links.of_enterprise("c") == () and links.all() == (LINK,)


def test_a_link_that_is_deleted_is_gone_everywhere_and_twice_is_once(links: RowLinkRepo) -> None:
    links.put(LINK)
    for _ in range(2):
        links.delete(LINK)
    assert links.get("l-1") is None and links.all() == links.of_enterprise("a") == links.of_enterprise("b") == ()


def test_what_another_process_registers_is_seen_after_a_while(rows: Rows, clock: FakeClock) -> None:
    mine, another = RowLinkRepo(rows, clock), RowLinkRepo(rows, clock)
    assert mine.of_enterprise("a") == ()
    another.put(LINK)
    assert mine.of_enterprise("a") == ()
    clock.advance(61)
    assert mine.of_enterprise("a") == (LINK,)
    another.delete(LINK)
    assert mine.of_enterprise("a") == (LINK,)
    mine.forget()
    assert mine.of_enterprise("a") == ()


A, B, C = Place("a", "a1"), Place("b", "b1"), Place("c", "c1")
EXCESS = Excess("l-1", "voc", "p", 60.0, 50.0)
FIRST = Crossing("c-1", 0, A, 1_000_000, False, "block", (EXCESS,))
LATER = Crossing("c-1", 1, A, 2_000_000, False, "block", (replace(EXCESS, link_id="l-2"),))
STATE = Giving((Episode("c-1", "a1", 1_000_000, 2_000_000, ("l-1", "l-2"), False),))


def told(one: Crossing) -> LimitCrossed:
    return LimitCrossed("a", one.at_ms, "correlated", one.alert_id, one.number)


def warned(place: Place, minutes: int, number: int = 0) -> Warned:
    return Warned(place, number, minutes, 1_000_000 + minutes * 60_000, "l-1", 0.5, True, 2, f"t-{place.unit_id}")


@pytest.fixture
def alerts(rows: Rows) -> RowChainAlertRepo:
    return RowChainAlertRepo(rows)


@pytest.fixture
def alert(alerts: RowChainAlertRepo) -> ChainAlert:
    alerts.record("a", STATE, 0, [FIRST, LATER], [told(FIRST), told(LATER)])
    known = alerts.get("c-1")
    assert known is not None
    return known


def test_what_is_remembered_of_a_giver_is_kept_with_its_version(alerts: RowChainAlertRepo) -> None:
    assert alerts.giving("a") == (Giving(), 0) and alerts.get("c-1") is None
    alerts.record("a", STATE, 0, [], [])
    assert alerts.giving("a") == (STATE, 1)


def test_who_was_not_first_writes_nothing(alerts: RowChainAlertRepo) -> None:
    alerts.record("a", Giving(), 0, [], [])
    for version in (0, 2):
        with pytest.raises(WriteConflict):
            alerts.record("a", STATE, version, [FIRST], [told(FIRST)])
    assert alerts.giving("a") == (Giving(), 1) and alerts.get("c-1") is None


def test_crossings_come_with_the_events_that_tell_of_them(alert: ChainAlert, rows: Rows) -> None:
    assert alert == ChainAlert("c-1", A, 1_000_000, False, (FIRST, LATER))
    events = [event_from_body(row.body) for row in rows.query("ENT#a", prefix="EVENT#")]
    assert events == [told(FIRST), told(LATER)]


def test_a_place_is_reached_once_and_what_was_told_first_stays(
    alerts: RowChainAlertRepo, alert: ChainAlert, rows: Rows
) -> None:
    first = (warned(B, 30), warned(C, 90))
    assert alerts.add_warned(alert, first[::-1], "correlated") == first
    assert alerts.add_warned(alert, [warned(C, 5, number=1)], "correlated") == (first[1],)
    known = alerts.get("c-1")
    assert known is not None and known.warned == first
    events = [event_from_body(row.body) for row in rows.query("ENT#c", prefix="EVENT#")]
    assert events == [ChainReached("c", 1_000_000, "correlated", "c-1", "c1")]


def test_the_first_parent_stays(alerts: RowChainAlertRepo, alert: ChainAlert) -> None:
    assert alert.parent_id == ""
    assert [alerts.settle_parent("c-1", one) for one in ("t-1", "t-2")] == ["t-1", "t-1"]
    known = alerts.get("c-1")
    assert known is not None and known.parent_id == "t-1"


def test_an_alert_is_listed_once_where_it_began_where_it_reached_and_for_the_park(
    alerts: RowChainAlertRepo, alert: ChainAlert
) -> None:
    alerts.add_warned(alert, [warned(B, 30), warned(Place("b", "b2"), 40)], "correlated")
    listed = {one: [each.id for each in alerts.listing(one, None, 10).items] for one in ("a", "b", "c", None)}
    assert listed == {"a": ["c-1"], "b": ["c-1"], "c": [], None: ["c-1"]}


def test_a_list_goes_on_where_a_page_ended(alerts: RowChainAlertRepo) -> None:
    for n in range(3):
        one = replace(FIRST, alert_id=f"c-{n}", at_ms=1_000_000 + n)
        alerts.record("a", STATE, n, [one], [told(one)])
    page = alerts.listing(None, None, 2)
    assert [one.id for one in page.items] == ["c-2", "c-1"]
    assert [one.id for one in alerts.listing(None, page.cursor, 2).items] == ["c-0"]


STEPS = (
    PlanStep("s", "stop", "a", "a1", (), 10),
    PlanStep("h", "hold", "b", "", ("s",), 10, Resource("foam", "2", "gate")),
)
PLAN = ChainPlan("p-1", "plan", "east", STEPS)
RUN = PlanRun("r-1", PLAN, "leak", "", "somebody", 1_000_000)
OPENED = PlanStepsOpened("", 1_000_000, "correlated", "r-1", 0, ("s",))


@pytest.fixture
def runs(rows: Rows) -> RowPlanRunRepo:
    return RowPlanRunRepo(rows)


def test_a_plan_is_replaced_by_the_next_of_its_id(rows: Rows) -> None:
    plans = RowPlanRepo(rows)
    assert plans.get("p-1") is None and plans.all() == ()
    plans.put(PLAN)
    plans.put(replace(PLAN, name="another"))
    assert plans.get("p-1") == replace(PLAN, name="another") and len(plans.all()) == 1


def test_a_run_is_started_once_with_the_event_that_tells_of_it(runs: RowPlanRunRepo, rows: Rows) -> None:
    assert runs.get("r-1") is None
    first = runs.add(RUN, [OPENED])
    assert first == replace(RUN, version=1) == runs.get("r-1")
    assert runs.add(replace(RUN, started_at_ms=2_000_000), []) == first
    assert [event_from_body(row.body) for row in rows.query("ENT#", prefix="EVENT#")] == [OPENED]


@pytest.mark.parametrize(
    "changes",
    [{"incident": "fire"}, {"alert_id": "c-1"}, {"started_by": "another"}, {"plan": replace(PLAN, id="p-2")}],
    ids=lambda changes: f"another {next(iter(changes))}",
)
def test_the_id_of_a_run_is_used_once(runs: RowPlanRunRepo, changes: dict[str, Any]) -> None:
    runs.add(RUN, [OPENED])
    with pytest.raises(ContentConflict):
        runs.add(replace(RUN, **changes), [])


def test_of_two_answers_to_one_version_the_first_stands(runs: RowPlanRunRepo) -> None:
    known = runs.add(RUN, [OPENED])
    saved = runs.save(answered(known, StepAnswer("s", StepState.DONE, "e", 2_000_000)), [])
    assert saved.version == 2 and runs.get("r-1") == saved
    with pytest.raises(WriteConflict):
        runs.save(answered(known, StepAnswer("s", StepState.CANNOT, "e", 2_000_001)), [])
    assert runs.get("r-1") == saved


def test_a_run_is_listed_for_the_park_and_for_who_has_a_step(runs: RowPlanRunRepo) -> None:
    known = runs.add(RUN, [OPENED])
    assert [runs.listing(one, None, 10).items for one in (None, "a", "b", "c")] == [(known,)] * 3 + [()]


def test_a_run_is_among_the_running_until_it_ends(runs: RowPlanRunRepo) -> None:
    known = runs.add(RUN, [OPENED])
    assert runs.running() == (known,)
    known = runs.save(replace(known, overdue=("s",)), [])
    assert runs.running() == (known,)
    runs.save(replace(known, ended_at_ms=2_000_000), [])
    assert runs.running() == ()


TIES = tuple(Tie(f"l-{n:05d}", ("a", f"b-{n}"), 0.5) for n in range(4500))
MONTH = ChainMonth(
    "2026-03", 7, "v", ChainShare(0.2, 80.0, 5.0), TIES, {f"b-{n}": 90.0 + n / 1000 for n in range(11_000)}
)


def test_what_a_month_was_shared_by_is_written_once_however_much_it_is(rows: Rows) -> None:
    months = RowChainMonthRepo(rows)
    assert months.get("2026-03") is None
    assert months.settle(MONTH) == MONTH == months.get("2026-03")
    assert months.settle(replace(MONTH, at_ms=8, ties=(), results={})) == MONTH == months.get("2026-03")


def test_that_a_months_entries_are_written_is_noted_apart_from_it(rows: Rows) -> None:
    months = RowChainMonthRepo(rows)
    months.settle(MONTH)
    assert not months.is_finished("2026-03")
    for _ in range(2):
        months.finish("2026-03")
    assert months.is_finished("2026-03") and not months.is_finished("2026-04")
    assert months.get("2026-03") == MONTH


def test_a_month_without_links_is_written_too(rows: Rows) -> None:
    months, nothing = RowChainMonthRepo(rows), replace(MONTH, ties=(), results={})
    assert months.settle(nothing) == nothing == months.get("2026-03")
    assert months.get("2026-04") is None


END, OVER = AlertEnd(9_000_000, 8_000_000), ChainEnded("a", 9_000_000, "correlated", "c-1")


def events_of(rows: Rows, enterprise_id: str, kind: type) -> list[Event]:
    found = (event_from_body(row.body) for row in rows.query(f"ENT#{enterprise_id}", prefix="EVENT#"))
    return [one for one in found if isinstance(one, kind)]


def test_an_alert_stands_until_it_has_ended_and_ends_once(
    alerts: RowChainAlertRepo, alert: ChainAlert, rows: Rows
) -> None:
    assert alerts.standing() == (alert,)
    calm = Giving((replace(STATE.episodes[0], calm_ms=8_000_000),))
    alerts.end(alert, END, calm, 1, OVER)
    assert alerts.standing() == () and alerts.get("c-1") == replace(alert, end=END)
    assert alerts.giving("a") == (calm, 2) and events_of(rows, "a", ChainEnded) == [OVER]
    with pytest.raises(WriteConflict):
        alerts.end(alert, replace(END, at_ms=9_500_000), calm, 2, OVER)
    assert alerts.giving("a")[1] == 2


def test_an_alert_of_which_more_was_recorded_meanwhile_does_not_end(
    alerts: RowChainAlertRepo, alert: ChainAlert, rows: Rows
) -> None:
    alerts.record("a", STATE, 1, [], [])
    with pytest.raises(WriteConflict):
        alerts.end(alert, END, STATE, 1, OVER)
    assert alerts.standing() == (alert,) and events_of(rows, "a", ChainEnded) == []


def test_what_came_late_does_not_stand(alerts: RowChainAlertRepo) -> None:
    late = replace(FIRST, is_late=True)
    alerts.record("a", STATE, 0, [late], [told(late)])
    assert alerts.standing() == () and alerts.get("c-1") is not None


def test_each_place_that_was_reached_is_told_of_the_end_once(
    alerts: RowChainAlertRepo, alert: ChainAlert, rows: Rows
) -> None:
    alerts.add_warned(alert, [warned(B, 30), warned(C, 60)], "correlated")
    alerts.end(alert, END, STATE, 1, OVER)
    known = alerts.get("c-1")
    assert known is not None
    for _ in range(2):
        alerts.lift(known, "correlated")
    assert events_of(rows, "b", ChainLifted) == [ChainLifted("b", 9_000_000, "correlated", "c-1", "b1")]
    assert events_of(rows, "c", ChainLifted) == [ChainLifted("c", 9_000_000, "correlated", "c-1", "c1")]
