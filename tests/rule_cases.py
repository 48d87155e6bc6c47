"""For each rule that the catalogue ships: its points, and readings that reach each tier or stay just short of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """`values` by tier: what reaches it; 0 is calm. `just_short`: past one trigger and just not past the other."""

    rule: str
    unit_type: str
    points: Mapping[str, Mapping[str, Any]]
    values: Mapping[int, Mapping[str, float]]
    just_short: tuple[Mapping[str, float], ...]
    industry: str = "circular_chemical"
    dimensions: tuple[str, ...] = field(default=("safety", "environment"))


KILN = {"pressure": {"indicator": "kiln_pressure", "band_low": -60.0, "band_high": -20.0}}
BOILER = {
    "pressure": {"indicator": "boiler_pressure", "threshold": 1.25},
    "so2": {"indicator": "so2", "nominal": 100.0},
    "fuel": {"indicator": "fuel_flow", "nominal": 800.0},
}
BOILER_VALUES = {
    0: {"pressure": 1.1, "so2": 95.0, "fuel": 800.0},
    1: {"pressure": 1.30, "so2": 130.0, "fuel": 800.0},
    2: {"pressure": 1.35, "so2": 160.0, "fuel": 800.0},
    3: {"pressure": 1.45, "so2": 220.0, "fuel": 880.0},
}
CASES = [
    Case(
        "reactor-temperature-voc",
        "reactor",
        {
            "temperature": {"indicator": "reactor_temperature", "threshold": 180.0},
            "voc": {"indicator": "voc", "nominal": 30.0},
            "steam": {"indicator": "steam_flow", "nominal": 100.0},
        },
        {
            0: {"temperature": 170.0, "voc": 30.0, "steam": 100.0},
            1: {"temperature": 182.0, "voc": 39.0, "steam": 100.0},
            2: {"temperature": 184.0, "voc": 48.0, "steam": 100.0},
            3: {"temperature": 188.0, "voc": 60.0, "steam": 112.0},
        },
        ({"temperature": 181.99, "voc": 90.0}, {"temperature": 220.0, "voc": 38.97}),
    ),
    Case(
        "reactor-pressure-cod",
        "reactor",
        {
            "pressure": {"indicator": "reactor_pressure", "threshold": 500.0},
            "cod": {"indicator": "cod"},
            "steam": {"indicator": "steam_flow", "nominal": 100.0},
        },
        {
            0: {"pressure": 420.0, "cod": 30.0, "steam": 100.0},
            1: {"pressure": 550.0, "cod": 60.0, "steam": 100.0},
            2: {"pressure": 600.0, "cod": 90.0, "steam": 100.0},
            3: {"pressure": 750.0, "cod": 180.0, "steam": 110.0},
        },
        ({"pressure": 549.9, "cod": 500.0}, {"pressure": 900.0, "cod": 59.9}),
    ),
    Case(
        "boiler-pressure-so2",
        "boiler",
        BOILER,
        BOILER_VALUES,
        ({"pressure": 1.299, "so2": 400.0}, {"pressure": 2.0, "so2": 129.9}),
    ),
    Case(
        "boiler-pressure-so2",
        "boiler",
        BOILER,
        BOILER_VALUES,
        ({"pressure": 1.2, "so2": 90.0},),
        industry="water_treatment",
    ),
    Case(
        "kiln-pressure-dust",
        "kiln",
        {**KILN, "dust": {"indicator": "dust"}, "fuel": {"indicator": "fuel_flow", "nominal": 800.0}},
        {
            0: {"pressure": -40.0, "dust": 8.0, "fuel": 800.0},
            1: {"pressure": -19.9, "dust": 20.0, "fuel": 800.0},
            2: {"pressure": 0.0, "dust": 40.0, "fuel": 800.0},
            3: {"pressure": 60.0, "dust": 80.0, "fuel": 800.0},
        },
        ({"pressure": -20.0, "dust": 200.0}, {"pressure": 100.0, "dust": 19.9}),
        industry="green_building_materials",
    ),
    Case(
        "kiln-pressure-noise",
        "kiln",
        {**KILN, "noise": {"indicator": "noise"}, "fuel": {"indicator": "fuel_flow", "nominal": 800.0}},
        {
            0: {"pressure": -40.0, "noise": 55.0, "fuel": 800.0},
            1: {"pressure": -61.0, "noise": 65.0, "fuel": 800.0},
            2: {"pressure": -110.0, "noise": 71.5, "fuel": 800.0},
            3: {"pressure": -300.0, "noise": 95.0, "fuel": 880.0},
        },
        ({"pressure": -60.0, "noise": 120.0}, {"pressure": 100.0, "noise": 64.9}),
        industry="green_building_materials",
    ),
    Case(
        "vibration-efficiency",
        "rotating_equipment",
        {
            "vibration": {"indicator": "vibration", "band_low": 0.0, "band_high": 4.5},
            "efficiency": {"indicator": "energy_efficiency", "nominal": 80.0},
        },
        {
            0: {"vibration": 2.0, "efficiency": 80.0},
            1: {"vibration": 4.6, "efficiency": 68.0},
            2: {"vibration": 6.8, "efficiency": 56.0},
            3: {"vibration": 13.5, "efficiency": 20.0},
        },
        ({"vibration": 4.5, "efficiency": 10.0}, {"vibration": 20.0, "efficiency": 68.1}),
        industry="energy_saving",
        dimensions=("safety", "energy"),
    ),
    Case(
        "exhaust-temperature-voc",
        "exhaust_treatment",
        {
            "chamber": {"indicator": "oxidizer_temperature", "band_low": 760.0, "band_high": 900.0},
            "outlet": {"indicator": "voc"},
            "power": {"indicator": "power", "nominal": 90.0},
        },
        {
            0: {"chamber": 820.0, "outlet": 20.0, "power": 90.0},
            1: {"chamber": 755.0, "outlet": 60.0, "power": 90.0},
            2: {"chamber": 690.0, "outlet": 90.0, "power": 90.0},
            3: {"chamber": 480.0, "outlet": 200.0, "power": 99.0},
        },
        (
            {"chamber": 760.0, "outlet": 300.0},
            {"chamber": 500.0, "outlet": 59.9},
        ),
        industry="circular_chemical",
    ),
    Case(
        "exhaust-fault-voc",
        "exhaust_treatment",
        {
            "fault": {"indicator": "device_fault"},
            "outlet": {"indicator": "voc"},
            "power": {"indicator": "power", "nominal": 90.0},
        },
        {
            0: {"fault": 0.0, "outlet": 20.0, "power": 90.0},
            1: {"fault": 1.0, "outlet": 60.0, "power": 90.0},
            2: {"fault": 1.0, "outlet": 180.0, "power": 90.0},
            3: {"fault": 1.0, "outlet": 960.0, "power": 108.0},
        },
        (
            {"fault": 0.0, "outlet": 900.0},
            {"fault": 1.0, "outlet": 59.9},
        ),
        industry="circular_chemical",
    ),
    Case(
        "absorber-pressure-capture",
        "absorber",
        {
            "pressure": {"indicator": "absorber_pressure", "band_low": 105.0, "band_high": 125.0},
            "capture": {"indicator": "co2_capture_rate", "nominal": 90.0},
            "power": {"indicator": "power", "nominal": 90.0},
        },
        {
            0: {"pressure": 115.0, "capture": 90.0, "power": 90.0},
            1: {"pressure": 125.5, "capture": 81.0, "power": 90.0},
            2: {"pressure": 135.0, "capture": 72.0, "power": 90.0},
            3: {"pressure": 165.0, "capture": 40.0, "power": 99.0},
        },
        (
            {"pressure": 125.0, "capture": 20.0},
            {"pressure": 180.0, "capture": 81.1},
        ),
        industry="carbon_capture",
    ),
    Case(
        "tank-temperature-hydrogen",
        "storage_tank",
        {
            "temperature": {"indicator": "tank_temperature", "threshold": 50.0},
            "hydrogen": {"indicator": "hydrogen_concentration"},
        },
        {
            0: {"temperature": 30.0, "hydrogen": 0.0},
            1: {"temperature": 52.0, "hydrogen": 0.4},
            2: {"temperature": 54.0, "hydrogen": 0.8},
            3: {"temperature": 60.0, "hydrogen": 2.0},
        },
        (
            {"temperature": 51.99, "hydrogen": 3.0},
            {"temperature": 80.0, "hydrogen": 0.399},
        ),
        industry="hydrogen",
    ),
    Case(
        "treatment-vibration-cod",
        "treatment_line",
        {
            "vibration": {"indicator": "vibration", "band_low": 0.0, "band_high": 4.5},
            "effluent": {"indicator": "effluent_cod"},
            "power": {"indicator": "power", "nominal": 90.0},
        },
        {
            0: {"vibration": 2.0, "effluent": 25.0, "power": 90.0},
            1: {"vibration": 4.6, "effluent": 50.0, "power": 90.0},
            2: {"vibration": 6.8, "effluent": 100.0, "power": 90.0},
            3: {"vibration": 13.5, "effluent": 200.0, "power": 108.0},
        },
        (
            {"vibration": 4.5, "effluent": 300.0},
            {"vibration": 27.0, "effluent": 49.5},
        ),
        industry="water_treatment",
    ),
    Case(
        "treatment-vibration-ammonia",
        "treatment_line",
        {
            "vibration": {"indicator": "vibration", "band_low": 0.0, "band_high": 4.5},
            "effluent": {"indicator": "effluent_ammonia"},
            "power": {"indicator": "power", "nominal": 90.0},
        },
        {
            0: {"vibration": 2.0, "effluent": 2.5, "power": 90.0},
            1: {"vibration": 4.6, "effluent": 5.0, "power": 90.0},
            2: {"vibration": 6.8, "effluent": 10.0, "power": 90.0},
            3: {"vibration": 13.5, "effluent": 20.0, "power": 108.0},
        },
        (
            {"vibration": 4.5, "effluent": 30.0},
            {"vibration": 27.0, "effluent": 4.95},
        ),
        industry="water_treatment",
    ),
    Case(
        "treatment-h2s-cod",
        "treatment_line",
        {
            "well": {"indicator": "well_hydrogen_sulphide"},
            "effluent": {"indicator": "effluent_cod"},
            "power": {"indicator": "power", "nominal": 90.0},
        },
        {
            0: {"well": 1.0, "effluent": 25.0, "power": 90.0},
            1: {"well": 10.0, "effluent": 50.0, "power": 90.0},
            2: {"well": 20.0, "effluent": 100.0, "power": 90.0},
            3: {"well": 50.0, "effluent": 200.0, "power": 108.0},
        },
        (
            {"well": 9.99, "effluent": 300.0},
            {"well": 100.0, "effluent": 49.5},
        ),
        industry="water_treatment",
    ),
    Case(
        "treatment-h2s-ammonia",
        "treatment_line",
        {
            "well": {"indicator": "well_hydrogen_sulphide"},
            "effluent": {"indicator": "effluent_ammonia"},
            "power": {"indicator": "power", "nominal": 90.0},
        },
        {
            0: {"well": 1.0, "effluent": 2.5, "power": 90.0},
            1: {"well": 10.0, "effluent": 5.0, "power": 90.0},
            2: {"well": 20.0, "effluent": 10.0, "power": 90.0},
            3: {"well": 50.0, "effluent": 20.0, "power": 108.0},
        },
        (
            {"well": 9.99, "effluent": 30.0},
            {"well": 100.0, "effluent": 4.95},
        ),
        industry="water_treatment",
    ),
    Case(
        "station-leak-air",
        "public_station",
        {"leak": {"indicator": "combustible_gas", "threshold": 20.0}, "outside": {"indicator": "air_quality_index"}},
        {
            0: {"leak": 1.0, "outside": 50.0},
            1: {"leak": 25.0, "outside": 100.0},
            2: {"leak": 50.0, "outside": 150.0},
            3: {"leak": 100.0, "outside": 300.0},
        },
        ({"leak": 24.9, "outside": 300.0}, {"leak": 90.0, "outside": 99.0}),
        industry="park",
    ),
    Case(
        "station-leak-noise",
        "public_station",
        {"leak": {"indicator": "combustible_gas", "threshold": 20.0}, "outside": {"indicator": "ambient_noise"}},
        {
            0: {"leak": 1.0, "outside": 32.5},
            1: {"leak": 25.0, "outside": 65.0},
            2: {"leak": 50.0, "outside": 80.0},
            3: {"leak": 100.0, "outside": 90.0},
        },
        ({"leak": 24.9, "outside": 90.0}, {"leak": 90.0, "outside": 64.35}),
        industry="park",
    ),
    Case(
        "station-leak-sewer",
        "public_station",
        {"leak": {"indicator": "combustible_gas", "threshold": 20.0}, "outside": {"indicator": "sewer_cod"}},
        {
            0: {"leak": 1.0, "outside": 250.0},
            1: {"leak": 25.0, "outside": 500.0},
            2: {"leak": 50.0, "outside": 900.0},
            3: {"leak": 100.0, "outside": 3000.0},
        },
        ({"leak": 24.9, "outside": 3000.0}, {"leak": 90.0, "outside": 495.0}),
        industry="park",
    ),
]
IDS = [f"{case.rule} in {case.industry}" for case in CASES]
