"""Train a unit's watch from a period of its stored readings: one that a person names, or the newest days that were normal."""

from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.domain.enterprise import Profile
from chalicelib.domain.watch_record import TrainingRefused, WatchVersion, version_of
from chalicelib.ports import (
    BlockRepo,
    CatalogueRepo,
    Clock,
    ModelStore,
    ModelUnusable,
    ObservationRepo,
    RegistryRepo,
    WarningRepo,
    WatchRepo,
)
from chalicelib.usecases.normal_period import Period, Span, abnormal_spans, read_period

if TYPE_CHECKING:
    from chalicelib.domain.unit_watch import Array, WatchModel

DAY_MS = 86_400_000
MAX_PERIOD_MS = 92 * DAY_MS
MAX_ROWS = 50_000
MOST_REFUSED = 0.01  # of a normal period's readings
RENEW_PERIOD_MS = 14 * DAY_MS
HELD_OUT = 0.2
USUAL_FAR = 0.01  # a new model that alarms no more of held-out normal rows may follow whatever the old one does


class Renewal(StrEnum):
    RENEWED = "renewed"
    NOT_WATCHED = "not_watched"
    NOT_ENOUGH = "not_enough_normal_data"
    OLD_IS_BETTER = "old_is_better"


def train_watch(
    unit_id: str,
    span: Span,
    *,
    interval_ms: int,
    is_forced: bool,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    blocks: BlockRepo,
    warnings: WarningRepo,
    observations: ObservationRepo,
    watches: WatchRepo,
    models: ModelStore,
    clock: Clock,
) -> WatchVersion:
    """Train on begin <= t < end, which a person says was normal, store the model and make it the unit's.

    Raises TrainingRefused. `is_forced` lets pass what speaks against the period being normal; never a lack of rows.
    """
    unit = registry.unit(unit_id)
    profile = registry.profile(unit.enterprise_id) if unit else None
    if profile is None:
        raise TrainingRefused("unknown_unit", unit_id)
    if not 0 < span[1] - span[0] <= min(MAX_PERIOD_MS, MAX_ROWS * interval_ms):
        raise TrainingRefused("bad_period", f"it has {(span[1] - span[0]) // interval_ms} rows")
    period = read_period(unit_id, span, interval_ms, profile=profile, catalogue=catalogues.current(), blocks=blocks)
    if not is_forced:
        enterprise_id = profile.enterprise.id
        _require_normal(
            period, abnormal_spans(unit_id, enterprise_id, span, warnings=warnings, observations=observations)
        )
    return _activate(unit_id, period, span, interval_ms, profile, watches=watches, models=models, clock=clock)


def _require_normal(period: Period, spans: tuple[Span, ...]) -> None:
    if period.absent:
        raise TrainingRefused("points_missing", ", ".join(period.absent))
    if period.refused > MOST_REFUSED * period.readings:
        raise TrainingRefused("flagged_readings", f"{period.refused} of {period.readings} are flagged or implausible")
    if spans:
        raise TrainingRefused("not_normal", f"{len(spans)} warnings or observations stood in it")


def renew_watch(
    enterprise_id: str,
    unit_id: str,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    blocks: BlockRepo,
    warnings: WarningRepo,
    observations: ObservationRepo,
    watches: WatchRepo,
    models: ModelStore,
    clock: Clock,
) -> Renewal:
    """Train a watched unit anew on its newest days, without what was abnormal in them. The old model stays where the new is worse."""
    active = next((one for one in watches.active(enterprise_id) if one.unit_id == unit_id), None)
    profile = registry.profile(enterprise_id)
    if active is None or profile is None:
        return Renewal.NOT_WATCHED
    span = (clock.now_ms() - RENEW_PERIOD_MS, clock.now_ms())
    abnormal = abnormal_spans(unit_id, enterprise_id, span, warnings=warnings, observations=observations)
    period = read_period(
        unit_id, span, active.interval_ms, profile=profile, catalogue=catalogues.current(), blocks=blocks
    ).without(abnormal)
    try:
        if not set(active.points) <= set(period.points):
            return Renewal.NOT_ENOUGH
        if (old := _usable(active.key, models)) and _is_worse(period, old):
            return Renewal.OLD_IS_BETTER
        _activate(unit_id, period, span, active.interval_ms, profile, watches=watches, models=models, clock=clock)
    except TrainingRefused:
        return Renewal.NOT_ENOUGH
    return Renewal.RENEWED


def _usable(key: str, models: ModelStore) -> "WatchModel | None":
    """A model that nobody can read is worse than any other."""
    try:
        return models.load(key)
    except ModelUnusable:
        return None


def _is_worse(period: Period, old: "WatchModel") -> bool:
    """Whether a model of the first four fifths alarms more of the last, which are normal, than the one that is there."""
    from chalicelib.domain.watch_training import alarmed_share

    rows = _matrix(period)
    begin = int(len(rows) * (1.0 - HELD_OUT))
    trial, _, _ = _train(period, rows[:begin], old.interval_ms)
    new_share = alarmed_share(trial, rows[begin:, [period.points.index(point) for point in trial.points]])
    old_share = alarmed_share(old, rows[begin:, [period.points.index(point) for point in old.points]])
    return new_share > max(old_share, USUAL_FAR)


def _activate(
    unit_id: str,
    period: Period,
    span: Span,
    interval_ms: int,
    profile: Profile,
    *,
    watches: WatchRepo,
    models: ModelStore,
    clock: Clock,
) -> WatchVersion:
    """Train on the whole period; the model is in the store before anything names it."""
    model, far, still = _train(period, _matrix(period), interval_ms)
    version = WatchVersion(
        enterprise_id=profile.enterprise.id,
        unit_id=unit_id,
        version=version_of(clock.now_ms()),
        points=model.points,
        interval_ms=interval_ms,
        from_ms=span[0],
        to_ms=span[1],
        rows=period.whole,
        far=far,
        trained_at_ms=clock.now_ms(),
        left_out=(*still, *period.absent),
    )
    models.save(version.key, model)
    watches.activate(version)
    return version


def _train(period: Period, rows: "Array", interval_ms: int) -> "tuple[WatchModel, float, tuple[str, ...]]":
    """(model, its false-alarm rate, points that never moved and are no part of it)."""
    from chalicelib.domain.watch_training import moving, train

    if not period.whole:
        raise TrainingRefused("too_few_rows", "none has a valid value of every point")
    kept = moving(rows)
    points, dimensions = [period.points[at] for at in kept], [period.dimensions[at] for at in kept]
    model, far = train(rows[:, kept], points, dimensions, interval_ms=interval_ms)
    return model, far, tuple(point for point in period.points if point not in points)


def _matrix(period: Period) -> "Array":
    import numpy as np

    gap = (np.nan,) * len(period.points)
    return np.array([gap if row is None else row for row in period.rows]).reshape(-1, len(period.points))
