"""Keep the emergency resources of the park, check them, and find the nearest for a task of tier 3. Nothing of the list is lost."""

from dataclasses import replace

from chalicelib.domain.access import Action, can_see_region, require
from chalicelib.domain.edition import Edition
from chalicelib.domain.emergency import EmergencyResource, NearResource, may_see, nearest
from chalicelib.domain.errors import FieldError, Forbidden, InvalidRequest, NotFound
from chalicelib.domain.person import Person
from chalicelib.domain.preferences import URGENT_TIER
from chalicelib.domain.task import Task, TaskState
from chalicelib.ports import Clock, EditionRepo, RegistryRepo
from chalicelib.usecases.change_edition import change_edition, next_edition, removal

MAX_AHEAD_MS = 5 * 60_000
Kept = Edition[EmergencyResource]
Resources = EditionRepo[EmergencyResource]


def put_resource(
    resource: EmergencyResource,
    person: Person,
    *,
    resources: Resources,
    registry: RegistryRepo,
    clock: Clock,
) -> Kept:
    """Register a resource, or change it: when it was checked stays as it was. The same again makes no edition.

    Raises InvalidRequest, Forbidden for a region that is not theirs, NotFound for a resource that they cannot see.
    """
    require(person, Action.KEEP_RESOURCE)
    if wrong := _wrong(resource, registry):
        raise InvalidRequest(errors=wrong)
    if not can_see_region(person, resource.region):
        raise Forbidden(action=Action.KEEP_RESOURCE.value)

    def changed(known: Kept | None) -> Kept:
        if known is None:
            return next_edition(None, resource, person, clock)
        if not may_see(person, known.value):
            raise NotFound(what="resource")
        seen = replace(resource, checked_at_ms=known.value.checked_at_ms, checked_by=known.value.checked_by)
        return next_edition(known, seen, person, clock)

    return change_edition(resource.id, changed, resources)


def check_resource(
    resource_id: str,
    checked_at_ms: int,
    quantity: float,
    is_usable: bool,
    note: str,
    person: Person,
    *,
    resources: Resources,
    clock: Clock,
) -> Kept:
    """Write what somebody found. The same again changes nothing. Raises InvalidRequest for what is ahead, or older than what is known."""
    require(person, Action.KEEP_RESOURCE)

    def changed(known: Kept | None) -> Kept:
        before = _seen(known, person)
        if checked_at_ms > clock.now_ms() + MAX_AHEAD_MS:
            raise InvalidRequest(errors=[FieldError("checked_at", "time_ahead", f"{MAX_AHEAD_MS // 1000} s")])
        if (before.value.checked_at_ms or 0) > checked_at_ms:
            raise InvalidRequest(errors=[FieldError("checked_at", "checked_later", str(before.version))])
        found = replace(
            before.value,
            quantity=quantity,
            is_usable=is_usable,
            note=note,
            checked_at_ms=checked_at_ms,
            checked_by=person.id,
        )
        return next_edition(before, found, person, clock)

    return change_edition(resource_id, changed, resources)


def remove_resource(resource_id: str, person: Person, *, resources: Resources, clock: Clock) -> None:
    """Take it from the list. What it was stays in its history. Raises NotFound where it is not there."""
    require(person, Action.KEEP_RESOURCE)

    def changed(known: Kept | None) -> Kept:
        before = _seen(known, person)
        return removal(before, person, clock)

    change_edition(resource_id, changed, resources)


def see_resource(resource_id: str, person: Person, *, resources: Resources) -> Kept:
    require(person, Action.READ_RESOURCE)
    return _seen(resources.get(resource_id), person)


def list_resources(person: Person, *, resources: Resources) -> tuple[Kept, ...]:
    require(person, Action.READ_RESOURCE)
    return tuple(one for one in resources.all() if may_see(person, one.value))


def see_history(resource_id: str, person: Person, *, resources: Resources) -> tuple[Kept, ...]:
    """Every edition, newest first; also of what was taken away."""
    require(person, Action.READ_RESOURCE)
    found = resources.history(resource_id)
    if not found or not may_see(person, found[0].value):
        raise NotFound(what="resource")
    return found


def nearest_to(
    task: Task, person: Person, *, resources: Resources, registry: RegistryRepo, now_ms: int
) -> tuple[NearResource, ...]:
    """For an open task of tier 3: the park's own, wherever they stand, and what else the person may see. Of lower tiers nothing."""
    if task.tier < URGENT_TIER or task.state is TaskState.CLOSED:
        return ()
    profile = registry.profile(task.enterprise_id) if task.enterprise_id else None
    origin = profile.enterprise.position if profile else None
    seen = (one.value for one in resources.all() if not one.value.enterprise_id or may_see(person, one.value))
    return nearest(seen, origin, task.region, now_ms)


def _wrong(resource: EmergencyResource, registry: RegistryRepo) -> list[FieldError]:
    strangers = [
        FieldError(f"on_call.{at}.person_id", "unknown_person", who.person_id)
        for at, who in enumerate(resource.on_call)
        if who.person_id and registry.person(who.person_id) is None
    ]
    return strangers + _wrong_place(resource, registry)


def _wrong_place(resource: EmergencyResource, registry: RegistryRepo) -> list[FieldError]:
    if not resource.enterprise_id:
        return []
    profile = registry.profile(resource.enterprise_id)
    if profile is None:
        return [FieldError("enterprise_id", "unknown_enterprise", resource.enterprise_id)]
    region = profile.enterprise.region
    return [] if region == resource.region else [FieldError("region", "one_of", region)]


def _seen(known: Kept | None, person: Person) -> Kept:
    if known is None or known.is_removed or not may_see(person, known.value):
        raise NotFound(what="resource")
    return known
