"""Enter a value measured by hand, and hold it against what the online instrument said in the same minute.

Where they agree, both are evidence. Where they do not, an instrument is in doubt and not the enterprise: a task of its own looks into
it, and what an inspector found so costs the enterprise nothing.
"""

from dataclasses import dataclass, replace
from hashlib import sha256

from chalicelib.domain.access import Action
from chalicelib.domain.catalogue import Catalogue, Indicator
from chalicelib.domain.comparison import AWAITED_MS, NEAREST_MS, Agreement, Comparison, compare
from chalicelib.domain.errors import FieldError, InvalidRequest
from chalicelib.domain.evidence import Retest
from chalicelib.domain.instrument import Instrument, InstrumentKind, RetestMark
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task, TaskKind
from chalicelib.domain.ucum import NotConvertible, converted
from chalicelib.ports import BlockRepo, CatalogueRepo, Clock, EvidenceRepo, InstrumentRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.change_task import change_task_if_any
from chalicelib.usecases.open_case import open_case
from chalicelib.usecases.plan_task import Case
from chalicelib.usecases.read_readings import stored_series
from chalicelib.usecases.submit_evidence import MAX_AHEAD_MS, task_to_work_on

DAY_MS = 86_400_000
COMPARED_A_RUN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RetestDesk:
    """The ports that a retest needs, together."""

    tasks: TaskRepo
    evidence: EvidenceRepo
    registry: RegistryRepo
    instruments: InstrumentRepo
    blocks: BlockRepo
    catalogues: CatalogueRepo
    clock: Clock


def add_retest(retest: Retest, person: Person, *, retest_desk: RetestDesk) -> Retest:
    """The retest as it is stored, in the indicator's own unit, with what came of the comparison. Raises InvalidRequest for a unit that
    cannot be turned into the indicator's, and for a value that cannot be true."""
    desk = retest_desk
    task = task_to_work_on(retest.task_id, person, Action.ADD_RETEST, desk.tasks)
    now_ms = desk.clock.now_ms()
    value, indicator = _checked(retest, desk.catalogues.current(), now_ms)
    entered = replace(
        retest,
        enterprise_id=person.enterprise_id or task.enterprise_id,
        entered_by=person.id,
        received_at_ms=now_ms,
        value=value,
        unit=indicator.unit,
        entered_value=retest.value,
        entered_unit=retest.unit,
        is_inspectors=person.role is Role.INSPECTOR,
    )
    stored = desk.evidence.add_retest(_compared(entered, task, now_ms, desk))
    _doubt(stored, task, desk)
    return stored


def compare_retests(*, retest_desk: RetestDesk) -> int:
    """Once an hour: compare those whose readings had not come. Returns how many wait no longer."""
    desk, settled = retest_desk, 0
    for retest in desk.evidence.uncompared(COMPARED_A_RUN):
        task = desk.tasks.get(retest.task_id)
        if task is None:
            continue
        compared = _compared(retest, task, desk.clock.now_ms(), desk)
        desk.evidence.compare_retest(compared)
        _doubt(compared, task, desk)
        settled += compared.comparison is not None and compared.comparison.agreement is not Agreement.AWAITING
    return settled


def _checked(retest: Retest, catalogue: Catalogue, now_ms: int) -> tuple[float, Indicator]:
    indicator = catalogue.indicators.get(retest.indicator)
    if indicator is None:
        raise _wrong("indicator", "unknown_indicator", ", ".join(sorted(catalogue.indicators)))
    try:
        value = converted(retest.value, retest.unit, indicator.unit)
    except NotConvertible as error:
        raise _wrong("unit", "wrong_unit", ", ".join(error.allowed)) from None
    low, high = indicator.plausible
    if not low <= value <= high:
        raise _wrong("value", "implausible", f"{low:g}..{high:g} {indicator.unit}")
    if retest.measured_at_ms > now_ms + MAX_AHEAD_MS:
        raise _wrong("measured_at", "time_ahead", f"{MAX_AHEAD_MS // 1000} s")
    return value, indicator


def _wrong(field: str, code: str, allowed: str) -> InvalidRequest:
    return InvalidRequest(errors=[FieldError(field, code, allowed)])


def _compared(retest: Retest, task: Task, now_ms: int, desk: RetestDesk) -> Retest:
    profile = desk.registry.profile(task.enterprise_id) if task.enterprise_id else None
    points = profile.points_of(task.unit_id) if profile else ()
    known = [point.id for point in points if point.indicator == retest.indicator]
    by_hand = desk.instruments.get(retest.instrument_id) if retest.instrument_id else None
    if not known:
        return replace(
            retest, comparison=Comparison(Agreement.NOT_MEASURED_ONLINE), marks=_marks(retest, by_hand, None)
        )
    at_ms = retest.measured_at_ms
    series = stored_series(task.enterprise_id, known, at_ms - NEAREST_MS, at_ms + NEAREST_MS + 1, blocks=desk.blocks)
    online = {one.point_id: one for one in desk.instruments.of_enterprise(task.enterprise_id)}
    found = compare(retest.value, at_ms, series.values(), by_hand, online.get(known[0]))
    if found is None:
        is_late = now_ms > at_ms + AWAITED_MS
        found = Comparison(Agreement.NO_ONLINE_VALUE if is_late else Agreement.AWAITING, known[0])
    return replace(retest, comparison=found, marks=_marks(retest, by_hand, online.get(found.point_id)))


def _marks(retest: Retest, by_hand: Instrument | None, online: Instrument | None) -> tuple[RetestMark, ...]:
    at_ms = retest.measured_at_ms
    is_unknown = bool(retest.instrument_id) and (by_hand is None or by_hand.kind is not InstrumentKind.HANDHELD)
    found = {
        RetestMark.UNKNOWN_INSTRUMENT: is_unknown,
        RetestMark.CALIBRATION_EXPIRED: by_hand is not None and by_hand.is_expired(at_ms),
        RetestMark.ONLINE_CALIBRATION_EXPIRED: online is not None and online.is_expired(at_ms),
    }
    return tuple(mark for mark, is_so in found.items() if is_so)


def _doubt(retest: Retest, task: Task, desk: RetestDesk) -> None:
    """Have the online instrument looked at, once a day whatever the number of retests. An enterprise's own retest asks for that too,
    but takes nothing off its score."""
    comparison = retest.comparison
    if comparison is None or comparison.agreement is not Agreement.DISAGREES:
        return
    case = Case(
        id=sensor_task_id(comparison.point_id, retest.measured_at_ms),
        kind=TaskKind.SENSOR_FAULT,
        unit_id=task.unit_id,
        tier=1,
        about=retest.indicator,
        parent_id=task.id,
        reported_by=retest.entered_by,
        correlation_id=task.correlation_id,
    )
    open_case(
        case, task.enterprise_id, tasks=desk.tasks, registry=desk.registry, catalogues=desk.catalogues, clock=desk.clock
    )  # fmt: skip
    if retest.is_inspectors:
        change_task_if_any(task.id, lambda known: (_doubted(known, case.id), []), tasks=desk.tasks)


def _doubted(task: Task, sensor_task: str) -> Task:
    return task if sensor_task in task.doubts else replace(task, doubts=(*task.doubts, sensor_task))


def sensor_task_id(point_id: str, at_ms: int) -> str:
    """One task for a point and day (UTC)."""
    return "t-" + sha256(f"sensor|{point_id}|{at_ms // DAY_MS}".encode()).hexdigest()[:20]
