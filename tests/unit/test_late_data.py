"""Late data: in whatever order uploads come, and however often, the warnings that are found in the end are the same."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.block_repo import RowBlockRepo
from chalicelib.adapters.catalogue import shipped
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.operations_repos import (
    EVENT_PREFIX,
    RowObservationRepo,
    RowStateRepo,
    RowWarningRepo,
)
from chalicelib.domain import late
from chalicelib.domain.block import Block, pack
from chalicelib.domain.enterprise import Point, Profile, Unit
from chalicelib.domain.late import MAX_REWIND_MS
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.state import EnterpriseState
from chalicelib.domain.warning import Warning, WarningState
from chalicelib.usecases.evaluate_coupling import Judgement, evaluate_coupling
from tests.plant import NOMINAL, START_MS, columns, enterprise
from tests.unit.test_evaluation_properties import Reading, make_polls

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
UNITS = ("r1", "r2")
SECOND = {"temperature-2": {"indicator": "reactor_temperature", "threshold": 181.0}}
HOT, CALM = {"temperature": 186.0, "voc": 48.0}, {"temperature": 172.0, "voc": 30.0}


class Registry:
    known = Profile(
        enterprise(),
        tuple(Unit(unit, "acme", unit, "reactor") for unit in UNITS),
        tuple(
            Point(f"{unit}-{name}", "acme", unit, **fields)
            for unit, more in (("r1", {}), ("r2", SECOND))
            for name, fields in (NOMINAL | more).items()
        ),
    )  # fmt: skip

    def profile(self, enterprise_id: str) -> Profile:
        return self.known


class Catalogues:
    known = shipped()

    def in_force_between(self, from_ms: int, to_ms: int) -> Any:
        return ((from_ms, self.known),)


class Park:
    """Stores each upload and then judges it, as the readings table and its stream do."""

    def __init__(self) -> None:
        self.rows, self.catalogues = MemoryRows(), Catalogues()
        self.states, self.blocks = RowStateRepo(self.rows), RowBlockRepo(MemoryRows())
        self.warnings, self.observations = RowWarningRepo(self.rows), RowObservationRepo(self.rows)

    def takes(self, block: Block) -> Judgement:
        self.blocks.add(block)
        return self.judges(block)

    def judges(self, block: Block) -> Judgement:
        ports: dict[str, Any] = {
            "registry": Registry(),
            "catalogues": self.catalogues,
            "states": self.states,
            "warnings": self.warnings,
            "observations": self.observations,
            "blocks": self.blocks,
        }
        return evaluate_coupling(block, **ports)

    def events(self) -> list[str]:
        return [str(row.body["kind"]) for row in self.rows.query("ENT#acme", prefix=EVENT_PREFIX)]

    def all_warnings(self) -> list[Warning]:
        return list(self.warnings.listing("acme", None, 1000).items)

    def the_warning(self) -> Warning:
        (one,) = self.all_warnings()
        return one


def upload(number: int, readings: Sequence[Reading], received_at_ms: int | None = None) -> Block:
    times = [reading[0] for reading in readings]
    received = max(times) + 1000 if received_at_ms is None else received_at_ms
    made = f"{received:012x}"
    block_id = f"{made[:8]}-{made[8:]}-7000-8000-{number:012x}"
    series = columns(sorted(readings))
    return Block(block_id, "acme", "b", received, min(times), max(times), len(readings), block_id, pack(series), "c-1")


def minute(at: float, values: dict[str, float], unit: str = "r1", flag: str = "N") -> list[Reading]:
    return [(START_MS + round(at * MINUTE_MS), f"{unit}-{name}", value, flag) for name, value in values.items()]


def minutes(first: int, count: int, values: dict[str, float], unit: str = "r1") -> list[Reading]:
    return [reading for n in range(count) for reading in minute(first + n, values, unit)]


def final(park: Park) -> tuple[EnterpriseState, dict[str, Warning], dict[str, Observation]]:
    """What must not depend on the order of uploads: all but when and by which upload we came to know it, and who was called."""
    state, _ = park.states.load("acme")
    rules = {key: replace(rule, silent=False) for key, rule in state.rules.items()}
    warnings = {
        one.id: replace(one, received_at_ms=0, retroactive=False, known_as="", correlation_id="")
        for one in park.all_warnings()
        if one.state is not WarningState.WITHDRAWN
    }
    seen = {
        one.id: replace(one, received_at_ms=0)
        for one in park.observations.listing("acme", None, 1000).items
        if one.closed_at_ms is None or one.closed_at_ms > one.opened_at_ms
    }
    return replace(state, rules=rules), warnings, seen


@st.composite
def uploads(draw: st.DrawFn) -> list[Block]:
    """The readings of two reactors over some hours, cut into uploads anyhow: by instant, by unit, by point."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    readings = [
        (at_ms, f"{unit}-{name}", value, flag)
        for unit in UNITS
        for poll in make_polls(chance, draw(st.integers(2, 24)))
        for at_ms, name, value, flag in poll
    ]
    parts = draw(st.integers(1, 7))
    by_part: dict[int, list[Reading]] = {}
    for reading in readings:
        part = chance.randrange(parts) if chance.random() < 0.2 else (reading[0] // (20 * MINUTE_MS)) % parts
        by_part.setdefault(part, []).append(reading)
    return [upload(n, own, received_at_ms=START_MS + 12 * HOUR_MS) for n, own in enumerate(by_part.values(), 1)]


@settings(max_examples=120, deadline=None)
@given(uploads(), st.randoms(use_true_random=False))
def test_any_order_and_any_doubling_of_the_same_uploads_gives_the_same_warnings(
    given_uploads: list[Block], chance: random.Random
) -> None:
    whole, shuffled = Park(), Park()
    everything = [
        (at_ms, one.point_id, value, flag)
        for block in given_uploads
        for one in block.series
        for at_ms, value, flag in zip(one.times_ms, one.values, one.flags, strict=True)
    ]
    whole.takes(upload(99, everything, received_at_ms=START_MS + 12 * HOUR_MS))
    twice = [block for block in given_uploads for _ in range(chance.randint(1, 2))]
    chance.shuffle(twice)
    for block in twice:
        shuffled.takes(block)
    state, warnings, seen = final(shuffled)
    expected_state, expected, expected_seen = final(whole)
    assert without_blocks(warnings) == without_blocks(expected)
    assert state == expected_state
    assert seen == expected_seen


def without_blocks(warnings: dict[str, Warning]) -> dict[str, Warning]:
    return {key: replace(one, why=replace(one.why, block_ids=())) for key, one in warnings.items()}


# who is called


def test_a_warning_that_late_data_show_is_recorded_and_told_in_a_digest() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    park.takes(upload(2, minutes(60, 3, CALM)))
    park.takes(upload(3, minutes(10, 3, HOT) + minutes(13, 5, CALM), received_at_ms=START_MS + 63 * MINUTE_MS))
    warning = park.the_warning()
    assert warning.retroactive and warning.state is WarningState.CLEARED
    assert warning.opened_at_ms == START_MS + 11 * MINUTE_MS and warning.cleared_at_ms == START_MS + 14 * MINUTE_MS
    assert park.events() == ["late_warnings_found"]


def test_an_outage_that_ends_in_an_open_warning_calls_people_once_it_is_known_to_go_on() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    backlog = upload(2, minutes(10, 20, HOT), received_at_ms=START_MS + 180 * MINUTE_MS)
    park.takes(backlog)
    assert park.the_warning().retroactive and park.events() == ["late_warnings_found"]
    park.takes(upload(3, minutes(30, 151, HOT), received_at_ms=START_MS + 181 * MINUTE_MS))
    assert not park.the_warning().retroactive
    assert park.events() == ["late_warnings_found", "warning_raised"]
    park.takes(upload(4, minutes(181, 3, CALM)))
    assert park.events() == ["late_warnings_found", "warning_raised", "warning_cleared"]


def test_a_warning_of_a_minute_ago_that_comes_out_of_order_calls_people() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    temperatures = [reading for reading in minutes(3, 3, HOT) if "temperature" in reading[1]]
    park.takes(upload(2, temperatures))
    park.takes(upload(3, [reading for reading in minutes(3, 3, HOT) if "voc" in reading[1]]))
    warning = park.the_warning()
    assert warning.state is WarningState.OPEN and not warning.retroactive
    assert park.events().count("warning_raised") == 1


def test_an_earlier_onset_takes_over_the_task_of_the_warning_it_replaces() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    park.takes(upload(2, minutes(20, 3, HOT)))
    before = park.the_warning()
    park.takes(upload(3, minutes(15, 5, HOT), received_at_ms=START_MS + 23 * MINUTE_MS))
    new, old = sorted(park.all_warnings(), key=lambda w: w.onset_ms)
    assert (old.id, old.state, old.superseded_by) == (before.id, WarningState.WITHDRAWN, new.id)
    assert new.onset_ms == START_MS + 15 * MINUTE_MS and new.public_id == before.id and not new.retroactive
    assert park.events() == ["warning_raised"]
    park.takes(upload(4, minutes(23, 3, CALM)))
    assert park.events() == ["warning_raised", "warning_cleared"]


def test_a_warning_in_the_place_of_one_that_was_only_observed_calls_people() -> None:
    park = Park()
    thresholds = dict.fromkeys(shipped().warning_thresholds, 65.0)  # a coefficient of 0.3 here; both triggers give 0.2
    park.catalogues.known = replace(shipped(), warning_thresholds=thresholds)
    park.takes(upload(1, minutes(0, 3, CALM)))
    park.takes(upload(2, minutes(20, 3, {"temperature": 182.0, "voc": 39.0})))
    assert park.the_warning().state is WarningState.OBSERVED and park.events() == []
    park.takes(upload(3, minutes(15, 5, HOT), received_at_ms=START_MS + 23 * MINUTE_MS))
    new, old = sorted(park.all_warnings(), key=lambda w: w.onset_ms)
    assert (old.state, new.state, new.known_as) == (WarningState.WITHDRAWN, WarningState.OPEN, "")
    assert park.events() == ["warning_raised"]


def test_a_warning_that_late_data_disprove_is_withdrawn_and_its_people_hear_that_it_is_over() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    park.takes(upload(2, minute(20, HOT) + minute(22, HOT)))
    between = [
        (START_MS + 21 * MINUTE_MS, "r1-temperature", 170.0, "N"),
        (START_MS + 21 * MINUTE_MS, "r1-voc", 30.0, "N"),
    ]
    park.takes(upload(3, between, received_at_ms=START_MS + 23 * MINUTE_MS))
    assert park.the_warning().state is WarningState.WITHDRAWN
    assert sorted(park.events()) == ["warning_cleared", "warning_raised"]


def test_late_data_correct_how_long_a_warning_lasted() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, HOT)))
    park.takes(upload(2, minutes(30, 3, CALM)))
    assert park.the_warning().cleared_at_ms == START_MS + 31 * MINUTE_MS
    park.takes(upload(3, minutes(10, 3, CALM), received_at_ms=START_MS + 33 * MINUTE_MS))
    assert park.the_warning().cleared_at_ms == START_MS + 11 * MINUTE_MS
    assert park.events() == ["warning_raised", "warning_cleared"]


