"""Which checklist a side of a task has, and what of it keeps the side from being handed in."""

from chalicelib.domain.checklist import GENERAL, Checklist, pinned, unfinished
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import ChecklistIncomplete
from chalicelib.domain.task import Task
from chalicelib.ports import ChecklistRepo, RegistryRepo


def checklist_of(
    task: Task, dimension: Dimension, *, registry: RegistryRepo, checklists: ChecklistRepo
) -> Checklist | None:
    """The list of a side of a task, as it stood when the task was opened."""
    profile = registry.profile(task.enterprise_id)
    unit = None if profile is None else profile.units_by_id.get(task.unit_id)
    return pinned(checklists.all(), GENERAL if unit is None else unit.type, dimension, task.opened_at_ms)


def require_checklist(task: Task, dimension: Dimension, *, registry: RegistryRepo, checklists: ChecklistRepo) -> None:
    """Raises ChecklistIncomplete. Tier 1 is worked by an enterprise from its desk: there the list is an offer."""
    if task.tier == 1:
        return
    checklist = checklist_of(task, dimension, registry=registry, checklists=checklists)
    if checklist is None or not any(one.is_critical for one in checklist.items):
        return
    if items := unfinished(checklist, checklists.answers(task.id)):
        raise ChecklistIncomplete(side=dimension.value, items=list(items))
