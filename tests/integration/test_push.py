"""Pushes: what reaches which phone in which language, what is tried again, and that the ledger shows every attempt."""

import hashlib
import json
from typing import Any

import pytest

from chalicelib.adapters.fcm import PAYLOAD_LIMIT_BYTES, payload_bytes
from chalicelib.adapters.memory_media import FakePushChannel
from chalicelib.adapters.sqs import encode
from chalicelib.domain.notice import Device, PushMessage, PushOutcome, PushStatus
from chalicelib.domain.photo import RefusalReason
from chalicelib.handlers.on_clock import on_clock
from chalicelib.handlers.on_push import on_push
from chalicelib.ports import PushRequest
from tests.acts import JPEG, FakeInspector, brings_retest, closes, judges, photo_body, submits, the_task
from tests.park import Park

WORKS = "token-of-a-phone"
HOT = {"temperature": 188.0, "voc": 54.0, "steam": 112.0}


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


def has_phone(park: Park, person: str, token: str = WORKS, device: str = "phone-1") -> None:
    park.as_(person).put(f"/v1/me/devices/{device}", {"token": token, "platform": "android"})


def channel(park: Park) -> FakePushChannel:
    assert isinstance(park.services.channel, FakePushChannel)
    return park.services.channel


def sent(park: Park) -> list[tuple[str, str]]:
    """(person, title) of all that went out."""
    return [(device.person_id, message.title) for device, message in channel(park).sent]


def ledger(park: Park) -> list[tuple[str, str, int, str, str]]:
    items = park.as_("admin").get(f"/v1/tasks/{the_task(park)['id']}/deliveries")["items"]
    return [(one["person_id"], one["device_id"], one["attempt"], one["status"], one["reason"]) for one in items]


def test_a_task_is_pushed_to_everyone_concerned_who_has_a_phone(park: Park) -> None:
    told = [
        "committee",
        "department_environment",
        "department_safety",
        "enterprise",
        "inspector_environment",
        "inspector_safety",
    ]
    for person in (*told, "enterprise_other", "inspector_elsewhere", "department_elsewhere", "admin"):
        has_phone(park, person)
    park.runs_hot(**HOT)
    assert sorted(sent(park)) == [(person, "【3级预警】acme chemicals R1") for person in told]
    assert ledger(park) == [(person, "phone-1", 1, "sent", "") for person in by_notice(park, told)]


def by_notice(park: Park, people: list[str]) -> list[str]:
    """People in the order of their notices' ids, which is the ledger's."""
    return sorted(people, key=lambda person: park.as_(person).get("/v1/inbox")["items"][0]["id"])


def test_a_message_points_to_its_task_and_carries_nothing_personal(park: Park) -> None:
    has_phone(park, "inspector_safety")
    park.runs_hot(**HOT)
    ((_, message),) = channel(park).sent
    (notice,) = park.as_("inspector_safety").get("/v1/inbox")["items"]
    data = {"notice_id": notice["id"], "task_id": the_task(park)["id"], "kind": "task_dispatched", "tier": "3"}
    assert (dict(message.data), message.collapse_key, message.urgent) == (data, notice["id"], True)
    assert (message.title, message.body) == (notice["title"], notice["body"])


def test_tier_1_is_not_urgent(park: Park) -> None:
    has_phone(park, "enterprise")
    park.runs_hot()
    assert [message.urgent for _, message in channel(park).sent] == [False]


def test_every_phone_of_a_person_rings(park: Park) -> None:
    has_phone(park, "inspector_safety", device="phone-1")
    has_phone(park, "inspector_safety", device="phone-2")
    park.runs_hot(**HOT)
    assert [device.id for device, _ in channel(park).sent] == ["phone-1", "phone-2"]


def test_a_push_is_worth_delivering_until_its_task_should_be_finished(park: Park) -> None:
    has_phone(park, "inspector_safety")
    park.runs_hot(**HOT)
    assert [message.ttl_s for _, message in channel(park).sent] == [2 * 3600]


