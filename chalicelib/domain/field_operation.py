"""What people do on phones that have no signal, and what becomes of it when it arrives.

An operation is kept until it has an outcome that stays, whatever that is: applied, merged with what others did meanwhile, refused with a
reason, without effect any more, or a conflict that a person decides. OUTCOMES_THAT_STAY never change but by that decision.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import IllegalTransition
from chalicelib.domain.field_command import Command

HELD_FOR_MS = 5 * 86_400_000
SKEW_TOLERATED_MS = 5 * 60_000
MINUTE_MS = 60_000
LONGEST_PAUSE_MS = 60 * MINUTE_MS


class Outcome(StrEnum):
    APPLIED = "applied"
    MERGED = "merged"  # applied, though others changed something else of the task meanwhile: a soft conflict
    HELD = "held"  # what it needs has not come yet
    CONFLICT = "conflict"  # what it changes was changed meanwhile: a hard conflict, kept until a person decides
    DISCARDED = "discarded"  # that decision: not applied
    SUPERSEDED = "superseded"  # somebody else holds the side by now: without effect, and nobody need decide
    REFUSED = "refused"


OUTCOMES_THAT_STAY = frozenset(
    {Outcome.APPLIED, Outcome.MERGED, Outcome.DISCARDED, Outcome.SUPERSEDED, Outcome.REFUSED}
)


class Decision(StrEnum):
    APPLY = "apply"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class KeptProblem:
    """A problem as errors.py has it, kept: its code, its parameters, and which fields were wrong (field, code, detail)."""

    code: str
    params: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decided about a conflict."""

    by: str
    at_ms: int
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class FieldOperation:
    """`id` was made by the phone, `base_version` is the task's version that its owner saw; `at_ms` is when they did it, by the phone's
    clock put right by `skew_ms`, how far that was ahead of ours when it was sent. `digest` is of what was sent.
    """

    id: str
    person_id: str
    device_id: str
    task_id: str
    command: Command
    base_version: int | None
    at_ms: int
    skew_ms: int
    received_at_ms: int
    digest: str


@dataclass(frozen=True, slots=True)
class KeptOperation:
    """An operation with what became of it. `merged_with` names what others had changed; `forced`: applied without all it wanted.

    `tries` counts how often the clock tried what is held, and `try_at_ms` is when it does so next. `version` is the row's own, for those
    who change it at once.
    """

    operation: FieldOperation
    outcome: Outcome
    settled_at_ms: int
    task_version: int | None = None
    merged_with: tuple[str, ...] = ()
    refusal: KeptProblem | None = None
    forced: bool = False
    ruling: Ruling | None = None
    tries: int = 0
    try_at_ms: int = 0
    version: int = 0

    @property
    def is_settled(self) -> bool:
        return self.outcome in OUTCOMES_THAT_STAY

    def has_waited_too_long(self, now_ms: int) -> bool:
        return self.outcome is Outcome.HELD and now_ms >= self.operation.received_at_ms + HELD_FOR_MS

    def put_off(self, now_ms: int) -> "KeptOperation":
        """Its place after a try: one that stays stuck comes less and less often, and once more when its five days are over."""
        pause_ms = min(MINUTE_MS * 2 ** min(self.tries, 10), LONGEST_PAUSE_MS)
        last_ms = self.operation.received_at_ms + HELD_FOR_MS
        try_at_ms = now_ms + pause_ms if now_ms >= last_ms else min(now_ms + pause_ms, last_ms)
        return replace(self, tries=self.tries + 1, try_at_ms=try_at_ms)

    def ruled(self, ruling: Ruling, outcome: Outcome, task_version: int | None) -> "KeptOperation":
        """Raises IllegalTransition where it is no conflict (any more)."""
        if self.outcome is not Outcome.CONFLICT:
            raise IllegalTransition(state=self.outcome.value, action=ruling.decision.value)
        return replace(self, ruling=ruling, outcome=outcome, task_version=task_version, settled_at_ms=ruling.at_ms)


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """How far a phone's clock was ahead of ours (negative: behind) when it last spoke."""

    person_id: str
    device_id: str
    skew_ms: int
    measured_at_ms: int

    @property
    def is_wrong(self) -> bool:
        return abs(self.skew_ms) > SKEW_TOLERATED_MS
