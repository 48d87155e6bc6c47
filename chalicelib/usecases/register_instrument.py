"""Register what is measured with, and see it."""

from chalicelib.domain.access import Action, can_see, require
from chalicelib.domain.errors import FieldError, InvalidRequest, NotFound
from chalicelib.domain.instrument import Instrument, InstrumentKind
from chalicelib.domain.person import Person
from chalicelib.ports import InstrumentRepo, RegistryRepo


def put_instrument(
    instrument: Instrument, enterprise_id: str, *, instruments: InstrumentRepo, registry: RegistryRepo
) -> Instrument:
    """An online instrument belongs to a registered point of its enterprise. Raises InvalidRequest, or NotFound for no such enterprise."""
    if instrument.kind is InstrumentKind.HANDHELD:
        instruments.put(instrument)
        return instrument
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    if instrument.point_id not in profile.points_by_id:
        raise InvalidRequest(errors=[FieldError("point_id", "unknown_point", instrument.point_id)])
    instruments.put(instrument)
    return instrument


def see_instrument(
    instrument_id: str, person: Person, *, instruments: InstrumentRepo, registry: RegistryRepo
) -> Instrument:
    """Handhelds are everybody's to see; an online one is seen by who sees its enterprise. Raises NotFound."""
    require(person, Action.READ_INSTRUMENT)
    found = instruments.get(instrument_id)
    if found is None or not _may_see(found, person, registry):
        raise NotFound(what="instrument")
    return found


def list_instruments(person: Person, *, instruments: InstrumentRepo, registry: RegistryRepo) -> tuple[Instrument, ...]:
    require(person, Action.READ_INSTRUMENT)
    return tuple(one for one in instruments.all() if _may_see(one, person, registry))


def _may_see(instrument: Instrument, person: Person, registry: RegistryRepo) -> bool:
    if instrument.kind is InstrumentKind.HANDHELD:
        return True
    profile = registry.profile(instrument.enterprise_id)
    if profile is None:
        return False
    one = profile.enterprise
    return can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
