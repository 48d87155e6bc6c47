"""The dashboard as people see it: what is theirs, from the park down to a unit, a moment after something happened."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.rows import OPERATIONS, Put
from chalicelib.domain.dashboard import PARK, SHARED, enterprise_node
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import TaskKind
from chalicelib.handlers.on_clock import on_clock
from chalicelib.handlers.on_learn import JOBS, on_learn
from chalicelib.usecases.check_dashboard import Drift, check_enterprise, check_totals
from chalicelib.usecases.read_dashboard import DashboardQuery
from chalicelib.usecases.rebuild_dashboard import SETTLING_MS, ask_for_rebuild, rebuild_dashboard
from tests.acts import FakeInspector, brings_retest, client_id, closes, judges, submits, the_task
from tests.alarms import Alarms
from tests.counted_park import kept, park_of, picture
from tests.integration.test_tenants import ROLES, SEES
from tests.park import Park, credit_code

GROUP = "region=east&industry=circular_chemical"
HOUR_MS = 3_600_000


@pytest.fixture
def park() -> Park:
    park = Park(inspector=FakeInspector()).register()
    park.pump()
    return park


def sees(park: Park, query: str = "", *, person: str = "committee", expect: int = 200) -> dict[str, Any]:
    return park.as_(person).get(f"/v1/dashboard?{query}", expect=expect)


def figures(park: Park, query: str = "", *, person: str = "committee") -> dict[str, Any]:
    found: dict[str, Any] = sees(park, query, person=person)["figures"]
    return found


def side(found: dict[str, Any], name: str) -> dict[str, int]:
    (one,) = (one for one in found["tasks"]["sides"] if one["side"] == name)
    return {state: number for state, number in one.items() if number and state not in ("side", "side_text")}


# what is not theirs


@pytest.mark.parametrize(
    ("person", "query"),
    [
        pytest.param("enterprise", "enterprise=other", id="another enterprise's branch"),
        pytest.param("enterprise", "region=west", id="a region that the own enterprise is not in"),
        pytest.param("enterprise", "enterprise=nobody", id="an enterprise that is not registered"),
        pytest.param("department_elsewhere", "region=east", id="a region that is not the department's"),
        pytest.param("department_elsewhere", "enterprise=acme", id="an enterprise of such a region"),
        pytest.param("department_elsewhere", GROUP, id="a group of such a region"),
        pytest.param("inspector_safety", "industry=hydrogen", id="an industry that is not the inspector's"),
        pytest.param("inspector_elsewhere", "region=east", id="a region that is not the inspector's"),
        pytest.param("committee", "region=nowhere", id="a region that there is not"),
        pytest.param("committee", "industry=alchemy", id="an industry that there is not"),
        pytest.param("committee", "region=west&enterprise=acme", id="an enterprise under another region"),
        pytest.param("committee", "industry=hydrogen&enterprise=acme", id="an enterprise under another industry"),
    ],
)
def test_what_is_not_theirs_or_is_not_there_is_not_found(park: Park, person: str, query: str) -> None:
    assert sees(park, query, person=person, expect=404)["code"] == "not_found"


def test_only_an_admin_has_figures_counted_anew(park: Park) -> None:
    for person in ("committee", "department_safety", "inspector_safety", "enterprise"):
        park.as_(person).post("/v1/dashboard/rebuilds", expect=403)
    first = park.as_("admin").post("/v1/dashboard/rebuilds", expect=202)
    assert first == park.as_("admin").post("/v1/dashboard/rebuilds", expect=202)
    assert (first["generation"], first["building"]) == (1, 2)


def test_scores_are_for_those_who_may_read_them(park: Park) -> None:
    assert "scores" in figures(park, person="department_safety")
    mine = sees(park, person="inspector_safety")
    assert "scores" not in mine["figures"] and all("scores" not in one["figures"] for one in mine["children"])


@pytest.mark.parametrize(
    ("person", "level", "below"),
    [
        pytest.param("committee", "park", ["region"], id="the committee begins with the whole park"),
        pytest.param("department_safety", "park", ["region"], id="so does a department of all regions"),
        pytest.param("department_elsewhere", "own", ["region"], id="a department of some regions with those"),
        pytest.param("inspector_safety", "own", ["group"], id="an inspector with the own joint groups"),
        pytest.param("enterprise", "enterprise", ["unit"], id="an enterprise with itself"),
    ],
)
def test_where_a_person_begins(park: Park, person: str, level: str, below: list[str]) -> None:
    found = sees(park, person=person)
    assert (found["level"], [one["level"] for one in found["children"]]) == (level, below)


def test_wherever_a_person_looks_they_meet_no_enterprise_that_is_not_theirs(park: Park) -> None:
    assert {person: sorted(met(park, person)) for person in ROLES} == {person: sorted(SEES[person]) for person in ROLES}


def met(park: Park, person: str, query: str = "") -> set[str]:
    """The enterprises that one meets going down by all that is shown."""
    found = sees(park, query, person=person)
    own = {found["id"]} if found["level"] == "enterprise" else set()
    for one in found["children"]:
        if one["level"] == "unit":
            continue
        names = {"region": one.get("region"), "industry": one.get("industry"), "enterprise": one.get("id")}
        asked = "&".join(f"{name}={value}" for name, value in names.items() if value)
        own |= set() if is_empty(park, asked, person) else met(park, person, asked)
    return own


def is_empty(park: Park, query: str, person: str) -> bool:
    """A region or group that a person is registered for, and nobody is in."""
    answer = park.as_(person).call("GET", f"/v1/dashboard?{query}", None, None, {})
    return answer.get("code") == "not_found"


def test_what_people_read_is_in_their_language(park: Park) -> None:
    english = park.as_("committee").get("/v1/dashboard", Accept_Language="en")
    assert (sees(park)["level_text"], english["level_text"]) == ("全园区", "Whole park")
    assert (
        english["figures"]["tasks"]["sides"][0]["side_text"] != sees(park)["figures"]["tasks"]["sides"][0]["side_text"]
    )


# what there is


def test_from_the_park_down_to_a_unit_each_level_has_what_is_below(park: Park) -> None:
    Alarms(park).raised(tier=2)
    region = sees(park)["children"]
    group = sees(park, "region=east")["children"]
    enterprises = sees(park, GROUP)["children"]
    units = sees(park, "enterprise=acme")["children"]
    assert [(one["region"], one["figures"]["warnings"]["tier_2"]) for one in region] == [("east", 1)]
    assert [(one["industry"], one["figures"]["warnings"]["tier_2"]) for one in group] == [("circular_chemical", 1)]
    named = [(one["id"], one["name"], one["figures"]["warnings"]["tier_2"]) for one in enterprises]
    assert named == [("acme", "acme chemicals", 1), ("other", "other chemicals", 0)]
    assert [(one["id"], one["name"], one["figures"]["warnings"]["tier_2"]) for one in units] == [("acme-r1", "R1", 1)]


def test_a_change_is_in_the_figures_with_the_record_that_brings_it(park: Park) -> None:
    """One invocation of the relay for the row, and no other step in between: what the stream takes is all that a figure is behind."""
    Alarms(park, pumps=False).raised(tier=3)
    assert figures(park)["warnings"]["total"] == 0
    (row,) = (row for row in park.stream if row.sk == "WARNING")
    park.stream.clear()
    park._deliver(row)
    assert figures(park)["warnings"]["tier_3"] == 1 and park.failures == 0


def test_a_task_is_counted_by_how_far_both_sides_have_come(park: Park) -> None:
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    task = the_task(park)
    assert side(figures(park), "safety") == side(figures(park), "environment") == {"pending": 1}
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    assert side(figures(park), "safety") == {"submitted": 1}
    judges(park, task, "safety", "rejected", reason="请补拍")
    assert side(figures(park, "enterprise=acme"), "safety") == {"rejected": 1}
    assert figures(park)["tasks"]["open"] == {"tier_1": 0, "tier_2": 0, "tier_3": 1, "total": 1}


def test_a_closed_task_is_in_the_month_with_its_time_and_the_score_follows(park: Park) -> None:
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    park.clock.advance(50 * 60)
    closes(park, the_task(park))
    found = figures(park, GROUP)
    month = found["month"]
    assert found["tasks"]["open"]["total"] == 0
    assert (month["opened"], month["closed"], month["on_time"], month["on_time_share"]) == (1, 1, 1, 1.0)
    assert month["handling"] == {"count": 1, "total_s": 3000, "mean_s": 3000.0, "median_below_s": 3840}
    score = park.as_("committee").get("/v1/enterprises/acme/score?month=2026-03")
    assert (found["scores"]["count"], found["scores"]["mean"]) == (1, score["score"])
    before = figures(park, f"{GROUP}&month=2026-02")
    assert (before["month"]["closed"], before["scores"]["count"]) == (0, 0)


def test_an_entry_that_is_objected_to_counts_no_more_while_it_is_judged(park: Park) -> None:
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    closes(park, the_task(park))
    entries = park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-03")["entries"]
    worst = min(entries, key=lambda one: one["points"])
    body = {"id": client_id(1), "month": "2026-03", "entry": worst["key"], "reason": "有误"}
    before = figures(park)["scores"]["mean"]
    park.as_("enterprise").post("/v1/score-objections", body, expect=201)
    park.pump()
    now = park.as_("committee").get("/v1/enterprises/acme/score?month=2026-03")["score"]
    assert figures(park)["scores"]["mean"] == now > before


def test_what_is_late_is_counted_within_the_minute(park: Park) -> None:
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    park.clock.advance(3 * 3600)
    on_clock(park.services)
    park.pump()
    assert (figures(park)["tasks"]["overdue"], figures(park)["tasks"]["unanswered"]) == (1, 1)
    park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/acknowledgement")
    park.pump()
    assert (figures(park)["tasks"]["overdue"], figures(park)["tasks"]["unanswered"]) == (1, 0)


def test_a_task_of_a_whole_group_is_counted_once_above_and_is_shared_below(park: Park) -> None:
    alarms = Alarms(park)
    for number in range(2, 14):
        alarms.raised(unit=f"acme-r{number}", eid="acme" if number % 2 else "other", after_s=1)
    kinds = [one["kind"] for one in park.as_("committee").get("/v1/tasks?limit=100")["items"]]
    assert kinds.count("regional") == 1
    assert figures(park)["tasks"]["open"]["total"] == figures(park, GROUP)["tasks"]["open"]["total"] == len(kinds)
    own = [one["figures"]["tasks"] for one in sees(park, GROUP)["children"]]
    assert sum(one["open"]["total"] for one in own) == len(kinds) - 1
    assert {one["shared"] for one in own} == {1}


def test_an_enterprise_that_moves_takes_its_figures_along(park: Park) -> None:
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    closes(park, the_task(park))
    before = figures(park)
    plant = {"name": "新名", "credit_code": credit_code("91110000MA01A2B34H"), "industry": "hydrogen", "size": "medium"}
    park.as_("admin").put("/v1/enterprises/acme", plant | {"region": "west"})
    park.pump()
    after = figures(park)
    assert {key: after[key] for key in ("warnings", "tasks", "month")} == {
        key: before[key] for key in ("warnings", "tasks", "month")
    }
    score = park.as_("committee").get("/v1/enterprises/acme/score?month=2026-03")["score"]
    assert after["scores"]["mean"] == score != before["scores"]["mean"]  # another industry weighs its parts otherwise
    assert figures(park, "region=east")["month"]["closed"] == 0 == figures(park, "region=east")["scores"]["count"]
    assert figures(park, "region=west&industry=hydrogen")["month"] == before["month"]
    assert [one["id"] for one in sees(park, GROUP)["children"]] == ["other"]
    moved = sees(park, "region=west&industry=hydrogen")["children"]
    assert [(one["id"], one["name"]) for one in moved] == [("acme", "新名")]
    assert nights_drift(park) == Drift()


def test_beside_the_figures_stands_from_how_many_data_come_and_as_of_when(park: Park) -> None:
    unknown = figures(park)["completeness"]
    assert (unknown["enterprises"], unknown["units"]) == (2, 2) and "share" not in unknown
    park.reads(temperature=170.0)
    on_learn(park.services)
    found = figures(park, GROUP)["completeness"]
    assert (found["reporting"], found["share"]) == (1, 0.5)
    assert found["sources_at"] == figures(park)["completeness"]["sources_at"]
    assert "last_data_at" in sees(park, "enterprise=acme") and "last_data_at" not in sees(park, "enterprise=other")
    park.clock.advance(3 * 3600)
    on_learn(park.services)
    assert figures(park)["completeness"]["share"] == 0.0


def test_pages_have_all_that_is_below_once(park: Park) -> None:
    for number in range(7):
        park.put_plant(park.as_("admin"), f"plant{number}", credit_code(f"9111000{number}MA01A2B34H"))
    park.pump()
    seen, cursor = list[str](), ""
    while True:
        page = sees(park, f"{GROUP}&limit=2{cursor}")
        seen += [one["id"] for one in page["children"]]
        if "next_cursor" not in page:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["acme", "other", *(f"plant{number}" for number in range(7))]


# so many reads


def reads_of_a_page(enterprises: int, query: DashboardQuery) -> tuple[int, int, int]:
    """(calls, items, children) of one request at a park of so many enterprises in one group."""
    park = park_of(enterprises)
    rows: Any = park.rows
    rows.calls = rows.items = 0
    found = picture(park, query)
    assert found.node.figures.completeness.enterprises in (enterprises, 1)
    return rows.calls, rows.items, len(found.children.items)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(DashboardQuery(), id="the park"),
        pytest.param(DashboardQuery(region="east"), id="a region"),
        pytest.param(DashboardQuery(region="east", industry="hydrogen"), id="a group with its enterprises"),
        pytest.param(DashboardQuery(enterprise_id="e00003"), id="an enterprise"),
    ],
)
def test_ten_thousand_enterprises_cost_the_reads_of_ten(query: DashboardQuery) -> None:
    few, many = reads_of_a_page(11, query), reads_of_a_page(10_000, query)
    assert few == many and few[0] == 3


# the night, and counting anew


def nights_drift(park: Park) -> Drift:
    desk = replace(park.services.dashboard_desk, patience=NoWait())
    found = Drift()
    for one in park.services.registry.enterprises():
        found += check_enterprise(one.id, dashboard_desk=desk)
    return found + check_totals(dashboard_desk=desk)


class NoWait:
    def wait(self, attempt: int) -> None: ...


def test_the_night_finds_nothing_wrong_after_a_day_of_the_park(park: Park) -> None:
    a_day_goes_by(park)
    assert nights_drift(park) == Drift()


def a_day_goes_by(park: Park) -> None:
    """Warnings of both plants, a flood with its task, hazards of nobody's sensors, tasks closed and opened again."""
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    task = the_task(park)
    closes(park, task)
    park.as_("department_safety").post(f"/v1/tasks/{task['id']}/sides/safety/reopening", {"reason": "又见渗漏"})
    park.pump()
    alarms = Alarms(park)
    for number in range(2, 14):
        alarms.raised(unit=f"acme-r{number}", eid="acme" if number % 2 else "other")
    alarms.clears(alarms.raised(eid="other"))
    alarms.replaced(alarms.raised(eid="other", tier=2), tier=1, is_open=False)


