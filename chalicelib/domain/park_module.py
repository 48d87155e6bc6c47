"""The modules that a park may switch off one by one, and which of them stand on others.

CORE is the smallest set, from a reading to an accepted task; it cannot be off. What is kept is what is off, so that whatever a later version
brings is on until somebody decides otherwise, and no part that becomes a module of its own falls silent by an update.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Module(StrEnum):
    CORE = "core"
    CHAINS = "chains"
    PLANS = "plans"
    UNIT_WATCH = "unit_watch"
    LAWS = "laws"
    WEATHER = "weather"
    FORESIGHT = "foresight"
    WHAT_IF = "what_if"
    DATA_QUALITY = "data_quality"
    CHECKLISTS = "checklists"
    HAZARDS = "hazards"
    VISITS = "visits"
    SCORE = "score"
    COMMANDS = "commands"
    CHANNELS = "channels"
    PRIVACY = "privacy"
    DASHBOARD = "dashboard"
    TRAINING = "training"
    DRILLS = "drills"
    RESOURCES = "resources"
    TARGETS = "targets"
    INSPECTIONS = "inspections"
    SNAPSHOTS = "snapshots"


# What a module cannot do without, besides the smallest set.
NEEDS: Mapping[Module, frozenset[Module]] = {
    Module.PLANS: frozenset({Module.CHAINS}),  # a plan is a chain's, and its alerts start it
    Module.FORESIGHT: frozenset({Module.WEATHER}),  # its features are the weather's hours
}
OPTIONAL = frozenset(Module) - {Module.CORE}


@dataclass(frozen=True, slots=True)
class ParkModules:
    """What a park has switched off, by whom and when. `version` rises with each change; 0: nobody has decided yet."""

    off: frozenset[Module] = frozenset()
    version: int = 0
    changed_by: str = ""
    changed_at_ms: int = 0

    def is_on(self, module: Module) -> bool:
        return module not in self.off


def left_standing(off: frozenset[Module]) -> tuple[tuple[Module, Module], ...]:
    """(module, what it needs): those that would be on while what they need is off."""
    return tuple(
        (module, needed)
        for module in Module
        if module not in off
        for needed in sorted(NEEDS.get(module, frozenset()) & off)
    )


def needed_by(module: Module) -> tuple[Module, ...]:
    """Those that cannot be on without it."""
    return tuple(one for one in Module if module in NEEDS.get(one, frozenset()))
