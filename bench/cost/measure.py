"""Measures what uploads, reports, tasks, looks and the clock's and learn's runs take: the real app and handlers on a store that counts as
DynamoDB charges. Reads are strongly consistent (4 KB a unit), writes 1 KB a unit, double in a transaction.

The processor time of an upload is that of bench.ingest, with tokens, botocore and a store beyond the process. Of the other functions it is taken
here, without botocore, whose time for one call is measured apart.
"""

import hashlib
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

from chalice.test import HTTPResponse

from bench import dynamo_stub, ingest, photo, plant
from bench.cost.model import HOURLY, Measured, Photos, Shape, Use, units
from bench.write_units import item_bytes
from chalicelib.adapters.dynamo.rows import DynamoRows, item_of
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.photos import PillowInspector
from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Delete, Put, Row, Rows
from chalicelib.domain.reading import Series
from chalicelib.domain.times import month_span
from chalicelib.handlers import on_clock, on_learn
from chalicelib.handlers.on_event import TOUCHING
from chalicelib.ports import PushRequest
from infra.package import ROOT, merged_overlay
from tests.acts import FakeInspector, client_id, closes, photo_body, the_task
from tests.park import PEOPLE, START_MS, Park

HOUR_MS = 3_600_000
POINTS = 100
SHAPES: tuple[Shape, ...] = ((30, 1), (60, 2), (300, 10), (300, 1))
WARM_UP, COUNTED_S = 40, 3600
READ_UNIT_BYTES = 4096
INGEST_CALLS = 2  # to the store, in what bench.ingest measures of an upload; all calls are counted apart
FUNCTIONS = {
    "api": "APIHandler",
    **{one: one.capitalize() for one in ("evaluate", "relay", "push", "photo", "clock", "learn")},
}


def measure(say: Callable[[str], None]) -> Measured:
    upload, stored = {}, {}
    say("what a call takes of us, and what an upload does")
    api_cpu_s, client_cpu_s = _processor_times()
    for shape in SHAPES:
        say(f"uploads every {shape[0]} s, {shape[1]} of each point")
        ours_s = api_cpu_s[shape] - INGEST_CALLS * client_cpu_s
        upload[shape], stored[shape] = _uploads(shape, ours_s)
    say("a task from its warning to its end")
    task, task_bytes, pushes, look, verify = _task()
    say("the hourly run on a day of readings")
    report, clock, learn = _runs()
    say("a photo")
    alarms, metrics, memory_mb = _deployed()
    return Measured(
        upload=upload,
        stored_bytes=stored,
        item_bytes=_reading_item_bytes(),
        report=report,
        task=task,
        task_bytes=task_bytes,
        pushes=pushes,
        look=look,
        clock=clock,
        learn=learn | {"verify_audit": verify},
        photo=_photo(),
        client_cpu_s=client_cpu_s,
        memory_mb=memory_mb,
        alarms=alarms,
        metrics=metrics,
    )


class Meter:
    """What each function has taken so far."""

    def __init__(self) -> None:
        self.uses: dict[str, Use] = defaultdict(Use)
        self.now = "setup"
        self.bytes = 0.0

    def add(self, **taken: float) -> None:
        self.uses[self.now] += Use(**taken)

    @contextmanager
    def running(self, function: str, log: Callable[[], int]) -> Iterator[None]:
        before, began_s, logged = self.now, time.process_time(), log()
        self.now = function
        try:
            yield
        finally:
            self.add(runs=1, cpu_s=time.process_time() - began_s, log_bytes=log() - logged)
            self.now = before

    def since(self, before: Mapping[str, Use], count: float = 1) -> dict[str, Use]:
        """What was taken since, shared out among `count`."""
        known = {name: before.get(name, Use()).times(-1) for name in self.uses}
        found = {name: (use + known[name]).times(1 / count) for name, use in self.uses.items() if name != "setup"}
        return {name: use for name, use in found.items() if any(use.values())}