def test_by_night_what_differs_from_the_history_is_put_right_and_counted(
    park: Park, capsys: pytest.CaptureFixture[str]
) -> None:
    a_day_goes_by(park)
    right = figures(park, GROUP)
    spoil(park, enterprise_node("acme"), {"tasks.3": 40})
    spoil(park, PARK, {"overdue": 7})
    lose_a_change(park)
    park.services.__dict__["patience"] = NoWait()
    for hour in (2, 4):
        park.clock.ms += (hour - local_hour(park)) % 24 * HOUR_MS
        capsys.readouterr()
        on_learn(park.services, tuple(job for job in JOBS if job.name.startswith("check_")))
        assert '"DashboardDrift"' in capsys.readouterr().out
    found = figures(park, GROUP)
    assert found["tasks"]["open"]["total"] == right["tasks"]["open"]["total"] + 1
    assert figures(park)["tasks"]["overdue"] == right["tasks"]["overdue"] == 0
    assert figures(park, "enterprise=acme")["tasks"]["open"]["tier_3"] < 40
    assert found["completeness"]["checked_at"].startswith("2026-03-03T02") and nights_drift(park) == Drift()


def test_figures_are_not_said_to_be_checked_before_each_enterprise_was(park: Park) -> None:
    park.services.learning.mark("check_dashboard", "acme", "", park.clock.ms)
    park.clock.ms += (4 - local_hour(park)) % 24 * HOUR_MS
    assert on_learn(park.services, tuple(job for job in JOBS if job.name == "check_totals")) == 1
    assert "checked_at" not in figures(park)["completeness"]


