"""Settle a month: what it adds to the ledger as a whole, its score, grade and figures, and what it leaves to the next one.

Two passes over all enterprises: all are counted before any is settled, for a chain's partners share in what the others came to. Each step is done once,
however often it is tried; what is settled changes only when an objection is decided later, by another revision.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.completeness import Span
from chalicelib.domain.discrete_laplace import RandBelow
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.events import MonthSettled, ObjectionDecided
from chalicelib.domain.month import (
    MonthCause,
    MonthFigures,
    MonthResult,
    carried_entry,
    figures_of,
    monthly_entries,
    next_month,
    previous_month,
)
from chalicelib.domain.objection import ObjectionState
from chalicelib.domain.score import Cause, Score, ScoreEntry, month_of, total
from chalicelib.domain.task import Task
from chalicelib.domain.times import month_span
from chalicelib.ports import (
    BlockRepo,
    CatalogueRepo,
    ChainMonthRepo,
    Clock,
    GapRepo,
    LinkRepo,
    RegistryRepo,
    ReportRepo,
    ResultRepo,
    ScoreRepo,
    TaskRepo,
    WarningRepo,
)
from chalicelib.usecases.read_completeness import ledger_of
from chalicelib.usecases.share_chain_results import share_chain_results

A_PAGE = 100
LONGEST_TASK_MS = 45 * 86_400_000  # from opening to its time's end: what was opened earlier was due before the month
HOUR_MS = 3_600_000
HOLDOUT_MS = 86_400_000  # so long the second pass waits for enterprises that could not be counted
ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthDesk:
    """All that settling a month needs."""

    registry: RegistryRepo
    tasks: TaskRepo
    warnings: WarningRepo
    scores: ScoreRepo
    results: ResultRepo
    catalogues: CatalogueRepo
    blocks: BlockRepo
    gaps: GapRepo
    reports: ReportRepo
    clock: Clock
    zone: tzinfo
    randbelow: RandBelow
    links: LinkRepo
    chain_months: ChainMonthRepo


def newest_due(desk: MonthDesk) -> str:
    """The newest month that is over and whose time to be settled has come."""
    month = previous_month(month_of(desk.clock.now_ms(), desk.zone))
    return month if desk.clock.now_ms() >= due_ms(month, desk) else previous_month(month)


def due_ms(month: str, desk: MonthDesk) -> int:
    end_ms = month_span(month, desk.zone)[1]
    return end_ms + desk.catalogues.in_force_at(end_ms - 1).score.month.settle_after_ms


def month_to_settle(enterprise_id: str, desk: MonthDesk) -> str | None:
    """The earliest month of an enterprise that is due and not settled. Who has none yet begins with the month in which it was registered."""
    newest = newest_due(desk)
    found = desk.results.listing(enterprise_id, None, 1).items
    month = next_month(found[0].month) if found else _first_month(enterprise_id, newest, desk)
    return month if month <= newest else None


def _first_month(enterprise_id: str, newest: str, desk: MonthDesk) -> str:
    profile = desk.registry.profile(enterprise_id)
    since_ms = 0 if profile is None else profile.enterprise.registered_at_ms
    return month_of(since_ms, desk.zone) if since_ms else newest


def uncounted(*, month_desk: MonthDesk) -> tuple[str, ...]:
    """Enterprises whose next month is not counted yet."""
    left = _left(month_desk)
    counted = _counted(left, month_desk)
    return tuple(one[0] for one in left if one not in counted)


def unsettled(*, month_desk: MonthDesk) -> tuple[str, ...]:
    """Enterprises whose next month can be settled: all are counted, or a day was given to those that cannot be."""
    desk, left = month_desk, _left(month_desk)
    counted = _counted(left, desk)
    uncounted_months = {month for eid, month in left if (eid, month) not in counted}
    waiting = {month for month in uncounted_months if not has_waited(month, desk)}
    return tuple(eid for eid, month in left if (eid, month) in counted and month not in waiting)


def _counted(left: Iterable[tuple[str, str]], desk: MonthDesk) -> frozenset[tuple[str, str]]:
    """Those (enterprise, month) that are counted, with a read for each hundred of a month."""
    by_month: dict[str, list[str]] = defaultdict(list)
    for eid, month in left:
        by_month[month].append(eid)
    return frozenset((eid, month) for month, ids in by_month.items() for eid in desk.results.counted(month, ids))


def has_waited(month: str, desk: MonthDesk) -> bool:
    return desk.clock.now_ms() >= due_ms(month, desk) + HOLDOUT_MS


def _left(desk: MonthDesk) -> tuple[tuple[str, str], ...]:
    """(enterprise, its next month) of all that are behind. Where nobody is, that is noted: the next hour need not look."""
    newest = newest_due(desk)
    if desk.results.last_settled() == newest:
        return ()
    ids = _ids(desk)
    settled = desk.results.settled(newest, ids)
    left = [(eid, month) for eid in ids if eid not in settled and (month := month_to_settle(eid, desk)) is not None]
    if not left:
        desk.results.close(newest, desk.clock.now_ms())
    return tuple(left)


def _ids(desk: MonthDesk) -> tuple[str, ...]:
    return tuple(sorted(one.id for one in desk.registry.enterprises()))


def count_month(enterprise_id: str, month: str, *, month_desk: MonthDesk) -> MonthFigures:
    """Write down what was due, done and exceeded, and the entries that follow. Counted twice, the first figures stand."""
    desk = month_desk
    catalogue = _catalogue(month, desk)
    figures = desk.results.figures(enterprise_id, month)
    if figures is None:
        found = month_figures(enterprise_id, month, desk=desk)
        checked = replace(found, data=_check_data(enterprise_id, month, catalogue, desk))
        figures = desk.results.count(enterprise_id, month, checked)
    desk.scores.add(monthly_entries(_cause(enterprise_id, month, catalogue, desk.zone), figures, catalogue.score))
    return figures


def month_figures(enterprise_id: str, month: str, *, desk: MonthDesk) -> MonthFigures:
    """From the history, without a look at the data."""
    span = month_span(month, desk.zone)
    return figures_between(enterprise_id, span, desk.clock.now_ms(), tasks=desk.tasks, warnings=desk.warnings)


def figures_between(
    enterprise_id: str, span: tuple[int, int], at_ms: int, *, tasks: TaskRepo, warnings: WarningRepo
) -> MonthFigures:
    """Of from_ms <= t < to_ms, as known at an instant. Reads the enterprise's tasks back to LONGEST_TASK_MS before it."""
    return figures_of(tasks_back_to(enterprise_id, span[0], tasks), warnings.since(enterprise_id, span[0]), span, at_ms)


