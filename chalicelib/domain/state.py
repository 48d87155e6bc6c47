"""What evaluation remembers of one enterprise, as one compact value.

unpack_state(pack_state(state)) == state, bit for bit, so that it makes no difference where uploads were cut.
"""

import json
import struct
import zlib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isnan, nan
from typing import Any

_POINT = struct.Struct("<q?ddddIBBdqd")
_POINT_V2 = struct.Struct("<q?ddddI")  # before the gate
VERSION = 3
LAYOUTS = {1: _POINT_V2, 2: _POINT_V2, VERSION: _POINT}


class Phase(StrEnum):
    IDLE = "idle"
    OBSERVED = "observed"  # fired below the industry's warning threshold: recorded, nobody is called
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class PointState:
    """The last reading judged (`valid` False: flagged, implausible or doubted; its value is kept as 0), the baseline so far, and
    what the gate goes by: the usual move (`step`, a size of gate.py) and how many moves it is known from. Only while the last
    reading is not valid: the last one that was, its instant (0: none yet), and the value in doubt since."""

    last_ms: int
    valid: bool
    value: float
    mean: float = 0.0
    scale: float = 0.0
    weight: float = 0.0
    count: int = 0
    step: int = 0
    moves: int = 0
    level: float = 0.0
    trusted_ms: int = 0
    doubted: float | None = None


@dataclass(frozen=True, slots=True)
class RuleState:
    """`hits` counts consecutive rounds past both triggers since `onset_ms`, `calm` those below on the way back.

    A round is one poll of the plant: it began at `round_ms` and ends when a point that decides has reported again since.
    Where one dimension is watched alone, `warning_id` is the observation's. `silent`: it opened in late data and nobody was called.
    """

    phase: Phase = Phase.IDLE
    onset_ms: int | None = None
    hits: int = 0
    calm: int = 0
    round_ms: int = 0
    tier: int = 0
    warning_id: str = ""
    uncertain: bool = False
    opened_ms: int = 0
    silent: bool = False

    @property
    def holds_baseline(self) -> bool:
        """An open warning does, and so does one that may be about to open: a baseline must not learn the onset of a fault."""
        return self.phase is Phase.OPEN or (self.phase is Phase.IDLE and self.onset_ms is not None)

    @property
    def stands(self) -> bool:
        """Neither in doubt nor on its way back."""
        return not self.uncertain and self.calm == 0

    @property
    def is_coupled(self) -> bool:
        """Both legs are past their triggers, or were and have not come back."""
        return self.phase is not Phase.IDLE or self.onset_ms is not None


IDLE = RuleState()


@dataclass(frozen=True, slots=True)
class EnterpriseState:
    """`rules` is keyed by (unit id, rule id), `watches` by (unit id, term); both hold only what is not idle.

    Units are judged independently of each other: the state of some of them can be taken out and put in another's place.
    """

    points: Mapping[str, PointState] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], RuleState] = field(default_factory=dict)
    watches: Mapping[tuple[str, str], RuleState] = field(default_factory=dict)

    def tier_of(self, unit_id: str) -> int | None:
        """The highest tier open on a unit, or None."""
        tiers = [rule.tier for (unit, _), rule in self.rules.items() if unit == unit_id and rule.phase is Phase.OPEN]
        return max(tiers, default=None)

    def with_units(self, units: Mapping[str, Iterable[str]], other: "EnterpriseState") -> "EnterpriseState":
        """This state with the given units (id -> its points) as they are in the other."""
        points = {p for own in units.values() for p in own}
        return EnterpriseState(
            {k: v for k, v in self.points.items() if k not in points}
            | {k: v for k, v in other.points.items() if k in points},
            _swapped(self.rules, other.rules, units),
            _swapped(self.watches, other.watches, units),
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All of a unit's state from readings before `at_ms`."""

    unit_id: str
    at_ms: int
    state: EnterpriseState


Keyed = Mapping[tuple[str, str], RuleState]


def _swapped(mine: Keyed, other: Keyed, units: Container[str]) -> Keyed:
    return {k: v for k, v in mine.items() if k[0] not in units} | {k: v for k, v in other.items() if k[0] in units}


def pack_state(state: EnterpriseState) -> bytes:
    head = {
        "v": VERSION,
        "p": list(state.points),
        "r": [[*key, *_fields(rule)] for key, rule in state.rules.items()],
        "w": [[*key, *_fields(rule)] for key, rule in state.watches.items()],
    }
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    return zlib.compress(struct.pack("<I", len(text)) + text + b"".join(map(_pack_point, state.points.values())), 6)


def _pack_point(p: PointState) -> bytes:
    doubted = nan if p.doubted is None else p.doubted
    return _POINT.pack(
        p.last_ms, p.valid, p.value, p.mean, p.scale, p.weight, p.count, p.step, p.moves, p.level, p.trusted_ms, doubted
    )


def _fields(rule: RuleState) -> tuple[object, ...]:
    return tuple(getattr(rule, name) for name in rule.__slots__)


def unpack_state(payload: bytes) -> EnterpriseState:
    """The state that was packed. Raises ValueError for bytes that are no state of a known version."""
    try:
        return _read(zlib.decompress(payload))
    except (zlib.error, struct.error, KeyError, TypeError) as error:
        raise ValueError("not a state") from error


def _read(data: bytes) -> EnterpriseState:
    (size,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + size])
    if head["v"] not in LAYOUTS:
        raise ValueError("unknown state version")
    rows = map(_point, LAYOUTS[head["v"]].iter_unpack(data[4 + size :]))
    points = dict(zip(head["p"], rows, strict=True))
    rules, watches = (
        {(unit, name): RuleState(Phase(phase), *rest) for unit, name, phase, *rest in head.get(part, ())}
        for part in ("r", "w")
    )
    return EnterpriseState(points, rules, watches)


def _point(row: tuple[Any, ...]) -> PointState:
    """A state from before the gate goes on from its last valid reading."""
    last_ms, valid, value, mean, scale, weight, count, *gate = row
    step, moves, level, trusted_ms, doubted = gate or (0, 0, 0.0, 0, nan)
    known = None if isnan(doubted) else doubted
    return PointState(last_ms, valid, value, mean, scale, weight, count, step, moves, level, trusted_ms, known)
