"""Rows to try something on answer as the table would if it had been done, and the table stays as it was."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.adapters.trial_rows import TrialRows


def key(one: Put | Delete) -> tuple[str, str]:
    return (one.row.pk, one.row.sk) if isinstance(one, Put) else (one.pk, one.sk)


PK, SK = st.sampled_from(["p", "q"]), st.sampled_from(["a1", "a2", "b1", "b2"])
PUT = st.builds(
    lambda pk, sk, version, n, expect: Put(Row(pk, sk, {"n": n}, version=version), expect),
    PK,
    SK,
    st.integers(1, 3),
    st.integers(0, 9),
    st.sampled_from(Expect),
)
WRITES = st.lists(PUT | st.builds(Delete, PK, SK), min_size=1, max_size=3, unique_by=key)
READS = st.one_of(
    st.tuples(st.just("get"), PK, SK),
    st.tuples(st.just("many"), st.lists(st.tuples(PK, SK), max_size=4)),
    st.tuples(st.just("count"), PK),
    st.tuples(
        st.just("query"),
        PK,
        st.sampled_from(["", "a", "b"]),
        st.none() | SK,
        st.booleans(),
        st.none() | st.integers(1, 3),
    ),
)


def done(rows: Rows, step: Any) -> Any:
    if isinstance(step, list):
        try:
            return rows.commit(step)
        except RowConflict:
            return "conflict"
    match step:
        case ("get", pk, sk):
            return rows.get(pk, sk)
        case ("many", keys):
            return sorted(rows.get_many(keys), key=lambda row: (row.pk, row.sk))
        case ("count", pk):
            return rows.count(pk)
        case (_, pk, prefix, after, newest_first, limit):
            return rows.query(pk, prefix=prefix, after=after, newest_first=newest_first, limit=limit)


@given(st.lists(PUT, max_size=6), st.lists(WRITES | READS, max_size=20))
def test_a_trial_answers_as_the_table_would_and_leaves_it_as_it_was(before: list[Put], steps: list[Any]) -> None:
    table, other = MemoryRows(), MemoryRows()
    for put in before:
        for rows in (table, other):
            rows.commit([Put(put.row)])
    stood, trial = repr(table._rows), TrialRows(table)
    for step in steps:
        assert done(trial, step) == done(other, step)
    assert repr(table._rows) == stood
