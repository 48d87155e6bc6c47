"""What people read: both languages say the same things about the same values."""

from string import Formatter

import pytest

from chalicelib.domain.advice import NoAdvice
from chalicelib.domain.assignment import HALF, TENTH
from chalicelib.domain.chain_gain import Unknown as UnknownGain
from chalicelib.domain.chain_plan import StepState
from chalicelib.domain.command import CommandState
from chalicelib.domain.comparison import Agreement
from chalicelib.domain.completeness import UNKNOWN, WAITING
from chalicelib.domain.consequence import EndReason
from chalicelib.domain.course import Standing as CourseStanding
from chalicelib.domain.dashboard_scope import Level
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.downwind import Wind
from chalicelib.domain.drill import DrillState
from chalicelib.domain.duty import Standing
from chalicelib.domain.emergency import Availability, ResourceKind
from chalicelib.domain.field_command import COMMANDS
from chalicelib.domain.field_operation import Outcome
from chalicelib.domain.foresight import Verdict as Foreseen
from chalicelib.domain.gap import GapReason
from chalicelib.domain.handling import Course
from chalicelib.domain.inspection_report import ReportRefusal, ValueState
from chalicelib.domain.instrument import RetestMark
from chalicelib.domain.interview import InterviewOutcome, InterviewState
from chalicelib.domain.law import NoLaw
from chalicelib.domain.mark import MarkKind
from chalicelib.domain.messages import LANGUAGES, TEXTS, choose_language, text
from chalicelib.domain.notice import NoticeKind
from chalicelib.domain.objection import ObjectionState
from chalicelib.domain.observation import ObservationKind, Verdict
from chalicelib.domain.park_module import Module
from chalicelib.domain.photo import MarkKind as PhotoMarkKind
from chalicelib.domain.progress import Stage
from chalicelib.domain.score import Cause, Grade
from chalicelib.domain.statistic import DataSetId, StatisticId
from chalicelib.domain.target import TargetForm, Total
from chalicelib.domain.task import AssignmentReason, TaskKind

