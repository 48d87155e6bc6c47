"""Propose, publish, roll back and compare versions of the catalogue.

What is registered must go on being known: a version that leaves out what enterprises, units or points have is not put in force.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.catalogue_difference import Difference, difference
from chalicelib.domain.catalogue_version import CatalogueVersion, Change, Move, Proposal, Schedule
from chalicelib.domain.errors import (
    ContentConflict,
    FieldError,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    WriteConflict,
)
from chalicelib.domain.person import Person
from chalicelib.ports import CatalogueRepo, Clock, RegistryRepo

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Publication:
    """`effective_from_ms` None: at once. `revision` is the schedule's that the person saw (If-Match), where one was sent."""

    name: str
    effective_from_ms: int | None = None
    reason: str = ""
    revision: int | None = None


def propose_version(
    name: str, given: Document | str, revision: int | None, person: Person, *, catalogues: CatalogueRepo, clock: Clock
) -> CatalogueVersion:
    """Store a draft. A draft may be replaced; what was published may not, but the same again is a success.

    Raises InvalidRequest naming each wrong field, ContentConflict, PreconditionFailed, TooLarge.
    """
    return _keep(name, catalogues.check(given), revision, person, catalogues, clock)


def publish_version(
    publication: Publication, person: Person, *, registry: RegistryRepo, catalogues: CatalogueRepo, clock: Clock
) -> Schedule:
    """Put a version in force, now or later. Raises NotFound, InvalidRequest, IllegalTransition, PreconditionFailed."""
    version, document = see_version(publication.name, catalogues=catalogues)
    catalogues.check(document)  # what a draft was checked by may have changed since
    _require_known(document, registry, catalogues)
    now_ms = clock.now_ms()
    from_ms = now_ms if publication.effective_from_ms is None else publication.effective_from_ms
    if from_ms < now_ms:
        raise InvalidRequest(errors=[FieldError("effective_from", "time_past", "")])
    schedule = catalogues.schedule()
    changed = schedule.publish(Change(Move.PUBLISHED, publication.name, from_ms, now_ms, person.id, publication.reason))
    if changed is schedule:
        return schedule
    _require_seen(publication.revision, schedule.revision)
    with _unless_another_was_first(schedule.revision):
        return catalogues.publish(version, changed)


def publish_document(
    given: Document,
    revision: int | None,
    person: Person,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> Catalogue:
    """Propose a version and put it in force at once; `revision` is the schedule's, if the person sent one. Raises as these do."""
    _require_known(given, registry, catalogues)
    proposal = catalogues.check(given)
    name = proposal.catalogue.version
    _keep(name, proposal, None, person, catalogues, clock)
    publish_version(Publication(name, revision=revision), person, registry=registry, catalogues=catalogues, clock=clock)
    return proposal.catalogue


def roll_back(
    reason: str,
    revision: int | None,
    person: Person,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> Schedule:
    """Back to the version that was in force before; what was to take effect later is withdrawn.

    Raises IllegalTransition where there is nothing to undo, InvalidRequest, PreconditionFailed.
    """
    schedule, now_ms = catalogues.schedule(), clock.now_ms()
    _require_seen(revision, schedule.revision)
    changed = schedule.roll_back(now_ms, person.id, reason)
    _, document = see_version(changed.in_force(now_ms), catalogues=catalogues)
    _require_known(document, registry, catalogues)
    with _unless_another_was_first(schedule.revision):
        return catalogues.put_schedule(changed)


def see_version(name: str, *, catalogues: CatalogueRepo) -> tuple[CatalogueVersion, Document]:
    """A version with its document. Raises NotFound."""
    stored = catalogues.stored(name)
    if stored is None:
        raise NotFound(what="catalogue_version")
    return stored


def compare_versions(old: str, new: str, *, catalogues: CatalogueRepo) -> tuple[Difference, ...]:
    """What changed from one version to another. Raises NotFound."""
    documents = [see_version(name, catalogues=catalogues)[1] for name in (old, new)]
    return difference(*documents)


def _keep(
    name: str, proposal: Proposal, revision: int | None, person: Person, catalogues: CatalogueRepo, clock: Clock
) -> CatalogueVersion:
    if proposal.catalogue.version != name:
        raise InvalidRequest(errors=[FieldError("version", "one_of", name)])
    stored = catalogues.stored(name)
    known = stored[0] if stored else CatalogueVersion(name, person.id, clock.now_ms())
    if stored and stored[1] == proposal.document:
        return known
    if known.is_published:
        raise ContentConflict(id=name)
    _require_seen(revision, known.revision)
    with _unless_another_was_first(known.revision):
        return catalogues.save(known, proposal.document)


def _require_seen(revision: int | None, current: int) -> None:
    if revision is not None and revision != current:
        raise PreconditionFailed(given=revision, current=current)


@contextmanager
def _unless_another_was_first(revision: int) -> Iterator[None]:
    """Whoever comes second decided on what is no longer so, and looks again."""
    try:
        yield
    except WriteConflict as error:
        raise PreconditionFailed(given=revision, current=revision + 1) from error


def _require_known(document: Document, registry: RegistryRepo, catalogues: CatalogueRepo) -> None:
    """Raises InvalidRequest for each thing that is registered and known now, and that the document leaves out.

    A part that is no table is for the check to refuse; without unit types any type goes.
    """
    profiles = [profile for one in registry.enterprises() if (profile := registry.profile(one.id)) is not None]
    now = catalogues.current()
    used = {
        "indicators": {point.indicator for one in profiles for point in one.points} & now.indicators.keys(),
        "industry_weights": {one.enterprise.industry for one in profiles} & now.industry_weights.keys(),
        "size_factors": {one.enterprise.size for one in profiles} & now.size_factors.keys(),
        "unit_types": {unit.type for one in profiles for unit in one.units} & now.unit_types.keys(),
    }
    left_out = [
        FieldError(f"{part}.{name}", "in_use", name)
        for part, names in used.items()
        if isinstance(known := document.get(part), Mapping) and (known or part != "unit_types")
        for name in sorted(names - known.keys())
    ]
    if left_out:
        raise InvalidRequest(errors=left_out)
