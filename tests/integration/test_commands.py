"""Commands down: who may ask for what, how a bridge hears of it, and what stands when it has answered."""

from typing import Any

import pytest

from chalicelib.adapters.codec import event_from_body
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import OPERATIONS, Delete, Put
from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.events import CommandRequested, CommandSettled
from tests.acts import client_id
from tests.park import START_MS, Park, memory_rows

COMMANDS = "/v1/enterprises/acme/commands"


@pytest.fixture
def park() -> Park:
    return Park().register()


def command(number: int = 1, **changes: Any) -> dict[str, Any]:
    asked = {"id": client_id(number), "bridge_id": "acme-bridge", "measure": "start_cooling", "value": 1.0}
    return asked | {"reason": "反应釜温度持续升高"} | changes


def ask(park: Park, number: int = 1, *, person: str = "department_safety", expect: int = 201, **changes: Any) -> Any:
    return park.as_(person).post(COMMANDS, command(number, **changes), expect=expect)


def uploads(park: Park, eid: str = "acme") -> list[dict[str, Any]]:
    """The commands in the answer to an upload."""
    series = [{"point": f"{eid}-voc", "times": [park.clock.ms], "values": [1.0]}]
    return list(park.upload(series, eid=eid)["commands"])


def reports(park: Park, *outcomes: dict[str, Any], bridge: str = "acme-bridge") -> dict[str, Any]:
    spool = {"id": client_id(900), "newest": None, "oldest_waiting": None, "waiting_readings": 0}
    return park.report({"sent_at": rfc3339(park.clock.ms), "spool": spool, "commands": list(outcomes)}, bridge=bridge)


def outcome(number: int = 1, state: str = "done", **changes: Any) -> dict[str, Any]:
    return {"id": client_id(number), "state": state, "at": rfc3339(START_MS), "value": 1.0, "read_back": 1.0} | changes


def state(park: Park, number: int = 1, person: str = "enterprise") -> dict[str, Any]:
    return park.as_(person).get(f"{COMMANDS}/{client_id(number)}")


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        pytest.param({"id": "1"}, 400, "id", id="an id that no client makes"),
        pytest.param({"measure": "open_all_valves"}, 400, "measure", id="a measure that the catalogue does not have"),
        pytest.param({"value": "1"}, 400, "value", id="a value as text"),
        pytest.param({"reason": " "}, 400, "reason", id="no reason"),
        pytest.param({"expires_in_s": 0}, 400, "expires_in_s", id="no time at all"),
        pytest.param({"expires_in_s": 86_401}, 400, "expires_in_s", id="more than a day"),
        pytest.param({"bridge_id": "other-bridge"}, 404, None, id="another enterprise's bridge"),
        pytest.param({"bridge_id": "nothing"}, 404, None, id="a bridge nobody registered"),
    ],
)
def test_what_cannot_be_asked_for(park: Park, changes: dict[str, Any], status: int, field: str | None) -> None:
    problem = ask(park, expect=status, **changes)
    assert field is None or problem["errors"][0]["field"] == field
    assert park.as_("enterprise").get(COMMANDS)["items"] == [] and reports(park)["commands"] == []


def test_a_revoked_bridge_is_asked_nothing(park: Park) -> None:
    gone = {"enterprise_id": "acme", "public_key_pem": "-----BEGIN PUBLIC KEY-----", "revoked": True}
    park.as_("admin").put("/v1/bridges/acme-bridge", gone)
    ask(park, expect=404)


@pytest.mark.parametrize("person", ["enterprise", "inspector_safety"])
def test_who_is_at_the_plant_asks_for_nothing_from_afar(park: Park, person: str) -> None:
    ask(park, person=person, expect=403)


def test_the_same_id_with_another_command_is_refused(park: Park) -> None:
    ask(park)
    for change in ({"value": 2.0}, {"measure": "stop_feed"}, {"expires_in_s": 60}):
        assert ask(park, expect=409, **change)["code"] == "content_conflict"
    ask(park, person="committee", expect=409)


def test_the_same_command_again_is_the_command_as_it_is(park: Park) -> None:
    first = ask(park)
    assert (first["state"], first["state_text"], first["measure_name"]) == (
        "requested",
        "已下发，等待现场接收",
        "启动冷却",
    )
    assert first["expires_at"] == rfc3339(START_MS + 600_000)
    park.clock.advance(30)
    assert ask(park) == first
    uploads(park)
    assert ask(park)["state"] == "delivered"


