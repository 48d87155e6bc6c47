"""What a packet of data says: one Reading for each value, in the order sent.

A value that is no finite number is None with flag D (a flag other than N is kept). Values keep the factor's code and
field as sent: what they mean is factors.py's and the configuration's.
"""

from functools import lru_cache
from math import isfinite
from typing import NamedTuple

from green_shield_bridge.hj212.flags import FAULT, NORMAL, bridge_flag
from green_shield_bridge.hj212.packet import Item, Packet
from green_shield_bridge.hj212.times import parse_time

LIVE, STATE, DAY, RUN_TIME, MINUTE, HOUR = "2011", "2021", "2031", "2041", "2051", "2061"
DATA_COMMANDS = frozenset({LIVE, STATE, DAY, RUN_TIME, MINUTE, HOUR})
# 2025: electricity of production and treatment equipment, and key working conditions (second-hand).

# RS: state of a piece of equipment, RT: its run time; Data, DayData, NightData: noise.
_MEASURED = ("Rtd", "Min", "Avg", "Max", "Cou", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "ZsCou")
VALUE_FIELDS = frozenset({*_MEASURED, "RS", "RT", "Data", "DayData", "NightData"})
_SPELT = {field: field for field in VALUE_FIELDS} | {"td": "Rtd"}


class Reading(NamedTuple):
    """`time_ms` is DataTime, `sample_time_ms` when the sample was taken where the device says so; both epoch ms.
    `flag` is one of N F M S D C T B, `eflag` the device's own mark as sent."""

    factor: str
    field: str
    value: float | None
    flag: str
    time_ms: int | None
    sample_time_ms: int | None = None
    eflag: str = ""


class _Names(NamedTuple):
    """What a key of CP names, and the keys that say more about it in the same item."""

    factor: str
    field: str
    flag: str
    eflag: str
    sample_time: str


# A device says the same keys for years.
@lru_cache(maxsize=4096)
def _names(key: str) -> _Names | None:
    factor, _, spelt = key.rpartition("-")
    field = _SPELT.get(spelt)
    if not factor or field is None:
        return None
    return _Names(factor, field, f"{factor}-Flag", f"{factor}-EFlag", f"{factor}-SampleTime")


def readings(packet: Packet) -> list[Reading]:
    """The values of live, minute, hour and day data, equipment states and run times; of other commands none.

    A further DataTime within the packet is the time of what follows it.
    """
    if packet.cn not in DATA_COMMANDS:
        return []
    loose = _loose_marks(packet.items)
    found: list[Reading] = []
    time_ms, is_first = packet.data_time_ms, True
    for item in packet.items:
        if item and item[0][0] == "DataTime":
            time_ms = time_ms if is_first else parse_time(item[0][1])[0]
            is_first = False
        _read_item(item, time_ms, loose, found)
    return found


def _loose_marks(items: tuple[Item, ...]) -> dict[str, str]:
    """Flags that stand in an item of their own, by factor; "" is a Flag that names none and so speaks of all."""
    alone = [item[0] for item in items if len(item) == 1 and item[0][0].endswith("Flag")]
    return {key.removesuffix("Flag").removesuffix("-"): mark for key, mark in alone} if alone else {}


def _read_item(item: Item, time_ms: int | None, loose: dict[str, str], found: list[Reading]) -> None:
    fields = dict(item)
    for key, text in item:
        names = _names(key)
        if names is None:
            continue
        factor, field, flag_key, eflag_key, sample_time_key = names
        mark = fields.get(flag_key)
        if mark is None:
            mark = loose.get(factor, loose.get("", "")) if loose else ""
        flag, value = bridge_flag(mark), _number(text)
        if value is None and flag == NORMAL:
            flag = FAULT
        taken = fields.get(sample_time_key)
        taken_ms = None if taken is None else parse_time(taken)[0]
        found.append(Reading(factor, field, value, flag, time_ms, taken_ms, fields.get(eflag_key, "")))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    # Python reads 1_000; no device means it.
    return value if isfinite(value) and "_" not in text else None
