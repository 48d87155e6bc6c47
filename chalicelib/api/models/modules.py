"""Modules on the wire."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.api.models.wire import Instant, View, Wire
from chalicelib.domain.park_module import Module


def _not_core(module: Module) -> Module:
    if module is Module.CORE:
        raise ValueError("the smallest set cannot be off")
    return module


class ModulesIn(Wire):
    off: list[Annotated[Module, AfterValidator(_not_core)]] = Field(
        max_length=len(Module), description="what the park does without; everything else is on. `core` cannot be off"
    )


class ModuleOut(View):
    id: str
    name: dict[str, str] = Field(description="by language")
    is_on: bool
    can_be_off: bool = Field(description="false of the smallest set")
    needs: list[str] = Field(description="what it cannot be on without")
    needed_by: list[str] = Field(description="what goes off with it")


class ModulesOut(View):
    version: int = Field(description="for If-Match; 0 as long as nobody has chosen, and everything is on")
    changed_at: Instant | None = None
    items: list[ModuleOut]
