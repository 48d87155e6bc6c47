"""A year of 300 enterprises, settled month by month, against a recomputation from the raw events that knows none of the product's code."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from chalicelib.adapters.catalogue import SHIPPED
from chalicelib.adapters.codec import to_body
from chalicelib.adapters.rows import OPERATIONS
from chalicelib.bootstrap import ports_of
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.events import Event, MonthSettled, TaskClosed, TaskOverdue, WarningRaised
from chalicelib.domain.hazard import Hazard
from chalicelib.domain.side import Side, SideState
from chalicelib.domain.task import Task, TaskKind
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.flow import FLOW
from chalicelib.handlers.on_learn import on_learn
from chalicelib.usecases.score_task import recount
from chalicelib.usecases.settle_month import recount_month
from tests.park import Park
from tests.why_cards import above, card, rise
from tests.year import MONTHLY

ZONE = ZoneInfo("Asia/Shanghai")
POLICY: dict[str, Any] = yaml.safe_load((SHIPPED / "policy.yaml").read_text())
MEASURES: dict[str, Any] = yaml.safe_load((SHIPPED / "consequences.yaml").read_text())
INDUSTRIES = sorted(POLICY["score"]["part_weights"])
ENTERPRISES = 300
FIRST = datetime(2026, 1, 1, tzinfo=ZONE)
HOUR, DAY = 3_600_000, 86_400_000
FOLLOWED = {
    "score",
    "supervise",
    "unlock by work",
    "apply consequences",
    "review supervision",
    "call for interview",
}
ORDER = ["benchmark", "compliant", "rectify", "supervised"]


def months() -> list[str]:
    return [f"2026-{number:02d}" for number in range(1, 13)]


def start(month: str) -> int:
    year, number = int(month[:4]), int(month[5:])
    return round(datetime(year, number, 1, tzinfo=ZONE).timestamp() * 1000)


def after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def month_at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%Y-%m")


# what happened


@dataclass
class Case:
    """A warning, or a hazard, with the task about it."""

    id: str
    eid: str
    kind: str  # warning, reported, found
    tier: int
    opened: int
    due: int
    closed: int | None
    cleared: int
    energy: bool
    returns: tuple[int, int]
    dimension: str


def history(seed: int) -> dict[str, list[Case]]:
    """Of each enterprise, in order. Some are tidy, some are not, and some change in the middle of the year."""
    chance = random.Random(seed)
    found: dict[str, list[Case]] = {}
    for number in range(ENTERPRISES):
        eid, mood = f"e{number:03d}", chance.random()
        turn = chance.randrange(0, 13)
        found[eid] = []
        for at, month in enumerate(months()):
            trouble = mood if at < turn else 1 - mood
            for n in range(round(chance.expovariate(1) * 5 * trouble**2)):
                found[eid].append(a_case(chance, f"{eid}-{month}-{n}", eid, month, trouble))
        found[eid].sort(key=lambda one: one.opened)
    return found


def a_case(chance: random.Random, id: str, eid: str, month: str, trouble: float) -> Case:
    kind = chance.choices(("warning", "reported", "found"), (8, 2 - trouble, 1))[0]
    tier = chance.choices((1, 2, 3), (5, 3, 1 + 2 * trouble))[0]
    opened = start(month) + chance.randrange(start(after(month)) - start(month))
    due = opened + POLICY["deadlines"][tier]["finish_s"] * 1000
    took = round((due - opened) * chance.uniform(0.1, 0.9 + 2.5 * trouble))
    closed = None if chance.random() < 0.25 * trouble else opened + took + chance.randrange(20) * DAY * (trouble > 0.8)
    return Case(
        id=id, eid=eid, kind=kind, tier=tier, opened=opened, due=due, closed=closed,
        cleared=opened + chance.randrange(1, 8 * HOUR), energy=chance.random() < 0.4,
        returns=(chance.randrange(3) if trouble > 0.6 else 0, chance.randrange(2)), dimension=chance.choice(("safety", "environment")),
    )  # fmt: skip


# the product


def run_the_year(park: Park, cases: dict[str, list[Case]]) -> None:
    for eid in cases:
        number = int(eid[1:])
        park.services.registry.put_enterprise(
            Enterprise(eid, f"企业{eid}", "", INDUSTRIES[number % len(INDUSTRIES)], "medium", f"region-{number % 4}")
        )
    runs = [(start(after(month)) + 2 * DAY + n * HOUR, None, None) for month in months() for n in range(5)]
    for at_ms, case, what in sorted([*events_of(cases), *runs], key=lambda one: one[0]):
        park.clock.ms = at_ms
        if case is None:
            an_hourly_run(park)
        else:
            happens(park, case, what)


def events_of(cases: dict[str, list[Case]]) -> Iterator[tuple[int, Case | None, str | None]]:
    for own in cases.values():
        for case in own:
            yield case.opened, case, "opened"
            if case.closed is None or case.closed > case.due:
                yield case.due + 1, case, "overdue"
            if case.closed is not None:
                yield case.closed, case, "closed"


def happens(park: Park, case: Case, what: str | None) -> None:
    services = park.services
    if what == "opened":
        if case.kind == "warning":
            services.warnings.record([warning_of(case)])
        else:
            services.hazards.add(hazard_of(case))
        services.tasks.save(task_of(case), [])
        if case.kind == "warning":
            follow(park, WarningRaised(case.eid, case.opened, "c", f"w-{case.id}"))
    elif what == "overdue":
        follow(park, TaskOverdue(case.eid, case.due + 1, "c", f"t-{case.id}", "finish", case.tier))
    else:
        task = services.tasks.get(f"t-{case.id}")
        assert task is not None
        done = {
            side: Side(SideState.PASSED, returns=case.returns[n]) for n, side in enumerate(("safety", "environment"))
        }
        services.tasks.save(replace(task, closed_at_ms=case.closed, **done), [])
        follow(park, TaskClosed(case.eid, case.closed or 0, "c", f"t-{case.id}"))


HOT = card(above(183.0, 180.0, 2.0), rise(41.0, 30.0, 0.3))
HOT_AND_THIRSTY = card(above(183.0, 180.0, 2.0), rise(41.0, 30.0, 0.3), rise(140.0, 100.0, 0.3, "steam_flow"))


def warning_of(case: Case) -> Warning:
    return Warning(
        id=f"w-{case.id}", enterprise_id=case.eid, unit_id="", rule_id=HOT.rule_id, tier=case.tier,
        state=WarningState.CLEARED, onset_ms=case.opened, opened_at_ms=case.opened, received_at_ms=case.opened,
        cleared_at_ms=case.cleared, why=HOT_AND_THIRSTY if case.energy else HOT,
    )  # fmt: skip


def hazard_of(case: Case) -> Hazard:
    is_own = case.kind == "reported"
    return Hazard(
        case.id, case.eid, "", Dimension(case.dimension), case.tier, "渗漏", case.opened, "somebody", case.opened, None, is_own
    )  # fmt: skip


def task_of(case: Case) -> Task:
    kind = TaskKind.UNIT if case.kind == "warning" else TaskKind.HAZARD
    return Task(
        id=f"t-{case.id}", warning_id=f"w-{case.id}" if case.kind == "warning" else "", enterprise_id=case.eid, unit_id="",
        region="r", industry="i", rule_id="", tier=case.tier, safety=Side(), environment=Side(), party=(),
        opened_at_ms=case.opened, due_at_ms=case.due, acknowledge_due_at_ms=None, kind=kind,
    )  # fmt: skip


def follow(park: Park, event: Event) -> None:
    for stage in FLOW:
        if stage.on is type(event) and stage.name in FOLLOWED:
            stage.run(event, **ports_of(stage.run, park.services))


def an_hourly_run(park: Park) -> None:
    """What is announced is followed at once."""
    on_learn(park.services, MONTHLY)
    announced = [row for row in park.stream if row.sk.startswith("EVENT#") and row.body["kind"] == MonthSettled.kind]
    park.stream.clear()
    for row in announced:
        told = {key: value for key, value in row.body.items() if key != "kind"}
        follow(park, MonthSettled(**told))


# the same, worked out from the raw events


@dataclass
class Expected:
    values: dict[tuple[str, str], float] = field(default_factory=dict)
    grades: dict[tuple[str, str], str] = field(default_factory=dict)
    spans: set[tuple[str, str, str, int, int | None]] = field(default_factory=set)  # (eid, measure, cause, from, to)
    listed: set[tuple[str, str, int, int | None]] = field(default_factory=set)
    interviews: set[tuple[str, str]] = field(default_factory=set)


def recompute(cases: dict[str, list[Case]]) -> Expected:
    expected = Expected()
    for eid, own in cases.items():
        one_enterprise(eid, own, expected)
    return expected


def one_enterprise(eid: str, own: list[Case], expected: Expected) -> None:
    weights = POLICY["score"]["part_weights"][INDUSTRIES[int(eid[1:]) % len(INDUSTRIES)]]
    carried, low = 0.0, 0
    standing: dict[str, tuple[str, int]] = {}
    listed: tuple[str, int] | None = None
    for month in months():
        begins, ends = start(month), start(after(month))
        # one after the other: what puts on the list, and what closes
        for at_ms, _, _case, what in moments(
            own, settling_of(month) - 30 * DAY if month == "2026-01" else settling_of(before(month)), settling_of(month)
        ):
            if what != "closed" and listed is None and is_bad(own, at_ms):
                listed = (month_at(at_ms), at_ms)
                standing["eligibility_limited"] = ("key_supervision", at_ms)
            if what == "closed" and "production_lock" in standing and not open_at(own, at_ms):
                expected.spans.add((eid, "production_lock", "rectify", standing.pop("production_lock")[1], at_ms))
        points = points_of(own, month)
        due = [one for one in own if begins <= one.due < ends]
        done = [one for one in due if one.closed is not None and one.closed < ends]
        exceeded = sum(one.kind == "warning" and begins <= one.opened < ends for one in own)
        if due:
            rate = len(done) / len(due)
            worth = 2.0 if rate == 1 else -8.0 if rate < 0.7 else -3.0 if rate < 0.9 else 0.0
            points += [("safety", worth), ("environment", worth)]
        worth = max(-1.0 * max(exceeded - 3, 0), -10.0)
        points += [("safety", worth), ("environment", worth)]
        points += [(part, carried) for part in weights]
        value = value_of(points, weights)
        grade = next(
            (name for least, name in ((90, "benchmark"), (70, "compliant"), (50, "rectify")) if value >= least),
            "supervised",
        )
        expected.values[eid, month], expected.grades[eid, month] = value, grade
        carried = round(max(-(0.1 if len(done) == len(due) else 0.2) * max(100 - value, 0), -10.0), 2)
        low = low + 1 if value < 50 else 0
        if low >= 3:
            expected.interviews.add((eid, month))
        at_ms = settling_of(month)
        for name, (cause, since) in list(standing.items()):
            until = MEASURES[name]["until"]
            is_over = until == "grade_lost" or (
                isinstance(until, dict) and ORDER.index(grade) <= ORDER.index(until["grade_at_least"])
            )
            if cause not in (grade, "key_supervision") and is_over:
                expected.spans.add((eid, name, cause, since, at_ms))
                del standing[name]
        for name, rule in MEASURES.items():
            if rule["cause"] == grade and name not in standing:
                standing[name] = (grade, at_ms)
        if listed is not None:
            if month > listed[0] and exceeded <= 3 and len(done) >= 0.9 * len(due):
                expected.listed.add((eid, *listed, at_ms))
                expected.spans.add((eid, "eligibility_limited", *standing.pop("eligibility_limited"), at_ms))
                listed = None
        elif (
            due
            and len(done) / len(due) < 0.7
            and exceeded > 3
            and not any(one[:2] == (eid, month) for one in expected.listed)
        ):
            listed = (month, at_ms)
            standing["eligibility_limited"] = ("key_supervision", at_ms)
    expected.spans |= {(eid, name, cause, since, None) for name, (cause, since) in standing.items()}
    expected.listed |= {(eid, *listed, None)} if listed else set()


def before(month: str) -> str:
    return (datetime.fromtimestamp(start(month) / 1000, ZONE) - timedelta(days=1)).strftime("%Y-%m")


def settling_of(month: str) -> int:
    """An hour after the two days: what was counted in one run is settled in the next."""
    return start(after(month)) + 2 * DAY + HOUR


def moments(own: list[Case], from_ms: int, to_ms: int) -> list[tuple[int, int, Case, str]]:
    found = []
    for n, one in enumerate(own):
        if one.kind == "warning":
            found.append((one.opened, n, one, "opened"))
        if one.closed is None or one.closed > one.due:
            found.append((one.due + 1, n, one, "overdue"))
        if one.closed is not None:
            found.append((one.closed, n, one, "closed"))
    return sorted((one for one in found if from_ms <= one[0] < to_ms), key=lambda one: one[:2])


def is_bad(own: list[Case], at_ms: int) -> bool:
    """By what is known of the running month."""
    begins = start(month_at(at_ms))
    due = [one for one in own if begins <= one.due <= at_ms]
    done = [one for one in due if one.closed is not None and one.closed <= at_ms]
    exceeded = sum(one.kind == "warning" and begins <= one.opened <= at_ms for one in own)
    return bool(due) and len(done) / len(due) < 0.7 and exceeded > 3


def open_at(own: list[Case], at_ms: int) -> bool:
    return any(one.opened <= at_ms and (one.closed is None or one.closed > at_ms) for one in own)


def points_of(own: list[Case], month: str) -> list[tuple[str, float]]:
    """(part, points) of the tasks that were closed in a month; what was reported has a bound."""
    score, points = POLICY["score"], list[tuple[str, float]]()
    reported: dict[str, float] = defaultdict(float)
    for one in own:
        if one.closed is None or month_at(one.closed) != month:
            continue
        both = ("safety", "environment")
        haste = score["late" if one.closed > one.due else "timely"][one.tier]
        if one.kind == "warning":
            parts = (*both, "energy") if one.energy else both
            hours = max(-(-(one.cleared - one.opened - HOUR) // HOUR), 0)
            points += [(part, score["warning"][one.tier]) for part in parts]
            points += [(part, max(-0.5 * hours, -4.0)) for part in parts]
            points += [(part, haste) for part in both]
        elif one.kind == "reported":
            reported[one.dimension] += 2.0
            points += [(part, haste) for part in both if haste < 0]
        else:
            points += [(one.dimension, score["found"][one.tier])]
            points += [(part, haste) for part in both if haste < 0]
        points += [(part, -2.0 * times) for part, times in zip(both, one.returns, strict=True)]
    return points + [(part, min(worth, 10.0)) for part, worth in reported.items()]


def value_of(points: list[tuple[str, float]], weights: dict[str, float]) -> float:
    parts = {
        part: round(min(max(100 + sum(worth for of, worth in points if of == part), 0), 100), 2)
        for part in ("safety", "environment", "energy")
    }
    return round(sum(weights[part] * parts[part] for part in parts), 2)


@pytest.fixture(scope="module")
def year() -> tuple[Park, dict[str, list[Case]], Expected]:
    park, cases = Park(), history(7)
    run_the_year(park, cases)
    return park, cases, recompute(cases)


Year = tuple[Park, dict[str, list[Case]], Expected]


def test_the_year_has_all_that_is_to_be_judged(year: Year) -> None:
    expected = year[2]
    assert set(expected.grades.values()) == set(ORDER)
    assert {span[1] for span in expected.spans} == set(MEASURES)
    assert any(one[3] is None for one in expected.listed) and any(one[3] is not None for one in expected.listed)
    assert len(expected.interviews) > 10
    assert any(name == "production_lock" and to is not None and to % HOUR for _, name, _, _, to in expected.spans)


def test_every_score_and_grade_is_as_recomputed(year: Year) -> None:
    park, cases, expected = year
    found = {
        (eid, one.month): (one.value, one.grade.value)
        for eid in cases
        for one in park.services.results.listing(eid, None, 100).items
    }
    assert found == {key: (value, expected.grades[key]) for key, value in expected.values.items()}


def test_every_measure_begins_and_ends_as_recomputed(year: Year) -> None:
    park, cases, expected = year
    found = {
        (eid, one.measure, one.cause, one.started_at_ms, one.ended_at_ms)
        for eid in cases
        for one in park.services.consequences.of_enterprise(eid, None, 1000).items
    }
    assert found == expected.spans


def test_the_list_of_key_supervision_is_as_recomputed(year: Year) -> None:
    park, cases, expected = year
    found = {
        (eid, one.month, one.listed_at_ms, one.off_at_ms)
        for eid in cases
        for one in park.services.consequences.listings(eid)
    }
    assert found == expected.listed
    now = {one.enterprise_id for one in park.services.consequences.supervision(None, 1000).items}
    assert now == {eid for eid, _, _, off in expected.listed if off is None}


def test_the_interview_lists_are_as_recomputed(year: Year) -> None:
    park, _, expected = year
    found = park.services.consequences.interviews(None, None, 10_000).items
    assert {(one.enterprise_id, one.month) for one in found} == expected.interviews
    assert [one.month for one in found] == sorted((one.month for one in found), reverse=True)


def test_counting_every_month_again_gives_the_same_ledger_byte_for_byte(year: Year) -> None:
    park, cases, _ = year
    ports = park.services
    for eid in cases:
        for month in months():
            rows = ports.rows(OPERATIONS).query(f"SCORE#{eid}#{month}", to_sk="~")
            common = {
                "tasks": ports.tasks,
                "warnings": ports.warnings,
                "catalogues": ports.catalogues,
                "zone": ports.zone,
            }
            anew = (
                *recount(eid, month, hazards=ports.hazards, training=ports.training, **common),
                *recount_month(eid, month, results=ports.results, **common),
            )
            assert {row.sk: row.body for row in rows} == {one.key: to_body(one) for one in anew}


def test_the_ranking_of_each_month_is_by_the_recomputed_scores(year: Year) -> None:
    park, cases, expected = year
    for month in months():
        ranking = park.services.results.ranking(month)
        assert ranking is not None and (ranking.revision, ranking.enterprises) == (1, ENTERPRISES)
        places = park.services.results.places(ranking, "park", None, 1000).items
        values = [expected.values[eid, month] for eid in cases]
        assert {one.enterprise_id: one.rank for one in places} == {
            eid: 1 + sum(value > expected.values[eid, month] for value in values) for eid in cases
        }
        assert [one.value for one in places] == sorted(values, reverse=True)