# how far back


def test_a_warning_that_stays_open_for_days_does_not_make_late_data_go_back_days() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, HOT)))
    for hour in range(1, 49):
        park.takes(upload(100 + hour, minutes(60 * hour, 6, HOT)))
    asked: list[int] = []
    between = park.blocks.between
    park.blocks.between = lambda who, a, b: (asked.append(a), between(who, a, b))[1]  # type: ignore[assignment,method-assign]
    park.takes(upload(2, minute(60 * 48 + 3.5, HOT), received_at_ms=START_MS + (60 * 48 + 7) * MINUTE_MS))
    assert asked == [START_MS + 60 * 48 * MINUTE_MS]
    assert park.the_warning().state is WarningState.OPEN and park.events() == ["warning_raised"]


def test_data_that_are_later_than_can_be_judged_again_are_stored_and_counted() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    far = MAX_REWIND_MS // MINUTE_MS + 10
    park.takes(upload(2, minutes(far, 3, CALM)))
    judged = park.takes(upload(3, minutes(5, 3, HOT), received_at_ms=START_MS + (far + 3) * MINUTE_MS))
    assert judged.unjudged == ("r1",) and park.all_warnings() == []


def test_more_than_can_be_judged_again_is_given_up_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    park = Park()
    for number in range(5):
        park.takes(upload(number, minutes(60 * number, 3, CALM)))
    monkeypatch.setattr(late, "MAX_BLOCKS", 3)
    judged = park.takes(upload(9, minutes(5, 3, HOT), received_at_ms=START_MS + 300 * MINUTE_MS))
    assert judged.unjudged == ("r1",) and park.all_warnings() == []