class MeteredRows:
    """A table in memory that counts. The time that counting takes is taken off again."""

    def __init__(self, meter: Meter, on_put: Callable[[Row], None] | None = None) -> None:
        self.kept = MemoryRows(on_put)
        self._meter = meter

    def get(self, pk: str, sk: str) -> Row | None:
        found = self.kept.get(pk, sk)
        with self._counting():
            self._meter.add(calls=1, read_units=_read_units(0 if found is None else row_bytes(found)))
        return found

    def get_many(self, keys: Sequence[tuple[str, str]]) -> list[Row]:
        found = self.kept.get_many(keys)
        with self._counting():
            wanted = len(set(keys))
            taken = sum(_read_units(row_bytes(one)) for one in found) + wanted - len(found)
            self._meter.add(calls=-(-wanted // 100), read_units=taken)
        return found

    def query(self, pk: str, **given: Any) -> list[Row]:
        found = self.kept.query(pk, **given)
        with self._counting():
            self._meter.add(calls=1, read_units=_read_units(sum(row_bytes(one) for one in found)))
        return found

    def count(self, pk: str) -> int:
        return len(self.query(pk))

    def commit(self, writes: Sequence[Put | Delete]) -> None:
        stood = [self.kept.get(pk, sk) for pk, sk in map(_key, writes)]
        self.kept.commit(writes)
        with self._counting():
            each = 2 if len(writes) > 1 else 1
            for write, before in zip(writes, stood, strict=True):
                old = 0 if before is None else row_bytes(before)
                new = row_bytes(write.row) if isinstance(write, Put) else 0
                self._meter.add(write_units=each * units(max(old, new)))
                self._meter.bytes += new - old
            self._meter.add(calls=1)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        began_s = time.process_time()
        yield
        self._meter.add(cpu_s=began_s - time.process_time())


def _key(write: Put | Delete) -> tuple[str, str]:
    return (write.row.pk, write.row.sk) if isinstance(write, Put) else (write.pk, write.sk)


def row_bytes(row: Row) -> int:
    return item_bytes(item_of(row))


def _read_units(size_bytes: int) -> int:
    return max(1, -(-size_bytes // READ_UNIT_BYTES))


class MeteredPark(Park):
    """A park that runs as on AWS, one record a run, and counts what each function takes."""

    def __init__(self, log: Callable[[], int], **overrides: object) -> None:
        self.meter, self.log, self.pushes = Meter(), log, 0

        def rows(on_insert: Callable[[Row], None]) -> dict[str, Rows]:
            streamed = partial(MeteredRows, self.meter, on_insert)
            return {READINGS: streamed(), OPERATIONS: streamed(), REGISTRY: MeteredRows(self.meter)}

        super().__init__(rows, **overrides)
        self.http = self.client.http
        self.client = SimpleNamespace(http=self)

    def request(self, method: str, path: str, **sent: Any) -> HTTPResponse:
        with self.meter.running("api", self.log):
            answer = self.http.request(method, path, **sent)
            head = sum(len(name) + len(str(value)) + 4 for name, value in answer.headers.items())
            self.meter.add(out_bytes=head + len(answer.body or b""))
        return answer

    def _deliver(self, row: Row) -> None:
        if row.sk.startswith("B#"):
            function = "evaluate"
        elif row.sk.startswith("EVENT#") or (row.pk.startswith("TASK#") and row.sk.startswith(TOUCHING)):
            function = "relay"
        else:
            return  # the stream's filter keeps it from starting anything
        with self.meter.running(function, self.log):
            super()._deliver(row)

    def _push(self, request: PushRequest) -> bool:
        self.pushes += 1
        with self.meter.running("push", self.log):
            return super()._push(request)

    def photo_lands(self, key: str) -> None:
        with self.meter.running("photo", self.log):
            super().photo_lands(key)

    def plant(self) -> list[str]:
        """A hundred points in twenty units of the first enterprise. Returns their ids."""
        known = plant.profile(POINTS)
        for unit in known.units:
            self.services.registry.put_unit(unit)
        for point in known.points:
            self.services.registry.put_point(point)
        return [one.id for one in known.points]

    def brings(self, series: Sequence[Series]) -> None:
        wire = [{"point": s.point_id, "times": list(s.times_ms), "values": list(s.values)} for s in series]
        self.clock.ms = max(one.times_ms[-1] for one in series) + 1000
        id = str(plant.uuid7(self.clock.ms))  # as bridges make them: of the instant of the upload
        self.upload(wire, block_id=id, compress=True, prefer="return=minimal")
        self.pump()


@contextmanager
def _park(**overrides: object) -> Iterator[MeteredPark]:
    """Log lines go to a file that is only measured."""
    sys.stdout.flush()
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            yield MeteredPark(lambda: _flushed(file.fileno()), **overrides).register()  # type: ignore[misc]
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


def _flushed(file: int) -> int:
    sys.stdout.flush()
    return os.fstat(file).st_size


def _uploads(shape: Shape, api_cpu_s: float) -> tuple[dict[str, Use], float]:
    """An upload on average over an hour of a calm plant, once its baselines are learnt; and the bytes that it adds for good."""
    cadence_s, each = shape
    count = COUNTED_S // cadence_s
    with _park() as park:
        park.plant()
        known = plant.profile(POINTS)
        before: dict[str, Use] = {}
        stored = 0.0
        for n in range(WARM_UP + count):
            if n == WARM_UP:
                before, stored = dict(park.meter.uses), _blocks_bytes(park)
            start_ms = START_MS + n * cadence_s * 1000
            park.brings(plant.readings(known, each, start_ms=start_ms, seed=n))
        uses = park.meter.since(before, count)
        kept = (_blocks_bytes(park) - stored) / count
    api = uses["api"]
    return uses | {"api": replace(api, cpu_s=api_cpu_s)}, kept


def _blocks_bytes(park: MeteredPark) -> float:
    rows = park.services.rows(READINGS)
    assert isinstance(rows, MeteredRows)
    return float(sum(row_bytes(row) for pk in rows.kept.partitions() for row in rows.kept.query(pk)))


def _task() -> tuple[dict[str, Use], float, float, dict[str, Use], Use]:
    """A tier 3 warning and its task with four photos (their judging is measured apart), and somebody who looks at it."""
    with _park(inspector=FakeInspector()) as park:
        for person in PEOPLE:
            park.as_(person).put("/v1/me/devices/phone", {"token": f"token-{person}", "platform": "android"})
        for _ in range(WARM_UP):
            park.clock.advance(60)
            park.reads(temperature=170.0, voc=30.0, steam=100.0)
        before, stored, pushed = dict(park.meter.uses), park.meter.bytes, park.pushes
        park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
        task = the_task(park)
        looks = dict(park.meter.uses)
        _look(park, task["id"])
        look = park.meter.since(looks)
        for side in ("safety", "environment"):
            park.as_(f"inspector_{side}").post(f"/v1/tasks/{task['id']}/acknowledgement")
        for number in range(4):
            side = ("safety", "environment")[number % 2]
            path = f"/v1/tasks/{task['id']}/photos"
            announced = park.as_(f"inspector_{side}").post(path, photo_body(number + 1, side), expect=201)
            key = announced["upload"]["fields"]["key"]
            park.services.media.write(key, b"the bytes of a picture", content_type="image/jpeg")
            park.photo_lands(key)
        closes(park, task)
        uses = park.meter.since(before)
        taken = {name: use + look.get(name, Use()).times(-1) for name, use in uses.items()}
        kept_bytes, pushes = park.meter.bytes - stored, float(park.pushes - pushed)
        (verify,) = (job for job in on_learn.JOBS if job.name == "verify_audit")
        return _without_photo_runs(taken), kept_bytes, pushes, look, _job(park, verify)


def _without_photo_runs(uses: dict[str, Use]) -> dict[str, Use]:
    """A photo's run and processor time are counted where it is judged for good; what it reads and writes is counted here."""
    use = uses["photo"]
    return uses | {"photo": Use(0, use.write_units, use.read_units, use.calls, 0, use.log_bytes, 0)}


def _look(park: MeteredPark, task_id: str) -> None:
    person = park.as_("inspector_safety")
    cursor = person.get("/v1/sync")["next_cursor"]
    for path in ("/v1/tasks", f"/v1/tasks/{task_id}", "/v1/warnings", "/v1/inbox", f"/v1/sync?cursor={cursor}"):
        person.get(path)


def _runs() -> tuple[dict[str, Use], Use, dict[str, Use]]:
    """A bridge's report, the clock's run, and each job of the hourly run for one of its subjects, after a day of uploads."""
    with _park() as park:
        park.plant()
        known = plant.profile(POINTS)
        day = 86_400 // 300
        for n in range(day):
            park.brings(plant.readings(known, 10, start_ms=START_MS + n * 300_000, seed=n))
        learn = {job.name: _job(park, job) for job in on_learn.JOBS}
        for n in range(day, day + 12):
            park.brings(plant.readings(known, 10, start_ms=START_MS + n * 300_000, seed=n))
        learn |= {job.name: _job(park, job) for job in on_learn.JOBS if job.name in HOURLY}
        before = dict(park.meter.uses)
        spool = {"id": client_id(1), "newest": 10, "oldest_waiting": None, "waiting_readings": 0}
        park.report({"sent_at": "2026-03-03T10:00:00+08:00", "spool": spool})
        report = park.meter.since(before)
        before = dict(park.meter.uses)
        with park.meter.running("clock", park.log):
            on_clock.on_clock(park.services)
        clock = park.meter.since(before)["clock"]
        return report, clock, learn | _seldom(park)


def _seldom(park: MeteredPark) -> dict[str, Use]:
    """The jobs that are due by night, and those that settle a month that is over: each where it has something to do."""
    jobs = {job.name: job for job in on_learn.JOBS}
    park.clock.ms = START_MS + 41 * HOUR_MS  # three at night
    found = {"check_enterprise": _job(park, jobs["check_enterprise"])}
    park.clock.ms += 2 * HOUR_MS
    found["check_totals"] = _job(park, jobs["check_totals"])
    park.clock.ms = month_span("2026-03", park.services.zone)[1] + 2 * 24 * HOUR_MS
    for name in ("count_month", "settle_month", "publish_rankings"):
        found[name] = _job(park, jobs[name])
        park.clock.ms += HOUR_MS
    return found


def _job(park: MeteredPark, job: on_learn.Job) -> Use:
    before = dict(park.meter.uses)
    with park.meter.running("learn", park.log):
        turns = on_learn.on_learn(park.services, (job,))
    use = park.meter.since(before)["learn"].times(1 / max(1, turns))
    return Use(0, *use.values()[1:]) if turns else Use()


def _processor_times() -> tuple[dict[Shape, float], float]:
    """Seconds of an upload in the API by shape, and of one call to DynamoDB in our own process."""
    with dynamo_stub.running() as url, ingest.environment(url), ingest._quiet():
        api = {(every_s, each): ingest.cpu_per_upload_s(POINTS, each) for every_s, each in SHAPES}
        rows, row = DynamoRows("readings"), Row("COST#1", "ROW", {"text": "x" * 1000})
        calls = 200
        rows.get(row.pk, row.sk)
        began_s = time.process_time()
        for _ in range(calls):
            rows.get(row.pk, row.sk)
        return api, (time.process_time() - began_s) / calls


def _reading_item_bytes() -> float:
    """One reading as an item: who and which point, when, how much, how good."""
    point = plant.profile(POINTS).points[0].id
    item = {"pk": {"S": "ENT#acme"}, "sk": {"S": f"{point}#{START_MS:013d}"}, "v": {"N": "172.4"}, "f": {"S": "N"}}
    return float(item_bytes(item))


def _photo() -> Photos:
    data = photo.picture()
    (figure,) = photo.figures()
    found = PillowInspector("Asia/Shanghai").inspect(
        data, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), content_type="image/jpeg"
    )
    made = [len(one) for _, one in found.derivatives]
    return Photos(float(len(data)), float(sum(made)), len(made), (figure.value or 0.0) / 1000)


def _deployed() -> tuple[int, int, dict[str, int]]:
    """How many alarms and series of metrics the template and the pages have, and the functions' memory."""
    resources = merged_overlay(ROOT)["Resources"]
    alarms = sum(one.get("Type") == "AWS::CloudWatch::Alarm" for one in resources.values())
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    metrics = page.split("<!-- metrics -->")[1].split("<!-- /metrics -->")[0]
    series = sum(line.startswith("| `") for line in metrics.splitlines())
    return alarms, series, {name: int(resources[id]["Properties"]["MemorySize"]) for name, id in FUNCTIONS.items()}


def dumped(measured: Measured) -> str:
    """For a file beside the page."""
    by_name = {name: getattr(measured, name) for name in measured.__slots__}
    by_name |= {
        part: {f"{every_s} s x {each}": one for (every_s, each), one in by_name[part].items()}
        for part in ("upload", "stored_bytes")
    }
    return json.dumps(by_name, default=lambda one: {k: getattr(one, k) for k in one.__slots__}, indent=2)
