"""What the operations table holds: state, warnings, tasks, evidence, inboxes, devices, deliveries, scores, and events.

An event is a row of the enterprise's partition, written in the transaction of the state it announces; the table's stream
delivers it in order. Lists are feed rows that only name what they list.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from chalicelib.acting import author
from chalicelib.adapters.codec import event_body, from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.rows import MAX_WRITES, Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.comparison import Agreement
from chalicelib.domain.delivery import DeliveryStep
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.notice import Delivery, Device, Notice
from chalicelib.domain.observation import Observation
from chalicelib.domain.photo import NearPhoto, Photo, PhotoState
from chalicelib.domain.preferences import Preferences
from chalicelib.domain.state import Checkpoint, EnterpriseState, pack_state, unpack_state
from chalicelib.domain.task import Task, TaskState
from chalicelib.domain.unseen import UnseenCall
from chalicelib.domain.warning import Warning
from chalicelib.ports import Page

if TYPE_CHECKING:
    from chalicelib.domain.events import Event

T = TypeVar("T")
EVENT_PREFIX = "EVENT#"
CHECKPOINT_PREFIX = "CHECK#"
CHECKPOINT_RETENTION_S = 30 * 86_400  # of event time; further back nothing is judged again
CHECKPOINTS_A_PAGE = 4
CONTENDED = 5
EVENT_RETENTION_S = 400 * 86_400
NOTICE_RETENTION_S = 400 * 86_400
UNSEEN = "UNSEEN"
LOOK_RETENTION_S = 3 * 365 * 86_400
LOOKS_A_PART = 100
UNCOMPARED = "UNCOMPARED"
UNARRIVED = "UNARRIVED"
CLAIM_ATTEMPTS = 8
LISTED_A_PAGE = 100
AUDIT_PUTS = 2  # what the audit adds to each object of a commit


def event_row(event: Event) -> Row:
    sk = f"{EVENT_PREFIX}{event.at_ms:013d}#{event.id}"
    return Row(f"ENT#{event.enterprise_id}", sk, event_body(event), ttl_s=event.at_ms // 1000 + EVENT_RETENTION_S)


def event_puts(events: Sequence[Event]) -> list[Put]:
    return [Put(event_row(event)) for event in events]


class RowStateRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def load(self, enterprise_id: str) -> tuple[EnterpriseState, int]:
        row = self._rows.get(f"ENT#{enterprise_id}", "STATE")
        return (EnterpriseState(), 0) if row is None else (unpack_state(row.blob), row.version)

    def glance(self, enterprise_id: str, bridge_id: str) -> tuple[EnterpriseState, int]:
        keys = [(f"ENT#{enterprise_id}", "STATE"), (f"ASKED#{bridge_id}", "UNTIL")]
        found = {row.sk: row for row in self._rows.get_many(keys)}
        state = unpack_state(found["STATE"].blob) if "STATE" in found else EnterpriseState()
        return state, int(found["UNTIL"].body["until_ms"]) if "UNTIL" in found else 0

    def commit(
        self,
        enterprise_id: str,
        state: EnterpriseState,
        version: int,
        *,
        warnings: Sequence[Warning],
        events: Sequence[Event],
        observations: Sequence[Observation] = (),
    ) -> None:
        row = Row(f"ENT#{enterprise_id}", "STATE", blob=pack_state(state), version=version + 1)
        head = Put(row, Expect.ABSENT if version == 0 else Expect.VERSION)
        found = [_warning_puts(warning) for warning in warnings]
        seen = [observation_puts(observation) for observation in observations]
        announced = event_puts(events)
        if 1 + sum(map(len, (*found, *seen))) + AUDIT_PUTS * len(found) + len(announced) > MAX_WRITES:
            # More at once than a transaction takes. What is announced is there first; judged again after a crash, it is the same.
            for puts in (*found, *seen):
                self._rows.commit(puts)
            found, seen = [], []
        try:
            self._rows.commit([head, *itertools.chain(*found, *seen), *announced])
        except RowConflict as error:
            raise WriteConflict from error

    def keep(self, enterprise_id: str, checkpoints: Sequence[Checkpoint]) -> None:
        by_mark: dict[int, list[Checkpoint]] = {}
        for one in checkpoints:
            by_mark.setdefault(one.at_ms, []).append(one)
        for at_ms, own in by_mark.items():
            self._keep(f"ENT#{enterprise_id}", at_ms, own)

    def _keep(self, pk: str, at_ms: int, own: Sequence[Checkpoint]) -> None:
        """All units of an enterprise share a mark's row. Only its evaluation writes it, one at a time."""
        sk = f"{CHECKPOINT_PREFIX}{at_ms:013d}"
        for _ in range(CONTENDED):
            row = self._rows.get(pk, sk)
            state, units = (EnterpriseState(), []) if row is None else (unpack_state(row.blob), row.body["units"])
            before = state
            for one in own:
                state = state.with_units({one.unit_id: one.state.points}, one.state)
            body = {"units": sorted({*units, *(one.unit_id for one in own)})}
            if row is not None and state == before and body["units"] == units:
                return
            version, expect = (1, Expect.ABSENT) if row is None else (row.version + 1, Expect.VERSION)
            kept = Row(pk, sk, body, pack_state(state), version, at_ms // 1000 + CHECKPOINT_RETENTION_S)
            with suppress(RowConflict):
                self._rows.commit([Put(kept, expect)])
                return
        raise WriteConflict

    def checkpoints(self, enterprise_id: str, unit_id: str, at_ms: int, since_ms: int) -> Iterator[Checkpoint]:
        lowest, after = f"{CHECKPOINT_PREFIX}{since_ms:013d}", None
        while True:
            rows = self._rows.query(
                f"ENT#{enterprise_id}",
                from_sk=lowest,
                to_sk=f"{CHECKPOINT_PREFIX}{at_ms:013d}",
                after=after,
                newest_first=True,
                limit=CHECKPOINTS_A_PAGE,
            )
            for row in rows:
                if unit_id in row.body["units"]:
                    yield Checkpoint(unit_id, int(row.sk.removeprefix(CHECKPOINT_PREFIX)), unpack_state(row.blob))
            if len(rows) < CHECKPOINTS_A_PAGE:
                return
            after = rows[-1].sk


def _listed_between(rows: Rows, pk: str, from_ms: int, to_ms: int) -> Iterator[list[str]]:
    """The ids that a list has of from_ms <= t < to_ms, page by page."""
    first, last, after = f"{from_ms:013d}", f"{to_ms - 1:013d}~", None
    while page := rows.query(pk, from_sk=first, to_sk=last, after=after, limit=LISTED_A_PAGE):
        yield [row.sk.split("#", 1)[1] for row in page]
        after = page[-1].sk


def _warning_puts(warning: Warning) -> list[Put]:
    sk = f"{warning.onset_ms:013d}#{warning.id}"  # of all times the one that never changes: a warning is listed once
    feeds = (f"WARNINGS#enterprise:{warning.enterprise_id}", "WARNINGS#park")
    return [Put(Row(f"WARNING#{warning.id}", "WARNING", to_body(warning))), *(Put(Row(pk, sk)) for pk in feeds)]


class RowWarningRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, warning_id: str) -> Warning | None:
        row = self._rows.get(f"WARNING#{warning_id}", "WARNING")
        return None if row is None else from_body(Warning, row.body)

    def many(self, warning_ids: Sequence[str]) -> tuple[Warning, ...]:
        rows = self._rows.get_many([(f"WARNING#{one}", "WARNING") for one in warning_ids]) if warning_ids else []
        return tuple(from_body(Warning, row.body) for row in rows)

    def record(self, warnings: Sequence[Warning]) -> None:
        for warning in warnings:
            self._rows.commit(_warning_puts(warning))

    def since(self, enterprise_id: str, onset_ms: int) -> tuple[Warning, ...]:
        feed = self._rows.query(f"WARNINGS#enterprise:{enterprise_id}", from_sk=f"{onset_ms:013d}", to_sk="~")
        rows = self._rows.get_many([(f"WARNING#{row.sk.split('#', 1)[1]}", "WARNING") for row in feed])
        return tuple(from_body(Warning, row.body) for row in rows)

    def between(self, from_ms: int, to_ms: int) -> Iterator[Warning]:
        for ids in _listed_between(self._rows, "WARNINGS#park", from_ms, to_ms):
            for row in self._rows.get_many([(f"WARNING#{one}", "WARNING") for one in ids]):
                yield from_body(Warning, row.body)

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Warning]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"WARNINGS#{scope}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        known = {
            w.id: w
            for row in self._rows.get_many([(f"WARNING#{i}", "WARNING") for i in ids])
            if (w := from_body(Warning, row.body))
        }
        return Page(tuple(known[i] for i in ids if i in known), onward)


