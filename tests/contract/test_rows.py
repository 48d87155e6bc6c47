"""What every store of rows promises: the same tests for memory, moto and DynamoDB Local. Refusals first."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chalicelib.adapters.rows import MAX_WRITES, Delete, Expect, Put, Row, RowConflict, Rows

WRITERS = 6


def keys(found: list[Row]) -> list[str]:
    return [row.sk for row in found]


def fill(rows: Rows, *sks: str, pk: str = "p") -> None:
    for sk in sks:
        rows.commit([Put(Row(pk, sk))])


def race(work: Callable[[int], Any], writers: int = WRITERS) -> list[Any]:
    """All at once; a conflict is a result."""
    start = Barrier(writers)

    def run(number: int) -> Any:
        start.wait(10)
        try:
            return work(number)
        except RowConflict as conflict:
            return conflict

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, range(writers)))


# what is not there


def test_an_absent_row_is_none(rows: Rows) -> None:
    assert rows.get("p", "s") is None


def test_nothing_is_found_where_nothing_is(rows: Rows) -> None:
    assert rows.query("p") == []
    assert rows.count("p") == 0
    assert rows.get_many([]) == []
    assert rows.get_many([("p", "s"), ("p", "t")]) == []


def test_deleting_what_is_absent_is_no_error(rows: Rows) -> None:
    rows.commit([Delete("p", "s")])


def test_committing_nothing_does_nothing(rows: Rows) -> None:
    rows.commit([])


# conflicts


def test_a_row_expected_absent_that_exists_conflicts_and_stays(rows: Rows) -> None:
    rows.commit([Put(Row("p", "s", {"n": 1}), Expect.ABSENT)])
    with pytest.raises(RowConflict):
        rows.commit([Put(Row("p", "s", {"n": 2}), Expect.ABSENT)])
    assert rows.get("p", "s") == Row("p", "s", {"n": 1})


@pytest.mark.parametrize("version", [1, 2, 4, 5])
def test_a_replacement_of_another_version_conflicts(rows: Rows, version: int) -> None:
    rows.commit([Put(Row("p", "s", {"n": 1}, version=2))])
    with pytest.raises(RowConflict):
        rows.commit([Put(Row("p", "s", {"n": 2}, version=version), Expect.VERSION)])
    assert rows.get("p", "s") == Row("p", "s", {"n": 1}, version=2)


def test_a_replacement_of_what_is_absent_conflicts(rows: Rows) -> None:
    with pytest.raises(RowConflict):
        rows.commit([Put(Row("p", "s", version=1), Expect.VERSION)])
    assert rows.get("p", "s") is None


@pytest.mark.parametrize("at", [0, 17, 29])
def test_thirty_writes_of_which_one_conflicts_write_nothing(rows: Rows, at: int) -> None:
    fill(rows, f"s{at:02d}", "old")
    writes: list[Put | Delete] = [Put(Row("p", f"s{n:02d}", {"n": n}), Expect.ABSENT) for n in range(30)]
    with pytest.raises(RowConflict):
        rows.commit([*writes, Delete("p", "old")])
    assert keys(rows.query("p")) == ["old", f"s{at:02d}"]


def test_a_transaction_of_which_a_version_conflicts_writes_nothing(rows: Rows) -> None:
    rows.commit([Put(Row("p", "head", {"n": 1}))])
    with pytest.raises(RowConflict):
        rows.commit([Put(Row("p", "new")), Put(Row("p", "head", {"n": 2}, version=7), Expect.VERSION)])
    assert keys(rows.query("p")) == ["head"]


@pytest.mark.parametrize(
    "writes",
    [
        pytest.param([Put(Row("p", f"s{n}")) for n in range(MAX_WRITES + 1)], id="more than a hundred"),
        pytest.param([Put(Row("p", "s")), Delete("p", "s")], id="one row twice"),
    ],
)
def test_writes_that_cannot_be_one_commit_are_a_mistake_of_ours(rows: Rows, writes: list[Put | Delete]) -> None:
    with pytest.raises(ValueError, match="one commit"):
        rows.commit(writes)
    assert rows.count("p") == 0


# there and back


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(Row("p", "s"), id="nothing but its keys"),
        pytest.param(Row("p", "s", {"a": 1, "b": [1.5, None, True, {"c": "d"}], "e": {}}), id="a nested body"),
        pytest.param(Row("企业#甲", "点位#℃ 🌡", {"名": "反应釜 \u0000 \u2028 é"}), id="unicode in keys and body"),
        pytest.param(
            Row("p", "s", {"n": 0.1 + 0.2, "m": 1.7976931348623157e308, "i": 2**63}), id="numbers that must stay exact"
        ),
        pytest.param(Row("p", "s", blob=bytes(range(256))), id="every byte"),
        pytest.param(Row("p", "s", {"a": ""}, blob=b"\x00"), id="an empty text and a zero byte"),
        pytest.param(Row("p", "s", version=2**40, ttl_s=1_803_952_800), id="a version and a time to live"),
        pytest.param(Row("p", "s", blob=random.Random(1).randbytes(350_000)), id="as large as a block gets"),
    ],
)
def test_a_row_comes_back_as_it_was_put(rows: Rows, row: Row) -> None:
    rows.commit([Put(row, Expect.ABSENT)])
    assert rows.get(row.pk, row.sk) == row
    assert rows.query(row.pk) == [row]
    assert rows.get_many([(row.pk, row.sk)]) == [row]


def test_a_row_put_in_a_transaction_comes_back_as_it_was_put(rows: Rows) -> None:
    first = Row("p", "s", {"温度": 1.5}, bytes(range(256)), 3, 1_803_952_800)
    rows.commit([Put(first), Put(Row("q", "s"))])
    assert rows.get("p", "s") == first


def test_what_expects_nothing_replaces_all_of_a_row(rows: Rows) -> None:
    rows.commit([Put(Row("p", "s", {"a": 1}, b"x", 4, 99))])
    rows.commit([Put(Row("p", "s", {"b": 2}))])
    assert rows.get("p", "s") == Row("p", "s", {"b": 2})


def test_a_replacement_of_the_current_version_is_taken(rows: Rows) -> None:
    rows.commit([Put(Row("p", "s", version=1), Expect.ABSENT)])
    rows.commit([Put(Row("p", "s", {"n": 2}, version=2), Expect.VERSION)])
    rows.commit([Put(Row("p", "s", {"n": 3}, version=3), Expect.VERSION), Put(Row("p", "t"))])
    assert rows.get("p", "s") == Row("p", "s", {"n": 3}, version=3)


def test_puts_and_deletes_go_together(rows: Rows) -> None:
    fill(rows, "a", "b")
    rows.commit([Delete("p", "a"), Put(Row("p", "c"), Expect.ABSENT), Put(Row("q", "d"), Expect.ABSENT)])
    assert (keys(rows.query("p")), keys(rows.query("q"))) == (["b", "c"], ["d"])


def test_a_hundred_writes_are_one_commit(rows: Rows) -> None:
    rows.commit([Put(Row("p", f"s{n:03d}"), Expect.ABSENT) for n in range(MAX_WRITES)])
    assert rows.count("p") == MAX_WRITES


def test_a_deleted_row_is_gone_and_may_be_made_again(rows: Rows) -> None:
    fill(rows, "s")
    rows.commit([Delete("p", "s")])
    assert rows.get("p", "s") is None
    rows.commit([Put(Row("p", "s"), Expect.ABSENT)])


# queries

SKS = ("A#1", "A#10", "A#2", "B#", "B#1", "B_1", "b#1", "甲#1")


def test_a_query_gives_one_partition_in_order(rows: Rows) -> None:
    fill(rows, *reversed(SKS))
    fill(rows, "x", pk="q")
    assert keys(rows.query("p")) == list(SKS)
    assert keys(rows.query("p", newest_first=True)) == list(reversed(SKS))
    assert (rows.count("p"), rows.count("q")) == (len(SKS), 1)


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("A#", ["A#1", "A#10", "A#2"]),
        ("A#1", ["A#1", "A#10"]),
        ("B#", ["B#", "B#1"]),
        ("甲", ["甲#1"]),
        ("C", []),
        ("%", []),
    ],
)
def test_a_prefix_is_taken_literally(rows: Rows, prefix: str, found: list[str]) -> None:
    fill(rows, *SKS)
    assert keys(rows.query("p", prefix=prefix)) == found
    assert keys(rows.query("p", prefix=prefix, newest_first=True)) == list(reversed(found))


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        pytest.param({"from_sk": "A#10", "to_sk": "B#"}, ["A#10", "A#2", "B#"], id="both bounds belong to it"),
        pytest.param({"from_sk": "A#11", "to_sk": "A#11"}, [], id="a range between two rows"),
        pytest.param({"from_sk": "B#1"}, ["B#1", "B_1", "b#1", "甲#1"], id="open at the end"),
        pytest.param({"to_sk": "A#10"}, ["A#1", "A#10"], id="open at the beginning"),
    ],
)
def test_a_range(rows: Rows, bounds: dict[str, str], found: list[str]) -> None:
    fill(rows, *SKS)
    assert keys(rows.query("p", **bounds)) == found  # type: ignore[arg-type]
    assert keys(rows.query("p", newest_first=True, **bounds)) == list(reversed(found))  # type: ignore[arg-type]


@pytest.mark.parametrize("newest_first", [False, True], ids=["rising", "falling"])
@pytest.mark.parametrize("limit", [1, 2, 3, 8, 50])
def test_pages_by_limit_and_after_give_everything_once(rows: Rows, limit: int, newest_first: bool) -> None:
    fill(rows, *SKS)
    seen: list[str] = []
    while page := keys(rows.query("p", after=seen[-1] if seen else None, newest_first=newest_first, limit=limit)):
        assert len(page) <= limit
        seen += page
    assert seen == sorted(SKS, reverse=newest_first)


def test_after_may_name_a_row_that_is_gone(rows: Rows) -> None:
    fill(rows, "a", "c", "e")
    assert keys(rows.query("p", after="b")) == ["c", "e"]
    assert keys(rows.query("p", after="d", newest_first=True)) == ["c", "a"]
    assert rows.query("p", after="z") == []


def test_pages_within_a_range_and_a_prefix(rows: Rows) -> None:
    fill(rows, *(f"A#{n:02d}" for n in range(9)), "B#1")
    assert keys(rows.query("p", prefix="A#", after="A#03", limit=3)) == ["A#04", "A#05", "A#06"]
    assert keys(rows.query("p", from_sk="A#02", to_sk="A#05", after="A#03")) == ["A#04", "A#05"]


def test_a_query_goes_on_past_one_megabyte(rows: Rows) -> None:
    blob = random.Random(2).randbytes(60_000)
    for n in range(40):
        rows.commit([Put(Row("p", f"s{n:02d}", blob=blob))])
    expected = [f"s{n:02d}" for n in range(40)]
    assert keys(rows.query("p")) == expected
    assert keys(rows.query("p", newest_first=True, limit=35)) == expected[:4:-1]
    assert keys(rows.query("p", prefix="s", after="s01")) == expected[2:]
    assert rows.count("p") == 40


# many at once


def test_more_than_a_hundred_rows_come_in_one_call(rows: Rows) -> None:
    for n in range(0, 210, 70):
        rows.commit([Put(Row(f"p{i}", "s", {"n": i})) for i in range(n, n + 70)])
    wanted = [(f"p{n}", "s") for n in range(230)]
    found = rows.get_many([*wanted, *wanted[:40]])
    assert sorted(row.body["n"] for row in found) == list(range(210))


def test_more_than_sixteen_megabytes_come_in_one_call(store: str, rows: Rows) -> None:
    if store == "moto":
        pytest.skip("moto answers with any size at once")
    blob = random.Random(3).randbytes(380_000)
    for n in range(48):
        rows.commit([Put(Row(f"p{n}", "s", blob=blob))])
    found = rows.get_many([(f"p{n}", "s") for n in range(48)])
    assert sorted(row.pk for row in found) == sorted(f"p{n}" for n in range(48))
    assert all(row.blob == blob for row in found)


# races


def test_of_writers_racing_for_a_new_row_exactly_one_wins(raced_rows: Rows) -> None:
    for turn in range(5):
        results = race(lambda n, turn=turn: raced_rows.commit([Put(Row("p", f"s{turn}", {"by": n}), Expect.ABSENT)]))  # type: ignore[misc]
        (winner,) = [n for n, result in enumerate(results) if result is None]
        row = raced_rows.get("p", f"s{turn}")
        assert row is not None
        assert row.body == {"by": winner}


def test_of_writers_racing_for_the_next_version_exactly_one_wins(raced_rows: Rows) -> None:
    raced_rows.commit([Put(Row("p", "s", version=1), Expect.ABSENT)])
    for version in range(2, 7):
        results = race(
            lambda n, v=version: raced_rows.commit([Put(Row("p", "s", {"by": n}, version=v), Expect.VERSION)])
        )  # type: ignore[misc]
        assert results.count(None) == 1


def test_of_transactions_racing_for_one_row_exactly_one_wins_and_no_other_leaves_a_trace(raced_rows: Rows) -> None:
    raced_rows.commit([Put(Row("p", "head", version=1), Expect.ABSENT)])
    for version in range(2, 6):

        def write(number: int, version: int = version) -> None:
            head = Put(Row("p", "head", {"by": number}, version=version), Expect.VERSION)
            raced_rows.commit([head, Put(Row("p", f"v{version}#{number}")), Put(Row("p", f"w{version}#{number}"))])

        results = race(write)
        (winner,) = [n for n, result in enumerate(results) if result is None]
        assert keys(raced_rows.query("p", prefix=f"v{version}")) == [f"v{version}#{winner}"]
        assert keys(raced_rows.query("p", prefix=f"w{version}")) == [f"w{version}#{winner}"]


def test_counting_up_by_optimistic_locking_loses_no_count(raced_rows: Rows) -> None:
    raced_rows.commit([Put(Row("p", "n", {"n": 0}, version=1), Expect.ABSENT)])

    def add_one(_: int) -> None:
        for _try in range(200):
            row = raced_rows.get("p", "n")
            assert row is not None
            try:
                raced_rows.commit(
                    [Put(Row("p", "n", {"n": row.body["n"] + 1}, version=row.version + 1), Expect.VERSION)]
                )
            except RowConflict:
                continue
            return

    race(lambda n: [add_one(n) for _ in range(4)])
    assert raced_rows.get("p", "n") == Row("p", "n", {"n": 4 * WRITERS}, version=4 * WRITERS + 1)
