"""Checklists: those that ship with the product, those that a park has published, and the answers to them."""

from collections.abc import Callable
from functools import cache

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.checklist import Checklist, ItemAnswer
from chalicelib.domain.errors import ContentConflict

CHECKLISTS = "CHECKLISTS"


class RowChecklistRepo:
    """`registry` holds what is published, `operations` the answers, beside their task. A park that does without checklists has none: no side
    waits for one, and no phone is given any."""

    def __init__(self, registry: Rows, operations: Rows, is_on: Callable[[], bool] = lambda: True) -> None:
        self._registry, self._operations, self._is_on = registry, operations, is_on

    def all(self) -> tuple[Checklist, ...]:
        if not self._is_on():
            return ()
        stored = tuple(from_body(Checklist, row.body) for row in self._registry.query(CHECKLISTS))
        return shipped_checklists() + stored

    def publish(self, checklist: Checklist) -> Checklist:
        known = next((one for one in self.all() if one.name == checklist.name), None)
        if known is None:
            try:
                self._registry.commit([Put(Row(CHECKLISTS, checklist.name, to_body(checklist)), Expect.ABSENT)])
            except RowConflict:
                known = next((one for one in self.all() if one.name == checklist.name), None)
            else:
                return checklist
        if known is None or _content(known) != _content(checklist):
            raise ContentConflict(id=checklist.name)
        return known

    def add_answer(self, answer: ItemAnswer) -> ItemAnswer:
        row = Row(f"TASK#{answer.task_id}", f"ANSWER#{answer.id}", to_body(answer))
        try:
            self._operations.commit([Put(row, Expect.ABSENT)])
        except RowConflict:
            stored = self._operations.get(row.pk, row.sk)
            known = None if stored is None else from_body(ItemAnswer, stored.body)
            if known is None or _said(known) != _said(answer):
                raise ContentConflict(id=answer.id) from None
            return known
        return answer

    def answers(self, task_id: str) -> tuple[ItemAnswer, ...]:
        return tuple(from_body(ItemAnswer, r.body) for r in self._operations.query(f"TASK#{task_id}", prefix="ANSWER#"))


@cache
def shipped_checklists() -> tuple[Checklist, ...]:
    from chalicelib.adapters.catalogue import read_shipped

    return tuple(from_body(Checklist, one) for one in read_shipped("checklists"))


def _content(one: Checklist) -> tuple[object, ...]:
    return one.dimension, one.unit_type, one.items


def _said(one: ItemAnswer) -> tuple[object, ...]:
    """The client's part of an answer."""
    return (
        one.dimension, one.item_id, one.answer, one.reason, one.at_ms, one.value, one.photo_ids, one.opens_follow_up, one.by
    )  # fmt: skip
