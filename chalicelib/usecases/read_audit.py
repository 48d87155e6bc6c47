"""Read an object's audit, whole or page by page, and find chains that are broken."""

from dataclasses import dataclass, replace

from chalicelib.domain.access import Action, require
from chalicelib.domain.audit import FIRST, AuditKind, Break, Entry, Head, find_break, state_after
from chalicelib.domain.audit_sight import seen_by
from chalicelib.domain.errors import InvalidCursor, NotFound
from chalicelib.domain.events import AuditBroken
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import TaskKind
from chalicelib.ports import AuditRepo, Clock, RegistryRepo, TaskRepo, WarningRepo
from chalicelib.usecases.read_why import visible_warning
from chalicelib.usecases.see_enterprise import see_enterprise
from chalicelib.usecases.work_task import see_task

PAGE = 500


@dataclass(frozen=True, slots=True)
class Chain:
    """Entries from one on, oldest first. `broken` is what does not fit among them, or between them and the one before."""

    head: Head
    entries: tuple[Entry, ...]
    broken: Break | None
    next_seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDesk:
    """The ports that say what of the audit a person may see."""

    audits: AuditRepo
    tasks: TaskRepo
    warnings: WarningRepo
    registry: RegistryRepo


def read_audit(object: str, after: int, limit: int, person: Person, *, audit_desk: AuditDesk) -> Chain:
    """Raises NotFound where there is no such object, or the person may not know of it; InvalidCursor beyond the chain's end."""
    require(person, Action.READ_AUDIT)
    _require_sight(object, person, audit_desk)
    chain = _chain(object, after, limit, audit_desk.audits)
    return replace(chain, entries=tuple(seen_by(entry, person) for entry in chain.entries))


def export_audit(object: str, person: Person, *, audit_desk: AuditDesk) -> Chain:
    """The whole chain, for a stranger to check."""
    require(person, Action.EXPORT_AUDIT)
    _require_sight(object, person, audit_desk)
    return _chain(object, 0, None, audit_desk.audits)


def _chain(object: str, after: int, limit: int | None, audits: AuditRepo) -> Chain:
    head = audits.head(object)
    if head is None:
        raise NotFound(what="audit")
    found = audits.entries(object, max(after - 1, 0), None if limit is None else limit + (after > 0))
    before, entries = (found[:1], found[1:]) if after else ((), found)
    if after and (not before or before[0].seq != after):
        raise InvalidCursor()
    broken = find_break(entries, seq=after + 1, previous=before[0].hash if before else FIRST)
    last = entries[-1] if entries else (before[0] if before else None)
    is_end = limit is None or len(entries) < limit
    if broken is None and is_end and (last is None or (last.seq, last.hash) != (head.seq, head.hash)):
        broken = Break(head.seq, "cut_off")
    return Chain(head, entries, broken, None if is_end or last is None or last.seq == head.seq else last.seq)


def _require_sight(object: str, person: Person, desk: AuditDesk) -> None:
    kind, _, name = object.partition(":")
    match kind:
        case AuditKind.TASK:
            task = see_task(name, person, tasks=desk.tasks)
            if task.kind is TaskKind.REGIONAL and person.role is Role.ENTERPRISE:
                raise NotFound(what="audit")  # its entries are about others too
        case AuditKind.WARNING:
            visible_warning(name, person, warnings=desk.warnings, registry=desk.registry)
        case AuditKind.SCORE:
            require(person, Action.READ_SCORE)
            see_enterprise(name.partition(":")[0], person, registry=desk.registry)
        case AuditKind.CONSEQUENCE:
            require(person, Action.READ_CONSEQUENCE)
            see_enterprise(name, person, registry=desk.registry)
        case AuditKind.CATALOGUE | AuditKind.MODULES if not name:
            require(person, Action.READ_CATALOGUE)
        case AuditKind.CREDIT_FILE:
            require(person, Action.READ_CREDIT_FILE)
            see_enterprise(name, person, registry=desk.registry)
        case AuditKind.PRIVACY:
            require(person, Action.SHARE_STATISTICS)
        case _:
            raise NotFound(what="audit")


def verify_audit(object: str, *, audits: AuditRepo, clock: Clock) -> Break | None:
    """Check a whole chain, and that the object is as its chain says. A break is announced, once for each place."""
    head = audits.head(object)
    if head is None:
        return None
    broken = _find_break(object, head, audits)
    if broken is not None:
        at_ms = clock.now_ms()
        audits.report(AuditBroken("", at_ms, f"audit-{object}"[:64], object, broken.seq, broken.why))
    return broken


def _find_break(object: str, head: Head, audits: AuditRepo) -> Break | None:
    entries = audits.entries(object, 0)
    broken = find_break(entries)
    if broken is not None:
        return broken
    newer = audits.head(object)
    if (
        not entries
        or newer is None
        or (entries[-1].seq, entries[-1].hash) not in {(one.seq, one.hash) for one in (head, newer)}
    ):
        return Break(head.seq, "cut_off")
    state = audits.state(object)
    if state is not None and state != state_after(entries, "") and newer == audits.head(object) == head:
        return Break(head.seq, "object_differs")
    return None
