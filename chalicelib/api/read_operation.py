"""What phones send of things done offline, read into commands: a reader a kind, each beside the payload that models/sync.py has for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from chalicelib.api.http import parse
from chalicelib.api.models.sync import PAYLOADS, SIDED
from chalicelib.domain import field_command as commands
from chalicelib.domain.checklist import ItemAnswer
from chalicelib.domain.errors import FieldError, InvalidRequest
from chalicelib.domain.field_operation import FieldOperation
from chalicelib.domain.hazard import hazard_task_id

if TYPE_CHECKING:
    from chalicelib.api.models.sync import OperationIn
    from chalicelib.domain.field_command import Command

Reader = Callable[["OperationIn", Any, Any], "Command"]


def read_operation(sent: OperationIn, person_id: str, device_id: str) -> FieldOperation:
    """Raises InvalidRequest naming each wrong field of the payload."""
    whole = sent.model_dump(mode="json", exclude={"id"})
    return FieldOperation(
        id=sent.id,
        person_id=person_id,
        device_id=device_id,
        task_id=sent.task_id,
        command=_command(sent),
        base_version=sent.base_version,
        at_ms=sent.at,
        skew_ms=0,
        received_at_ms=0,
        digest=sha256(json.dumps(whole, sort_keys=True, ensure_ascii=False).encode()).hexdigest(),
    )


def _command(sent: OperationIn) -> Command:
    given = parse(PAYLOADS[sent.kind], sent.payload, "payload")
    if sent.kind in SIDED and sent.side is None:
        raise InvalidRequest(errors=[FieldError("side", "missing", "")])
    return READERS[sent.kind](sent, given, sent.side)


def _hazard(sent: OperationIn, given: Any, _side: Any) -> Command:
    _require_task(sent, hazard_task_id(given.id))
    return commands.ReportHazard(given.value_of())


def _photo(sent: OperationIn, given: Any, _side: Any) -> Command:
    from chalicelib.api.tasks import photo_draft

    return commands.AnnouncePhoto(photo_draft(given, sent.task_id, None))


def _answer(sent: OperationIn, given: Any, side: Any) -> Command:
    answer = ItemAnswer(
        given.id, sent.task_id, side, given.item, given.answer, given.reason, given.at, given.value,
        tuple(given.photos), given.follow_up,
    )  # fmt: skip
    return commands.AnswerItem(answer)


def _verdict(_sent: OperationIn, given: Any, side: Any) -> Command:
    from chalicelib.api.tasks import VERDICTS, lacks_of

    return commands.Judge(side, given.revision, VERDICTS[given.verdict], given.reason, lacks_of(given), given.redo_by)


def _visit(sent: OperationIn, given: Any, _side: Any) -> Command:
    _require_task(sent, given.tasks[0])
    return commands.PlanVisit(given.id, tuple(dict.fromkeys(given.tasks)), given.planned_at)


def _require_task(sent: OperationIn, task_id: str) -> None:
    if sent.task_id != task_id:
        raise InvalidRequest(errors=[FieldError("task_id", "one_of", task_id)])


READERS: Mapping[str, Reader] = {
    "hazard": _hazard,
    "acknowledge": lambda sent, given, side: commands.Acknowledge(),
    "accept": lambda sent, given, side: commands.AcceptSide(side),
    "decline": lambda sent, given, side: commands.DeclineSide(side, given.reason),
    "transfer": lambda sent, given, side: commands.TransferSide(side, given.to, given.reason),
    "photo": _photo,
    "retest": lambda sent, given, side: commands.AddRetest(given.value_of(sent.task_id)),
    "rectification": lambda sent, given, side: commands.Rectify(given.value_of(sent.task_id)),
    "checklist_answer": _answer,
    "submission": lambda sent, given, side: commands.Submit(side, given.note, tuple(given.media)),
    "verdict": _verdict,
    "waiver": lambda sent, given, side: commands.ProposeWaiver(side, given.reason),
    "consent": lambda sent, given, side: commands.DecideWaiver(side, given.consent, given.reason),
    "reopening": lambda sent, given, side: commands.ReopenSide(side, given.reason),
    "visit": _visit,
}
