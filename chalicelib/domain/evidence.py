"""What comes back from the yard besides photos: retests, and the enterprise's rectification."""

from dataclasses import dataclass

from chalicelib.domain.comparison import Comparison
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.instrument import RetestMark


@dataclass(frozen=True, slots=True)
class Retest:
    """A value measured by hand. `value` is in `unit`, which is the indicator's own (UCUM), turned from what was entered.
    `is_inspectors`: it was no enterprise that measured."""

    id: str
    task_id: str
    enterprise_id: str
    dimension: Dimension
    indicator: str
    value: float
    unit: str
    instrument: str
    measured_at_ms: int
    entered_by: str
    received_at_ms: int
    entered_value: float | None = None
    entered_unit: str = ""
    instrument_id: str = ""
    comparison: Comparison | None = None
    marks: tuple[RetestMark, ...] = ()
    is_inspectors: bool = False


@dataclass(frozen=True, slots=True)
class Rectification:
    """What the enterprise did, in words, with photos of the same task."""

    id: str
    task_id: str
    enterprise_id: str
    text: str
    photo_ids: tuple[str, ...]
    entered_by: str
    received_at_ms: int
