"""What became of every answer. Pure: the devices' logs and the park's rows in, an account out.

Each answer that is not at the park needs a reason, looked for in this order: a kill so shortly after it that it was not committed, a stop that cut it
off, a device given up with a B at the park, a gap of the ledger. What has none is lost.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Literal

STEP = 64
# Between a device's answer and the time the bridge puts under it, and back: for a gap of the ledger, which speaks in the bridge's times.
STAMP_SLACK_MS = 1_000
# A stop cuts off what is under way, one answer of each device, which may have been sent a moment before.
STOP_SLACK_S = 1.0
# No process asks anything this soon after it was begun, so an answer within it was asked for by the one before.
FIRST_ASKED_S = 0.25


@dataclass(frozen=True, slots=True)
class Answer:
    """The `number`-th answer of a device, which carried a point."""

    number: int
    at_s: float
    at_ms: int


@dataclass(frozen=True, slots=True)
class Row:
    """One value of one point as the park has it; `number` None: it has a flag and no value."""

    time_ms: int
    number: int | None
    flag: str


@dataclass(frozen=True, slots=True)
class End:
    """A bridge process that began at `began_s` ended: asked at `asked_s`, gone at `gone_s` (monotonic)."""

    kind: Literal["kill", "stop"]
    asked_s: float
    gone_s: float
    began_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Gap:
    """One entry of the ledger that readings are missing by."""

    reason: str
    from_ms: int
    to_ms: int
    readings: int
    points: frozenset[str] | None = None

    def covers(self, point: str, at_ms: int) -> bool:
        is_in_time = self.from_ms - STAMP_SLACK_MS <= at_ms <= self.to_ms + STAMP_SLACK_MS
        return is_in_time and (self.points is None or point in self.points)


@dataclass(frozen=True, slots=True)
class Account:
    """Readings. `unstored_s_max`: how long before its kill the oldest unstored answer was given."""

    answered: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    unstored_at_kill: int = 0
    unstored_s_max: float = 0.0
    cut_at_stop: int = 0
    given_up: int = 0
    in_ledger: int = 0
    lost_examples: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reckoning:
    ends: Sequence[End]
    gaps: Sequence[Gap]
    commit_s: float
    counts: Counter[str] = field(default_factory=Counter)
    unstored_s_max: float = 0.0
    examples: list[str] = field(default_factory=list)

    def point(self, point: str, answers: Sequence[Answer], rows: Sequence[Row]) -> None:
        seen = Counter(row.number for row in rows if row.number is not None)
        known = {answer.number for answer in answers}
        self.counts["stored"] += sum(seen.values())
        self.counts["answered"] += len(answers)
        self.counts["twice"] += sum(n - 1 for n in seen.values())
        self.counts["wrong"] += sum(n for number, n in seen.items() if number not in known)
        missing = [answer for answer in answers if answer.number not in seen]
        if missing:
            self._explain(point, answers, missing, rows)

    def _explain(self, point: str, answers: Sequence[Answer], missing: Sequence[Answer], rows: Sequence[Row]) -> None:
        reasons = dict.fromkeys((answer.number for answer in missing), "lost")
        reasons |= {a.number: "in_ledger" for a in missing if any(gap.covers(point, a.at_ms) for gap in self.gaps)}
        reasons |= dict.fromkeys(_given_up(missing, rows), "given_up")
        bounds_s = [*(end.began_s + FIRST_ASKED_S for end in self.ends[1:]), inf]
        from_s = -inf
        for end, until_s in zip(self.ends, bounds_s, strict=False):
            reasons |= self._ended(end, [a for a in answers if from_s <= a.at_s < until_s], reasons)
            from_s = until_s
        self.counts.update(reasons.values())
        lost = [a for a in missing if reasons[a.number] == "lost"]
        self.examples += [f"{point}: answer {a.number} at {a.at_s:.3f} s, {a.at_ms} ms" for a in lost[:3]]

    def _ended(self, end: End, answers: Sequence[Answer], missing: Mapping[int, str]) -> dict[int, str]:
        """The last answers of a process, if nothing later was stored and they are young enough.

        One may be given when it is gone already: it was asked for before, and nobody was there to hear it.
        """
        cut: dict[int, str] = {}
        before = late = 0
        slack_s = self.commit_s if end.kind == "kill" else STOP_SLACK_S
        for answer in reversed(answers):
            late += answer.at_s > end.gone_s
            is_young = answer.at_s >= end.asked_s - slack_s
            is_one_too_many = end.kind == "stop" and before == 1 and answer.at_s < end.asked_s
            if answer.number not in missing or not is_young or is_one_too_many or late > 1:
                break
            cut[answer.number] = "unstored_at_kill" if end.kind == "kill" else "cut_at_stop"
            before += answer.at_s < end.asked_s
            if end.kind == "kill":
                self.unstored_s_max = max(self.unstored_s_max, end.asked_s - answer.at_s)
        return cut


def reckon(
    answered: Mapping[str, Sequence[Answer]],
    rows: Mapping[str, Sequence[Row]],
    *,
    ends: Sequence[End] = (),
    gaps: Sequence[Gap] = (),
    commit_s: float,
) -> Account:
    """Hold what the devices answered against what the park has. `commit_s`: how long an answer may be without being on disk."""
    reckoning = _Reckoning(ends, gaps, commit_s)
    for point in answered.keys() | rows.keys():
        reckoning.point(point, answered.get(point, ()), rows.get(point, ()))
    counts = {name: reckoning.counts[name] for name in _COUNTED}
    return Account(
        **counts, unstored_s_max=round(reckoning.unstored_s_max, 3), lost_examples=tuple(reckoning.examples[:20])
    )


_COUNTED = ("answered", "stored", "lost", "twice", "wrong", "unstored_at_kill", "cut_at_stop", "given_up", "in_ledger")


def _given_up(missing: Iterable[Answer], rows: Sequence[Row]) -> set[int]:
    """Single answers between two stored ones (or none) where the park has a B: they came too late for the bridge, which says so."""
    alone = {a.number for a in missing}
    alone = {n for n in alone if n - 1 not in alone and n + 1 not in alone}
    if not alone:
        return set()
    found, before = set(), 0
    for row in sorted(rows, key=lambda row: row.time_ms):
        if row.number is not None:
            before = row.number
        elif row.flag == "B" and before + 1 in alone:
            found.add(before + 1)
    return found