def test_a_damaged_block_does_not_keep_late_data_from_being_judged() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    park.takes(upload(2, minutes(30, 3, CALM)))
    park.blocks.add(replace(upload(3, minutes(15, 1, CALM)), payload=b"damaged"))
    park.takes(upload(4, minutes(10, 3, HOT) + minutes(13, 3, CALM), received_at_ms=START_MS + 33 * MINUTE_MS))
    assert park.the_warning().retroactive


@pytest.mark.parametrize("unit", UNITS)
def test_late_data_of_one_unit_leave_the_other_as_it_was(unit: str) -> None:
    other = next(one for one in UNITS if one != unit)
    park = Park()
    park.takes(upload(1, minutes(0, 30, HOT, other) + minutes(0, 30, CALM, unit)))
    before = [w for w in park.all_warnings() if w.unit_id == other]
    park.takes(upload(2, minute(10.5, HOT, unit) + minute(10.7, HOT, unit), received_at_ms=START_MS + 31 * MINUTE_MS))
    assert [w for w in park.all_warnings() if w.unit_id == other] == before


# one dimension alone


def test_a_safety_anomaly_says_what_environment_and_energy_did() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, {"temperature": 170.0, "voc": 30.0, "steam": 100.0})))
    park.takes(upload(2, minutes(3, 3, {"temperature": 186.0, "voc": 33.0, "steam": 104.0})))
    (one,) = park.observations.listing("acme", None, 10).items
    said = {finding.indicator: finding.verdict.value for finding in one.findings if finding.value is not None}
    assert (one.dimension, said) == (
        "safety",
        {"reactor_temperature": "exceeds", "voc": "rises", "steam_flow": "steady"},
    )
    assert park.events() == ["observation_opened"] and park.all_warnings() == []