def local_hour(park: Park) -> int:
    return (park.clock.ms // HOUR_MS + 8) % 24


def spoil(park: Park, node: str, more: dict[str, int]) -> None:
    """Somebody writes a sum past the software."""
    rows = park.services.rows(OPERATIONS)
    row = rows.get(f"DASHBOARD#1#{node}", "NOW")
    assert row is not None
    counts = {**row.body["counts"], **more}
    rows.commit([Put(replace(row, body={**row.body, "counts": counts}, version=row.version + 1))])


def lose_a_change(park: Park) -> None:
    """A hazard is reported, and the relay never hears of it."""
    seen = {"dimension": "environment", "severity": 1, "text": "渗漏", "seen_at": "2026-03-02T10:00:00+08:00"}
    park.as_("enterprise").post("/v1/hazards", {"id": client_id(50), "enterprise_id": "acme"} | seen, expect=201)
    park.stream.clear()


def test_figures_that_are_counted_anew_are_never_wrong_in_between(park: Park) -> None:
    a_day_goes_by(park)
    desk = park.services.dashboard_desk
    rows: Any = park.services.rows(OPERATIONS)
    right = kept(rows)
    ask_for_rebuild(Person("admin", "admin", Role.ADMIN), dashboard_desk=desk)
    assert rebuild_dashboard(park.clock.ms, dashboard_desk=desk) == "announced"
    park.clock.ms += SETTLING_MS
    assert sees(park)["is_rebuilding"] and kept(rows) == right
    Alarms(park).raised(eid="other", tier=2)  # counted in both
    right = kept(rows)
    steps = [rebuild_dashboard(park.clock.ms, dashboard_desk=desk)]
    assert (steps, kept(rows)) == (["built to "], right)  # no time, nothing done
    steps += [rebuild_dashboard(park.clock.ms + 1, dashboard_desk=desk)]
    assert steps[-1] == "built"
    assert without_sources(kept(rows, 2)) == without_sources(right)
    assert not sees(park)["is_rebuilding"] and figures(park)["warnings"]["tier_2"] == 1
    park.clock.ms += SETTLING_MS
    assert rebuild_dashboard(park.clock.ms + 1, dashboard_desk=desk) == "swept"
    assert [pk for pk in rows.partitions() if pk.startswith("DASHBOARD#1#") and rows.query(pk)] == []
    assert rebuild_dashboard(park.clock.ms + 1, dashboard_desk=desk) == "nothing to do"
    assert nights_drift(park) == Drift()


def test_the_hours_after_it_was_asked_for_count_all_anew(park: Park) -> None:
    a_day_goes_by(park)
    right = kept(park.services.rows(OPERATIONS))
    park.as_("admin").post("/v1/dashboard/rebuilds", expect=202)
    jobs = tuple(job for job in JOBS if job.name == "rebuild_dashboard")
    for live, former in ((1, None), (2, 1), (2, None)):
        on_learn(park.services, jobs)
        known = park.services.dashboard.generations()
        assert (known.live, known.former) == (live, former)
        park.clock.ms += HOUR_MS
    assert on_learn(park.services, jobs) == 0
    assert without_sources(kept(park.services.rows(OPERATIONS), 2)) == without_sources(right)


def without_sources(found: dict[tuple[str, str], dict[str, int]]) -> dict[tuple[str, str], dict[str, int]]:
    """Whose data come is looked for when they are counted, and else once an hour."""
    return {key: {name: n for name, n in counts.items() if name != "reporting"} for key, counts in found.items()}


def test_the_night_finds_a_joint_task_that_is_shared_with_too_many(park: Park) -> None:
    a_day_goes_by(park)
    assert TaskKind.REGIONAL in {
        one.kind for one in park.services.tasks.listing("park", None, 100, open_only=True).items
    }
    spoil(park, enterprise_node("other"), {SHARED: 5})
    assert nights_drift(park) == Drift(sums=1)
    assert nights_drift(park) == Drift()
