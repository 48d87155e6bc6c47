"""Which requests read a device's points.

Adjacent registers are merged. A request never spans more than the device's limit, nor a gap wider than configured, nor
a hole: registers in a gap may not exist, and one that does not makes the device refuse the whole request.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from green_shield_bridge.config.modbus import Function, ModbusPoint, ModbusSource
from green_shield_bridge.modbus.codec import FAULT, NORMAL, Field
from green_shield_bridge.modbus.request import BIT_FUNCTIONS, Decoded, Member, Request, Scale

LINK_FAULT = "B"
MAX_BITS = 2_000

__all__ = ["FAULT", "LINK_FAULT", "NORMAL", "Decoded", "Request", "plan_requests"]


@dataclass(frozen=True, slots=True)
class _Span:
    """Registers that one request must read as a whole. Without an `index` they are a scale register, and no point."""

    address: int
    words: int
    index: int | None
    point: ModbusPoint

    @property
    def end(self) -> int:
        return self.address + self.words


def plan_requests(source: ModbusSource) -> list[Request]:
    """The fewest requests, in order of function and address, that read every point of a source.

    A scale register that does not fit into the request of its points is read by one of its own before all others.
    """
    scales_first: list[Request] = []
    requests: list[Request] = []
    for function in get_args(Function):
        points = [(index, point) for index, point in enumerate(source.points) if point.function == function]
        runs = _merged(source, function, points)
        requests += [_request(source, function, run) for run in runs]
        far = [span for span in _scale_spans(source, points) if not _is_within(span, runs)]
        scales_first += [_request(source, function, run) for run in _runs(source, function, far)]
    return scales_first + requests


def _merged(source: ModbusSource, function: Function, points: Sequence[tuple[int, ModbusPoint]]) -> list[list[_Span]]:
    """Runs of the points' registers. Scale registers go along where no run gets an end or a beginning for them alone."""
    base = source.address_base
    spans = [_Span(point.register - base, point.words, index, point) for index, point in points]
    runs = _runs(source, function, spans + _scale_spans(source, points))
    return [run for run in runs if any(span.index is not None for span in run)]


def _scale_spans(source: ModbusSource, points: Iterable[tuple[int, ModbusPoint]]) -> list[_Span]:
    spans = {
        (point.scale_register, point.order): _Span(point.scale_register - source.address_base, 1, None, point)
        for _, point in points
        if point.scale_register is not None
    }
    return list(spans.values())


def _is_within(scale: _Span, runs: Iterable[Sequence[_Span]]) -> bool:
    """Whether every run with a point of this scale register reads the register, too."""
    return all(
        any(span.index is None and span.address == scale.address for span in run)
        for run in runs
        if any(span.index is not None and span.point.scale_register == scale.point.scale_register for span in run)
    )


def _runs(source: ModbusSource, function: Function, spans: Iterable[_Span]) -> list[list[_Span]]:
    limit = MAX_BITS if function in BIT_FUNCTIONS else source.max_registers
    runs: list[list[_Span]] = []
    ends: list[int] = []
    for span in sorted(spans, key=lambda s: (s.address, -1 if s.index is None else s.index)):
        if (
            runs
            and max(span.end, ends[-1]) - runs[-1][0].address <= limit
            and _is_near(source, function, ends[-1], span)
        ):
            runs[-1].append(span)
            ends[-1] = max(span.end, ends[-1])
        else:
            runs.append([span])
            ends.append(span.end)
    return runs


def _is_near(source: ModbusSource, function: Function, end: int, span: _Span) -> bool:
    """Whether what lies between may be read along."""
    if span.address <= end:
        return True
    if span.address - end > source.max_gap:
        return False
    base = source.address_base
    holes = (source.holes or ()) if function not in BIT_FUNCTIONS else ()
    return all(last - base < end or first - base >= span.address for first, last in holes)


def _request(source: ModbusSource, function: Function, run: Sequence[_Span]) -> Request:
    first, base = run[0].address, source.address_base
    count = max(span.end for span in run) - first
    members = [
        Member(
            span.index,
            Field(span.address - first, span.point.type, span.words),
            span.point,
            None if span.point.scale_register is None else (function, span.point.scale_register - base),
        )
        for span in run
        if span.index is not None
    ]
    scales = [
        Scale((function, span.address), count, span.address - first, span.point.order)
        for span in run
        if span.index is None
    ]
    return Request(function, first, count, members, scales)
