"""The use case around evaluation: what is committed, how often, and in how many parts."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.block_repo import RowBlockRepo
from chalicelib.adapters.catalogue import shipped
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.operations_repos import EVENT_PREFIX, RowObservationRepo, RowStateRepo, RowWarningRepo
from chalicelib.domain.block import Block, pack
from chalicelib.domain.enterprise import Point, Profile, Unit
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.reading import Series
from chalicelib.domain.state import EnterpriseState
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.usecases.evaluate_coupling import ATTEMPTS, MAX_DECISIONS, Judgement, evaluate_coupling
from tests.plant import NOMINAL, START_MS, enterprise

MINUTE_MS = 60_000


class Registry:
    """One enterprise with so many reactors."""

    def __init__(self, units: int) -> None:
        self.known = Profile(
            enterprise(),
            tuple(Unit(f"r{n}", "acme", f"R{n}", "reactor") for n in range(units)),
            tuple(
                Point(f"r{n}-{name}", "acme", f"r{n}", **NOMINAL[name])
                for n in range(units)
                for name in ("temperature", "voc")
            ),
        )

    def profile(self, enterprise_id: str) -> Profile | None:
        return self.known if enterprise_id == "acme" else None


class Catalogues:
    def in_force_between(self, from_ms: int, to_ms: int) -> Any:
        return ((from_ms, shipped()),)


class Contended(RowStateRepo):
    """Somebody else is first, so many times."""

    times = 0
    commits = 0

    def commit(self, *given: Any, **more: Any) -> None:
        if self.times > 0:
            self.times -= 1
            raise WriteConflict
        self.commits += 1
        super().commit(*given, **more)


class Park:
    def __init__(self, units: int = 1) -> None:
        self.rows = MemoryRows()
        self.blocks = RowBlockRepo(MemoryRows())
        self.registry, self.states, self.warnings = Registry(units), Contended(self.rows), RowWarningRepo(self.rows)

    def judges(self, block: Block) -> Judgement:
        ports: Any = {
            "registry": self.registry,
            "catalogues": Catalogues(),
            "states": self.states,
            "warnings": self.warnings,
            "observations": RowObservationRepo(self.rows),
            "blocks": self.blocks,
        }
        return evaluate_coupling(block, **ports)

    def stored(self) -> dict[str, Warning]:
        return {w.id: w for w in self.warnings.listing("acme", None, 1000).items}

    def events(self) -> list[str]:
        return [str(row.body["kind"]) for row in self.rows.query("ENT#acme", prefix=EVENT_PREFIX)]


def block_of(hot: list[bool], units: int = 1) -> Block:
    """Each reactor hot or calm, minute by minute."""
    times = [START_MS + n * MINUTE_MS for n in range(len(hot))]
    series = [
        Series(f"r{unit}-{name}", times, [past if is_hot else calm for is_hot in hot], "N" * len(hot))
        for unit in range(units)
        for name, past, calm in (("temperature", 185.0, 170.0), ("voc", 45.0, 30.0))
    ]
    count = len(series) * len(hot)
    return Block("b", "acme", "bridge", times[-1], times[0], times[-1], count, "d", pack(series), "c-1")


def test_a_block_of_an_enterprise_that_is_gone_is_refused() -> None:
    with pytest.raises(NotFound):
        Park().judges(replace(block_of([True]), enterprise_id="gone"))


def test_who_is_always_second_gives_up() -> None:
    park = Park()
    park.states.times = ATTEMPTS
    with pytest.raises(WriteConflict):
        park.judges(block_of([True] * 3))
    assert park.events() == []


def test_who_was_second_decides_again_on_what_is_there_now() -> None:
    park = Park()
    park.states.times = ATTEMPTS - 1
    assert len(park.judges(block_of([True] * 3)).decisions) == 1
    assert park.events() == ["warning_raised"]


def test_a_block_judged_twice_is_committed_once() -> None:
    park, block = Park(), block_of([True] * 3 + [False] * 3)
    assert [d.change.value for d in park.judges(block).decisions] == ["opened", "cleared"]
    assert park.judges(block) == Judgement((), ())
    assert park.states.commits == 1
    assert park.events() == ["warning_raised", "warning_cleared"]
    (stored,) = park.warnings.listing("acme", None, 10).items
    assert stored.state is WarningState.CLEARED


def test_readings_that_nobody_judges_commit_nothing() -> None:
    park = Park()
    series = [Series("r0-noise", [START_MS], [50.0], "N")]
    assert park.judges(replace(block_of([True]), payload=pack(series))) == Judgement((), ())
    assert park.states.load("acme") == (EnterpriseState(), 0)


FLAPPING = [n % 4 < 2 for n in range(160)]  # two minutes hot, two minutes calm


@pytest.mark.parametrize(
    ("hot", "units"),
    [
        pytest.param(FLAPPING, 1, id="one unit that flaps all day"),
        pytest.param([True, True], 60, id="sixty units at one instant"),
        pytest.param(FLAPPING[:40], 7, id="several units that flap"),
    ],
)
def test_more_decisions_than_one_commit_takes_are_committed_in_parts(hot: list[bool], units: int) -> None:
    park, block = Park(units), block_of(hot, units)
    judged = park.judges(block)
    assert len(judged.decisions) > MAX_DECISIONS
    stored = park.stored()
    assert len(stored) == len({d.warning_id for d in judged.decisions})
    called = [w for w in stored.values() if not w.retroactive]
    assert len(park.events()) == sum(1 + (w.cleared_at_ms is not None) for w in called) + (len(called) < len(stored))
    assert park.states.commits > 1
    assert park.judges(block) == Judgement((), ())


def test_judging_in_parts_decides_what_judging_at_once_would() -> None:
    whole, parts = Park(3), Park(3)
    parts.judges(block_of(FLAPPING, 3))
    for start in range(0, len(FLAPPING), 8):
        one = block_of(FLAPPING[start : start + 8], 3)
        shift = start * MINUTE_MS
        moved = [Series(s.point_id, [t + shift for t in s.times_ms], s.values, s.flags) for s in one.series]
        whole.judges(replace(one, payload=pack(moved)))
    assert parts.states.load("acme")[0] == whole.states.load("acme")[0]
    assert {w.id: w.cleared_at_ms for w in parts.stored().values()} == {
        w.id: w.cleared_at_ms for w in whole.stored().values()
    }
