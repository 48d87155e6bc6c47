"""What the stores of watches, models and learning promise in ports.py, on memory, moto and DynamoDB Local. Refusals first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import numpy as np
import pytest
from moto import mock_aws

from chalicelib.adapters.memory_media import MemoryMediaStore
from chalicelib.adapters.models import StoredModels
from chalicelib.adapters.operations_repos import EVENT_PREFIX, RowObservationRepo
from chalicelib.adapters.rows import Rows
from chalicelib.adapters.s3 import S3MediaStore
from chalicelib.adapters.watch_repos import CACHE_S, RowLearningRepo, RowWatchRepo
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import ObservationOpened
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.unit_watch import WatchModel
from chalicelib.domain.watch_codec import pack_model
from chalicelib.domain.watch_record import WatchVersion
from chalicelib.domain.watch_track import WatchTrack
from chalicelib.domain.watch_training import train
from chalicelib.ports import MediaStore, ModelUnusable

T0 = 1_772_416_800_000
VERSION = WatchVersion("acme", "acme-r1", "v1", ("a", "b"), 180_000, T0, T0 + 1, 300, 0.001, T0, ("c",))
TRACK = WatchTrack(
    "v1",
    T0,
    {"a": (T0, 0.1)},
    {"b": {T0 + 180_000: (T0 + 1, 2.5)}},
    b"\x00state",
    {ObservationKind.OFF_NORMAL: "o-1"},
    T0,
)
SEEN = Observation(
    "o-1", ObservationKind.OFF_NORMAL, "acme", "acme-r1", Dimension.SAFETY, "a", T0, T0, T0, correlation_id="c"
)
OPENED = ObservationOpened("acme", T0, "c", "o-1")


class Clock:
    ms = T0

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watches(new_rows: Callable[[], Rows], rows: Rows, clock: Clock) -> RowWatchRepo:
    return RowWatchRepo(new_rows(), rows, clock)


def test_whoever_comes_second_changes_neither_track_nor_observations(watches: RowWatchRepo, rows: Rows) -> None:
    watches.commit("acme", "acme-r1", TRACK, 0, observations=[], events=[])
    for stale in (0, 2):
        with pytest.raises(WriteConflict):
            watches.commit("acme", "acme-r1", WatchTrack(), stale, observations=[SEEN], events=[OPENED])
    assert watches.load("acme", "acme-r1") == (TRACK, 1)
    assert RowObservationRepo(rows).get("o-1") is None and rows.query("ENT#acme", prefix=EVENT_PREFIX) == []


def test_a_watch_that_has_seen_nothing_remembers_nothing(watches: RowWatchRepo) -> None:
    assert watches.load("acme", "acme-r1") == (WatchTrack(), 0)


def test_track_observations_and_events_are_written_together(watches: RowWatchRepo, rows: Rows) -> None:
    watches.commit("acme", "acme-r1", TRACK, 0, observations=[SEEN], events=[OPENED])
    assert watches.load("acme", "acme-r1") == (TRACK, 1)
    assert RowObservationRepo(rows).listing("acme", None, 10).items == (SEEN,)
    assert [row.body["observation_id"] for row in rows.query("ENT#acme", prefix=EVENT_PREFIX)] == ["o-1"]


def test_an_observation_that_ended_is_closed_in_its_place(watches: RowWatchRepo, rows: Rows) -> None:
    watches.commit("acme", "acme-r1", TRACK, 0, observations=[SEEN], events=[OPENED])
    watches.commit("acme", "acme-r1", TRACK, 1, observations=[SEEN.closed(T0 + 9)], events=[])
    assert RowObservationRepo(rows).listing("acme", None, 10).items == (SEEN.closed(T0 + 9),)


def test_units_and_enterprises_have_watches_of_their_own(watches: RowWatchRepo) -> None:
    watches.commit("acme", "acme-r1", TRACK, 0, observations=[], events=[])
    watches.activate(VERSION)
    assert watches.load("acme", "acme-r2") == watches.load("other", "acme-r1") == (WatchTrack(), 0)
    assert watches.active("other") == ()


def test_of_each_unit_the_model_that_was_activated_last_is_active(watches: RowWatchRepo) -> None:
    second, elsewhere = replace(VERSION, version="v2", left_out=()), replace(VERSION, unit_id="acme-r2")
    for version in (VERSION, elsewhere, second):
        watches.activate(version)
    assert watches.active("acme") == (second, elsewhere)


def test_the_absence_of_a_watch_is_remembered_for_a_minute(
    new_rows: Callable[[], Rows], rows: Rows, clock: Clock
) -> None:
    registry = new_rows()
    here, elsewhere = RowWatchRepo(registry, rows, clock), RowWatchRepo(registry, rows, clock)
    assert here.active("acme") == ()
    elsewhere.activate(VERSION)
    assert here.active("acme") == ()
    clock.ms += round(CACHE_S * 1000)
    assert here.active("acme") == (VERSION,)


def test_a_job_knows_when_it_last_looked_at_each_unit(rows: Rows) -> None:
    learning = RowLearningRepo(rows)
    learning.mark("renew_watch", "acme", "acme-r1", T0)
    learning.mark("renew_watch", "acme", "acme-r1", T0 + 5)
    learning.mark("renew_watch", "other", "other-r1", T0 + 1)
    learning.mark("law", "acme", "acme-r1", T0 + 9)
    assert learning.done("renew_watch") == {("acme", "acme-r1"): T0 + 5, ("other", "other-r1"): T0 + 1}
    assert learning.done("nothing_yet") == {}


# models


@pytest.fixture(params=["memory", "s3"])
def objects(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        yield MemoryMediaStore()
        return
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        client.create_bucket(Bucket="models")
        yield S3MediaStore(client, "models")


def model(seed: int) -> WatchModel:
    rows = np.random.default_rng(seed).normal(size=(300, 2))
    return train(rows, ["a", "b"], [Dimension.SAFETY, Dimension.ENVIRONMENT], interval_ms=180_000)[0]


def test_a_model_that_is_not_there_is_unusable(objects: MediaStore) -> None:
    with pytest.raises(ModelUnusable):
        StoredModels(objects).load(VERSION.key)


def test_an_object_that_is_no_model_is_unusable(objects: MediaStore) -> None:
    objects.write(VERSION.key, b"something else", content_type="application/octet-stream")
    with pytest.raises(ModelUnusable):
        StoredModels(objects).load(VERSION.key)


def test_a_model_comes_back_as_it_was_saved(objects: MediaStore) -> None:
    saved = model(1)
    StoredModels(objects).save(VERSION.key, saved)
    assert pack_model(StoredModels(objects).load(VERSION.key)) == pack_model(saved)


def test_a_model_is_read_once_and_of_many_the_latest_used_are_kept(objects: MediaStore) -> None:
    models = StoredModels(objects, kept=2)
    for key in ("models/a", "models/b", "models/c"):
        models.save(key, model(1))
    first = models.load("models/a")
    assert models.load("models/a") is first
    models.load("models/b")
    models.load("models/c")
    assert models.load("models/a") is not first
