"""A promise that values are on disk: given when they are, refused when they never will be."""

import asyncio

import pytest

from green_shield_bridge.errors import SpoolError
from green_shield_bridge.frames import pack
from green_shield_bridge.stats import Activity
from green_shield_bridge.writer import NotStored, Writer


class Disk:
    def __init__(self):
        self.is_failing = False
        self.refused = []
        self.stored = 0

    async def store(self, frames, losses):
        if self.is_failing:
            raise SpoolError("no")
        self.stored += len(frames) - len(self.refused)
        return self.refused


@pytest.fixture
def disk():
    return Disk()


def a_writer(disk, memory_readings=10):
    return Writer(disk.store, lambda frames: None, Activity(), linger_s=0.01, memory_readings=memory_readings)


def frame(time_ms=1):
    return pack(time_ms, [(1, 1.0, "N")])


async def refusal(promise):
    with pytest.raises(NotStored) as caught:
        await promise
    return caught.value.reason


def test_it_is_refused_when_the_disk_refused_one_of_several_frames(disk):
    async def scenario():
        writer = a_writer(disk)
        disk.refused = [1]
        for _ in range(3):
            writer.add(frame())
        promise = asyncio.create_task(writer.durable())
        await asyncio.sleep(0)
        await writer.commit()
        assert await refusal(promise) == "disk_full"
        assert disk.stored == 2

    asyncio.run(scenario())


def test_it_is_refused_when_memory_was_full_and_not_for_what_came_before_or_after(disk):
    async def scenario():
        writer = a_writer(disk, memory_readings=2)
        before = writer.position
        for _ in range(2):
            writer.add(frame())
        fine = asyncio.create_task(writer.durable())
        await asyncio.sleep(0)
        writer.add(frame())
        refused = asyncio.create_task(writer.durable())
        await asyncio.sleep(0)
        await writer.commit()
        await fine
        assert await refusal(refused) == "memory_full"
        assert await refusal(writer.durable(before)) == "memory_full"
        position = writer.position
        writer.add(frame())
        await writer.commit()
        await writer.durable(position)

    asyncio.run(scenario())


def test_it_is_refused_when_the_bridge_stops_and_the_disk_fails(disk):
    async def scenario():
        writer = a_writer(disk)
        disk.is_failing = True
        writer.add(frame())
        running = asyncio.create_task(writer.run())
        promise = asyncio.create_task(writer.durable())
        await asyncio.sleep(0.03)
        writer.stop()
        assert await refusal(promise) == "stopped"
        running.cancel()

    asyncio.run(scenario())


def test_it_waits_while_the_disk_fails_and_many_wait_for_one_commit(disk):
    async def scenario():
        writer = a_writer(disk)
        disk.is_failing = True
        writer.add(frame())
        promises = [asyncio.create_task(writer.durable()) for _ in range(50)]
        await asyncio.sleep(0)
        assert not await writer.commit()
        promises[0].cancel()
        await asyncio.sleep(0.01)
        assert not any(promise.done() for promise in promises[1:])
        disk.is_failing = False
        assert await writer.commit()
        await asyncio.gather(*promises[1:])
        assert not writer._waiting

    asyncio.run(scenario())


def test_it_is_given_at_once_when_nothing_waits(disk):
    async def scenario():
        writer = a_writer(disk)
        await writer.durable()
        writer.add(frame())
        await writer.commit()
        await writer.durable()

    asyncio.run(scenario())
