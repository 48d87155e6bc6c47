"""The repository of checklists and their answers, on every store."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.adapters.checklist_repo import RowChecklistRepo, shipped_checklists
from chalicelib.adapters.rows import Rows
from chalicelib.domain.checklist import AnswerKind, Checklist, ChecklistItem, ItemAnswer, ItemKind
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import ContentConflict

ITEM = ChecklistItem("pressure", {"zh-CN": "压力", "en": "pressure"}, True, ItemKind.VALUE, "MPa")
LIST = Checklist("park-boiler", 1, Dimension.SAFETY, "boiler", (ITEM,), 1_000, "admin")
ANSWER = ItemAnswer(
    "a-1", "t-1", Dimension.SAFETY, "pressure", AnswerKind.FAILED, "超压", 900, 1.25, ("p-1",), True, "i", 1_000, "x@1"
)


@pytest.fixture
def checklists(new_rows: Callable[[], Rows]) -> RowChecklistRepo:
    return RowChecklistRepo(new_rows(), new_rows())


def test_shipped_lists_are_there_before_any_is_published(checklists: RowChecklistRepo) -> None:
    assert checklists.all() == shipped_checklists()


def test_a_version_is_published_once(checklists: RowChecklistRepo) -> None:
    assert checklists.publish(LIST) == LIST
    assert checklists.publish(replace(LIST, published_at_ms=2_000, published_by="other")) == LIST
    assert checklists.all()[-1] == LIST
    with pytest.raises(ContentConflict):
        checklists.publish(replace(LIST, unit_type="reactor"))
    with pytest.raises(ContentConflict):
        checklists.publish(replace(shipped_checklists()[0], items=(ITEM,)))


def test_an_answer_is_kept_once(checklists: RowChecklistRepo) -> None:
    assert checklists.answers("t-1") == ()
    assert checklists.add_answer(ANSWER) == ANSWER
    assert checklists.add_answer(replace(ANSWER, received_at_ms=5_000)) == ANSWER
    with pytest.raises(ContentConflict):
        checklists.add_answer(replace(ANSWER, value=1.3))
    later = replace(ANSWER, id="a-2", answer=AnswerKind.OK, opens_follow_up=False)
    checklists.add_answer(later)
    assert checklists.answers("t-1") == (ANSWER, later)
    assert checklists.answers("t-2") == ()
