"""Objections against entries of a score: an enterprise raises one, a second person judges it, and both sides are told."""

from datetime import datetime, tzinfo

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.errors import IllegalTransition, NotFound, WriteConflict
from chalicelib.domain.events import Event, ObjectionDecided, ObjectionLate, ObjectionRaised
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.objection import Objection, ObjectionState, decide, object_to
from chalicelib.domain.person import Person, Role
from chalicelib.domain.score import ScoreEntry, correction_of
from chalicelib.ports import CatalogueRepo, Clock, Page, RegistryRepo, ScoreRepo, TaskRepo
from chalicelib.usecases.hand_out import Post, hand_out

REMINDED_AT_ONCE = 50
KINDS: dict[type[Event], NoticeKind] = {
    ObjectionRaised: NoticeKind.OBJECTION_RAISED,
    ObjectionDecided: NoticeKind.OBJECTION_DECIDED,
    ObjectionLate: NoticeKind.OBJECTION_LATE,
}


def raise_objection(
    objection_id: str,
    month: str,
    entry_key: str,
    reason: str,
    person: Person,
    correlation_id: str,
    *,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
) -> Objection:
    """Freeze an entry of the own enterprise until somebody has judged it. The same objection again is a success.

    Raises NotFound for no such entry, IllegalTransition where it was objected to before, and what `object_to` does.
    """
    require(person, Action.OBJECT_TO_SCORE)
    enterprise_id, now_ms = person.enterprise_id or "", clock.now_ms()
    entry = _entry(enterprise_id, month, entry_key, scores)
    known = scores.objection(objection_id)
    made_ms = now_ms if known is None else known.at_ms  # of a repeat, by when it was made first
    policy = catalogues.in_force_at(entry.at_ms).score
    objection = object_to(entry, objection_id, reason, person.id, made_ms, policy)
    event = ObjectionRaised(enterprise_id, made_ms, correlation_id, objection_id)
    try:
        return scores.raise_objection(objection, [event])
    except WriteConflict:
        raise IllegalTransition(state="objected", action=Action.OBJECT_TO_SCORE.value) from None


def decide_objection(
    objection_id: str,
    is_upheld: bool,
    reason: str,
    person: Person,
    correlation_id: str,
    *,
    scores: ScoreRepo,
    tasks: TaskRepo,
    registry: RegistryRepo,
    clock: Clock,
) -> Objection:
    """Uphold it, with an entry that takes the other back, or reject it. The same decision again is a success."""
    require(person, Action.JUDGE_OBJECTION)
    objection = see_objection(objection_id, person, scores=scores, registry=registry)
    state = ObjectionState.UPHELD if is_upheld else ObjectionState.REJECTED
    if (objection.state, objection.decided_by, objection.decided_reason) == (state, person.id, reason):
        return objection
    entry, now_ms = _entry(objection.enterprise_id, objection.month, objection.entry_key, scores), clock.now_ms()
    task = tasks.get(entry.task_id)
    decided = decide(objection, is_upheld=is_upheld, by=person.id, reason=reason, task=task, at_ms=now_ms)
    event = ObjectionDecided(objection.enterprise_id, now_ms, correlation_id, objection.id)
    try:
        return scores.settle_objection(decided, correction_of(entry, now_ms) if is_upheld else None, [event])
    except WriteConflict:
        raise IllegalTransition(state="decided", action=state.value) from None


def see_objection(objection_id: str, person: Person, *, scores: ScoreRepo, registry: RegistryRepo) -> Objection:
    """Raises NotFound for none that they can see."""
    require(person, Action.READ_SCORE)
    found = scores.objection(objection_id)
    if found is None or not _may_see(found, person, registry):
        raise NotFound(what="objection")
    return found


def list_open_objections(
    person: Person, cursor: str | None, limit: int, *, scores: ScoreRepo, registry: RegistryRepo
) -> Page[Objection]:
    """Those that a person can see, newest first; a page may have fewer than `limit`."""
    require(person, Action.READ_SCORE)
    page = scores.open_objections(cursor, limit)
    return Page(tuple(one for one in page.items if _may_see(one, person, registry)), page.cursor)


def tell_objection(
    event: ObjectionRaised | ObjectionDecided | ObjectionLate,
    *,
    scores: ScoreRepo,
    registry: RegistryRepo,
    post: Post,
    zone: tzinfo,
) -> tuple[Notice, ...]:
    """Those who may judge it, or the people of its enterprise. Doing it twice tells each once; of one that was judged meanwhile nobody is reminded."""
    objection = scores.objection(event.objection_id)
    if objection is None:
        raise NotFound(what="objection")
    if isinstance(event, ObjectionLate) and objection.state is not ObjectionState.OPEN:
        return ()
    entry = _entry(objection.enterprise_id, objection.month, objection.entry_key, scores)
    is_new = not isinstance(event, ObjectionDecided)
    roles = {Role.DEPARTMENT, Role.COMMITTEE} if is_new else {Role.ENTERPRISE}
    readers = [one for one in registry.people() if one.role in roles and _may_see(objection, one, registry)]
    profile = registry.profile(objection.enterprise_id)
    params = {
        "enterprise": profile.enterprise.name if profile else objection.enterprise_id,
        "month": objection.month,
        "cause": entry.cause.value,
        "text": objection.reason if is_new else objection.decided_reason,
        "due": datetime.fromtimestamp(objection.due_at_ms / 1000, zone).strftime("%Y-%m-%d"),
        "objection": objection.state.value,
    }
    notices = tuple(
        Notice(
            id=notice_id(event.id, person.id),
            person_id=person.id,
            kind=KINDS[type(event)],
            task_id="",
            enterprise_id=objection.enterprise_id,
            tier=0,
            created_at_ms=event.at_ms,
            params=tuple(params.items()),
            correlation_id=event.correlation_id,
        )
        for person in sorted(readers, key=lambda one: one.id)
    )
    return hand_out(notices, post)


def remind_of_objections(*, scores: ScoreRepo, clock: Clock) -> int:
    """Announce objections whose time to be judged has passed, each once; how many."""
    now_ms = clock.now_ms()
    late = scores.late_objections(now_ms, REMINDED_AT_ONCE)
    for one in late:
        scores.remind(one, [ObjectionLate(one.enterprise_id, now_ms, one.id, one.id)])
    return len(late)


def _entry(enterprise_id: str, month: str, key: str, scores: ScoreRepo) -> ScoreEntry:
    found = next((one for one in scores.of_month(enterprise_id, month) if one.key == key), None)
    if found is None:
        raise NotFound(what="entry")
    return found


def _may_see(objection: Objection, person: Person, registry: RegistryRepo) -> bool:
    profile = registry.profile(objection.enterprise_id)
    one = None if profile is None else profile.enterprise
    return one is not None and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
