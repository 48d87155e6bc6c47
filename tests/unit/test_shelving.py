"""Shelving and maintenance: what they hold, when, and who makes them."""

from dataclasses import replace

import pytest

from chalicelib.domain import maintenance, shelving
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import IllegalTransition, SecondPersonNeeded
from chalicelib.domain.maintenance import MaintenanceWindow, WindowState
from chalicelib.domain.person import Person, Role
from chalicelib.domain.shelving import Shelving, ShelvingState

ADMIN = Person("admin", "admin", Role.ADMIN)
SAFETY = Person("d-s", "d-s", Role.DEPARTMENT, dimension=Dimension.SAFETY)
COLLEAGUE = replace(SAFETY, id="d-s2")
ENVIRONMENT = Person("d-e", "d-e", Role.DEPARTMENT, dimension=Dimension.ENVIRONMENT)
COMMITTEE = Person("c", "c", Role.COMMITTEE)
SHELVED = Shelving("s", "acme", "r1", None, "why", SAFETY.id, SAFETY.dimension, 100, 200)
WINDOW = MaintenanceWindow("m", "acme", "r1", 100, 200, "why", "e", 0)


@pytest.mark.parametrize(
    "person", [pytest.param(SAFETY, id="whoever shelved it"), pytest.param(COLLEAGUE, id="their department")]
)
def test_who_is_no_second_person(person: Person) -> None:
    with pytest.raises(SecondPersonNeeded):
        shelving.confirm(SHELVED, person, 150)


def test_an_admin_who_has_become_committee_does_not_confirm_their_own() -> None:
    with pytest.raises(SecondPersonNeeded):
        shelving.confirm(replace(SHELVED, by=COMMITTEE.id, dimension=None), COMMITTEE, 150)


@pytest.mark.parametrize("person", [ENVIRONMENT, COMMITTEE])
def test_the_other_department_or_the_committee_confirms(person: Person) -> None:
    confirmed = shelving.confirm(SHELVED, person, 150)
    assert (confirmed.confirmed_by, confirmed.confirmed_at_ms) == (person.id, 150)
    assert shelving.confirm(confirmed, COMMITTEE, 160) == confirmed


def test_of_an_admins_shelving_any_department_is_the_second_person() -> None:
    assert shelving.confirm(replace(SHELVED, by="admin", dimension=None), SAFETY, 150).confirmed_by == SAFETY.id


def test_what_is_over_stays_over() -> None:
    ended = shelving.end(SHELVED, COMMITTEE, 150)
    assert ended.state_at(160) is ShelvingState.ENDED and shelving.end(ended, SAFETY, 170) == ended
    for over, now_ms in ((ended, 160), (SHELVED, 200)):
        with pytest.raises(IllegalTransition):
            shelving.confirm(over, ENVIRONMENT, now_ms)
    with pytest.raises(IllegalTransition):
        shelving.end(SHELVED, SAFETY, 200)


@pytest.mark.parametrize(
    ("changes", "rule", "tier", "now_ms", "holds"),
    [
        pytest.param({}, "rule", 3, 150, False, id="tier 3 unless confirmed"),
        pytest.param({"confirmed_by": "x"}, "rule", 3, 150, True, id="tier 3 where confirmed"),
        pytest.param({"rule_id": "other"}, "rule", 1, 150, False, id="another rule"),
        pytest.param({"rule_id": "rule"}, "rule", 1, 150, True, id="its own rule"),
        pytest.param({}, "rule", 2, 199, True, id="any rule until its last millisecond"),
        pytest.param({}, "rule", 2, 200, False, id="not at its end"),
        pytest.param({"ended_at_ms": 120}, "rule", 1, 150, False, id="not what a person has ended"),
    ],
)
def test_what_a_shelving_holds(changes: dict, rule: str, tier: int, now_ms: int, holds: bool) -> None:
    assert replace(SHELVED, **changes).covers(rule, tier, now_ms) is holds


@pytest.mark.parametrize(
    ("changes", "tier", "now_ms", "suppresses"),
    [
        pytest.param({}, 1, 150, False, id="nothing before it is approved"),
        pytest.param({"approved_by": "d"}, 3, 150, False, id="never tier 3"),
        pytest.param({"approved_by": "d"}, 2, 99, False, id="nothing before it begins"),
        pytest.param({"approved_by": "d"}, 2, 100, True, id="tier 2 from its first millisecond"),
        pytest.param({"approved_by": "d"}, 2, 200, False, id="nothing from its end on"),
        pytest.param({"approved_by": "d", "ended_at_ms": 120}, 1, 150, False, id="nothing once ended"),
    ],
)
def test_what_a_window_suppresses(changes: dict, tier: int, now_ms: int, suppresses: bool) -> None:
    assert replace(WINDOW, **changes).suppresses(tier, now_ms) is suppresses


def test_a_window_is_approved_and_ended_once_and_not_when_over() -> None:
    approved = maintenance.approve(WINDOW, "d", 50)
    assert approved.state_at(50) is WindowState.APPROVED and maintenance.approve(approved, "e", 60) == approved
    ended = maintenance.end(approved, "x", 120)
    assert maintenance.end(ended, "y", 130) == ended
    with pytest.raises(IllegalTransition):
        maintenance.approve(ended, "d", 140)
    with pytest.raises(IllegalTransition):
        maintenance.end(approved, "x", 200)
