"""Units of measure that instruments show, turned into those of indicators. The codes are UCUM's (ucum.org), as far as plants use them.

A mass concentration and a volume fraction (ppm) are not turned into each other: that takes a molar mass, a temperature and a pressure.
"""

from collections.abc import Mapping

# By code: (what it measures, how much of its base unit one is, and where its zero lies on the base unit's scale).
UNITS: Mapping[str, tuple[str, float, float]] = {
    "K": ("temperature", 1.0, 0.0),
    "Cel": ("temperature", 1.0, 273.15),
    "[degF]": ("temperature", 5 / 9, 273.15 - 32 * 5 / 9),
    "Pa": ("pressure", 1.0, 0.0),
    "hPa": ("pressure", 100.0, 0.0),
    "kPa": ("pressure", 1000.0, 0.0),
    "MPa": ("pressure", 1e6, 0.0),
    "mbar": ("pressure", 100.0, 0.0),
    "bar": ("pressure", 1e5, 0.0),
    "g/m3": ("concentration", 1.0, 0.0),
    "mg/m3": ("concentration", 1e-3, 0.0),
    "ug/m3": ("concentration", 1e-6, 0.0),
    "g/L": ("concentration", 1e3, 0.0),
    "mg/L": ("concentration", 1.0, 0.0),
    "ug/L": ("concentration", 1e-3, 0.0),
    "1": ("fraction", 1.0, 0.0),
    "%": ("fraction", 1e-2, 0.0),
    "[ppth]": ("fraction", 1e-3, 0.0),
    "[ppm]": ("fraction", 1e-6, 0.0),
    "kg/h": ("mass flow", 1.0, 0.0),
    "t/h": ("mass flow", 1e3, 0.0),
    "kg/s": ("mass flow", 3600.0, 0.0),
    "m3/h": ("volume flow", 1.0, 0.0),
    "m3/s": ("volume flow", 3600.0, 0.0),
    "L/s": ("volume flow", 3.6, 0.0),
    "L/min": ("volume flow", 0.06, 0.0),
    "mm/s": ("velocity", 1.0, 0.0),
    "m/s": ("velocity", 1e3, 0.0),
    "W": ("wattage", 1.0, 0.0),
    "kW": ("wattage", 1e3, 0.0),
    "MW": ("wattage", 1e6, 0.0),
    "GJ": ("energy", 1.0, 0.0),
    "MJ": ("energy", 1e-3, 0.0),
    "TJ": ("energy", 1e3, 0.0),
    "kW.h": ("energy", 3.6e-3, 0.0),
    "MW.h": ("energy", 3.6, 0.0),
    "GW.h": ("energy", 3.6e3, 0.0),
    "t{SCE}": ("energy", 29.3076, 0.0),  # standard coal equivalent, 29307.6 kJ/kg by GB/T 2589-2020
    "kg": ("mass", 1e-3, 0.0),
    "t": ("mass", 1.0, 0.0),
    "kt": ("mass", 1e3, 0.0),
    "m3": ("volume", 1.0, 0.0),
    "L": ("volume", 1e-3, 0.0),
}


class NotConvertible(ValueError):
    """`allowed` are the units that could have been given."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(", ".join(allowed))
        self.allowed = allowed


def convertible_to(unit: str) -> tuple[str, ...]:
    """Itself first."""
    kind = UNITS[unit][0] if unit in UNITS else None
    return (unit, *(code for code, (of, _, _) in UNITS.items() if of == kind and code != unit))


def converted(value: float, given: str, wanted: str) -> float:
    """A value in another unit. Raises NotConvertible."""
    if given == wanted:
        return value
    if given not in convertible_to(wanted):
        raise NotConvertible(convertible_to(wanted))
    _, scale, zero = UNITS[given]
    _, wanted_scale, wanted_zero = UNITS[wanted]
    return float(f"{(value * scale + zero - wanted_zero) / wanted_scale:.12g}")  # no digits that arithmetic made up
