"""Courses and training on the wire."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from chalicelib.api.models.checklists import ItemTextIn
from chalicelib.api.models.wire import ClientId, Count, Id, Instant, View, Wire
from chalicelib.domain.course import Course, Option, Question, QuestionKind, Section, Standing
from chalicelib.domain.person import Role

MAX_SECTIONS, MAX_QUESTIONS, MAX_OPTIONS = 30, 60, 8
TRUE_FALSE = (
    Option("true", {"zh-CN": "正确", "en": "True"}),
    Option("false", {"zh-CN": "错误", "en": "False"}),
)


def _text(one: ItemTextIn) -> dict[str, str]:
    return {"zh-CN": one.zh_cn, "en": one.en}


class SectionIn(Wire):
    title: ItemTextIn
    text: ItemTextIn


class OptionIn(Wire):
    id: Id
    text: ItemTextIn


class QuestionIn(Wire):
    id: Id
    kind: QuestionKind
    text: ItemTextIn
    options: list[OptionIn] = Field(
        default=[], max_length=MAX_OPTIONS, description="of `true_false` none: they are `true` and `false`"
    )
    right: list[Id] = Field(min_length=1, max_length=MAX_OPTIONS, description="of `multiple` two or more, else one")
    reference: ItemTextIn = Field(description="told to who was wrong: why, and where it stands")

    @field_validator("options")
    @classmethod
    def _fit_the_kind(cls, given: list[OptionIn], info: ValidationInfo) -> list[OptionIn]:
        has_own = info.data.get("kind") is QuestionKind.TRUE_FALSE
        if has_own is bool(given) or (given and len(given) < 2):
            raise ValueError("two or more; none where it is true or false")
        return given

    def value(self) -> Question:
        own = tuple(Option(one.id, _text(one.text)) for one in self.options)
        is_true_false = self.kind is QuestionKind.TRUE_FALSE
        return Question(
            self.id, self.kind, _text(self.text), TRUE_FALSE if is_true_false else own, tuple(self.right), _text(self.reference)
        )  # fmt: skip


class CourseIn(Wire):
    title: ItemTextIn
    industries: list[Id] = Field(default=[], max_length=30, description="empty: every industry")
    roles: list[Literal[Role.ENTERPRISE, Role.INSPECTOR]] = Field(min_length=1, max_length=2)
    sections: list[SectionIn] = Field(min_length=1, max_length=MAX_SECTIONS)
    questions: list[QuestionIn] = Field(min_length=1, max_length=MAX_QUESTIONS)
    pass_mark: Annotated[Count, Field(ge=1, le=100, description="per cent")] = 80
    deadline_days: Annotated[Count, Field(ge=1, le=365)] = 30
    valid_months: Annotated[Count, Field(ge=1, le=60)] = 12
    attempts_a_day: Annotated[Count, Field(ge=1, le=20)] = 3

    def value_of(self, course_id: str, version: int) -> Course:
        return Course(
            id=course_id,
            version=version,
            title=_text(self.title),
            industries=tuple(self.industries),
            roles=tuple(dict.fromkeys(self.roles)),
            sections=tuple(Section(_text(one.title), _text(one.text)) for one in self.sections),
            questions=tuple(one.value() for one in self.questions),
            pass_mark=self.pass_mark,
            deadline_days=self.deadline_days,
            valid_months=self.valid_months,
            attempts_a_day=self.attempts_a_day,
        )


class SectionOut(View):
    title: dict[str, str] = Field(description="by language")
    text: dict[str, str]


class OptionOut(View):
    id: str
    text: dict[str, str]


class QuestionOut(View):
    id: str
    kind: QuestionKind
    text: dict[str, str]
    options: list[OptionOut]
    right: list[str] | None = Field(default=None, description="for admins")
    reference: dict[str, str] | None = Field(
        default=None, description="for admins; others read it of what they had wrong"
    )


class CourseHeadOut(View):
    id: str
    version: int
    name: str = Field(description="id@version")
    title: dict[str, str]
    industries: list[str]
    roles: list[Role]
    pass_mark: int
    deadline_days: int
    valid_months: int
    attempts_a_day: int
    is_draft: bool
    published_at: Instant | None = None
    standing: Standing | None = Field(default=None, description="your own, where you are to take it")
    due_at: Instant | None = Field(default=None, description="by when you are to pass it, for the first time or again")


class CourseOut(CourseHeadOut):
    sections: list[SectionOut]
    questions: list[QuestionOut]


class CoursesOut(View):
    items: list[CourseHeadOut]


class AttemptIn(Wire):
    id: ClientId
    answers: dict[Id, list[Id]] = Field(
        max_length=MAX_QUESTIONS, description="options by question; what is left out is wrong"
    )

    @field_validator("answers")
    @classmethod
    def _few_options(cls, given: dict[str, Any]) -> dict[str, Any]:
        if any(len(options) > MAX_OPTIONS for options in given.values()):
            raise ValueError(f"at most {MAX_OPTIONS} options a question")
        return given


class WrongOut(View):
    question: str
    text: dict[str, str]
    given: list[str]
    reference: dict[str, str]


class AttemptOut(View):
    id: str
    course: str
    at: Instant
    score: float = Field(description="per cent")
    pass_mark: int
    passed: bool
    wrong: list[WrongOut]


class AttemptsOut(View):
    items: list[AttemptOut]


class DutyOut(View):
    person_id: str
    person_name: str
    course: str
    title: dict[str, str]
    standing: Standing
    standing_text: str
    assigned_at: Instant
    due_at: Instant
    passed_at: Instant | None = None


class TrainingOut(View):
    enterprise_id: str
    passed: int
    due: int
    overdue: int
    items: list[DutyOut] = Field(description="the most urgent first")


class EnterpriseTrainingOut(View):
    enterprise_id: str
    name: str
    passed: int
    due: int
    overdue: int


class ParkTrainingOut(View):
    items: list[EnterpriseTrainingOut]
    next_cursor: str | None = None
