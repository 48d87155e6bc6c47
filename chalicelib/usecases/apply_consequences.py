"""What a settled month, the list of key supervision and finished work do to an enterprise's measures."""

from dataclasses import dataclass
from datetime import tzinfo

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.consequence import Change, Consequence, Judged, by_grade, by_listing, by_work
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.events import (
    ConsequencesChanged,
    Event,
    InterviewCalled,
    MonthSettled,
    SupervisionChanged,
    TaskClosed,
    TaskOverdue,
    WarningRaised,
)
from chalicelib.domain.interview import Interview, interview_id, withdraw
from chalicelib.domain.month import MonthFigures, MonthResult, previous_month
from chalicelib.domain.score import grade_of, month_of
from chalicelib.domain.supervision import Listing, may_leave, must_be_listed
from chalicelib.domain.times import month_span
from chalicelib.ports import CatalogueRepo, Clock, ConsequenceRepo, RegistryRepo, ResultRepo, TaskRepo, WarningRepo
from chalicelib.usecases.settle_month import figures_between

ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsequenceDesk:
    """All that decides on consequences."""

    consequences: ConsequenceRepo
    results: ResultRepo
    registry: RegistryRepo
    tasks: TaskRepo
    warnings: WarningRepo
    catalogues: CatalogueRepo
    clock: Clock
    zone: tzinfo


def apply_consequences(event: MonthSettled, *, consequence_desk: ConsequenceDesk) -> Change:
    """Start and end what the newest month's grade asks for. Doing it twice changes nothing; a month that is not the newest, or that was
    settled again since, decides nothing any more."""
    desk = consequence_desk
    result = desk.results.get(event.enterprise_id, event.month)
    if result is None:
        raise NotFound(what="result")
    newest = desk.results.listing(event.enterprise_id, None, 1).items
    if result.revision != event.revision or (newest and newest[0].month != event.month):
        return Change()
    catalogue = desk.catalogues.in_force_at(event.at_ms)
    judged = Judged(
        event.enterprise_id, event.month, result.grade, event.at_ms, catalogue.version, is_again=event.revision > 1
    )
    for _ in range(ATTEMPTS):
        standing = desk.consequences.standing(event.enterprise_id)
        change = _unknown(by_grade(judged, standing, catalogue.consequences), desk)
        try:
            return _commit(change, f"{event.month}:{event.revision}", event, desk)
        except WriteConflict:
            continue
    raise WriteConflict


def _unknown(change: Change, desk: ConsequenceDesk) -> Change:
    """Without what was started at that very instant before: an event that is repeated much later must not begin again what has ended."""
    known = desk.consequences.known(change.started)
    return Change(tuple(one for one in change.started if one.id not in known), change.ended)


def _commit(change: Change, why: str, event: Event, desk: ConsequenceDesk) -> Change:
    if change.all:
        desk.consequences.commit(change.all, [_told(change, why, event)])
    return change


def _told(change: Change, why: str, event: Event) -> ConsequencesChanged:
    return ConsequencesChanged(
        event.enterprise_id,
        event.at_ms,
        event.correlation_id,
        why,
        tuple(one.measure for one in change.started),
        tuple(one.measure for one in change.ended),
    )


def unlock_by_work(event: TaskClosed, *, consequence_desk: ConsequenceDesk) -> tuple[Consequence, ...]:
    """End what work alone unlocks, of each enterprise that has no open task any more."""
    desk = consequence_desk
    task = desk.tasks.get(event.task_id)
    if task is None:
        raise NotFound(what="task")
    return tuple(one for eid in sorted(task.enterprises) if eid for one in _unlock(eid, event, desk))


def _unlock(enterprise_id: str, event: TaskClosed, desk: ConsequenceDesk) -> tuple[Consequence, ...]:
    standing = desk.consequences.standing(enterprise_id)
    change = by_work(standing, desk.catalogues.current().consequences, event.at_ms)
    if not change.ended or desk.tasks.listing(f"enterprise:{enterprise_id}", None, 1, open_only=True).items:
        return ()
    told = ConsequencesChanged(
        enterprise_id,
        event.at_ms,
        event.correlation_id,
        f"work:{event.task_id}",
        (),
        tuple(one.measure for one in change.ended),
    )
    desk.consequences.commit(change.all, [told])
    return change.ended