def test_a_name_that_is_very_long_is_cut_and_the_phone_rings(park: Park) -> None:
    fields = {"enterprise_id": "acme", "name": "一号反应釜" * 40, "type": "reactor"}
    park.as_("admin").put("/v1/units/acme-r1", fields)
    has_phone(park, "inspector_safety")
    park.runs_hot(**HOT)
    ((_, message),) = channel(park).sent
    assert message.title.startswith("【3级预警】acme chemicals 一号反应釜") and message.title.endswith("…")
    assert payload_bytes(message) <= PAYLOAD_LIMIT_BYTES


@pytest.mark.parametrize(
    ("language", "title"),
    [
        pytest.param("zh-CN", "【3级预警】acme chemicals R1", id="Chinese"),
        pytest.param("en", "[Tier 3] acme chemicals R1", id="English"),
    ],
)
def test_a_push_is_in_the_readers_language(park: Park, language: str, title: str) -> None:
    reader = {"name": "reader", "role": "department", "dimension": "safety", "language": language}
    park.as_("admin").put("/v1/people/department_safety", reader)
    has_phone(park, "department_safety")
    park.runs_hot(**HOT)
    assert sent(park) == [("department_safety", title)]


def test_every_kind_of_notice_reads_well_in_both_languages(park: Park) -> None:
    """A life of a task that tells of everything: escalation, return, missed deadlines, clearing, closing."""
    park.runs_hot(temperature=184.0, voc=45.0)
    park.runs_hot(**HOT)
    task = the_task(park)
    brings_retest(park, task, "safety")
    submits(park, task, "safety")
    judges(park, task, "safety", "rejected", reason="缺少照片")
    park.clock.advance(7300)
    on_clock(park.services)
    park.runs_hot(temperature=170.0, voc=30.0)
    submits(park, task, "safety", "已补拍")
    judges(park, task, "safety", revision=2)
    brings_retest(park, task, "environment")
    submits(park, task, "environment")
    judges(park, task, "environment")
    for language, reason in (("zh-CN", "退回"), ("en", "returned")):
        inbox = park.as_("enterprise").get("/v1/inbox?limit=100", Accept_Language=language)["items"]
        kinds = [
            "task_closed",
            "warning_cleared",
            "task_overdue",
            "task_overdue",
            "side_rejected",
            "task_escalated",
            "task_dispatched",
        ]
        scored = {"grade_at_risk"}  # once for each grade that it may fall to
        assert sorted(notice["kind"] for notice in inbox if notice["kind"] not in scored) == sorted(kinds)
        assert any(notice["kind"] in scored for notice in inbox)
        assert all(notice["title"] and "{" not in notice["title"] + notice["body"] for notice in inbox)
        (returned,) = (notice for notice in inbox if notice["kind"] == "side_rejected")
        assert reason in returned["body"] and "缺少照片" in returned["body"]
    assert "side_submitted" in {notice["kind"] for notice in park.as_("department_safety").get("/v1/inbox")["items"]}


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [
        pytest.param("token-unavailable", "retry", "UNAVAILABLE", id="the provider is down"),
        pytest.param("token-quota", "retry", "QUOTA_EXCEEDED", id="too many pushes"),
        pytest.param("token-internal", "retry", "INTERNAL", id="the provider failed"),
        pytest.param("token-mismatch", "refused", "SENDER_ID_MISMATCH", id="a token of another app"),
        pytest.param("token-invalid", "refused", "INVALID_ARGUMENT", id="a token that is none"),
        pytest.param("token-unregistered", "unregistered", "UNREGISTERED", id="a phone that is gone"),
    ],
)
def test_the_ledger_shows_what_came_of_an_attempt(park: Park, token: str, status: str, reason: str) -> None:
    has_phone(park, "inspector_safety", token)
    park.runs_hot(minutes=2, **HOT)
    assert ledger(park)[0] == ("inspector_safety", "phone-1", 1, status, reason)
    assert len(park.queue.waiting) == (1 if status == "retry" else 0)


