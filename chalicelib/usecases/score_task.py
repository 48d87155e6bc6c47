"""What a closed task does to the enterprise's score, and the score of a month."""

from dataclasses import dataclass, replace
from datetime import tzinfo

from chalicelib.domain.access import Action, require, require_sight
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import TaskClosed
from chalicelib.domain.hazard import hazard_of_task
from chalicelib.domain.month import previous_month
from chalicelib.domain.objection import ObjectionState
from chalicelib.domain.person import Person
from chalicelib.domain.score import Background, Cause, Score, ScoreEntry, entries_of, month_of, total
from chalicelib.domain.task import Task, TaskKind
from chalicelib.domain.times import month_span
from chalicelib.ports import (
    CatalogueRepo,
    ChainMonthRepo,
    Clock,
    HazardRepo,
    RegistryRepo,
    ResultRepo,
    ScoreRepo,
    TaskRepo,
    TrainingRepo,
    WarningRepo,
)
from chalicelib.usecases.score_training import training_of
from chalicelib.usecases.settle_month import LONGEST_TASK_MS, recount_month, tasks_back_to
from chalicelib.usecases.settle_warning import current_warning
from chalicelib.usecases.share_chain_results import partners_of, recount_chain

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
    return score_of(
        _enterprise(enterprise_id, person, registry),
        month,
        scores=scores,
        tasks=tasks,
        warnings=warnings,
        hazards=hazards,
        catalogues=catalogues,
        clock=clock,
        zone=zone,
    )


def score_of(
    one: Enterprise,
    month: str,
    *,
    scores: ScoreRepo,
    tasks: TaskRepo,
    warnings: WarningRepo,
    hazards: HazardRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
    zone: tzinfo,
) -> MonthScore:
    """As `month_score`, for nobody in particular."""
    now_ms = clock.now_ms()
    score = standing_score(one, month, now_ms, scores=scores, catalogues=catalogues, zone=zone)
    if month != month_of(now_ms, zone):
        return MonthScore(score, None)
    open_tasks = tasks.listing(f"enterprise:{one.id}", None, OPEN_LOOKED_AT, open_only=True).items
    ahead = [
        entry
        for task in open_tasks
        for entry in _entries(replace(task, closed_at_ms=now_ms), warnings, hazards, catalogues, zone)
        if entry.enterprise_id == one.id
    ]
    policy = catalogues.in_force_at(min(now_ms, month_span(month, zone)[1] - 1)).score
    projected = total(one.id, month, policy, score.weights, [*score.entries, *ahead], score.frozen)
    return MonthScore(score, projected)


def standing_score(
    one: Enterprise, month: str, now_ms: int, *, scores: ScoreRepo, catalogues: CatalogueRepo, zone: tzinfo
) -> Score:
    """Of one enterprise and month, by the catalogue in force at its end, or now."""
    policy = catalogues.in_force_at(min(now_ms, month_span(month, zone)[1] - 1)).score
    frozen = frozenset(o.entry_key for o in scores.objections(one.id, month) if o.state is ObjectionState.OPEN)
    weights = policy.weights_of(one.industry)
    return total(one.id, month, policy, weights, scores.of_month(one.id, month), frozen)


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
    chain_months: ChainMonthRepo,
    results: ResultRepo,
    training: TrainingRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> Recount:
    """Hold a month's ledger against what the history gives anew.

    Left out are corrections, which are people's, and tasks that were opened again: what their first closing wrote, and what a month counted of
    them, follows no more from how they stand now. So is what a month that was settled again left to this one.
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
    shared = recount_chain(
        month, one.id, chain_months=chain_months, registry=registry, scores=scores, catalogues=catalogues, zone=zone
    )
    whole = recount_month(
        one.id, month, tasks=tasks, warnings=warnings, results=results, catalogues=catalogues, zone=zone
    )
    left_out = _left_out(one.id, month, tasks, results, zone) | _shared_otherwise(one.id, month, results, chain_months)
    anew = {entry.key: entry for entry in (*given, *whole, *shared) if entry.cause not in left_out}
    kept = {entry.key: entry for entry in scores.of_month(one.id, month) if entry.cause not in left_out}
    return Recount(
        missing=tuple(sorted(anew.keys() - kept.keys())),
        surplus=tuple(sorted(key for key in kept.keys() - anew.keys() if not _was_reopened(kept[key].task_id, tasks))),
        different=tuple(sorted(key for key in anew.keys() & kept.keys() if anew[key] != kept[key])),
    )


def _left_out(enterprise_id: str, month: str, tasks: TaskRepo, results: ResultRepo, zone: tzinfo) -> frozenset[Cause]:
    """Causes of entries that cannot be worked out anew."""
    before = results.get(enterprise_id, previous_month(month))
    carried = {Cause.CARRIED} if before is not None and before.revision > 1 else set()
    from_ms, to_ms = month_span(month, zone)
    reopened = any(
        task.reopenings and from_ms - LONGEST_TASK_MS <= task.opened_at_ms < to_ms
        for task in tasks_back_to(enterprise_id, from_ms, tasks)
    )
    return frozenset({Cause.CORRECTION, *carried, *({Cause.RECTIFICATION} if reopened else ())})


def _shared_otherwise(
    enterprise_id: str, month: str, results: ResultRepo, chain_months: ChainMonthRepo
) -> frozenset[Cause]:
    """What partners shared, where one of them has had more carried into the month since: the month before was settled again there."""
    before = (results.get(one, previous_month(month)) for one in partners_of(enterprise_id, month, chain_months))
    return frozenset({Cause.CHAIN} if any(one is not None and one.revision > 1 for one in before) else ())


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
