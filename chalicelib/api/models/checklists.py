"""Checklists and their answers on the wire."""

from typing import Literal

from pydantic import Field, model_validator

from chalicelib.api.models.wire import (
    ClientId,
    Id,
    Instant,
    InstantIn,
    Number,
    OptionalText,
    ShortText,
    SideName,
    View,
    Wire,
)
from chalicelib.domain.checklist import AnswerKind, ItemKind
from chalicelib.domain.dimension import Dimension


class ItemTextIn(Wire):
    zh_cn: ShortText = Field(alias="zh-CN")
    en: ShortText


class ChecklistItemIn(Wire):
    id: Id
    text: ItemTextIn
    is_critical: bool = Field(
        default=False, description="must be answered before its side is handed in (tiers 2 and 3)"
    )
    kind: ItemKind = ItemKind.YES_NO
    unit: str = Field(default="", max_length=20, description="UCUM, of a value")

    @model_validator(mode="after")
    def _unit_is_of_a_value(self) -> "ChecklistItemIn":
        if bool(self.unit) is not (self.kind is ItemKind.VALUE):
            raise ValueError("a value has a unit, and nothing else has")
        return self


class ChecklistIn(Wire):
    dimension: SideName
    unit_type: Id | Literal[""] = Field(default="", description="empty: the general list")
    items: list[ChecklistItemIn] = Field(min_length=1, max_length=60)

    @model_validator(mode="after")
    def _items_differ(self) -> "ChecklistIn":
        if len({one.id for one in self.items}) != len(self.items):
            raise ValueError("each item has an id of its own")
        return self


class ChecklistItemOut(View):
    id: str
    text: dict[str, str] = Field(description="by language")
    is_critical: bool
    kind: ItemKind
    unit: str


class ChecklistOut(View):
    id: str
    version: int
    name: str = Field(description="id@version")
    dimension: Dimension
    unit_type: str
    items: list[ChecklistItemOut]
    published_at: Instant = Field(
        validation_alias="published_at_ms", description="1970 where it ships with the product"
    )


class ChecklistsOut(View):
    items: list[ChecklistOut]


class AnswerIn(Wire):
    id: ClientId
    answer: AnswerKind
    reason: OptionalText = Field(default="", description="required for what failed or does not apply")
    value: Number | None = Field(default=None, description="in the item's unit")
    photos: list[ClientId] = Field(default=[], max_length=20)
    at: InstantIn = Field(
        description="when it was answered, by the device's clock; of an item the newest answer stands"
    )
    follow_up: bool = Field(default=False, description="of a failed item: open a task that looks after it")


class AnswerOut(View):
    id: str
    side: Dimension = Field(validation_alias="dimension")
    item: str = Field(validation_alias="item_id")
    answer: AnswerKind
    reason: str
    value: float | None = None
    photos: list[str] = Field(validation_alias="photo_ids")
    at: Instant = Field(validation_alias="at_ms")
    by: str
    received_at: Instant = Field(validation_alias="received_at_ms")
    checklist: str
    follow_up_id: str = Field(description="the task that looks after it; empty: none")


class TaskChecklistsOut(View):
    """All answers are kept, and of each item the newest by the device's clock stands: `standing` names it."""

    safety: ChecklistOut | None = None
    environment: ChecklistOut | None = None
    answers: list[AnswerOut]
    standing: list[str] = Field(description="ids of the answers that stand")
