"""Who of an enterprise has passed what, is to, or should have; and the same of the park, enterprise by enterprise."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.course import Duty, Standing, applies, current
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import InvalidCursor
from chalicelib.domain.person import Person
from chalicelib.ports import Clock, CourseRepo, Page, RegistryRepo, TrainingRepo
from chalicelib.usecases.see_enterprise import see_enterprise


@dataclass(frozen=True, slots=True)
class EnterpriseTraining:
    enterprise: Enterprise
    counts: Mapping[Standing, int]


def read_training(
    enterprise_id: str,
    person: Person,
    *,
    registry: RegistryRepo,
    courses: CourseRepo,
    training: TrainingRepo,
    clock: Clock,
) -> tuple[Duty, ...]:
    """What each of an enterprise's people is to have passed, the most urgent first. Raises NotFound."""
    require(person, Action.READ_TRAINING)
    one = see_enterprise(enterprise_id, person, registry=registry).enterprise
    duties = _duties([one], registry, courses, training, clock.now_ms())
    return tuple(sorted(duties, key=lambda duty: (duty.due_at_ms, duty.course.id, duty.person_id)))


def list_training(
    person: Person,
    cursor: str | None,
    limit: int,
    *,
    registry: RegistryRepo,
    courses: CourseRepo,
    training: TrainingRepo,
    clock: Clock,
) -> Page[EnterpriseTraining]:
    """By enterprise, in order of their ids; those in the person's sight. A cursor is the last id of the page before."""
    require(person, Action.READ_PARK_TRAINING)
    if cursor is not None and all(one.id != cursor for one in registry.enterprises()):
        raise InvalidCursor()
    seen = [
        one
        for one in sorted(registry.enterprises(), key=lambda each: each.id)
        if can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
        and (cursor is None or one.id > cursor)
    ]
    page, now_ms = seen[:limit], clock.now_ms()
    counts: dict[str, Counter[Standing]] = {one.id: Counter() for one in page}
    homes = {one.id: one.enterprise_id or "" for one in registry.people()}
    for duty in _duties(page, registry, courses, training, now_ms):
        counts[homes[duty.person_id]][duty.standing(now_ms)] += 1
    found = tuple(EnterpriseTraining(one, {each: counts[one.id][each] for each in Standing}) for one in page)
    return Page(found, page[-1].id if len(seen) > limit else None)


def _duties(
    enterprises: list[Enterprise], registry: RegistryRepo, courses: CourseRepo, training: TrainingRepo, now_ms: int
) -> tuple[Duty, ...]:
    industries = {one.id: one.industry for one in enterprises}
    people = [one for one in registry.people() if one.enterprise_id in industries]
    pairs = [
        (course, one.id)
        for course in current(courses.all())
        for one in people
        if applies(course, one, industries[one.enterprise_id or ""])
    ]
    return training.duties(pairs, now_ms)
