"""What a closed task does to the enterprise's score, and the score of a month."""

from dataclasses import dataclass, replace
from datetime import tzinfo

from chalicelib.domain.access import Action, require, require_sight
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import TaskClosed
from chalicelib.domain.hazard import hazard_of_task
from chalicelib.domain.objection import ObjectionState
from chalicelib.domain.person import Person
from chalicelib.domain.score import Background, Cause, Score, ScoreEntry, entries_of, month_of, total
from chalicelib.domain.task import Task, TaskKind
from chalicelib.domain.times import month_span
from chalicelib.ports import (
    CatalogueRepo,
    Clock,
    HazardRepo,
    RegistryRepo,
    ScoreRepo,
    TaskRepo,
    TrainingRepo,
    WarningRepo,
)
from chalicelib.usecases.score_training import training_of
from chalicelib.usecases.settle_warning import current_warning

OPEN_LOOKED_AT = 100  # open tasks of one enterprise; more would not change what is to be done
A_PAGE = 100


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
    entries = _entries(task, warnings, hazards, catalogues, zone)
    scores.add(entries)
    return entries


def _entries(
    task: Task, warnings: WarningRepo, hazards: HazardRepo, catalogues: CatalogueRepo, zone: tzinfo
) -> tuple[ScoreEntry, ...]:
    catalogue = catalogues.in_force_at(task.closed_at_ms or task.opened_at_ms)
    background = _background(task, warnings, hazards)
    return entries_of(task, background, catalogue.score, zone, catalogue.version)


def _background(task: Task, warnings: WarningRepo, hazards: HazardRepo) -> Background:
    if task.kind is TaskKind.UNIT:
        return Background(warning=current_warning(task.warning_id, warnings))
    if task.kind is TaskKind.HAZARD:
        return Background(hazard=hazards.get(hazard_of_task(task.id)))
    return Background()


@dataclass(frozen=True, slots=True)
class MonthScore:
    """`projected` is what it comes to when the tasks that are open now were closed now; None for a month that is over."""

    score: Score
    projected: Score | None


def month_score(
    enterprise_id: str,
    month: str,
    person: Person,
    *,
    registry: RegistryRepo,
    scores: ScoreRepo,
    tasks: TaskRepo,
    warnings: WarningRepo,
    hazards: HazardRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
    zone: tzinfo,
) -> MonthScore:
    """Score, grade, parts and entries of one enterprise and month (YYYY-MM), by the catalogue in force at its end, or now."""
    require(person, Action.READ_SCORE)
    one = _enterprise(enterprise_id, person, registry)
    now_ms = clock.now_ms()
    policy = catalogues.in_force_at(min(now_ms, month_span(month, zone)[1] - 1)).score
    weights, entries = policy.weights_of(one.industry), scores.of_month(one.id, month)
    frozen = frozenset(o.entry_key for o in scores.objections(one.id, month) if o.state is ObjectionState.OPEN)
    score = total(one.id, month, policy, weights, entries, frozen)
    if month != month_of(now_ms, zone):
        return MonthScore(score, None)
    open_tasks = tasks.listing(f"enterprise:{one.id}", None, OPEN_LOOKED_AT, open_only=True).items
    ahead = [
        entry
        for task in open_tasks
        for entry in _entries(replace(task, closed_at_ms=now_ms), warnings, hazards, catalogues, zone)
        if entry.enterprise_id == one.id
    ]
    return MonthScore(score, total(one.id, month, policy, weights, [*entries, *ahead], frozen))


def _enterprise(enterprise_id: str, person: Person, registry: RegistryRepo) -> Enterprise:
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="enterprise")
    return one


@dataclass(frozen=True, slots=True)
class Recount:
    """Keys of entries: those that the history gives and the ledger lacks, those that only the ledger has, and those that differ."""

    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    different: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not (self.missing or self.surplus or self.different)


def compare_with_history(
    enterprise_id: str,
    month: str,
    person: Person,
    *,
    registry: RegistryRepo,
    scores: ScoreRepo,
    tasks: TaskRepo,
    warnings: WarningRepo,
    hazards: HazardRepo,
    training: TrainingRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> Recount:
    """Hold a month's ledger against what the history gives anew.

    Left out are corrections, which are people's, and tasks that were opened again: what their first closing wrote follows no more from
    how they stand now.
    """
    require(person, Action.RECOUNT_SCORE)
    one = _enterprise(enterprise_id, person, registry)
    given = recount(
        one.id,
        month,
        tasks=tasks,
        warnings=warnings,
        hazards=hazards,
        training=training,
        catalogues=catalogues,
        zone=zone,
    )
    anew = {entry.key: entry for entry in given}
    kept = {entry.key: entry for entry in scores.of_month(one.id, month) if entry.cause is not Cause.CORRECTION}
    return Recount(
        missing=tuple(sorted(anew.keys() - kept.keys())),
        surplus=tuple(sorted(key for key in kept.keys() - anew.keys() if not _was_reopened(kept[key].task_id, tasks))),
        different=tuple(sorted(key for key in anew.keys() & kept.keys() if anew[key] != kept[key])),
    )


def _was_reopened(task_id: str, tasks: TaskRepo) -> bool:
    task = tasks.get(task_id)
    return task is not None and task.reopenings > 0


def recount(
    enterprise_id: str,
    month: str,
    *,
    tasks: TaskRepo,
    warnings: WarningRepo,
    hazards: HazardRepo,
    training: TrainingRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> tuple[ScoreEntry, ...]:
    """The entries that the enterprise's closed tasks and its training write in a month, worked out anew from them, by key. Corrections are people's, and not
    among them, nor is what comes of a task that was opened again. Reads every task that the enterprise ever had."""
    cursor, found = None, [*training_of(enterprise_id, training=training, catalogues=catalogues, zone=zone)]
    while True:
        page = tasks.listing(f"enterprise:{enterprise_id}", cursor, A_PAGE, open_only=False)
        closed = [task for task in page.items if task.closed_at_ms is not None and not task.reopenings]
        for task in closed:
            found += _entries(task, warnings, hazards, catalogues, zone)
        if (cursor := page.cursor) is None:
            break
    own = {one.key: one for one in found if (one.enterprise_id, one.month) == (enterprise_id, month)}
    return tuple(own[key] for key in sorted(own))
