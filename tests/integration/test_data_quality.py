"""GET data-quality over the whole park: what was uploaded, and how much of it a person is told is fit to be judged."""

import random
from typing import Any

import pytest

from chalicelib.usecases import find_marks
from tests.park import START_MS, Park

MINUTE_MS = 60_000
MIDNIGHT = START_MS - 10 * 60 * MINUTE_MS
DAY = "2026-03-02"
PATH = "/v1/enterprises/acme/data-quality"


@pytest.fixture
def park() -> Park:
    return Park().register()


def noisy(count: int, seed: int = 1) -> list[float | None]:
    chance = random.Random(seed)
    return [round(30.0 + chance.gauss(0.0, 0.8), 2) for _ in range(count)]


def uploads(park: Park, values: list[float | None], *, minute: int = 0, flags: dict[int, str] | None = None) -> None:
    """The VOC point's readings, one a minute from a minute of the day on."""
    times = [MIDNIGHT + (minute + n) * MINUTE_MS for n in range(len(values))]
    letters = [(flags or {}).get(n, "N") for n in range(len(values))]
    park.clock.ms = max(park.clock.ms, times[-1] + 1000)
    park.upload([{"point": "acme-voc", "times": times, "values": values, "flags": letters}])


def quality(park: Park, query: str = f"day={DAY}", person: str = "enterprise") -> dict[str, Any]:
    return park.as_(person).get(f"{PATH}?{query}")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param("day=2026-02-30", "day", id="a day that no calendar has"),
        pytest.param("limit=0", "limit", id="fewer marks than none"),
        pytest.param("unit=%20", "unit", id="a unit id that none can be"),
    ],
)
def test_what_cannot_be_asked_is_refused(park: Park, query: str, field: str) -> None:
    problem = park.as_("enterprise").get(f"{PATH}?{query}", expect=400)
    assert problem["errors"][0]["field"] == field


def test_a_unit_of_another_enterprise_is_not_there(park: Park) -> None:
    park.as_("committee").get(f"{PATH}?unit=other-r1", expect=404)


@pytest.mark.parametrize(("limit", "value"), [("MAX_READINGS", 9), ("MAX_SERIES", 0), ("MAX_BLOCKS", 0)])
def test_more_than_can_be_judged_at_once_is_refused_with_a_way_on(
    park: Park, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    uploads(park, noisy(10))
    monkeypatch.setattr(find_marks, limit, value)
    (error,) = park.as_("enterprise").get(f"{PATH}?day={DAY}", expect=400)["errors"]
    assert (error["field"], error["code"]) == ("unit", "too_much_for_units") and str(value) in error["detail"]


def test_a_day_without_readings_has_no_share(park: Park) -> None:
    answer = quality(park)
    assert answer["whole"] == {"readings": 0, "fit": 0, "by_mark": {}}
    assert answer["marks"] == [] and answer["more"] == 0
    assert [one["point"] for one in answer["points"]] == ["acme-steam", "acme-temperature", "acme-voc"]


def test_readings_that_are_all_well_are_all_fit(park: Park) -> None:
    uploads(park, noisy(120))
    answer = quality(park)
    assert answer["whole"] == {"readings": 120, "fit": 120, "share": 1.0, "by_mark": {}}
    assert [(one["unit"], one["share"]) for one in answer["units"]] == [("acme-r1", 1.0)]


def test_what_is_flagged_missing_or_shifted_is_told_with_its_evidence(park: Park) -> None:
    values = noisy(120)
    values[50], values[80] = 301.0, None
    uploads(park, values, flags={20: "M", 21: "M", 80: "D"})
    answer = quality(park)
    assert answer["whole"] == {
        "readings": 120, "fit": 116, "share": 116 / 120, "by_mark": {"not_a_number": 3, "decimal_shift": 1},
    }  # fmt: skip
    maintained, shifted, missing = answer["marks"]
    assert [one["readings"] for one in answer["marks"]] == [2, 1, 1]
    assert (maintained["kind"], missing["kind"]) == ("not_a_number", "not_a_number")
    assert shifted["kind"] == "decimal_shift" and shifted["text"] == "疑似小数点错位"
    assert shifted["evidence"]["value"] == 301.0 and shifted["evidence"]["places"] == 1
    assert shifted["evidence"]["neighbours"] == pytest.approx(30.0, rel=0.1)
    (environment,) = (one for one in answer["dimensions"] if one["dimension"] == "environment")
    assert environment["fit"] == 116


def test_marks_are_bounded_and_the_rest_is_counted(park: Park) -> None:
    uploads(park, noisy(60), flags=dict.fromkeys(range(0, 60, 3), "D"))
    answer = quality(park, f"day={DAY}&limit=5&unit=acme-r1")
    assert len(answer["marks"]) == 5 and answer["more"] == 15
    assert answer["whole"]["by_mark"] == {"not_a_number": 20}


def test_the_day_before_teaches_what_is_usual_and_is_not_counted(park: Park) -> None:
    uploads(park, noisy(600), minute=-600)
    uploads(park, [31.4] * 120)
    answer = quality(park)
    assert answer["whole"]["readings"] == 120 and answer["whole"]["fit"] == 0
    assert answer["whole"]["by_mark"] == {"flat_line": 120}
    before = quality(park, "day=2026-03-01")
    assert before["whole"] == {"readings": 600, "fit": 600, "share": 1.0, "by_mark": {}}


def test_without_a_day_it_is_yesterday(park: Park) -> None:
    uploads(park, noisy(30), minute=-60)
    assert quality(park, "")["day"] == "2026-03-01"
    assert quality(park, "")["whole"]["readings"] == 30


def test_a_reading_that_came_twice_counts_once(park: Park) -> None:
    uploads(park, noisy(30))
    uploads(park, noisy(40))
    assert quality(park)["whole"]["readings"] == 40
