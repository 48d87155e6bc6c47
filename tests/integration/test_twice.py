"""At least once: whatever a stream, a queue, the clock or a phone with a bad line brings again changes nothing the second time.

One story runs every stage of flow.py. It runs once with each delivery doubled on the spot, and once plainly, whereupon all
deliveries come once more.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.adapters.codec import event_from_body
from chalicelib.adapters.course_repo import shipped_courses
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.memory_channels import FakeChannelSender
from chalicelib.adapters.memory_media import FakePushChannel
from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Put, Row, Rows
from chalicelib.adapters.sqs import encode
from chalicelib.api.models.wire import rfc3339
from chalicelib.bootstrap import Services
from chalicelib.domain.block import Block
from chalicelib.domain.dashboard import ThingTouched
from chalicelib.domain.field_pack import PhotoJudged, TaskTouched
from chalicelib.domain.photo import RefusalReason
from chalicelib.domain.score import Cause, ScoreEntry
from chalicelib.domain.times import month_span
from chalicelib.flow import FLOW, Stage, stages_on
from chalicelib.handlers.on_block import on_block
from chalicelib.handlers.on_clock import on_clock
from chalicelib.handlers.on_event import TOUCHING, on_event, touched
from chalicelib.handlers.on_learn import on_learn
from chalicelib.handlers.on_photo import on_photo
from chalicelib.handlers.on_push import on_push
from chalicelib.ports import PushRequest
from chalicelib.usecases.settle_month import newest_due
from tests.acts import (
    JPEG,
    FakeInspector,
    answers,
    blows_to_other,
    brings_retest,
    client_id,
    closes,
    judges,
    photo_body,
    retest_body,
    submits,
    the_task,
)
from tests.alarms import CHILD, Alarms
from tests.documents import LINES, pdf_of
from tests.park import PEOPLE, Park, credit_code, stream_record

# What people do, by the route they do it on.
ROUTES = {
    r"POST /v1/readings": "ingest",
    r"POST .*/acknowledgement": "acknowledge",
    r"POST .*/photos": "announce photo",
    r"POST /v1/inspections": "announce inspection",
    r"POST /v1/inspections/.*/decision": "decide value",
    r"POST /v1/units/.*/snapshots": "announce snapshot",
    r"POST .*/retests": "retest",
    r"POST .*/rectifications": "rectify",
    r"PUT .*/checklists/.*/items/.*": "answer checklist",
    r"POST .*/submission": "submit",
    r"POST .*/verdict": "judge",
    r"POST .*/commands": "ask for a measure",
    r"POST /v1/hazards": "report hazard",
    r"POST /v1/visits": "plan visit",
    r"POST /v1/chain/plans/.*/runs": "start plan",
    r"POST /v1/chain/runs/.*/answer": "answer step",
    r"POST /v1/chain/runs/.*/end": "end plan",
    r"POST /v1/chain/alerts/.*/end": "release chain alert",
    r"POST /v1/courses/.*/publication": "publish course",
    r"POST /v1/courses/.*/attempts": "take course",
    r"POST /v1/drills": "plan drill",
    r"POST /v1/drills/.*/start": "start drill",
    r"POST /v1/drills/.*/end": "end drill",
    r"POST /v1/drills/.*/cancellation": "cancel drill",
    r"POST .*/acceptance": "accept",
    r"POST .*/decline": "decline",
    r"POST .*/transfer": "transfer",
    r"POST .*/waiver": "propose waiver",
    r"POST .*/waiver/decision": "decide waiver",
    r"POST .*/reopening": "reopen",
    r"POST /v1/sync": "sync",
    r"POST /v1/sync/operations/.*/decision": "decide conflict",
    r"POST /v1/shelvings": "shelve",
    r"POST /v1/shelvings/.*/confirmation": "confirm shelving",
    r"POST /v1/shelvings/.*/end": "end shelving",
    r"PUT .*/maintenance-windows/.*": "propose maintenance",
    r"POST .*/maintenance-windows/.*/approval": "approve maintenance",
    r"POST .*/maintenance-windows/.*/end": "end maintenance",
    r"POST /v1/bridges/reports": "take report",
    # Of the others the story changes its mind: who sends an older registration again takes the newer one back.
    r"POST /v1/score-objections": "object to score",
    r"POST /v1/score-objections/.*/decision": "judge objection",
    r"PUT /v1/enterprises/.*/interviews/.*": "record interview",
    r"PUT /v1/enterprises/third": "register enterprise",
    r"PUT /v1/units/acme-r1": "register unit",
    r"PUT /v1/people/inspector_environment": "register person",
    r"PUT /v1/modules": "switch modules",
}
# An upload is answered with what waits for its bridge.
BESIDE = {"ingest": "deliver commands"}
QUARTER_MS = 1_806_543_000_000  # 2027-04-01T09:30:00+08:00: the catalogue is due for review
STAGES = [pytest.param(stage, id=f"{stage.name} on {getattr(stage.on, '__name__', stage.on)}") for stage in FLOW]
Handler = Callable[[dict[str, Any], Services], dict[str, list[dict[str, str]]]]
World = dict[tuple[str, str, str], Row]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that happened, the stages it started, and how to have it happen again."""

    stages: tuple[Stage, ...]
    again: Callable[[], object]


