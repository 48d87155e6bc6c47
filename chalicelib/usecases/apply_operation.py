"""Do what an operation asks for: by the use case of the route that does the same with a signal, so that every rule is kept here too."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.acting import acting, author
from chalicelib.domain.checklist import ItemAnswer
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import ModuleOff
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.field_command import (
    AcceptSide,
    Acknowledge,
    AddRetest,
    AnnouncePhoto,
    AnswerItem,
    Command,
    DecideWaiver,
    DeclineSide,
    Judge,
    PlanVisit,
    ProposeWaiver,
    Rectify,
    ReopenSide,
    ReportHazard,
    SideChange,
    Submit,
    TransferSide,
)
from chalicelib.domain.field_operation import FieldOperation
from chalicelib.domain.park_module import Module
from chalicelib.domain.person import Person
from chalicelib.domain.photo import Claim
from chalicelib.domain.task import Task
from chalicelib.domain.visit import Visit
from chalicelib.ports import (
    CatalogueRepo,
    ChecklistRepo,
    Clock,
    DutyRepo,
    EvidenceRepo,
    HazardRepo,
    MediaStore,
    ModuleRepo,
    OperationRepo,
    RegistryRepo,
    TaskRepo,
    VisitRepo,
)
from chalicelib.usecases.add_retest import RetestDesk, add_retest
from chalicelib.usecases.answer_checklist import answer_item
from chalicelib.usecases.hand_over import CrewDesk, accept_side, decline_side, transfer_side
from chalicelib.usecases.plan_visit import plan_visit
from chalicelib.usecases.report_hazard import report_hazard
from chalicelib.usecases.settle_side import decide_waiver, propose_waiver, reopen_side
from chalicelib.usecases.submit_evidence import announce_photo, rectify
from chalicelib.usecases.work_task import SideCommand, acknowledge, judge_side, submit_side


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDesk:
    """The ports that applying operations needs, together."""

    operations: OperationRepo
    tasks: TaskRepo
    evidence: EvidenceRepo
    media: MediaStore
    catalogues: CatalogueRepo
    registry: RegistryRepo
    checklists: ChecklistRepo
    retest_desk: RetestDesk
    crew_desk: CrewDesk
    hazards: HazardRepo
    visits: VisitRepo
    modules: ModuleRepo
    duty: DutyRepo
    clock: Clock


def apply_operation(operation: FieldOperation, person: Person, desk: FieldDesk) -> None:
    """Do it on behalf of its owner, unless it was done before. Raises what speaks against it."""
    with _acting_as(operation, person):
        if not is_done(operation, desk):
            module = MODULE_OF.get(type(operation.command), Module.CORE)
            if not desk.modules.chosen().is_on(module):
                raise ModuleOff(module=module.value)
            APPLY[type(operation.command)](operation, operation.command, person, desk)


def is_done(operation: FieldOperation, desk: FieldDesk) -> bool:
    """Whether its receipt is there: it was done before, and the answer, or our own note of it, was lost."""
    return operation.id in desk.operations.receipts(operation.person_id, operation.task_id)


def _acting_as(operation: FieldOperation, owner: Person) -> AbstractContextManager[None]:
    """The operation is its owner's, whoever brought or applied it."""
    who = replace(
        author(),
        kind=owner.role.value,
        id=owner.id,
        device_id=operation.device_id,
        operation_id=operation.id,
        device_at_ms=operation.at_ms,
    )
    return acting(who)


def _report_hazard(_operation: FieldOperation, command: ReportHazard, person: Person, desk: FieldDesk) -> Task:
    return report_hazard(
        command.hazard,
        person,
        hazards=desk.hazards,
        tasks=desk.tasks,
        registry=desk.registry,
        catalogues=desk.catalogues,
        duty=desk.duty,
        clock=desk.clock,
    )


def _acknowledge(operation: FieldOperation, _command: Acknowledge, person: Person, desk: FieldDesk) -> Task:
    return acknowledge(operation.task_id, person, tasks=desk.tasks, clock=desk.clock)


def _accept(operation: FieldOperation, command: AcceptSide, person: Person, desk: FieldDesk) -> Task:
    """Whoever still holds the side takes it, whatever others did to it meanwhile."""
    side = SideCommand(operation.task_id, command.dimension, "")
    return accept_side(side, person, crew_desk=desk.crew_desk)


def _decline(operation: FieldOperation, command: DeclineSide, person: Person, desk: FieldDesk) -> Task:
    return decline_side(_side(operation, command, command.reason, desk), person, crew_desk=desk.crew_desk)


def _transfer(operation: FieldOperation, command: TransferSide, person: Person, desk: FieldDesk) -> Task:
    side = _side(operation, command, command.reason, desk)
    return transfer_side(side, command.to, person, crew_desk=desk.crew_desk)


