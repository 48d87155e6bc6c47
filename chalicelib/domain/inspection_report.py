"""An inspection report of a laboratory, as a document: uploaded, read by a machine, and each value confirmed by a person before it counts.

A value that counts stands beside an enterprise's readings as something that was measured elsewhere. It is no reading: nothing judges it, and no
warning, task or score follows from it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import IllegalTransition

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCUMENT_TYPES = (PDF, XLSX)
MAX_BYTES = 10 * 1024 * 1024
MOST_VALUES = 300


class ReportState(StrEnum):
    EXPECTED = "expected"  # announced, no bytes seen yet
    READ = "read"
    REFUSED = "refused"


class ReportRefusal(StrEnum):
    HASH_MISMATCH = "hash_mismatch"
    SIZE_MISMATCH = "size_mismatch"
    TYPE_MISMATCH = "type_mismatch"
    ENCRYPTED = "encrypted"
    HAS_MACROS = "has_macros"
    TOO_COMPLEX = "too_complex"  # more sheets, pages, cells or unpacked bytes than a report has
    TOO_SLOW = "too_slow"
    UNREADABLE = "unreadable"


class ValueState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    REJECTED = "rejected"


COUNTS = (ValueState.CONFIRMED, ValueState.CORRECTED)


@dataclass(frozen=True, slots=True)
class Measured:
    """A value in its indicator's unit. `is_below`: less than that, which is as far down as the method sees."""

    indicator: str
    value: float
    unit: str
    is_below: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a value; `measured` is None where it was rejected."""

    state: ValueState
    measured: Measured | None
    by: str
    at_ms: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class ExtractedValue:
    """What a machine read: `source` is "sheet!cell" or "page 2", `context` the words around, `written` the value and `unit_written` its unit
    as they stand there. `candidates` are the indicators that it may be; `measured` is set where that is one, in a unit that can be
    turned into the indicator's."""

    number: int
    source: str
    context: str
    label: str
    written: str
    unit_written: str
    candidates: tuple[str, ...]
    measured: Measured | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def state(self) -> ValueState:
        return self.decisions[-1].state if self.decisions else ValueState.PENDING

    @property
    def counted(self) -> Measured | None:
        """What counts of it, if anything does."""
        return self.decisions[-1].measured if self.decisions else None


@dataclass(frozen=True, slots=True)
class InspectionReport:
    """`sampled_at_ms` is when the samples were taken, by who announced it. `sha256` is lower-case hex. `is_cut`: there was more than is
    read of one document. `stored_version` names the stored bytes that were read."""

    id: str
    enterprise_id: str
    unit_id: str
    title: str
    laboratory: str
    sampled_at_ms: int
    content_type: str
    sha256: str
    size_bytes: int
    uploaded_by: str
    announced_at_ms: int
    state: ReportState = ReportState.EXPECTED
    reason: ReportRefusal | None = None
    read_at_ms: int | None = None
    values: tuple[ExtractedValue, ...] = ()
    is_cut: bool = False
    stored_version: str = ""
    version: int = 0

    def value(self, number: int) -> ExtractedValue | None:
        return next((one for one in self.values if one.number == number), None)


@dataclass(frozen=True, slots=True)
class LabValue:
    """A confirmed value, with where it comes from."""

    enterprise_id: str
    unit_id: str
    report_id: str
    number: int
    measured: Measured
    sampled_at_ms: int
    laboratory: str
    source: str
    confirmed_by: str
    confirmed_at_ms: int


def decide(report: InspectionReport, number: int, decision: Decision) -> InspectionReport:
    """The report with what a person said of a value; the same again of the same person changes nothing. The last decision stands.

    Raises IllegalTransition while it is not read. KeyError: no such value.
    """
    if report.state is not ReportState.READ:
        raise IllegalTransition(state=report.state.value, action=decision.state.value)
    value = {one.number: one for one in report.values}[number]
    last = value.decisions[-1] if value.decisions else None
    if last is not None and replace(last, at_ms=decision.at_ms) == decision:
        return report
    changed = replace(value, decisions=(*value.decisions, decision))
    return replace(report, values=tuple(changed if one.number == number else one for one in report.values))


def lab_value(report: InspectionReport, number: int) -> LabValue | None:
    """What counts of a value, or None."""
    value = report.value(number)
    if value is None or value.counted is None:
        return None
    last = value.decisions[-1]
    return LabValue(
        report.enterprise_id,
        report.unit_id,
        report.id,
        number,
        value.counted,
        report.sampled_at_ms,
        report.laboratory,
        value.source,
        last.by,
        last.at_ms,
    )