class Store:
    """The three tables, and all that is in them."""

    def __init__(self) -> None:
        self._tables: dict[str, MemoryRows] = {}
        self._partitions: set[tuple[str, str]] = set()

    def rows(self, on_insert: Callable[[Row], None]) -> Mapping[str, Rows]:
        streams = {READINGS: on_insert, OPERATIONS: on_insert, REGISTRY: lambda _row: None}
        for name, tell in streams.items():
            self._tables[name] = MemoryRows(self._watched(name, tell))
        return self._tables

    def _watched(self, table: str, tell: Callable[[Row], None]) -> Callable[[Row], None]:
        def inserted(row: Row) -> None:
            self._partitions.add((table, row.pk))
            tell(row)

        return inserted

    def world(self) -> World:
        return {(table, row.pk, row.sk): row for table, pk in self._partitions for row in self._tables[table].query(pk)}


class RepeatingPark(Park):
    """A park that remembers every delivery and every call. While `doubles`, each comes twice; what that changed is in `changed`."""

    def __init__(self, *, doubles: bool) -> None:
        self.store, self.inspector, self.channel = Store(), FakeInspector(), FakePushChannel()
        self.sender = FakeChannelSender()
        self.doubles, self.journal, self.changed = False, list[Delivery](), list[tuple[Delivery, list[Any]]]()
        super().__init__(self.store.rows, inspector=self.inspector, channel=self.channel, sender=self.sender)
        self.register()
        self.doubles, self.http, self.client = doubles, self.client.http, SimpleNamespace(http=self)

    def request(self, method: str, path: str, **sent: Any) -> HTTPResponse:
        """Stands for the client's HTTP side. On the spot the same call has the same answer; later it may be refused."""
        first = self.http.request(method, path, **sent)

        def again() -> None:
            answer = self.http.request(method, path, **sent)
            assert not self.doubles or (answer.status_code, answer.body) == (first.status_code, first.body)

        self.note(api_stages(method, path), again)
        return first

    def _deliver(self, row: Row) -> None:
        super()._deliver(row)
        counted = stages_on(ThingTouched, "relay") if touched(row) is not None else ()
        if row.sk.startswith("B#"):
            self.note(stages_on(Block, "evaluate"), self.handled_again(on_block, stream_record(row)))
        elif row.pk.startswith("TASK#") and row.sk.startswith(TOUCHING):
            judged = stages_on(PhotoJudged, "relay") if row.sk.startswith("PHOTO#") and row.version > 1 else ()
            stages = (*stages_on(TaskTouched, "relay"), *judged, *counted)
            self.note(stages, self.handled_again(on_event, stream_record(row)))
        elif row.sk.startswith("EVENT#"):
            stages = stages_on(type(event_from_body(row.body)), "relay")
            self.note(stages, self.handled_again(on_event, stream_record(row)))
        elif counted:
            self.note(counted, self.handled_again(on_event, stream_record(row)))

    def _push(self, request: PushRequest) -> bool:
        is_failed = super()._push(request)
        self.note(
            stages_on(PushRequest, "push"), self.handled_again(on_push, {"messageId": "m", "body": encode(request)})
        )
        return is_failed

    def photo_lands(self, key: str) -> None:
        super().photo_lands(key)
        body = json.dumps({"Records": [{"s3": {"object": {"key": key}}}]})
        self.note(in_function("photo"), self.handled_again(on_photo, {"messageId": "m", "body": body}))

    def minute_passes(self) -> None:
        on_clock(self.services)
        self.note(in_function("clock"), lambda: on_clock(self.services))
        self.pump()

    def hour_passes(self) -> None:
        on_learn(self.services)
        self.note(in_function("learn"), lambda: on_learn(self.services))
        self.pump()

    def hours_pass(self) -> None:
        """Until every month that is over is settled and published; so that one hour more finds nothing new."""
        desk, results = self.services.month_desk, self.services.results
        for _ in range(100):
            self.clock.advance(3600)
            on_learn(self.services)
            self.pump()
            if results.last_settled() == newest_due(desk) and not results.stale():
                break
        self.note(in_function("learn"), lambda: on_learn(self.services))
        self.pump()

    def handled_again(self, handler: Handler, record: dict[str, Any]) -> Callable[[], None]:
        def again() -> None:
            assert handler({"Records": [record]}, self.services) == {"batchItemFailures": []}

        return again

    def note(self, stages: tuple[Stage, ...], again: Callable[[], object]) -> None:
        if stages:
            self.journal.append(Delivery(stages, again))
            if self.doubles:
                self.repeat(self.journal[-1])

    def repeat(self, delivery: Delivery) -> None:
        before, sent = self.store.world(), self.sent()
        delivery.again()
        after = self.store.world()
        touched = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        if touched or self.sent() != sent:
            self.changed.append((delivery, touched))

    def sent(self) -> int:
        return len(self.channel.sent) + len(self.sender.sent)


