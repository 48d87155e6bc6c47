"""How the alarms of a time were: how many, how bunched, how long they stood, and how soon people answered. ISA-18.2, clause 16.

Counts are additive: those of the whole are the sums over joint groups and shifts. Each warning belongs to the shift in which it was raised.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import ceil

from chalicelib.domain.catalogue import Chattering

BIN_MS = 10 * 60_000
HOUR_MS = 3_600_000
FLOOD_OVER = 10  # alarms in ten minutes
WORST = 10
MAX_DAYS = 31
SHIFTS: Mapping[str, tuple[int, int]] = {"day": (8, 20), "night": (20, 8)}  # local hours: from, to
Group = tuple[str, str]  # region, industry


@dataclass(frozen=True, slots=True)
class Reference:
    """What a well kept alarm system does not exceed, for one operator; here, for one joint group."""

    figure: str
    at_most: float
    source: str


ISA, EEMUA = "ANSI/ISA-18.2-2016, 16 (recommended performance metrics)", "EEMUA 191, 3rd edition"
REFERENCES = (
    Reference("per_hour", 6.0, f"{ISA}; {EEMUA}: one in ten minutes on average"),
    Reference("peak_10min", 10.0, f"{ISA}; {EEMUA}: ten in the first ten minutes after an upset"),
    Reference("flood_share", 0.01, ISA),
    Reference("stale", 5.0, ISA),
    Reference("chattering", 0.0, ISA),
    Reference("worst_share", 0.05, f"{ISA}: the ten most frequent together"),
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A raised warning as the figures see it. The times to acknowledge and to close are those of the task that it opened."""

    warning_id: str
    group: Group
    unit_id: str
    rule_id: str
    raised_at_ms: int
    is_standing: bool = False
    was_shelved: bool = False
    was_suppressed: bool = False
    acknowledged_after_ms: int | None = None
    closed_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Which time is asked about, and what is now."""

    from_ms: int
    to_ms: int
    now_ms: int
    zone: tzinfo
    chattering: Chattering
    stale_after_ms: int


@dataclass(frozen=True, slots=True)
class Percentiles:
    p50_s: float
    p90_s: float


@dataclass(frozen=True, slots=True)
class BadActor:
    unit_id: str
    rule_id: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """`flood_share` and `worst_share` are parts of 1. `standing` and `stale` are of now, whenever they were raised. `chattering`
    are the warnings that opened while their rule chattered. Rates are None where there is no time or nobody to share it."""

    hours: float
    raised: int
    per_hour: float | None
    per_inspector_day: float | None
    peak_10min: int
    peak_at_ms: int | None
    flood_share: float
    standing: int
    stale: int
    chattering: int
    shelved: int
    suppressed: int
    acknowledge: Percentiles | None
    close: Percentiles | None
    worst: tuple[BadActor, ...]
    worst_share: float


@dataclass(frozen=True, slots=True)
class GroupFigures:
    region: str
    industry: str
    shift: str
    inspectors: int
    figures: Figures


def alarm_kpis(
    alarms: Sequence[Alarm], span: Span, inspectors: Mapping[Group, int]
) -> tuple[Figures, tuple[GroupFigures, ...]]:
    """The whole, and each joint group of `inspectors` (with how many they are) in each shift.

    `alarms` are those raised in the span and those that stand now, each once.
    """
    chattering = chattering_of(alarms, span.chattering)
    bins = _bins(span)
    by_part: dict[tuple[Group, str], list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        by_part[alarm.group, shift_of(alarm.raised_at_ms, span.zone)].append(alarm)
    parts = tuple(
        GroupFigures(*group, shift, people, _figures(by_part[group, shift], bins[shift], span, chattering, people))
        for group, people in sorted(inspectors.items())
        for shift in SHIFTS
    )
    everywhere = {start: ms for shift in SHIFTS for start, ms in bins[shift].items()}
    known = [alarm for alarm in alarms if alarm.group in inspectors]
    return _figures(known, everywhere, span, chattering, sum(inspectors.values())), parts


def shift_of(at_ms: int, zone: tzinfo) -> str:
    hour = datetime.fromtimestamp(at_ms / 1000, zone).hour
    day_from, day_to = SHIFTS["day"]
    return "day" if day_from <= hour < day_to else "night"


def chattering_of(alarms: Iterable[Alarm], chattering: Chattering) -> frozenset[str]:
    """Ids of the warnings that opened while their rule chattered: the count-th within the window, and those after."""
    by_actor: dict[tuple[str, str], list[Alarm]] = defaultdict(list)
    for alarm in sorted(alarms, key=lambda one: (one.raised_at_ms, one.warning_id)):
        by_actor[alarm.unit_id, alarm.rule_id].append(alarm)
    reach = chattering.count - 1
    return frozenset(
        later.warning_id
        for known in by_actor.values()
        for earlier, later in zip(known, known[reach:], strict=False)
        if later.raised_at_ms - earlier.raised_at_ms < chattering.window_ms
    )


def _bins(span: Span) -> dict[str, dict[int, int]]:
    """By shift: each ten minutes that the span touches, by their start, and how much of them is in it."""
    found: dict[str, dict[int, int]] = {shift: {} for shift in SHIFTS}
    for start in range(span.from_ms // BIN_MS * BIN_MS, span.to_ms, BIN_MS):
        inside = min(start + BIN_MS, span.to_ms) - max(start, span.from_ms)
        found[shift_of(start, span.zone)][start] = inside
    return found


def _figures(
    alarms: Sequence[Alarm], bins: Mapping[int, int], span: Span, chattering: frozenset[str], inspectors: int
) -> Figures:
    raised = [one for one in alarms if span.from_ms <= one.raised_at_ms < span.to_ms]
    standing = [one for one in alarms if one.is_standing]
    per_bin = Counter(one.raised_at_ms // BIN_MS * BIN_MS for one in raised)
    peak_at = min(per_bin, key=lambda start: (-per_bin[start], start), default=None)
    hours = sum(bins.values()) / HOUR_MS
    worst = _worst(raised)
    return Figures(
        hours=hours,
        raised=len(raised),
        per_hour=len(raised) / hours if hours else None,
        per_inspector_day=len(raised) / inspectors / (hours / 24) if hours and inspectors else None,
        peak_10min=0 if peak_at is None else per_bin[peak_at],
        peak_at_ms=peak_at,
        flood_share=sum(count > FLOOD_OVER for count in per_bin.values()) / len(bins) if bins else 0.0,
        standing=len(standing),
        stale=sum(span.now_ms - one.raised_at_ms > span.stale_after_ms for one in standing),
        chattering=sum(one.warning_id in chattering for one in raised),
        shelved=sum(one.was_shelved for one in raised),
        suppressed=sum(one.was_suppressed for one in raised),
        acknowledge=_percentiles(one.acknowledged_after_ms for one in raised),
        close=_percentiles(one.closed_after_ms for one in raised),
        worst=worst,
        worst_share=sum(one.share for one in worst),
    )


def _worst(raised: Sequence[Alarm]) -> tuple[BadActor, ...]:
    counts = Counter((one.unit_id, one.rule_id) for one in raised)
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:WORST]
    return tuple(BadActor(*actor, count, count / len(raised)) for actor, count in ranked)


def _percentiles(durations: Iterable[int | None]) -> Percentiles | None:
    """By nearest rank."""
    known = sorted(one for one in durations if one is not None)
    if not known:
        return None
    return Percentiles(*(known[ceil(part * len(known)) - 1] / 1000 for part in (0.5, 0.9)))
