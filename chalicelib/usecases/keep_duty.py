"""The rota: who has a shift and who is away, and who of a joint group is there now."""

from dataclasses import dataclass

from chalicelib.domain.access import Action, can_see_region, require
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.duty import DutyEntry, DutyKind, Standing, group_of
from chalicelib.domain.errors import FieldError, Forbidden, InvalidRequest, NotFound
from chalicelib.domain.person import Person, Role
from chalicelib.ports import Clock, DutyRepo, RegistryRepo, TaskRepo

LONGEST_MS = 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One of a group, and why they are called or not. `load` is how many open tasks they hold."""

    person: Person
    standing: Standing
    load: int


def put_duty(entry: DutyEntry, person: Person, *, duty: DutyRepo, registry: RegistryRepo, clock: Clock) -> DutyEntry:
    """Enter a shift or a leave. An inspector enters their own leave; departments those of their dimension; the admin everybody's."""
    _require_charge(entry.person_id, entry.kind, person, registry)
    wrong = []
    if not entry.from_ms < entry.to_ms <= entry.from_ms + LONGEST_MS:
        wrong.append(FieldError("to", "range", str(LONGEST_MS // 86_400_000)))
    if entry.to_ms <= clock.now_ms():
        wrong.append(FieldError("to", "time_past", ""))
    if wrong:
        raise InvalidRequest(errors=wrong)
    duty.put(entry)
    return entry


def delete_duty(person_id: str, kind: DutyKind, entry_id: str, person: Person, *, duty: DutyRepo, registry: RegistryRepo) -> None:  # fmt: skip
    """Deleting what is not there is a success."""
    _require_charge(person_id, kind, person, registry)
    duty.delete(person_id, kind, entry_id)


def who_is_on_duty(
    region: str, industry: str, person: Person, *, duty: DutyRepo, registry: RegistryRepo, tasks: TaskRepo, clock: Clock
) -> tuple[OnDuty, ...]:
    """Everybody of a joint group with where they stand. Raises NotFound for a region that is not the person's to see."""
    require(person, Action.READ_DUTY)
    if not can_see_region(person, region):
        raise NotFound(what="region")
    people, rota, now_ms = registry.people(), duty.rota(clock.now_ms()), clock.now_ms()
    found: list[OnDuty] = []
    for dimension in SIDES:
        group = group_of(people, region, industry, dimension)
        standings = rota.standings(group, now_ms)
        found += [OnDuty(one, standings[one.id], tasks.open_count(one.id)) for one in group]
    return tuple(found)


def list_rota(person: Person, *, duty: DutyRepo, registry: RegistryRepo) -> tuple[DutyEntry, ...]:
    """All that is kept of shifts and leave, of those whom the person may know."""
    require(person, Action.READ_DUTY)
    people = {one.id: one for one in registry.people()}
    entries = duty.rota(0).entries
    return tuple(one for one in entries if one.person_id in people and _may_know(people[one.person_id], person))


def _require_charge(person_id: str, kind: DutyKind, person: Person, registry: RegistryRepo) -> None:
    require(person, Action.KEEP_DUTY)
    whose = registry.person(person_id)
    if whose is None or whose.role is not Role.INSPECTOR or not _may_know(whose, person):
        raise NotFound(what="person")
    match person.role:
        case Role.INSPECTOR:
            allowed = kind is DutyKind.LEAVE and whose.id == person.id
        case Role.DEPARTMENT:
            allowed = whose.dimension is person.dimension
        case _:
            allowed = True
    if not allowed:
        raise Forbidden(action=Action.KEEP_DUTY.value)


def _may_know(whose: Person, person: Person) -> bool:
    return any(can_see_region(person, region) for region in whose.regions)