def api_stages(method: str, path: str) -> tuple[Stage, ...]:
    name = next((name for route, name in ROUTES.items() if re.fullmatch(route, f"{method} {path}")), None)
    return tuple(stage for stage in FLOW if stage.runs_in == "api" and stage.name in (name, BESIDE.get(name or "")))


def in_function(name: str) -> tuple[Stage, ...]:
    return tuple(stage for stage in FLOW if stage.runs_in == name)


def story(park: RepeatingPark) -> None:
    """A reactor warms up and then runs hot; its task is taken, worked, returned once, late, and closed."""
    blows_to_other(park)
    gives_to_other(park)
    for person in (
        "inspector_safety",
        "enterprise",
        "enterprise_other",
        "department_safety",
        "department_environment",
        "committee",
    ):
        park.as_(person).put("/v1/me/devices/phone", {"token": f"token-{person}", "platform": "android"})
    chat = {"name": "值班群", "url": "wecombot://key", "audience": {"dimension": "safety"}}
    park.as_("admin").put("/v1/channels/duty", chat)
    sees_what_comes_late(park)
    park.runs_hot()
    asks_for_a_measure(park)
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
    reports(park)
    task = the_task(park)
    for side in ("safety", "environment"):
        park.as_(f"inspector_{side}").post(f"/v1/tasks/{task['id']}/acknowledgement")
    changes_hands(park, task)
    renames(park)
    brings_a_submission_before_its_photo(park, task)
    sends_photo(park, task, 1, RefusalReason.UNREADABLE)
    sends_photo(park, task, 2, None)
    rectification = {"id": client_id(9), "text": "已更换密封件", "photos": []}
    park.as_("enterprise").post(f"/v1/tasks/{task['id']}/rectifications", rectification, expect=201)
    for _ in range(3):
        park.clock.advance(60)
        park.reads(temperature=170.0, voc=30.0, steam=100.0)
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
        submits(park, task, side)
    answers(park, task, "safety", "cooling", 50, answer="failed", reason="备用泵未投用", follow_up=True)
    judges(park, task, "safety", "rejected", reason="请补拍阀门")
    park.as_("inspector_safety").post(f"/v1/tasks/{task['id']}/photos", photo_body(3, "safety"), expect=201)
    for seconds in (3800, 7000):
        park.clock.advance(seconds)
        park.minute_passes()
    submits(park, task, "safety", "已补拍")
    judges(park, task, "safety", revision=2)
    assert judges(park, task, "environment")["state"] == "closed"
    brings_what_came_too_late(park, task)
    brings_a_report(park)
    looks_at_the_reactor(park)
    objects(park)
    think_twice(park, task)
    stays_within_the_limit(park)
    runs_a_joint_plan(park)
    learns(park)
    practises(park)
    park.as_("admin").put("/v1/modules", {"off": ["what_if"]})
    alarm_story(park)
    forgets_a_course(park)
    goes_badly(park)
    lacks_a_drill(park)
    park.clock.ms = QUARTER_MS - 2 * 86_400_000
    park.hours_pass()
    park.clock.ms = QUARTER_MS
    park.minute_passes()
    park.hour_passes()
    park.as_("admin").post("/v1/dashboard/rebuilds", expect=202)
    for hours in (17, 19):  # half past two and half past four in the night
        park.clock.ms = QUARTER_MS + hours * 3_600_000
        park.hour_passes()
    park.minute_passes()