def test_a_phone_that_is_gone_is_forgotten_and_others_are_not(park: Park) -> None:
    has_phone(park, "inspector_safety", "token-unregistered", "old-phone")
    has_phone(park, "inspector_safety", "token-of-a-phone", "new-phone")
    park.runs_hot(**HOT)
    assert [device.id for device in park.services.devices.of_person("inspector_safety")] == ["new-phone"]
    assert [(device, status) for _, device, _, status, _ in ledger(park)] == [
        ("new-phone", "sent"),
        ("old-phone", "unregistered"),
    ]


def test_a_phone_that_registered_anew_while_we_were_sending_is_kept() -> None:
    class Renewing(FakePushChannel):
        def _send_one(self, message: PushMessage, device: Device) -> PushOutcome:
            has_phone(park, "inspector_safety", "token-that-is-new")
            return PushOutcome(device.id, PushStatus.UNREGISTERED, "UNREGISTERED")

    park = Park(channel=Renewing()).register()
    has_phone(park, "inspector_safety", "token-that-was")
    park.runs_hot(**HOT)
    assert [device.token for device in park.services.devices.of_person("inspector_safety")] == ["token-that-is-new"]


def test_failing_three_times_in_a_row_loses_nothing(park: Park) -> None:
    has_phone(park, "inspector_safety")
    channel(park).fail_next = 3
    park.runs_hot(**HOT)
    for _ in range(3):
        assert sent(park) == [] and len(park.queue.waiting) == 1
        park.pump()
    assert sent(park) == [("inspector_safety", "【3级预警】acme chemicals R1")] and not park.queue.waiting
    attempts = [(attempt, status) for _, _, attempt, status, _ in ledger(park)]
    assert attempts == [(1, "retry"), (2, "retry"), (3, "retry"), (4, "sent")]


def test_a_retry_goes_only_to_the_phones_that_have_not_had_it(park: Park) -> None:
    has_phone(park, "inspector_safety", device="phone-1")
    has_phone(park, "inspector_safety", "token-unavailable", "phone-2")
    park.runs_hot(**HOT)
    park.pump()
    has_phone(park, "inspector_safety", "token-that-works", "phone-2")
    park.pump()
    assert [device.id for device, _ in channel(park).sent] == ["phone-1", "phone-2"]
    assert [(device, attempt, status) for _, device, attempt, status, _ in ledger(park)] == [
        ("phone-1", 1, "sent"),
        ("phone-2", 1, "retry"),
        ("phone-2", 2, "retry"),
        ("phone-2", 3, "sent"),
    ]


@pytest.mark.parametrize(
    ("token", "attempt", "least_s", "most_s"),
    [
        pytest.param("token-internal", 1, 2, 4, id="the first pause is a few seconds"),
        pytest.param("token-internal", 3, 8, 16, id="pauses grow"),
        pytest.param("token-internal", 20, 450, 900, id="pauses stop growing at a quarter of an hour"),
        pytest.param("token-quota", 1, 60, 60, id="the provider's own pause is kept"),
    ],
)
def test_what_may_heal_comes_back_after_a_growing_pause(
    park: Park, token: str, attempt: int, least_s: float, most_s: float
) -> None:
    has_phone(park, "inspector_safety", token)
    park.runs_hot(**HOT)
    park.queue.delays.clear()
    (request,) = park.queue.waiting
    record = {
        "messageId": "m",
        "receiptHandle": "r",
        "body": encode(request),
        "attributes": {"ApproximateReceiveCount": str(attempt)},
    }
    assert on_push({"Records": [record]}, park.services) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    (pause_s,) = park.queue.delays
    assert least_s <= pause_s <= most_s


def test_a_message_that_is_none_of_ours_stops_no_other(park: Park) -> None:
    has_phone(park, "inspector_safety")
    park.runs_hot(**HOT)
    task = the_task(park)
    channel(park).sent.clear()
    brings_retest(park, task, "safety")
    good = PushRequest("department_safety", "n-nothing", "c")
    attributes = {"ApproximateReceiveCount": "1"}
    records = [
        {"messageId": "poison", "receiptHandle": "r", "body": "{}", "attributes": attributes},
        {"messageId": "good", "receiptHandle": "r", "body": encode(good), "attributes": attributes},
    ]
    assert on_push({"Records": records}, park.services) == {"batchItemFailures": [{"itemIdentifier": "poison"}]}


