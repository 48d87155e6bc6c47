"""Courses for people: written and published by admins, assigned to whom they apply, taken attempt by attempt."""

from collections.abc import Mapping
from datetime import tzinfo

from chalicelib.domain.access import Action, require
from chalicelib.domain.course import (
    TRAINED,
    Attempt,
    Course,
    Duty,
    Pass,
    applies,
    current,
    marked,
    unknown_answers,
    wrong_questions,
)
from chalicelib.domain.errors import InvalidRequest, NotFound
from chalicelib.domain.events import CoursePassed, CoursePublished, TrainingAssigned
from chalicelib.domain.person import Person, Role
from chalicelib.domain.times import local_day, months_later
from chalicelib.ports import Clock, CourseRepo, RegistryRepo, TrainingRepo


def draft_course(course: Course, person: Person, *, courses: CourseRepo) -> Course:
    """Write a version, or write it anew while it is a draft. Raises ContentConflict for other content of a published one."""
    require(person, Action.WRITE_COURSE)
    if wrong := wrong_questions(course.questions):
        raise InvalidRequest(errors=wrong)
    return courses.draft(course)


def publish_course(name: str, person: Person, *, courses: CourseRepo, training: TrainingRepo, clock: Clock) -> Course:
    """Publish a version: it never changes from then on. Again: it is, and is announced where that was cut short."""
    require(person, Action.WRITE_COURSE)
    course = courses.publish(name, person.id, clock.now_ms())
    if course is None:
        raise NotFound(what="course")
    training.announce(CoursePublished("", course.published_at_ms, f"course-{course.name}"[:64], course.name))
    return course


def assign_course(
    event: CoursePublished, *, courses: CourseRepo, registry: RegistryRepo, training: TrainingRepo
) -> int:
    """Assign a course to everyone whom it applies to. Doing it twice assigns it once. Returns to how many it was new."""
    course = courses.get(event.course)
    if course is None:
        return 0
    return sum(assign(course, one, event.at_ms, training) for one in trainees(course, registry))


def assign(course: Course, person: Person, at_ms: int, training: TrainingRepo) -> bool:
    head = (person.enterprise_id or "", at_ms, f"course-{course.name}"[:64])
    return training.assign(TrainingAssigned(*head, course.name, person.id))


def trainees(course: Course, registry: RegistryRepo) -> list[Person]:
    industries = {one.id: one.industry for one in registry.enterprises()}
    return [one for one in registry.people() if applies(course, one, industries.get(one.enterprise_id or ""))]


def take_course(
    attempt_id: str,
    name: str,
    answers: Mapping[str, tuple[str, ...]],
    person: Person,
    *,
    courses: CourseRepo,
    training: TrainingRepo,
    registry: RegistryRepo,
    clock: Clock,
    zone: tzinfo,
) -> Attempt:
    """Hand in answers. The same again gives the attempt as it was marked. Raises AttemptsSpent, ContentConflict, NotFound for a course that is
    not theirs, or not in force."""
    require(person, Action.TAKE_COURSE)
    course = see_course(name, person, courses=courses, registry=registry)
    if (known := training.attempt(person.id, attempt_id)) is None and course not in current(courses.all()):
        raise NotFound(what="course")
    if wrong := unknown_answers(course, answers):
        raise InvalidRequest(errors=wrong)
    now_ms = clock.now_ms() if known is None else known.at_ms
    score, missed = marked(course, answers)
    attempt = Attempt(
        id=attempt_id,
        course=course.name,
        person_id=person.id,
        enterprise_id=person.enterprise_id or "",
        answers={id: tuple(sorted(set(given))) for id, given in sorted(answers.items())},
        at_ms=now_ms,
        score=score,
        wrong=missed,
        passed=score >= course.pass_mark,
    )
    passed = _pass(attempt, course, zone) if attempt.passed else None
    head = (attempt.enterprise_id, now_ms, f"attempt-{attempt.id}"[:64], attempt.id)
    events = [CoursePassed(*head)] if passed is not None and attempt.enterprise_id else []
    return training.add_attempt(attempt, local_day(now_ms, zone), course.attempts_a_day, passed, events)


def _pass(attempt: Attempt, course: Course, zone: tzinfo) -> Pass:
    until_ms = months_later(attempt.at_ms, course.valid_months, zone)
    return Pass(attempt.id, course.name, attempt.person_id, attempt.enterprise_id, attempt.at_ms, until_ms)


def see_course(name: str, person: Person, *, courses: CourseRepo, registry: RegistryRepo) -> Course:
    """Raises NotFound for a draft, but to admins, and for a course that does not apply to who only takes courses."""
    require(person, Action.READ_COURSE)
    course = courses.get(name)
    if course is None or not _may_see(course, person, registry):
        raise NotFound(what="course")
    return course


def list_courses(
    person: Person, *, courses: CourseRepo, registry: RegistryRepo, training: TrainingRepo, clock: Clock
) -> tuple[tuple[Course, ...], dict[str, Duty]]:
    """(the courses that the person may see, by name how they stand with those that they are to take)."""
    require(person, Action.READ_COURSE)
    every = courses.all()
    shown = every if person.role is Role.ADMIN else current(every)
    seen = tuple(one for one in shown if _may_see(one, person, registry))
    if person.role not in TRAINED:
        return seen, {}
    duties = training.duties([(one, person.id) for one in seen], clock.now_ms())
    return seen, {one.course.name: one for one in duties}


def see_attempts(
    name: str, person: Person, *, courses: CourseRepo, registry: RegistryRepo, training: TrainingRepo
) -> tuple[Course, tuple[Attempt, ...]]:
    """One's own, newest first."""
    require(person, Action.TAKE_COURSE)
    course = see_course(name, person, courses=courses, registry=registry)
    return course, training.attempts(person.id, course.name)


def _may_see(course: Course, person: Person, registry: RegistryRepo) -> bool:
    if person.role is Role.ADMIN:
        return True
    if course.is_draft:
        return False
    return person.role not in TRAINED or applies(course, person, industry_of(person, registry))


def industry_of(person: Person, registry: RegistryRepo) -> str | None:
    profile = registry.profile(person.enterprise_id) if person.enterprise_id else None
    return None if profile is None else profile.enterprise.industry
