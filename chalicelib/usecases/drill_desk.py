"""What holding drills needs: the park as it really is, and the room of each drill."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from chalicelib.domain.drill import Drill, Scenario
from chalicelib.domain.drill_data import rule_of
from chalicelib.domain.plan import BoundRule, Plan, make_plan
from chalicelib.ports import (
    AuditRepo,
    BlockRepo,
    CatalogueRepo,
    Clock,
    DrillRepo,
    RegistryRepo,
    ScoreRepo,
    StateRepo,
    TaskRepo,
)
from chalicelib.usecases.hand_out import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRoom:
    """Of one drill: nothing that is written through these is read anywhere else, but for the notices in participants' inboxes."""

    blocks: BlockRepo
    tasks: TaskRepo
    audits: AuditRepo
    scores: ScoreRepo
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillDesk:
    """`states` are the real ones: test data begin where a unit really is."""

    drills: DrillRepo
    scenarios: Callable[[], tuple[Scenario, ...]]
    registry: RegistryRepo
    catalogues: CatalogueRepo
    states: StateRepo
    clock: Clock
    zone: ZoneInfo
    room: Callable[[Drill], DrillRoom]

    def plan(self, enterprise_id: str) -> Plan | None:
        profile = self.registry.profile(enterprise_id)
        return None if profile is None else make_plan(profile, self.catalogues.current())


def rules_of(drill: Drill, plans: dict[str, Plan]) -> dict[str, BoundRule]:
    """By unit, the rule that is played there."""
    found = {
        one.unit_id: rule_of(one.unit_id, drill.scenario.acts, plans[one.enterprise_id])
        for one in drill.targets
        if one.enterprise_id in plans
    }
    return {unit_id: bound for unit_id, bound in found.items() if bound is not None}