def gives_to_other(park: RepeatingPark) -> None:
    """What acme gives may carry off-gas of at most 50 mg/m3: it has more when its reactor runs hot."""
    ends = {
        name: {"enterprise_id": eid, "unit_id": f"{eid}-r1"} for name, eid in (("giver", "acme"), ("receiver", "other"))
    }
    limits = [{"indicator": "voc", "upper": 50.0, "unit": "mg/m3"}]
    link = {**ends, "material": "溶剂", "carries": limits, "share": 0.5, "lead_time_min": 30}
    park.as_("committee").put("/v1/chain/links/l-1", link)


def stays_within_the_limit(park: RepeatingPark) -> None:
    """What acme gives is calm for long enough, and its task is closed: other may take again."""
    for _ in range(3):
        park.clock.advance(1200)
        park.reads(temperature=170.0, voc=30.0, steam=100.0)
    park.minute_passes()
    found = park.as_("committee").get("/v1/chain/alerts")["items"]
    assert any("ended_at" in one for one in found)
    park.reads(voc=60.0)
    park.clock.advance(1900)
    newest = park.as_("committee").get("/v1/chain/alerts")["items"][0]["id"]
    park.as_("committee").post(f"/v1/chain/alerts/{newest}/end", {"reason": "已停止出料，现场核实"})
    park.pump()


def brings_a_report(park: RepeatingPark) -> None:
    """A laboratory's report is uploaded, read, and a value of it confirmed."""
    data = pdf_of(LINES)
    sent = {"id": client_id(96), "title": "委托检测", "laboratory": "检测中心", "sampled_at": rfc3339(park.clock.ms)}
    sent |= {"content_type": "application/pdf", "sha256": sha256(data).hexdigest(), "size": len(data)}
    announced = park.as_("enterprise").post("/v1/inspections", sent, expect=201)
    park.services.media.write(announced["upload"]["fields"]["key"], data, content_type="application/pdf")
    park.photo_lands(announced["upload"]["fields"]["key"])
    path = f"/v1/inspections/{client_id(96)}/values"
    values = park.as_("inspector_safety").get(f"/v1/inspections/{client_id(96)}")["values"]
    voc = next(one["number"] for one in values if one["candidates"] == ["voc"])
    park.as_("inspector_safety").post(f"{path}/{voc}/decision", {"decision": "confirmed"})


