"""Judge the units of a stored block by their watches, each at its own interval: state, observations and events change together.

A unit without a trained model costs nothing here, and an enterprise without one a look into memory. An alarm becomes an
observation and ends with it; it is never a coupled warning. A model that cannot be used stops neither the other units nor the
blocks that come after: the unit is named, and its watch begins anew with its next model.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from chalicelib.domain.block import Block
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import ObservationOpened
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.reading import Series, cut
from chalicelib.domain.watch_record import WatchVersion
from chalicelib.domain.watch_track import Row, WatchTrack, advance, valid_values
from chalicelib.ports import CatalogueRepo, ModelStore, ModelUnusable, ObservationRepo, RegistryRepo, WatchRepo

if TYPE_CHECKING:
    from chalicelib.domain.unit_watch import RowVerdict, WatchModel

ATTEMPTS = 5
MAX_CHANGED = 20  # observations, at most four rows each, and one commit takes a hundred

Part = tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """What was opened, and the units whose model is missing or of another version of this program."""

    opened: tuple[Observation, ...] = ()
    unusable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Setting:
    """What all rows of one judgement share."""

    block: Block
    profile: Profile
    catalogue: Catalogue
    model: "WatchModel"


@dataclass(slots=True)
class _Outcome:
    track: WatchTrack
    opened: dict[str, Observation]
    closed: dict[str, int]


def watch_unit(
    block: Block,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    watches: WatchRepo,
    models: ModelStore,
    observations: ObservationRepo,
) -> Watched:
    """Fold a block into the watches of its units. Doing it twice changes nothing the second time.

    Raises WriteConflict if other writers were first again and again.
    """
    active = watches.active(block.enterprise_id)
    profile = registry.profile(block.enterprise_id) if active else None
    if profile is None:
        return Watched()
    there = {one.point_id for one in block.series}
    catalogue = catalogues.current()
    done = Watched()
    for version in active:
        if there.isdisjoint(version.points) or not profile.points_by_id.keys() >= set(version.points):
            continue
        try:
            model = models.load(version.key)
        except ModelUnusable:
            done = replace(done, unusable=(*done.unusable, version.unit_id))
            continue
        series = tuple(one for one in block.series if one.point_id in version.points)
        opened = _watch(version, _Setting(block, profile, catalogue, model), series, watches, observations)
        done = replace(done, opened=done.opened + opened)
    return done


def _watch(
    version: WatchVersion, setting: _Setting, series: Part, watches: WatchRepo, observations: ObservationRepo
) -> tuple[Observation, ...]:
    """Judge and commit a part of the block; one with more changes than a commit takes in two, one after the other."""
    who, unit_id = setting.block.enterprise_id, version.unit_id
    fresh = valid_values(series, _plausible(version, setting), version.interval_ms)
    for _ in range(ATTEMPTS):
        before, number = watches.load(who, unit_id)
        after, rows = advance(before, fresh, version.points, version.interval_ms)
        if after == before:
            return ()
        outcome = _judge(after, rows, version, setting)
        ended = _closed(outcome, observations)
        changed = (*outcome.opened.values(), *ended)
        if len(changed) > MAX_CHANGED and (halves := _halves(series)):
            return tuple(one for half in halves for one in _watch(version, setting, half, watches, observations))
        events = [
            ObservationOpened(who, one.opened_at_ms, one.correlation_id, one.id) for one in outcome.opened.values()
        ]
        try:
            watches.commit(who, unit_id, outcome.track, number, observations=changed, events=events)
        except WriteConflict:
            continue
        return tuple(outcome.opened.values())
    raise WriteConflict


def _halves(series: Part) -> tuple[Part, Part] | None:
    times = sorted({at_ms for one in series for at_ms in one.times_ms})
    return cut(series, times[len(times) // 2]) if len(times) > 1 else None


def _plausible(version: WatchVersion, setting: _Setting) -> dict[str, tuple[float, float]]:
    points, indicators = setting.profile.points_by_id, setting.catalogue.indicators
    return {point: indicators[points[point].indicator].plausible for point in version.points}


def _closed(outcome: _Outcome, observations: ObservationRepo) -> list[Observation]:
    """What ended. What the same rows opened is over already: it is recorded, and nobody is told."""
    found = []
    for one_id, at_ms in outcome.closed.items():
        known = outcome.opened.pop(one_id, None) or observations.get(one_id)
        if known is not None:
            found.append(known.closed(at_ms))
    return found


def _judge(track: WatchTrack, rows: Iterable[tuple[int, Row]], version: WatchVersion, setting: _Setting) -> _Outcome:
    import numpy as np

    from chalicelib.domain.unit_watch import fresh_state, interrupted, judge
    from chalicelib.domain.watch_codec import pack_state, unpack_state

    outcome = _Outcome(track, {}, {})
    if track.model_version != version.version:
        _end(outcome, track.next_ms)
        outcome.track = replace(outcome.track, model_version=version.version, watch=b"")
    state = unpack_state(outcome.track.watch) if outcome.track.watch else fresh_state(setting.model)
    for is_gap, run in groupby(rows, key=lambda one: one[1] is None):
        known = [(at_ms, row) for at_ms, row in run if row is not None]
        if is_gap:
            state = interrupted(state)
            continue
        state, verdicts = judge(setting.model, state, np.array([row for _, row in known]))
        for (at_ms, row), verdict in zip(known, verdicts, strict=True):
            _follow(outcome, verdict, row, at_ms, setting)
    outcome.track = replace(outcome.track, watch=pack_state(state))
    return outcome


def _follow(outcome: _Outcome, verdict: "RowVerdict", row: tuple[float, ...], at_ms: int, setting: _Setting) -> None:
    """Open what an alarm shows for the first time, and end everything with it."""
    track = outcome.track
    is_hot = verdict.level is not None and verdict.level > 1.0
    onset_ms = (track.hot_since_ms if track.hot_since_ms is not None else at_ms) if is_hot or track.open else None
    outcome.track = replace(track, hot_since_ms=onset_ms)
    if verdict.is_past and onset_ms is not None:
        _open(outcome, verdict, row, at_ms, onset_ms, setting)
    elif track.open and not verdict.is_alarmed:
        _end(outcome, at_ms)


def _open(
    outcome: _Outcome, verdict: "RowVerdict", row: tuple[float, ...], at_ms: int, onset_ms: int, setting: _Setting
) -> None:
    from chalicelib.domain.watch_observation import kind_of, observation_of

    open_now = outcome.track.open
    kind = kind_of(verdict)
    # One alarm opens one observation of each kind: what began in one dimension may become a joint matter, and not the other way.
    if kind in open_now or ObservationKind.EARLY_COUPLED in open_now:
        return
    points, indicators = setting.profile.points_by_id, setting.catalogue.indicators
    found = observation_of(
        verdict,
        row,
        setting.model,
        {one: (points[one], indicators[points[one].indicator]) for one in setting.model.points},
        onset_ms=onset_ms,
        at_ms=at_ms,
        received_at_ms=setting.block.received_at_ms,
        catalogue_version=setting.catalogue.version,
        correlation_id=setting.block.correlation_id,
    )
    outcome.opened[found.id] = found
    outcome.track = replace(outcome.track, open={**open_now, kind: found.id})


def _end(outcome: _Outcome, at_ms: int) -> None:
    outcome.closed |= dict.fromkeys(outcome.track.open.values(), at_ms)
    outcome.track = replace(outcome.track, open={}, hot_since_ms=None)