def supervise(event: WarningRaised | TaskOverdue, *, consequence_desk: ConsequenceDesk) -> Listing | None:
    """Put an enterprise on the list of key supervision as soon as its running month asks for it."""
    desk = consequence_desk
    if not event.enterprise_id or desk.consequences.supervised(event.enterprise_id) is not None:
        return None
    now_ms = desk.clock.now_ms()
    month, catalogue = month_of(now_ms, desk.zone), desk.catalogues.current()
    if month_of(event.at_ms, desk.zone) != month:  # late data, or an event that comes again: the settlement sees to it
        return None
    span = month_span(month, desk.zone)
    exceeded = len(desk.warnings.since(event.enterprise_id, span[0]))
    if exceeded <= catalogue.supervision.exceedances_over:  # the tasks need not be read
        return None
    figures = figures_between(event.enterprise_id, span, now_ms, tasks=desk.tasks, warnings=desk.warnings)
    if not must_be_listed(figures, catalogue.supervision):
        return None
    return _list(event, month, figures, now_ms, catalogue, desk)


def review_supervision(event: MonthSettled, *, consequence_desk: ConsequenceDesk) -> Listing | None:
    """By a settled month: take an enterprise off the list, or put it there where that month asks for it."""
    desk = consequence_desk
    result = desk.results.get(event.enterprise_id, event.month)
    if result is None:
        raise NotFound(what="result")
    if result.revision != event.revision:
        return None
    policy = desk.catalogues.in_force_at(month_span(event.month, desk.zone)[1] - 1).supervision
    listing = desk.consequences.supervised(event.enterprise_id)
    if listing is not None:
        is_free = may_leave(listing, event.month, result.figures, policy)
        return _take_off(listing, event, desk) if is_free else listing
    if any(one.month == event.month for one in desk.consequences.listings(event.enterprise_id)):
        return None  # it was there for this month, and has left since
    if not must_be_listed(result.figures, policy):
        return None
    return _list(event, event.month, result.figures, event.at_ms, desk.catalogues.in_force_at(event.at_ms), desk)


def _list(event: Event, month: str, figures: MonthFigures, at_ms: int, catalogue: Catalogue, desk: ConsequenceDesk) -> Listing | None:  # fmt: skip
    profile = desk.registry.profile(event.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    listing = Listing(one.id, month, at_ms, figures, one.region, one.industry)
    judged = Judged(one.id, month, grade_of(0), at_ms, catalogue.version)
    change = by_listing(judged, desk.consequences.standing(one.id), catalogue.consequences, is_listed=True)
    told = SupervisionChanged(one.id, at_ms, event.correlation_id, month, is_listed=True)
    try:
        return desk.consequences.save_listing(listing, change.all, [told])
    except WriteConflict:
        return desk.consequences.supervised(one.id)


def _take_off(listing: Listing, event: MonthSettled, desk: ConsequenceDesk) -> Listing:
    off = listing.taken_off(event.month, event.at_ms)
    judged = Judged(off.enterprise_id, event.month, grade_of(0), event.at_ms, "")
    change = by_listing(judged, desk.consequences.standing(off.enterprise_id), {}, is_listed=False)
    told = SupervisionChanged(off.enterprise_id, event.at_ms, event.correlation_id, event.month, is_listed=False)
    return desk.consequences.save_listing(off, change.all, [told])


def call_for_interview(event: MonthSettled, *, consequence_desk: ConsequenceDesk) -> Interview | None:
    """Put an enterprise on the month's interview list after so many low months running; take it off where a month that was settled again
    says otherwise."""
    desk = consequence_desk
    result = desk.results.get(event.enterprise_id, event.month)
    if result is None:
        raise NotFound(what="result")
    if result.revision != event.revision:
        return None
    policy = desk.catalogues.in_force_at(month_span(event.month, desk.zone)[1] - 1).interview
    known = desk.consequences.interview(event.enterprise_id, event.month)
    if result.low_months < policy.months:
        return (
            None if known is None or withdraw(known) == known else desk.consequences.save_interview(withdraw(known), [])
        )
    if known is not None:
        return known
    values = _values(result, policy.months, desk)
    called = Interview(
        interview_id(result.enterprise_id, event.month), result.enterprise_id, event.month, values, event.at_ms
    )
    told = InterviewCalled(result.enterprise_id, event.at_ms, event.correlation_id, event.month)
    return desk.consequences.save_interview(called, [told])


def _values(result: MonthResult, months: int, desk: ConsequenceDesk) -> tuple[float, ...]:
    values, month = [result.value], result.month
    for _ in range(months - 1):
        month = previous_month(month)
        before = desk.results.get(result.enterprise_id, month)
        values += [] if before is None else [before.value]
    return tuple(reversed(values))
