"""What is looked at, item by item: checklists in versions that never change, and the answers to them.

Which checklist a side of a task has follows from when the task was opened: the newest version then published for its type of unit, else
the general one. So a task keeps its list, whatever is published later. All answers are kept; of an item the newest by the device's clock
stands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from chalicelib.domain.dimension import Dimension

GENERAL = ""


class ItemKind(StrEnum):
    YES_NO = "yes_no"
    VALUE = "value"


class AnswerKind(StrEnum):
    OK = "ok"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """`text` by language. A critical item must be answered before its side is handed in. `unit` is UCUM, of a value."""

    id: str
    text: dict[str, str]
    is_critical: bool = False
    kind: ItemKind = ItemKind.YES_NO
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """`unit_type` GENERAL: for what has no list of its own, and for tasks of no unit."""

    id: str
    version: int
    dimension: Dimension
    unit_type: str
    items: tuple[ChecklistItem, ...]
    published_at_ms: int = 0
    published_by: str = ""

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"

    def item(self, item_id: str) -> ChecklistItem | None:
        return next((one for one in self.items if one.id == item_id), None)


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """`at_ms` is when it was given, by the device's clock. `opens_follow_up` is of a failed item."""

    id: str
    task_id: str
    dimension: Dimension
    item_id: str
    answer: AnswerKind
    reason: str
    at_ms: int
    value: float | None = None
    photo_ids: tuple[str, ...] = ()
    opens_follow_up: bool = False
    by: str = ""
    received_at_ms: int = 0
    checklist: str = ""

    @property
    def follow_up_id(self) -> str:
        """The task that looks after what failed: its id follows from the answer's. Empty where there is none."""
        return "t-" + sha256(f"{self.task_id}|{self.id}".encode()).hexdigest()[:20] if self.opens_follow_up else ""


def pinned(
    checklists: Iterable[Checklist], unit_type: str, dimension: Dimension, opened_at_ms: int
) -> Checklist | None:
    """The list of a side of a task that was opened then."""
    fit = [c for c in checklists if c.dimension is dimension and c.published_at_ms <= opened_at_ms]
    own = [c for c in fit if c.unit_type == unit_type] or [c for c in fit if c.unit_type == GENERAL]
    return max(own, key=lambda c: (c.published_at_ms, c.id, c.version), default=None)


def standing(answers: Iterable[ItemAnswer], dimension: Dimension) -> dict[str, ItemAnswer]:
    """The answer that stands, by item."""
    ordered = sorted((one for one in answers if one.dimension is dimension), key=lambda a: (a.at_ms, a.id))
    return {one.item_id: one for one in ordered}


def unfinished(checklist: Checklist, answers: Sequence[ItemAnswer]) -> tuple[str, ...]:
    """Critical items without an answer, or failed without a follow-up: with these a side is not handed in."""
    known = standing(answers, checklist.dimension)

    def is_done(item: ChecklistItem) -> bool:
        one = known.get(item.id)
        return one is not None and (one.answer is not AnswerKind.FAILED or one.opens_follow_up)

    return tuple(one.id for one in checklist.items if one.is_critical and not is_done(one))
