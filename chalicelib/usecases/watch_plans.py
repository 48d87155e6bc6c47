"""Once a minute: whose step of a running plan was not answered in time, said once."""

from dataclasses import replace

from chalicelib.domain.chain_plan import newly_overdue
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import PlanStepOverdue
from chalicelib.ports import Clock, PlanRunRepo


def watch_plans(*, plan_runs: PlanRunRepo, clock: Clock) -> int:
    """Returns how many steps became overdue. A run that changes meanwhile is looked at again a minute later."""
    now_ms, found = clock.now_ms(), 0
    for run in plan_runs.running():
        late = newly_overdue(run, now_ms)
        if not late:
            continue
        events = [PlanStepOverdue("", now_ms, f"run-{run.id}", run.id, one) for one in late]
        try:
            plan_runs.save(replace(run, overdue=(*run.overdue, *late)), events)
        except WriteConflict:
            continue
        found += len(late)
    return found
