"""Gather what a phone needs of a task, whenever something of the task was written, and put it into the feeds of those concerned."""

from chalicelib.domain.checklist import GENERAL, Checklist, pinned
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.enterprise import Unit
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import RegistryChanged
from chalicelib.domain.field_pack import FieldPack, TaskTouched, contacts_of
from chalicelib.domain.task import Task
from chalicelib.domain.warning import Warning
from chalicelib.ports import (
    ChecklistRepo,
    Clock,
    EvidenceRepo,
    ModuleRepo,
    PackRepo,
    RegistryRepo,
    TaskRepo,
    WarningRepo,
)
from chalicelib.usecases.settle_warning import current_warning

A_PAGE = 100


def project_task(
    touched: TaskTouched,
    *,
    tasks: TaskRepo,
    evidence: EvidenceRepo,
    warnings: WarningRepo,
    registry: RegistryRepo,
    checklists: ChecklistRepo,
    packs: PackRepo,
    clock: Clock,
) -> FieldPack | None:
    """The task's pack as it now stands. Doing it twice writes nothing the second time. None where there is no task (yet)."""
    task = tasks.get(touched.task_id)
    if task is None:
        return None
    profile = registry.profile(task.enterprise_id) if task.enterprise_id else None
    if task.enterprise_id and profile is None:
        raise NotFound(what="enterprise")
    unit = profile.units_by_id.get(task.unit_id) if profile else None
    photos, retests, rectifications = evidence.of_task(task.id)
    pack = FieldPack(
        task=task,
        warning=_warning(task, warnings),
        enterprise=profile.enterprise if profile else None,
        unit=unit,
        contacts=contacts_of(task, registry.people()),
        photos=photos,
        retests=retests,
        rectifications=rectifications,
        checklists=_checklists(task, unit, checklists),
        answers=checklists.answers(task.id),
    )
    packs.put(pack, clock.now_ms())
    return pack


def project_anew(
    changed: RegistryChanged,
    *,
    tasks: TaskRepo,
    evidence: EvidenceRepo,
    warnings: WarningRepo,
    registry: RegistryRepo,
    checklists: ChecklistRepo,
    modules: ModuleRepo,
    packs: PackRepo,
    clock: Clock,
) -> int:
    """The open tasks that a change of the registry concerns, each of which is written where it is another now. Returns how many there are."""
    registry.forget()
    modules.forget()
    cursor, count = None, 0
    while True:
        page = tasks.listing(changed.scope, cursor, A_PAGE, open_only=True)
        for task in page.items:
            project_task(
                TaskTouched(task.id),
                tasks=tasks,
                evidence=evidence,
                warnings=warnings,
                registry=registry,
                checklists=checklists,
                packs=packs,
                clock=clock,
            )
        cursor, count = page.cursor, count + len(page.items)
        if cursor is None:
            return count


def _checklists(task: Task, unit: Unit | None, checklists: ChecklistRepo) -> tuple[Checklist, ...]:
    known, unit_type = checklists.all(), GENERAL if unit is None else unit.type
    found = (pinned(known, unit_type, side, task.opened_at_ms) for side in SIDES)
    return tuple(one for one in found if one is not None)


def _warning(task: Task, warnings: WarningRepo) -> Warning | None:
    return current_warning(task.warning_id, warnings) if task.warning_id else None
