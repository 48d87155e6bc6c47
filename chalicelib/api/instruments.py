"""What is measured with: handheld instruments, and the online ones behind points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.instruments import InstrumentOut, InstrumentsOut
    from chalicelib.domain.instrument import Instrument

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/instruments/{instrument_id}", summary="Register an instrument and until when it is calibrated",
    action=Action.REGISTER, request="instruments.InstrumentIn", response="instruments.InstrumentOut", problems=(NotFound,),
)  # fmt: skip
def put_instrument(call: Call, instrument_id: str) -> InstrumentOut:
    from chalicelib.usecases import register_instrument as register

    given, ports = call.body, call.services
    done = register.put_instrument(
        given.value_of(instrument_id),
        given.enterprise_id or "",
        instruments=ports.instruments,
        registry=ports.registry,
    )
    return _view(done)


@endpoint(
    api, "GET", "/v1/instruments/{instrument_id}", summary="One instrument", action=Action.READ_INSTRUMENT,
    response="instruments.InstrumentOut", problems=(NotFound,),
)  # fmt: skip
def get_instrument(call: Call, instrument_id: str) -> InstrumentOut:
    from chalicelib.usecases.register_instrument import see_instrument

    ports = call.services
    found = see_instrument(instrument_id, call.person, instruments=ports.instruments, registry=ports.registry)
    return _view(found)


@endpoint(
    api, "GET", "/v1/instruments", summary="Instruments you can see", action=Action.READ_INSTRUMENT,
    response="instruments.InstrumentsOut",
)  # fmt: skip
def list_instruments(call: Call) -> InstrumentsOut:
    from chalicelib.api.models.instruments import InstrumentsOut
    from chalicelib.usecases import register_instrument as register

    ports = call.services
    found = register.list_instruments(call.person, instruments=ports.instruments, registry=ports.registry)
    return InstrumentsOut(items=[_view(one) for one in found])


def _view(instrument: Instrument) -> InstrumentOut:
    from chalicelib.api.models.instruments import InstrumentOut

    view = InstrumentOut.model_validate(instrument)
    view.enterprise_id, view.point_id = instrument.enterprise_id or None, instrument.point_id or None
    return view
