"""What is measured with: handheld instruments, and the online ones behind points. A calibration that has run out is a mark, no block."""

from dataclasses import dataclass
from enum import StrEnum


class InstrumentKind(StrEnum):
    HANDHELD = "handheld"
    ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Instrument:
    """`relative` (share of the value) and `absolute` (the indicator's unit) say how far it may be off: the larger of both holds. An
    online one belongs to `point_id`."""

    id: str
    name: str
    kind: InstrumentKind
    serial: str = ""
    point_id: str = ""
    enterprise_id: str = ""
    relative: float | None = None
    absolute: float | None = None
    calibrated_until_ms: int | None = None

    def is_expired(self, at_ms: int) -> bool:
        return self.calibrated_until_ms is not None and at_ms > self.calibrated_until_ms


class RetestMark(StrEnum):
    CALIBRATION_EXPIRED = "calibration_expired"
    ONLINE_CALIBRATION_EXPIRED = "online_calibration_expired"
    UNKNOWN_INSTRUMENT = "unknown_instrument"