def test_a_command_comes_with_every_answer_until_it_is_reported(park: Park) -> None:
    ask(park, 1, expires_in_s=3600)
    ask(park, 2, value=None, measure="stop_feed")
    told = uploads(park)
    assert told == [
        {"id": client_id(2), "measure": "stop_feed", "expires_at": rfc3339(START_MS + 600_000)},
        {"id": client_id(1), "measure": "start_cooling", "value": 1.0, "expires_at": rfc3339(START_MS + 3_600_000)},
    ]
    assert uploads(park) == reports(park)["commands"] == told
    answer = reports(park, outcome(2))
    assert (answer["commands_reported"], answer["commands"]) == ([client_id(2)], told[1:])
    assert uploads(park) == told[1:] and uploads(park, "other") == []


def test_a_command_is_noted_as_delivered_once_and_an_upload_without_any_writes_and_reads_nothing_more() -> None:
    counted: list[str] = []

    class Counting(MemoryRows):
        def commit(self, writes: Any) -> None:
            counted.extend("write" for one in writes if isinstance(one, Put | Delete))
            super().commit(writes)

        def query(self, pk: str, **range: Any) -> Any:
            counted.append("query")
            return super().query(pk, **range)

    park = Park(lambda on_insert: memory_rows(on_insert) | {OPERATIONS: Counting(on_insert)}).register()
    counted.clear()  # what registering has the dashboard count
    uploads(park)
    assert counted == []
    ask(park)
    counted.clear()
    uploads(park)
    assert sorted(counted) == ["query", "write"]
    uploads(park)
    assert sorted(counted) == ["query", "query", "write"]


@pytest.mark.parametrize("result", ["done", "refused", "failed", "expired", "interrupted"])
def test_what_came_of_a_command_is_shown(park: Park, result: str) -> None:
    ask(park)
    uploads(park)
    park.clock.advance(5)
    reports(park, outcome(1, result, code="limit", detail="max 0.5", read_back=0.5))
    seen = state(park)
    assert seen["state"] == result and seen["state_text"]
    assert seen["outcome"] == {
        "state": result, "code": "limit", "detail": "max 0.5", "value": 1.0, "read_back": 0.5,
        "at": rfc3339(START_MS), "received_at": rfc3339(START_MS + 5000),
    }  # fmt: skip


def test_the_first_outcome_stands(park: Park) -> None:
    ask(park)
    reports(park, outcome(1, "interrupted"), outcome(1, "done"))
    assert reports(park, outcome(1, "failed"))["commands_reported"] == [client_id(1)]
    assert state(park)["state"] == "interrupted"


def test_a_command_expires_and_what_was_done_late_is_recorded_all_the_same(park: Park) -> None:
    ask(park, expires_in_s=60)
    uploads(park)
    park.clock.advance(60)
    assert uploads(park) == [] and state(park)["state"] == "expired" and "outcome" not in state(park)
    assert park.as_("committee").get(COMMANDS)["items"][0]["state"] == "expired"
    reports(park, outcome())
    assert state(park)["state"] == "done"


def test_a_bridge_answers_for_its_own_commands_only(park: Park) -> None:
    ask(park)
    answer = reports(park, outcome(), outcome(77), bridge="other-bridge")
    assert answer["commands_reported"] == answer["commands_unknown"] == [client_id(1), client_id(77)]
    second = {"enterprise_id": "acme", "public_key_pem": "-----BEGIN PUBLIC KEY-----"}
    park.as_("admin").put("/v1/bridges/acme-second", second)
    assert reports(park, outcome(), bridge="acme-second")["commands_unknown"] == [client_id(1)]
    assert state(park)["state"] == "requested"


def test_commands_are_listed_page_by_page_and_in_the_readers_language(park: Park) -> None:
    for number in (1, 2, 3):
        park.clock.advance(1)
        ask(park, number)
    first = park.as_("enterprise").get(f"{COMMANDS}?limit=2", Accept_Language="en")
    rest = park.as_("enterprise").get(f"{COMMANDS}?limit=2&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == [client_id(n) for n in (3, 2, 1)]
    assert first["items"][0]["measure_name"] == "start cooling" and "next_cursor" not in rest


def test_what_was_asked_and_what_came_of_it_is_announced(park: Park) -> None:
    ask(park)
    reports(park, outcome())
    rows = park.services.rows(OPERATIONS).query("ENT#acme", prefix="EVENT#")
    events = [event_from_body(row.body) for row in rows]
    assert {(type(one), one.id) for one in events} == {
        (CommandRequested, f"command_requested:{client_id(1)}"),
        (CommandSettled, f"command_settled:{client_id(1)}"),
    }
    park.pump()
    assert park.failures == 0