def looks_at_the_reactor(park: RepeatingPark) -> None:
    park.inspector.reason = None
    seen = {"id": client_id(97), "camera": "cam-r1", "taken_at": rfc3339(park.clock.ms), "size": len(JPEG)}
    path = "/v1/units/acme-r1/snapshots"
    announced = park.as_("enterprise").post(path, seen | {"sha256": sha256(JPEG).hexdigest()}, expect=201)
    park.services.media.write(announced["upload"]["fields"]["key"], JPEG, content_type="image/jpeg")
    park.photo_lands(announced["upload"]["fields"]["key"])


def runs_a_joint_plan(park: RepeatingPark) -> None:
    """acme stops, though late, other cannot, and the committee ends it."""
    stop = {"id": "stop", "text": "停 R1 出料", "enterprise_id": "acme", "within_min": 10}
    hold = {"id": "hold", "text": "停止接收", "enterprise_id": "other", "after": ["stop"], "within_min": 10}
    plan = {"name": "溶剂链停供", "region": "east", "steps": [stop, hold]}
    park.as_("committee").put("/v1/chain/plans/p-1", plan)
    incident = {"id": client_id(70), "incident": "出料超限"}
    park.as_("department_safety").post("/v1/chain/plans/p-1/runs", incident, expect=201)
    park.clock.advance(11 * 60)
    park.minute_passes()
    for person, step, state in (("enterprise", "stop", "done"), ("enterprise_other", "hold", "cannot")):
        park.as_(person).post(f"/v1/chain/runs/{client_id(70)}/steps/{step}/answer", {"state": state})
        park.pump()
    park.as_("committee").post(f"/v1/chain/runs/{client_id(70)}/end")
    park.pump()


def learns(park: RepeatingPark) -> None:
    """A course is published; one enterprise passes it, the other misses its deadline by the end of the story."""
    path = "/v1/courses/coupled-risk-basics/versions/1"
    park.as_("admin").post(f"{path}/publication")
    park.pump()
    right = {one.id: list(one.right) for one in shipped_courses()[0].questions}
    park.as_("enterprise").post(f"{path}/attempts", {"id": client_id(45), "answers": right}, expect=201)
    park.pump()


def practises(park: RepeatingPark) -> None:
    """Three drills: one is ended by hand, one by the clock, one is called off."""
    people = ["inspector_safety", "inspector_environment", "enterprise", "department_safety", "department_environment"]
    plan = {"title": "联合演练", "scenario": "coupled-tier2", "units": ["acme-r1"], "people": people, "lasts_min": 31}
    for number in (40, 41, 42):
        drill = {"id": client_id(number), **plan, "starts_at": rfc3339(park.clock.ms)}
        park.as_("committee").post("/v1/drills", drill, expect=201)
        park.pump()
    for number in (40, 41):
        park.as_("committee").post(f"/v1/drills/{client_id(number)}/start")
        park.pump()
    park.as_("committee").post(f"/v1/drills/{client_id(40)}/end")
    park.as_("committee").post(f"/v1/drills/{client_id(42)}/cancellation")
    park.pump()
    for minutes in (30, 1):
        park.clock.advance(minutes * 60)
        park.minute_passes()


def forgets_a_course(park: RepeatingPark) -> None:
    """Who has not taken their course is called to mind, and then late."""
    for _ in range(4):
        park.clock.advance(7 * 86_400)
        park.minute_passes()


def lacks_a_drill(park: RepeatingPark) -> None:
    """The next quarter is nearly over, and no drill was held."""
    park.clock.ms = QUARTER_MS - 9 * 86_400_000
    park.minute_passes()


