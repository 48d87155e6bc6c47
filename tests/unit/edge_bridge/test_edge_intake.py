"""From values to frames on disk, and when what is on disk is sent."""

import asyncio
import time

import pytest

from green_shield_bridge.errors import SpoolFull
from green_shield_bridge.frames import pack, total, unpack
from green_shield_bridge.intake import Intake
from green_shield_bridge.sampling import PointSampler
from green_shield_bridge.sources.polling import next_slot
from green_shield_bridge.stats import Activity
from green_shield_bridge.upload.flush import FlushTimer
from green_shield_bridge.writer import Writer


class Disk:
    """Keeps what it is given; refuses while it is full."""

    def __init__(self):
        self.commits = []
        self.losses = []
        self.is_full = False

    async def store(self, frames, losses):
        if self.is_full:
            raise SpoolFull("full")
        self.losses += losses
        if frames:
            self.commits.append(list(frames))
        return []

    @property
    def readings(self):
        return [reading for frames in self.commits for frame in frames for reading in unpack(frame)]


def a_writer(disk, activity, *, linger_s=0.02, memory_readings=1_000):
    told = []
    writer = Writer(disk.store, told.append, activity, linger_s=linger_s, memory_readings=memory_readings)
    return writer, told


def frame(time_ms, *, is_urgent=False):
    return pack(time_ms, [(1, 1.0, "N"), (2, 2.0, "N")], is_urgent=is_urgent)


async def while_running(writer, work):
    task = asyncio.create_task(writer.run())
    await work()
    writer.stop()
    await asyncio.wait_for(task, 5)


def test_frames_that_come_close_together_are_one_commit():
    disk, activity = Disk(), Activity()

    async def scenario():
        writer, told = a_writer(disk, activity)

        async def work():
            for t in range(5):
                writer.add(frame(t))
            assert activity.in_memory == 10
            await asyncio.sleep(0.1)
            assert told == disk.commits

        await while_running(writer, work)

    asyncio.run(scenario())
    assert [total(commit) for commit in disk.commits] == [10]
    assert (activity.spooled, activity.in_memory) == (10, 0)


def test_an_urgent_frame_does_not_wait_for_company():
    disk = Disk()

    async def scenario():
        writer, _ = a_writer(disk, Activity(), linger_s=60)

        async def work():
            writer.add(frame(1))
            await asyncio.sleep(0.02)
            assert disk.commits == []
            writer.add(frame(2, is_urgent=True))
            await asyncio.sleep(0.02)
            assert len(disk.readings) == 4

        await while_running(writer, work)

    asyncio.run(scenario())


def test_stopping_commits_what_is_in_memory():
    disk = Disk()

    async def scenario():
        writer, _ = a_writer(disk, Activity(), linger_s=60)

        async def work():
            writer.add(frame(1))

        await while_running(writer, work)

    asyncio.run(scenario())
    assert len(disk.readings) == 2


def test_while_the_disk_refuses_frames_wait_in_order_and_what_is_too_much_is_counted():
    disk, activity = Disk(), Activity()

    async def scenario():
        writer, told = a_writer(disk, activity, memory_readings=6)
        disk.is_full = True
        for t in range(2):
            writer.add(frame(t))
        assert not await writer.commit()
        for t in range(2, 5):
            writer.add(frame(t))
        assert (activity.in_memory, activity.memory_full, told) == (6, 4, [])
        disk.is_full = False
        assert await writer.commit()
        assert [f.time_ms for f in disk.commits[0]] == [0, 1, 2]
        assert (activity.in_memory, activity.spooled) == (0, 6)
        assert [(loss.reason, loss.readings, loss.from_ms, loss.to_ms) for loss in disk.losses] == [
            ("memory_full", 4, 3, 4)
        ]

    asyncio.run(scenario())


def test_a_source_s_values_are_sampled_and_packed_under_their_series():
    disk = Disk()

    async def scenario():
        writer, _ = a_writer(disk, Activity())
        samplers = [PointSampler(interval_ms=1_000, poll_ms=100, high=5.0) for _ in range(3)]
        intake = Intake([11, 12, 13], samplers, [1, 1, 1], writer)
        intake.take(0, [2, 0], [1.0, None], "NB")
        intake.take(100, [2, 0], [1.0, None], "NB")
        intake.take(200, [2, 0], [9.0, 3.0], "NN")
        await writer.commit()

    asyncio.run(scenario())
    assert disk.readings == [(13, 1.0, "N"), (11, None, "B"), (13, 9.0, "N"), (11, 3.0, "N")]
    assert [f.is_urgent for f in disk.commits[0]] == [True, True]


