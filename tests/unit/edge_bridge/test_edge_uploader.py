"""What goes next after a failure, and what the park is told besides readings. The park and the clocks are a test's."""

import asyncio
import gzip
import json
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.frames import pack
from green_shield_bridge.spool import Keeping, Loss, Spool, Wait
from green_shield_bridge.stats import Activity
from green_shield_bridge.upload.flush import FlushTimer
from green_shield_bridge.upload.identity import Identity
from green_shield_bridge.upload.park_client import LineError
from green_shield_bridge.upload.reports import NotTaken, Reporter, Taken
from green_shield_bridge.upload.troubles import COOL_AFTER, MAX_OPEN, MAX_TROUBLED, POISON_AFTER, Troubles
from green_shield_bridge.upload.uploader import Uploader
from green_shield_bridge.upload.verdicts import Answer, TryAgain, commands_of

IDENTITY = Identity("bridge", Ed25519PrivateKey.generate())
ORDER = {"id": "c1", "measure": "start_cooling", "value": 1.0, "expires_at": "2026-01-01T00:00:00Z"}


class Park:
    """Answers as `status_of` says of a document."""

    def __init__(self):
        self.status_of = lambda document: 202
        self.seen = []
        self.answer_more = {}

    async def post(self, path, body, token, *, is_gzip):
        document = json.loads(gzip.decompress(body))
        self.seen.append(document)
        status = self.status_of(document)
        if status == 0:
            raise LineError("cut")
        results = [{"index": i, "status": 202} for i in range(len(document.get("series", [])))]
        answer = {"block_id": document.get("block_id"), "results": results, **self.answer_more}
        return Answer(status, {}, json.dumps(answer).encode())

    def times(self):
        return [series["times"] for document in self.seen for series in document["series"]]


class World:
    def __init__(self, path):
        self.s = 1_000.0
        self.clock = Clock(wall_ms=lambda: round(self.s * 1000), monotonic_s=lambda: self.s)
        self.spool = Spool(path, Keeping(backlog_readings_per_s=float("inf")), clock=self.clock)
        self.spool.series_of(["a"])
        self.park = Park()
        self.timer = FlushTimer(max_age_s=60, max_readings=1_000, monotonic_s=self.clock.monotonic_s)
        self.commands = []
        self.uploader = Uploader(
            line=self.park,
            on_spool=self.on_spool,
            identity=IDENTITY,
            timer=self.timer,
            limits=Limits(readings=4),
            retry_max_s=60,
            activity=Activity(),
            clock=self.clock,
            told_intervals=lambda intervals: None,
            on_commands=self.commands.extend,
            random=Random(1),
        )

    async def on_spool(self, work):
        return work(self.spool)

    def store(self, times):
        self.spool.append([pack(t, [(1, float(t), "N")]) for t in times])
        self.timer.hurry()

    async def deliver(self, times, step_s=1.0):
        for _ in range(times):
            self.s += step_s
            await self.uploader.deliver_next()


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "spool.db")
    yield world
    world.spool.close()


def holds(number):
    return lambda document: 500 if any(number in s["times"] for s in document["series"]) else 202


def test_a_poison_row_is_set_aside_alone_and_nothing_else_with_it(world):
    world.store(range(10))
    world.park.status_of = holds(5)
    for now_ms in range(100, 140):
        world.store([now_ms])
        asyncio.run(world.deliver(2, step_s=70))
    counters = world.spool.counters
    assert (counters.acked, counters.quarantined, counters.waiting) == (49, 1, 0)
    (gap,) = world.spool.show_gaps(10)
    assert (gap.reason, gap.detail, gap.from_ms, gap.to_ms) == ("refused", "poison", 5, 5)


def test_a_single_row_that_fails_is_kept_while_nothing_else_shows_that_the_park_works(world):
    world.store([5])
    world.park.status_of = holds(5)
    asyncio.run(world.deliver(60, step_s=70))
    assert world.spool.counters.waiting == 1


def test_a_block_that_fails_again_and_again_lets_the_others_go(world):
    world.store(range(12))
    world.park.status_of = holds(1)
    asyncio.run(world.deliver(5, step_s=0.001))
    assert world.park.times() == [[0, 1, 2, 3]] * 3 + [[4, 5, 6, 7], [8, 9, 10, 11]]


def test_a_park_that_fails_on_everything_makes_no_block_poison(world):
    world.store(range(100))
    world.park.status_of = lambda document: 500
    asyncio.run(world.deliver(200, step_s=70))
    assert world.spool.counters.waiting == 100
    assert len({document["block_id"] for document in world.park.seen}) <= MAX_TROUBLED


def test_a_line_that_is_cut_counts_against_no_block(world):
    world.store(range(8))
    world.park.status_of = lambda document: 0
    asyncio.run(world.deliver(30))
    world.park.status_of = lambda document: 202
    asyncio.run(world.deliver(3))
    assert {tuple(times) for times in world.park.times()[:31]} == {(0, 1, 2, 3)}
    assert world.spool.counters.acked == 8


def test_after_an_outage_the_first_thing_the_park_sees_is_now(world):
    world.park.status_of = lambda document: 0
    world.store(range(8))
    asyncio.run(world.deliver(3))
    world.s += 500
    world.park.status_of = lambda document: 202
    world.store([500_000])
    asyncio.run(world.deliver(3))
    assert world.park.times()[3:] == [[500_000], [0, 1, 2, 3], [4, 5, 6, 7]]


def test_commands_in_an_answer_are_handed_on_in_their_shape(world):
    world.park.answer_more = {"commands": [{**ORDER, "more": 1}]}
    world.store([1])
    asyncio.run(world.deliver(1))
    assert world.commands == [ORDER]


