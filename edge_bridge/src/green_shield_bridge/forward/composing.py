"""Values of points to the CP of live, minute and hour data. Pure: times and values are arguments."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from green_shield_bridge.hj212.flags import FAULT, NORMAL
from green_shield_bridge.hj212.times import format_time

# The standard's limit of a data segment is 1024 bytes; the head takes up to 200 of them.
MAX_CP_BYTES = 800
SECONDS_OF = {"s": 1, "min": 60, "h": 3_600}


@dataclass(frozen=True, slots=True)
class Outlet:
    """How a point is shown to the platform. `rate_s`: the value is a flow per so many seconds, None where it is no flow."""

    factor: str
    scale: float = 1.0
    offset: float = 0.0
    digits: int = 3
    rate_s: int | None = None

    def shown(self, value: float) -> str:
        return plain(value * self.scale + self.offset, self.digits)


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one outlet."""

    outlet: Outlet
    value: float | None
    flag: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The valid values of one outlet within a span; `flag` is theirs, or what came instead where `count` is 0."""

    outlet: Outlet
    count: int
    mean: float
    least: float
    most: float
    flag: str


def live_items(samples: Iterable[Sample]) -> list[str]:
    """A value that is not there is not made up: then only its flag is said."""
    items = []
    for sample in samples:
        factor, flag = sample.outlet.factor, sample.flag
        if sample.value is None or not math.isfinite(sample.value):
            items.append(f"{factor}-Flag={FAULT if flag == NORMAL else flag}")
        else:
            items.append(f"{factor}-Rtd={sample.outlet.shown(sample.value)},{factor}-Flag={flag}")
    return items


def summary_items(summaries: Iterable[Summary], span_s: int) -> list[str]:
    """Least, mean and most, and what has flowed in the span where the outlet is a flow."""
    items = []
    for one in summaries:
        outlet, factor = one.outlet, one.outlet.factor
        if not one.count:
            items.append(f"{factor}-Flag={FAULT if one.flag == NORMAL else one.flag}")
            continue
        # A negative scale turns least and most round.
        ends = sorted((one.least * outlet.scale + outlet.offset, one.most * outlet.scale + outlet.offset))
        fields = [
            f"{factor}-Min={plain(ends[0], outlet.digits)}",
            f"{factor}-Avg={outlet.shown(one.mean)}",
            f"{factor}-Max={plain(ends[1], outlet.digits)}",
        ]
        if outlet.rate_s is not None:
            flowed = (one.mean * outlet.scale + outlet.offset) * span_s / outlet.rate_s
            fields.insert(0, f"{factor}-Cou={plain(flowed, outlet.digits)}")
        items.append(",".join([*fields, f"{factor}-Flag={NORMAL}"]))
    return items


def cp_texts(time_ms: int, items: Sequence[str], max_bytes: int = MAX_CP_BYTES) -> list[str]:
    """One CP, or several of the same DataTime where one packet cannot hold all items."""
    head = f"DataTime={format_time(time_ms)}"
    texts: list[str] = []
    for item in items:
        if texts and len(texts[-1]) + 1 + len(item) <= max_bytes:
            texts[-1] += f";{item}"
        else:
            texts.append(f"{head};{item}")
    return texts


def plain(value: float, digits: int) -> str:
    """A number without exponent and without idle zeros."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