def tasks_back_to(enterprise_id: str, from_ms: int, tasks: TaskRepo) -> list[Task]:
    """An enterprise's tasks, newest first, that may have been due from an instant on."""
    cursor, found = None, list[Task]()
    while True:
        page = tasks.listing(f"enterprise:{enterprise_id}", cursor, A_PAGE, open_only=False)
        found += page.items
        cursor = page.cursor
        if cursor is None or (page.items and page.items[-1].opened_at_ms < from_ms - LONGEST_TASK_MS):
            return found


def _check_data(enterprise_id: str, month: str, catalogue: Catalogue, desk: MonthDesk) -> float | None:
    """The mean share of readings that came and are valid, of hours drawn by lot; None without a bridge."""
    profile, bridges = desk.registry.profile(enterprise_id), desk.registry.bridges(enterprise_id)
    hours = catalogue.score.month.checked_hours
    if profile is None or not bridges or not profile.points or not hours:
        return None
    span = month_span(month, desk.zone)
    from_ms, to_ms = _sending(enterprise_id, span, desk), span[1]
    if to_ms - from_ms < HOUR_MS:
        return None
    drawn = {desk.randbelow((to_ms - from_ms) // HOUR_MS) for _ in range(hours)}
    found = [
        share
        for hour in sorted(drawn)
        if (share := _share(enterprise_id, Span(from_ms + hour * HOUR_MS, from_ms + (hour + 1) * HOUR_MS), desk))
        is not None
    ]
    return round(sum(found) / len(found), 3) if found else None


def _sending(enterprise_id: str, span: tuple[int, int], desk: MonthDesk) -> int:
    """Since when in a month data is owed: from its beginning, or from the first that ever came. Its end: none came yet."""
    from_ms, to_ms = span
    blocks = desk.blocks
    if any(True for _ in blocks.beyond(enterprise_id, from_ms, backward=True, late=False, limit=1)):
        return from_ms
    first = next(iter(blocks.beyond(enterprise_id, from_ms, backward=False, late=False, limit=1)), None)
    return to_ms if first is None else min(-(-max(first.first_ms, from_ms) // HOUR_MS) * HOUR_MS, to_ms)


def _share(enterprise_id: str, span: Span, desk: MonthDesk) -> float | None:
    """None for an hour with more than can be counted."""
    profile = desk.registry.profile(enterprise_id)
    assert profile is not None
    try:
        ledger = ledger_of(
            profile,
            span,
            registry=desk.registry,
            blocks=desk.blocks,
            gaps=desk.gaps,
            reports=desk.reports,
            clock=desk.clock,
        )
    except InvalidRequest:
        return None
    totals = ledger.totals
    rows = totals.rows_stored + totals.rows_missing
    came = totals.rows_stored / rows if rows else float(totals.readings > 0)
    return came * (totals.valid / totals.readings if totals.readings else 0.0)


def settle_month(enterprise_id: str, month: str, *, month_desk: MonthDesk) -> MonthResult:
    """The month's result, announced, and what it leaves to the next one. Settled twice, the first result stands."""
    known = month_desk.results.get(enterprise_id, month)
    if known is not None:
        return known
    _share_along_chains(month, month_desk)
    return _settle(enterprise_id, month, None, month_desk)


def _share_along_chains(month: str, desk: MonthDesk) -> None:
    """By the first that is settled, for all: nobody's result may have what partners share before all have been counted."""
    if not desk.chain_months.is_finished(month):
        share_chain_results(
            month,
            desk.clock.now_ms(),
            chain_months=desk.chain_months,
            links=desk.links,
            registry=desk.registry,
            scores=desk.scores,
            catalogues=desk.catalogues,
            zone=desk.zone,
        )


def resettle_month(event: ObjectionDecided, *, month_desk: MonthDesk) -> MonthResult | None:
    """Settle a month anew whose ledger a decision changed; None where it was not settled yet. The same ledger gives the same result,
    which is not written again."""
    objection = month_desk.scores.objection(event.objection_id)
    if objection is None:
        raise NotFound(what="objection")
    for _ in range(ATTEMPTS):
        known = month_desk.results.get(objection.enterprise_id, objection.month)
        if known is None:
            return None
        try:
            return _settle(objection.enterprise_id, objection.month, known, month_desk)
        except WriteConflict:
            continue
    raise WriteConflict


def _settle(enterprise_id: str, month: str, known: MonthResult | None, desk: MonthDesk) -> MonthResult:
    profile, figures = desk.registry.profile(enterprise_id), desk.results.figures(enterprise_id, month)
    if profile is None or figures is None:
        raise NotFound(what="enterprise" if profile is None else "figures")
    one, catalogue, now_ms = profile.enterprise, _catalogue(month, desk), desk.clock.now_ms()
    score = _score(one, month, catalogue, desk)
    if known is not None and (known.value, known.parts) == (score.value, score.parts):
        _carry(one.id, month, score.value, figures, catalogue, desk)
        return known
    result = MonthResult(
        enterprise_id=one.id,
        month=month,
        region=one.region,
        industry=one.industry,
        value=score.value,
        grade=score.grade,
        parts=score.parts,
        figures=figures,
        low_months=_low_months(one.id, month, score.value, catalogue, desk),
        catalogue_version=catalogue.version,
        settled_at_ms=now_ms,
        revision=known.revision if known else 0,
    )
    told = MonthSettled(one.id, now_ms, f"settle-{month}", month, result.revision + 1)
    try:
        written = desk.results.settle(result, [told])
    except WriteConflict:
        first = desk.results.get(one.id, month)
        if first is None or known is not None:
            raise
        written = first
    _carry(one.id, month, written.value, figures, catalogue, desk)
    return written


def _score(one: Enterprise, month: str, catalogue: Catalogue, desk: MonthDesk) -> Score:
    entries = desk.scores.of_month(one.id, month)
    frozen = frozenset(o.entry_key for o in desk.scores.objections(one.id, month) if o.state is ObjectionState.OPEN)
    return total(one.id, month, catalogue.score, catalogue.score.weights_of(one.industry), entries, frozen)


def _low_months(enterprise_id: str, month: str, value: float, catalogue: Catalogue, desk: MonthDesk) -> int:
    if value >= catalogue.interview.score_below:
        return 0
    before = desk.results.get(enterprise_id, previous_month(month))
    return 1 + (before.low_months if before else 0)


def _carry(enterprise_id: str, month: str, value: float, figures: MonthFigures, catalogue: Catalogue, desk: MonthDesk) -> None:  # fmt: skip
    """What the month leaves to the next one; of a month that was settled again, the difference to what is there."""
    into = next_month(month)
    of = MonthCause(enterprise_id, into, month_span(into, desk.zone)[0], catalogue.version)
    wanted = carried_entry(of, value, figures, catalogue.score)
    there = [one for one in desk.scores.of_month(enterprise_id, into) if one.cause is Cause.CARRIED]
    points = round((wanted.points if wanted else 0.0) - sum(one.points for one in there), 2)
    if points:
        template = wanted or there[0]
        key = f"{template.key.partition('#')[0]}#{len(there)}" if there else template.key
        desk.scores.add([replace(template, key=key, points=points, figures=(("score", value),))])


def _catalogue(month: str, desk: MonthDesk) -> Catalogue:
    return desk.catalogues.in_force_at(month_span(month, desk.zone)[1] - 1)


def _cause(enterprise_id: str, month: str, catalogue: Catalogue, zone: tzinfo) -> MonthCause:
    return MonthCause(enterprise_id, month, month_span(month, zone)[1] - 1, catalogue.version)


def recount_month(
    enterprise_id: str,
    month: str,
    *,
    tasks: TaskRepo,
    warnings: WarningRepo,
    results: ResultRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> tuple[ScoreEntry, ...]:
    """The entries that a month as a whole gives, worked out anew: its own, once it was counted, and what the month before left to it. What was
    found of its data is as it was written down then: hours are drawn once."""
    found = list[ScoreEntry]()
    counted = results.figures(enterprise_id, month)
    if counted is not None:
        span = month_span(month, zone)
        catalogue = catalogues.in_force_at(span[1] - 1)
        anew = replace(
            figures_between(enterprise_id, span, counted.counted_at_ms, tasks=tasks, warnings=warnings),
            data=counted.data,
        )
        found += monthly_entries(_cause(enterprise_id, month, catalogue, zone), anew, catalogue.score)
    before = results.get(enterprise_id, previous_month(month))
    if before is not None and before.revision == 1:
        from_ms = month_span(month, zone)[0]
        catalogue = catalogues.in_force_at(from_ms - 1)
        of = MonthCause(enterprise_id, month, from_ms, catalogue.version)
        carried = carried_entry(of, before.value, before.figures, catalogue.score)
        found += [] if carried is None else [carried]
    return tuple(found)