NO_COMMANDS = {
    "no list": {"id": "x"},
    "no id": [{**ORDER, "id": None}],
    "an id without end": [{**ORDER, "id": "x" * 129}],
    "a value that is text": [{**ORDER, "value": "1"}],
    "a value that is true": [{**ORDER, "value": True}],
    "an end that is no instant": [{**ORDER, "expires_at": "soon"}],
    "an end without an offset": [{**ORDER, "expires_at": "2026-01-01T00:00:00"}],
    "something else": ["start"],
}


@pytest.mark.parametrize("commands", NO_COMMANDS.values(), ids=NO_COMMANDS.keys())
def test_no_command_is(commands):
    assert commands_of({"commands": commands}) == ()


def test_blocks_cool_down_longer_and_longer_up_to_a_limit():
    troubles = Troubles(cool_max_s=60, random=lambda: 1.0)
    assert [troubles.failed("x", 0.0) for _ in range(9)] == [0, 0, 4, 8, 16, 32, 60, 60, 60]
    assert not troubles.is_poison("x")
    troubles.accepted("y", 1.0)
    assert troubles.is_poison("x")
    assert (troubles.cooling(59), troubles.cooling(60), troubles.next_s(50)) == ({"x"}, frozenset(), 10)


def a_reporter(world, **more):
    return Reporter(
        line=world.park,
        on_spool=world.on_spool,
        identity=IDENTITY,
        clock=world.clock,
        pace=world.uploader.pace,
        interval_s=300,
        on_commands=world.commands.extend,
        **more,
    )


def lose(world, reason="memory_full"):
    world.spool.note([Loss(reason, 5, 6, 10, frozenset({1}))])


def test_a_report_has_the_state_the_gaps_and_the_results(world):
    world.store([1, 2])
    lose(world)
    result = {"id": "c1", "state": "done"}
    world.park.status_of = lambda document: 200
    asyncio.run(a_reporter(world, command_results=lambda: [result]).report())
    (report,) = world.park.seen
    spool_id = world.spool.spool_id
    assert report == {
        "sent_at": "1970-01-01T00:16:40.000+00:00",
        "spool": {"id": spool_id, "newest": 2, "oldest_waiting": 1, "waiting_readings": 2},
        "gaps": [
            {
                "id": 1,
                "spool": spool_id,
                "rows": None,
                "from": "1970-01-01T00:00:00.005+00:00",
                "to": "1970-01-01T00:00:00.006+00:00",
                "readings": 10,
                "reason": "memory_full",
                "detail": None,
                "points": ["a"],
            }
        ],
        "commands": [result],
    }


def test_a_gap_counts_as_told_only_when_the_answer_names_it(world):
    lose(world)
    lose(world, "clock_jump")
    reported = []
    reporter = a_reporter(world, command_results=lambda: [{"id": "c1"}], command_results_reported=reported.extend)
    world.park.status_of = lambda document: 200
    world.park.answer_more = {"gaps": [2, 77], "commands_reported": [], "commands": [ORDER]}
    assert isinstance(asyncio.run(reporter.report()), Taken)
    assert [gap.id for gap in world.spool.show_gaps(10)] == [1]
    assert (reported, world.commands) == ([], [ORDER])
    world.park.answer_more = {"gaps": [1], "commands_reported": ["c1"]}
    asyncio.run(reporter.report())
    assert (world.spool.open_gaps, reported) == (0, ["c1"])


@pytest.mark.parametrize("status", [0, 200, 400, 401, 404, 413, 422, 429, 500])
def test_a_report_that_is_not_taken_marks_nothing_and_stops_no_upload(world, status):
    lose(world)
    world.store([1])
    world.park.status_of = lambda document: status if "gaps" in document else 202
    assert isinstance(asyncio.run(a_reporter(world).report()), NotTaken)
    assert world.spool.open_gaps == 1
    world.s += 100
    assert not isinstance(asyncio.run(world.uploader.deliver_next()), TryAgain | Wait)
    assert world.spool.counters.acked == 1


def test_a_park_without_reports_is_not_asked_again_for_an_hour(world):
    reporter = a_reporter(world)
    world.park.status_of = lambda document: 404
    asyncio.run(reporter.report())
    assert reporter._ignored_until_s == world.s + 3_600


def all_failing(blocks: int, failures: int) -> Troubles:
    """A park that answers every block with an error of its own."""
    troubles = Troubles(cool_max_s=60, random=lambda: 1.0)
    for block in range(blocks):
        for _ in range(failures):
            troubles.failed(f"b{block}", 0.0)
    return troubles


def test_where_no_block_is_taken_another_is_begun_from_time_to_time():
    troubles = all_failing(MAX_TROUBLED, COOL_AFTER)
    assert [troubles.may_begin(at_s) for at_s in (0.0, 29.9, 30.0)] == [False, False, True]
    troubles.failed("another", 30.0)
    assert not troubles.may_begin(31.0)


def test_where_no_block_is_taken_the_open_ones_stay_bounded():
    assert not all_failing(MAX_OPEN, COOL_AFTER).may_begin(1e9)


def test_where_no_block_is_taken_the_halves_of_one_may_tell_which_it_is():
    assert not all_failing(MAX_TROUBLED, POISON_AFTER - 1).is_stuck("b0")
    assert not all_failing(MAX_TROUBLED - 1, POISON_AFTER).is_stuck("b0")
    troubles = all_failing(MAX_TROUBLED, POISON_AFTER)
    assert troubles.is_stuck("b0")
    assert not troubles.is_poison("b0")
