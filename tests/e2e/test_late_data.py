"""Late readings on the packaged functions, with the roles that they have: judged again from what is stored, told in a digest."""

from pathlib import Path

from infra import local_stack
from tests.live_park import LivePark, LivePlant, eventually, now_ms

MINUTE_MS = 60_000
CALM = {"temperature": 170.0, "voc": 30.0}


def uploads(plant: LivePlant, minutes_ago: list[int], **values: float) -> None:
    times = [now_ms() - minutes * MINUTE_MS for minutes in minutes_ago]
    told = plant.upload(
        [{"point": f"{plant.id}-r1-{name}", "times": times, "values": [value] * len(times)} for name, value in values.items()]
    )  # fmt: skip
    assert told.status_code == 202, told.text


def test_an_outage_s_warning_is_found_later_and_told_in_a_digest(live: LivePark, stack_home: Path) -> None:
    plant = live.plant("late")
    uploads(plant, [180, 179, 178], **CALM)
    uploads(plant, [3, 2, 1], **CALM)
    uploads(plant, [60, 59, 58], temperature=186.0, voc=48.0)
    uploads(plant, [50, 49, 48], **CALM)

    def ended() -> list[dict[str, object]]:
        found = live.phones["committee"].get("v1/warnings", limit=100)["items"]
        return [one for one in found if one["enterprise_id"] == plant.id and one["state"] == "cleared"]

    (warning,) = eventually(ended, "the warning of an hour ago, cleared by what came after it")
    assert warning["retroactive"] is True
    assert plant.tasks() == []
    inbox = live.phones["department_safety"]
    digests = eventually(
        lambda: [n for n in inbox.get("v1/inbox", limit=100)["items"] if n["kind"] == "late_warnings" and plant.id in n["title"]],
        "the digest",
    )  # fmt: skip
    assert "补传数据" in str(digests[0]["title"])
    assert local_stack.denied_calls(stack_home) == []
