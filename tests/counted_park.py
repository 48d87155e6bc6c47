"""A park that is counted: its tasks, warnings, observations and scores are plain values that change at will, its figures stand in real rows.

`recounted()` adds all of it up anew, by itself: it uses none of the code that it is held against but the names of the figures.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.adapters import catalogue as catalogues
from chalicelib.adapters.dashboard_repo import RowDashboardRepo
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Rows
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.dashboard import Place, Thing, ThingKind, ThingTouched, anchor_of, enterprise_node, unit_node
from chalicelib.domain.enterprise import Enterprise, Profile, Unit
from chalicelib.domain.events import RegistryChanged
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.person import Person, Role
from chalicelib.domain.score import PARTS, Cause, ScoreEntry, total
from chalicelib.domain.side import Side, SideState, Submission
from chalicelib.domain.task import Member, Task, TaskKind
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.ports import Page
from chalicelib.usecases.count_thing import DashboardDesk, count_things
from chalicelib.usecases.history import history_of
from chalicelib.usecases.read_dashboard import DashboardQuery, Picture, read_dashboard
from tests.alarms import WHY
from tests.park import FakeClock

ZONE = ZoneInfo("Asia/Shanghai")
CATALOGUE = catalogues.shipped()
REGIONS, INDUSTRIES = ("east", "west", "north"), ("circular_chemical", "hydrogen")
Figures = dict[tuple[str, str], dict[str, int]]


COMMITTEE = Person("committee", "committee", Role.COMMITTEE)


class NoPatience:
    def wait(self, attempt: int) -> None: ...


class FixedCatalogue:
    def in_force_at(self, at_ms: int) -> Catalogue:
        return CATALOGUE

    def current(self) -> Catalogue:
        return CATALOGUE


class Registry:
    def __init__(self, profiles: dict[str, Profile]) -> None:
        self._profiles = profiles

    def profile(self, enterprise_id: str) -> Profile | None:
        return self._profiles.get(enterprise_id)

    def enterprises(self) -> tuple[Enterprise, ...]:
        return tuple(one.enterprise for one in self._profiles.values())

    def forget(self) -> None: ...


class Listed:
    """Things by id, in pages of an enterprise."""

    def __init__(self) -> None:
        self.all: dict[str, Any] = {}
        self.ids: list[str] = []
        self.of: dict[str, list[str]] = defaultdict(list)

    def put(self, thing: Any, enterprises: Iterable[str]) -> None:
        if thing.id not in self.all:
            self.ids.append(thing.id)
            for one in enterprises:
                self.of[one].append(thing.id)
        self.all[thing.id] = thing

    def get(self, id: str) -> Any:
        return self.all.get(id)

    def many(self, ids: Sequence[str]) -> tuple[Any, ...]:
        return tuple(self.all[id] for id in ids if id in self.all)

    def listing(self, scope: str, cursor: str | None, limit: int, *, open_only: bool = False) -> Page[Any]:
        ids = self.of[scope.removeprefix("enterprise:")]
        begin = int(cursor or 0)
        found = [self.all[id] for id in ids[begin : begin + limit]]
        onward = str(begin + limit) if begin + limit < len(ids) else None
        return Page(tuple(one for one in found if not open_only or one.closed_at_ms is None), onward)


@dataclass
class CountedPark:
    rows: Rows
    enterprises: int = 12
    units: int = 2
    random: Random = field(default_factory=lambda: Random(7))
    clock: FakeClock = field(default_factory=FakeClock)
    profiles: dict[str, Profile] = field(default_factory=dict)
    tasks: Listed = field(default_factory=Listed)
    warnings: Listed = field(default_factory=Listed)
    observations: Listed = field(default_factory=Listed)
    entries: dict[tuple[str, str], list[ScoreEntry]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    numbers: int = 0

    def __post_init__(self) -> None:
        for number in range(self.enterprises):
            self.registers(f"e{number:05d}", REGIONS[number % 3], INDUSTRIES[number % 2])

    @property
    def desk(self) -> DashboardDesk:
        ports: Any = self
        return DashboardDesk(
            dashboard=RowDashboardRepo(self.rows),
            tasks=self.tasks,  # type: ignore[arg-type]
            warnings=self.warnings,  # type: ignore[arg-type]
            observations=self.observations,  # type: ignore[arg-type]
            scores=ports,
            registry=Registry(self.profiles),  # type: ignore[arg-type]
            catalogues=FixedCatalogue(),  # type: ignore[arg-type]
            blocks=ports,
            patience=NoPatience(),
            clock=self.clock,
            zone=ZONE,
        )

    # what stands for the other repositories

    def of_month(self, enterprise_id: str, month: str) -> tuple[ScoreEntry, ...]:
        return tuple(self.entries.get((enterprise_id, month), ()))

    def objections(self, enterprise_id: str, month: str) -> tuple[()]:
        return ()

    def newest(self, enterprise_id: str) -> Any:
        at_ms = self.clock.ms - (86_400_000 if enterprise_id in self.silent else 0)
        return _Came(at_ms)

    # what happens; each returns what the stream brings

    def registers(self, eid: str, region: str, industry: str) -> RegistryChanged:
        one = Enterprise(eid, f"厂{eid}", "91110000MA01A2B34H", industry, "medium", region)
        units = tuple(Unit(f"{eid}-u{n}", eid, f"R{n}", "reactor") for n in range(self.units))
        self.profiles[eid] = Profile(one, units, ())
        return RegistryChanged("", self.clock.ms, f"c-{eid}", f"enterprise:{eid}")

    def moves(self) -> RegistryChanged:
        return self.registers(self.anyone(), self.random.choice(REGIONS), self.random.choice(INDUSTRIES))

    def anyone(self) -> str:
        return self.random.choice(list(self.profiles))

    def opens_task(self) -> ThingTouched:
        eid, id = self.anyone(), self.next_id("t")
        one = self.profiles[eid].enterprise
        is_joint = self.random.random() < 0.1
        kind = TaskKind.REGIONAL if is_joint else TaskKind.UNIT
        task = Task(
            id=id, warning_id="w", enterprise_id="" if is_joint else eid, unit_id="" if is_joint else self.unit_of(eid),
            region=one.region, industry=one.industry, rule_id="r", tier=self.random.randint(1, 3), safety=Side(),
            environment=Side(), party=(), opened_at_ms=self.clock.ms, due_at_ms=self.clock.ms + 7_200_000,
            acknowledge_due_at_ms=None, kind=kind, members=tuple(self.members()) if is_joint else (), version=1,
        )  # fmt: skip
        self.tasks.put(task, task.enterprises)
        return touched_task(task)

    def members(self) -> list[Member]:
        some = sorted({self.anyone() for _ in range(3)})
        return [Member(f"w-{eid}", eid, self.unit_of(eid), "r", 1, self.clock.ms) for eid in some]

    def changes_task(self) -> ThingTouched | None:
        if not self.tasks.all:
            return None
        task: Task = self.tasks.all[self.random.choice(self.tasks.ids[-200:])]
        side = self.random.choice(("safety", "environment"))
        changed = replace(
            task,
            **{side: replace(getattr(task, side), state=self.random.choice(list(SideState)))},  # type: ignore[arg-type]
            tier=self.random.randint(task.tier, 3),
            overdue=self.random.choice(((), ("finish",), ("acknowledge",), ("acknowledge", "finish"))),
            version=task.version + 1,
        )
        settled = {changed.safety.state, changed.environment.state} <= {SideState.PASSED, SideState.WAIVED}
        changed = replace(changed, closed_at_ms=self.clock.ms if settled else None)
        if self.random.random() < 0.1:
            changed = replace(changed, safety=replace(changed.safety, submission=Submission("p", 1, "x")))
        self.tasks.put(changed, ())
        return touched_task(changed)

    def raises_warning(self) -> ThingTouched:
        eid, id = self.anyone(), self.next_id("w")
        warning = Warning(
            id=id, enterprise_id=eid, unit_id=self.unit_of(eid), rule_id="r", tier=self.random.randint(1, 3),
            state=self.random.choice(list(WarningState)), onset_ms=self.clock.ms, opened_at_ms=self.clock.ms,
            received_at_ms=self.clock.ms, why=WHY, retroactive=self.random.random() < 0.2,
        )  # fmt: skip
        self.warnings.put(warning, [eid])
        return ThingTouched(enterprise_node(eid), Thing(ThingKind.WARNING, id))

    def changes_warning(self) -> ThingTouched | None:
        if not self.warnings.all:
            return None
        known: Warning = self.warnings.all[self.random.choice(self.warnings.ids[-200:])]
        tier, state = self.random.randint(known.tier, 3), self.random.choice(list(WarningState))
        self.warnings.put(replace(known, tier=tier, state=state), ())
        return ThingTouched(enterprise_node(known.enterprise_id), Thing(ThingKind.WARNING, known.id))

    def observes(self) -> ThingTouched:
        known = [self.observations.all[id] for id in self.observations.ids[-50:]]
        if known and self.random.random() < 0.5:
            one: Observation = self.random.choice(known)
            one = one.closed(self.random.choice((None, self.clock.ms)))
        else:
            eid, id = self.anyone(), self.next_id("o")
            one = Observation(
                id, ObservationKind.SINGLE, eid, self.unit_of(eid), None, "voc", self.clock.ms, self.clock.ms, 1
            )
        self.observations.put(one, [one.enterprise_id])
        return ThingTouched(enterprise_node(one.enterprise_id), Thing(ThingKind.OBSERVATION, one.id))

    def is_scored(self) -> ThingTouched:
        eid, month = self.anyone(), month_at(self.clock.ms)
        known = self.entries.setdefault((eid, month), [])
        points = self.random.choice((-8.25, -3.1, -0.35, 0.5, 2.0))
        del known[20:]  # enough to have sums, and few enough to be added up often
        parts = (self.random.choice(PARTS),)  # weighed by industry
        known.append(ScoreEntry(eid, month, f"k{len(known)}", Cause.LATE, points, "t", self.clock.ms, "v", parts))
        return ThingTouched(enterprise_node(eid), Thing(ThingKind.SCORE, month))

    def falls_silent(self) -> ThingTouched:
        eid = self.anyone()
        self.silent ^= {eid}
        return ThingTouched(enterprise_node(eid), Thing(ThingKind.SOURCE))

    def unit_of(self, eid: str) -> str:
        units = self.profiles[eid].units
        return self.random.choice(units).id if units else ""

    def next_id(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}-{self.numbers:06d}"

    # the independent recount

    def recounted(self) -> Figures:
        found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

        def add(eid: str, unit: str, sk: str, *names: str, by: int = 1, place: Place | None = None) -> None:
            stands = place or place_of(self.profiles[eid])
            own = [enterprise_node(eid)] if eid else [stands.joint]
            for node in (*stands.above, *own, *([unit_node(unit)] if unit else [])):
                for name in names:
                    found[node, sk][name] += by

        for eid, profile in self.profiles.items():
            add(eid, "", "NOW", "enterprises")
            for unit in profile.units:
                add(eid, unit.id, "NOW", "units")
            if eid not in self.silent:
                add(eid, "", "NOW", "reporting")
        for task in self.tasks.all.values():
            place = None if task.enterprise_id else Place(task.region, task.industry)
            self._add_task(task, place, add, found)
        for one in self.warnings.all.values():
            if one.state is WarningState.OPEN:
                add(one.enterprise_id, one.unit_id, "NOW", f"warnings.{one.tier}")
            if one.state in (WarningState.OPEN, WarningState.CLEARED):
                name = "retroactive" if one.retroactive else f"raised.{one.tier}"
                add(one.enterprise_id, one.unit_id, month_at(one.opened_at_ms), name)
        for seen in self.observations.all.values():
            add(seen.enterprise_id, seen.unit_id, month_at(seen.opened_at_ms), "observed")
            if seen.closed_at_ms is None:
                add(seen.enterprise_id, seen.unit_id, "NOW", "observations")
        for (eid, month), entries in self.entries.items():
            weights = CATALOGUE.score.weights_of(self.profiles[eid].enterprise.industry)
            score = total(eid, month, CATALOGUE.score, weights, entries)
            add(eid, "", month, "scored", f"grade.{score.grade.value}")
            add(eid, "", month, "score_hundredths", by=round(score.value * 100))
        return {key: {name: n for name, n in counts.items() if n} for key, counts in found.items()}

    def _add_task(self, task: Task, place: Place | None, add: Any, found: Any) -> None:
        eid, unit = task.enterprise_id, task.unit_id
        add(eid, unit, month_at(task.opened_at_ms), "opened", place=place)
        if task.closed_at_ms is not None:
            month, taken_s = month_at(task.closed_at_ms), (task.closed_at_ms - task.opened_at_ms) // 1000
            at = next(n for n in range(60) if taken_s < 60 * 2**n)
            add(eid, unit, month, "closed", f"handling.{at}", place=place)
            add(eid, unit, month, "handling_s", by=taken_s, place=place)
            if task.closed_at_ms <= task.due_at_ms:
                add(eid, unit, month, "on_time", place=place)
            return
        names = ["tasks", f"tasks.{task.tier}", f"safety.{task.safety.state}", f"environment.{task.environment.state}"]
        names += [name for word, name in (("finish", "overdue"), ("acknowledge", "unanswered")) if word in task.overdue]
        add(eid, unit, "NOW", *names, place=place)
        if place is not None:
            for member in {one.enterprise_id for one in task.members}:
                found[enterprise_node(member), "NOW"]["shared_tasks"] += 1


class CountingRows(MemoryRows):
    def __init__(self) -> None:
        super().__init__()
        self.calls, self.items = 0, 0

    def get(self, pk: str, sk: str) -> Any:
        return self._counted([super().get(pk, sk)])[0]

    def get_many(self, keys: Any) -> Any:
        return self._counted([MemoryRows.get(self, *key) for key in dict.fromkeys(keys)], keep=False)

    def query(self, *key: Any, **more: Any) -> Any:
        return self._counted(super().query(*key, **more))

    def _counted(self, found: list[Any], *, keep: bool = True) -> list[Any]:
        self.calls, self.items = self.calls + 1, self.items + len(found)
        return found if keep else [one for one in found if one is not None]


@cache
def park_of(enterprises: int) -> CountedPark:
    park = CountedPark(CountingRows(), enterprises=0, units=1)
    for number in range(enterprises):
        park.registers(f"e{number:05d}", "east", "hydrogen")
    for profile in park.profiles.values():
        for anchor, things in history_of(profile, park.desk):
            count_things(1, anchor, things, park.desk)
    return park


def picture(park: CountedPark, query: DashboardQuery) -> Picture:
    desk = park.desk
    return read_dashboard(
        query,
        COMMITTEE,
        None,
        10,
        dashboard=desk.dashboard,
        registry=Registry(park.profiles),  # type: ignore[arg-type]
        blocks=desk.blocks,
        clock=park.clock,
        zone=ZONE,
    )


@dataclass(frozen=True)
class _Came:
    received_at_ms: int


def touched_task(task: Task) -> ThingTouched:
    return ThingTouched(anchor_of(task.enterprise_id, task.region, task.industry), Thing(ThingKind.TASK, task.id))


def place_of(profile: Profile) -> Place:
    return Place(profile.enterprise.region, profile.enterprise.industry)


def month_at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZONE).strftime("%Y-%m")


def kept(rows: Any, generation: int = 1) -> Figures:
    """All sums that stand in the rows, without those that are nothing."""
    found: Figures = {}
    for pk in rows.partitions():
        prefix, _, rest = pk.partition(f"DASHBOARD#{generation}#")
        if prefix or not rest or rest.startswith(("of:", "under:")):
            continue
        found |= {(rest, row.sk): dict(row.body["counts"]) for row in rows.query(pk) if row.body["counts"]}
    return found
