"""What breaks inside one process: a bad record among good ones, a busy store, a missing photo, a queue that takes half, a slow Google.

Nothing is lost: what failed is tried again, what cannot be done is set aside, and the rest goes on.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.fcm import FcmChannel
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.memory_media import FakePushChannel, MemoryMediaStore
from chalicelib.adapters.operations_repos import event_row
from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Row, Rows
from chalicelib.adapters.sqs import ATTEMPTS, SqsPushQueue, decode
from chalicelib.domain.errors import Busy, RetryLater
from chalicelib.domain.events import TaskOverdue
from chalicelib.handlers.batch import message_id, process, stream_sequence
from chalicelib.handlers.on_block import on_block
from chalicelib.handlers.on_clock import on_clock
from chalicelib.handlers.on_event import on_event
from chalicelib.handlers.on_photo import on_photo
from chalicelib.observability import FunctionFailed
from chalicelib.ports import PushRequest, StoredMedia
from infra.local import standins
from tests.acts import JPEG, FakeInspector, blows_to_other, client_id, photo_body, the_task
from tests.park import PEOPLE, START_MS, Park, stream_record

HOT = {"temperature": 188.0, "voc": 54.0, "steam": 112.0}
POISON, GOOD = "poison", "good"


# ---- one loop for every batch ----------------------------------------------------------------------------------------


class Worked:
    """Work that fails for poison, and keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, record: Mapping[str, Any]) -> None:
        self.seen.append(record["messageId"])
        if record["kind"] == POISON:
            raise ValueError("张三 token-abc")


def batch(*kinds: str) -> list[dict[str, Any]]:
    return [
        {"messageId": str(at), "kind": kind, "dynamodb": {"SequenceNumber": str(at)}} for at, kind in enumerate(kinds)
    ]


def run(work: Worked, records: Sequence[Mapping[str, Any]], *, ordered: bool) -> list[str]:
    identify = stream_sequence if ordered else message_id
    answer = process(records, work, stage="test", identify=identify, ordered=ordered)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize(
    ("kinds", "reported", "seen"),
    [
        pytest.param([], [], [], id="an empty batch is done"),
        pytest.param([GOOD, GOOD], [], ["0", "1"], id="a good batch is done in order"),
        pytest.param(
            [GOOD, POISON, GOOD], ["1"], ["0", "1"], id="poison further back is reported and nothing overtakes it"
        ),
        pytest.param([GOOD, GOOD, POISON], ["2"], ["0", "1", "2"], id="poison at the end is reported"),
        pytest.param([POISON], ["0"], ["0"], id="poison alone is reported, which is how it is given up alone"),
    ],
)
def test_a_stream_stops_at_its_first_failure(kinds: list[str], reported: list[str], seen: list[str]) -> None:
    work = Worked()
    assert (run(work, batch(*kinds), ordered=True), work.seen) == (reported, seen)


def test_poison_in_front_of_others_is_raised_so_that_lambda_splits_the_batch() -> None:
    work = Worked()
    with pytest.raises(FunctionFailed) as raised:
        run(work, batch(POISON, GOOD, GOOD), ordered=True)
    assert work.seen == ["0"]
    assert (str(raised.value), raised.value.__cause__, raised.value.__suppress_context__) == ("ValueError", None, True)


@pytest.mark.parametrize("kinds", [[POISON, GOOD, POISON], [GOOD, POISON], [POISON, GOOD], [POISON, POISON]])
def test_a_queue_reports_the_failed_messages_and_works_all_the_others(kinds: list[str]) -> None:
    work = Worked()
    assert run(work, batch(*kinds), ordered=False) == [str(at) for at, kind in enumerate(kinds) if kind == POISON]
    assert work.seen == [str(at) for at in range(len(kinds))]


@given(st.lists(st.sampled_from([GOOD, GOOD, GOOD, POISON]), max_size=20))
def test_of_a_stream_under_lambdas_rules_the_poison_alone_is_given_up_and_the_good_are_worked_in_order(
    kinds: list[str],
) -> None:
    work, given_up = Worked(), list[str]()
    deliver_as_lambda(batch(*kinds), work, given_up)
    assert given_up == [str(at) for at, kind in enumerate(kinds) if kind == POISON]
    first_times = list(dict.fromkeys(work.seen))
    assert first_times == [str(at) for at in range(len(kinds))]


