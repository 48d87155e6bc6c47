"""Hold a drill: plan it, start it, inject its test data, end or cancel it, and see it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain.access import Action, require
from chalicelib.domain.block import Block, pack
from chalicelib.domain.drill import Drill, DrillAction, DrillState, Injection, Report, Scenario, Target, may_see, moved
from chalicelib.domain.drill_data import Due, due_now, readings_of
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.events import DrillCancelled, DrillEnded, DrillPlanned, Event
from chalicelib.domain.person import Person, Role
from chalicelib.domain.plan import BoundRule, Plan
from chalicelib.domain.reading import Series
from chalicelib.ports import Page
from chalicelib.usecases.drill_desk import DrillDesk, rules_of
from chalicelib.usecases.report_drill import report_on

ATTEMPTS = 5
SOURCE = "drill"  # what stands in the place of a bridge


def plan_drill(draft: Drill, units: Sequence[str], person: Person, *, drill_desk: DrillDesk) -> Drill:
    """Plan a drill at units, of which the draft has no targets yet, and tell those who take part. The same again gives the drill as it
    now stands; another one under its id is a ContentConflict. Raises InvalidRequest for who or what cannot take part."""
    require(person, Action.HOLD_DRILL)
    now_ms = drill_desk.clock.now_ms()
    known = [drill_desk.registry.unit(one) for one in units]
    targets = tuple(Target(one.enterprise_id, one.id) for one in known if one is not None)
    drill = replace(draft, targets=targets, planned_by=person.id, planned_at_ms=now_ms)
    wrong = [FieldError(f"units.{n}", "unknown_unit", units[n]) for n, one in enumerate(known) if one is None]
    wrong += _cannot_take_part(drill, drill_desk) if not wrong else []
    if wrong:
        raise InvalidRequest(errors=wrong)
    return drill_desk.drills.add(drill, [DrillPlanned("", now_ms, f"drill-{drill.id}", drill.id)])


def scenario_named(scenario_id: str, drill_desk: DrillDesk) -> Scenario:
    for one in drill_desk.scenarios():
        if one.id == scenario_id:
            return one
    raise InvalidRequest(errors=[FieldError("scenario", "unknown_scenario", scenario_id)])


def _cannot_take_part(drill: Drill, desk: DrillDesk) -> list[FieldError]:
    """People that nobody knows, and units at which the scenario plays nothing."""
    wrong = [
        FieldError(f"people.{n}", "unknown_person", one)
        for n, one in enumerate(drill.people)
        if desk.registry.person(one) is None
    ]
    plans = _plans(drill, desk)
    rules = rules_of(drill, plans)
    for n, target in enumerate(drill.targets):
        bound = rules.get(target.unit_id)
        trial = replace(drill, targets=(target,), started_at_ms=0)
        acts = due_now(trial, rules, drill.scenario.lasts_min * 60_000)
        if bound is None or not all(_series(one, bound, plans[target.enterprise_id], target, desk) for one in acts):
            wrong.append(FieldError(f"units.{n}", "not_drillable", target.unit_id))
    return wrong


def start_drill(drill_id: str, person: Person, *, drill_desk: DrillDesk) -> Drill:
    """Start it and store its first test data; from there all goes its ordinary way, in the drill's room."""
    require(person, Action.HOLD_DRILL)
    _change(drill_id, person, drill_desk, lambda known: moved(known, DrillAction.START, drill_desk.clock.now_ms()))
    return inject_due(drill_id, drill_desk=drill_desk)


def end_drill(drill_id: str, person: Person, *, drill_desk: DrillDesk) -> Drill:
    """End it before its time is over, with its report. Ending it again changes nothing."""
    require(person, Action.HOLD_DRILL)
    return _change(drill_id, person, drill_desk, lambda known: ended(known, drill_desk))


def cancel_drill(drill_id: str, person: Person, *, drill_desk: DrillDesk) -> Drill:
    """Call it off, before or while it runs: there is no report. Again: it is."""
    require(person, Action.HOLD_DRILL)
    return _change(
        drill_id, person, drill_desk, lambda known: moved(known, DrillAction.CANCEL, drill_desk.clock.now_ms())
    )


def ended(drill: Drill, desk: DrillDesk) -> Drill:
    """The drill at its end, with its report."""
    now_ms = desk.clock.now_ms()
    after = moved(drill, DrillAction.END, now_ms)
    return after if after is drill else replace(after, report=report_on(after, now_ms, desk))


