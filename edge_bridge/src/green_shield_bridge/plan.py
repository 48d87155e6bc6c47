"""Which requests read a device's points, and how its points are taken out of each answer.

Adjacent registers are merged. A request never spans more than the device's limit, nor a gap wider than configured:
registers in a gap may not exist, and one that does not makes the device refuse the whole request.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from green_shield_bridge.codec import Convert, Raw, Unpacker, converter, words_of, words_to_bytes
from green_shield_bridge.config.model import ModbusPoint, ModbusTcpSource

Function = Literal["holding", "input", "coil", "discrete"]
NORMAL, FAULT, LINK_FAULT = "N", "D", "B"
BIT_FUNCTIONS = ("coil", "discrete")
MAX_BITS = 2_000

# (index of the point in its source, first register or bit within the request, point)
Member = tuple[int, int, ModbusPoint]
Take = Callable[[Sequence[int]], Sequence[Raw]]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Values of one answer, in the request's order of points; None goes with a flag other than N."""

    values: list[float | None]
    flags: str


class Request:
    """One read of adjacent registers or bits. `points` are indices into the source's list of points."""

    __slots__ = ("_converters", "_take", "address", "count", "function", "points")

    def __init__(self, function: Function, address: int, count: int, members: Sequence[Member]) -> None:
        self.function = function
        self.address = address
        self.count = count
        groups = _groups(members)
        ordered = [member for group in groups for member in group]
        self.points = [index for index, _, _ in ordered]
        self._converters: list[Convert] = [converter(p.type, p.scale, p.offset, p.invalid) for _, _, p in ordered]
        self._take = _bit_taker(ordered) if function in BIT_FUNCTIONS else _register_taker(count, groups)

    def decode(self, answer: Sequence[int]) -> Decoded:
        """Registers or bits of the answer to values. Raises ValueError when the answer has another length than asked.

        An answer of bits is padded to whole bytes, so it may be up to seven longer.
        """
        spare = len(answer) - self.count
        if not 0 <= spare <= (7 if self.function in BIT_FUNCTIONS else 0):
            raise ValueError(f"asked for {self.count}, got {len(answer)}")
        values = [convert(raw) for convert, raw in zip(self._converters, self._take(answer), strict=True)]
        if None not in values:
            return Decoded(values, NORMAL * len(values))
        return Decoded(values, "".join(FAULT if value is None else NORMAL for value in values))


def _bit_taker(members: Sequence[Member]) -> Take:
    offsets = [at for _, at, _ in members]
    return lambda bits: [bits[at] for at in offsets]


def _register_taker(count: int, groups: Sequence[Sequence[Member]]) -> Take:
    unpackers = [Unpacker(count, group[0][2].order, [(at, p.type) for _, at, p in group]) for group in groups]

    def take(registers: Sequence[int]) -> list[Raw]:
        as_sent, swapped = words_to_bytes(registers)
        return [raw for unpack in unpackers for raw in unpack(as_sent, swapped)]

    return take


@dataclass(frozen=True, slots=True)
class _Span:
    index: int
    address: int
    point: ModbusPoint

    @property
    def end(self) -> int:
        return self.address + words_of(self.point.type)


def plan_requests(source: ModbusTcpSource) -> list[Request]:
    """The fewest requests, in order of function and address, that read every point of a source."""
    requests: list[Request] = []
    for function in get_args(Function):
        spans = [
            _Span(index, point.register_ - source.address_base, point)
            for index, point in enumerate(source.points)
            if point.function == function
        ]
        limit = MAX_BITS if function in BIT_FUNCTIONS else source.max_registers
        requests += [_request(function, run) for run in _runs(spans, limit, source.max_gap)]
    return requests


def _runs(spans: Iterable[_Span], limit: int, max_gap: int) -> list[list[_Span]]:
    runs: list[list[_Span]] = []
    for span in sorted(spans, key=lambda s: (s.address, s.index)):
        if runs and span.address - runs[-1][-1].end <= max_gap and span.end - runs[-1][0].address <= limit:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _request(function: Function, run: list[_Span]) -> Request:
    first = run[0].address
    return Request(function, first, run[-1].end - first, [(s.index, s.address - first, s.point) for s in run])


def _groups(members: Sequence[Member]) -> list[list[Member]]:
    """Members by byte order, in passes in which no two overlap (two points may read the very same register)."""
    passes: list[list[Member]] = []
    for member in members:
        _, at, point = member
        fitting = (p for p in passes if p[-1][2].order == point.order and at >= p[-1][1] + words_of(p[-1][2].type))
        found = next(fitting, None)
        if found is None:
            passes.append([member])
        else:
            found.append(member)
    return passes
