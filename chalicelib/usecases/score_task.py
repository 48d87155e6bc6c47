"""What a closed task does to the enterprise's score, and the score of a month."""

from datetime import tzinfo

from chalicelib.domain.access import Action, require, require_sight
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import TaskClosed
from chalicelib.domain.person import Person
from chalicelib.domain.score import Score, ScoreEntry, entries_of, total
from chalicelib.ports import CatalogueRepo, RegistryRepo, ScoreRepo, TaskRepo


def score_task(
    event: TaskClosed, *, tasks: TaskRepo, scores: ScoreRepo, catalogues: CatalogueRepo, zone: tzinfo
) -> tuple[ScoreEntry, ...]:
    """Write a closed task's entries into the month's ledger, once."""
    task = tasks.get(event.task_id)
    if task is None:
        raise NotFound(what="task")
    catalogue = catalogues.current()
    entries = entries_of(task, catalogue.score, zone, catalogue.version)
    scores.add(entries)
    return entries


def month_score(
    enterprise_id: str,
    month: str,
    person: Person,
    *,
    registry: RegistryRepo,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
) -> Score:
    """Score, grade and entries of one enterprise and month (YYYY-MM)."""
    require(person, Action.READ_SCORE)
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="enterprise")
    return total(one.id, month, catalogues.current().score.base, scores.of_month(one.id, month))
