"""Channels besides the app: who manages which, what each is told, and that nothing depends on them."""

from typing import Any

import pytest

from chalicelib.adapters.memory_channels import FakeChannelSender
from chalicelib.domain.errors import RetryLater
from chalicelib.domain.notice import Device, PushMessage, PushOutcome
from chalicelib.handlers.on_clock import on_clock
from chalicelib.observability import FunctionFailed
from tests.acts import FakeInspector, brings_retest, submits, the_task
from tests.park import Park

HOT = {"temperature": 188.0, "voc": 54.0, "steam": 112.0}
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
CHAT: dict[str, Any] = {"name": "安监值班群", "url": f"wecombot://{KEY}", "audience": {"dimension": "safety"}}
HOOK: dict[str, Any] = {"name": "应急平台", "url": "https://hook.example.cn/in?token=KEY", "audience": {}}


@pytest.fixture
def park() -> Park:
    return Park(inspector=FakeInspector()).register()


def sender(park: Park) -> FakeChannelSender:
    assert isinstance(park.services.sender, FakeChannelSender)
    return park.services.sender


def put(park: Park, who: str = "admin", id: str = "duty", expect: int = 200, **fields: Any) -> dict[str, Any]:
    return park.as_(who).put(f"/v1/channels/{id}", CHAT | fields, expect=expect)


def told(park: Park) -> list[tuple[str, str]]:
    """(channel, kind) of all that channels took."""
    return [(channel.id, dict(message.data)["kind"]) for channel, message, _ in sender(park).sent]


# refusals


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"url": "telegram://token/chat"}, "unsupported_channel", id="another service"),
        pytest.param({"url": "http://hook.example.cn"}, "unsupported_channel", id="a webhook without TLS"),
        pytest.param({"url": "wecombot://"}, "bad_channel_url", id="no key"),
        pytest.param({"url": "https://127.0.0.1/"}, "internal_address", id="an internal address"),
        pytest.param({"kinds": ["gossip"]}, "one_of", id="a kind that there is none of"),
        pytest.param({"least_tier": 4}, "one_of", id="a tier that there is none of"),
        pytest.param({"audience": {"person_id": "x", "dimension": "safety"}}, "invalid", id="one's own and a group's"),
    ],
)
def test_a_channel_that_cannot_be_is_refused(park: Park, fields: dict[str, Any], code: str) -> None:
    answer = put(park, expect=400, **fields)
    assert [one["code"] for one in answer["errors"]] == [code]
    assert KEY not in str(answer)
    assert park.as_("admin").get("/v1/channels")["items"] == []


@pytest.mark.parametrize(
    ("who", "audience"),
    [
        pytest.param("department_environment", {"dimension": "safety"}, id="of the other dimension"),
        pytest.param("department_safety", {}, id="of the whole park"),
        pytest.param("department_elsewhere", {"dimension": "safety"}, id="of all regions, where it has one"),
        pytest.param("department_elsewhere", {"dimension": "safety", "regions": ["east"]}, id="of another region"),
        pytest.param("department_safety", {"dimension": "safety", "enterprise_id": "acme"}, id="of an enterprise"),
        pytest.param("department_safety", {"person_id": "enterprise"}, id="of somebody else"),
        pytest.param("inspector_safety", {"person_id": "inspector_safety"}, id="of an inspector"),
    ],
)
def test_a_department_puts_no_channel(park: Park, who: str, audience: dict[str, Any]) -> None:
    put(park, who, audience=audience, expect=403)


def test_a_channel_of_another_department_does_not_exist_for_this_one(park: Park) -> None:
    put(park)
    other = park.as_("department_environment")
    assert other.get("/v1/channels")["items"] == []
    put(park, "department_environment", audience={"dimension": "environment"}, expect=404)
    other.call("DELETE", "/v1/channels/duty", None, 404, {})
    other.post("/v1/channels/duty/test", expect=404)


def test_a_department_manages_its_own(park: Park) -> None:
    put(park, "department_elsewhere", audience={"dimension": "safety", "regions": ["west"]})
    own = park.as_("department_elsewhere")
    assert [one["id"] for one in own.get("/v1/channels")["items"]] == ["duty"]
    own.call("DELETE", "/v1/channels/duty", None, 204, {})
    assert own.get("/v1/channels")["items"] == []


# secrets


