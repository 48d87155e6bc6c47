"""Statistics for outsiders: the committee grants a recipient a budget, and each release is paid from it.

A release and what it costs are one commit, so that no budget is overdrawn, and a repeated request is answered by the release that is
there: asking again tells nothing new.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from fractions import Fraction

from chalicelib.domain.access import Action, require
from chalicelib.domain.discrete_laplace import RandBelow
from chalicelib.domain.errors import (
    ContentConflict,
    FieldError,
    InvalidRequest,
    NotFound,
    PrivacyBudgetSpent,
    WriteConflict,
)
from chalicelib.domain.person import Person
from chalicelib.domain.privacy import Budget, Grant, Noise, Release, ReleaseQuery, add_noise
from chalicelib.domain.score import month_of
from chalicelib.domain.statistic import DATA_SETS, STATISTICS, DataSet, DataSetId, Record, measure
from chalicelib.domain.task import Task
from chalicelib.domain.times import month_span
from chalicelib.domain.warning import WarningState
from chalicelib.ports import CatalogueRepo, Clock, Page, PrivacyRepo, RegistryRepo, TaskRepo, WarningRepo

ATTEMPTS = 60  # of many who pay from one budget at once each round has a winner
MINUTE_MS = 60_000
STOOD = frozenset({WarningState.OPEN, WarningState.CLEARED})  # the others were below the threshold, or none
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class StatisticsDesk:
    """All that a release needs."""

    privacy: PrivacyRepo
    registry: RegistryRepo
    warnings: WarningRepo
    tasks: TaskRepo
    catalogues: CatalogueRepo
    clock: Clock
    zone: tzinfo
    randbelow: RandBelow


def grant_budget(
    data_set: str, recipient: str, epsilon: Fraction, person: Person, *, privacy: PrivacyRepo, clock: Clock
) -> Budget:
    """Set what a recipient's releases of a data set may add up to, those that were made included. Raises NotFound."""
    require(person, Action.SHARE_STATISTICS)
    if data_set not in DATA_SETS:
        raise NotFound(what="data_set")
    for _ in range(ATTEMPTS):
        budget = privacy.budget(data_set, recipient) or Budget(data_set, recipient)
        changed = budget.granting(Grant(epsilon, person.id, clock.now_ms()))
        if changed is budget:
            return budget
        try:
            return privacy.put_budget(changed)
        except WriteConflict:
            continue
    raise WriteConflict


def release_statistic(
    release_id: str, query: ReleaseQuery, person: Person, *, statistics_desk: StatisticsDesk
) -> Release:
    """Measure, add noise, and pay: once by id, the same answer ever after.

    Raises ContentConflict for an id with another query, InvalidRequest for a month that does not fit, NotFound where nobody granted a
    budget, PrivacyBudgetSpent.
    """
    require(person, Action.SHARE_STATISTICS)
    known = _known(release_id, query, statistics_desk.privacy)
    if known is not None:
        return known
    data_set, _ = STATISTICS[query.statistic]
    span = _span(data_set, query.month, statistics_desk)
    try:
        _pay(query, statistics_desk.privacy)  # refused before anything is read for it
        return _add_paid(_draw(release_id, query, span, person, statistics_desk), statistics_desk.privacy)
    except PrivacyBudgetSpent:
        known = _known(release_id, query, statistics_desk.privacy)
        if known is None:  # else the same request, sent twice at once, has spent it
            raise
        return known


def _draw(release_id: str, query: ReleaseQuery, span: Span, person: Person, desk: StatisticsDesk) -> Release:
    """The release as it will be told, not paid yet. Nobody sees it before it is: a draw that is thrown away tells nothing."""
    data_set, statistic = STATISTICS[query.statistic]
    totals = measure(statistic, SOURCES[data_set.id](desk, span), sorted(desk.catalogues.current().industry_weights))
    noise = Noise.of(statistic, query.epsilon)
    return Release(
        id=release_id,
        query=query,
        data_set=data_set.id,
        by=person.id,
        at_ms=desk.clock.now_ms(),
        unit=statistic.unit,
        noise=noise,
        answers=add_noise(totals, noise, desk.randbelow),
    )


