"""What was learnt of a unit, and what follows of it for how to run it now."""

from chalicelib.domain.access import Action, require
from chalicelib.domain.advice import Advice, Declined, advise
from chalicelib.domain.enterprise import Unit
from chalicelib.domain.errors import NotFound
from chalicelib.domain.law import UnitLaws
from chalicelib.domain.person import Person
from chalicelib.domain.plan import make_plan
from chalicelib.ports import CatalogueRepo, LawRepo, RegistryRepo, StateRepo
from chalicelib.usecases.read_readings import visible_unit
from chalicelib.usecases.see_enterprise import see_enterprise


def read_laws(
    unit_id: str, at_ms: int | None, person: Person, *, registry: RegistryRepo, laws: LawRepo
) -> tuple[Unit, UnitLaws | None]:
    """A unit's laws as they were last learnt (by an instant, if one is given), None before that. Raises NotFound."""
    require(person, Action.READ_LAW)
    unit = visible_unit(unit_id, person, registry)
    return unit, laws.latest(unit.id, at_ms)


def advise_enterprise(
    enterprise_id: str,
    unit_id: str | None,
    now_ms: int,
    person: Person,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    states: StateRepo,
    laws: LawRepo,
) -> tuple[Advice | Declined, ...]:
    """Advice on each rule of the enterprise's units (or of one), or why there is none. Raises NotFound."""
    require(person, Action.READ_LAW)
    profile = see_enterprise(enterprise_id, person, registry=registry)
    if unit_id is not None and unit_id not in profile.units_by_id:
        raise NotFound(what="unit")
    plan = make_plan(profile, catalogues.current())
    rules = [bound for bound in plan.rules if unit_id in (None, bound.unit_id)]
    learnt = {one: laws.latest(one) for one in {bound.unit_id for bound in rules}}
    state, _ = states.load(enterprise_id)
    return tuple(advise(bound, plan, state, learnt[bound.unit_id], now_ms) for bound in rules)
