"""The same history under another catalogue: which warnings there would have been, and which not."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.evaluation import Change, Decision

Key = tuple[str, str, int]  # unit, rule, onset


@dataclass(frozen=True, slots=True)
class Supposed:
    """A warning as it would have been: its highest tier, and how long. `cleared_at_ms` None: still open at the end."""

    unit_id: str
    rule_id: str
    onset_ms: int
    opened_at_ms: int
    tier: int
    cleared_at_ms: int | None

    @property
    def key(self) -> Key:
        return self.unit_id, self.rule_id, self.onset_ms

    def lasted_ms(self, end_ms: int) -> int:
        return (end_ms if self.cleared_at_ms is None else self.cleared_at_ms) - self.opened_at_ms


@dataclass(frozen=True, slots=True)
class Comparison:
    """`dropped` only under the first catalogue, `added` only under the other; `changed` under both, but otherwise."""

    dropped: tuple[Supposed, ...]
    added: tuple[Supposed, ...]
    changed: tuple[tuple[Supposed, Supposed], ...]
    same: int


def supposed(decisions: Iterable[Decision], from_ms: int) -> tuple[Supposed, ...]:
    """The warnings that decisions since an instant come to, in order of opening."""
    found: dict[str, Supposed] = {}
    for one in decisions:
        known = found.get(one.warning_id)
        if one.change is Change.OPENED and one.at_ms >= from_ms:
            found[one.warning_id] = Supposed(one.unit_id, one.rule_id, one.onset_ms, one.at_ms, one.tier, None)
        elif known is not None and one.change in (Change.ESCALATED, Change.CLEARED):
            cleared = one.at_ms if one.change is Change.CLEARED else None
            found[one.warning_id] = Supposed(*known.key, known.opened_at_ms, one.tier, cleared)
    return tuple(sorted(found.values(), key=lambda one: (one.opened_at_ms, one.key)))


def compare(first: Iterable[Supposed], other: Iterable[Supposed]) -> Comparison:
    """Warnings are the same where unit, rule and onset are."""
    before, after = {one.key: one for one in first}, {one.key: one for one in other}
    both = [(before[key], after[key]) for key in before if key in after]
    return Comparison(
        dropped=tuple(one for key, one in before.items() if key not in after),
        added=tuple(one for key, one in after.items() if key not in before),
        changed=tuple(pair for pair in both if pair[0] != pair[1]),
        same=sum(a == b for a, b in both),
    )