def see_drill(drill_id: str, person: Person, *, drill_desk: DrillDesk) -> Drill:
    require(person, Action.READ_DRILL)
    drill = drill_desk.drills.get(drill_id)
    if drill is None or not may_see(person, drill):
        raise NotFound(what="drill")
    return drill


def see_report(drill_id: str, person: Person, *, drill_desk: DrillDesk) -> tuple[Drill, Report]:
    """The report as it was at the drill's end; of one that runs, as things stand. Raises NotFound where there is none."""
    drill = see_drill(drill_id, person, drill_desk=drill_desk)
    if drill.report is not None:
        return drill, drill.report
    if drill.state is not DrillState.RUNNING:
        raise NotFound(what="report")
    return drill, report_on(drill, drill_desk.clock.now_ms(), drill_desk)


def list_drills(person: Person, cursor: str | None, limit: int, *, drill_desk: DrillDesk) -> Page[Drill]:
    """Newest first: all of them for those who hold drills, else those in which the person takes part."""
    require(person, Action.READ_DRILL)
    own = None if person.role in (Role.COMMITTEE, Role.ADMIN) else person.id
    return drill_desk.drills.listing(own, cursor, limit)


def inject_due(drill_id: str, *, drill_desk: DrillDesk) -> Drill:
    """Store what test data are due. Their blocks have ids of their own, so what was stored and not noted is not stored again."""
    for _ in range(ATTEMPTS):
        drill = drill_desk.drills.get(drill_id)
        if drill is None:
            raise NotFound(what="drill")
        done = _inject(drill, drill_desk) if drill.state is DrillState.RUNNING else ()
        if not done:
            return drill
        try:
            return drill_desk.drills.save(replace(drill, injections=(*drill.injections, *done)), [])
        except WriteConflict:
            continue
    raise WriteConflict


def _inject(drill: Drill, desk: DrillDesk) -> tuple[Injection, ...]:
    plans = _plans(drill, desk)
    rules = rules_of(drill, plans)
    targets = {one.unit_id: one for one in drill.targets}
    done: list[Injection] = []
    for due in due_now(drill, rules, desk.clock.now_ms()):
        target = targets[due.unit_id]
        series = _series(due, rules[due.unit_id], plans[target.enterprise_id], target, desk)
        if series is None:  # the unit's points have changed since the drill was planned
            continue
        stored = desk.room(drill).blocks.add(_block(due, drill, target, series, desk.clock.now_ms()))
        done.append(Injection(stored.id, due.unit_id, stored.received_at_ms))
    return tuple(done)


def _series(due: Due, bound: BoundRule, plan: Plan, target: Target, desk: DrillDesk) -> tuple[Series, ...] | None:
    state, _ = desk.states.load(target.enterprise_id)
    return readings_of(due, bound, plan, state, desk.clock.now_ms())


def _block(due: Due, drill: Drill, target: Target, series: Sequence[Series], now_ms: int) -> Block:
    """Its digest is its id: when it is made again its readings have other times, and what was stored stands."""
    return Block(
        id=due.key,
        enterprise_id=target.enterprise_id,
        bridge_id=SOURCE,
        received_at_ms=now_ms,
        first_ms=min(one.times_ms[0] for one in series),
        last_ms=max(one.times_ms[-1] for one in series),
        readings=sum(map(len, series)),
        digest=due.key,
        payload=pack(series),
        correlation_id=f"drill-{drill.id}",
    )


def _plans(drill: Drill, desk: DrillDesk) -> dict[str, Plan]:
    found = {one: desk.plan(one) for one in sorted(drill.enterprises)}
    return {enterprise_id: plan for enterprise_id, plan in found.items() if plan is not None}


def _change(drill_id: str, person: Person, desk: DrillDesk, decide: Callable[[Drill], Drill]) -> Drill:
    for _ in range(ATTEMPTS):
        before = see_drill(drill_id, person, drill_desk=desk)
        after = decide(before)
        if after is before:
            return before
        try:
            return desk.drills.save(after, events_of(after))
        except WriteConflict:
            continue
    raise WriteConflict


def events_of(drill: Drill) -> list[Event]:
    """What is announced of a drill that has just come to its state."""
    head = ("", drill.ended_at_ms or drill.planned_at_ms, f"drill-{drill.id}", drill.id)
    match drill.state:
        case DrillState.ENDED:
            return [DrillEnded(*head)]
        case DrillState.CANCELLED:
            return [DrillCancelled(*head)]
        case _:
            return []
