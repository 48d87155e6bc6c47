"""Keep the reduction targets of regions, of which nothing is lost, and tell how far the points of a region are."""

from collections.abc import Iterator

from chalicelib.domain.access import Action, can_see, can_see_region, require
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.edition import Edition
from chalicelib.domain.errors import FieldError, Forbidden, InvalidRequest, NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.domain.target import (
    SHARES,
    TOTAL_UNITS,
    Level,
    Progress,
    ReductionTarget,
    TargetForm,
    progress_of,
)
from chalicelib.domain.ucum import convertible_to
from chalicelib.ports import CatalogueRepo, Clock, EditionRepo, RegistryRepo, StateRepo
from chalicelib.usecases.change_edition import change_edition, next_edition, removal

Kept = Edition[ReductionTarget]
Targets = EditionRepo[ReductionTarget]


def put_target(
    target: ReductionTarget,
    person: Person,
    *,
    targets: Targets,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> Kept:
    """Register a target, or change it. The same again makes no edition.

    Raises InvalidRequest, Forbidden for a region that is not theirs, NotFound for a target that they cannot see.
    """
    require(person, Action.KEEP_TARGET)
    if wrong := list(_wrong(target, catalogues.current())):
        raise InvalidRequest(errors=wrong)
    if not can_see_region(person, target.region):
        raise Forbidden(action=Action.KEEP_TARGET.value)

    def changed(known: Kept | None) -> Kept:
        if known is not None and not _may_see(person, known.value, registry):
            raise NotFound(what="target")
        return next_edition(known, target, person, clock)

    return change_edition(target.id, changed, targets)


def remove_target(target_id: str, person: Person, *, targets: Targets, registry: RegistryRepo, clock: Clock) -> None:
    """Take it from the list. What it was stays in its history. Raises NotFound where it is not there."""
    require(person, Action.KEEP_TARGET)

    def changed(known: Kept | None) -> Kept:
        return removal(_seen(known, person, registry), person, clock)

    change_edition(target_id, changed, targets)


def see_target(target_id: str, person: Person, *, targets: Targets, registry: RegistryRepo) -> Kept:
    require(person, Action.READ_TARGET)
    return _seen(targets.get(target_id), person, registry)


def list_targets(person: Person, *, targets: Targets, registry: RegistryRepo) -> tuple[Kept, ...]:
    require(person, Action.READ_TARGET)
    return tuple(one for one in targets.all() if _may_see(person, one.value, registry))


def see_target_history(target_id: str, person: Person, *, targets: Targets, registry: RegistryRepo) -> tuple[Kept, ...]:
    """Every edition, newest first; also of what was taken away."""
    require(person, Action.READ_TARGET)
    found = targets.history(target_id)
    if not found or not _may_see(person, found[0].value, registry):
        raise NotFound(what="target")
    return found


def read_progress(
    target_id: str,
    person: Person,
    *,
    targets: Targets,
    registry: RegistryRepo,
    states: StateRepo,
    catalogues: CatalogueRepo,
) -> tuple[ReductionTarget, Progress | None]:
    """How far the points that the person may see are; None where nothing here measures it. One read for each enterprise concerned."""
    target = see_target(target_id, person, targets=targets, registry=registry).value
    catalogue = catalogues.current()
    indicator, learnt = catalogue.indicators.get(target.indicator), catalogue.baseline_minimum
    if indicator is None or indicator.unit not in convertible_to(_measure(target)):
        return target, None
    levels, unknown = list[Level](), 0
    for one in registry.enterprises():
        is_seen = can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
        profile = registry.profile(one.id) if is_seen and target.concerns(one.region, one.industry) else None
        points = [p.id for p in profile.points if p.indicator == indicator.id] if profile else []
        known = states.load(one.id)[0].points if points else {}
        found = [Level(one.id, id, known[id].mean) for id in points if id in known and known[id].count >= learnt]
        levels, unknown = levels + found, unknown + len(points) - len(found)
    return target, progress_of(target, levels, unknown, indicator.unit)


def _measure(target: ReductionTarget) -> str:
    return target.unit if target.baseline is None else target.baseline.unit


def _wrong(target: ReductionTarget, catalogue: Catalogue) -> Iterator[FieldError]:
    if target.industry and target.industry not in catalogue.industry_weights:
        yield FieldError("industry", "one_of", ", ".join(sorted(catalogue.industry_weights)))
    if target.from_month > target.to_month:
        yield FieldError("to_month", "at_least", target.from_month)
    if bool(target.indicator) == (target.total is not None):
        yield FieldError("indicator", "invalid", "indicator / total: 1")
        return
    if target.indicator and target.indicator not in catalogue.indicators:
        yield FieldError("indicator", "unknown_indicator", ", ".join(sorted(catalogue.indicators)))
        return
    unit = catalogue.indicators[target.indicator].unit if target.total is None else TOTAL_UNITS[target.total]
    yield from _wrong_units(target, convertible_to(unit))


def _wrong_units(target: ReductionTarget, allowed: tuple[str, ...]) -> Iterator[FieldError]:
    if target.form is not TargetForm.REDUCE_BY:
        if target.unit not in allowed:
            yield FieldError("unit", "wrong_unit", ", ".join(allowed))
        return
    if target.unit not in SHARES:
        yield FieldError("unit", "wrong_unit", ", ".join(SHARES))
    if target.baseline is None:
        yield FieldError("baseline", "missing", "")
    elif target.baseline.unit not in allowed:
        yield FieldError("baseline.unit", "wrong_unit", ", ".join(allowed))


def _seen(known: Kept | None, person: Person, registry: RegistryRepo) -> Kept:
    if known is None or known.is_removed or not _may_see(person, known.value, registry):
        raise NotFound(what="target")
    return known


def _may_see(person: Person, target: ReductionTarget, registry: RegistryRepo) -> bool:
    """An enterprise sees what concerns it; others what is of their regions."""
    if person.role is not Role.ENTERPRISE:
        return can_see_region(person, target.region)
    profile = registry.profile(person.enterprise_id or "")
    return profile is not None and target.concerns(profile.enterprise.region, profile.enterprise.industry)
