"""Training: courses in versions that never change once they are published, attempts at their questions, and who has passed what until when.

A course applies to people of its roles and industries. From when it is assigned to somebody it is to be passed within its days; a pass is
good for its months, and is due again then. Right answers leave the park only for those who write courses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.catalogue import Text
from chalicelib.domain.errors import FieldError
from chalicelib.domain.person import Person, Role

DAY_MS = 86_400_000
REMIND_MS = 7 * DAY_MS
TRAINED = (Role.ENTERPRISE, Role.INSPECTOR)


class QuestionKind(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"


class Standing(StrEnum):
    PASSED = "passed"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Section:
    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    text: Text


@dataclass(frozen=True, slots=True)
class Question:
    """`right` are ids of options; `reference` is told to who was wrong: why it is so, and where it stands. A question that is true or false
    has the options `true` and `false`."""

    id: str
    kind: QuestionKind
    text: Text
    options: tuple[Option, ...]
    right: tuple[str, ...]
    reference: Text

    def is_right(self, given: Iterable[str]) -> bool:
        return set(given) == set(self.right)


@dataclass(frozen=True, slots=True)
class Course:
    """`industries` empty: of every one. `pass_mark` is in per cent. `published_at_ms` 0: a draft, which only admins see."""

    id: str
    version: int
    title: Text
    industries: tuple[str, ...]
    roles: tuple[Role, ...]
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    pass_mark: int = 80
    deadline_days: int = 30
    valid_months: int = 12
    attempts_a_day: int = 3
    published_at_ms: int = 0
    published_by: str = ""

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"

    @property
    def is_draft(self) -> bool:
        return self.published_at_ms == 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """`id` is made by the client; `answers` are options by question. `score` is in per cent, `wrong` names the questions that were."""

    id: str
    course: str
    person_id: str
    enterprise_id: str
    answers: Mapping[str, tuple[str, ...]]
    at_ms: int
    score: float
    wrong: tuple[str, ...]
    passed: bool


@dataclass(frozen=True, slots=True)
class Pass:
    """That somebody passed a course, and until when that is good."""

    attempt_id: str
    course: str
    person_id: str
    enterprise_id: str
    at_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Miss:
    """That a deadline of a course passed while people of an enterprise had not passed it. `due_day` in the park's time zone; `at_ms` is when it
    was noted."""

    enterprise_id: str
    course: str
    due_day: str
    people: tuple[str, ...]
    at_ms: int


@dataclass(frozen=True, slots=True)
class Duty:
    """A course and a person whom it applies to: since when, and their newest pass of it."""

    course: Course
    person_id: str
    assigned_at_ms: int
    passed: Pass | None = None

    @property
    def due_at_ms(self) -> int:
        """By when it is to be passed, for the first time or again."""
        if self.passed is not None:
            return self.passed.until_ms
        return self.assigned_at_ms + self.course.deadline_days * DAY_MS

    def is_near(self, now_ms: int) -> bool:
        """Not over yet, and soon."""
        return now_ms <= self.due_at_ms <= now_ms + REMIND_MS

    def standing(self, now_ms: int) -> Standing:
        if now_ms > self.due_at_ms:
            return Standing.OVERDUE
        return Standing.DUE if self.passed is None else Standing.PASSED


def applies(course: Course, person: Person, industry: str | None) -> bool:
    """`industry` is that of the person's enterprise; inspectors have industries of their own."""
    own = (industry,) if person.role is Role.ENTERPRISE else person.industries
    return person.role in course.roles and (not course.industries or any(one in course.industries for one in own))


def current(courses: Iterable[Course]) -> tuple[Course, ...]:
    """Of each course the newest version that is published."""
    newest: dict[str, Course] = {}
    for one in sorted(courses, key=lambda each: each.version):
        if not one.is_draft:
            newest[one.id] = one
    return tuple(newest[id] for id in sorted(newest))


def marked(course: Course, answers: Mapping[str, tuple[str, ...]]) -> tuple[float, tuple[str, ...]]:
    """(per cent right, the questions that were wrong). What was not answered is wrong."""
    wrong = tuple(one.id for one in course.questions if not one.is_right(answers.get(one.id, ())))
    right = len(course.questions) - len(wrong)
    return round(100.0 * right / len(course.questions), 1), wrong


def unknown_answers(course: Course, answers: Mapping[str, tuple[str, ...]]) -> list[FieldError]:
    """Answers to no question, and with no option, of the course."""
    known = {one.id: {option.id for option in one.options} for one in course.questions}
    wrong = [FieldError(f"answers.{id}", "unknown_question", id) for id in answers if id not in known]
    return wrong + [
        FieldError(f"answers.{id}", "unknown_option", option)
        for id, given in answers.items()
        for option in given
        if id in known and option not in known[id]
    ]


def wrong_questions(questions: Iterable[Question]) -> list[FieldError]:
    """Questions that cannot be answered: without a right option, or with too many; with an id twice."""
    found: list[FieldError] = []
    seen: set[str] = set()
    for n, one in enumerate(questions):
        ids = [option.id for option in one.options]
        if one.id in seen:
            found.append(FieldError(f"questions.{n}.id", "repeated", one.id))
        seen.add(one.id)
        if len(set(ids)) < len(ids):
            found.append(FieldError(f"questions.{n}.options", "repeated", one.id))
        fits = {QuestionKind.MULTIPLE: len(one.right) >= 2}.get(one.kind, len(one.right) == 1)
        if not fits or not set(one.right) <= set(ids) or len(set(one.right)) < len(one.right):
            found.append(FieldError(f"questions.{n}.right", "wrong_right", one.id))
    return found