def deliver_as_lambda(records: list[dict[str, Any]], work: Worked, given_up: list[str], tries_left: int = 4) -> None:
    """A batch of a stream with ReportBatchItemFailures, bisecting and bounded retries, as Lambda's guide has it."""
    if not records:
        return
    try:
        failed = run(work, records, ordered=True)
    except FunctionFailed:
        middle = len(records) // 2
        deliver_as_lambda(records[:middle], work, given_up, tries_left)
        deliver_as_lambda(records[middle:], work, given_up, tries_left)
        return
    if failed and tries_left:
        rest = next(at for at, record in enumerate(records) if record["messageId"] == failed[0])
        deliver_as_lambda(records[rest:], work, given_up, tries_left - 1)
    elif failed:
        given_up += [record["messageId"] for record in records]


# ---- a store that fails ----------------------------------------------------------------------------------------------


class Store:
    """Three tables of which chosen calls fail. `after` says whether they fail when the call is done: a lost answer."""

    def __init__(self) -> None:
        self.calls, self.tables = 0, dict[str, MemoryRows]()
        self.heal()

    def heal(self) -> None:
        self.fails(range(0))

    def fails(self, calls: range, error: type[Exception] = Busy, *, after: bool = False) -> None:
        """Those of the calls from now on fail; 0 is the next one."""
        self.calls, self._failing, self._error, self._after = 0, calls, error, after

    def rows(self, on_insert: Callable[[Row], None]) -> dict[str, Rows]:
        self.tables = {READINGS: MemoryRows(on_insert), OPERATIONS: MemoryRows(on_insert), REGISTRY: MemoryRows()}
        return {name: FailingRows(self, table) for name, table in self.tables.items()}

    def run(self, call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        number, self.calls = self.calls, self.calls + 1
        if number in self._failing and not self._after:
            raise self._error
        answer = call(*given, **named)
        if number in self._failing:
            raise self._error
        return answer


class FailingRows:
    """Rows that ask the store first. Every method of the protocol goes the same way."""

    def __init__(self, store: Store, table: MemoryRows) -> None:
        self._store, self._table = store, table

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return partial(self._store.run, getattr(self._table, name))


class RetryingPark(Park):
    """A park whose streams and queues bring back what failed, as Lambda does, and whose bridge sends again what was not taken."""

    TRIES = 4

    def __init__(self, **overrides: object) -> None:
        self.store, self.sent = Store(), FakePushChannel()
        super().__init__(self.store.rows, **{"inspector": FakeInspector(), "channel": self.sent, **overrides})
        self.register()
        blows_to_other(self)
        for person in ("enterprise", "enterprise_other", "department_safety"):
            self.as_(person).put("/v1/me/devices/phone", {"token": f"token-{person}", "platform": "android"})

    def uploads(self, at_ms: int) -> None:
        """One block of two minutes past every trigger, sent until the park says that it has it."""
        times = [at_ms - 60_000, at_ms]
        series = [{"point": f"acme-{name}", "times": times, "values": [value] * 2} for name, value in HOT.items()]
        body = json.dumps({"block_id": client_id(1), "series": series}).encode()
        headers = {
            "Authorization": f"Bearer bridge:acme-bridge:{sha256(body).hexdigest()}",
            "Content-Type": "application/json",
        }
        for _ in range(self.TRIES):
            answer = self.client.http.request("POST", "/v1/readings", headers=headers, body=body)
            if answer.status_code == 202:
                return
            assert answer.status_code >= 500
        raise AssertionError("the upload was never taken")

    def pump(self) -> None:
        for _ in range(self.TRIES):
            super().pump()
        assert not self.stream and not self.queue.waiting

    def _deliver(self, row: Row) -> None:
        for _ in range(self.TRIES):
            before = self.failures
            super()._deliver(row)
            if self.failures == before:
                return
        raise AssertionError(f"{row.sk} was never worked")

    def outcome(self) -> dict[str, Any]:
        """What people see in the end."""
        task = the_task(self)
        ledger = self.as_("admin").get(f"/v1/tasks/{task['id']}/deliveries")["items"]
        return {
            "task": task,
            "warning": self.as_("committee").get(f"/v1/warnings/{task['warning_id']}"),
            "inboxes": {who: self.as_(who).get("/v1/inbox")["items"] for who in task_party(self)},
            "delivered": sorted((one["notice_id"], one["device_id"]) for one in ledger if one["status"] == "sent"),
            "pushed": {(device.person_id, message.collapse_key) for device, message in self.sent.sent},
        }


def task_party(park: Park) -> list[str]:
    return [who for who in PEOPLE if park.as_(who).get("/v1/inbox")["items"]]


@pytest.fixture(scope="module")
def undisturbed() -> tuple[dict[str, Any], int]:
    """How a hot reactor ends where nothing fails, and how many calls of the store it takes."""
    park = RetryingPark()
    park.store.heal()
    park.uploads(START_MS)
    park.pump()
    calls = park.store.calls
    return park.outcome(), calls


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done but the answer lost"])
@pytest.mark.parametrize("part", range(4))
def test_whichever_call_of_the_store_fails_the_end_is_the_same(
    undisturbed: tuple[dict[str, Any], int], part: int, after: bool
) -> None:
    expected, calls = undisturbed
    assert calls > 40
    for number in range(part, calls, 4):
        park = RetryingPark()
        park.store.fails(range(number, number + 1), after=after)
        park.uploads(START_MS)
        park.pump()
        park.store.heal()
        assert park.outcome() == expected, f"call {number} of {calls}"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/tasks"), ("GET", "/v1/inbox"), ("PUT", "/v1/units/acme-r9"), ("POST", "/v1/readings")],
)
def test_a_busy_store_is_answered_with_503_and_when_to_come_back(method: str, path: str) -> None:
    park = RetryingPark()
    park.store.fails(range(1_000))
    body = json.dumps({"block_id": client_id(1), "series": []}).encode()
    token = f"bridge:acme-bridge:{sha256(body).hexdigest()}" if path == "/v1/readings" else "person:admin"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = park.client.http.request(method, path, headers=headers, body=body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.headers["Content-Type"] == "application/problem+json" and json.loads(answer.body)["code"] == "busy"


def test_an_unforeseen_failure_is_answered_with_500_and_none_of_its_words() -> None:
    park = RetryingPark()
    park.store.fails(range(1_000), SecretError)
    answer = park.client.http.request("GET", "/v1/tasks", headers={"Authorization": "Bearer person:admin"})
    assert answer.status_code == 500 and json.loads(answer.body)["code"] == "internal"
    assert SecretError.WORDS not in answer.body.decode()


class SecretError(Exception):
    WORDS = "a password"

    def __init__(self) -> None:
        super().__init__(self.WORDS)


def test_a_clock_that_fails_says_so_without_the_words_and_tells_each_deadline_once_afterwards() -> None:
    park = RetryingPark()
    park.uploads(START_MS)
    park.pump()
    park.clock.advance(3 * 3600)
    park.store.fails(range(2, 3), SecretError)
    with pytest.raises(FunctionFailed, match=r"^SecretError$") as raised:
        on_clock(park.services)
    assert raised.value.__suppress_context__
    assert [on_clock(park.services), on_clock(park.services)] == [1, 0]
    park.pump()
    kinds = [one["kind"] for one in park.as_("enterprise").get("/v1/inbox")["items"]]
    assert sorted(set(kinds)) == ["grade_at_risk", "task_dispatched", "task_overdue"]
    assert (kinds.count("task_dispatched"), kinds.count("task_overdue")) == (1, 2)


# ---- poison from outside ---------------------------------------------------------------------------------------------


def test_an_event_of_an_unknown_kind_is_reported_and_the_one_before_it_is_relayed() -> None:
    park = Park().register()
    park.runs_hot(**HOT)
    (task,) = park.as_("committee").get("/v1/tasks")["items"]
    good = event_row(TaskOverdue("acme", START_MS, "correlation", task["id"], "finish", 3))
    poison = Row("ENT#acme", "EVENT#poison", {"kind": "no_such_event"})
    answer = on_event({"Records": [in_stream(good, "1"), in_stream(poison, "2"), in_stream(good, "3")]}, park.services)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert [one["kind"] for one in park.as_("enterprise").get("/v1/inbox")["items"]].count("task_overdue") == 1


def test_a_block_that_cannot_be_read_is_reported_and_the_one_before_it_is_judged() -> None:
    park = Park().register()
    park.runs_hot(**HOT, minutes=1)
    park.clock.advance(60)
    park.upload([{"point": f"acme-{name}", "times": [park.clock.ms], "values": [value]} for name, value in HOT.items()])
    good = park.stream.popleft()
    damaged = replace(good, sk=good.sk.replace("-", "_"), blob=b"damaged")
    answer = on_block({"Records": [in_stream(good, "1"), in_stream(damaged, "2")]}, park.services)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    park.pump()
    assert the_task(park)["tier"] == 3


def test_a_row_that_was_changed_or_expired_is_nobodys_event() -> None:
    """The filters of infra/functions.yaml keep them away; a handler that gets one all the same lets it pass."""
    park = Park()
    for change in ("MODIFY", "REMOVE"):
        record = {"eventName": change, "dynamodb": {"Keys": {}, "SequenceNumber": "1"}}
        for handler in (on_block, on_event):
            assert handler({"Records": [record]}, park.services) == {"batchItemFailures": []}


def in_stream(row: Row, number: str) -> dict[str, Any]:
    record = stream_record(row)
    return {**record, "dynamodb": {**record["dynamodb"], "SequenceNumber": number}}


# ---- photos ----------------------------------------------------------------------------------------------------------


def landed(key: str) -> dict[str, Any]:
    return {"messageId": "m", "body": json.dumps({"Records": [{"s3": {"object": {"key": key}}}]})}


@dataclass(slots=True)
class FailingMedia(MemoryMediaStore):
    """A media store whose next reads fail as S3 does when it is overloaded."""

    failures: int = 0

    def read(self, key: str, *, max_bytes: int) -> StoredMedia:
        if self.failures > 0:
            self.failures -= 1
            raise ClientError({"Error": {"Code": "SlowDown", "Message": key}}, "GetObject")
        return MemoryMediaStore.read(self, key, max_bytes=max_bytes)


@dataclass(frozen=True, slots=True)
class Announced:
    """A photo that was announced, and the store where its object belongs."""

    park: Park
    media: FailingMedia
    key: str
    path: str

    def lands(self, *others: dict[str, Any]) -> list[str]:
        """The queue says that the object is there. Returns the messages that failed."""
        answer = on_photo({"Records": [landed(self.key), *others]}, self.park.services)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def state(self) -> str:
        return str(self.park.as_("inspector_safety").get(self.path)["state"])


@pytest.fixture
def announced() -> Announced:
    media = FailingMedia()
    park = Park(inspector=FakeInspector(), media=media).register()
    park.runs_hot(**HOT)
    path = f"/v1/tasks/{the_task(park)['id']}/photos"
    photo = park.as_("inspector_safety").post(path, photo_body(1, "safety"), expect=201)
    return Announced(park, media, photo["upload"]["fields"]["key"], f"{path}/{photo['id']}")


def test_a_photo_whose_object_is_gone_is_waited_for_and_judged_when_it_lands(announced: Announced) -> None:
    assert announced.lands() == [] and announced.state() == "expected"
    announced.media.write(announced.key, JPEG, content_type="image/jpeg")
    assert announced.lands() == [] and announced.state() == "verified"


def test_a_photo_that_cannot_be_read_just_now_is_tried_again_and_the_others_are_judged(announced: Announced) -> None:
    announced.media.write(announced.key, JPEG, content_type="image/jpeg")
    announced.media.failures = 1
    poison = {"messageId": "poison", "body": "not JSON"}
    nobodys = {**landed("incoming/nobody/announced"), "messageId": "nobodys"}
    test_event = {"messageId": "test", "body": '{"Service": "Amazon S3", "Event": "s3:TestEvent"}'}
    assert announced.lands(poison, nobodys, test_event) == ["m", "poison"] and announced.state() == "expected"
    assert announced.lands() == [] and announced.state() == "verified"


# ---- the push queue --------------------------------------------------------------------------------------------------


class HalfQueue:
    """An SQS client whose queue refuses messages as often as it is told, each by its text, and takes the rest."""

    def __init__(self, refuses: Mapping[str, int]) -> None:
        self.refuses, self.taken, self.calls = Counter(refuses), list[str](), 0

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        assert 0 < len(Entries) <= 10
        failed = []
        for entry in Entries:
            person = decode(entry["MessageBody"]).person_id
            if self.refuses[person] > 0:
                self.refuses[person] -= 1
                failed.append({"Id": entry["Id"], "Code": "InternalError", "SenderFault": False})
            else:
                self.taken.append(person)
        return {"Failed": failed} if failed else {}


def requests(count: int) -> list[PushRequest]:
    return [PushRequest(f"p{n}", f"n{n}", "correlation") for n in range(count)]


def test_more_than_ten_pushes_go_in_several_batches() -> None:
    client = HalfQueue({})
    SqsPushQueue(client, "url").put(requests(23))
    assert (client.calls, client.taken) == (3, [f"p{n}" for n in range(23)])


def test_what_the_queue_refused_is_sent_again_and_only_that() -> None:
    client = HalfQueue({"p1": 1, "p3": ATTEMPTS - 1})
    SqsPushQueue(client, "url").put(requests(5))
    assert sorted(client.taken) == ["p0", "p1", "p2", "p3", "p4"] and client.calls == ATTEMPTS


def test_a_queue_that_goes_on_refusing_is_tried_later() -> None:
    with pytest.raises(RetryLater):
        SqsPushQueue(HalfQueue({"p0": ATTEMPTS}), "url").put(requests(2))


def test_an_event_whose_pushes_were_not_all_taken_is_relayed_again_until_they_are() -> None:
    client = HalfQueue({"enterprise": ATTEMPTS})
    park = RetryingPark(queue=SqsPushQueue(client, "url"))
    park.uploads(START_MS)
    park.pump()
    assert park.failures == 1 and set(client.taken) == set(task_party(park))


# ---- Google ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def google(tmp_path: Path) -> Iterator[tuple[str, FcmChannel]]:
    """The FCM stand-in's address, and the deployed channel that talks to it, less patient than the deployed one."""
    with standins.running(tmp_path) as url:
        account = standins.service_account_json(f"{url}/token", standins.new_private_key_pem())
        channel = FcmChannel(account, url, timeout_s=0.3)
        yield url, channel
        channel.close()


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        pytest.param({"delay_s": 1.0}, "DEADLINE_EXCEEDED", id="Google does not answer in time"),
        pytest.param({"drop": True}, "UNAVAILABLE", id="Google hangs up"),
        pytest.param(
            {"status": 503, "retry_after_s": 7}, "UNAVAILABLE", id="Google is unavailable and says for how long"
        ),
        pytest.param(
            {"on": "token", "status": 200, "error_code": "nonsense"},
            "TOKEN_EXCHANGE_FAILED",
            id="the token endpoint talks nonsense",
        ),
        pytest.param({"on": "token", "delay_s": 1.0}, "TOKEN_EXCHANGE_FAILED", id="the token endpoint does not answer"),
    ],
)
def test_three_troubles_with_google_in_a_row_delay_a_push_and_lose_none(
    google: tuple[str, FcmChannel], trouble: dict[str, Any], reason: str
) -> None:
    url, channel = google
    park = Park(channel=channel).register()
    park.as_("enterprise").put("/v1/me/devices/phone", {"token": "token-works", "platform": "android"})
    httpx.post(f"{url}/control", json={"fail_next": 3, **trouble}, timeout=5).raise_for_status()
    park.runs_hot(**HOT)
    for _ in range(3):
        park.pump()
    assert attempts(park) == [(1, "retry", reason), (2, "retry", reason), (3, "retry", reason), (4, "sent", "")]
    assert len(park.queue.delays) == 3 and all(
        wait_s >= trouble.get("retry_after_s", 2) for wait_s in park.queue.delays
    )
    assert not park.queue.waiting
    assert len(httpx.get(f"{url}/messages", timeout=5).json()["messages"]) == 1


def attempts(park: Park) -> list[tuple[int, str, str]]:
    items = park.as_("admin").get(f"/v1/tasks/{the_task(park)['id']}/deliveries")["items"]
    return sorted((one["attempt"], one["status"], one["reason"]) for one in items)