def test_a_url_is_never_shown_again(park: Park, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    answers = [put(park), park.as_("admin").get("/v1/channels"), park.as_("admin").post("/v1/channels/duty/test")]
    park.runs_hot(**HOT)
    answers.append(park.as_("admin").get(f"/v1/tasks/{the_task(park)['id']}/deliveries"))
    assert answers[0]["url"] == "wecombot://***"
    assert KEY not in str(answers) + caplog.text
    assert KEY not in str(park.as_("admin").get(f"/v1/audit/task:{the_task(park)['id']}"))


def test_the_secret_of_a_webhook_is_shown_once_and_is_another_for_another_url(park: Park) -> None:
    assert put(park, **HOOK)["secret"].startswith("whsec_")
    assert "secret" not in put(park, **HOOK | {"name": "应急"})
    assert "secret" not in park.as_("admin").get("/v1/channels")["items"][0]
    assert park.services.channels.get("duty").secret.startswith("whsec_")  # type: ignore[union-attr]
    assert "secret" in put(park, **HOOK | {"url": "https://other.example.cn/"})
    assert "secret" not in put(park)


# what a channel is told


def test_a_chat_hears_of_a_task_once_though_many_people_are_told(park: Park) -> None:
    put(park)
    park.runs_hot(**HOT)
    park.pump()
    assert told(park) == [("duty", "task_dispatched")]
    ((_, message, _),) = sender(park).sent
    assert message.title == "【3级预警】acme chemicals R1"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"audience": {"dimension": "safety", "regions": ["west"]}}, id="of another region"),
        pytest.param({"audience": {"enterprise_id": "other"}}, id="of another enterprise"),
        pytest.param({"audience": {"person_id": "enterprise"}}, id="of one person, whose phone comes first"),
        pytest.param({"kinds": ["task_closed"]}, id="that wants other kinds"),
    ],
)
def test_a_channel_is_not_told(park: Park, fields: dict[str, Any]) -> None:
    put(park, **fields)
    park.runs_hot(**HOT)
    assert told(park) == []


def test_a_channel_of_high_tiers_hears_nothing_of_tier_1(park: Park) -> None:
    put(park, least_tier=2)
    park.runs_hot()
    assert told(park) == []


def test_each_department_s_chat_hears_of_its_own_side(park: Park) -> None:
    put(park, id="safety")
    put(park, id="environment", audience={"dimension": "environment"}, language="en")
    park.runs_hot(**HOT)
    sender(park).sent.clear()
    task = the_task(park)
    for side in ("safety", "environment"):
        brings_retest(park, task, side)
        submits(park, task, side)
    assert told(park) == [("safety", "side_submitted"), ("environment", "side_submitted")]


def test_a_channel_s_deliveries_stand_in_the_ledger_of_the_task(park: Park) -> None:
    put(park)
    sender(park).fail_next = 2
    park.runs_hot(**HOT)
    for _ in range(3):
        park.pump()
    ledger = park.as_("admin").get(f"/v1/tasks/{the_task(park)['id']}/deliveries")
    attempts = [(one["channel"], one["device_id"], one["attempt"], one["status"]) for one in ledger["items"]]
    assert attempts == [
        ("wecombot", "duty", 1, "retry"),
        ("wecombot", "duty", 2, "retry"),
        ("wecombot", "duty", 3, "sent"),
    ]
    assert [one["state"] for one in ledger["course"] if one["person_id"] == "channel:duty"] == ["queued", "sent"]


def test_what_waits_for_a_channel_that_is_taken_away_goes_nowhere(park: Park) -> None:
    put(park)
    sender(park).fail_next = 1
    park.runs_hot(**HOT)
    park.as_("admin").call("DELETE", "/v1/channels/duty", None, 204, {})
    park.pump()
    assert told(park) == [] and not park.queue.waiting


def test_a_trial_says_at_once_what_came_of_it(park: Park) -> None:
    put(park)
    sender(park).fail_next = 1
    failed, taken = (park.as_("department_safety").post("/v1/channels/duty/test") for _ in range(2))
    assert (failed, taken) == ({"status": "retry", "reason": "NOT_TAKEN"}, {"status": "sent", "reason": ""})
    park.as_("admin").post("/v1/channels/none/test", expect=404)


# what nobody has seen


def minutes(park: Park, count: int) -> None:
    for _ in range(count):
        park.clock.advance(60)
        on_clock(park.services)
        park.pump()


def owns(park: Park, person: str, **orders: int) -> None:
    for id, order in orders.items():
        put(park, id=id, audience={"person_id": person}, order=order)


def test_a_call_that_nobody_sees_goes_from_channel_to_channel_once_each(park: Park) -> None:
    owns(park, "inspector_safety", mail=2, chat=1)
    put(park, id="group", kinds=["task_closed"])  # it hears of no dispatch unless somebody has not seen it
    park.runs_hot(**HOT)
    heard: list[list[str]] = []
    for _ in range(5):
        minutes(park, 2)
        heard.append(sorted(id for id, _ in told(park)))
    # The department has no channel of its own people, so its group is told with the inspector's first.
    assert heard == [["chat", "group"], *[["chat", "group", "mail"]] * 4]
    ledger = park.as_("admin").get(f"/v1/tasks/{the_task(park)['id']}/deliveries")["course"]
    assert {one["person_id"] for one in ledger if one["state"] == "sent"} == {
        "channel:chat",
        "channel:mail",
        "channel:group",
    }