def _add_paid(release: Release, privacy: PrivacyRepo) -> Release:
    for _ in range(ATTEMPTS):
        budget = _pay(release.query, privacy)
        try:
            return privacy.add(release.paid_from(budget), budget)
        except WriteConflict:
            known = _known(release.id, release.query, privacy)
            if known is not None:
                return known
    raise WriteConflict


def see_release(release_id: str, person: Person, *, privacy: PrivacyRepo) -> Release:
    require(person, Action.SHARE_STATISTICS)
    release = privacy.release(release_id)
    if release is None:
        raise NotFound(what="release")
    return release


def list_releases(cursor: str | None, limit: int, person: Person, *, privacy: PrivacyRepo) -> Page[Release]:
    """Newest first."""
    require(person, Action.SHARE_STATISTICS)
    return privacy.listing(cursor, limit)


def list_data_sets(person: Person, *, privacy: PrivacyRepo) -> tuple[tuple[DataSet, tuple[Budget, ...]], ...]:
    """Each with the budgets of all recipients."""
    require(person, Action.SHARE_STATISTICS)
    return tuple((one, privacy.budgets(one.id)) for one in DATA_SETS.values())


def _known(release_id: str, query: ReleaseQuery, privacy: PrivacyRepo) -> Release | None:
    known = privacy.release(release_id)
    if known is not None and known.query != query:
        raise ContentConflict(id=release_id)
    return known


def _pay(query: ReleaseQuery, privacy: PrivacyRepo) -> Budget:
    """The recipient's budget as it would be after the release. Raises NotFound, PrivacyBudgetSpent."""
    data_set, _ = STATISTICS[query.statistic]
    budget = privacy.budget(data_set.id, query.recipient)
    if budget is None:
        raise NotFound(what="privacy_budget")
    return budget.spending(query.epsilon)


def _span(data_set: DataSet, month: str, desk: StatisticsDesk) -> Span:
    """from_ms <= t < to_ms of the month; of a data set that has no months, nothing."""
    if not data_set.is_monthly:
        if month:
            raise InvalidRequest(errors=[FieldError("month", "no_months", "")])
        return 0, 0
    if not month:
        raise InvalidRequest(errors=[FieldError("month", "missing", "")])
    if month >= month_of(desk.clock.now_ms(), desk.zone):
        raise InvalidRequest(errors=[FieldError("month", "month_not_over", "")])
    return month_span(month, desk.zone)


# where records are


def _enterprises(desk: StatisticsDesk, _span: Span) -> Iterator[Record]:
    return (Record(eid, industry) for eid, industry in _industries(desk).items())


def _warnings(desk: StatisticsDesk, span: Span) -> Iterator[Record]:
    """Warnings that set in in the month, those that were found later included."""
    industries = _industries(desk)
    for one in desk.warnings.between(*span):
        if one.enterprise_id in industries and one.state in STOOD:
            yield Record(one.enterprise_id, industries[one.enterprise_id], one.tier)


def _tasks(desk: StatisticsDesk, span: Span) -> Iterator[Record]:
    """Tasks opened in the month; one of several enterprises is each one's own."""
    industries, now_ms = _industries(desk), desk.clock.now_ms()
    for task in desk.tasks.opened_between(*span):
        for eid in task.enterprises & industries.keys():
            yield Record(eid, industries[eid], task.tier, _overdue_minutes(task, now_ms))


def _overdue_minutes(task: Task, now_ms: int) -> int:
    return max((task.closed_at_ms or now_ms) - task.due_at_ms, 0) // MINUTE_MS


def _industries(desk: StatisticsDesk) -> dict[str, str]:
    return {one.id: one.industry for one in desk.registry.enterprises()}


SOURCES: Mapping[DataSetId, Callable[[StatisticsDesk, Span], Iterable[Record]]] = {
    DataSetId.ENTERPRISES: _enterprises,
    DataSetId.WARNINGS: _warnings,
    DataSetId.TASKS: _tasks,
}
