"""Say which modules a park does without. Nothing that is stored is touched: what is switched on again goes on from there."""

from chalicelib.domain.access import Action, require
from chalicelib.domain.errors import FieldError, InvalidRequest, PreconditionFailed, WriteConflict
from chalicelib.domain.events import RegistryChanged
from chalicelib.domain.park_module import Module, ParkModules, left_standing
from chalicelib.domain.person import Person
from chalicelib.ports import Clock, ModuleRepo, PackRepo

IN_PACKS = Module.CHECKLISTS  # what phones have of it stands in the packs of their tasks


def switch_modules(
    off: frozenset[Module], revision: int | None, person: Person, *, modules: ModuleRepo, packs: PackRepo, clock: Clock
) -> ParkModules:
    """The modules named are off from now on, all others on. The same choice again is a success.

    `revision` is the version that the person saw (If-Match), where one was sent. Raises InvalidRequest, for each module that would be on without
    what it needs, and PreconditionFailed.
    """
    require(person, Action.SWITCH_MODULES)
    if missing := left_standing(off):
        raise InvalidRequest(errors=[FieldError(f"off.{one}", "needs_module", needed) for one, needed in missing])
    before = modules.stored()
    if before.off == off:
        return before
    if revision is not None and revision != before.version:
        raise PreconditionFailed(given=revision, current=before.version)
    now_ms = clock.now_ms()
    try:
        after = modules.save(ParkModules(off, before.version, person.id, now_ms))
    except WriteConflict as error:
        raise PreconditionFailed(given=before.version, current=before.version + 1) from error
    if before.is_on(IN_PACKS) is not after.is_on(IN_PACKS):
        packs.announce(RegistryChanged("", now_ms, f"modules-{now_ms}", "park"))
    return after