def test_an_observation_is_over_when_it_becomes_a_coupled_warning() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, {"temperature": 186.0, "voc": 30.0})))
    park.takes(upload(2, minutes(3, 3, HOT)))
    (one,) = park.observations.listing("acme", None, 10).items
    assert one.closed_at_ms == START_MS + 3 * MINUTE_MS
    assert park.the_warning().state is WarningState.OPEN


def test_a_doubtful_reading_does_not_end_an_observation() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, {"temperature": 186.0, "voc": 30.0})))
    doubtful = [reading for at in (3, 4, 5) for reading in minute(at, {"temperature": 170.0}, flag="D")]
    park.takes(upload(2, doubtful + minutes(3, 3, {"voc": 30.0})))
    (one,) = park.observations.listing("acme", None, 10).items
    assert one.closed_at_ms is None


def test_late_data_leave_what_others_have_observed_of_the_unit_alone() -> None:
    park = Park()
    park.takes(upload(1, minutes(0, 3, CALM)))
    park.takes(upload(2, minutes(30, 3, CALM)))
    at_ms = START_MS + 31 * MINUTE_MS
    seen = Observation("o-watch", ObservationKind.OFF_NORMAL, "acme", "r1", None, "r1-voc", at_ms, at_ms, at_ms)
    park.observations.add([seen])
    park.takes(upload(3, minutes(10, 3, HOT), received_at_ms=START_MS + 33 * MINUTE_MS))
    assert park.observations.get("o-watch") == seen
