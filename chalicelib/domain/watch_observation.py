"""What a watch's alarm says to people: an observation that names the points, with their parts in it. Never a coupled warning."""

from chalicelib.domain.catalogue import Indicator
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Point
from chalicelib.domain.observation import Finding, Observation, ObservationKind, Verdict, observation_id
from chalicelib.domain.unit_watch import RowVerdict, WatchModel

NAMED = 6  # points an observation names at most
LEAST_SHARE = 0.05
JOINT = frozenset({Dimension.SAFETY, Dimension.ENVIRONMENT})


def kind_of(verdict: RowVerdict) -> ObservationKind:
    return ObservationKind.EARLY_COUPLED if verdict.abnormal >= JOINT else ObservationKind.OFF_NORMAL


def observation_of(
    verdict: RowVerdict,
    row: tuple[float, ...],
    model: WatchModel,
    known: dict[str, tuple[Point, Indicator]],
    *,
    onset_ms: int,
    at_ms: int,
    received_at_ms: int,
    catalogue_version: str,
    correlation_id: str,
) -> Observation:
    """The observation that a verdict opens. `row` has the values of the model's points; `known` what they are."""
    shares = sorted(verdict.shares, key=lambda one: -one[1])
    named = [point for point, share in shares if share >= LEAST_SHARE][:NAMED]
    kind, unit_id = kind_of(verdict), known[named[0]][0].unit_id
    return Observation(
        id=observation_id(unit_id, kind, named[0], onset_ms),
        kind=kind,
        enterprise_id=known[named[0]][0].enterprise_id,
        unit_id=unit_id,
        dimension=None if kind is ObservationKind.EARLY_COUPLED else _foremost(verdict),
        subject=named[0],
        onset_ms=onset_ms,
        opened_at_ms=at_ms,
        received_at_ms=received_at_ms,
        findings=tuple(_finding(point, row, model, known[point][1], at_ms) for point in named),
        figures=_figures(verdict, named),
        catalogue_version=catalogue_version,
        correlation_id=correlation_id,
    )


def _foremost(verdict: RowVerdict) -> Dimension:
    """Of the abnormal dimensions the one with the largest share."""
    return max((one for one in verdict.dimensions if one[0] in verdict.abnormal), key=lambda one: one[2])[0]


def _finding(point: str, row: tuple[float, ...], model: WatchModel, indicator: Indicator, at_ms: int) -> Finding:
    """A point against its mean in the normal period; `deviation` is in standard deviations of that period."""
    at = model.points.index(point)
    value, usual, spread = row[at], float(model.centre[at]), float(model.scale[at])
    off = (value - usual) / spread
    return Finding(
        dimension=indicator.dimension,
        indicator=indicator.id,
        point_id=point,
        unit=indicator.unit,
        verdict=Verdict.RISES if off > 1.0 else Verdict.FALLS if off < -1.0 else Verdict.STEADY,
        value=value,
        measured_at_ms=at_ms,
        reference=usual,
        change=value / usual - 1.0 if usual else None,
        deviation=off,
    )


def _figures(verdict: RowVerdict, named: list[str]) -> tuple[tuple[str, float], ...]:
    """`level` is the highest statistic over its limit, of the unit and of each dimension; `share` a point's or dimension's part in it."""
    parts = dict(verdict.shares)
    return (
        ("level", verdict.level or 0.0),
        *((f"level:{name}", level) for name, level, _ in verdict.dimensions),
        *((f"share:{name}", share) for name, _, share in verdict.dimensions),
        *((f"share:{point}", parts[point]) for point in named),
    )
