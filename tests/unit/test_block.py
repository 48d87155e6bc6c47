"""Blocks give back what was packed, bit for bit, and take garbage for what it is."""

import random
import struct
import zlib
from collections.abc import Sequence
from math import inf, isnan, nan

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.block import made_at_ms, pack, unpack
from chalicelib.domain.reading import FLAGS, MISSING, Series

T0 = 1_772_416_800_000
OTHER_NAN: float = struct.unpack("<d", bytes.fromhex("010000000000f8ff"))[0]


def one(values: Sequence[float], *, point_id: str = "p", flags: str | None = None, step_ms: int = 1000) -> Series:
    return Series(point_id, [T0 + n * step_ms for n in range(len(values))], list(values), flags or "N" * len(values))


def bits(series: Sequence[Series]) -> list[tuple[str, list[int], bytes, str]]:
    """Comparable to the bit: NaN is not equal to itself, and 0.0 is to -0.0."""
    return [(s.point_id, list(s.times_ms), struct.pack(f"<{len(s)}d", *s.values), s.flags) for s in series]


# garbage


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"not deflate", id="no DEFLATE stream"),
        pytest.param(zlib.compress(b""), id="an empty stream"),
        pytest.param(zlib.compress(bytes([99])), id="another version"),
        pytest.param(pack([one([1.5, 2.5])])[:-5], id="a block cut short"),
        pytest.param(pack([one([1.5, 2.5])]) + b"x", id="a block with something behind it"),
        pytest.param(
            zlib.compress(bytes([1, 1, 65, 255, 255, 255, 255, 255, 255, 255, 255, 1])), id="a count past all memory"
        ),
        pytest.param(zlib.compress(bytes([1, 1, 65]) + bytes([255] * 12)), id="a number without end"),
        pytest.param(zlib.compress(bytes([1, 1, 65, 1, 16, 0, 0, 5])), id="no times to share"),
        pytest.param(zlib.compress(bytes([1, 1, 65, 1, 0, 0, 5, 99, 0, 1])), id="99 decimal places"),
        pytest.param(zlib.compress(bytes([1, 2, 255, 254, 0, 0, 0, 0])), id="a point id that is no text"),
        pytest.param(zlib.compress(bytes(17 * 1024 * 1024)), id="a bomb"),
    ],
)
def test_what_is_no_block_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        unpack(payload)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 255))
def test_garbage_raises_value_error_and_nothing_else(garbage: bytes, kind: int) -> None:
    for payload in (
        garbage,
        zlib.compress(garbage),
        zlib.compress(bytes([1]) + garbage),
        zlib.compress(bytes([1, 1, 65, kind]) + garbage),
    ):
        try:
            unpack(payload)
        except ValueError:
            continue


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 10_000))
def test_a_damaged_block_raises_value_error_and_nothing_else(where: int, byte: int, cut: int) -> None:
    body = bytearray(
        zlib.decompress(pack([one([1.5, 2000.25, -3.0], flags="NDN"), one([nan, 4.0, 1e300], point_id="q")]))
    )
    body[where % len(body)] = byte
    try:
        unpack(zlib.compress(bytes(body[: len(body) - cut % 3])))
    except ValueError:
        return


# there and back

AWKWARD = st.sampled_from(
    [
        0.0,
        -0.0,
        MISSING,
        nan,
        OTHER_NAN,
        inf,
        -inf,
        5e-324,
        -2.2e-308,
        1.7976931348623157e308,
        2.0**53,
        -(2.0**53) - 2,
        2.0**63,
        0.1,
        0.30000000000000004,
        1e-07,
        123456.789,
        9007199254.740993,
        1000000000000000.0,
        182.3,
        -12.5,
        36.599998474121094,
    ]
)
DECIMALS = st.builds(lambda n, places: n / 10**places, st.integers(-(10**9), 10**9), st.integers(0, 7))
SINGLES = st.floats(width=32)
VALUES = st.one_of(AWKWARD, DECIMALS, SINGLES, st.floats())


