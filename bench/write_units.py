"""ingest.write_units_per_100_readings and _1000_: what DynamoDB charges to store and judge an upload.

Real uploads go through ingest_readings and evaluate_coupling into the repositories; the sizes of the items that come out are
DynamoDB's own (attribute names and values, 1 KB a unit, rounded up; in a transaction double). Counted: block and state. The
plant has run long enough for baselines to be learnt, and it is calm: no warning opens. The figure is the dearest upload of the
dearest shape, and to it is added the share of a checkpoint (one every ten minutes of event time) that falls to one upload. The floor is one item of the packed readings and nothing else.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from struct import pack as pack_bytes
from struct import unpack as unpack_bytes
from typing import Any

from bench import plant
from bench.figure import Figure
from chalicelib.adapters.block_repo import RowBlockRepo
from chalicelib.adapters.catalogue_repo import RowCatalogueRepo
from chalicelib.adapters.dynamo.rows import item_of
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.operations_repos import CHECKPOINT_PREFIX, RowObservationRepo, RowStateRepo, RowWarningRepo
from chalicelib.adapters.registry_repo import RowRegistryRepo
from chalicelib.adapters.rows import Delete, Put
from chalicelib.domain.block import pack
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.live_unit import CHECKPOINT_MS
from chalicelib.domain.reading import Series
from chalicelib.usecases.evaluate_coupling import evaluate_coupling
from chalicelib.usecases.ingest_readings import Upload, ingest_readings

UNIT_BYTES = 1024
WARM_UP = 40  # uploads before the ones that count
COUNTED = 5
TARGETS = {100: 5.0, 1000: 12.0}


@dataclass(frozen=True, slots=True)
class Shape:
    """`floats`: as 32-bit registers give them, with no decimal form; else decimals as instruments show them."""

    points: int
    each: int
    floats: bool = False

    def __str__(self) -> str:
        return f"{self.points} points x {self.each}{' 32-bit floats' if self.floats else ''}"


SHAPES = {
    100: (Shape(5, 20), Shape(10, 10), Shape(20, 5), Shape(100, 1), Shape(10, 10, floats=True)),
    1000: (Shape(10, 100), Shape(20, 50), Shape(100, 10), Shape(20, 50, floats=True)),
}


def figures() -> list[Figure]:
    return [_figure(readings) for readings in SHAPES]


def _figure(readings: int) -> Figure:
    measured = {shape: _measure(shape) for shape in SHAPES[readings]}
    dearest = max(measured, key=lambda shape: measured[shape][0])
    units, floor = measured[dearest]
    every = "; ".join(f"{shape}: {cost:.3g}" for shape, (cost, _) in measured.items())
    return Figure(f"ingest.write_units_per_{readings}_readings", units, "WU", floor, TARGETS[readings], note=every)


def _measure(shape: Shape) -> tuple[float, int]:
    """(write units of the dearest upload with its share of a checkpoint, units of its packed readings alone)."""
    known = plant.profile(shape.points)
    clock, meter = _Clock(), _Meter()
    readings, operations, registry = _MeteredRows(meter), _MeteredRows(meter), MemoryRows()
    profiles = RowRegistryRepo(registry, clock)
    _register(known, profiles)
    ports: dict[str, Any] = {
        "registry": profiles,
        "catalogues": RowCatalogueRepo(registry, clock),
        "states": RowStateRepo(operations),
    }
    blocks, bridge = RowBlockRepo(readings), plant.bridge("")
    costs: list[tuple[int, int]] = []
    for n, series in enumerate(_uploads(known, shape)):
        clock.ms = max(one.times_ms[-1] for one in series) + 1000
        meter.units = 0
        upload = Upload(str(plant.uuid7(clock.ms)), _wire(series), f"c{n:035d}")
        receipt = ingest_readings(upload, bridge, blocks=blocks, clock=clock, **ports)
        (block,) = (b for b in blocks.between("acme", clock.ms - 1000, clock.ms) if b.id == receipt.block_id)
        written = {"warnings": RowWarningRepo(operations), "observations": RowObservationRepo(operations)}
        evaluate_coupling(block, blocks=blocks, **written, **ports)
        costs.append((meter.units, units_of(len(pack(series)))))
    dearest, floor = max(costs[WARM_UP:])
    return dearest + meter.checkpoint_units / meter.checkpoints * shape.each * plant.STEP_MS / CHECKPOINT_MS, floor


def _uploads(known: Profile, shape: Shape) -> Iterator[Sequence[Series]]:
    for n in range(WARM_UP + COUNTED):
        start_ms = plant.START_MS + n * shape.each * plant.STEP_MS
        series = plant.readings(known, shape.each, start_ms=start_ms, seed=n)
        yield [_as_registers(one) for one in series] if shape.floats else series


def _as_registers(one: Series) -> Series:
    jitter = [value * 1.0001 + 1e-4 for value in one.values]
    return replace(one, values=list(unpack_bytes(f"<{len(one)}f", pack_bytes(f"<{len(one)}f", *jitter))))


def _wire(series: Sequence[Series]) -> list[dict[str, Any]]:
    plain = [{"point": s.point_id, "times": list(s.times_ms), "values": list(s.values)} for s in series]
    wire: list[dict[str, Any]] = json.loads(json.dumps(plain))
    return wire


def _register(known: Profile, registry: RowRegistryRepo) -> None:
    registry.put_enterprise(known.enterprise)
    for unit in known.units:
        registry.put_unit(unit)
    for point in known.points:
        registry.put_point(point)


class _Clock:
    ms = plant.START_MS

    def now_ms(self) -> int:
        return self.ms


class _Meter:
    units = 0
    checkpoints = 0
    checkpoint_units = 0


class _MeteredRows(MemoryRows):
    """Counts what DynamoDB would charge for each write."""

    def __init__(self, meter: _Meter) -> None:
        super().__init__()
        self._meter = meter

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        super().commit(writes)
        each = 2 if len(writes) > 1 else 1
        for put in [write for write in writes if isinstance(write, Put)]:
            units = each * units_of(item_bytes(item_of(put.row)))
            if put.row.sk.startswith(CHECKPOINT_PREFIX):
                self._meter.checkpoints += 1
                self._meter.checkpoint_units += units
            else:
                self._meter.units += units


def units_of(size_bytes: int) -> int:
    return -(-size_bytes // UNIT_BYTES)


def item_bytes(item: dict[str, dict[str, Any]]) -> int:
    """DynamoDB's size of an item: names and strings in UTF-8, bytes as they are, a number about half its digits and one."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "N":
        digits = content.lstrip("-").replace(".", "").strip("0")
        return -(-len(digits) // 2) + 1 + int(content.startswith("-"))
    return len(content) if isinstance(content, bytes) else len(content.encode())