def alarm_story(park: RepeatingPark) -> None:
    """The other plant is under maintenance and shelved, then floods the group, chatters, and stands for a day."""
    alarms, path = Alarms(park), "/v1/units/other-r1/maintenance-windows/m-1"
    window = {"from": rfc3339(park.clock.ms), "to": rfc3339(park.clock.ms + 3_600_000), "reason": "更换密封"}
    park.as_("enterprise_other").put(path, window)
    park.as_("department_safety").post(f"{path}/approval")
    suppressed = alarms.raised(eid="other")
    until = rfc3339(park.clock.ms + 7_200_000)
    shelving = {"id": client_id(50), "unit": "other-r1", "rule": CHILD, "reason": "校准", "until": until}
    park.as_("department_safety").post("/v1/shelvings", shelving, expect=201)
    park.as_("enterprise_other").post(f"{path}/end")
    park.minute_passes()
    alarms.escalates(suppressed, 2)
    shelved = alarms.raised(CHILD, eid="other")
    alarms.escalates(shelved, 2)
    park.as_("department_environment").post(f"/v1/shelvings/{client_id(50)}/confirmation")
    park.as_("committee").post(f"/v1/shelvings/{client_id(50)}/end")
    park.minute_passes()
    flood = [alarms.raised(unit=f"other-r{number}", eid="other") for number in range(2, 13)]
    alarms.escalates(flood[-1], 3)
    folded = alarms.raised(unit="other-r13", eid="other")
    for _ in range(3):
        alarms.clears(alarms.raised(unit="other-r2", eid="other"))
    assert [alarms.course(id) for id in (shelved, flood[-1], folded)] == ["own_task", "own_task", "flood"]
    (regional,) = (
        one for one in park.as_("committee").get("/v1/tasks?limit=100")["items"] if one["kind"] == "regional"
    )
    closes(park, regional)
    park.clock.advance(86_400)
    park.minute_passes()
    alarms.clears(folded)
    tampers_with(park, regional)


def tampers_with(park: RepeatingPark, task: dict[str, Any]) -> None:
    """Somebody changes a task past the software: its audit is broken."""
    rows = park.services.rows(OPERATIONS)
    row = rows.get(f"TASK#{task['id']}", "TASK")
    assert row is not None
    rows.commit([Put(replace(row, body={**row.body, "tier": 1}))])
    park.pump()


def sees_what_comes_late(park: RepeatingPark) -> None:
    """A reactor gets hot alone; then it becomes known that an hour earlier it had been hot with its off-gas."""
    begun_ms = park.clock.ms
    park.clock.advance(3600)
    park.runs_hot(voc=30.0)
    times = [begun_ms + minute * 60_000 for minute in range(6)]
    was = {"temperature": [186.0] * 3 + [170.0] * 3, "voc": [48.0] * 3 + [30.0] * 3}
    park.upload([{"point": f"acme-{name}", "times": times, "values": values} for name, values in was.items()])
    park.pump()


def changes_hands(park: RepeatingPark, task: dict[str, Any]) -> None:
    """The safety side goes to a second inspector and comes back."""
    path = f"/v1/tasks/{task['id']}/sides/safety"
    park.as_("admin").put("/v1/people/second", {"name": "second", **PEOPLE["inspector_safety"]})
    park.as_("inspector_safety").post(f"{path}/acceptance")
    park.as_("inspector_safety").post(f"{path}/decline", {"reason": "正在另一现场"})
    park.pump()
    park.as_("second").post(f"{path}/transfer", {"to": "inspector_safety", "reason": "已返回"})
    park.pump()
    park.as_("inspector_safety").post(f"{path}/acceptance")
    off = {"name": "second", **PEOPLE["inspector_safety"], "on_duty": False}
    park.as_("admin").put("/v1/people/second", off)  # what comes later is not theirs
    seen = {"id": client_id(31), "enterprise_id": "acme", "dimension": "safety", "severity": 1, "text": "护栏松动"}
    park.as_("enterprise").post("/v1/hazards", seen | {"seen_at": rfc3339(park.clock.ms)}, expect=201)
    plan = {"id": client_id(32), "tasks": [task["id"]], "planned_at": rfc3339(park.clock.ms)}
    park.as_("inspector_safety").post("/v1/visits", plan, expect=201)
    park.pump()


