"""What evaluation remembers of one enterprise, as one compact value.

unpack_state(pack_state(state)) == state, bit for bit, so that it makes no difference where uploads were cut.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_POINT = struct.Struct("<q?ddddI")
VERSION = 1


class Phase(StrEnum):
    IDLE = "idle"
    OBSERVED = "observed"  # fired below the industry's warning threshold: recorded, nobody is called
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class PointState:
    """The last reading judged (`valid` False: flagged or implausible) and the baseline so far."""

    last_ms: int
    valid: bool
    value: float
    mean: float = 0.0
    scale: float = 0.0
    weight: float = 0.0
    count: int = 0


@dataclass(frozen=True, slots=True)
class RuleState:
    """`safety_hits`/`response_hits`: consecutive exceeding readings since `onset_ms`; `*_calm`: the same on the way back."""

    phase: Phase = Phase.IDLE
    onset_ms: int | None = None
    safety_hits: int = 0
    response_hits: int = 0
    safety_calm: int = 0
    response_calm: int = 0
    tier: int = 0
    warning_id: str = ""
    uncertain: bool = False


IDLE = RuleState()


@dataclass(frozen=True, slots=True)
class EnterpriseState:
    """`rules` is keyed by (unit id, rule id) and holds only what is not idle."""

    points: Mapping[str, PointState] = field(default_factory=dict)
    rules: Mapping[tuple[str, str], RuleState] = field(default_factory=dict)

    def tier_of(self, unit_id: str) -> int | None:
        """The highest tier open on a unit, or None."""
        tiers = [rule.tier for (unit, _), rule in self.rules.items() if unit == unit_id and rule.phase is Phase.OPEN]
        return max(tiers, default=None)


def pack_state(state: EnterpriseState) -> bytes:
    head = {
        "v": VERSION,
        "p": list(state.points),
        "r": [[*key, r.phase, r.onset_ms, r.safety_hits, r.response_hits, r.safety_calm, r.response_calm, r.tier, r.warning_id, r.uncertain]
              for key, r in state.rules.items()],
    }  # fmt: skip
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    rows = [_POINT.pack(p.last_ms, p.valid, p.value, p.mean, p.scale, p.weight, p.count) for p in state.points.values()]
    return zlib.compress(struct.pack("<I", len(text)) + text + b"".join(rows), 6)


def unpack_state(payload: bytes) -> EnterpriseState:
    data = zlib.decompress(payload)
    (size,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + size])
    rows = _POINT.iter_unpack(data[4 + size :])
    points = {point_id: PointState(*row) for point_id, row in zip(head["p"], rows, strict=True)}
    rules = {(unit, rule): RuleState(Phase(phase), *rest) for unit, rule, phase, *rest in head["r"]}
    return EnterpriseState(points, rules)