def test_tier_2_is_given_five_minutes(park: Park) -> None:
    owns(park, "inspector_safety", chat=1)
    park.runs_hot(temperature=185.0, voc=48.0)
    assert the_task(park)["tier"] == 2
    minutes(park, 4)
    assert told(park) == []
    minutes(park, 1)
    assert told(park) == [("chat", "task_dispatched")]


def test_tier_1_goes_nowhere_else(park: Park) -> None:
    owns(park, "enterprise", chat=1)
    park.runs_hot()
    minutes(park, 20)
    assert told(park) == []


@pytest.mark.parametrize("does", ["sees it", "acknowledges it"])
def test_who_reacts_is_left_alone(park: Park, does: str) -> None:
    owns(park, "inspector_safety", chat=1)
    park.runs_hot(**HOT)
    if does == "sees it":
        (notice,) = park.as_("inspector_safety").get("/v1/inbox")["items"]
        park.as_("inspector_safety").post(f"/v1/inbox/{notice['id']}/seen")
    else:
        park.as_("inspector_safety").post(f"/v1/tasks/{the_task(park)['id']}/acknowledgement")
    minutes(park, 8)
    assert told(park) == []


def test_seeing_it_stops_what_has_begun(park: Park) -> None:
    owns(park, "inspector_safety", chat=1, mail=2)
    park.runs_hot(**HOT)
    minutes(park, 2)
    (notice,) = park.as_("inspector_safety").get("/v1/inbox")["items"]
    park.as_("inspector_safety").post(f"/v1/inbox/{notice['id']}/seen")
    minutes(park, 8)
    assert [id for id, _ in told(park)] == ["chat"]


def test_a_group_that_was_told_at_once_is_not_told_again(park: Park) -> None:
    put(park, id="group")
    park.runs_hot(**HOT)
    minutes(park, 8)
    assert [one for one in told(park) if one[1] == "task_dispatched"] == [("group", "task_dispatched")]


def test_a_queue_that_is_down_for_a_minute_keeps_no_channel_from_being_told(park: Park) -> None:
    owns(park, "inspector_safety", chat=1)
    park.runs_hot(**HOT)
    put_on_queue = park.queue.put

    def refuses(requests: Any, *, delay_s: int = 0) -> None:
        raise RetryLater("push queue refused messages")

    park.queue.put = refuses  # type: ignore[method-assign]
    park.clock.advance(120)
    with pytest.raises(FunctionFailed):
        on_clock(park.services)
    park.queue.put = put_on_queue  # type: ignore[method-assign]
    minutes(park, 1)
    assert told(park) == [("chat", "task_dispatched")]


def test_quiet_hours_hold_tier_2_back_from_other_channels_too(park: Park) -> None:
    park.queue.keeps_delays = True  # the push waits for the end of quiet hours as well
    quiet = {"quiet": {"begins": "09:00", "ends": "10:30"}}
    park.as_("inspector_safety").put("/v1/me/preferences", quiet)
    owns(park, "inspector_safety", chat=1)
    park.runs_hot(temperature=185.0, voc=48.0)
    minutes(park, 25)
    assert told(park) == []
    minutes(park, 10)
    assert [id for id, _ in told(park)][:1] == ["chat"]


# the inbox is the truth


class Raising:
    """A road that fails in a way that nobody foresaw."""

    name = "raising"

    def send(self, message: PushMessage, devices: list[Device]) -> list[PushOutcome]:
        raise ArithmeticError("out of order")


class Garbage:
    name = "garbage"

    def send(self, message: PushMessage, devices: list[Device]) -> Any:
        return "<html>Bad Gateway</html>"


def breaks() -> None:
    raise ArithmeticError("out of order")


@pytest.mark.parametrize("channel", [Raising(), Garbage()], ids=["raising", "garbage"])
def test_whatever_every_channel_does_the_inbox_has_everything_and_the_queue_tries_again(channel: Any) -> None:
    park = Park(inspector=FakeInspector(), channel=channel).register()
    park.as_("inspector_safety").put("/v1/me/devices/phone", {"token": "token-of-li", "platform": "android"})
    put(park)
    sender(park).before = breaks
    park.runs_hot(**HOT)
    assert [one["kind"] for one in park.as_("inspector_safety").get("/v1/inbox")["items"]] == ["task_dispatched"]
    assert {one.person_id for one in park.queue.waiting} == {"inspector_safety", "channel:duty"}
    assert park.failures == 0  # the stream went on: nothing upstream depends on a push