def renames(park: RepeatingPark) -> None:
    """The reactor and the number of an inspector are others than they were when the task was opened; a plant is new."""
    admin = park.as_("admin")
    plant = {"name": "安澜化工", "credit_code": credit_code("91110000MA01A2B66K"), "industry": "circular_chemical"}
    admin.put("/v1/enterprises/third", plant | {"size": "medium", "region": "east"})
    admin.put("/v1/units/acme-r1", {"enterprise_id": "acme", "name": "1号反应釜", "type": "reactor"})
    person = {"name": "老吴", **PEOPLE["inspector_environment"], "phone": "13800000001"}
    admin.put("/v1/people/inspector_environment", person)
    park.pump()


def brings_a_submission_before_its_photo(park: RepeatingPark, task: dict[str, Any]) -> None:
    """What is held is tried when a photo is judged; here another one is still missing, and it stays held."""
    path, now = f"/v1/tasks/{task['id']}/photos", rfc3339(park.clock.ms)
    announced = park.as_("inspector_environment").post(path, photo_body(4, "environment"), expect=201)
    early = {"id": client_id(33), "kind": "submission", "task_id": task["id"], "at": now, "side": "environment"}
    batch = {
        "device_id": "phone",
        "sent_at": now,
        "operations": [early | {"payload": {"note": "已处置", "media": [client_id(34)]}}],
    }
    park.as_("inspector_environment").post("/v1/sync", batch)
    park.services.media.write(announced["upload"]["fields"]["key"], JPEG, content_type="image/jpeg")
    park.photo_lands(announced["upload"]["fields"]["key"])


def think_twice(park: RepeatingPark, task: dict[str, Any]) -> None:
    """A side is opened again, and then waived, though not at the first try."""
    path = f"/v1/tasks/{task['id']}/sides/safety"
    park.as_("department_safety").post(f"{path}/reopening", {"reason": "复查又见渗漏"})
    park.pump()
    for reason, consent in (("装置停用", False), ("装置拆除", True)):
        park.clock.advance(60)
        park.as_("department_safety").post(f"{path}/waiver", {"reason": reason})
        park.pump()
        park.as_("department_environment").post(f"{path}/waiver/decision", {"consent": consent, "reason": "已核实"})
        park.pump()


def brings_what_came_too_late(park: RepeatingPark, task: dict[str, Any]) -> None:
    """A retest made offline reaches a task that is closed: a person decides."""
    now = rfc3339(park.clock.ms)
    late = {
        "id": client_id(30),
        "kind": "retest",
        "task_id": task["id"],
        "at": now,
        "payload": retest_body(30, "safety"),
    }
    park.as_("inspector_safety").post("/v1/sync", {"device_id": "phone", "sent_at": now, "operations": [late]})
    park.pump()
    path = f"/v1/sync/operations/inspector_safety/{client_id(30)}/decision"
    park.as_("department_safety").post(path, {"decision": "discard", "reason": "已办结"})
    park.pump()


def objects(park: RepeatingPark) -> None:
    """The enterprise objects to a deduction, and the committee upholds it."""
    late = ScoreEntry("acme", "2026-03", "t-x:late", Cause.LATE, -3.0, "t-x", park.clock.ms, "1")
    park.services.scores.add([late])
    raised = {"id": client_id(35), "month": late.month, "entry": late.key, "reason": "当时已办结"}
    park.as_("enterprise").post("/v1/score-objections", raised, expect=201)
    park.pump()
    decided = {"uphold": True, "reason": "属实"}
    park.as_("committee").post(f"/v1/score-objections/{client_id(35)}/decision", decided)
    park.pump()


