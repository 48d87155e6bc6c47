"""Gather what a phone needs of a task, whenever something of the task was written, and put it into the feeds of those concerned."""

from chalicelib.domain.errors import NotFound
from chalicelib.domain.field_pack import FieldPack, TaskTouched, contacts_of
from chalicelib.domain.task import Task
from chalicelib.domain.warning import Warning
from chalicelib.ports import Clock, EvidenceRepo, PackRepo, RegistryRepo, TaskRepo, WarningRepo
from chalicelib.usecases.settle_warning import current_warning


def project_task(
    touched: TaskTouched,
    *,
    tasks: TaskRepo,
    evidence: EvidenceRepo,
    warnings: WarningRepo,
    registry: RegistryRepo,
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
    photos, retests, rectifications = evidence.of_task(task.id)
    pack = FieldPack(
        task=task,
        warning=_warning(task, warnings),
        enterprise=profile.enterprise if profile else None,
        unit=profile.units_by_id.get(task.unit_id) if profile else None,
        contacts=contacts_of(task, registry.people()),
        photos=photos,
        retests=retests,
        rectifications=rectifications,
    )
    packs.put(pack, clock.now_ms())
    return pack


def _warning(task: Task, warnings: WarningRepo) -> Warning | None:
    return current_warning(task.warning_id, warnings) if task.warning_id else None
