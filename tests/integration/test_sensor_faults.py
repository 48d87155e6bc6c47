"""Instruments that fail: found each hour, told to their department once, over when they are over, and never a warning."""

import random
from typing import Any

import pytest

from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.handlers.on_learn import JOBS, on_learn
from tests.park import START_MS, Park

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
FIND = tuple(job for job in JOBS if job.name == "find_sensor_faults")


@pytest.fixture
def park() -> Park:
    return Park().register()


class Plant:
    """The reactor of acme: three points, a reading a minute, hour by hour."""

    def __init__(self, park: Park) -> None:
        self.park, self.chance, self.hours = park, random.Random(4), 0

    def runs(self, hours: int, **voc: Any) -> None:
        for _ in range(hours):
            self._hour(**voc)

    def _hour(self, *, stuck: bool = False, shifts: int = 0) -> None:
        start = START_MS + self.hours * HOUR_MS
        times = [start + n * MINUTE_MS for n in range(60)]
        voc = [31.4 if stuck else round(30.0 + self.chance.gauss(0.0, 0.6), 2) for _ in times]
        for n in range(shifts):
            voc[7 + n * 8] = round(voc[7 + n * 8] * 10, 2)
        temperature = [round(172.0 + self.chance.gauss(0.0, 0.5), 1) for _ in times]
        self.hours += 1
        self.park.clock.ms = start + HOUR_MS
        series = {"acme-voc": voc, "acme-temperature": temperature}
        self.park.upload([{"point": point, "times": times, "values": values} for point, values in series.items()])
        self.park.pump()
        on_learn(self.park.services, FIND)
        self.park.pump()


def faults(park: Park) -> list[Observation]:
    found = park.services.observations.listing("acme", None, 50).items
    return [one for one in found if one.kind is ObservationKind.SENSOR_FAULT]


def told(park: Park, person: str) -> int:
    items = park.as_(person).get("/v1/inbox?limit=50")["items"]
    return sum(one["kind"] == "observation_opened" for one in items)


def test_honest_noise_opens_nothing(park: Park) -> None:
    Plant(park).runs(8)
    assert faults(park) == []


def test_one_lost_decimal_is_no_fault(park: Park) -> None:
    plant = Plant(park)
    plant.runs(4)
    plant.runs(2, shifts=1)
    assert faults(park) == []


def test_an_instrument_that_stands_still_is_told_to_its_department_once_and_never_warned_of(park: Park) -> None:
    plant = Plant(park)
    plant.runs(5)
    plant.runs(3, stuck=True)
    (fault,) = faults(park)
    assert (fault.subject, fault.dimension, fault.closed_at_ms) == ("acme-voc", "environment", None)
    assert fault.onset_ms == START_MS + 5 * HOUR_MS
    assert dict(fault.figures)["flat_line.value"] == 31.4
    assert (told(park, "department_environment"), told(park, "department_safety")) == (1, 0)
    assert park.as_("committee").get("/v1/warnings")["items"] == []


def test_it_is_over_once_readings_go_on_without_it_and_a_later_one_is_another(park: Park) -> None:
    plant = Plant(park)
    plant.runs(5)
    plant.runs(2, stuck=True)
    plant.runs(3)
    (fault,) = faults(park)
    assert fault.closed_at_ms is not None and fault.closed_at_ms >= START_MS + 7 * HOUR_MS
    plant.runs(2, stuck=True)
    assert [one.closed_at_ms is None for one in faults(park)] == [True, False]


def test_silence_ends_no_fault(park: Park) -> None:
    plant = Plant(park)
    plant.runs(5)
    plant.runs(2, stuck=True)
    for _ in range(4):
        park.clock.advance(3600)
        on_learn(park.services, FIND)
    assert [one.closed_at_ms for one in faults(park)] == [None]


def test_decimals_that_are_lost_again_and_again_are_a_fault(park: Park) -> None:
    plant = Plant(park)
    plant.runs(4)
    plant.runs(1, shifts=6)
    (fault,) = faults(park)
    assert dict(fault.figures)["decimal_shift.readings"] == 6.0


def test_looking_again_changes_nothing(park: Park) -> None:
    plant = Plant(park)
    plant.runs(5)
    plant.runs(2, stuck=True)
    before = faults(park)
    for _ in range(2):
        park.clock.advance(3600)
        on_learn(park.services, FIND)
        park.pump()
    assert faults(park) == before and told(park, "department_environment") == 1
