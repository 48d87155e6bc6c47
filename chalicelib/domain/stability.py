"""Pasquill-Gifford stability classes from wind, sun and cloud: Turner's method, EPA-454/R-99-005, 6.4.1.

Weather services seldom give the ceiling's height: a broken sky counts as middle clouds, an overcast one as neutral (Turner
1970, chapter 3). Where the cloud is not known, half of the sky is taken to be covered.
"""

from bisect import bisect_right
from enum import StrEnum
from math import asin, atan2, cos, degrees, pi, radians, sin

from chalicelib.domain.photo import Position
from chalicelib.domain.weather import DAY_MS

UNKNOWN_CLOUD = 0.5
OVERCAST = 0.95
BROKEN_BY_DAY, BROKEN_BY_NIGHT = 0.5, 0.4
WIND_STEPS_M_S = (0.75, 1.85, 2.85, 3.35, 3.85, 4.85, 5.45, 5.95)
# By wind, then by net radiation index 4, 3, 2, 1, 0, -1, -2: table 6-4. G counts as F there too.
CLASSES = ("AABCDFF", "ABBCDFF", "ABCDDEF", "BBCDDEF", "BBCDDDE", "BCCDDDE", "CCDDDDE", "CCDDDDD", "CDDDDDD")
STRONGEST = 4
SUN_STEPS_DEG = (15.0, 35.0, 60.0)
UNIX_EPOCH_FROM_J2000_DAYS = -10_957.5


class Stability(StrEnum):
    """From very unstable (A) by neutral (D) to stable (F)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


def stability(wind_m_s: float, sun_deg: float, cloud_cover: float | None) -> Stability:
    """The class at a wind speed (10 m), a height of the sun over the horizon, and a cover of 0..1 of the sky."""
    index = net_radiation_index(sun_deg, UNKNOWN_CLOUD if cloud_cover is None else cloud_cover)
    return Stability(CLASSES[bisect_right(WIND_STEPS_M_S, wind_m_s)][STRONGEST - index])


def net_radiation_index(sun_deg: float, cloud_cover: float) -> int:
    """4 (strong sun) to -2 (clear night): tables 6-5 and 6-6."""
    if cloud_cover >= OVERCAST:
        return 0
    if sun_deg <= 0:
        return -1 if cloud_cover > BROKEN_BY_NIGHT else -2
    insolation = 1 + bisect_right(SUN_STEPS_DEG, sun_deg)
    return max(1, insolation - 1) if cloud_cover > BROKEN_BY_DAY else insolation


def sun_elevation_deg(place: Position, at_ms: int) -> float:
    """The sun's height over the horizon, to a tenth of a degree. Low-precision formulas of the Astronomical Almanac, C5."""
    days = at_ms / DAY_MS + UNIX_EPOCH_FROM_J2000_DAYS
    anomaly = radians(357.528 + 0.9856003 * days)
    longitude = radians(280.460 + 0.9856474 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    obliquity = radians(23.439 - 0.0000004 * days)
    declination = asin(sin(obliquity) * sin(longitude))
    mean_longitude_deg = (280.460 + 0.9856474 * days) % 360
    ascension_deg = degrees(_ascension(longitude, obliquity))
    equation_deg = (mean_longitude_deg - ascension_deg + 180) % 360 - 180
    hour_angle = radians((at_ms % DAY_MS) / DAY_MS * 360 - 180 + place.longitude + equation_deg)
    latitude = radians(place.latitude)
    return degrees(asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle)))


def _ascension(longitude: float, obliquity: float) -> float:
    return atan2(cos(obliquity) * sin(longitude), cos(longitude)) % (2 * pi)
