"""Open a joint task that no warning asked for: a reported hazard, a failed item of a checklist, an instrument in doubt, a material
that is over what its receivers take."""

from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import TaskDispatched
from chalicelib.domain.task import Task
from chalicelib.ports import CatalogueRepo, Clock, DutyRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.plan_task import Case, look_around, plan_case


def open_case(
    case: Case,
    enterprise_id: str,
    *,
    tasks: TaskRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    duty: DutyRepo,
    clock: Clock,
) -> Task:
    """The task of a case, announced to its party. Opening it again gives the task as it now stands.

    Raises NotFound where there is no such enterprise.
    """
    known = tasks.get(case.id)
    if known is not None:
        return known
    scene = look_around(enterprise_id, registry, catalogues.current(), duty, clock.now_ms())
    draft = plan_case(case, scene, tasks)
    told = TaskDispatched(enterprise_id, scene.now_ms, case.correlation_id, draft.id, draft.party)
    try:
        return tasks.save(draft, [told])
    except WriteConflict:
        known = tasks.get(case.id)
        if known is None:
            raise
        return known
