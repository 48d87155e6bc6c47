"""Which modules the park has switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import PreconditionFailed
from chalicelib.domain.messages import LANGUAGES, text

if TYPE_CHECKING:
    from chalicelib.api.models.modules import ModuleOut, ModulesOut
    from chalicelib.domain.park_module import Module, ParkModules

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/modules", summary="What the park has switched on, and what stands on what",
    action=Action.READ_MODULES, response="modules.ModulesOut",
)  # fmt: skip
def get_modules(call: Call) -> ModulesOut:
    return _modules(call, call.services.modules.stored())


@endpoint(
    api, "PUT", "/v1/modules", summary="Switch modules off, all others on", action=Action.SWITCH_MODULES,
    request="modules.ModulesIn", response="modules.ModulesOut", problems=(PreconditionFailed,),
)  # fmt: skip
def put_modules(call: Call) -> ModulesOut:
    from chalicelib.usecases.switch_modules import switch_modules

    ports, off = call.services, frozenset(call.body.off)
    done = switch_modules(off, call.if_match, call.person, modules=ports.modules, packs=ports.packs, clock=ports.clock)
    return _modules(call, done)


def _modules(call: Call, chosen: ParkModules) -> ModulesOut:
    from chalicelib.api.models.modules import ModulesOut
    from chalicelib.domain.park_module import Module

    call.answer_headers["ETag"] = f'"{chosen.version}"'
    items = [_module(one, chosen) for one in Module]
    return ModulesOut(version=chosen.version, changed_at=chosen.changed_at_ms if chosen.version else None, items=items)


def _module(module: Module, chosen: ParkModules) -> ModuleOut:
    from chalicelib.api.models.modules import ModuleOut
    from chalicelib.domain.park_module import NEEDS, OPTIONAL, needed_by

    return ModuleOut(
        id=module.value,
        name={language: text(f"word.module.{module.value}", language) for language in LANGUAGES},
        is_on=chosen.is_on(module),
        can_be_off=module in OPTIONAL,
        needs=sorted(NEEDS.get(module, ())),
        needed_by=sorted(needed_by(module)),
    )
