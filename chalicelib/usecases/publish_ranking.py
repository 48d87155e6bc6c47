"""Publish a month's ranking once all enterprises are settled, and again, as another revision, after one was settled anew."""

from dataclasses import dataclass

from chalicelib.domain.access import Action, require
from chalicelib.domain.errors import NotFound
from chalicelib.domain.month import previous_month
from chalicelib.domain.person import Person
from chalicelib.domain.ranking import PARK, Place, Ranking, industry_scope, rank
from chalicelib.ports import Page, ResultRepo
from chalicelib.usecases.settle_month import MonthDesk, has_waited


def publish_rankings(*, month_desk: MonthDesk) -> tuple[Ranking, ...]:
    """Those months whose results are newer than what was published of them: once all are settled, or a day was given to those that cannot be."""
    results = month_desk.results
    names = {one.id: one.name for one in month_desk.registry.enterprises()}
    ids = sorted(names)
    due = [one for one in results.stale() if has_waited(one, month_desk) or len(results.settled(one, ids)) == len(ids)]
    published = []
    for month in sorted(due):
        now, before = results.many(month, ids), results.many(previous_month(month), ids)
        known = results.ranking(month)
        draft = Ranking(month, known.revision if known else 0, month_desk.clock.now_ms(), len(now))
        published.append(results.publish(draft, rank(now.values(), before, names)))
    return tuple(published)


@dataclass(frozen=True, slots=True)
class RankedPage:
    ranking: Ranking
    places: Page[Place]


def read_ranking(
    month: str | None, industry: str | None, person: Person, cursor: str | None, limit: int, *, results: ResultRepo
) -> RankedPage:
    """Of a month, by default the newest that was published; of the park or of an industry. Raises NotFound where none was published."""
    require(person, Action.READ_RANKING)
    newest = results.rankings(None, 1).items
    found = results.ranking(month) if month is not None else (newest[0] if newest else None)
    if found is None:
        raise NotFound(what="ranking")
    scope = PARK if industry is None else industry_scope(industry)
    return RankedPage(found, results.places(found, scope, cursor, limit))


def list_rankings(person: Person, cursor: str | None, limit: int, *, results: ResultRepo) -> Page[Ranking]:
    """Which months were published, newest first."""
    require(person, Action.READ_RANKING)
    return results.rankings(cursor, limit)
