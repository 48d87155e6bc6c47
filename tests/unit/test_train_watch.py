"""Training a unit's watch: what a normal period must be, and when a scheduled renewal keeps the old model."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chalicelib.adapters.block_repo import RowBlockRepo
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.operations_repos import RowStateRepo, RowWarningRepo
from chalicelib.domain.block import Block, pack
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Profile, Unit
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.reading import Series
from chalicelib.domain.state import EnterpriseState
from chalicelib.domain.unit_watch import Array
from chalicelib.domain.warning import Warning, WarningState, WhyCard
from chalicelib.domain.watch_record import TrainingRefused, WatchVersion
from chalicelib.usecases.normal_period import AROUND_MS, PAGE
from chalicelib.usecases.train_watch import RENEW_PERIOD_MS, Renewal, renew_watch, train_watch
from tests.watched import POINTS, STEP, T0, Catalogues, Clock, Registry, lifted, normal
from tests.watched import Park as WatchedPark

DAY = 86_400_000 // STEP
WHY = WhyCard("rule", 1, "1", (), 1.0, 0.2, 0.2, 0.5, 1.0, 0.5, 60.0, 35.0, (), None)
END = T0 + RENEW_PERIOD_MS


class Registered(Registry):
    def unit(self, unit_id: str) -> Unit | None:
        return next((unit for unit in self.known.units if unit.id == unit_id), None)

    def profile(self, enterprise_id: str) -> Profile:
        return self.known


class Park(WatchedPark):
    """With stored readings, one block a day."""

    def __init__(self) -> None:
        super().__init__(is_watched=False)
        self.registry, self.clock = Registered(), Clock()
        self.stored, self.warnings = RowBlockRepo(MemoryRows()), RowWarningRepo(self.operations)
        self.ports: dict[str, Any] = {
            "registry": self.registry, "catalogues": Catalogues(), "blocks": self.stored, "warnings": self.warnings,
            "observations": self.observations, "watches": self.watches, "models": self.models, "clock": self.clock,
        }  # fmt: skip

    def stores(self, rows: Array, first: int = 0, *, flags: str = "N", points: tuple[str, ...] = POINTS) -> None:
        for n in range(0, len(rows), DAY):
            part = rows[n : n + DAY]
            times = [T0 + (first + n + k) * STEP for k in range(len(part))]
            series = [Series(p, times, part[:, POINTS.index(p)].tolist(), flags * len(times)) for p in points]
            head = f"{times[-1] + 1000:012x}"
            id = f"{head[:8]}-{head[8:]}-7000-8000-{first + n:012x}"
            self.stored.add(
                Block(id, "acme", "bridge", times[-1] + 2000, times[0], times[-1], part.size, id, pack(series), "c")
            )

    def trains(self, rows: int = 2 * DAY, *, first: int = 0, unit: str = "r1", is_forced: bool = False) -> WatchVersion:
        span = (T0 + first * STEP, T0 + (first + rows) * STEP)
        return train_watch(unit, span, interval_ms=STEP, is_forced=is_forced, **self.ports)

    def renews(self, at_ms: int = END) -> Renewal:
        self.clock.ms = at_ms
        return renew_watch("acme", "r1", **self.ports)

    def warns(
        self, onset_ms: int, cleared_ms: int | None, state: WarningState = WarningState.CLEARED, unit: str = "r1"
    ) -> None:
        warning = Warning(
            f"w-{onset_ms}", "acme", unit, "rule", 2, state, onset_ms, onset_ms, onset_ms, WHY, cleared_at_ms=cleared_ms
        )
        states = RowStateRepo(self.operations)
        states.commit("acme", EnterpriseState(), states.load("acme")[1], warnings=[warning], events=[])

    def observes(self, onset_ms: int, closed_ms: int | None, kind: ObservationKind = ObservationKind.SINGLE) -> None:
        one = Observation(
            f"o-{onset_ms}", kind, "acme", "r1", Dimension.SAFETY, "r1-voc", onset_ms, onset_ms, onset_ms, closed_ms
        )
        self.observations.add([one])


def refusal(park: Park, **given: Any) -> str:
    with pytest.raises(TrainingRefused) as refused:
        park.trains(**given)
    return refused.value.reason


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_a_unit_that_nobody_registered_is_refused() -> None:
    assert refusal(Park(), unit="r9") == "unknown_unit"


@pytest.mark.parametrize("rows", [0, -1, 93 * DAY], ids=["empty", "turned about", "longer than three months"])
def test_a_period_that_is_none_is_refused(rows: int) -> None:
    assert refusal(Park(), rows=rows) == "bad_period"


def test_a_period_without_readings_is_refused_with_the_points_that_are_missing() -> None:
    with pytest.raises(TrainingRefused, match="r1-temperature, r1-pressure") as refused:
        Park().trains()
    assert refused.value.reason == "points_missing"


def test_too_few_rows_are_refused_with_how_many_it_takes_and_force_does_not_help() -> None:
    park = Park()
    park.stores(normal(150, 1))
    for is_forced in (False, True):
        assert refusal(park, is_forced=is_forced) == "too_few_rows"


def test_a_point_that_did_not_report_is_refused_or_by_force_left_out() -> None:
    park = Park()
    park.stores(normal(2 * DAY, 1), points=POINTS[:3])
    assert refusal(park) == "points_missing"
    version = park.trains(is_forced=True)
    assert (version.points, version.left_out) == (POINTS[:3], (POINTS[3],))


def test_flagged_readings_are_refused_or_by_force_left_out() -> None:
    park = Park()
    park.stores(normal(DAY, 1))
    park.stores(normal(DAY, 2), first=DAY, flags="C")
    assert refusal(park) == "flagged_readings"
    assert park.trains(is_forced=True).rows == pytest.approx(DAY, abs=5)


@pytest.mark.parametrize(
    ("onset_h", "end_h"),
    [
        pytest.param(10, 12, id="within"),
        pytest.param(-30, 3, id="from before"),
        pytest.param(40, None, id="still open"),
    ],
)
def test_a_period_with_a_warning_or_an_observation_is_refused_unless_by_force(onset_h: int, end_h: int | None) -> None:
    begin, end = T0 + onset_h * 3_600_000, None if end_h is None else T0 + end_h * 3_600_000
    for happens in (Park.warns, Park.observes):
        park = Park()
        park.stores(normal(2 * DAY, 1))
        happens(park, begin, end)
        assert refusal(park) == "not_normal"
        assert park.trains(is_forced=True).rows > 900


def test_what_happened_elsewhere_or_at_another_time_does_not_matter() -> None:
    park = Park()
    park.stores(normal(2 * DAY, 1))
    park.warns(T0 + 3_600_000, None, unit="r2")
    park.warns(T0 + 7_200_000, None, WarningState.OBSERVED)
    for n in range(PAGE + 5):
        park.warns(T0 - (50 + n) * 3_600_000, T0 - (49 + n) * 3_600_000)
    park.observes(T0 + 3 * RENEW_PERIOD_MS, None)
    assert park.trains().unit_id == "r1"


# ---- training --------------------------------------------------------------------------------------------------------


def test_a_trained_model_is_stored_active_and_judges() -> None:
    park = Park()
    park.stores(normal(2 * DAY, 1))
    version = park.trains()
    assert park.watches.active("acme") == (version,) and version.points == POINTS
    assert version.far < 0.01 and version.rows == pytest.approx(2 * DAY, abs=3)
    assert park.models.load(version.key).points == POINTS
    (found,) = park.reads(lifted(normal(200, 4), 100, temperature=3.0, voc=3.0))
    assert found.kind is ObservationKind.EARLY_COUPLED


def test_a_point_that_stands_still_is_left_out_and_named() -> None:
    park, rows = Park(), normal(2 * DAY, 1)
    rows[:, 3] = 60.0
    park.stores(rows)
    version = park.trains()
    assert (version.points, version.left_out) == (POINTS[:3], (POINTS[3],))


def test_the_same_readings_make_the_same_model_in_whatever_order_they_came() -> None:
    one, other, rows = Park(), Park(), normal(2 * DAY, 1)
    one.stores(rows)
    other.stores(rows[DAY:], first=DAY)
    other.stores(rows[:DAY])
    first, second = one.trains(), other.trains()
    assert first == second
    assert (one.models.load(first.key).limits == other.models.load(second.key).limits).all()


# ---- renewal ---------------------------------------------------------------------------------------------------------


def watched(**changes: float) -> Park:
    """A unit with a model of three days, and fourteen days of readings."""
    park = Park()
    park.stores(lifted(normal(14 * DAY, 1), 0, **changes))
    park.trains(rows=3 * DAY)
    return park


def test_a_unit_without_a_watch_gets_none_by_itself() -> None:
    park = Park()
    park.stores(normal(14 * DAY, 1))
    assert park.renews() is Renewal.NOT_WATCHED and park.watches.active("acme") == ()


def test_a_unit_that_reported_too_little_keeps_its_model() -> None:
    park = watched()
    before = park.watches.active("acme")
    assert park.renews(END + RENEW_PERIOD_MS - 3 * 3_600_000) is Renewal.NOT_ENOUGH
    assert park.watches.active("acme") == before


def test_a_unit_whose_points_stopped_reporting_keeps_its_model() -> None:
    park = watched()
    park.stores(normal(14 * DAY, 2), first=14 * DAY, points=POINTS[:3])
    assert park.renews(END + RENEW_PERIOD_MS) is Renewal.NOT_ENOUGH


def test_normal_days_renew_the_model() -> None:
    park = watched()
    before = park.watches.active("acme")
    assert park.renews() is Renewal.RENEWED
    (after,) = park.watches.active("acme")
    assert after.version > before[0].version and after.rows > 13 * DAY and (after.from_ms, after.to_ms) == (T0, END)


def test_days_with_warnings_are_no_part_of_a_renewed_model() -> None:
    park = watched()
    begin, end = T0 + 5 * 86_400_000, T0 + 6 * 86_400_000
    park.warns(begin, end)
    assert park.renews() is Renewal.RENEWED
    lost = 86_400_000 + 2 * AROUND_MS
    assert park.watches.active("acme")[0].rows == pytest.approx(14 * DAY - lost / STEP, abs=5)


def test_a_model_that_alarms_more_on_held_out_normal_days_is_not_taken() -> None:
    park = Park()
    rows = normal(14 * DAY, 1)
    still = int(11.5 * DAY)
    rows[:still] = (rows[:still] - rows.mean(axis=0)) * 0.2 + rows.mean(axis=0)
    park.stores(rows)
    park.trains(rows=2 * DAY, first=12 * DAY)
    before = park.watches.active("acme")
    assert park.renews() is Renewal.OLD_IS_BETTER
    assert park.watches.active("acme") == before


def test_a_model_that_cannot_be_used_is_replaced_whatever_it_was() -> None:
    park = watched()
    park.watches.activate(replace(park.watches.active("acme")[0], version="of-another-program"))
    assert park.renews() is Renewal.RENEWED
    assert park.models.load(park.watches.active("acme")[0].key).points == POINTS


def test_after_a_renewal_that_named_other_points_the_watch_goes_on_with_those() -> None:
    park = watched()
    park.watches.activate(replace(park.watches.active("acme")[0], points=POINTS[:3]))
    assert park.renews() is Renewal.RENEWED
    assert park.watches.active("acme")[0].points == POINTS
    assert np.isfinite(park.watches.active("acme")[0].far)
