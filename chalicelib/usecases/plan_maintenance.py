"""Maintenance windows: an enterprise proposes, a department approves, either ends."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.domain import maintenance as rules
from chalicelib.domain.access import Action, require
from chalicelib.domain.errors import ContentConflict, FieldError, InvalidRequest, NotFound, WriteConflict
from chalicelib.domain.maintenance import GRACE_MS, MAX_AHEAD_MS, MAX_WINDOW_MS, MaintenanceWindow, WindowState
from chalicelib.domain.person import Person
from chalicelib.ports import Clock, RegistryRepo, WindowRepo
from chalicelib.usecases.see_enterprise import see_enterprise

ATTEMPTS = 8
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class WindowRequest:
    id: str
    unit_id: str
    from_ms: int
    to_ms: int
    reason: str


def propose_window(
    request: WindowRequest,
    person: Person,
    correlation_id: str,
    *,
    registry: RegistryRepo,
    windows: WindowRepo,
    clock: Clock,
) -> MaintenanceWindow:
    """Announce a window, or change one that is not approved yet. The same again changes nothing.

    Raises ContentConflict for other content under the id of one that is approved or over.
    """
    require(person, Action.PLAN_MAINTENANCE)
    enterprise_id = _require_unit(request.unit_id, person, registry)
    now_ms = clock.now_ms()
    draft = MaintenanceWindow(
        id=request.id,
        enterprise_id=enterprise_id,
        unit_id=request.unit_id,
        from_ms=request.from_ms,
        to_ms=request.to_ms,
        reason=request.reason,
        proposed_by=person.id,
        proposed_at_ms=now_ms,
        correlation_id=correlation_id,
    )
    for _ in range(ATTEMPTS):
        known = windows.get(request.unit_id, request.id)
        if known is not None and _same(known, draft):
            return known
        if known is not None and known.state_at(now_ms) is not WindowState.PROPOSED:
            raise ContentConflict(id=request.id)
        _check(draft, now_ms)
        try:
            return windows.put(draft if known is None else replace(draft, version=known.version))
        except WriteConflict:
            continue
    raise WriteConflict


def _same(known: MaintenanceWindow, draft: MaintenanceWindow) -> bool:
    return (known.from_ms, known.to_ms, known.reason) == (draft.from_ms, draft.to_ms, draft.reason)


def _check(draft: MaintenanceWindow, now_ms: int) -> None:
    if draft.from_ms < now_ms - GRACE_MS:
        raise InvalidRequest(errors=[FieldError("from", "past", f"{GRACE_MS // 60_000} min")])
    if draft.from_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidRequest(errors=[FieldError("from", "time_ahead", f"{MAX_AHEAD_MS // DAY_MS} d")])
    if not 0 < draft.to_ms - draft.from_ms <= MAX_WINDOW_MS:
        raise InvalidRequest(errors=[FieldError("to", "range", str(MAX_WINDOW_MS // DAY_MS))])


def approve_window(
    unit_id: str, window_id: str, person: Person, *, registry: RegistryRepo, windows: WindowRepo, clock: Clock
) -> MaintenanceWindow:
    """Let a window suppress the warnings of tiers 1 and 2 of its unit."""
    require(person, Action.APPROVE_MAINTENANCE)
    _require_unit(unit_id, person, registry)
    return _change(unit_id, window_id, lambda known: rules.approve(known, person.id, clock.now_ms()), windows)


def end_window(
    unit_id: str, window_id: str, person: Person, *, registry: RegistryRepo, windows: WindowRepo, clock: Clock
) -> MaintenanceWindow:
    """Withdraw a window, or end it early. What it holds and is still open calls people within a minute."""
    require(person, Action.END_MAINTENANCE)
    _require_unit(unit_id, person, registry)
    return _change(unit_id, window_id, lambda known: rules.end(known, person.id, clock.now_ms()), windows)


def list_windows(
    unit_id: str, person: Person, *, registry: RegistryRepo, windows: WindowRepo
) -> tuple[MaintenanceWindow, ...]:
    """Past ones included, by rising time."""
    require(person, Action.READ_MAINTENANCE)
    _require_unit(unit_id, person, registry)
    return windows.of_unit(unit_id)


def _require_unit(unit_id: str, person: Person, registry: RegistryRepo) -> str:
    unit = registry.unit(unit_id)
    if unit is None:
        raise NotFound(what="unit")
    return see_enterprise(unit.enterprise_id, person, registry=registry).enterprise.id


def _change(
    unit_id: str, window_id: str, decide: Callable[[MaintenanceWindow], MaintenanceWindow], windows: WindowRepo
) -> MaintenanceWindow:
    for _ in range(ATTEMPTS):
        known = windows.get(unit_id, window_id)
        if known is None:
            raise NotFound(what="maintenance_window")
        changed = decide(known)
        if changed == known:
            return known
        try:
            return windows.put(changed)
        except WriteConflict:
            continue
    raise WriteConflict
