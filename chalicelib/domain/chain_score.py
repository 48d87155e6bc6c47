"""The chain's part of a score: partners share part of each other's month, within a bound.

What is shared is a partner's result WITHOUT the chain's part, so nothing circulates, and nobody's points depend on their own result. A link
counts alike for both of its ends. Links between the same two add up to one partnership of strength 1 at most.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum

from chalicelib.domain.catalogue import ChainShare, ScorePolicy
from chalicelib.domain.chain import Link
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.objection import Objection, ObjectionState
from chalicelib.domain.score import Cause, ScoreEntry, total

KEY = Cause.CHAIN.value  # of the one entry of an enterprise and month


@dataclass(frozen=True, slots=True)
class Tie:
    """A link as it counts for scores: which two enterprises it joins, and how strongly (0..1)."""

    link_id: str
    ends: tuple[str, str]
    strength: float

    def partner_of(self, enterprise_id: str) -> str:
        return self.ends[1] if self.ends[0] == enterprise_id else self.ends[0]


@dataclass(frozen=True, slots=True)
class Partner:
    """What comes of one partner: `points` before the bound on all of them together."""

    enterprise_id: str
    links: tuple[str, ...]
    strength: float
    result: float
    points: float


@dataclass(frozen=True, slots=True)
class ChainPoints:
    """`points` are the sum of the partners', within the policy's bound."""

    enterprise_id: str
    points: float
    partners: tuple[Partner, ...]


@dataclass(frozen=True, slots=True)
class ChainMonth:
    """What a month's sharing was worked out from, as it was at `at_ms`: the ties, each enterprise's result, and by which policy."""

    month: str
    at_ms: int
    catalogue_version: str
    share: ChainShare
    ties: tuple[Tie, ...]
    results: Mapping[str, float]


def tie_of(link: Link) -> Tie:
    return Tie(link.id, (link.giver.enterprise_id, link.receiver.enterprise_id), link.passes_on)


def ties_of(links: Iterable[Link]) -> tuple[Tie, ...]:
    """By id, each once: an enterprise's links come once with either partner."""
    known = {link.id: tie_of(link) for link in links if link.giver.enterprise_id != link.receiver.enterprise_id}
    return tuple(known[one] for one in sorted(known))


def chain_points(results: Mapping[str, float], ties: Iterable[Tie], share: ChainShare) -> Mapping[str, ChainPoints]:
    """By enterprise that has a tie, what its partners share with it. A partner without a result shares nothing."""
    by_pair: dict[str, dict[str, list[Tie]]] = {}
    for tie in ties:
        for one, other in (tie.ends, tie.ends[::-1]):
            if one != other:
                by_pair.setdefault(one, {}).setdefault(other, []).append(tie)
    return {
        one: _points(one, [_partner(other, own[other], results[other], share) for other in own if other in results], share)
        for one, own in sorted(by_pair.items())
    }  # fmt: skip


def _points(enterprise_id: str, partners: Iterable[Partner], share: ChainShare) -> ChainPoints:
    listed = tuple(sorted(partners, key=lambda one: one.enterprise_id))
    points = fsum(one.points for one in listed)
    return ChainPoints(enterprise_id, round(min(max(points, -share.most), share.most), 2) + 0.0, listed)


def _partner(enterprise_id: str, ties: Iterable[Tie], result: float, share: ChainShare) -> Partner:
    own = sorted(ties, key=lambda one: one.link_id)
    strength = min(fsum(one.strength for one in own), 1.0)
    points = round(share.share_of * strength * (result - share.mark), 4) + 0.0
    return Partner(enterprise_id, tuple(one.link_id for one in own), round(strength, 6), result, points)


def result_before(
    enterprise_id: str,
    month: str,
    policy: ScorePolicy,
    weights: Mapping[Dimension, float],
    entries: Iterable[ScoreEntry],
    objections: Iterable[Objection],
    at_ms: int,
) -> float:
    """An enterprise's own month, as it stood at an instant, without the chain's part: corrections and objections that came after it
    are left out."""
    frozen = frozenset(one.entry_key for one in objections if _is_open_at(one, at_ms))
    own = [one for one in entries if _is_own(one) and (one.cause is not Cause.CORRECTION or one.at_ms <= at_ms)]
    return total(enterprise_id, month, policy, weights, own, frozen).value


def _is_own(entry: ScoreEntry) -> bool:
    return KEY not in (entry.key, entry.corrects)


def _is_open_at(objection: Objection, at_ms: int) -> bool:
    if objection.at_ms > at_ms:
        return False
    return objection.state is ObjectionState.OPEN or (objection.decided_at_ms or 0) > at_ms


def chain_entries(month: ChainMonth) -> tuple[ScoreEntry, ...]:
    """One entry for each enterprise that its partners' month is worth any points to. It counts for every part of its score."""
    found = chain_points(month.results, month.ties, month.share)
    return tuple(
        ScoreEntry(one.enterprise_id, month.month, KEY, Cause.CHAIN, one.points, "", month.at_ms, month.catalogue_version)
        for one in found.values()
        if one.points and one.enterprise_id in month.results
    )  # fmt: skip
