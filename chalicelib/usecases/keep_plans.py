"""Keep the joint plans of chains, and show them to those who work by them."""

from chalicelib.domain.access import Action, can_see_region, require
from chalicelib.domain.chain_plan import ChainPlan, wrong_order
from chalicelib.domain.emergency import EmergencyResource
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.ports import EditionRepo, PlanRepo, RegistryRepo


def put_plan(
    plan: ChainPlan,
    person: Person,
    *,
    plans: PlanRepo,
    registry: RegistryRepo,
    resources: EditionRepo[EmergencyResource],
) -> ChainPlan:
    """Raises InvalidRequest naming each step that does not fit. Runs that have begun keep the steps that they began with."""
    require(person, Action.KEEP_PLAN)
    wrong = [*wrong_order(plan.steps), *_wrong_owners(plan, registry), *_wrong_resources(plan, resources)]
    if wrong:
        raise InvalidRequest(errors=wrong)
    plans.put(plan)
    return plan


def _wrong_owners(plan: ChainPlan, registry: RegistryRepo) -> list[FieldError]:
    found = []
    for at, step in enumerate(plan.steps):
        profile = registry.profile(step.enterprise_id) if step.enterprise_id else None
        if step.enterprise_id and profile is None:
            found.append(FieldError(f"steps.{at}.enterprise_id", "unknown_enterprise", step.enterprise_id))
        elif step.unit_id and (profile is None or step.unit_id not in profile.units_by_id):
            found.append(FieldError(f"steps.{at}.unit_id", "unknown_unit", step.unit_id))
    return found


def _wrong_resources(plan: ChainPlan, resources: EditionRepo[EmergencyResource]) -> list[FieldError]:
    named = [(at, step.resource_id) for at, step in enumerate(plan.steps) if step.resource_id]
    known = {id: resources.get(id) for _, id in named}
    return [
        FieldError(f"steps.{at}.resource_id", "unknown_resource", id)
        for at, id in named
        if (one := known[id]) is None or one.is_removed
    ]


def see_plan(plan_id: str, person: Person, *, plans: PlanRepo) -> ChainPlan:
    """Raises NotFound for a plan that is not there, or is not theirs to know."""
    require(person, Action.READ_PLAN)
    plan = plans.get(plan_id)
    if plan is None or not may_see(person, plan):
        raise NotFound(what="plan")
    return plan


def list_plans(person: Person, *, plans: PlanRepo) -> tuple[ChainPlan, ...]:
    require(person, Action.READ_PLAN)
    return tuple(one for one in plans.all() if may_see(person, one))


def may_see(person: Person, plan: ChainPlan) -> bool:
    """Whoever takes part sees the whole of it: each has to know what the others do meanwhile."""
    if person.role is Role.ENTERPRISE:
        return person.enterprise_id in plan.enterprises
    return can_see_region(person, plan.region)
