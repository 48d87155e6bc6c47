"""From stored readings to a law that people read, and to advice that stands on it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from chalicelib.bootstrap import use
from chalicelib.domain.block import Block, pack
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import UnitLaws
from chalicelib.domain.observation import Observation, ObservationKind, observation_id
from chalicelib.domain.reading import Series
from chalicelib.usecases.find_decoupling import find_decoupling
from chalicelib.usecases.learn_laws import learn_laws
from tests.law_plant import STEP_MS, Array, Plant
from tests.park import Park

POINTS = ("temperature", "voc", "steam")
PER_DAY = 86_400_000 // STEP_MS


@pytest.fixture
def park() -> Park:
    return Park().register()


def stores(park: Park, columns: tuple[Array, ...], *, eid: str = "acme", flag: str = "N", number: int = 0) -> None:
    """History up to now, one block a day, that nobody judged (so that baselines stay nominal); what is missing is a flagged reading."""
    n = len(columns[0])
    times = [park.clock.ms - (n - i) * STEP_MS for i in range(n)]
    for day, start in enumerate(range(0, n, PER_DAY)):
        part = slice(start, start + PER_DAY)
        series = [
            series_of(f"{eid}-{name}", times[part], values[part], flag)
            for name, values in zip(POINTS, columns, strict=True)
        ]
        block = Block(
            id=str(UUID(int=10_000 + number + day)), enterprise_id=eid, bridge_id=f"{eid}-bridge", received_at_ms=park.clock.ms,
            first_ms=times[part][0], last_ms=times[part][-1], readings=len(series) * len(times[part]), digest=str(day),
            payload=pack(series),
        )  # fmt: skip
        park.services.blocks.add(block)
    park.stream.clear()


def series_of(point_id: str, times: list[int], values: Array, flag: str) -> Series:
    flags = "".join("D" if gone else flag for gone in np.isnan(values))
    return Series(
        point_id, times, [0.0 if gone else float(v) for v, gone in zip(values, np.isnan(values), strict=True)], flags
    )


def learn(park: Park, unit_id: str = "acme-r1") -> UnitLaws:
    ports = park.services
    return learn_laws(
        unit_id, park.clock.ms, registry=ports.registry, catalogues=ports.catalogues, blocks=ports.blocks, laws=ports.laws,
        observations=ports.observations,
    )  # fmt: skip


def advice(park: Park, query: str = "", **headers: str) -> dict[str, Any]:
    return park.as_("enterprise").get(f"/v1/enterprises/acme/advice{query}", **headers)


def declined(park: Park) -> str:
    answer = advice(park)
    assert answer["items"] == []
    (one,) = answer["declined"]
    return str(one["reason"])


# the law


def test_a_unit_that_was_never_learnt_says_so(park: Park) -> None:
    answer = park.as_("enterprise").get("/v1/units/acme-r1/coupling-law")
    assert answer["laws"] == [] and answer["reason_text"] == "该生产单元尚未学习出耦合规律"


def test_flagged_readings_teach_nothing(park: Park) -> None:
    stores(park, Plant(samples=1500).run(1), flag="M")
    assert {one.reason.value for one in learn(park).unclaimed} == {"too_few"}
    answer = park.as_("enterprise").get("/v1/units/acme-r1/coupling-law", Accept_Language="en")
    assert answer["laws"] == [] and answer["reason_text"] == "the data support no law"
    assert {one["reason_text"] for one in answer["unclaimed"]} == {"too few valid readings of both at one time"}


def test_a_plant_that_was_learnt_says_what_a_degree_costs(park: Park) -> None:
    stores(park, Plant().run(1))
    learn(park)
    answer = park.as_("enterprise").get("/v1/units/acme-r1/coupling-law")
    laws = {one["response"]["indicator"]: one for one in answer["laws"]}
    assert laws["voc"]["percent_per_unit"]["low"] <= 5.0 <= laws["voc"]["percent_per_unit"]["high"]
    assert laws["steam_flow"]["percent_per_unit"]["low"] <= 3.0 <= laws["steam_flow"]["percent_per_unit"]["high"]
    assert {one["lag_s"] for one in answer["laws"]} == {900.0} and {one["step_s"] for one in answer["laws"]} == {300.0}
    voc, steam = (laws[name]["percent_per_unit"] for name in ("voc", "steam_flow"))
    assert answer["says"] == [
        f"反应釜温度每升高1℃：非甲烷总烃 +{voc['estimate']:.1f}%（+{voc['low']:.1f}%～+{voc['high']:.1f}%），"
        f"蒸汽流量 +{steam['estimate']:.1f}%（+{steam['low']:.1f}%～+{steam['high']:.1f}%）"
    ]
    english = park.as_("enterprise").get("/v1/units/acme-r1/coupling-law", Accept_Language="en")
    assert english["says"][0].startswith("Reactor temperature up by 1℃: Non-methane hydrocarbons +")


def test_the_law_of_an_earlier_day_can_be_read(park: Park) -> None:
    stores(park, Plant(samples=1500).run(1))
    learn(park)
    first = park.as_("enterprise").get("/v1/units/acme-r1/coupling-law")
    park.clock.advance(86_400)
    learn(park)
    at = first["fitted_at"].replace("+", "%2B")
    assert park.as_("enterprise").get(f"/v1/units/acme-r1/coupling-law?at={at}") == first
    assert park.as_("enterprise").get("/v1/units/acme-r1/coupling-law")["fitted_at"] > first["fitted_at"]


def test_what_a_broken_treatment_let_through_teaches_nothing(park: Park) -> None:
    temperature, voc, steam = Plant(samples=1500).run(1)
    broken = voc.copy()
    broken[1000:] *= 3.0
    stores(park, (temperature, broken, steam))
    onset_ms = park.clock.ms - 500 * STEP_MS
    seen = observation_id("acme-r1", ObservationKind.DECOUPLED, "acme-voc", onset_ms)
    opened = Observation(
        seen,
        ObservationKind.DECOUPLED,
        "acme",
        "acme-r1",
        Dimension.ENVIRONMENT,
        "acme-voc",
        onset_ms,
        onset_ms,
        onset_ms,
    )
    park.services.observations.add([opened])
    law = learn(park).of("acme-temperature", "acme-voc")
    assert law is not None and law.fit.n < 1000 and law.fit.r2 > 0.8


# advice


@pytest.fixture
def learnt(park: Park) -> Park:
    """A reactor whose law is known, from about 164 to 184 degrees."""
    stores(park, Plant(temperature_sd=4.0).run(1))
    learn(park)
    return park


def test_no_advice_without_a_reading(learnt: Park) -> None:
    assert declined(learnt) == "stale"


def test_no_advice_without_a_law(park: Park) -> None:
    park.reads(temperature=182.0, voc=45.0, steam=110.0)
    assert declined(park) == "not_learnt"
    learn(park)
    assert declined(park) == "no_law"


def test_no_advice_on_readings_that_are_old_or_flagged(learnt: Park) -> None:
    learnt.reads(temperature=181.0, voc=45.0, steam=110.0)
    learnt.clock.advance(7200)
    assert declined(learnt) == "stale"
    learnt.reads(temperature=181.0, voc=45.0, steam=110.0, flag="D")
    assert declined(learnt) == "invalid"


def test_no_advice_where_nothing_is_wrong(learnt: Park) -> None:
    learnt.reads(temperature=175.0, voc=30.0, steam=100.0)
    assert declined(learnt) == "within_limits"


def test_no_advice_outside_what_the_law_has_seen(learnt: Park) -> None:
    learnt.reads(temperature=195.0, voc=70.0, steam=150.0)
    assert declined(learnt) == "outside_validity"
    learnt.clock.advance(60)
    learnt.reads(temperature=176.0, voc=90.0, steam=100.0)  # no temperature that was seen brings this down
    assert declined(learnt) == "outside_validity"


def test_the_advice_brings_both_legs_under_their_levels(learnt: Park) -> None:
    learnt.reads(temperature=181.0, voc=45.0, steam=110.0)
    answer = advice(learnt, "?unit=acme-r1")
    (one,) = answer["items"]
    assert answer["declined"] == [] and (one["unit_id"], one["rule_id"], one["value"]) == (
        "acme-r1", "reactor-temperature-voc", 181.0,
    )  # fmt: skip
    voc, steam = one["effects"]
    assert one["target"] == pytest.approx(181.0 + np.log(30.0 * 1.27 / 45.0) / np.log(1.05), abs=0.3)
    assert 45.0 * (1.0 + voc["percent"]["high"] / 100.0) < 30.0 * 1.27
    assert voc["percent"]["low"] < voc["percent"]["estimate"] < voc["percent"]["high"] < 0.0
    assert steam["response"]["indicator"] == "steam_flow" and steam["percent"]["high"] < 0.0
    assert one["says"].startswith(f"把R1的反应釜温度从181℃降到{one['target']:g}℃：非甲烷总烃预计下降")


def test_advice_for_one_leg_is_for_the_smallest_change(learnt: Park) -> None:
    learnt.reads(temperature=182.0, voc=31.0, steam=110.0)
    (one,) = advice(learnt, Accept_Language="en")["items"]
    assert one["target"] == 181.7
    assert one["says"].startswith("lower the Reactor temperature of R1 from 182℃ to 181.7℃: ")


def test_advice_on_a_unit_of_another_enterprise_does_not_exist(learnt: Park) -> None:
    learnt.as_("enterprise").get("/v1/enterprises/acme/advice?unit=other-r1", expect=404)
    learnt.as_("enterprise_other").get("/v1/enterprises/acme/advice", expect=404)
    learnt.as_("enterprise_other").get("/v1/units/acme-r1/coupling-law", expect=404)


def test_laws_and_advice_are_read_without_numpy() -> None:
    import subprocess
    import sys

    code = "import sys, app, chalicelib.usecases.learn_laws, chalicelib.domain.law_words; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


# decoupling


def watch(park: Park) -> list[Observation]:
    ports = park.services
    found = find_decoupling(
        "acme-r1", park.clock.ms, registry=ports.registry, catalogues=ports.catalogues, blocks=ports.blocks, laws=ports.laws,
        observations=ports.observations,
    )  # fmt: skip
    park.pump()
    return list(found)


def fails(park: Park, *, since: int, until: int | None = None, samples: int = 2880) -> None:
    """A plant that was learnt, and whose treatment then fails for some samples of its last days."""
    temperature, voc, steam = Plant(samples=samples).run(4)
    broken = voc.copy()
    broken[-since : None if until is None else -until] *= 1.7
    park.services.laws.add(learnt_from(park, (temperature, voc, steam)))
    stores(park, (temperature, broken, steam))


def learnt_from(park: Park, columns: tuple[Array, ...]) -> UnitLaws:
    other = Park().register()
    stores(other, columns)
    learnt = learn(other)
    use(park.services)
    return replace(learnt, fitted_at_ms=park.clock.ms - 3 * 86_400_000)


def test_nothing_is_observed_without_a_law_or_while_all_is_normal(park: Park) -> None:
    assert watch(park) == []
    stores(park, Plant().run(4))
    learn(park)
    assert watch(park) == []


def test_a_failing_treatment_is_told_to_the_environment_department_once(park: Park) -> None:
    fails(park, since=100)
    (opened,) = watch(park)
    assert watch(park) == []
    (one,) = park.as_("department_environment").get("/v1/observations")["items"]
    assert (one["kind"], one["unit_id"], one["subject"], one["dimension"]) == (
        "decoupled", "acme-r1", "acme-voc", "environment",
    )  # fmt: skip
    assert "closed_at" not in one or one["closed_at"] is None
    rises, steady = one["findings"]
    assert rises["verdict"] == "rises" and 0.4 < rises["change"] < 1.2 and steady["verdict"] == "steady"
    assert one["figures"]["expected"] < one["figures"]["allowed"] < rises["value"]
    assert abs(opened.onset_ms - (park.clock.ms - 100 * STEP_MS)) <= 3_600_000
    told = {
        person: park.as_(person).get("/v1/inbox")["items"] for person in ("department_environment", "department_safety")
    }
    assert [len(notices) for notices in told.values()] == [1, 0]


def test_what_is_over_is_closed_and_does_not_come_again(park: Park) -> None:
    fails(park, since=100)
    (opened,) = watch(park)
    quiet = Plant(samples=200).run(9)
    park.clock.advance(200 * STEP_MS / 1000)
    stores(park, quiet, number=900)
    (closed,) = watch(park)
    assert closed.id == opened.id and closed.closed_at_ms is not None
    assert abs(closed.closed_at_ms - (park.clock.ms - 200 * STEP_MS)) <= 2 * 3_600_000
    assert watch(park) == []
    park.clock.advance(3600)
    assert watch(park) == []
    assert len(park.as_("enterprise").get("/v1/observations")["items"]) == 1


def test_a_failure_that_was_over_before_anyone_looked_is_told_all_the_same(park: Park) -> None:
    fails(park, since=200, until=100)
    (one,) = watch(park)
    assert one.closed_at_ms is not None and one.closed_at_ms < park.clock.ms
    assert watch(park) == []