def goes_badly(park: RepeatingPark) -> None:
    """Three low months of acme's: measures, the list of key supervision, an interview; an objection that nobody judges."""
    for month in ("2026-03", "2026-04", "2026-05"):
        if month == "2026-05":
            exceeds(park)
        low = ScoreEntry("acme", month, "t-y:late", Cause.LATE, -70.0, "t-y", park.clock.ms, "1")
        park.services.scores.add([low])
        raised = {"id": client_id(36), "month": month, "entry": low.key, "reason": "道路封闭"}
        if month == "2026-04":
            park.as_("enterprise").post("/v1/score-objections", raised, expect=201)
            park.clock.advance(16 * 86_400)
            park.minute_passes()
            decided = {"uphold": False, "reason": "未提前报备"}
            park.as_("committee").post(f"/v1/score-objections/{client_id(36)}/decision", decided)
        park.clock.ms = max(park.clock.ms, month_span(month, park.services.zone)[1] + 2 * 86_400_000)
        park.hours_pass()
    minutes = {
        "held_at": rfc3339(park.clock.ms),
        "minutes": "已说明原因",
        "outcome": "under_watch",
        "attended": "负责人",
    }
    park.as_("committee").put("/v1/enterprises/acme/interviews/2026-05", minutes)


def exceeds(park: RepeatingPark) -> None:
    """Warning upon warning, and none of their tasks is done."""
    alarms = Alarms(park)
    for number in range(4):
        alarms.raised(unit=f"acme-r{number + 2}", after_s=1200)
    park.clock.advance(3 * 86_400)
    park.minute_passes()


def asks_for_a_measure(park: RepeatingPark) -> None:
    asked = {"id": client_id(20), "bridge_id": "acme-bridge", "measure": "start_cooling", "reason": "温度升高"}
    park.as_("department_safety").post("/v1/enterprises/acme/commands", asked, expect=201)


def reports(park: RepeatingPark) -> None:
    now = rfc3339(park.clock.ms)
    spool = {"id": client_id(21), "newest": 9, "oldest_waiting": 8, "waiting_readings": 3}
    gap = {"id": 1, "spool": client_id(21), "rows": [1, 2], "from": now, "to": now, "readings": 6, "reason": "refused"}
    done = {"id": client_id(20), "state": "done", "at": now}
    park.report({"sent_at": now, "spool": spool, "gaps": [gap], "commands": [done]})


def sends_photo(park: RepeatingPark, task: dict[str, Any], number: int, reason: RefusalReason | None) -> None:
    path = f"/v1/tasks/{task['id']}/photos"
    announced = park.as_("inspector_safety").post(path, photo_body(number, "safety"), expect=201)
    key = announced["upload"]["fields"]["key"]
    park.services.media.write(key, JPEG, content_type="image/jpeg")
    park.inspector.reason = reason
    park.photo_lands(key)


@pytest.fixture(scope="module")
def on_the_spot() -> RepeatingPark:
    """The story, with each delivery doubled at once."""
    park = RepeatingPark(doubles=True)
    story(park)
    return park


@pytest.fixture(scope="module")
def afterwards() -> RepeatingPark:
    """The story as it goes, for its deliveries to come again when all is over."""
    park = RepeatingPark(doubles=False)
    story(park)
    return park


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_runs_twice_on_the_spot_changes_nothing_the_second_time(
    on_the_spot: RepeatingPark, stage: Stage
) -> None:
    assert any(stage in delivery.stages for delivery in on_the_spot.journal), "the story has this stage"
    assert [touched for delivery, touched in on_the_spot.changed if stage in delivery.stages] == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_runs_again_when_all_is_over_changes_nothing(afterwards: RepeatingPark, stage: Stage) -> None:
    for delivery in [one for one in afterwards.journal if stage in one.stages]:
        afterwards.repeat(delivery)
    assert [touched for delivery, touched in afterwards.changed if stage in delivery.stages] == []


def test_nobody_is_pushed_the_same_notice_twice(on_the_spot: RepeatingPark) -> None:
    assert on_the_spot.queue.waiting == deque() and on_the_spot.failures == 0
    sent = [(device.id, message.collapse_key) for device, message in on_the_spot.channel.sent]
    assert len(sent) == len(set(sent)) > 10
    assert sum("上风向" in message.title for _, message in on_the_spot.channel.sent) == 1
