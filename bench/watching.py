"""The watches of a plant's units as the evaluate function goes through them, without its store: for evaluate.readings_per_s."""

from collections.abc import Mapping
from itertools import groupby

import numpy as np

from bench import plant
from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.reading import Series
from chalicelib.domain.unit_watch import WatchModel, fresh_state, interrupted, judge
from chalicelib.domain.watch_codec import pack_state, unpack_state
from chalicelib.domain.watch_record import DEFAULT_INTERVAL_MS
from chalicelib.domain.watch_track import WatchTrack, advance, pack_track, unpack_track, valid_values
from chalicelib.domain.watch_training import train

EVERY = DEFAULT_INTERVAL_MS // plant.STEP_MS
ROWS = 500


def models_of(known: Profile) -> dict[str, WatchModel]:
    """A model for each unit, trained on a day and an hour before anything is measured."""
    catalogue, span_ms = shipped(), ROWS * DEFAULT_INTERVAL_MS
    series = {
        one.point_id: one.values[::EVERY]
        for one in plant.readings(known, ROWS * EVERY, start_ms=plant.START_MS - span_ms, seed=99)
    }
    found = {}
    for unit in known.units:
        points = known.points_of(unit.id)
        rows = np.array([series[point.id] for point in points]).T
        dimensions = [catalogue.indicators[point.indicator].dimension for point in points]
        found[unit.id] = train(rows, [p.id for p in points], dimensions, interval_ms=DEFAULT_INTERVAL_MS)[0]
    return found


class Watching:
    """Folds blocks into the watches of all units, each read from its row and written back with every block."""

    def __init__(self, known: Profile, models: Mapping[str, WatchModel]) -> None:
        self._models = models
        self._rows = {unit_id: pack_track(WatchTrack()) for unit_id in models}
        indicators = shipped().indicators
        self._plausible = {
            unit_id: {point: indicators[known.points_by_id[point].indicator].plausible for point in model.points}
            for unit_id, model in models.items()
        }

    def fold(self, block: tuple[Series, ...]) -> int:
        """How many rows were judged."""
        return sum(self._watch(unit_id, model, block) for unit_id, model in self._models.items())

    def _watch(self, unit_id: str, model: WatchModel, block: tuple[Series, ...]) -> int:
        track = unpack_track(self._rows[unit_id])
        track, rows = advance(
            track, valid_values(block, self._plausible[unit_id], model.interval_ms), model.points, model.interval_ms
        )
        state = unpack_state(track.watch) if track.watch else fresh_state(model)
        for is_gap, run in groupby((row for _, row in rows), key=lambda row: row is None):
            state = interrupted(state) if is_gap else judge(model, state, np.array(list(run)))[0]
        self._rows[unit_id] = pack_track(WatchTrack("v", track.next_ms, track.held, track.waiting, pack_state(state)))
        return len(rows)
