"""The weekly joint visits that a measure asks for: a joint task each week while it stands, opened on a working morning's time of day."""

from dataclasses import replace
from datetime import datetime, tzinfo
from hashlib import sha256

from chalicelib.domain.catalogue import ConsequenceRule
from chalicelib.domain.consequence import Consequence
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.messages import DEFAULT
from chalicelib.domain.task import TaskKind
from chalicelib.ports import CatalogueRepo, Clock, ConsequenceRepo, DutyRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.open_case import open_case
from chalicelib.usecases.plan_task import Case

WEEK_MS, DAY_MS = 7 * 86_400_000, 86_400_000
WITHIN_MS = 5 * DAY_MS
OPENED_FROM_HOUR = 8  # nobody is called at night for what has days
VISIT_TIER = 2  # worked on site by the joint group
A_PAGE = 100


def open_visits(
    *,
    consequences: ConsequenceRepo,
    tasks: TaskRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    duty: DutyRepo,
    clock: Clock,
    zone: tzinfo,
) -> int:
    """Open each standing measure's visits that are due; how many. A visit is opened once, however often this runs."""
    now_ms, opened, cursor = clock.now_ms(), 0, None
    if datetime.fromtimestamp(now_ms / 1000, zone).hour < OPENED_FROM_HOUR:
        return 0
    rules = catalogues.current().consequences
    while True:
        page = consequences.listing(cursor, A_PAGE)
        for one in page.items:
            rule = rules.get(one.measure)
            if rule is None or not is_due(one, rule, now_ms):
                continue
            case = _case(one, rule)
            open_case(
                case, one.enterprise_id, tasks=tasks, registry=registry, catalogues=catalogues, duty=duty, clock=clock
            )
            opened += _count(one, consequences)
        if (cursor := page.cursor) is None:
            return opened


def is_due(one: Consequence, rule: ConsequenceRule, now_ms: int) -> bool:
    """The first at once, each further one a week after."""
    return rule.visits_weekly and one.is_standing and now_ms >= one.started_at_ms + one.visits * WEEK_MS


def visit_task_id(one: Consequence) -> str:
    return "t-" + sha256(f"visit|{one.id}|{one.visits}".encode()).hexdigest()[:20]


def _case(one: Consequence, rule: ConsequenceRule) -> Case:
    return Case(
        id=visit_task_id(one),
        kind=TaskKind.JOINT_VISIT,
        unit_id="",
        tier=VISIT_TIER,
        about=rule.name[DEFAULT],
        correlation_id=one.id,
        within_ms=WITHIN_MS,
    )


def _count(one: Consequence, consequences: ConsequenceRepo) -> bool:
    """False where the measure ended, or another run counted it, meanwhile."""
    try:
        consequences.commit([replace(one, visits=one.visits + 1)], [])
    except WriteConflict:
        return False
    return True
