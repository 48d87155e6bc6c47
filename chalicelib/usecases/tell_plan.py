"""Tell people of a running plan: whose turn it is, what is stuck or late, and that it is over."""

from collections.abc import Iterable

from chalicelib.domain.chain_plan import PlanRun, PlanStep
from chalicelib.domain.events import PlanEvent, PlanRunEnded, PlanStepOverdue, PlanStepsOpened, PlanStepStuck
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Person, Role
from chalicelib.ports import PlanRunRepo, RegistryRepo
from chalicelib.usecases.hand_out import Post, hand_out
from chalicelib.usecases.keep_plans import may_see

URGENT_TIER = 3  # a plan runs because of an incident


def tell_plan(event: PlanEvent, *, plan_runs: PlanRunRepo, registry: RegistryRepo, post: Post) -> tuple[Notice, ...]:
    """Doing it twice tells each reader once."""
    run = plan_runs.get(event.run_id)
    if run is None:
        return ()
    people = sorted(registry.people(), key=lambda one: one.id)
    return hand_out(tuple(_notices(event, run, people, registry)), post)


def _notices(event: PlanEvent, run: PlanRun, people: list[Person], registry: RegistryRepo) -> Iterable[Notice]:
    steps = {one.id: one for one in run.plan.steps}
    match event:
        case PlanStepsOpened():
            for step in (steps[id] for id in event.steps):
                for person in people:
                    if _is_owner(person, step):
                        yield _notice(event, run, person, NoticeKind.PLAN_STEP, step, registry)
        case PlanStepStuck():
            for person in people:
                if person.role is Role.COMMITTEE or person.id == run.started_by:
                    yield _notice(event, run, person, NoticeKind.PLAN_STUCK, steps[event.step_id], registry)
        case PlanStepOverdue():
            for person in people:
                if person.role is Role.COMMITTEE or _is_owner(person, steps[event.step_id]):
                    yield _notice(event, run, person, NoticeKind.PLAN_OVERDUE, steps[event.step_id], registry)
        case PlanRunEnded():
            for person in people:
                if person.role in (Role.ENTERPRISE, Role.DEPARTMENT, Role.COMMITTEE) and may_see(person, run.plan):
                    yield _notice(event, run, person, NoticeKind.PLAN_ENDED, None, registry)


def _is_owner(person: Person, step: PlanStep) -> bool:
    if step.enterprise_id:
        return person.role is Role.ENTERPRISE and person.enterprise_id == step.enterprise_id
    return person.role is Role.COMMITTEE


def _notice(
    event: PlanEvent, run: PlanRun, person: Person, kind: NoticeKind, step: PlanStep | None, registry: RegistryRepo
) -> Notice:
    params = {"plan": run.plan.name, "incident": run.incident}
    if step is not None:
        answer, profile = run.answer_of(step.id), registry.profile(step.enterprise_id)
        params |= {
            "step": step.text,
            "minutes": str(step.within_min),
            "enterprise": profile.enterprise.name if profile else "",
            "text": answer.note if answer else "",
        }
    return Notice(
        id=notice_id(f"{event.id}|{step.id if step else ''}", person.id),
        person_id=person.id,
        kind=kind,
        task_id="",
        enterprise_id=step.enterprise_id if step else "",
        tier=URGENT_TIER,
        created_at_ms=event.at_ms,
        params=tuple(params.items()),
        correlation_id=event.correlation_id,
    )
