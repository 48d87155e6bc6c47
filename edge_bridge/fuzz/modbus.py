"""Fuzz the Modbus codec: any points, any registers.

python edge_bridge/fuzz/modbus.py -max_total_time=60 [corpus folder]
"""

import math
import sys
from contextlib import suppress
from typing import Any, cast

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(
    include=[
        "green_shield_bridge.modbus.codec",
        "green_shield_bridge.modbus.plan",
        "green_shield_bridge.modbus.request",
    ]
):
    from green_shield_bridge.config.modbus import ModbusPoint, ModbusTcpSource
    from green_shield_bridge.modbus.codec import encode
    from green_shield_bridge.modbus.plan import plan_requests

TYPES = ("int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "bit", "bool", "string")
ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
SCALES = (1.0, 0.1, -2.5, 1e280)


def one_input(data: bytes) -> None:
    """Points first, then the answers of the device."""
    source = atheris.FuzzedDataProvider(data)
    points = [point_of(source, index) for index in range(source.ConsumeIntInRange(1, 8))]
    device = ModbusTcpSource(
        name="d",
        kind="modbus_tcp",
        host="h",
        poll_interval_s=1.0,
        address_base=0,
        max_gap=source.ConsumeIntInRange(0, 120),
        points=points,
    )
    for request in plan_requests(device):
        size = (request.count + 7) // 8 if request.function in ("coil", "discrete") else 2 * request.count
        decoded = request.decode(source.ConsumeBytes(size).ljust(size, b"\xff"))
        if [flag != "N" for flag in decoded.flags] != [value is None for value in decoded.values]:
            raise AssertionError("a value is missing and nothing says why")
        if any(value is not None and not math.isfinite(value) for value in decoded.values):
            raise AssertionError("a value is no number")
        refuse_other_sizes(request, source.ConsumeBytes(300), size)


def refuse_other_sizes(request: Any, payload: bytes, size: int) -> None:
    try:
        request.decode(payload)
    except ValueError:
        if len(payload) == size:
            raise
        return
    if len(payload) != size:
        raise AssertionError("an answer of another length was taken")


def point_of(source: Any, index: int) -> ModbusPoint:
    type_ = TYPES[source.ConsumeIntInRange(0, len(TYPES) - 1)]
    options: dict[str, Any] = {
        "function": "coil" if type_ == "bool" else ("holding", "input")[source.ConsumeIntInRange(0, 1)]
    }
    if type_ == "bit":
        options["bit"] = source.ConsumeIntInRange(0, 15)
    elif type_ == "string":
        options |= {"length": source.ConsumeIntInRange(1, 8), "map": {"RUN": 1.0, "STOP": 0.0}}
    elif type_ != "bool":
        options["order"] = ORDERS[source.ConsumeIntInRange(0, 3)]
        options["scale"] = SCALES[source.ConsumeIntInRange(0, 3)]
        encode_or_refuse(source.ConsumeFloat(), type_, options["order"])
    return ModbusPoint(point=f"p{index}", register=source.ConsumeIntInRange(0, 400), type=cast(Any, type_), **options)


def encode_or_refuse(value: float, type_: Any, order: Any) -> None:
    with suppress(ValueError):  # it does not fit
        encode(value, type_, order)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
