"""What the bench reckons by: when a target is met, and how DynamoDB counts the size of an item."""

from typing import Any

import pytest

from bench.figure import Figure, alternate
from bench.write_units import item_bytes, units_of


@pytest.mark.parametrize(
    ("figure", "ratio", "met"),
    [
        pytest.param(Figure("f", None, "s", 1.0, 5.0), None, None, id="what could not be measured is neither met nor missed"),
        pytest.param(Figure("f", 6.0, "s", 2.0), 3.0, None, id="without a target there is nothing to meet"),
        pytest.param(Figure("f", 5.1, "WU", 1.0, 5.0), 5.1, False, id="a value above its target"),
        pytest.param(Figure("f", 5.0, "WU", 1.0, 5.0), 5.0, True, id="a value at its target"),
        pytest.param(Figure("f", 90.0, "us", 20.0, 4.0, bound="ratio"), 4.5, False, id="a ratio above its target"),
        pytest.param(Figure("f", 60.0, "us", 20.0, 4.0, bound="ratio"), 3.0, True, id="a ratio below its target"),
        pytest.param(Figure("f", 90.0, "1/s", 900.0, 100.0, higher_is_better=True), 10.0, False, id="a rate below its target"),
        pytest.param(Figure("f", 150.0, "1/s", 900.0, 100.0, higher_is_better=True), 6.0, True, id="a rate above its target"),
        pytest.param(Figure("f", 6.0, "s", None, 5.0), None, False, id="a value without a floor"),
    ],
)  # fmt: skip
def test_a_figure(figure: Figure, ratio: float | None, met: bool | None) -> None:
    assert (figure.ratio, figure.met) == (ratio, met)
    assert set(figure.entry()) == {"value", "unit", "floor", "ratio", "target", "met"}


@pytest.mark.parametrize(
    ("item", "size"),
    [
        pytest.param({"pk": {"S": "abc"}}, 5, id="name and text"),
        pytest.param({"pk": {"S": "反应釜"}}, 11, id="text counts by its bytes in UTF-8"),
        pytest.param({"blob": {"B": bytes(100)}}, 104, id="bytes as they are"),
        pytest.param({"n": {"N": "1"}}, 3, id="a digit"),
        pytest.param({"n": {"N": "1772416800000"}}, 6, id="trailing zeros do not count"),
        pytest.param({"n": {"N": "-12345"}}, 6, id="a sign is a byte"),
        pytest.param({"a": {"S": "xy"}, "b": {"N": "10"}}, 6, id="all of them together"),
    ],
)
def test_the_size_of_an_item(item: dict[str, dict[str, Any]], size: int) -> None:
    assert item_bytes(item) == size


@pytest.mark.parametrize(("size", "units"), [(1, 1), (1024, 1), (1025, 2), (350_000, 342)])
def test_a_write_unit_is_a_kilobyte_begun(size: int, units: int) -> None:
    assert units_of(size) == units


def test_work_is_measured_in_turns() -> None:
    order: list[str] = []
    first, second = alternate(lambda: order.append("a"), lambda: order.append("b"), rounds=3)
    assert order == ["a", "b"] * 4
    assert min(first, second) >= 0.0
