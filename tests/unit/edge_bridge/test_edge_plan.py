"""Which requests read a device, and how its points are taken out of the answers."""

import pytest

from green_shield_bridge.config import ModbusTcpSource
from green_shield_bridge.plan import plan_requests


def source(*points, **options):
    base = {"name": "d", "kind": "modbus_tcp", "host": "h", "poll_interval_s": 1.0, "address_base": 0}
    return ModbusTcpSource.model_validate({**base, **options, "points": list(points)})


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
    decoded = request.decode([0x0102, 0x0304, 0x0304, 0x0102, 0x0201, 0x0403, 0x0403, 0x0201])
    assert (decoded.values, decoded.flags) == ([float(0x01020304)] * 4, "NNNN")


def test_a_marker_makes_that_point_faulty_and_no_other():
    (request,) = plan_requests(source(at(0), at(1, invalid=[0x8000]), at(2)))
    decoded = request.decode([1, 0x8000, 3])
    assert (decoded.values, decoded.flags) == ([1.0, None, 3.0], "NDN")


def test_bits_of_an_answer_padded_to_a_byte():
    (request,) = plan_requests(source(at(3, "bool", function="coil"), at(5, "bool", function="coil"), max_gap=1))
    assert request.decode([True, True, False, False, False, False, False, False]).values == [1.0, 0.0]


@pytest.mark.parametrize("answer", [[], [1], [1, 2, 3]], ids=["nothing", "too few", "too many"])
def test_an_answer_of_another_length_than_asked_is_refused(answer):
    (request,) = plan_requests(source(at(0), at(1)))
    with pytest.raises(ValueError, match="asked for 2"):
        request.decode(answer)
