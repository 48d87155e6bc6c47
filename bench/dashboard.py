"""dashboard.*: what a page of the dashboard costs to read, and a change to count, at a park of 2,000 enterprises in one joint group.

A call is one to DynamoDB (its batches take 100 keys, a page has at most 92). The floor of reading is one call; the floor of counting is one
item of the smallest size, written by itself. Signing in, which every route has, is counted in neither.
"""

from collections.abc import Sequence

from bench.figure import Figure
from bench.write_units import item_bytes, units_of
from chalicelib.adapters.dynamo.rows import item_of
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Delete, Put
from chalicelib.usecases.count_thing import count_thing
from chalicelib.usecases.read_dashboard import DashboardQuery
from tests.counted_park import CountedPark, CountingRows, park_of, picture

FEW, MANY = 11, 2_000
MAX_CALLS, MAX_WRITE_UNITS = 3, 40
PAGE = DashboardQuery(region="east", industry="hydrogen")


def figures() -> list[Figure]:
    few, many = _reads(FEW), _reads(MANY)
    if few != many:
        raise RuntimeError(f"{few} calls and items at {FEW} enterprises, {many} at {MANY}")
    units = _write_units()
    note = f"{many[1]} items; the same at {FEW} enterprises and at {MANY}"
    return [
        Figure("dashboard.calls", many[0], "calls", 1, MAX_CALLS, note=note),
        Figure(
            "dashboard.write_units_per_change", units, "WU", 1, MAX_WRITE_UNITS, note="of a task: the median of 200"
        ),
    ]


def _reads(enterprises: int) -> tuple[int, int]:
    park = park_of(enterprises)
    assert isinstance(park.rows, CountingRows)
    park.rows.calls = park.rows.items = 0
    picture(park, PAGE)
    return park.rows.calls, park.rows.items


class _MeteredRows(MemoryRows):
    """Keeps what DynamoDB would charge for the last commit."""

    units = 0

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        super().commit(writes)
        self.units = 2 * sum(units_of(item_bytes(item_of(one.row))) for one in writes if isinstance(one, Put))


def _write_units() -> float:
    rows = _MeteredRows()
    park, taken = CountedPark(rows, enterprises=12, units=2), list[int]()
    for number in range(400):
        touched = park.opens_task() if number < 200 else park.changes_task()
        park.clock.ms += 60_000
        if touched is not None and count_thing(touched, dashboard_desk=park.desk) and number >= 200:
            taken.append(rows.units)
    return sorted(taken)[len(taken) // 2]
