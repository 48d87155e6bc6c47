"""A measure the park asks for is done at most once, within this bridge's own limits, or refused by name."""

import asyncio
from datetime import UTC, datetime

import pytest

from green_shield_bridge.commands import CommandDesk
from green_shield_bridge.config.commands import AllowedCommand
from green_shield_bridge.sources.faults import LinkFault, WriteRefused

NOW_MS = 1_772_416_800_000
COOLING = AllowedCommand(measure="start_cooling", source="reactor", register=40, type="uint16", value=1.0)
EXHAUST = AllowedCommand(measure="boost_exhaust", source="reactor", register=41, type="uint16", min=20.0, max=80.0)


def at(offset_s):
    return datetime.fromtimestamp(NOW_MS / 1000 + offset_s, UTC).isoformat()


def ask(measure="start_cooling", value=None, id_="c1", expires_in_s=600):
    return {"id": id_, "measure": measure, "value": value, "expires_at": at(expires_in_s)}


class Disk:
    """A journal that outlives the desk."""

    def __init__(self):
        self.rows = {}

    async def load(self):
        return list(self.rows.values())

    async def save(self, outcomes, forget):
        self.rows.update((one["id"], one) for one in outcomes)
        for id_ in forget:
            self.rows.pop(id_, None)


class Device:
    """Takes writes; `answer` is what it does with them."""

    def __init__(self, answer=lambda value: value):
        self.answer = answer
        self.written = []

    async def write(self, target, value):
        self.written.append((target.register, value))
        result = self.answer(value)
        if isinstance(result, BaseException):
            raise result
        return result


def desk(device, disk=None, allowed=(COOLING, EXHAUST), now_ms=NOW_MS):
    return CommandDesk(allowed, disk or Disk(), device.write, lambda: now_ms)


def given(device, *commands, disk=None, allowed=(COOLING, EXHAUST), now_ms=NOW_MS):
    """Start a desk, give it commands, and return its results."""

    async def run():
        one = desk(device, disk, allowed, now_ms)
        await one.start()
        await one.take(commands)
        return one.results()

    return asyncio.run(run())


REFUSED = {
    "nothing is allowed": (ask(), (), "not_allowed"),
    "another measure is allowed": (ask("stop_feed"), (COOLING,), "not_allowed"),
    "a value beside the fixed one": (ask(value=2.0), (COOLING,), "out_of_limits"),
    "a value above the limit": (ask("boost_exhaust", 81.0), (EXHAUST,), "out_of_limits"),
    "a value below the limit": (ask("boost_exhaust", 19.9), (EXHAUST,), "out_of_limits"),
    "no value where one is needed": (ask("boost_exhaust"), (EXHAUST,), "value_missing"),
}


@pytest.mark.parametrize(("command", "allowed", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_never_reaches_a_device(command, allowed, code):
    device = Device()
    (outcome,) = given(device, command, allowed=allowed)
    assert (outcome.state, outcome.code) == ("refused", code)
    assert device.written == []


def test_a_command_after_its_time_is_expired_and_not_written():
    device = Device()
    (outcome,) = given(device, ask(expires_in_s=0))
    assert outcome.state == "expired"
    assert device.written == []


def test_an_allowed_command_is_written_read_back_and_reported():
    device = Device()
    (outcome,) = given(device, ask())
    assert (outcome.state, outcome.value, outcome.read_back) == ("done", 1.0, 1.0)
    assert device.written == [(40, 1.0)]


def test_the_park_may_choose_within_the_limits():
    device = Device()
    (outcome,) = given(device, ask("boost_exhaust", 80.0))
    assert outcome.state == "done"
    assert device.written == [(41, 80.0)]


FAILING = {
    "a device that does not answer": (LinkFault("no answer"), "link_fault"),
    "a device that refuses": (WriteRefused("exception 2"), "device_refused"),
    "a device that shows another value": (0.0, "not_taken"),
}


@pytest.mark.parametrize(("answer", "code"), FAILING.values(), ids=FAILING.keys())
def test_a_failure_is_told_and_not_tried_again(answer, code):
    device, disk = Device(lambda _value: answer), Disk()
    (outcome,) = given(device, ask(), ask(), disk=disk)
    assert (outcome.state, outcome.code) == ("failed", code)
    assert [one.state for one in given(device, ask(), disk=disk)] == ["failed"]
    assert len(device.written) == 1


def test_a_repeated_command_is_done_once_over_restarts():
    device, disk = Device(), Disk()
    for _ in range(3):
        given(device, ask(), ask(), disk=disk)
    assert len(device.written) == 1


def test_a_crash_between_the_write_and_its_report_is_told_as_interrupted():
    class Killed(BaseException):
        pass

    disk = Disk()
    with pytest.raises(Killed):
        given(Device(lambda _value: Killed()), ask(), disk=disk)
    device = Device()
    (outcome,) = given(device, ask(), disk=disk)
    assert outcome.state == "interrupted"
    assert device.written == []


def test_what_the_park_has_heard_of_is_not_told_again():
    async def run():
        one = desk(Device())
        await one.start()
        await one.take([ask(id_="a"), ask(id_="b")])
        await one.reported(["a", "unknown"])
        return [outcome.id for outcome in one.results()]

    assert asyncio.run(run()) == ["b"]


def test_the_journal_stays_bounded():
    async def run():
        disk = Disk()
        one = desk(Device(), disk)
        await one.start()
        for number in range(1_100):
            await one.take([ask(id_=f"c{number}")])
            await one.reported([f"c{number}"])
        return len(disk.rows)

    assert asyncio.run(run()) == 1_000
