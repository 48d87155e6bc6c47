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
    """The last reading judged (`valid` False: flagged or implausible; its value is kept as 0) and the baseline so far."""

    last_ms: int
    valid: bool
    value: float
    mean: float = 0.0
    scale: float = 0.0
    weight: float = 0.0
    count: int = 0


@dataclass(frozen=True, slots=True)
class RuleState:
    """`hits` counts consecutive rounds past both triggers since `onset_ms`, `calm` those below on the way back.

    A round is one poll of the plant: it began at `round_ms` and ends when a point that decides has reported again since.
    """

    phase: Phase = Phase.IDLE
    onset_ms: int | None = None
    hits: int = 0
    calm: int = 0
    round_ms: int = 0
    tier: int = 0
    warning_id: str = ""
    uncertain: bool = False

    @property
    def holds_baseline(self) -> bool:
        """An open warning does, and so does one that may be about to open: a baseline must not learn the onset of a fault."""
        return self.phase is Phase.OPEN or (self.phase is Phase.IDLE and self.onset_ms is not None)


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
        "r": [[*key, r.phase, r.onset_ms, r.hits, r.calm, r.round_ms, r.tier, r.warning_id, r.uncertain]
              for key, r in state.rules.items()],
    }  # fmt: skip
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    rows = [_POINT.pack(p.last_ms, p.valid, p.value, p.mean, p.scale, p.weight, p.count) for p in state.points.values()]
    return zlib.compress(struct.pack("<I", len(text)) + text + b"".join(rows), 6)


def unpack_state(payload: bytes) -> EnterpriseState:
    """The state that was packed. Raises ValueError for bytes that are no state of this version."""
    try:
        return _read(zlib.decompress(payload))
    except (zlib.error, struct.error, KeyError, TypeError) as error:
        raise ValueError("not a state") from error


def _read(data: bytes) -> EnterpriseState:
    (size,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + size])
    if head["v"] != VERSION:
        raise ValueError("unknown state version")
    rows = _POINT.iter_unpack(data[4 + size :])
    points = {point_id: PointState(*row) for point_id, row in zip(head["p"], rows, strict=True)}
    rules = {(unit, rule): RuleState(Phase(phase), *rest) for unit, rule, phase, *rest in head["r"]}
    return EnterpriseState(points, rules)
