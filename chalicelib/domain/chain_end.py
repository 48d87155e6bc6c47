"""When an alert of the chain is over: what the giver's unit gives is back within its receivers' limits, and stays there.

Worked out anew from stored readings each time, so that whatever came late by then is taken in. Silence is no all-clear, nor is a reading
that its source marks invalid: a point that was over must be seen to be calm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.catalogue import Catalogue, ChainPolicy
from chalicelib.domain.chain import Link
from chalicelib.domain.chain_alert import LATE_MS, ChainAlert, Giving
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.ucum import converted, convertible_to


@dataclass(frozen=True, slots=True)
class Bound:
    """What a point of the giver's may read, in its indicator's unit. `was_over`: it is one that the alert is about."""

    upper: float
    plausible: tuple[float, float]
    was_over: bool


def bounds_of(
    alerts: Iterable[ChainAlert], links: Iterable[Link], profile: Profile, catalogue: Catalogue
) -> Mapping[str, Bound]:
    """By point, the strictest limit of the links that were crossed, as these now are; of one that was taken away, as it was."""
    found: dict[str, Bound] = {}
    known = {one.id: one for one in links}
    for alert in alerts:
        for crossing in alert.crossings:
            for excess in crossing.excesses:
                indicator = catalogue.indicators.get(excess.indicator)
                upper = excess.upper
                for point_id, limit in _limits(known.get(excess.link_id), profile, catalogue):
                    upper = limit if point_id == excess.point_id else upper
                    _add(found, point_id, Bound(limit, _plausible(point_id, profile, catalogue), False))
                if indicator is not None:
                    _add(found, excess.point_id, Bound(upper, indicator.plausible, True))
    return found


def _limits(link: Link | None, profile: Profile, catalogue: Catalogue) -> Iterable[tuple[str, float]]:
    """Of the points that measure what the link carries."""
    for carried in () if link is None else link.carries:
        indicator = catalogue.indicators.get(carried.indicator)
        if link is not None and indicator is not None and carried.unit in convertible_to(indicator.unit):
            for point in profile.points_of(link.giver.unit_id):
                if point.indicator == carried.indicator:
                    yield point.id, converted(carried.upper, carried.unit, indicator.unit)


def _plausible(point_id: str, profile: Profile, catalogue: Catalogue) -> tuple[float, float]:
    return catalogue.indicators[profile.points_by_id[point_id].indicator].plausible


def _add(found: dict[str, Bound], point_id: str, new: Bound) -> None:
    known = found.get(point_id, new)
    found[point_id] = replace(new, upper=min(known.upper, new.upper), was_over=known.was_over or new.was_over)


def look_back_ms(policy: ChainPolicy) -> int:
    """How far back readings are needed: the hold, and as much more as the newest of them may be old."""
    return policy.hold_ms + 2 * LATE_MS


def calm_since(
    bounds: Mapping[str, Bound], series: Sequence[Series], policy: ChainPolicy, now_ms: int
) -> int | None:  # fmt: skip
    """Since when all points are calm, for long enough and until lately; None: they are not, or it cannot be told."""
    since: int | None = None
    for point_id, bound in bounds.items():
        rows = _rows([one for one in series if one.point_id == point_id], bound)
        edge = bound.upper - policy.hysteresis * abs(bound.upper)
        last_hot_ms = max((at_ms for at_ms, value in rows.items() if value > edge), default=None)
        if last_hot_ms is None and not bound.was_over:
            continue
        calm = sorted(at_ms for at_ms in rows if last_hot_ms is None or at_ms > last_hot_ms)
        if len(calm) < policy.off_delay or calm[-1] - calm[0] < policy.hold_ms or calm[-1] < now_ms - LATE_MS:
            return None
        since = max(since or 0, calm[0])
    return since


def _rows(series: Iterable[Series], bound: Bound) -> Mapping[int, float]:
    """Valid readings by instant; of two of one instant the one that came first."""
    found: dict[int, float] = {}
    low, high = bound.plausible
    for one in series:
        for at_ms, value, flag in zip(one.times_ms, one.values, one.flags, strict=True):
            if flag == NORMAL and low <= value <= high:
                found.setdefault(at_ms, value)
    return found


def is_going_on(giving: Giving, alert_id: str, policy: ChainPolicy, now_ms: int) -> bool:
    """Whether its last excess is too near for anything to be calm: no need to read."""
    return any(one.alert_id == alert_id and one.last_ms > now_ms - policy.hold_ms for one in giving.episodes)


def ended(giving: Giving, alert_id: str, calm_ms: int) -> Giving:
    """What is remembered once an alert is over: what is over from then on is another alert, however soon it comes."""
    return Giving(
        tuple(replace(one, calm_ms=calm_ms) if one.alert_id == alert_id else one for one in giving.episodes)
    )  # fmt: skip
