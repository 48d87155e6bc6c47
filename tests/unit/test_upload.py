"""What one series of an upload may hold, and how it is refused by name."""

import itertools
from math import isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.reading import FLAGS
from chalicelib.domain.upload import MAX_AHEAD_MS, Refusal, check_series, instant_ms

NOW_MS = 1_772_416_800_000


def wire(times: Any = (NOW_MS,), values: Any = (1.5,), **more: Any) -> dict[str, Any]:
    as_lists = {
        k: list(v) if isinstance(v, tuple) else v for k, v in {"times": times, "values": values, **more}.items()
    }
    return {"point": "p", **as_lists}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param({"point": "p"}, "malformed_series", id="neither times nor values"),
        pytest.param(wire(times="now"), "malformed_series", id="times that are no list"),
        pytest.param(wire(values={"a": 1}), "malformed_series", id="values that are no list"),
        pytest.param(wire(flags="N"), "malformed_series", id="flags that are no list"),
        pytest.param(wire((), ()), "empty_series", id="no readings"),
        pytest.param(wire((NOW_MS, NOW_MS + 1), (1.0,)), "length_mismatch", id="fewer values than times"),
        pytest.param(wire(flags=("N", "N")), "length_mismatch", id="more flags than times"),
        pytest.param(wire(flags=("X",)), "unknown_flag", id="a flag that HJ 212 does not know"),
        pytest.param(wire(flags=("NN",)), "unknown_flag", id="two letters for one reading"),
        pytest.param(wire(flags=(["N"],)), "unknown_flag", id="a flag that is a list"),
        pytest.param(wire(("yesterday",)), "malformed_time", id="a time that is no instant"),
        pytest.param(wire(("2026-03-02T10:00:00",)), "malformed_time", id="a time without offset"),
        pytest.param(wire((1_772_416_800.5,)), "malformed_time", id="a time with a fraction"),
        pytest.param(wire((True,)), "malformed_time", id="a boolean for a time"),
        pytest.param(wire((None,)), "malformed_time", id="no time"),
        pytest.param(wire((1_772_416_800,)), "malformed_time", id="seconds for milliseconds"),
        pytest.param(wire((10**18,)), "malformed_time", id="nanoseconds for milliseconds"),
        pytest.param(wire((10**30,)), "malformed_time", id="a time past all integers of 64 bits"),
        pytest.param(wire((NOW_MS, NOW_MS), (1.0, 2.0)), "duplicate_times", id="one time twice"),
        pytest.param(
            wire((NOW_MS, NOW_MS - 1), (1.0, 2.0)), "times_not_increasing", id="a time before the one before it"
        ),
        pytest.param(wire((NOW_MS + MAX_AHEAD_MS + 1,)), "time_ahead", id="more than 5 minutes ahead"),
        pytest.param(wire(values=("1.5",)), "not_a_number", id="a number in quotes"),
        pytest.param(wire(values=(True,)), "not_a_number", id="a boolean"),
        pytest.param(wire(values=(float("nan"),)), "not_a_number", id="NaN"),
        pytest.param(wire(values=(float("inf"),)), "not_a_number", id="infinity"),
        pytest.param(wire(values=(10**400,)), "not_a_number", id="an integer past all doubles"),
        pytest.param(wire(values=(None,)), "value_missing", id="no value though all is normal"),
        pytest.param(wire(values=(None,), flags=("N",)), "value_missing", id="no value though the flag says normal"),
    ],
)
def test_a_series_is_refused_for(raw: dict[str, Any], code: str) -> None:
    refusal = check_series(raw, NOW_MS)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        (wire((NOW_MS - 2, NOW_MS - 1, "x"), (1.0, 2.0, 3.0)), 2),
        (wire((NOW_MS - 2, NOW_MS - 2, NOW_MS), (1.0, 2.0, 3.0)), 1),
        (wire((NOW_MS - 2, NOW_MS - 1, NOW_MS), (1.0, "2", 3.0)), 1),
        (wire((NOW_MS - 2, NOW_MS - 1, NOW_MS), (1.0, 2.0, 3.0), flags=("N", "N", "?")), 2),
    ],
    ids=["a malformed time", "a time twice", "a value", "a flag"],
)
def test_a_refusal_says_which_reading_was_wrong(raw: dict[str, Any], at: int) -> None:
    refusal = check_series(raw, NOW_MS)
    assert isinstance(refusal, Refusal)
    assert refusal.params["at"] == at


def test_five_minutes_ahead_is_still_taken() -> None:
    assert not isinstance(check_series(wire((NOW_MS + MAX_AHEAD_MS,)), NOW_MS), Refusal)


def test_a_good_series_keeps_every_reading() -> None:
    times = (NOW_MS - 60_000, "2026-03-02T10:00:00+08:00")
    series = check_series(wire(times, (1, 2.25), flags=("N", "M")), NOW_MS)
    assert not isinstance(series, Refusal)
    assert (list(series.times_ms), list(series.values), series.flags) == ([NOW_MS - 60_000, NOW_MS], [1.0, 2.25], "NM")
    assert all(type(value) is float for value in series.values)


@pytest.mark.parametrize("flag", sorted(FLAGS - {"N"}))
def test_a_value_may_be_missing_where_the_flag_says_why(flag: str) -> None:
    series = check_series(wire(values=(None,), flags=(flag,)), NOW_MS)
    assert not isinstance(series, Refusal)
    assert isnan(series.values[0])


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("2026-03-02T10:00:00+08:00", NOW_MS),
        ("2026-03-02T02:00:00Z", NOW_MS),
        ("2026-03-02T02:00:00.250Z", NOW_MS + 250),
        ("2026-03-02 02:00:00", None),
        ("10:00", None),
        (NOW_MS, None),
        (None, None),
    ],
)
def test_an_instant_is_rfc_3339_with_an_offset(text: object, at_ms: int | None) -> None:
    assert instant_ms(text) == at_ms


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["N", "D", NOW_MS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING)
def test_no_content_at_all_makes_the_check_fail(times: Any, values: Any, flags: Any) -> None:
    checked = check_series({"point": "p", "times": times, "values": values, "flags": flags}, NOW_MS)
    assert isinstance(checked, Refusal) or len(checked.times_ms) == len(checked.values) == len(checked.flags)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([NOW_MS - 5, NOW_MS - 4, NOW_MS - 4.0, NOW_MS, 5, "x"]), min_size=1, max_size=5))
def test_the_quick_look_at_times_agrees_with_the_look_at_each(times: list[Any]) -> None:
    checked = check_series(wire(times, [1.0] * len(times)), NOW_MS)
    good = all(type(t) is int and t > 10**9 for t in times) and all(a < b for a, b in itertools.pairwise(times))
    assert isinstance(checked, Refusal) is not good
