"""A watched unit from upload to inbox, in one process: what is told to whom, and that nobody is called out."""

import numpy as np
import pytest

from chalicelib.domain.unit_watch import Array
from chalicelib.usecases.train_watch import train_watch
from tests.park import START_MS, Park

STEP_MS = 180_000
POINTS = ("temperature", "voc", "steam")
DAY = 480
READERS = ["department_safety", "department_environment", "enterprise"]


def ordinary(count: int, seed: int) -> Array:
    """A calm reactor whose three points follow one inner state."""
    dice = np.random.default_rng(seed)
    state, rows = 0.0, []
    for _ in range(count):
        state = 0.9 * state + dice.normal() * 0.4
        rows.append(np.array([170.0, 30.0, 100.0]) + state * np.array([0.8, 0.4, 1.2]) + dice.normal(size=3) * 0.2)
    return np.array(rows)


def uploads(park: Park, rows: Array, first: int) -> None:
    """Row by row of the grid, in blocks of an hour."""
    for n in range(0, len(rows), 20):
        part = rows[n : n + 20]
        times = [START_MS + (first + n + k) * STEP_MS for k in range(len(part))]
        park.clock.ms = times[-1] + 1000
        park.upload(
            [{"point": f"acme-{p}", "times": times, "values": part[:, at].tolist()} for at, p in enumerate(POINTS)]
        )
        park.pump()


@pytest.fixture
def park() -> Park:
    """With a watch on the reactor, trained on its first day."""
    found = Park().register()
    uploads(found, ordinary(DAY, 1), 0)
    services = found.services
    train_watch(
        "acme-r1", (START_MS, START_MS + DAY * STEP_MS), interval_ms=STEP_MS, is_forced=False,
        registry=services.registry, catalogues=services.catalogues, blocks=services.blocks, warnings=services.warnings,
        observations=services.observations, watches=services.watches, models=services.models, clock=services.clock,
    )  # fmt: skip
    return found


def test_an_ordinary_day_is_no_news(park: Park) -> None:
    uploads(park, ordinary(DAY, 2), DAY)
    assert park.as_("committee").get("/v1/observations")["items"] == []
    assert park.failures == 0


def test_safety_and_environment_drifting_off_together_are_told_early_to_both_and_call_nobody(park: Park) -> None:
    rows = ordinary(120, 3)
    rows[60:] += np.array([2.5, 1.5, 0.0])  # far below both triggers
    uploads(park, rows, DAY)
    (found,) = park.as_("committee").get("/v1/observations")["items"]
    assert (found["kind"], found["unit_id"]) == ("early_coupled", "acme-r1") and "dimension" not in found
    assert {"acme-temperature", "acme-voc"} <= {finding["point"] for finding in found["findings"]}
    for person in READERS:
        assert [n["kind"] for n in park.as_(person).get("/v1/inbox")["items"]] == ["observation_opened"], person
    assert (
        park.as_("committee").get("/v1/warnings")["items"]
        == []
        == park.as_("inspector_safety").get("/v1/tasks")["items"]
    )
    assert park.failures == 0


def test_one_enterprise_sees_nothing_of_another(park: Park) -> None:
    rows = ordinary(120, 3)
    rows[60:] += np.array([2.5, 1.5, 0.0])
    uploads(park, rows, DAY)
    assert park.as_("enterprise_other").get("/v1/observations")["items"] == []
    assert park.as_("enterprise_other").get("/v1/inbox")["items"] == []
