"""The choice of modules, on every store: one row with a version."""

from dataclasses import replace

import pytest

from chalicelib.adapters.module_repo import CACHE_S, KEY, RowModuleRepo
from chalicelib.adapters.rows import Put, Row, Rows
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.park_module import Module, ParkModules
from tests.park import FakeClock

CHOICE = ParkModules(frozenset({Module.SCORE, Module.CHANNELS}), 0, "admin", 1_000)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def modules(rows: Rows, clock: FakeClock) -> RowModuleRepo:
    return RowModuleRepo(rows, clock)


def test_where_nobody_has_chosen_everything_is_on(modules: RowModuleRepo) -> None:
    assert modules.stored() == modules.chosen() == ParkModules()


@pytest.mark.parametrize("version", [1, 2], ids=["one that is not there", "one that comes later"])
def test_a_choice_from_another_version_is_refused(modules: RowModuleRepo, version: int) -> None:
    with pytest.raises(WriteConflict):
        modules.save(replace(CHOICE, version=version))
    assert modules.stored() == ParkModules()


def test_of_two_who_choose_at_once_the_second_is_told(modules: RowModuleRepo) -> None:
    first = modules.save(CHOICE)
    with pytest.raises(WriteConflict):
        modules.save(replace(CHOICE, off=frozenset()))
    assert modules.stored() == first == replace(CHOICE, version=1)


def test_another_process_follows_within_a_minute(modules: RowModuleRepo, rows: Rows, clock: FakeClock) -> None:
    other = RowModuleRepo(rows, clock)
    assert other.chosen().is_on(Module.SCORE)
    modules.save(CHOICE)
    assert not modules.chosen().is_on(Module.SCORE) and other.chosen().is_on(Module.SCORE)
    clock.advance(CACHE_S)
    assert not other.chosen().is_on(Module.SCORE)


def test_a_module_that_this_version_does_not_know_is_none_that_it_has(modules: RowModuleRepo, rows: Rows) -> None:
    body = {"off": ["of_a_later_version", "score"], "changed_by": "admin", "changed_at_ms": 1}
    rows.commit([Put(Row(*KEY, body))])
    assert modules.stored().off == {Module.SCORE}
