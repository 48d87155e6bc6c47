"""The hourly run: whose turn it is, when it ends, and that one unit's failure is its own."""

import pytest

from chalicelib.bootstrap import Services
from chalicelib.domain.enterprise import Unit
from chalicelib.handlers.on_learn import BUDGET_MS, JOBS, Job, Turn, on_learn, once, regions, units
from chalicelib.observability import FunctionFailed
from tests.park import Park

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.fixture
def park() -> Park:
    """With four units."""
    found = Park().register()
    for n in (2, 3):
        found.services.registry.put_unit(Unit(f"acme-r{n}", "acme", f"R{n}", "reactor"))
    return found


class Looks:
    """A job that writes down whom it looked at. It takes so long, and fails for one unit."""

    def __init__(self, park: Park, *, takes_ms: int = 0, fails_for: str = "") -> None:
        self.park, self.takes_ms, self.fails_for = park, takes_ms, fails_for
        self.seen: list[str] = []

    def __call__(self, services: Services, turn: Turn, now_ms: int) -> str:
        self.seen.append(turn.subject)
        self.park.clock.ms += self.takes_ms
        if turn.subject == self.fails_for:
            raise ArithmeticError("singular")
        return "looked"

    def run(self, *, every_ms: int = DAY_MS) -> list[str]:
        """Whom one hourly run looks at."""
        self.seen.clear()
        on_learn(self.park.services, (Job("looks", every_ms, self, units),))
        return list(self.seen)


def test_a_unit_that_fails_stops_no_other_and_the_alarm_rings(park: Park) -> None:
    looks = Looks(park, fails_for="acme-r1")
    with pytest.raises(FunctionFailed):
        looks.run()
    assert {"acme-r1", "acme-r2", "acme-r3"} < set(looks.seen)


def test_a_unit_that_fails_does_not_come_first_for_ever(park: Park) -> None:
    looks = Looks(park, fails_for="acme-r1")
    with pytest.raises(FunctionFailed):
        looks.run()
    park.clock.ms += HOUR_MS
    assert looks.run() == []


def test_a_run_ends_before_its_time_does_and_the_next_goes_on(park: Park) -> None:
    looks = Looks(park, takes_ms=BUDGET_MS // 2)
    first = looks.run()
    second = looks.run()
    assert len(first) == len(second) == 2 and not set(first) & set(second)


def test_a_unit_is_looked_at_again_when_it_is_due(park: Park) -> None:
    looks = Looks(park)
    everyone = looks.run()
    park.clock.ms += DAY_MS - 1
    assert looks.run() == []
    park.clock.ms += 1
    assert sorted(looks.run()) == sorted(everyone)


def test_who_was_looked_at_longest_ago_comes_first_whatever_the_job(park: Park) -> None:
    one, other = Looks(park), Looks(park)
    on_learn(park.services, (Job("one", HOUR_MS, one, units),))
    one.seen.clear()
    park.clock.ms += 2 * HOUR_MS
    park.services.registry.put_unit(Unit("acme-r0", "acme", "R0", "reactor"))
    order: list[str] = []

    def noting(name: str) -> Job:
        return Job(
            name, HOUR_MS, lambda _services, turn, _now: order.append(f"{name} {turn.subject}") or "noted", units
        )

    on_learn(park.services, (noting("one"), noting("other")))
    fresh = [place for place in order if place.startswith("other") or place == "one acme-r0"]
    assert order[: len(fresh)] == fresh and other.seen == []


def test_the_jobs_of_the_park_run_on_units_that_nothing_was_learnt_of_yet(park: Park) -> None:
    of_units = [job for job in JOBS if job.subjects is units]
    of_chains = len(park.services.audits.heads())
    of_regions = sum(job.subjects is regions for job in JOBS)
    of_all = sum(job.subjects is once for job in JOBS)
    assert on_learn(park.services) == len(of_units) * 4 + of_regions + of_chains + of_all