class Now:
    """A monotonic clock that a test sets."""

    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s


@pytest.fixture
def now():
    return Now()


@pytest.fixture
def timer(now):
    return FlushTimer(max_age_s=60, max_readings=100, monotonic_s=now)


def test_nothing_waiting_is_never_due(timer):
    assert timer.due_in_s() is None


def test_what_waits_is_due_when_the_oldest_of_it_is_old_enough(timer, now):
    timer.added(1, is_urgent=False)
    now.s = 20
    timer.added(1, is_urgent=False)
    assert timer.due_in_s() == 40
    timer.max_age_s = 15
    assert timer.due_in_s() == 0


def test_something_urgent_and_a_full_batch_are_due_at_once(timer):
    timer.added(99, is_urgent=False)
    assert timer.due_in_s() == 60
    timer.added(1, is_urgent=False)
    assert timer.due_in_s() == 0
    timer.all_in_hand()
    timer.added(1, is_urgent=True)
    assert timer.due_in_s() == 0


def test_what_comes_after_a_batch_was_made_waits_its_own_time(timer, now):
    timer.added(1, is_urgent=True)
    timer.all_in_hand()
    assert timer.due_in_s() is None
    now.s = 5
    timer.added(1, is_urgent=False)
    assert timer.due_in_s() == 60


URGENT_GAP_S = 0.05


@pytest.fixture
def patient(now):
    """A timer that lets urgent values wait a moment for others after each batch."""
    return FlushTimer(max_age_s=60, max_readings=100, monotonic_s=now, urgent_gap_s=URGENT_GAP_S)


def test_the_first_urgent_value_waits_for_nobody(patient):
    patient.added(1, is_urgent=True)
    assert patient.due_in_s() == 0


def test_urgent_values_after_a_batch_wait_for_the_end_of_its_gap(patient, now):
    patient.added(1, is_urgent=True)
    now.s = 10
    patient.all_in_hand()
    now.s = 10.02
    patient.added(1, is_urgent=True)
    assert patient.due_in_s() == pytest.approx(0.03)
    now.s = 10.05
    assert patient.due_in_s() == 0


def test_the_gap_holds_back_neither_a_full_batch_nor_what_is_hurried(patient):
    patient.all_in_hand()
    patient.added(100, is_urgent=True)
    assert patient.due_in_s() == 0
    patient.all_in_hand()
    patient.hurry()
    assert patient.due_in_s() == 0


def test_the_gap_makes_no_value_wait_longer_than_the_age_limit(patient, now):
    patient.max_age_s = 0.01
    patient.all_in_hand()
    patient.added(1, is_urgent=True)
    assert patient.due_in_s() == pytest.approx(0.01)


def test_a_shorter_age_limit_wakes_whoever_waits():
    async def run():
        timer = FlushTimer(max_age_s=60, max_readings=100, monotonic_s=time.monotonic)
        timer.added(1, is_urgent=False)
        waiting = asyncio.create_task(timer.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        timer.max_age_s = 0.01
        await asyncio.wait_for(waiting, 5)
        return timer.due_in_s()

    assert asyncio.run(run()) == 0


SLOTS = {
    "a poll that was quick waits for the next slot": (0, 0.4, (1, 0)),
    "a poll that ended exactly with its slot misses the one that begins": (0, 1.0, (2, 1)),
    "a poll that took a little longer than its slot": (0, 1.2, (2, 1)),
    "a poll that took three and a half": (4, 7.5, (8, 3)),
    "a clock that has not moved": (5, 5.0, (6, 0)),
}


@pytest.mark.parametrize(("done", "since_s", "expected"), SLOTS.values(), ids=SLOTS.keys())
def test_late_polls_are_skipped_and_counted(done, since_s, expected):
    assert next_slot(1.0, done, since_s) == expected
