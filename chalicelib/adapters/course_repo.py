"""Courses in the registry: those that ship with the product, as drafts, and those that a park has written or published."""

from contextlib import suppress
from dataclasses import replace
from functools import cache

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.course import Course
from chalicelib.domain.errors import ContentConflict, WriteConflict

COURSES = "COURSES"
CONTENDED = 5


class RowCourseRepo:
    """A row is a draft until it is published; from then on it never changes."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def all(self) -> tuple[Course, ...]:
        known = {one.name: one for one in shipped_courses()}
        known |= {one.name: one for row in self._rows.query(COURSES) if (one := from_body(Course, row.body))}
        return tuple(sorted(known.values(), key=lambda one: (one.id, one.version)))

    def get(self, name: str) -> Course | None:
        row = self._rows.get(COURSES, name)
        return _shipped(name) if row is None else from_body(Course, row.body)

    def draft(self, course: Course) -> Course:
        for _ in range(CONTENDED):
            row = self._rows.get(COURSES, course.name)
            known = None if row is None else from_body(Course, row.body)
            if known is not None and not known.is_draft:
                if _content(known) != _content(course):
                    raise ContentConflict(id=course.name)
                return known
            with suppress(RowConflict):
                self._put(course, row)
                return course
        raise WriteConflict

    def publish(self, name: str, by: str, at_ms: int) -> Course | None:
        for _ in range(CONTENDED):
            row = self._rows.get(COURSES, name)
            known = _shipped(name) if row is None else from_body(Course, row.body)
            if known is None or not known.is_draft:
                return known
            published = replace(known, published_at_ms=at_ms, published_by=by)
            with suppress(RowConflict):
                self._put(published, row)
                return published
        raise WriteConflict

    def _put(self, course: Course, known: Row | None) -> None:
        version, expect = (1, Expect.ABSENT) if known is None else (known.version + 1, Expect.VERSION)
        self._rows.commit([Put(Row(COURSES, course.name, to_body(course), version=version), expect)])


@cache
def shipped_courses() -> tuple[Course, ...]:
    from chalicelib.adapters.catalogue import read_shipped

    return tuple(from_body(Course, one) for one in read_shipped("courses"))


def _shipped(name: str) -> Course | None:
    return next((one for one in shipped_courses() if one.name == name), None)


def _content(one: Course) -> Course:
    return replace(one, published_at_ms=0, published_by="")