WORDS = {
    "side": {side.value for side in SIDES},
    "deadline": {"acknowledge", "finish", "redo_safety", "redo_environment"},
    "grade": {grade.value for grade in Grade},
    "cause": {cause.value for cause in Cause},
    "objection": {state.value for state in ObjectionState},
    "repair": {cause.value for cause in Cause},
    "gap": {*(reason.value for reason in GapReason), WAITING, UNKNOWN},
    "command": {state.value for state in CommandState},
}
WORDS["observation"] = {f"single_{one.value}" for one in Dimension} | {
    k.value for k in ObservationKind if k is not ObservationKind.SINGLE
}
WORDS["course"] = {course.value for course in Course}
WORDS["kind"] = {TaskKind.REGIONAL.value}
WORDS["mark"] = {kind.value for kind in MarkKind}
WORDS["finding"] = {verdict.value for verdict in Verdict}
WORDS["wind"] = {one.value for one in Wind}
WORDS["foresight"] = {one.value for one in Foreseen}
WORDS["check"] = {"freeze"}
WORDS["no_law"] = {reason.value for reason in NoLaw}
WORDS["no_advice"] = {reason.value for reason in NoAdvice}
WORDS["law"] = {"rises", "change", "comma"}
WORDS["operation"] = set(COMMANDS)
WORDS["outcome"] = {outcome.value for outcome in Outcome}
WORDS["break"] = {"missing", "not_linked", "changed", "cut_off", "object_differs"}
WORDS["photo_mark"] = {kind.value for kind in PhotoMarkKind}
WORDS["agreement"] = {one.value for one in Agreement}
WORDS["retest_mark"] = {mark.value for mark in RetestMark}
WORDS["about"] = {"sensor_fault", "chain"}
WORDS["assignment"] = {why.value for why in AssignmentReason}
WORDS["left"] = {HALF, TENTH}
WORDS["chain"] = {"way", "comma"}
WORDS["gain"] = {*(one.value for one in UnknownGain), "no_price", "assumption"}
WORDS["plan_step"] = {state.value for state in StepState}
WORDS["stage"] = {stage.value for stage in Stage}
WORDS["laggard"] = {side.value for side in SIDES}
WORDS["standing"] = {one.value for one in Standing}
WORDS["clock"] = {"ahead", "behind"}
WORDS["data_set"] = {one.value for one in DataSetId}
WORDS["statistic"] = {one.value for one in StatisticId}
WORDS["end"] = {why.value for why in EndReason}
WORDS["unlock"] = {"grade_lost", "grade_at_least", "work_done", "delisted"}
WORDS["interview"] = {state.value for state in InterviewState}
WORDS["interview_outcome"] = {one.value for one in InterviewOutcome}
WORDS["level"] = {level.value for level in Level}
WORDS["standing_of_course"] = {one.value for one in CourseStanding}
WORDS["drill_state"] = {state.value for state in DrillState}
WORDS["drill_step"] = {
    "injected", "warned", "dispatched", "acknowledged", "submitted_safety", "submitted_environment", "accepted"
}  # fmt: skip
WORDS["resource"] = {kind.value for kind in ResourceKind}
WORDS["availability"] = {one.value for one in Availability}
WORDS["target"] = {one.value for one in TargetForm}
WORDS["total"] = {one.value for one in Total}
WORDS["lab_value"] = {one.value for one in ValueState}
WORDS["document"] = {one.value for one in ReportRefusal}
WORDS["module"] = {one.value for one in Module}
WORDS["advice"] = {"lower", "raise", "falls", "grows"}
ALWAYS = {"tier", "rule", "enterprise", "unit"}
MORE = {
    "side_submitted": {"side"},
    "side_behind": {"side"},
    "side_rejected": {"side", "reason"},
    "photo_refused": {"reason"},
    "catalogue_review_due": {"version", "quarter", "days"},
    "observation_opened": {"subject", "observation"},
    "late_warnings": {"count", "first"},
    "task_overdue": {"deadline"},
    "waiver_proposed": {"side", "reason"},
    "waiver_refused": {"side", "reason"},
    "side_waived": {"side", "reason"},
    "side_reopened": {"side", "reason"},
    "case_dispatched": {"subject"},
    "sensor_in_doubt": {"subject"},
    "side_assigned": {"side", "why", "text"},
    "side_handed_on": {"side", "why"},
    "task_reminder": {"left"},
    "audit_broken": {"object", "seq", "why"},
    "objection_raised": {"month", "cause", "text", "due"},
    "objection_late": {"month", "cause", "text", "due"},
    "month_settled": {"month", "score", "grade"},
    "month_resettled": {"month", "score", "grade"},
    "grade_at_risk": {"month", "score", "grade"},
    "consequences_changed": {"started", "ended", "measures"},
    "supervision_listed": {"month"},
    "supervision_ended": {"month"},
    "interview_called": {"month", "scores"},
    "objection_decided": {"month", "cause", "text", "objection"},
    "operation_conflict": {"person", "operation"},
    "operation_applied": {"operation"},
    "operation_refused": {"operation", "problem"},
    "operation_discarded": {"operation", "text"},
    "risk_upwind": {"place", "distance", "minutes"},
    "risk_nearby": {"place", "distance"},
    "chain_intake": {"material", "subject", "value", "limit", "at"},
    "chain_farther": {"material", "at"},
    "chain_verify": {"material", "subject", "value", "limit", "at", "count"},
    "chain_resume": {"material", "at"},
    "chain_over": {"material", "at"},
    "chain_released": {"material", "at"},
    "chain_case": {"subject"},
    "plan_step": {"plan", "incident", "step", "minutes"},
    "plan_stuck": {"plan", "incident", "step", "text"},
    "plan_overdue": {"plan", "incident", "step", "minutes"},
    "plan_ended": {"plan", "incident"},
    "course_assigned": {"course", "due", "mark"},
    "course_due": {"course", "due", "mark"},
    "course_overdue": {"course", "due", "mark"},
    "drill_planned": {"drill", "at", "minutes"},
    "drill_ended": {"drill", "total", "done", "late"},
    "drill_cancelled": {"drill", "at"},
    "drill_due": {"quarter"},
}


