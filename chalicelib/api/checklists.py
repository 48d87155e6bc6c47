"""Checklists: published by admins in versions that never change, answered on site."""

from __future__ import annotations

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.checklists import (
    AnswerIn,
    AnswerOut,
    ChecklistIn,
    ChecklistOut,
    ChecklistsOut,
    TaskChecklistsOut,
)
from chalicelib.api.tasks import side_named
from chalicelib.domain.access import Action
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import ContentConflict, FieldError, IllegalTransition, InvalidRequest, NotFound

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/checklists", summary="Every version of every checklist", action=Action.READ_CHECKLIST,
    response=ChecklistsOut,
)  # fmt: skip
def list_checklists(call: Call) -> ChecklistsOut:
    return ChecklistsOut(items=[ChecklistOut.model_validate(one) for one in call.services.checklists.all()])


@endpoint(
    api, "GET", "/v1/checklists/{checklist_id}/versions/{number}", summary="One version of a checklist",
    action=Action.READ_CHECKLIST, response=ChecklistOut, problems=(NotFound,),
)  # fmt: skip
def get_checklist(call: Call, checklist_id: str, number: str) -> ChecklistOut:
    name = f"{checklist_id}@{_number(number)}"
    found = next((one for one in call.services.checklists.all() if one.name == name), None)
    if found is None:
        raise NotFound(what="checklist")
    return ChecklistOut.model_validate(found)


@endpoint(
    api, "PUT", "/v1/checklists/{checklist_id}/versions/{number}", summary="Publish a version of a checklist, once",
    action=Action.PUBLISH_CHECKLIST, request=ChecklistIn, response=ChecklistOut, problems=(ContentConflict,),
)  # fmt: skip
def put_checklist(call: Call, checklist_id: str, number: str) -> ChecklistOut:
    from chalicelib.domain.checklist import Checklist, ChecklistItem

    given: ChecklistIn = call.body
    items = tuple(
        ChecklistItem(one.id, {"zh-CN": one.text.zh_cn, "en": one.text.en}, one.is_critical, one.kind, one.unit)
        for one in given.items
    )
    now_ms, dimension = call.services.clock.now_ms(), Dimension(given.dimension)
    draft = Checklist(checklist_id, _number(number), dimension, given.unit_type, items, now_ms, call.person.id)
    return ChecklistOut.model_validate(call.services.checklists.publish(draft))


@endpoint(
    api, "GET", "/v1/tasks/{task_id}/checklists", summary="A task's checklists and the answers to them",
    action=Action.READ_TASK, response=TaskChecklistsOut, problems=(NotFound,),
)  # fmt: skip
def get_task_checklists(call: Call, task_id: str) -> TaskChecklistsOut:
    from chalicelib.domain.checklist import standing
    from chalicelib.usecases.answer_checklist import see_checklists

    ports = call.services
    seen = see_checklists(task_id, call.person, tasks=ports.tasks, registry=ports.registry, checklists=ports.checklists)
    lists = {side.value: ChecklistOut.model_validate(one) for side, one in seen.by_side.items()}
    return TaskChecklistsOut(
        safety=lists.get(Dimension.SAFETY.value),
        environment=lists.get(Dimension.ENVIRONMENT.value),
        answers=[AnswerOut.model_validate(one) for one in seen.answers],
        standing=sorted(one.id for side in SIDES for one in standing(seen.answers, side).values()),
    )


@endpoint(
    api, "PUT", "/v1/tasks/{task_id}/checklists/{side}/items/{item}", summary="Answer an item of a checklist",
    action=Action.ANSWER_CHECKLIST, request=AnswerIn, response=AnswerOut,
    problems=(NotFound, ContentConflict, IllegalTransition),
)  # fmt: skip
def answer_item(call: Call, task_id: str, side: str, item: str) -> AnswerOut:
    from chalicelib.domain.checklist import ItemAnswer
    from chalicelib.usecases import answer_checklist as checklists

    given: AnswerIn = call.body
    answer = ItemAnswer(
        given.id, task_id, side_named(side), item, given.answer, given.reason, given.at, given.value,
        tuple(given.photos), given.follow_up,
    )  # fmt: skip
    ports = call.services
    kept = checklists.answer_item(
        answer,
        call.person,
        tasks=ports.tasks,
        registry=ports.registry,
        checklists=ports.checklists,
        catalogues=ports.catalogues,
        duty=ports.duty,
        clock=ports.clock,
    )
    return AnswerOut.model_validate(kept)


def _number(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and int(given[:9]) > 0 and len(given) <= 9):
        raise InvalidRequest(errors=[FieldError("number", "invalid", "1, 2, 3, ...")])
    return int(given)
