"""Once a day: courses are assigned to who is new, deadlines that are near are called to mind, and those that people of an enterprise have missed are noted, once each."""

from collections import defaultdict
from datetime import tzinfo

from chalicelib.domain.course import DAY_MS, Course, Duty, Miss, Standing, current
from chalicelib.domain.events import TrainingDue, TrainingMissed
from chalicelib.domain.times import local_day
from chalicelib.ports import Clock, CourseRepo, RegistryRepo, TrainingRepo
from chalicelib.usecases.train_people import assign, trainees

KEPT_MS = 7 * DAY_MS


def watch_training(
    *, courses: CourseRepo, registry: RegistryRepo, training: TrainingRepo, clock: Clock, zone: tzinfo
) -> int:
    """Returns how many deadlines were newly noted as missed. The day is done when all of it is: what fails is looked at again a minute later."""
    now_ms = clock.now_ms()
    day = local_day(now_ms, zone)
    if training.was_looked_at(day):
        return 0
    found = sum(_watch(one, now_ms, registry, training, zone) for one in current(courses.all()))
    training.look_at(day, (now_ms + KEPT_MS) // 1000)
    return found


def _watch(course: Course, now_ms: int, registry: RegistryRepo, training: TrainingRepo, zone: tzinfo) -> int:
    people = trainees(course, registry)
    for one in people:
        assign(course, one, now_ms, training)
    homes = {one.id: one.enterprise_id or "" for one in people}
    duties = training.duties([(course, one.id) for one in people], now_ms)
    for duty in duties:
        if duty.is_near(now_ms):
            training.remind(_reminder(duty, homes, now_ms, zone))
    late = [one for one in duties if one.standing(now_ms) is Standing.OVERDUE]
    missed = _by_deadline(late, homes, now_ms, zone)
    return sum(
        training.miss(
            one, TrainingMissed(one.enterprise_id, now_ms, f"course-{one.course}"[:64], one.course, one.due_day)
        )
        for one in missed
    )


def _reminder(duty: Duty, homes: dict[str, str], now_ms: int, zone: tzinfo) -> TrainingDue:
    name, day = duty.course.name, local_day(duty.due_at_ms, zone)
    return TrainingDue(homes[duty.person_id], now_ms, f"course-{name}"[:64], name, duty.person_id, day)


def _by_deadline(late: list[Duty], homes: dict[str, str], now_ms: int, zone: tzinfo) -> list[Miss]:
    """One for each enterprise and deadline, with all who have missed it. Inspectors belong to none."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in late:
        if enterprise_id := homes[one.person_id]:
            found[enterprise_id, one.course.name, local_day(one.due_at_ms, zone)].append(one.person_id)
    return [Miss(*key, tuple(sorted(own)), now_ms) for key, own in sorted(found.items())]