def observation_puts(observation: Observation) -> list[Put]:
    sk = f"{observation.onset_ms:013d}#{observation.id}"
    feeds = (f"OBSERVATIONS#enterprise:{observation.enterprise_id}", "OBSERVATIONS#park")
    row = Row(f"OBSERVATION#{observation.id}", "OBSERVATION", to_body(observation))
    return [Put(row), *(Put(Row(pk, sk)) for pk in feeds)]


class RowObservationRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, observations: Sequence[Observation], events: Sequence[Event] = ()) -> None:
        for one in observations:
            head, *feeds = observation_puts(one)
            own = [event for event in events if getattr(event, "observation_id", None) == one.id]
            with suppress(RowConflict):  # it is there, with what announced it
                self._rows.commit([replace(head, expect=Expect.ABSENT), *feeds, *event_puts(own)])

    def get(self, observation_id: str) -> Observation | None:
        row = self._rows.get(f"OBSERVATION#{observation_id}", "OBSERVATION")
        return None if row is None else from_body(Observation, row.body)

    def many(self, observation_ids: Sequence[str]) -> tuple[Observation, ...]:
        keys = [(f"OBSERVATION#{one}", "OBSERVATION") for one in observation_ids]
        return tuple(from_body(Observation, row.body) for row in self._rows.get_many(keys)) if keys else ()

    def since(self, enterprise_id: str, onset_ms: int) -> tuple[Observation, ...]:
        feed = self._rows.query(f"OBSERVATIONS#enterprise:{enterprise_id}", from_sk=f"{onset_ms:013d}", to_sk="~")
        rows = self._rows.get_many([(f"OBSERVATION#{row.sk.split('#', 1)[1]}", "OBSERVATION") for row in feed])
        return tuple(from_body(Observation, row.body) for row in rows)

    def save(self, observation: Observation) -> None:
        self._rows.commit(observation_puts(observation))

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Observation]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"OBSERVATIONS#{scope}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([(f"OBSERVATION#{i}", "OBSERVATION") for i in ids])
        known = {one.id: one for one in (from_body(Observation, row.body) for row in rows)}
        return Page(tuple(known[i] for i in ids if i in known), onward)


class RowTaskRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, task_id: str) -> Task | None:
        row = self._rows.get(f"TASK#{task_id}", "TASK")
        return None if row is None else from_body(Task, row.body)

    def save(self, task: Task, events: Sequence[Event]) -> Task:
        after = replace(task, version=task.version + 1)
        try:
            self._rows.commit([*task_writes(after), *event_puts(events), *_receipt(after)])
        except RowConflict as error:
            raise WriteConflict from error
        return after

    def listing(self, scope: str, cursor: str | None, limit: int, *, open_only: bool) -> Page[Task]:
        feed, onward = feed_page(self._rows, f"{'OPEN' if open_only else 'TASKS'}#{scope}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        known = {task.id: task for task in self.many(ids)}
        return Page(tuple(known[task_id] for task_id in ids if task_id in known), onward)

    def many(self, task_ids: Sequence[str]) -> tuple[Task, ...]:
        rows = self._rows.get_many([(f"TASK#{task_id}", "TASK") for task_id in task_ids]) if task_ids else []
        return tuple(from_body(Task, row.body) for row in rows)

    def open_count(self, person_id: str) -> int:
        return self._rows.count(f"OPEN#person:{person_id}")

    def opened_between(self, from_ms: int, to_ms: int) -> Iterator[Task]:
        for ids in _listed_between(self._rows, "TASKS#park", from_ms, to_ms):
            yield from self.many(ids)


def _receipt(task: Task) -> list[Put]:
    """That the operation which changes the task is done, written with the change: brought again, it is known."""
    who = author()
    if not who.operation_id:
        return []
    return [Put(Row(f"DONE#{who.id}", f"{task.id}#{who.operation_id}", {"version": task.version}), Expect.ABSENT)]


def task_writes(task: Task) -> list[Put | Delete]:
    """What puts a task at its version in the place of the one before."""
    row = Row(f"TASK#{task.id}", "TASK", to_body(task), version=task.version)
    return [Put(row, Expect.ABSENT if task.version == 1 else Expect.VERSION), *_feed_writes(task)]


def _feed_writes(task: Task) -> list[Put | Delete]:
    inspectors = {i for side in SIDES if (i := task.side(side).inspector_id) is not None}
    scopes = [
        "park",
        *(f"enterprise:{e}" for e in sorted(task.enterprises)),
        *(f"person:{i}" for i in sorted(inspectors)),
    ]
    sk = f"{task.opened_at_ms:013d}#{task.id}"
    writes: list[Put | Delete] = [Put(Row(f"TASKS#{scope}", sk)) for scope in scopes]
    former = {one for step in task.assignments for one in (step.to, step.former) if one} - inspectors
    writes += [Delete(f"OPEN#person:{one}", sk) for one in sorted(former)]
    for scope in scopes:
        pk = f"OPEN#{scope}"
        writes.append(Put(Row(pk, sk)) if task.state is TaskState.OPEN else Delete(pk, sk))
    return writes


class RowEvidenceRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add_photo(self, photo: Photo) -> Photo:
        row = Row(f"TASK#{photo.task_id}", f"PHOTO#{photo.id}", to_body(photo))
        same = ("sha256", "size_bytes", "content_type", "dimension", "uploaded_by")
        awaited = Put(Row(UNARRIVED, _unarrived_sk(photo), {"task_id": photo.task_id, "id": photo.id}))
        return self._once(row, photo, same, [awaited])

    def photo(self, task_id: str, photo_id: str) -> Photo | None:
        row = self._rows.get(f"TASK#{task_id}", f"PHOTO#{photo_id}")
        return None if row is None else from_body(Photo, row.body)

    def judge_photo(self, photo: Photo, events: Sequence[Event]) -> None:
        row = Row(f"TASK#{photo.task_id}", f"PHOTO#{photo.id}", to_body(photo), version=2)
        try:
            came = Delete(UNARRIVED, _unarrived_sk(photo))
            self._rows.commit([Put(row, Expect.VERSION), came, *_look_puts(photo), *event_puts(events)])
        except RowConflict as error:
            known = self.photo(photo.task_id, photo.id)
            if known is None or known.state is PhotoState.EXPECTED:
                raise WriteConflict from error

    def unarrived(self, announced_before_ms: int, limit: int) -> tuple[Photo, ...]:
        feed = self._rows.query(UNARRIVED, to_sk=f"{announced_before_ms:013d}", limit=limit)
        keys = [(f"TASK#{row.body['task_id']}", f"PHOTO#{row.body['id']}") for row in feed]
        found = (from_body(Photo, row.body) for row in self._rows.get_many(keys)) if keys else ()
        return tuple(sorted(found, key=lambda one: (one.announced_at_ms, one.id)))

    def stop_awaiting(self, photo: Photo, events: Sequence[Event]) -> None:
        self._rows.commit([Delete(UNARRIVED, _unarrived_sk(photo)), *event_puts(events)])

    def upload_of(self, task_id: str, photo_id: str) -> str | None:
        row = self._rows.get(f"TASK#{task_id}", f"UPLOAD#{photo_id}")
        return None if row is None else str(row.body["upload_id"])

    def keep_upload(self, task_id: str, photo_id: str, upload_id: str, instead_of: str | None) -> str:
        pk, sk = f"TASK#{task_id}", f"UPLOAD#{photo_id}"
        known = self._rows.get(pk, sk)
        if known is not None and known.body["upload_id"] != instead_of:
            return str(known.body["upload_id"])
        version, expect = (1, Expect.ABSENT) if known is None else (known.version + 1, Expect.VERSION)
        try:
            self._rows.commit([Put(Row(pk, sk, {"upload_id": upload_id}, version=version), expect)])
        except RowConflict:
            stands = self.upload_of(task_id, photo_id)
            if stands is None:
                raise WriteConflict from None
            return stands
        return upload_id

    def like(self, sha256: str, look: str) -> tuple[NearPhoto, ...]:
        found: dict[tuple[str, str], NearPhoto] = {}
        for pk in _look_keys(sha256, look):
            for row in self._rows.query(pk, newest_first=True, limit=LOOKS_A_PART):
                one = from_body(NearPhoto, row.body)
                found[one.task_id, one.photo_id] = one
        return tuple(found.values())

    def add_retest(self, retest: Retest) -> Retest:
        row = Row(f"TASK#{retest.task_id}", f"RETEST#{retest.id}", to_body(retest))
        same = ("indicator", "value", "unit", "instrument", "measured_at_ms", "dimension", "entered_by")
        return self._once(row, retest, same, _waiting(retest))

    def compare_retest(self, retest: Retest) -> None:
        key = f"TASK#{retest.task_id}", f"RETEST#{retest.id}"
        row = self._rows.get(*key)
        if row is None or row.body == to_body(retest):
            return
        waits = _waiting(retest)
        done = [] if waits else [Delete(UNCOMPARED, _waiting_sk(retest))]
        with suppress(RowConflict):  # compared by another run meanwhile
            self._rows.commit([Put(replace(row, body=to_body(retest), version=row.version + 1), Expect.VERSION), *done])

    def uncompared(self, limit: int) -> tuple[Retest, ...]:
        feed = self._rows.query(UNCOMPARED, limit=limit)
        rows = (
            self._rows.get_many([(f"TASK#{row.body['task_id']}", f"RETEST#{row.body['id']}") for row in feed])
            if feed
            else []
        )
        found = (from_body(Retest, row.body) for row in rows)
        return tuple(sorted(found, key=lambda one: (one.measured_at_ms, one.id)))

    def add_rectification(self, rectification: Rectification) -> Rectification:
        row = Row(f"TASK#{rectification.task_id}", f"RECTIFICATION#{rectification.id}", to_body(rectification))
        return self._once(row, rectification, ("text", "photo_ids", "entered_by"))

    def _once(self, row: Row, value: T, same: Sequence[str], more: Sequence[Put] = ()) -> T:
        """Add under a client-made id, or give back what stands there if the client's part is the same."""
        try:
            self._rows.commit([Put(row, Expect.ABSENT), *more])
        except RowConflict:
            stored = self._rows.get(row.pk, row.sk)
            known = None if stored is None else from_body(type(value), stored.body)
            if known is None or any(getattr(known, name) != getattr(value, name) for name in same):
                raise ContentConflict(id=row.sk.partition("#")[2]) from None
            return known
        return value

    def of_task(self, task_id: str) -> tuple[tuple[Photo, ...], tuple[Retest, ...], tuple[Rectification, ...]]:
        pk = f"TASK#{task_id}"
        photos = tuple(from_body(Photo, row.body) for row in self._rows.query(pk, prefix="PHOTO#"))
        retests = tuple(from_body(Retest, row.body) for row in self._rows.query(pk, prefix="RETEST#"))
        done = tuple(from_body(Rectification, row.body) for row in self._rows.query(pk, prefix="RECTIFICATION#"))
        return photos, retests, done


def _unarrived_sk(photo: Photo) -> str:
    return f"{photo.announced_at_ms:013d}#{photo.task_id}#{photo.id}"


def _waiting(retest: Retest) -> list[Put]:
    if retest.comparison is None or retest.comparison.agreement is not Agreement.AWAITING:
        return []
    return [Put(Row(UNCOMPARED, _waiting_sk(retest), {"task_id": retest.task_id, "id": retest.id}))]


def _waiting_sk(retest: Retest) -> str:
    return f"{retest.measured_at_ms:013d}#{retest.task_id}#{retest.id}"


def _look_keys(sha256: str, look: str) -> list[str]:
    """Of two looks that differ by at most three bits, one of four quarters is the same."""
    quarters = [f"LOOK#{at}#{look[4 * at : 4 * at + 4]}" for at in range(4)] if look else []
    return [f"BYTES#{sha256}", *quarters]


def _look_puts(photo: Photo) -> list[Put]:
    if photo.state is not PhotoState.VERIFIED:
        return []
    near = NearPhoto(
        photo.task_id,
        photo.id,
        photo.enterprise_id,
        photo.sha256,
        photo.look,
        photo.verified_at_ms or photo.announced_at_ms,
    )
    sk, ttl_s = f"{near.at_ms:013d}#{photo.task_id}#{photo.id}", near.at_ms // 1000 + LOOK_RETENTION_S
    return [Put(Row(pk, sk, to_body(near), ttl_s=ttl_s)) for pk in _look_keys(photo.sha256, photo.look)]


class RowInboxRepo:
    """A notice sorts by time; a pointer finds it by id."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, notice: Notice) -> None:
        sk, ttl_s = _inbox_sk(notice), _inbox_ttl_s(notice)
        row = Row(f"INBOX#{notice.person_id}", sk, to_body(notice), ttl_s=ttl_s)
        pointer = Row(f"NOTICE#{notice.person_id}", notice.id, {"sk": sk}, ttl_s=ttl_s)
        try:
            self._rows.commit([Put(pointer, Expect.ABSENT), Put(row, Expect.ABSENT)])
        except RowConflict:
            if self._rows.get(pointer.pk, pointer.sk) is None:
                raise WriteConflict from None

    def get(self, person_id: str, notice_id: str) -> Notice | None:
        pointer = self._rows.get(f"NOTICE#{person_id}", notice_id)
        row = None if pointer is None else self._rows.get(f"INBOX#{person_id}", str(pointer.body["sk"]))
        return None if row is None else from_body(Notice, row.body)

    def listing(self, person_id: str, cursor: str | None, limit: int) -> Page[Notice]:
        feed, onward = feed_page(self._rows, f"INBOX#{person_id}", cursor, limit)
        return Page(tuple(from_body(Notice, row.body) for row in feed), onward)

    def mark_seen(self, notice: Notice, at_ms: int) -> Notice:
        return self._change(notice, lambda now: now if now.seen_at_ms is not None else replace(now, seen_at_ms=at_ms))

    def fold(self, first: Notice, notice: Notice) -> None:
        pointer = Row(f"NOTICE#{first.person_id}", notice.id, {"sk": _inbox_sk(first)}, ttl_s=_inbox_ttl_s(notice))
        if self._rows.get(pointer.pk, pointer.sk) is None:
            self._change(first, lambda now: replace(now, count=now.count + 1), Put(pointer, Expect.ABSENT))

    def _change(self, notice: Notice, change: Callable[[Notice], Notice], *more: Put) -> Notice:
        """Change a notice as it now stands; what has expired meanwhile is not written anew. Raises WriteConflict."""
        for _ in range(CONTENDED):
            row = self._rows.get(f"INBOX#{notice.person_id}", _inbox_sk(notice))
            if row is None:
                return change(notice)
            changed = change(now := from_body(Notice, row.body))
            if changed == now:
                return now
            with suppress(RowConflict):
                body = to_body(changed)
                self._rows.commit([Put(replace(row, body=body, version=row.version + 1), Expect.VERSION), *more])
                return changed
            if more and self._rows.get(more[0].row.pk, more[0].row.sk) is not None:
                return now
        raise WriteConflict


def _inbox_sk(notice: Notice) -> str:
    return f"{notice.created_at_ms:013d}#{notice.id}"


def _inbox_ttl_s(notice: Notice) -> int:
    return notice.created_at_ms // 1000 + NOTICE_RETENTION_S


class RowDeviceRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, device: Device) -> None:
        self._rows.commit([Put(Row(f"PERSON#{device.person_id}", f"DEVICE#{device.id}", to_body(device)))])

    def delete(self, person_id: str, device_id: str) -> None:
        self._rows.commit([Delete(f"PERSON#{person_id}", f"DEVICE#{device_id}")])

    def of_person(self, person_id: str) -> tuple[Device, ...]:
        rows = self._rows.query(f"PERSON#{person_id}", prefix="DEVICE#")
        return tuple(from_body(Device, row.body) for row in rows)


class RowPreferenceRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, preferences: Preferences) -> None:
        self._rows.commit([Put(Row(f"PERSON#{preferences.person_id}", "PREFERENCES", to_body(preferences)))])

    def of(self, person_id: str) -> Preferences:
        row = self._rows.get(f"PERSON#{person_id}", "PREFERENCES")
        return Preferences(person_id) if row is None else from_body(Preferences, row.body)


class RowDeliveryRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, deliveries: Sequence[Delivery]) -> None:
        for one in deliveries:
            sk = f"DELIVERY#{one.notice_id}#{one.channel}#{one.device_id}#{one.attempt:04d}"
            self._rows.commit([Put(Row(f"TASK#{one.task_id}", sk, to_body(one)))])

    def of_notice(self, task_id: str, notice_id: str) -> tuple[Delivery, ...]:
        return self._read(task_id, f"DELIVERY#{notice_id}#")

    def of_task(self, task_id: str) -> tuple[Delivery, ...]:
        return self._read(task_id, "DELIVERY#")

    def claim(self, notice: Notice, others: Sequence[Notice]) -> tuple[str, ...]:
        pk = f"CLAIM#{notice.person_id}"
        for _ in range(CLAIM_ATTEMPTS):
            if (known := self._rows.get(pk, notice.id)) is not None:
                return tuple(known.body["with"])
            taken = {row.sk for row in self._rows.get_many([(pk, one.id) for one in others])} if others else set()
            group = [notice.id, *(one.id for one in others if one.id not in taken)]
            ttl_s = notice.created_at_ms // 1000 + NOTICE_RETENTION_S
            claims = [Row(pk, one, {"with": group if one == notice.id else []}, ttl_s=ttl_s) for one in group]
            with suppress(RowConflict):
                self._rows.commit([Put(row, Expect.ABSENT) for row in claims])
                return tuple(group)
        raise WriteConflict

    def mark(self, step: DeliveryStep, call: UnseenCall | None = None) -> None:
        sk = f"STEP#{step.notice_id}#{step.state.value}#{step.device_id}"
        watched = [] if call is None else [Put(_unseen_row(call))]
        with suppress(RowConflict):
            self._rows.commit([Put(Row(f"TASK#{step.task_id}", sk, to_body(step)), Expect.ABSENT), *watched])

    def unseen(self, now_ms: int, limit: int) -> tuple[UnseenCall, ...]:
        rows = self._rows.query(UNSEEN, from_sk="0", to_sk=f"{now_ms:013d}~", limit=limit)
        return tuple(from_body(UnseenCall, row.body) for row in rows)

    def move(self, call: UnseenCall, to: UnseenCall | None) -> None:
        moved = [] if to is None else [Put(_unseen_row(to))]
        self._rows.commit([Delete(UNSEEN, _unseen_row(call).sk), *moved])

    def steps(self, task_id: str) -> tuple[DeliveryStep, ...]:
        return tuple(from_body(DeliveryStep, row.body) for row in self._rows.query(f"TASK#{task_id}", prefix="STEP#"))

    def _read(self, task_id: str, prefix: str) -> tuple[Delivery, ...]:
        rows = self._rows.query(f"TASK#{task_id}", prefix=prefix)
        return tuple(from_body(Delivery, row.body) for row in rows)


def _unseen_row(call: UnseenCall) -> Row:
    ttl_s = call.due_at_ms // 1000 + NOTICE_RETENTION_S
    return Row(UNSEEN, f"{call.due_at_ms:013d}#{call.notice_id}", to_body(call), ttl_s=ttl_s)