def placeholders(written: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(written) if name is not None}


def keys(prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in TEXTS["zh-CN"] if key.startswith(prefix)}


def test_both_languages_have_the_same_keys() -> None:
    assert set(TEXTS) == set(LANGUAGES) and TEXTS["zh-CN"].keys() == TEXTS["en"].keys()


def test_a_text_has_the_same_placeholders_in_both_languages() -> None:
    differing = [key for key in TEXTS["en"] if placeholders(TEXTS["en"][key]) != placeholders(TEXTS["zh-CN"][key])]
    assert differing == []


def test_no_text_is_empty_or_the_same_in_both_languages() -> None:
    english = TEXTS["en"]
    assert [key for key, written in TEXTS["zh-CN"].items() if not written.strip() or written == english[key]] == []


def test_every_notice_that_is_sent_has_a_title_and_a_body_and_none_is_left_over() -> None:
    assert keys("notice.") == {f"{kind.value}.{part}" for kind in NoticeKind for part in ("title", "body")}


def test_a_notice_asks_for_no_value_that_it_is_not_given() -> None:
    asked = {key: placeholders(TEXTS["zh-CN"][f"notice.{key}"]) for key in keys("notice.")}
    assert {
        key for key, names in asked.items() if not names <= ALWAYS | MORE.get(key.partition(".")[0], set())
    } == set()


@pytest.mark.parametrize("kind", WORDS)
def test_every_word_of_a_kind_has_a_text_and_none_is_left_over(kind: str) -> None:
    assert keys(f"word.{kind}.") == WORDS[kind]


def test_every_key_is_of_a_kind_that_these_tests_know() -> None:
    known = (
        "group.",
        "channel.",
        "problem.",
        "field.",
        "refusal.",
        "notice.",
        "why.",
        "word.reason.",
        "word.key_supervision",
        "credit.",
        *(f"word.{kind}." for kind in WORDS),
    )
    assert [key for key in TEXTS["en"] if not key.startswith(known)] == []


def test_a_language_nobody_knows_reads_as_chinese() -> None:
    assert text("problem.busy", "fr") == TEXTS["zh-CN"]["problem.busy"]


@pytest.mark.parametrize(
    ("accepts", "preferred", "expected"),
    [
        pytest.param(None, None, "zh-CN", id="nobody asks: Chinese"),
        pytest.param(None, "en", "en", id="the person's own language where the request names none"),
        pytest.param("en", "zh-CN", "en", id="the request goes before the person's own language"),
        pytest.param("en-GB,en;q=0.9", None, "en", id="a region of a language counts as the language"),
        pytest.param("zh-TW", "en", "zh-CN", id="any Chinese is ours"),
        pytest.param("zh;q=0.3, en;q=0.8", None, "en", id="the heavier weight wins"),
        pytest.param("fr, en; q=0.8", None, "en", id="blanks around the weight are allowed"),
        pytest.param("EN", None, "en", id="letter case does not matter"),
        pytest.param("en;q=0", "zh-CN", "zh-CN", id="a weight of nothing refuses a language"),
        pytest.param("fr, de", "en", "en", id="languages we do not have leave the person's own"),
        pytest.param("en;q=much", None, "zh-CN", id="a weight that is no number is ignored"),
        pytest.param("*", "en", "en", id="any language leaves the person's own"),
    ],
)
def test_the_language_of_an_answer(accepts: str | None, preferred: str | None, expected: str) -> None:
    assert choose_language(accepts, preferred) == expected
