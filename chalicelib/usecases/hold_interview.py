"""Interviews, measures and the list of key supervision, as people see them; and the minutes that the committee writes down."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.consequence import Consequence
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound, PreconditionFailed, WriteConflict
from chalicelib.domain.interview import Interview, Minutes, record
from chalicelib.domain.month import MonthResult
from chalicelib.domain.person import Person, Role
from chalicelib.domain.supervision import Listing
from chalicelib.ports import Clock, ConsequenceRepo, Page, RegistryRepo, ResultRepo
from chalicelib.usecases.see_enterprise import see_enterprise

MAX_AHEAD_MS = 5 * 60_000
T = TypeVar("T", Consequence, Listing, Interview)


def record_interview(
    enterprise_id: str,
    month: str,
    minutes: Minutes,
    version: int | None,
    person: Person,
    *,
    consequences: ConsequenceRepo,
    registry: RegistryRepo,
    clock: Clock,
) -> Interview:
    """Write down minutes and outcome, or put them right. The same again is a success.

    Raises NotFound, IllegalTransition for a withdrawn one, PreconditionFailed where somebody else was first, InvalidRequest for a time ahead.
    """
    require(person, Action.RECORD_INTERVIEW)
    known = see_interview(enterprise_id, month, person, consequences=consequences, registry=registry)
    now_ms = clock.now_ms()
    if minutes.held_at_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidRequest(errors=[FieldError("held_at", "time_ahead", f"{MAX_AHEAD_MS // 1000} s")])
    if Minutes(known.held_at_ms or 0, known.minutes, known.outcome or minutes.outcome, known.attended) == minutes:
        return known
    if version is not None and version != known.version:
        raise PreconditionFailed(given=version, current=known.version)
    try:
        return consequences.save_interview(record(known, minutes, person.id, now_ms), [])
    except WriteConflict:
        raise PreconditionFailed(given=known.version, current=known.version + 1) from None


def see_interview(
    enterprise_id: str, month: str, person: Person, *, consequences: ConsequenceRepo, registry: RegistryRepo
) -> Interview:
    require(person, Action.READ_CONSEQUENCE)
    see_enterprise(enterprise_id, person, registry=registry)
    found = consequences.interview(enterprise_id, month)
    if found is None:
        raise NotFound(what="interview")
    return found


def list_interviews(
    person: Person, cursor: str | None, limit: int, *, consequences: ConsequenceRepo, registry: RegistryRepo
) -> Page[Interview]:
    """The interview list, newest month first; an enterprise's own. A page may have fewer than `limit`."""
    require(person, Action.READ_CONSEQUENCE)
    own = person.enterprise_id if person.role is Role.ENTERPRISE else None
    return _visible(consequences.interviews(own, cursor, limit), person, registry)


def list_supervised(
    person: Person, cursor: str | None, limit: int, *, consequences: ConsequenceRepo, registry: RegistryRepo
) -> Page[Listing]:
    """Who is on the list of key supervision, newest first. A page may have fewer than `limit`."""
    require(person, Action.READ_CONSEQUENCE)
    return _visible(consequences.supervision(cursor, limit), person, registry)


def list_measures(
    person: Person, cursor: str | None, limit: int, *, consequences: ConsequenceRepo, registry: RegistryRepo
) -> Page[Consequence]:
    """Measures in force, newest first. A page may have fewer than `limit`."""
    require(person, Action.READ_CONSEQUENCE)
    return _visible(consequences.listing(cursor, limit), person, registry)


def measures_of(
    enterprise_id: str, person: Person, cursor: str | None, limit: int, *, consequences: ConsequenceRepo, registry: RegistryRepo
) -> Page[Consequence]:  # fmt: skip
    """An enterprise's, those that have ended too."""
    require(person, Action.READ_CONSEQUENCE)
    see_enterprise(enterprise_id, person, registry=registry)
    return consequences.of_enterprise(enterprise_id, cursor, limit)


def results_of(
    enterprise_id: str, person: Person, cursor: str | None, limit: int, *, results: ResultRepo, registry: RegistryRepo
) -> Page[MonthResult]:
    """An enterprise's settled months, newest first."""
    require(person, Action.READ_SCORE)
    see_enterprise(enterprise_id, person, registry=registry)
    return results.listing(enterprise_id, cursor, limit)


def _visible(page: Page[T], person: Person, registry: RegistryRepo) -> Page[T]:
    sees = _sight(person, registry)
    return Page(tuple(one for one in page.items if sees(one.enterprise_id)), page.cursor)


def _sight(person: Person, registry: RegistryRepo) -> Callable[[str], bool]:
    def sees(enterprise_id: str) -> bool:
        profile = registry.profile(enterprise_id)
        one = None if profile is None else profile.enterprise
        return one is not None and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)

    return sees