@st.composite
def blocks(draw: st.DrawFn) -> list[Series]:
    made: list[Series] = []
    for n in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from([VALUES, DECIMALS, SINGLES]))
        count = draw(st.integers(0, 12))
        values = draw(st.lists(kind, min_size=count, max_size=count))
        gaps = draw(st.lists(st.integers(1, 2**40), min_size=count, max_size=count))
        times = [sum(gaps[: i + 1]) for i in range(count)]
        if made and draw(st.booleans()):
            times = list(made[-1].times_ms)[:count] if len(made[-1]) >= count else times
        flags = "".join(draw(st.lists(st.sampled_from(sorted(FLAGS)), min_size=count, max_size=count)))
        made.append(Series(draw(st.text(max_size=8)) or f"p{n}", times, values, flags))
    return made


@settings(max_examples=150, deadline=None)
@given(blocks())
@example([one([-0.0, 0.0])])
@example([one([nan, nan]), one([nan, 1.5], point_id="q")])
@example([one([OTHER_NAN, 1.5])])
@example([one([2.0**62, -(2.0**62), 2.0**62])])
@example([one([1e18, -1e18, 5e17, 0.5])])
@example([one([float(n) for n in (0, 127, 255, -1, -128, 32767, -32768, 2**31, -(2**31), 2**53)])])
def test_what_was_packed_comes_back_bit_for_bit(series: list[Series]) -> None:
    assert bits(unpack(pack(series))) == bits(series)


def test_every_byte_pattern_of_a_double_survives() -> None:
    chance = random.Random(5)
    values = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(2000)]
    assert bits(unpack(pack([one(values)]))) == bits([one(values)])


def test_a_missing_value_stays_missing_among_decimals() -> None:
    (back,) = unpack(pack([one([MISSING, 1.25, MISSING, 3.5], flags="DNBN")]))
    assert [isnan(value) for value in back.values] == [True, False, True, False]
    assert back.flags == "DNBN"


def test_times_before_1970_and_far_apart_survive() -> None:
    series = [Series("p", [-(2**40), 0, 5, 2**50], [1.0, 2.0, 3.0, 4.0], "NNNN")]
    assert bits(unpack(pack(series))) == bits(series)


def test_no_series_is_a_block_too() -> None:
    assert unpack(pack([])) == ()


# size


def test_a_thousand_readings_of_real_instruments_take_little_more_than_a_byte_each() -> None:
    chance = random.Random(1)
    series = [
        one([round(chance.gauss(30, 0.4), 2) for _ in range(50)], point_id=f"r1-p{n}", step_ms=30_000)
        for n in range(20)
    ]
    assert len(pack(series)) < 1500


def test_a_few_missing_values_do_not_cost_the_decimal_form() -> None:
    values = [round(30 + n % 7 / 10, 1) for n in range(200)]
    gaps = [MISSING if n % 50 == 0 else value for n, value in enumerate(values)]
    assert len(pack([one(gaps)])) < len(pack([one(values)])) + 60


def test_what_a_32_bit_register_gives_takes_four_bytes() -> None:
    chance = random.Random(2)
    values = list(struct.unpack("<200f", struct.pack("<200f", *[chance.gauss(30, 5) for _ in range(200)])))
    assert len(pack([one(values)])) < 4 * 200 + 100


# ids


@pytest.mark.parametrize(
    ("block_id", "at_ms"),
    [
        pytest.param("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", 1645557742000, id="the UUIDv7 of RFC 9562, A.6"),
        pytest.param("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1469922850259, id="the ULID of its specification"),
        pytest.param("919108f7-52d1-4320-9bac-f847db4148a8", 0, id="a UUIDv4 knows no time"),
        pytest.param("whatever", 0, id="nor does any other text"),
        pytest.param("u" * 26, 0, id="nor text as long as a ULID"),
        pytest.param("xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx", 0, id="nor text like a UUIDv7"),
    ],
)
def test_an_id_made_by_the_clock_tells_its_time(block_id: str, at_ms: int) -> None:
    assert made_at_ms(block_id) == at_ms
