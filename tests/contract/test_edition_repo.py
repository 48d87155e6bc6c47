"""Lists of which nothing is lost, on every store."""

from dataclasses import replace

import pytest

from chalicelib.adapters.edition_repo import RowEditionRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.edition import Edition
from chalicelib.domain.emergency import EmergencyResource, ResourceKind
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.photo import Position
from tests.park import FakeClock

FOAM = EmergencyResource("foam", "泡沫车", ResourceKind.VEHICLE, "east", "", "东门", Position(31.2, 121.4), 2.0, "台")
FIRST = Edition(FOAM, 1, "committee", 1000)
SECOND = Edition(replace(FOAM, quantity=1.0), 2, "admin", 2000)
GONE = replace(SECOND, version=3, is_removed=True)


def repo(rows: Rows, clock: FakeClock | None = None) -> RowEditionRepo[EmergencyResource]:
    return RowEditionRepo(rows, clock or FakeClock(), EmergencyResource, listed="RESOURCES", each="RESOURCE")


def test_the_newest_edition_stands_and_every_one_is_kept(rows: Rows) -> None:
    kept = repo(rows)
    assert kept.get("foam") is None and kept.all() == kept.history("foam") == ()
    kept.save("foam", FIRST)
    assert kept.all() == (FIRST,)
    kept.save("foam", SECOND)
    assert kept.get("foam") == SECOND and kept.all() == (SECOND,) and kept.history("foam") == (SECOND, FIRST)


def test_what_is_taken_away_is_gone_from_the_list_and_stays_in_its_history(rows: Rows) -> None:
    kept = repo(rows)
    for edition in (FIRST, SECOND, GONE):
        kept.save("foam", edition)
    assert kept.all() == () and kept.get("foam") == GONE and len(kept.history("foam")) == 3


@pytest.mark.parametrize(
    "late", [pytest.param(FIRST, id="a first one again"), pytest.param(replace(GONE, version=4), id="one too far on")]
)
def test_an_edition_that_is_not_the_next_writes_nothing(rows: Rows, late: Edition[EmergencyResource]) -> None:
    kept = repo(rows)
    for edition in (FIRST, SECOND):
        kept.save("foam", edition)
    with pytest.raises(WriteConflict):
        kept.save("foam", late)
    assert kept.history("foam") == (SECOND, FIRST)


def test_what_another_process_changes_is_seen_after_a_while(rows: Rows) -> None:
    clock = FakeClock()
    mine, another = repo(rows, clock), repo(rows, clock)
    mine.save("foam", FIRST)
    assert mine.all() == (FIRST,)
    another.save("foam", SECOND)
    clock.advance(16)
    assert mine.all() == (SECOND,)
