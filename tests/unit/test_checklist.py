"""Which list a task has, which answer stands, and what keeps a side from being handed in."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.checklist_repo import shipped_checklists
from chalicelib.api.models.checklists import ChecklistIn
from chalicelib.domain.checklist import AnswerKind, Checklist, ChecklistItem, ItemAnswer, pinned, standing, unfinished
from chalicelib.domain.dimension import SIDES, Dimension

SAFETY = Dimension.SAFETY
ITEM = ChecklistItem("cooling", {"zh-CN": "冷却", "en": "cooling"}, is_critical=True)
GENERAL = Checklist("general", 1, SAFETY, "", (ITEM,))
OWN = Checklist("reactor", 1, SAFETY, "reactor", (ITEM,), published_at_ms=1_000)
LATER = replace(OWN, version=2, published_at_ms=2_000)


def answer(kind: AnswerKind = AnswerKind.OK, at_ms: int = 0, id: str = "a", **changes: bool) -> ItemAnswer:
    return ItemAnswer(id, "t-1", SAFETY, "cooling", kind, "", at_ms, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit_type", "opened_at_ms", "wanted"),
    [
        pytest.param("reactor", 999, GENERAL, id="before it has a list of its own a unit has the general one"),
        pytest.param("reactor", 1_999, OWN, id="a version published later is not the task's"),
        pytest.param("reactor", 2_000, LATER, id="the newest at opening is"),
        pytest.param("boiler", 9_000, GENERAL, id="a type without a list has the general one"),
        pytest.param("", 9_000, GENERAL, id="a task of no unit has the general one"),
    ],
)
def test_a_task_has_the_list_of_when_it_was_opened(unit_type: str, opened_at_ms: int, wanted: Checklist) -> None:
    assert pinned([LATER, GENERAL, OWN], unit_type, SAFETY, opened_at_ms) == wanted


def test_the_other_dimension_has_no_part_in_it() -> None:
    assert pinned([GENERAL], "", Dimension.ENVIRONMENT, 0) is None


@given(
    st.permutations(
        [answer(AnswerKind.FAILED, 1, "b"), answer(AnswerKind.OK, 3, "a"), answer(AnswerKind.FAILED, 3, "0")]
    )
)
def test_the_newest_answer_stands_in_whatever_order_they_came(given_answers: list[ItemAnswer]) -> None:
    assert standing(given_answers, SAFETY)["cooling"].id == "a"


@pytest.mark.parametrize(
    ("answers", "open_items"),
    [
        pytest.param([], ("cooling",), id="not answered"),
        pytest.param([answer(AnswerKind.FAILED)], ("cooling",), id="failed, and nobody follows up"),
        pytest.param([answer(AnswerKind.FAILED, opens_follow_up=True)], (), id="failed with a follow-up"),
        pytest.param([answer(AnswerKind.NOT_APPLICABLE)], (), id="does not apply"),
        pytest.param([answer(AnswerKind.FAILED), answer(at_ms=1, id="b")], (), id="put right since"),
    ],
)
def test_a_critical_item_is_open_while_it_is(answers: list[ItemAnswer], open_items: tuple[str, ...]) -> None:
    assert unfinished(GENERAL, answers) == open_items
    assert unfinished(replace(GENERAL, items=(replace(ITEM, is_critical=False),)), answers) == ()


@pytest.mark.parametrize("one", shipped_checklists(), ids=lambda one: one.name)
def test_a_shipped_list_is_one_that_could_be_published(one: Checklist) -> None:
    items = [
        {"id": i.id, "text": i.text, "is_critical": i.is_critical, "kind": i.kind, "unit": i.unit} for i in one.items
    ]
    ChecklistIn.model_validate({"dimension": one.dimension, "unit_type": one.unit_type, "items": items})


def test_there_is_a_general_list_for_each_side() -> None:
    assert {one.dimension for one in shipped_checklists() if one.unit_type == ""} == set(SIDES)
