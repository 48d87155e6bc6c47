"""Editions under competition: whoever is beaten looks again, and nobody's change is lost or made twice."""

import pytest

from chalicelib.adapters.edition_repo import RowEditionRepo
from chalicelib.adapters.memory import MemoryRows
from chalicelib.domain.edition import Edition
from chalicelib.domain.enterprise import Unit
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.person import Person, Role
from chalicelib.usecases.change_edition import ATTEMPTS, change_edition, next_edition, removal
from tests.park import FakeClock

ME = Person("me", "me", Role.ADMIN)
UNIT = Unit("u", "acme", "R1", "reactor")
OTHER = Unit("u", "acme", "R2", "reactor")


class Raced(RowEditionRepo[Unit]):
    """Somebody else is faster, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__(MemoryRows(), FakeClock(), Unit, listed="UNITS", each="UNIT")
        self.times = times

    def save(self, thing_id: str, edition: Edition[Unit]) -> Edition[Unit]:
        if self.times:
            self.times -= 1
            super().save(thing_id, Edition(OTHER, edition.version, "somebody", 0))
        return super().save(thing_id, edition)


def test_who_is_beaten_changes_what_the_other_has_left() -> None:
    repo = Raced(2)
    done = change_edition("u", lambda known: next_edition(known, UNIT, ME, FakeClock()), repo)
    assert (done.version, done.by, repo.get("u")) == (3, "me", done)
    assert [one.by for one in repo.history("u")] == ["me", "somebody", "somebody"]


def test_who_is_beaten_too_often_is_told_to_try_later() -> None:
    with pytest.raises(WriteConflict):
        change_edition("u", lambda known: next_edition(known, UNIT, ME, FakeClock()), Raced(ATTEMPTS))


def test_what_another_one_has_made_it_already_is_no_edition() -> None:
    repo = Raced(1)
    done = change_edition("u", lambda known: next_edition(known, OTHER, ME, FakeClock()), repo)
    assert done.by == "somebody" and len(repo.history("u")) == 1


def test_what_was_taken_away_comes_back_as_the_next_edition() -> None:
    repo, clock = Raced(0), FakeClock()
    first = change_edition("u", lambda known: next_edition(known, UNIT, ME, clock), repo)
    change_edition("u", lambda known: removal(known or first, ME, clock), repo)
    back = change_edition("u", lambda known: next_edition(known, UNIT, ME, clock), repo)
    assert (back.version, back.is_removed) == (3, False) and repo.all() == (back,)
