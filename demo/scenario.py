"""What the demo plants do: three industries, each with its own devices, what they read in order, and the trouble they get into."""

from collections.abc import Sequence

from demo.plant import Device, RegisterPoint
from demo.station import FactorPoint, Station
from infra.local.processes import free_port

NORMAL = {
    "lvyuan-r1-temperature": 176.0, "lvyuan-r1-voc": 30.0, "lvyuan-r1-steam": 1200.0,
    "lvyuan-r2-pressure": 770.0, "lvyuan-r2-cod": 45.0,
    "lvyuan-b1-pressure": 1.18, "lvyuan-b1-so2": 80.0, "lvyuan-b1-fuel": 500.0,
    "jiancai-k1-pressure": -40.0, "jiancai-k1-dust": 8.0,
    "qingneng-t1-temperature": 30.0, "qingneng-t1-hydrogen": 0.01,
}  # fmt: skip
LOGGED_UNIT = "lvyuan-b1"
# SO2 by its code in HJ 525; pressure and fuel under codes of the plant's own, as working conditions often are.
FACTORS = {"lvyuan-b1-so2": "a21026", "lvyuan-b1-pressure": "x10001", "lvyuan-b1-fuel": "x10002"}
# Coupling coefficients at the end: 0.22, 0.43, 0.74 (tiers 1, 2, 3) at the chemical plant, 0.24 at the kiln, 0.67 at the tank.
TROUBLE = (
    ("2号反应釜 reactor 2: pressure and COD rise", {"lvyuan-r2-pressure": 855.0, "lvyuan-r2-cod": 66.0}),
    ("1号锅炉 boiler 1: pressure and SO2 rise", {"lvyuan-b1-pressure": 1.35, "lvyuan-b1-so2": 128.0, "lvyuan-b1-fuel": 550.0}),
    ("1号反应釜 reactor 1: temperature and VOC run away", {"lvyuan-r1-temperature": 188.0, "lvyuan-r1-voc": 66.0, "lvyuan-r1-steam": 1440.0}),
    ("1号回转窑 kiln 1: the draught is lost, dust rises", {"jiancai-k1-pressure": -15.0, "jiancai-k1-dust": 24.0}),
    ("1号储氢罐 hydrogen tank 1: it warms up and leaks", {"qingneng-t1-temperature": 58.0, "qingneng-t1-hydrogen": 2.4}),
)  # fmt: skip
REPLAYED = {"XMEAS(7)": "lvyuan-te-pressure", "XMEAS(31)": "lvyuan-te-purge", "XMEAS(19)": "lvyuan-te-steam"}


def spoken(device: Device | Station) -> str:
    return "sends HJ 212 to" if isinstance(device, Station) else "answers Modbus on"


def demo_devices() -> list[Device | Station]:
    """One Modbus TCP device for each unit, float32 holding registers; the boiler's data logger sends by HJ 212."""
    units: dict[str, list[str]] = {}
    for point_id in NORMAL:
        units.setdefault(point_id.rpartition("-")[0], []).append(point_id)
    return [_logger(unit, points) if unit == LOGGED_UNIT else _device(unit, points) for unit, points in units.items()]


def _device(unit: str, points: Sequence[str]) -> Device:
    return Device(unit, [RegisterPoint(point, 2 * at, initial=NORMAL[point]) for at, point in enumerate(points)])


def _logger(unit: str, points: Sequence[str]) -> Station:
    factors = [FactorPoint(point, FACTORS[point], NORMAL[point]) for point in points]
    return Station(unit, factors, mn="LVYUANB1000000000000001", password="123456", port=free_port())  # noqa: S106 -- of the demo's logger


def replay_devices() -> list[Device | Station]:
    points = [RegisterPoint(point_id, 2 * index) for index, point_id in enumerate(REPLAYED.values())]
    return [Device("lvyuan-te", points)]


def enterprise_of(device: Device | Station) -> str:
    """A device is named after its unit, and a unit's name begins with its enterprise."""
    return device.name.partition("-")[0]
