"""Courses, attempts and what follows from them, on every store."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.adapters.course_repo import RowCourseRepo, shipped_courses
from chalicelib.adapters.rows import Rows
from chalicelib.adapters.training_repo import RowTrainingRepo
from chalicelib.domain.course import Attempt, Duty, Miss, Pass
from chalicelib.domain.errors import AttemptsSpent, ContentConflict
from chalicelib.domain.events import CoursePassed, CoursePublished, TrainingAssigned, TrainingMissed

SHIPPED = shipped_courses()[0]
OWN = replace(SHIPPED, id="own")
DAY = "2026-03-02"
ATTEMPT = Attempt("a-1", OWN.name, "p-1", "acme", {"q1": ("b",)}, 2_000, 100.0, (), True)
PASS = Pass("a-1", OWN.name, "p-1", "acme", 2_000, 9_000)


@pytest.fixture
def courses(new_rows: Callable[[], Rows]) -> RowCourseRepo:
    return RowCourseRepo(new_rows())


@pytest.fixture
def training(new_rows: Callable[[], Rows]) -> RowTrainingRepo:
    return RowTrainingRepo(new_rows())


def test_courses_that_ship_are_drafts_until_they_are_published(courses: RowCourseRepo) -> None:
    assert sorted(one.name for one in courses.all()) == sorted(one.name for one in shipped_courses())
    assert courses.get(SHIPPED.name) == SHIPPED and courses.get("none@1") is None
    published = courses.publish(SHIPPED.name, "admin", 1_000)
    assert published == replace(SHIPPED, published_at_ms=1_000, published_by="admin") == courses.get(SHIPPED.name)
    assert courses.publish(SHIPPED.name, "other", 2_000) == published
    assert [one for one in courses.all() if not one.is_draft] == [published]
    assert courses.publish("none@1", "admin", 1_000) is None


def test_a_draft_is_replaced_and_what_is_published_is_not(courses: RowCourseRepo) -> None:
    courses.draft(OWN)
    harder = replace(OWN, pass_mark=90)
    assert courses.draft(harder) == harder == courses.get(OWN.name)
    published = courses.publish(OWN.name, "admin", 1_000)
    assert courses.draft(harder) == published
    with pytest.raises(ContentConflict):
        courses.draft(OWN)


def test_an_attempt_is_kept_once_with_its_pass(training: RowTrainingRepo) -> None:
    told = [CoursePassed("acme", 2_000, "x", "a-1")]
    for _ in range(2):
        assert training.add_attempt(ATTEMPT, DAY, 3, PASS, told) == ATTEMPT
    with pytest.raises(ContentConflict):
        training.add_attempt(replace(ATTEMPT, answers={}), DAY, 3, None, [])
    assert training.attempt("p-1", "a-1") == ATTEMPT and training.attempt("p-2", "a-1") is None
    assert training.attempts("p-1", OWN.name) == (ATTEMPT,) and training.passes("acme") == (PASS,)
    assert training.duties([(OWN, "p-1"), (OWN, "p-2")], 5_000) == (
        Duty(OWN, "p-1", 5_000, PASS),
        Duty(OWN, "p-2", 5_000),
    )


def test_a_day_takes_so_many_attempts_and_no_more(training: RowTrainingRepo) -> None:
    tried = [replace(ATTEMPT, id=f"a-{n}", at_ms=n, passed=False) for n in range(3)]
    for one in tried[:2]:
        training.add_attempt(one, DAY, 2, None, [])
    with pytest.raises(AttemptsSpent):
        training.add_attempt(tried[2], DAY, 2, None, [])
    assert training.add_attempt(tried[0], DAY, 2, None, []) == tried[0]
    training.add_attempt(tried[2], "2026-03-03", 2, None, [])
    assert training.attempts("p-1", OWN.name) == (tried[2], tried[1], tried[0])


def test_a_pass_of_who_belongs_to_no_enterprise_is_their_own_only(training: RowTrainingRepo) -> None:
    own = replace(PASS, enterprise_id="")
    training.add_attempt(replace(ATTEMPT, enterprise_id=""), DAY, 3, own, [])
    assert training.passes("") == () and training.duties([(OWN, "p-1")], 5_000)[0].passed == own


def test_a_course_is_announced_and_assigned_once(training: RowTrainingRepo) -> None:
    for _ in range(2):
        training.announce(CoursePublished("", 1_000, "x", OWN.name))
    assigned = TrainingAssigned("acme", 1_000, "x", OWN.name, "p-1")
    assert [training.assign(assigned), training.assign(replace(assigned, at_ms=2_000))] == [True, False]
    assert training.duties([(OWN, "p-1")], 5_000) == (Duty(OWN, "p-1", 1_000),)


def test_a_missed_deadline_is_noted_once(training: RowTrainingRepo) -> None:
    missed = Miss("acme", OWN.name, DAY, ("p-1",), 3_000)
    told = TrainingMissed("acme", 3_000, "x", OWN.name, DAY)
    assert [training.miss(missed, told), training.miss(replace(missed, people=("p-2",)), told)] == [True, False]
    assert training.misses("acme") == (missed,) and training.misses("other") == ()


def test_a_day_is_looked_at_once(training: RowTrainingRepo) -> None:
    assert not training.was_looked_at(DAY)
    training.look_at(DAY, 9_999_999_999)
    assert training.was_looked_at(DAY) and not training.was_looked_at("2026-03-03")
