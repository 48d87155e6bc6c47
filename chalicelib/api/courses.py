"""Courses and their questions, attempts, and who has passed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import AttemptsSpent, ContentConflict, FieldError, InvalidCursor, InvalidRequest, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.courses import (
        AttemptOut,
        AttemptsOut,
        CourseOut,
        CoursesOut,
        DutyOut,
        ParkTrainingOut,
        TrainingOut,
    )
    from chalicelib.domain.course import Attempt, Course, Duty

api = Blueprint(__name__)
WHERE = "/v1/courses/{course_id}/versions/{number}"


@endpoint(
    api, "GET", "/v1/courses", summary="The courses that concern you, and how you stand with them", action=Action.READ_COURSE,
    response="courses.CoursesOut",
)  # fmt: skip
def list_courses(call: Call) -> CoursesOut:
    from chalicelib.api.models.courses import CourseHeadOut, CoursesOut
    from chalicelib.usecases import train_people

    ports = call.services
    found, duties = train_people.list_courses(
        call.person, courses=ports.courses, registry=ports.registry, training=ports.training, clock=ports.clock
    )
    now_ms, items = ports.clock.now_ms(), []
    for one in found:
        head = CourseHeadOut(**_head(one))
        if (duty := duties.get(one.name)) is not None:
            head.standing, head.due_at = duty.standing(now_ms), duty.due_at_ms
        items.append(head)
    return CoursesOut(items=items)


@endpoint(
    api, "GET", WHERE, summary="One version of a course, without the right answers", action=Action.READ_COURSE,
    response="courses.CourseOut", problems=(NotFound,),
)  # fmt: skip
def get_course(call: Call, course_id: str, number: str) -> CourseOut:
    from chalicelib.usecases.train_people import see_course

    ports = call.services
    found = see_course(_name(course_id, number), call.person, courses=ports.courses, registry=ports.registry)
    return _course(call, found)


@endpoint(
    api, "PUT", WHERE, summary="Write a version of a course, as a draft", action=Action.WRITE_COURSE,
    request="courses.CourseIn", response="courses.CourseOut", problems=(ContentConflict,),
)  # fmt: skip
def put_course(call: Call, course_id: str, number: str) -> CourseOut:
    from chalicelib.usecases.train_people import draft_course

    draft = call.body.value_of(course_id, _number(number))
    return _course(call, draft_course(draft, call.person, courses=call.services.courses))


@endpoint(
    api, "POST", WHERE + "/publication", summary="Publish a version of a course: it never changes from then on",
    action=Action.WRITE_COURSE, response="courses.CourseOut", problems=(NotFound,),
)  # fmt: skip
def publish_course(call: Call, course_id: str, number: str) -> CourseOut:
    from chalicelib.usecases import train_people

    ports, name = call.services, _name(course_id, number)
    published = train_people.publish_course(
        name, call.person, courses=ports.courses, training=ports.training, clock=ports.clock
    )
    return _course(call, published)


@endpoint(
    api, "POST", WHERE + "/attempts", summary="Hand in your answers to a course", action=Action.TAKE_COURSE,
    request="courses.AttemptIn", response="courses.AttemptOut", status=201,
    problems=(NotFound, ContentConflict, AttemptsSpent),
)  # fmt: skip
def post_attempt(call: Call, course_id: str, number: str) -> AttemptOut:
    from chalicelib.usecases.train_people import see_course, take_course

    given, ports, name = call.body, call.services, _name(course_id, number)
    attempt = take_course(
        given.id,
        name,
        {id: tuple(options) for id, options in given.answers.items()},
        call.person,
        courses=ports.courses,
        training=ports.training,
        registry=ports.registry,
        clock=ports.clock,
        zone=ports.zone,
    )
    return _attempt(attempt, see_course(name, call.person, courses=ports.courses, registry=ports.registry))


@endpoint(
    api, "GET", WHERE + "/attempts", summary="Your attempts at a course, newest day first", action=Action.TAKE_COURSE,
    response="courses.AttemptsOut", problems=(NotFound,),
)  # fmt: skip
def list_attempts(call: Call, course_id: str, number: str) -> AttemptsOut:
    from chalicelib.api.models.courses import AttemptsOut
    from chalicelib.usecases.train_people import see_attempts

    ports = call.services
    course, attempts = see_attempts(
        _name(course_id, number), call.person, courses=ports.courses, registry=ports.registry, training=ports.training
    )
    return AttemptsOut(items=[_attempt(one, course) for one in attempts])


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/training", summary="Who of an enterprise has passed what, or should have",
    action=Action.READ_TRAINING, response="courses.TrainingOut", problems=(NotFound,),
)  # fmt: skip
def get_training(call: Call, enterprise_id: str) -> TrainingOut:
    from chalicelib.api.models.courses import TrainingOut
    from chalicelib.domain.course import Standing
    from chalicelib.usecases.read_training import read_training

    ports = call.services
    duties = read_training(
        enterprise_id,
        call.person,
        registry=ports.registry,
        courses=ports.courses,
        training=ports.training,
        clock=ports.clock,
    )
    now_ms = ports.clock.now_ms()
    counts = {each.value: sum(one.standing(now_ms) is each for one in duties) for each in Standing}
    return TrainingOut(enterprise_id=enterprise_id, items=[_duty(call, one, now_ms) for one in duties], **counts)


@endpoint(
    api, "GET", "/v1/training", summary="Enterprise by enterprise, how many have passed, are to, or should have",
    action=Action.READ_PARK_TRAINING, query=PageQuery, response="courses.ParkTrainingOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_training(call: Call) -> ParkTrainingOut:
    from chalicelib.api.models.courses import EnterpriseTrainingOut, ParkTrainingOut
    from chalicelib.usecases import read_training

    ports = call.services
    page = read_training.list_training(
        call.person,
        call.query.cursor,
        call.query.limit,
        registry=ports.registry,
        courses=ports.courses,
        training=ports.training,
        clock=ports.clock,
    )
    items = [
        EnterpriseTrainingOut(
            enterprise_id=one.enterprise.id,
            name=one.enterprise.name,
            **{standing.value: count for standing, count in one.counts.items()},
        )
        for one in page.items
    ]
    return ParkTrainingOut(items=items, next_cursor=page.cursor)


def _head(course: Course) -> dict[str, Any]:
    from chalicelib.api.models.courses import CourseHeadOut

    names = set(CourseHeadOut.model_fields) - {"published_at", "standing", "due_at"}
    known = {name: getattr(course, name) for name in names}
    return known | {"published_at": None if course.is_draft else course.published_at_ms}


def _course(call: Call, course: Course) -> CourseOut:
    from chalicelib.api.models.courses import CourseOut, QuestionOut, SectionOut
    from chalicelib.domain.access import ALLOWED

    view = CourseOut(
        **_head(course),
        sections=[SectionOut.model_validate(one) for one in course.sections],
        questions=[QuestionOut.model_validate(one) for one in course.questions],
    )
    if call.person.role not in ALLOWED[Action.WRITE_COURSE]:
        for question in view.questions:
            question.right = question.reference = None
    return view


def _attempt(attempt: Attempt, course: Course) -> AttemptOut:
    from chalicelib.api.models.courses import AttemptOut, WrongOut

    questions = {one.id: one for one in course.questions}
    return AttemptOut(
        id=attempt.id,
        course=attempt.course,
        at=attempt.at_ms,
        score=attempt.score,
        pass_mark=course.pass_mark,
        passed=attempt.passed,
        wrong=[
            WrongOut(
                question=id,
                text=dict(questions[id].text),
                given=list(attempt.answers.get(id, ())),
                reference=dict(questions[id].reference),
            )
            for id in attempt.wrong
        ],
    )


def _duty(call: Call, duty: Duty, now_ms: int) -> DutyOut:
    from chalicelib.api.models.courses import DutyOut

    person, standing = call.services.registry.person(duty.person_id), duty.standing(now_ms)
    return DutyOut(
        person_id=duty.person_id,
        person_name=person.name if person else "",
        course=duty.course.name,
        title=dict(duty.course.title),
        standing=standing,
        standing_text=text(f"word.standing_of_course.{standing.value}", call.language),
        assigned_at=duty.assigned_at_ms,
        due_at=duty.due_at_ms,
        passed_at=None if duty.passed is None else duty.passed.at_ms,
    )


def _name(course_id: str, number: str) -> str:
    return f"{course_id}@{_number(number)}"


def _number(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and int(given[:9]) > 0 and len(given) <= 9):
        raise InvalidRequest(errors=[FieldError("number", "invalid", "1, 2, 3, ...")])
    return int(given)
