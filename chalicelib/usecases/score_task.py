"""What a closed task does to the enterprise's score, and the score of a month."""

from datetime import tzinfo

from chalicelib.domain.access import Action, require, require_sight
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import TaskClosed
from chalicelib.domain.hazard import hazard_of_task
from chalicelib.domain.objection import ObjectionState
from chalicelib.domain.person import Person
from chalicelib.domain.score import Background, Score, ScoreEntry, entries_of, last_ms_of, total
from chalicelib.domain.task import Task, TaskKind
from chalicelib.ports import CatalogueRepo, Clock, HazardRepo, RegistryRepo, ScoreRepo, TaskRepo, WarningRepo
from chalicelib.usecases.settle_warning import current_warning


def score_task(
    event: TaskClosed,
    *,
    tasks: TaskRepo,
    scores: ScoreRepo,
    warnings: WarningRepo,
    hazards: HazardRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> tuple[ScoreEntry, ...]:
    """Write a closed task's entries into the month's ledger, once, by the catalogue that was in force when it was closed."""
    task = tasks.get(event.task_id)
    if task is None or task.closed_at_ms is None:
        raise NotFound(what="task")
    catalogue = catalogues.in_force_at(task.closed_at_ms)
    background = _background(task, warnings, hazards)
    entries = entries_of(task, background, catalogue.score, zone, catalogue.version)
    scores.add(entries)
    return entries


def _background(task: Task, warnings: WarningRepo, hazards: HazardRepo) -> Background:
    if task.kind is TaskKind.UNIT:
        return Background(warning=current_warning(task.warning_id, warnings))
    if task.kind is TaskKind.HAZARD:
        return Background(hazard=hazards.get(hazard_of_task(task.id)))
    return Background()


def month_score(
    enterprise_id: str,
    month: str,
    person: Person,
    *,
    registry: RegistryRepo,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
    zone: tzinfo,
) -> Score:
    """Score, grade, parts and entries of one enterprise and month (YYYY-MM), by the catalogue in force at its end, or now."""
    require(person, Action.READ_SCORE)
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="enterprise")
    policy = catalogues.in_force_at(min(clock.now_ms(), last_ms_of(month, zone))).score
    frozen = frozenset(o.entry_key for o in scores.objections(one.id, month) if o.state is ObjectionState.OPEN)
    return total(one.id, month, policy, policy.weights_of(one.industry), scores.of_month(one.id, month), frozen)
