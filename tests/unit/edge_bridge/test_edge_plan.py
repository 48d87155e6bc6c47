"""Which requests read a device, and how its points are taken out of the answers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.config import ModbusTcpSource
from green_shield_bridge.config.read import as_value
from green_shield_bridge.modbus.codec import words_of
from green_shield_bridge.modbus.plan import plan_requests


def source(*points, **options):
    base = {"name": "d", "kind": "modbus_tcp", "host": "h", "poll_interval_s": 1.0, "address_base": 0}
    return as_value(ModbusTcpSource, {**base, **options, "points": list(points)})


def words(*registers):
    return struct.pack(f">{len(registers)}H", *registers)


def at(register, type_="uint16", **options):
    return {"point": f"p{register}{type_}", "register": register, "type": type_, **options}


def asked(*points, **options):
    return [(r.function, r.address, r.count, r.points) for r in plan_requests(source(*points, **options))]


CASES = {
    "adjacent registers are one request": ([at(0), at(1), at(2, "float32")], {}, [("holding", 0, 4, [0, 1, 2])]),
    "the order of the configuration does not matter": ([at(2), at(0), at(1)], {}, [("holding", 0, 3, [1, 2, 0])]),
    "a gap makes two requests": ([at(0), at(2)], {}, [("holding", 0, 1, [0]), ("holding", 2, 1, [1])]),
    "a gap that is allowed does not": ([at(0), at(3)], {"max_gap": 2}, [("holding", 0, 4, [0, 1])]),
    "a request ends at the device's limit": (
        [at(r) for r in range(10)],
        {"max_registers": 4},
        [("holding", 0, 4, [0, 1, 2, 3]), ("holding", 4, 4, [4, 5, 6, 7]), ("holding", 8, 2, [8, 9])],
    ),
    "a value is never cut in two": (
        [at(r, "float64") for r in (0, 4)],
        {"max_registers": 7},
        [("holding", 0, 4, [0]), ("holding", 4, 4, [1])],
    ),
    "functions are apart": (
        [at(0), at(0, "int16", function="input"), at(0, "bool", function="coil"), at(1, "bool", function="discrete")],
        {},
        [("holding", 0, 1, [0]), ("input", 0, 1, [1]), ("coil", 0, 1, [2]), ("discrete", 1, 1, [3])],
    ),
    "one-based addresses lose their one": ([at(1), at(2)], {"address_base": 1}, [("holding", 0, 2, [0, 1])]),
    "two points may read the very same register": (
        [at(5), {**at(5), "point": "again", "scale": 0.1}],
        {},
        [("holding", 5, 1, [0, 1])],
    ),
}


@pytest.mark.parametrize(("points", "options", "expected"), CASES.values(), ids=CASES.keys())
def test_requests(points, options, expected):
    assert asked(*points, **options) == expected


def test_points_of_different_byte_orders_come_out_of_one_answer():
    points = [
        at(0, "uint32"),
        at(2, "uint32", order="CDAB"),
        at(4, "uint32", order="BADC"),
        at(6, "uint32", order="DCBA"),
    ]
    (request,) = plan_requests(source(*points))
    decoded = request.decode(words(0x0102, 0x0304, 0x0304, 0x0102, 0x0201, 0x0403, 0x0403, 0x0201))
    assert (decoded.values, decoded.flags) == ([float(0x01020304)] * 4, "NNNN")


def test_a_marker_makes_that_point_faulty_and_no_other():
    (request,) = plan_requests(source(at(0), at(1, invalid=[0x8000]), at(2)))
    decoded = request.decode(words(1, 0x8000, 3))
    by_point = dict(zip(request.points, zip(decoded.values, decoded.flags, strict=True), strict=True))
    assert by_point == {0: (1.0, "N"), 1: (None, "D"), 2: (3.0, "N")}


def test_bits_of_an_answer_padded_to_a_byte():
    (request,) = plan_requests(source(at(3, "bool", function="coil"), at(5, "bool", function="coil"), max_gap=1))
    assert request.count == 3
    assert request.decode(bytes([0b11111011])).values == [1.0, 0.0]


@pytest.mark.parametrize("answer", [[], [1], [1, 2, 3]], ids=["nothing", "too few", "too many"])
def test_an_answer_of_another_length_than_asked_is_refused(answer):
    (request,) = plan_requests(source(at(0), at(1)))
    with pytest.raises(ValueError, match="asked for 4 bytes"):
        request.decode(words(*answer))


def read(*points, registers, **options):
    """What each point becomes when the device holds these registers, by point number; and how often it was asked."""
    requests = plan_requests(source(*points, **options))
    exponents, told = {}, {}
    for request in requests:
        held = [registers.get(request.address + n, 0xDEAD) for n in range(request.count)]
        decoded = request.decode(words(*held), exponents)
        told.update(zip(request.points, zip(decoded.values, decoded.flags, strict=True), strict=True))
    return [told[index] for index in range(len(points))], len(requests)


def bit(register, number, **options):
    return {"point": f"b{register}.{number}", "register": register, "type": "bit", "bit": number, **options}


def scaled(register, scale_register, type_="uint16", **options):
    return at(register, type_, scale_register=scale_register, **options)


def text(register, length, **options):
    return at(register, "string", length=length, map={"RUN": 1, "STOP": 0}, **options)


DECODED = {
    "bits of one register, and the register itself": (
        [bit(0, 0), bit(0, 15), bit(0, 1), at(0)],
        {0: 0x8001},
        [(1.0, "N"), (1.0, "N"), (0.0, "N"), (32769.0, "N")],
    ),
    "bits of several registers, in any order": (
        [bit(1, 3), bit(0, 3)],
        {0: 0b1000, 1: 0},
        [(0.0, "N"), (1.0, "N")],
    ),
    "bits of a register whose bytes are swapped": ([bit(0, 8, order="BADC")], {0: 1}, [(1.0, "N")]),
    "bits of a register that says it has none": (
        [bit(0, 0, invalid=[0xFFFF]), bit(1, 0, invalid=[0xFFFF])],
        {0: 0xFFFF, 1: 1},
        [(None, "D"), (1.0, "N")],
    ),
    "markers with flags of their own": (
        [at(r, invalid=[0x8000, {"0x7FFF": "T", "100": "M"}]) for r in range(4)],
        {0: 0x8000, 1: 0x7FFF, 2: 100, 3: 101},
        [(None, "D"), (None, "T"), (None, "M"), (101.0, "N")],
    ),
    "a scale factor after its values": (
        [scaled(0, 2), scaled(1, 2, "int16")],
        {0: 1823, 1: 0xFFFF, 2: 0xFFFF},
        [(182.3, "N"), (-0.1, "N")],
    ),
    "a scale factor above one": ([scaled(0, 1)], {0: 7, 1: 3}, [(7000.0, "N")]),
    "a scale factor of nothing": ([scaled(0, 1)], {0: 7, 1: 0x8000}, [(None, "D")]),
    "a scale factor beyond what is one": ([scaled(0, 1), at(2)], {0: 7, 1: 11, 2: 5}, [(None, "D"), (5.0, "N")]),
    "a marker of a scaled value": ([scaled(0, 1, invalid={"0xFFFF": "D"})], {0: 0xFFFF, 1: 1}, [(None, "D")]),
    "a text that is in the table": ([text(0, 2)], {0: 0x5255, 1: 0x4E00}, [(1.0, "N")]),
    "a text that is filled up with blanks": ([text(0, 3)], {0: 0x5354, 1: 0x4F50, 2: 0x2020}, [(0.0, "N")]),
    "a text whose characters are swapped": ([text(0, 2, order="BADC")], {0: 0x5552, 1: 0x004E}, [(1.0, "N")]),
    "a text that is not in the table": ([text(0, 2)], {0: 0x5255, 1: 0x4F00}, [(None, "D")]),
}


@pytest.mark.parametrize(("points", "registers", "expected"), DECODED.values(), ids=DECODED.keys())
def test_values(points, registers, expected):
    assert read(*points, registers=registers) == (expected, 1)


def test_a_far_scale_register_is_read_before_its_values_and_in_the_same_poll():
    points = [scaled(0, 300), scaled(200, 300)]
    assert [(r.address, r.count) for r in plan_requests(source(*points))] == [(300, 1), (0, 1), (200, 1)]
    values, _ = read(*points, registers={0: 5, 200: 6, 300: 1})
    assert values == [(50.0, "N"), (60.0, "N")]


def test_a_scale_register_beside_some_of_its_values_is_read_early_for_the_others():
    points = [scaled(0, 300), scaled(299, 300)]
    assert [(r.address, r.count) for r in plan_requests(source(*points))] == [(300, 1), (0, 1), (299, 2)]


def test_a_scale_factor_that_could_not_be_read_leaves_no_value():
    _, request, _ = plan_requests(source(scaled(0, 300), scaled(200, 300)))
    assert request.decode(words(5), {}).flags == "D"


HOLES = {
    "a hole within an allowed gap": ([at(0), at(4)], {"max_gap": 5, "holes": [[2, 2]]}, [(0, 1), (4, 1)]),
    "a hole elsewhere": ([at(0), at(4)], {"max_gap": 5, "holes": [[5, 9]]}, [(0, 5)]),
    "a hole counted from one": (
        [at(1), at(3)],
        {"max_gap": 5, "holes": [[2, 2]], "address_base": 1},
        [(0, 1), (2, 1)],
    ),
    "a hole in the registers does not matter to the coils": (
        [at(0, "bool", function="coil"), at(2, "bool", function="coil")],
        {"max_gap": 5, "holes": [[1, 1]]},
        [(0, 3)],
    ),
}


@pytest.mark.parametrize(("points", "options", "expected"), HOLES.values(), ids=HOLES.keys())
def test_holes_are_never_touched(points, options, expected):
    assert [(r.address, r.count) for r in plan_requests(source(*points, **options))] == expected


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["uint16", "int32", "float64"])), min_size=1, max_size=12),
    st.integers(4, 40),
    st.integers(0, 10),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3)), max_size=3),
)
def test_every_point_is_read_once_within_the_limits_and_no_hole_for_its_own_sake(places, limit, gap, holes):
    points = [{**at(register, type_), "point": f"p{n}"} for n, (register, type_) in enumerate(places)]
    needed = {
        r
        for p, (register, type_) in zip(points, places, strict=True)
        for r in range(register, register + words_of(type_))
    }
    spans = [[first, first + more] for first, more in holes if not needed & set(range(first, first + more + 1))]
    requests = plan_requests(source(*points, max_registers=limit, max_gap=gap, holes=spans))
    assert sorted(index for request in requests for index in request.points) == list(range(len(points)))
    for request in requests:
        touched = set(range(request.address, request.address + request.count))
        assert request.count <= limit
        assert not any(set(range(first, last + 1)) & touched for first, last in spans)