def test_a_push_that_is_asked_for_twice_goes_out_once(park: Park) -> None:
    has_phone(park, "inspector_safety")
    park.runs_hot(**HOT)
    (notice,) = park.as_("inspector_safety").get("/v1/inbox")["items"]
    park.queue.put([PushRequest("inspector_safety", notice["id"], "c")])
    park.pump()
    assert len(sent(park)) == 1 and len(ledger(park)) == 1


def test_without_phones_the_inbox_tells_all_the_same(park: Park) -> None:
    park.runs_hot(**HOT)
    park.clock.advance(60)
    closes(park, the_task(park))
    kinds = [notice["kind"] for notice in park.as_("inspector_safety").get("/v1/inbox")["items"]]
    assert kinds == ["task_closed", "task_dispatched"] and channel(park).attempts == 0


def test_seen_stays_as_first_seen(park: Park) -> None:
    park.runs_hot(**HOT)
    (notice,) = park.as_("enterprise").get("/v1/inbox")["items"]
    first = park.as_("enterprise").post(f"/v1/inbox/{notice['id']}/seen")
    park.clock.advance(60)
    assert park.as_("enterprise").post(f"/v1/inbox/{notice['id']}/seen") == first
    assert park.as_("enterprise").get("/v1/inbox")["items"] == [first]


def course(park: Park, person: str) -> list[tuple[str, str, int]]:
    """(state, device, attempt) of a person's notices of the task, in order of time."""
    items = park.as_("admin").get(f"/v1/tasks/{the_task(park)['id']}/deliveries")["course"]
    return [(one["state"], one["device_id"], one["attempt"]) for one in items if one["person_id"] == person]


def test_the_ledger_follows_a_notice_from_the_queue_to_its_acknowledgement(park: Park) -> None:
    has_phone(park, "inspector_safety", "token-unavailable")
    park.runs_hot(**HOT)
    assert course(park, "inspector_safety") == [("queued", "", 0)]
    has_phone(park, "inspector_safety")
    park.pump()
    (notice,) = park.as_("inspector_safety").get("/v1/inbox")["items"]
    for what, body in (("receipt", {"device_id": "phone-1"}), ("seen", None)):
        park.clock.advance(5)
        park.as_("inspector_safety").post(f"/v1/inbox/{notice['id']}/{what}", body)
    park.clock.advance(5)
    park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/acknowledgement")
    sent = [("queued", "", 0), ("sent", "phone-1", 2), ("delivered", "phone-1", 2)]
    assert course(park, "inspector_safety") == [*sent, ("seen", "", 0), ("acknowledged", "", 0)]
    assert course(park, "enterprise") == [("queued", "", 0)]


def test_a_receipt_that_comes_before_our_own_note_of_the_sending_counts_and_counts_once(park: Park) -> None:
    park.runs_hot(**HOT)
    (notice,) = park.as_("inspector_safety").get("/v1/inbox")["items"]
    for _ in range(2):
        park.clock.advance(5)
        park.as_("inspector_safety").post(f"/v1/inbox/{notice['id']}/receipt", {"device_id": "phone-1"})
    assert course(park, "inspector_safety") == [("queued", "", 0), ("delivered", "phone-1", 0)]


def test_nobody_receives_or_sees_the_notice_of_another(park: Park) -> None:
    park.runs_hot(**HOT)
    (notice,) = park.as_("inspector_safety").get("/v1/inbox")["items"]
    park.as_("enterprise").post(f"/v1/inbox/{notice['id']}/receipt", {"device_id": "phone-1"}, expect=404)
    park.as_("enterprise").post(f"/v1/inbox/{notice['id']}/seen", expect=404)
    assert course(park, "inspector_safety") == [("queued", "", 0)]


def refused(park: Park, number: int, reason: RefusalReason) -> None:
    """A photo of the safety side comes, and is none."""
    assert isinstance(park.services.inspector, FakeInspector)
    park.clock.advance(5)
    path = f"/v1/tasks/{the_task(park)['id']}/photos"
    announced = park.as_("inspector_safety").post(path, photo_body(number, "safety"), expect=201)
    key = announced["upload"]["fields"]["key"]
    park.services.media.write(key, JPEG, content_type="image/jpeg")
    park.services.inspector.reason = reason
    park.photo_lands(key)


