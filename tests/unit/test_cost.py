"""What a park costs: the arithmetic by hand, the table of prices, and the page's shape."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from bench.cost import measure, page
from bench.cost.model import (
    GROUPS,
    Assumptions,
    Measured,
    Photos,
    Use,
    bill,
    duration_s,
    item_per_reading,
    learn_share,
    month,
    sitewise_messages,
    units,
)
from bench.cost.prices import Price, PriceList, price_list
from chalicelib.adapters.rows import Delete, Put, Row
from infra.package import ROOT

NOTHING = Use()
GIVEN = Assumptions(
    upload_s=300, report_s=600, tasks=2, photos=3, looks=10, wait_s=0.01, platform_log_bytes=100, polls=1000, key_requests=500,
    photo_months=10, reading_months=2, log_months=3, units=4,
)  # fmt: skip
UPLOAD = {"api": Use(1, 4, 2, 5, 0.02, 400, 1000), "evaluate": Use(1, 3, 1, 1, 0.03, 300, 0)}
# Round numbers, so that a month can be worked out by hand below.
MEASURED = Measured(
    upload=dict.fromkeys(page.SHAPES, UPLOAD),
    stored_bytes=dict.fromkeys(page.SHAPES, 2000.0),
    item_bytes=60.0,
    report={"api": Use(1, 1, 1, 1, 0.01, 200, 100)},
    task={"api": Use(10, 100, 50, 0, 0, 0, 0), "relay": Use(20, 200, 100, 0, 0, 0, 0)},
    task_bytes=50_000.0,
    pushes=7,
    look={"api": Use(5, 0, 10, 0, 0, 0, 20_000)},
    clock=Use(1, 0, 10, 0, 0, 0, 0),
    learn={"find_sensor_faults": Use(0, 1, 100, 0, 0.5, 0, 0), "verify_audit": Use(0, 0, 2, 0, 0, 0, 0)},
    photo=Photos(2_000_000.0, 400_000.0, 2, 0.2),
    client_cpu_s=0.001,
    memory_mb={"api": 1769, "evaluate": 1769, "relay": 1769, "push": 1769, "photo": 1769, "clock": 1769, "learn": 1769},
    alarms=10,
    metrics=20,
)
FLAT = PriceList("nowhere", "USD", "2026-01-01", {name: Price(1, ((float("inf"), 1.0),), "page") for name in GROUPS})


def test_a_month_of_one_enterprise_is_what_it_is_by_hand() -> None:
    """8,640 uploads, 4,320 reports, 2 tasks, 10 looks, 43,200 minutes and 720 hours."""
    found = month(1, MEASURED, GIVEN)
    assert found["gateway.rest_request"] == 8640 + 4320 + 2 * 10 + 10 * 5
    assert found["lambda.request"] == found["gateway.rest_request"] + 8640 + 2 * 20 + 2 * 3 + 43_200 + 720
    assert found["dynamodb.write_unit"] == pytest.approx(8640 * 7 + 4320 + 2 * 300 + 720 * 4)
    audits = (
        30 * 2 * (2 * 10 * 2)
    )  # each day two units for each chain: of a task and a warning, two a month, ten months
    assert found["dynamodb.read_unit"] == pytest.approx(
        8640 * 3 + 4320 + 2 * 150 + 10 * 10 + 43_200 * 10 + 720 * 4 * 100 + audits
    )
    assert found["s3.put"] == 2 * 3 * 3 and found["s3.get"] == 2 * 3 * 3
    assert found["s3.gb_month"] == pytest.approx(6 * 2.4e6 * 10 / 1e9)
    assert found["sqs.request"] == 1000 + 3 * (7 * 2 + 6)
    assert found["dynamodb.gb_month"] == pytest.approx((2000 * 8640 * 2 + 50_000 * 2 * 10) / 1e9)
    assert found["transfer.out_gb"] == pytest.approx((8640 * 1000 + 4320 * 100 + 10 * 20_000 + 12 * 200_000) / 1e9)
    logged = (8640 * 700 + 4320 * 200 + found["lambda.request"] * 100) / 1e9
    assert found["logs.ingested_gb"] == pytest.approx(logged)
    assert found["logs.gb_month"] == pytest.approx(3 * logged)


def test_billed_time_is_processor_time_at_the_share_that_memory_buys_and_waiting() -> None:
    use = Use(cpu_s=0.02, calls=5)
    assert duration_s(use, "api", MEASURED, GIVEN) == pytest.approx(0.02 + 5 * 0.001 + 5 * 0.01)
    small = replace(MEASURED, memory_mb={"api": 1769 // 2, "learn": 4000})
    assert duration_s(use, "api", small, GIVEN) == pytest.approx((0.02 + 0.005) * 1769 / 884 + 0.05)
    assert duration_s(use, "learn", small, GIVEN) == pytest.approx(0.02 + 0.005 + 0.05)


def test_the_hourly_run_takes_no_more_turns_than_it_has_time_for() -> None:
    """A unit takes 0.5 s: 4 units of 1,000 enterprises 2,000 s of the 720 of each hour."""
    assert learn_share(1, MEASURED, GIVEN) == 1.0
    assert learn_share(1000, MEASURED, GIVEN) == pytest.approx(720 / 2000)
    more = month(2000, MEASURED, GIVEN)["lambda.gb_s"] - month(1000, MEASURED, GIVEN)["lambda.gb_s"]
    per_run = sum(duration_s(use, "api", MEASURED, GIVEN) for use in UPLOAD.values())
    report = duration_s(MEASURED.report["api"], "api", MEASURED, GIVEN)
    photos = 6 * 0.2
    assert more == pytest.approx(1000 * (8640 * per_run + 4320 * report + photos) * 1769 / 1024)


def test_the_bill_adds_up_what_is_of_one_group_and_leaves_nothing_out() -> None:
    quantities = month(3, MEASURED, GIVEN)
    assert sum(bill(quantities, FLAT).values()) == pytest.approx(sum(quantities.values()))
    assert set(quantities) == set(GROUPS)
    assert all(one >= other for one, other in pairwise(bill(quantities, FLAT).values()))


def test_what_has_no_price_is_not_free() -> None:
    with pytest.raises(KeyError):
        bill({"lambda.request": 1.0}, replace(FLAT, prices={}))


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        pytest.param(0, 0.0, id="nothing costs nothing"),
        pytest.param(100, 300.0, id="within the first tier"),
        pytest.param(150, 300.0 + 100.0, id="beyond it, each part at its own price"),
        pytest.param(1000, 300.0 + 200.0 + 800.0, id="in the last, which has no end"),
    ],
)
def test_tiers_are_paid_each_at_its_own_price(quantity: float, cost: float) -> None:
    assert Price(1, ((100, 3.0), (200, 2.0), (float("inf"), 1.0)), "page").of(quantity) == cost


@pytest.mark.parametrize(("size_bytes", "count"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (2048, 2)])
def test_a_write_costs_a_unit_for_each_kilobyte_begun(size_bytes: int, count: int) -> None:
    assert units(size_bytes) == count


def test_an_item_for_each_reading_is_the_same_bill_but_for_writes_and_storage() -> None:
    ours, other = month(2, MEASURED, GIVEN), item_per_reading(2, MEASURED, GIVEN)
    differing = {name for name in ours if ours[name] != other[name]}
    assert differing == {"dynamodb.write_unit", "dynamodb.gb_month", "dynamodb.recovery_gb_month"}
    readings = 100 * 86_400
    assert other["dynamodb.write_unit"] - ours["dynamodb.write_unit"] == 2 * (readings - 8640 * 2)
    more_gb = 2 * (readings * 160 - 8640 * 2000) * 2 / 1e9
    assert other["dynamodb.gb_month"] - ours["dynamodb.gb_month"] == pytest.approx(more_gb)


def test_sitewise_meters_ten_values_of_a_stream_or_sixty_of_any() -> None:
    """8,640 uploads of 100 streams x 10, or 43,200 of 100 x 2."""
    assert sitewise_messages(1, GIVEN) == {"near real time": 8640 * 100, "buffered": 8640 * 17}
    often = replace(GIVEN, upload_s=60)
    assert sitewise_messages(1, often) == {"near real time": 43_200 * 100, "buffered": 43_200 * 4}


def test_every_price_that_a_bill_asks_for_is_in_the_table_with_its_page() -> None:
    prices = price_list("us-east-1").prices
    assert set(GROUPS) | {"gateway.http_request", "sitewise.message"} == set(prices)
    for one in prices.values():
        assert one.page.startswith("https://aws.amazon.com/")
        assert one.seen.startswith("https://") or not one.is_official
        assert one.tiers[-1][0] == float("inf") and all(a[0] < b[0] for a, b in pairwise(one.tiers))


def test_the_page_has_the_shape_that_the_command_writes() -> None:
    """Only figures may differ: run `make cost` where this fails."""
    made = page.render(MEASURED, price_list("us-east-1"), Assumptions())
    kept = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    sections = [line for line in made.splitlines() if line.startswith("#")]
    assert [line for line in kept.splitlines() if line.startswith("#")] == sections
    for part in ("## What is assumed", "## Prices"):  # nothing of these is measured
        assert section(kept, part) == section(made, part)
    for part in ("## A month", "## How often", "## Beside"):
        assert page.shape(section(kept, part)) == page.shape(section(made, part))


def section(text: str, head: str) -> str:
    return text[text.index(head) :].partition("\n## ")[0]


def test_a_page_that_somebody_changed_by_hand_has_another_shape() -> None:
    made = page.render(MEASURED, price_list("us-east-1"), Assumptions())
    assert page.shape(made) != page.shape(made.replace("An item for each reading", "One item"))
    assert page.shape(made) == page.shape(made.replace("8.64", "9.01"))


# ---- counting as DynamoDB charges ------------------------------------------------------------------------------------


def row(sk: str, size: int, version: int = 1) -> Row:
    """An item of so many bytes: names and keys are counted too."""
    bare = measure.row_bytes(Row("P", sk, blob=b"x", version=version))
    return Row("P", sk, blob=b"x" * (size - bare + 1), version=version)


@pytest.fixture
def meter() -> measure.Meter:
    found = measure.Meter()
    found.now = "api"
    return found


@pytest.fixture
def rows(meter: measure.Meter) -> measure.MeteredRows:
    return measure.MeteredRows(meter)


@pytest.mark.parametrize(
    ("writes", "taken"),
    [
        pytest.param([Put(row("a", 1024))], 1, id="a kilobyte is one"),
        pytest.param([Put(row("a", 1025))], 2, id="a byte more is two"),
        pytest.param([Put(row("a", 1024)), Put(row("b", 1025))], 2 * 3, id="in a transaction each counts twice"),
        pytest.param([Delete("P", "a")], 1, id="what deletes nothing is one too"),
    ],
)
def test_a_write_is_counted_as_it_is_charged(
    rows: measure.MeteredRows, meter: measure.Meter, writes: list[Put | Delete], taken: int
) -> None:
    rows.commit(writes)
    assert (meter.uses["api"].write_units, meter.uses["api"].calls) == (taken, 1)


def test_a_smaller_item_in_a_larger_ones_place_costs_what_the_larger_one_did(
    rows: measure.MeteredRows, meter: measure.Meter
) -> None:
    rows.commit([Put(row("a", 5000))])
    before = meter.uses["api"].write_units
    rows.commit([Put(row("a", 900, version=2))])
    assert meter.uses["api"].write_units - before == 5
    assert meter.bytes == 900


def test_reads_are_counted_by_four_kilobytes_and_what_is_not_there_costs_one(
    rows: measure.MeteredRows, meter: measure.Meter
) -> None:
    rows.commit([Put(row("a", 4097)), Put(row("b", 100)), Put(row("c", 3000))])

    def taken(read: Callable[[], object]) -> tuple[float, float]:
        before = meter.uses["api"]
        read()
        return meter.uses["api"].read_units - before.read_units, meter.uses["api"].calls - before.calls

    assert taken(lambda: rows.get("P", "a")) == (2, 1)
    assert taken(lambda: rows.get("P", "nothing")) == (1, 1)
    assert taken(lambda: rows.get_many([("P", "a"), ("P", "b"), ("P", "nothing")])) == (2 + 1 + 1, 1)
    assert taken(lambda: rows.query("P")) == (2, 1)  # 7,197 bytes together, not each by itself


def test_what_counting_takes_is_not_counted(meter: measure.Meter, rows: measure.MeteredRows) -> None:
    with meter.running("relay", lambda: 0):
        for _ in range(200):
            rows.get("P", "nothing")
    assert meter.uses["relay"].runs == 1 and meter.uses["relay"].calls == 200
    assert meter.uses["relay"].cpu_s < 0.05
