"""Shelve the warnings of a unit until a time, confirm it for tier 3, end it early. Who is called then is dispatch's matter."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain import shelving as rules
from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.person import Person, Role
from chalicelib.domain.shelving import MAX_SHELF_MS, Shelving
from chalicelib.ports import CatalogueRepo, Clock, Page, RegistryRepo, ShelvingRepo
from chalicelib.usecases.see_enterprise import see_enterprise

ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class ShelvingRequest:
    """What a person asks for; `id` is made by their client, `rule_id` None means all rules of the unit."""

    id: str
    unit_id: str
    rule_id: str | None
    reason: str
    until_ms: int


def shelve_warnings(
    request: ShelvingRequest,
    person: Person,
    correlation_id: str,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    shelvings: ShelvingRepo,
    clock: Clock,
) -> Shelving:
    """Shelve, once under an id. Raises NotFound for a unit out of sight, InvalidRequest for a rule that the unit does not have
    or a time too far, ContentConflict for an id used before with other content."""
    require(person, Action.SHELVE)
    unit = registry.unit(request.unit_id)
    if unit is None:
        raise NotFound(what="unit")
    enterprise = see_enterprise(unit.enterprise_id, person, registry=registry).enterprise
    now_ms = clock.now_ms()
    draft = Shelving(
        id=request.id,
        enterprise_id=enterprise.id,
        unit_id=unit.id,
        rule_id=request.rule_id,
        reason=request.reason,
        by=person.id,
        dimension=person.dimension,
        from_ms=now_ms,
        until_ms=request.until_ms,
        correlation_id=correlation_id,
    )
    if shelvings.get(request.id) is None:
        rule_ids = {rule.id for rule in catalogues.current().rules_for(enterprise.industry, unit.type)}
        _check(draft, rule_ids, now_ms)
    return shelvings.add(draft)


def _check(draft: Shelving, rule_ids: set[str], now_ms: int) -> None:
    if draft.rule_id is not None and draft.rule_id not in rule_ids:
        raise InvalidRequest(errors=[FieldError("rule", "one_of", ", ".join(sorted(rule_ids)))])
    if not now_ms < draft.until_ms <= now_ms + MAX_SHELF_MS:
        raise InvalidRequest(errors=[FieldError("until", "ahead", f"{MAX_SHELF_MS // 3_600_000} h")])


def confirm_shelving(
    shelving_id: str, person: Person, *, registry: RegistryRepo, shelvings: ShelvingRepo, clock: Clock
) -> Shelving:
    """Let a shelving hold for tier 3 too, as the second person that it takes."""
    require(person, Action.CONFIRM_SHELVING)
    see_shelving(shelving_id, person, registry=registry, shelvings=shelvings)
    return _change(shelving_id, lambda known: rules.confirm(known, person, clock.now_ms()), shelvings)


def end_shelving(
    shelving_id: str, person: Person, *, registry: RegistryRepo, shelvings: ShelvingRepo, clock: Clock
) -> Shelving:
    """End a shelving early. What it holds and is still open calls people within a minute."""
    require(person, Action.END_SHELVING)
    see_shelving(shelving_id, person, registry=registry, shelvings=shelvings)
    return _change(shelving_id, lambda known: rules.end(known, person, clock.now_ms()), shelvings)


def see_shelving(shelving_id: str, person: Person, *, registry: RegistryRepo, shelvings: ShelvingRepo) -> Shelving:
    """Raises NotFound where there is none, or the person may not know of its enterprise."""
    require(person, Action.READ_SHELVING)
    known = shelvings.get(shelving_id)
    if known is None or not _is_visible(known, person, registry):
        raise NotFound(what="shelving")
    return known


def list_shelvings(
    person: Person, cursor: str | None, limit: int, *, registry: RegistryRepo, shelvings: ShelvingRepo
) -> Page[Shelving]:
    """Open and past ones that the person may know of, newest first."""
    require(person, Action.READ_SHELVING)
    page = shelvings.listing(person.enterprise_id if person.role is Role.ENTERPRISE else None, cursor, limit)
    return Page(tuple(one for one in page.items if _is_visible(one, person, registry)), page.cursor)


def _is_visible(shelving: Shelving, person: Person, registry: RegistryRepo) -> bool:
    profile = registry.profile(shelving.enterprise_id)
    one = None if profile is None else profile.enterprise
    return one is not None and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)


def _change(shelving_id: str, decide: Callable[[Shelving], Shelving], shelvings: ShelvingRepo) -> Shelving:
    for _ in range(ATTEMPTS):
        known = shelvings.get(shelving_id)
        if known is None:
            raise NotFound(what="shelving")
        changed = decide(known)
        if changed == known:
            return known
        try:
            return shelvings.save(changed)
        except WriteConflict:
            continue
    raise WriteConflict