def _announce_photo(operation: FieldOperation, command: AnnouncePhoto, person: Person, desk: FieldDesk) -> None:
    claim = replace(command.photo.claim or Claim(), skew_ms=operation.skew_ms)
    photo = replace(command.photo, claim=claim)
    announce_photo(photo, person, tasks=desk.tasks, evidence=desk.evidence, media=desk.media, clock=desk.clock)


def _add_retest(_operation: FieldOperation, command: AddRetest, person: Person, desk: FieldDesk) -> Retest:
    return add_retest(command.retest, person, retest_desk=desk.retest_desk)


def _rectify(_operation: FieldOperation, command: Rectify, person: Person, desk: FieldDesk) -> Rectification:
    return rectify(command.rectification, person, tasks=desk.tasks, evidence=desk.evidence, clock=desk.clock)


def _answer(operation: FieldOperation, command: AnswerItem, person: Person, desk: FieldDesk) -> ItemAnswer:
    return answer_item(
        command.answer,
        person,
        operation.skew_ms,
        tasks=desk.tasks,
        registry=desk.registry,
        checklists=desk.checklists,
        catalogues=desk.catalogues,
        duty=desk.duty,
        clock=desk.clock,
    )


def _submit(operation: FieldOperation, command: Submit, person: Person, desk: FieldDesk) -> Task:
    return submit_side(
        replace(_side(operation, command, command.note, desk), media=command.media),
        person,
        tasks=desk.tasks,
        evidence=desk.evidence,
        registry=desk.registry,
        checklists=desk.checklists,
        clock=desk.clock,
    )


def _judge_side(operation: FieldOperation, command: Judge, person: Person, desk: FieldDesk) -> Task:
    side = _side(operation, command, command.reason, desk)
    return judge_side(
        replace(side, lacks=command.lacks, redo_by_ms=command.redo_by_ms),
        command.revision,
        command.action,
        person,
        tasks=desk.tasks,
        evidence=desk.evidence,
        catalogues=desk.catalogues,
        clock=desk.clock,
    )


def _propose_waiver(operation: FieldOperation, command: ProposeWaiver, person: Person, desk: FieldDesk) -> Task:
    side = _side(operation, command, command.reason, desk)
    return propose_waiver(side, person, tasks=desk.tasks, clock=desk.clock)


def _decide_waiver(operation: FieldOperation, command: DecideWaiver, person: Person, desk: FieldDesk) -> Task:
    side = _side(operation, command, command.reason, desk)
    return decide_waiver(side, command.is_given, person, tasks=desk.tasks, clock=desk.clock)


def _reopen(operation: FieldOperation, command: ReopenSide, person: Person, desk: FieldDesk) -> Task:
    side = _side(operation, command, command.reason, desk)
    return reopen_side(side, person, tasks=desk.tasks, catalogues=desk.catalogues, clock=desk.clock)


def _plan_visit(_operation: FieldOperation, command: PlanVisit, person: Person, desk: FieldDesk) -> Visit:
    return plan_visit(
        command.visit_id,
        command.task_ids,
        command.planned_at_ms,
        person,
        visits=desk.visits,
        tasks=desk.tasks,
        clock=desk.clock,
    )


def _side(operation: FieldOperation, command: SideChange, text: str, desk: FieldDesk) -> SideCommand:
    return SideCommand(operation.task_id, command.dimension, text, base=_base(operation, command.dimension, desk))


def _base(operation: FieldOperation, dimension: Dimension, desk: FieldDesk) -> int | None:
    """The version that the person has seen of a side: the phone's, or the one that an operation of their own made of it since."""
    task = desk.tasks.get(operation.task_id)
    if task is None or operation.base_version is None:
        return operation.base_version
    changed_in = task.side(dimension).changed_in
    is_own = changed_in in desk.operations.receipts(operation.person_id, operation.task_id).values()
    return max(operation.base_version, changed_in) if is_own else operation.base_version


# What belongs to none of these belongs to the smallest set.
MODULE_OF: Mapping[type[Command], Module] = {
    ReportHazard: Module.HAZARDS,
    AnswerItem: Module.CHECKLISTS,
    PlanVisit: Module.VISITS,
}
APPLY: Mapping[type[Command], Callable[[FieldOperation, Any, Person, FieldDesk], object]] = {
    ReportHazard: _report_hazard,
    Acknowledge: _acknowledge,
    AcceptSide: _accept,
    DeclineSide: _decline,
    TransferSide: _transfer,
    AnnouncePhoto: _announce_photo,
    AddRetest: _add_retest,
    Rectify: _rectify,
    AnswerItem: _answer,
    Submit: _submit,
    Judge: _judge_side,
    ProposeWaiver: _propose_waiver,
    DecideWaiver: _decide_waiver,
    ReopenSide: _reopen,
    PlanVisit: _plan_visit,
}