def test_ten_photos_that_are_refused_for_one_reason_are_one_notice_and_one_push(park: Park) -> None:
    has_phone(park, "inspector_safety")
    park.runs_hot(**HOT)
    channel(park).sent.clear()
    for number in range(1, 11):
        refused(park, number, RefusalReason.HASH_MISMATCH if number == 10 else RefusalReason.UNREADABLE)
    inbox = [one for one in park.as_("inspector_safety").get("/v1/inbox")["items"] if one["kind"] == "photo_refused"]
    assert [one["count"] for one in inbox] == [1, 9]
    assert inbox[1]["body"].endswith("（同类消息共9条）")
    assert len(channel(park).sent) == 2


def test_a_device_that_is_put_again_has_its_new_token(park: Park) -> None:
    has_phone(park, "enterprise", "token-that-was")
    has_phone(park, "enterprise", "token-that-is")
    assert [device.token for device in park.services.devices.of_person("enterprise")] == ["token-that-is"]


def test_one_correlation_id_goes_from_upload_to_push() -> None:
    park = Park().register()
    requests: list[Any] = []
    put = park.queue.put
    park.queue.put = lambda found, **how: (requests.extend(found), put(found, **how))[1]  # type: ignore[method-assign]
    correlated(park)
    assert {request.correlation_id for request in requests} == {"upload-20260302"}


def correlated(park: Park) -> None:
    """A hot minute, uploaded under a correlation id of the bridge's own."""
    for number in range(2):
        park.clock.advance(60)
        series = [{"point": f"acme-{name}", "times": [park.clock.ms], "values": [value]} for name, value in HOT.items()]
        body = json.dumps({"block_id": f"0199f3a0-7c1e-7b52-9d53-00000000000{number}", "series": series}).encode()
        headers = {
            "Authorization": f"Bearer bridge:acme-bridge:{hashlib.sha256(body).hexdigest()}",
            "X-Correlation-Id": "upload-20260302",
        }
        assert park.client.http.request("POST", "/v1/readings", headers=headers, body=body).status_code == 202
        park.pump()


# what people choose


@pytest.mark.parametrize(
    "wrong", [{"begins": "24:00", "ends": "07:00"}, {"begins": "22:00"}, {"begins": "22", "ends": "7"}]
)
def test_quiet_hours_that_cannot_be_are_refused(park: Park, wrong: dict[str, Any]) -> None:
    park.as_("enterprise").put("/v1/me/preferences", {"quiet": wrong}, expect=400)


def test_pushes_wait_for_the_end_of_quiet_hours_and_the_inbox_does_not(park: Park) -> None:
    chosen = {"language": "en", "quiet": {"begins": "09:00", "ends": "11:00"}}
    assert park.as_("enterprise").put("/v1/me/preferences", chosen) == chosen
    assert park.as_("enterprise").get("/v1/me/preferences") == chosen
    park.as_("enterprise").put("/v1/me/devices/phone", {"token": "token-quiet", "platform": "android"})
    park.queue.keeps_delays = True
    park.runs_hot()
    assert len(park.as_("enterprise").get("/v1/inbox")["items"]) == 1
    for minutes in (15, 15, 15, 11, 5):
        assert "token-quiet" not in [device.token for device, _ in park.services.channel.sent]
        park.clock.advance(60 * minutes)
        park.pump()
    ((_, message),) = [one for one in park.services.channel.sent if one[0].token == "token-quiet"]
    assert message.title.startswith("[Tier 1]")


def test_tier_3_comes_in_quiet_hours_too(park: Park) -> None:
    park.as_("enterprise").put("/v1/me/preferences", {"quiet": {"begins": "09:00", "ends": "11:00"}})
    park.as_("enterprise").put("/v1/me/devices/phone", {"token": "token-quiet", "platform": "android"})
    park.queue.keeps_delays = True
    park.runs_hot(**HOT)
    assert "token-quiet" in [device.token for device, _ in park.services.channel.sent]
