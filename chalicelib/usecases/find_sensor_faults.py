"""Find instruments whose readings have not been plausible for a while, and tell their department. Never a coupled warning."""

from collections.abc import Iterable, Sequence

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.completeness import Span
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import ObservationOpened
from chalicelib.domain.mark import Mark, MarkKind
from chalicelib.domain.observation import Observation, ObservationKind, observation_id
from chalicelib.ports import BlockRepo, CatalogueRepo, ObservationRepo, RegistryRepo
from chalicelib.usecases.find_marks import MarkedUnit, find_marks

LASTING = frozenset({
    MarkKind.FLAT_LINE, MarkKind.CEILING_CLIPPING, MarkKind.IDENTICAL_DECIMALS, MarkKind.TREATMENT_OFF,
    MarkKind.EMISSION_FLAT_UNDER_LOAD, MarkKind.FLAGS_WITH_LOAD,
})  # fmt: skip
LASTS_MS = 10 * 60_000
REPEATED_SHIFTS = 5  # single lost decimals happen; so many within the window and its context are a fault
LONGEST_MS = 30 * 86_400_000


def find_sensor_faults(
    unit_id: str,
    from_ms: int,
    to_ms: int,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    blocks: BlockRepo,
    observations: ObservationRepo,
) -> tuple[Observation, ...]:
    """Judge from_ms <= t < to_ms of a unit against the day before it. A fault opens one observation of its point, closed once the
    point's readings go on without it. Returns what was opened or closed; doing it twice changes nothing. Raises NotFound."""
    unit = registry.unit(unit_id)
    profile = registry.profile(unit.enterprise_id) if unit else None
    if unit is None or profile is None:
        raise NotFound(what="unit")
    catalogue = catalogues.current()
    span = Span(from_ms, to_ms)
    (marked,) = find_marks(profile, [unit], span, catalogue, blocks=blocks)
    faults = _faults(marked)
    known = _known(unit_id, profile.enterprise.id, from_ms, observations)
    is_open = {one.subject for one in known if one.closed_at_ms is None}
    met = {one.id for one in known}
    opened = tuple(
        one
        for point_id, marks in faults.items()
        if point_id not in is_open and (one := _observe(marks, profile, catalogue, to_ms)).id not in met
    )
    closed = tuple(
        one.closed(from_ms)
        for one in known
        if one.closed_at_ms is None and one.subject not in faults and _reports(marked, one.subject, span)
    )
    for one in opened:
        observations.add([one], [ObservationOpened(one.enterprise_id, one.opened_at_ms, "", one.id)])
    for one in closed:
        observations.save(one)
    return opened + closed


def _faults(marked: MarkedUnit) -> dict[str, list[Mark]]:
    """By point, the marks that make a fault of it."""
    found: dict[str, list[Mark]] = {}
    for point_id in marked.series:
        own = [mark for mark in marked.marks if mark.point_id == point_id]
        lasting = [mark for mark in own if mark.kind in LASTING]
        shifts = [mark for mark in own if mark.kind is MarkKind.DECIMAL_SHIFT]
        if len(shifts) >= REPEATED_SHIFTS:
            lasting += shifts
        if lasting and max(m.until_ms for m in lasting) - min(m.from_ms for m in lasting) >= LASTS_MS:
            found[point_id] = sorted(lasting, key=lambda mark: mark.from_ms)
    return found


def _known(unit_id: str, enterprise_id: str, from_ms: int, observations: ObservationRepo) -> Sequence[Observation]:
    recent = observations.since(enterprise_id, from_ms - LONGEST_MS)
    return [one for one in recent if one.kind is ObservationKind.SENSOR_FAULT and one.unit_id == unit_id]


def _reports(marked: MarkedUnit, point_id: str, span: Span) -> bool:
    series = marked.series.get(point_id)
    return series is not None and len(series) > 0 and series.times_ms[-1] >= span.from_ms


def _observe(marks: Sequence[Mark], profile: Profile, catalogue: Catalogue, now_ms: int) -> Observation:
    point, kind = profile.points_by_id[marks[0].point_id], ObservationKind.SENSOR_FAULT
    treatment = any(mark.kind is MarkKind.TREATMENT_OFF for mark in marks)
    dimension = Dimension.ENVIRONMENT if treatment else catalogue.indicators[point.indicator].dimension
    return Observation(
        id=observation_id(point.unit_id, kind, point.id, marks[0].from_ms),
        kind=kind,
        enterprise_id=profile.enterprise.id,
        unit_id=point.unit_id,
        dimension=dimension,
        subject=point.id,
        onset_ms=marks[0].from_ms,
        opened_at_ms=now_ms,
        received_at_ms=now_ms,
        figures=tuple(_figures(marks)),
        catalogue_version=catalogue.version,
    )


def _figures(marks: Iterable[Mark]) -> Iterable[tuple[str, float]]:
    """Of each kind, its first mark's evidence and how many readings all of them doubt."""
    first: dict[MarkKind, Mark] = {}
    readings: dict[MarkKind, int] = {}
    for mark in marks:
        first.setdefault(mark.kind, mark)
        readings[mark.kind] = readings.get(mark.kind, 0) + mark.readings
    for kind, mark in first.items():
        yield f"{kind}.readings", float(readings[kind])
        yield from ((f"{kind}.{name}", value) for name, value in mark.evidence)
