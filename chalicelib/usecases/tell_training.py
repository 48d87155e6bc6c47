"""Tell people of their training: a course that is new to them, a deadline that they have missed."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from chalicelib.domain.course import DAY_MS, Course
from chalicelib.domain.events import TrainingAssigned, TrainingDue, TrainingEvent, TrainingMissed
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.times import local_day
from chalicelib.ports import CourseRepo, RegistryRepo, TrainingRepo
from chalicelib.usecases.hand_out import Post, hand_out


def tell_training(
    event: TrainingEvent,
    *,
    courses: CourseRepo,
    training: TrainingRepo,
    registry: RegistryRepo,
    post: Post,
    zone: ZoneInfo,
) -> tuple[Notice, ...]:
    """Into the inbox of each whom it concerns; twice: once each."""
    course = courses.get(event.course)
    if course is None:
        return ()
    if isinstance(event, TrainingAssigned):
        due_day = local_day(event.at_ms + course.deadline_days * DAY_MS, zone)
        return hand_out(_notices(event, NoticeKind.COURSE_ASSIGNED, [event.person_id], course, due_day, registry), post)
    if isinstance(event, TrainingDue):
        return hand_out(
            _notices(event, NoticeKind.COURSE_DUE, [event.person_id], course, event.due_day, registry), post
        )
    assert isinstance(event, TrainingMissed)
    known = [
        one
        for one in training.misses(event.enterprise_id)
        if (one.course, one.due_day) == (event.course, event.due_day)
    ]
    late = [person for one in known for person in one.people]
    return hand_out(_notices(event, NoticeKind.COURSE_OVERDUE, late, course, event.due_day, registry), post)


def _notices(
    event: TrainingEvent, kind: NoticeKind, people: Sequence[str], course: Course, due_day: str, registry: RegistryRepo
) -> tuple[Notice, ...]:
    """The title is in each reader's own language: it is a text of the course, none of ours."""
    found = []
    for person_id in people:
        person = registry.person(person_id)
        if person is not None:
            params = (("course", course.title[person.language]), ("due", due_day), ("mark", str(course.pass_mark)))
            found.append(
                Notice(
                    id=notice_id(event.id, person_id),
                    person_id=person_id,
                    kind=kind,
                    task_id="",
                    enterprise_id=event.enterprise_id,
                    tier=0,
                    created_at_ms=event.at_ms,
                    params=params,
                    correlation_id=event.correlation_id,
                )
            )
    return tuple(found)
