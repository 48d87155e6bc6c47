"""Takes batches from the spool to the park, live before backlog, until each is acknowledged or refused for good.

No number of failures ends the trying, and a batch leaves the spool only through a verdict that says so. After every
try it is decided anew what goes next, so that what is new does not wait behind what is stuck.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Protocol, TypeVar

from green_shield_bridge import log
from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.spool import Batch, Refusal, Spool, Wait
from green_shield_bridge.stats import Activity, LineActivity
from green_shield_bridge.upload.flush import FlushTimer
from green_shield_bridge.upload.identity import Identity
from green_shield_bridge.upload.pace import Pace
from green_shield_bridge.upload.park_client import LineError
from green_shield_bridge.upload.troubles import Troubles
from green_shield_bridge.upload.verdicts import (
    Answer,
    Command,
    Refused,
    Stored,
    TooLarge,
    TryAgain,
    Verdict,
    clock_ahead_s,
    judge,
    park_date_s,
)

PATH = "/v1/readings"
CLOCK_TOLERANCE_S = 30.0

_T = TypeVar("_T")


class Line(Protocol):
    """The way to the park."""

    async def post(self, path: str, body: bytes, token: str, *, is_gzip: bool) -> Answer: ...


class OnSpool(Protocol):
    """Runs something on the thread that owns the spool."""

    def __call__(self, work: Callable[[Spool], _T], /) -> Awaitable[_T]: ...


class Uploader:
    """`told_intervals`, `on_commands` and `park_said` are called with what the park's answers carry."""

    def __init__(
        self,
        *,
        line: Line,
        on_spool: OnSpool,
        identity: Identity,
        timer: FlushTimer,
        limits: Limits,
        retry_max_s: float,
        activity: Activity,
        clock: Clock,
        told_intervals: Callable[[Mapping[str, float]], None],
        on_commands: Callable[[Sequence[Command]], None] | None = None,
        park_said: Callable[[float], None] | None = None,
        random: Random | None = None,
    ) -> None:
        self._line = line
        self._on_spool = on_spool
        self._identity = identity
        self._timer = timer
        self._limits = limits
        self._activity = activity
        self._clock = clock
        self._told_intervals = told_intervals
        self._on_commands = on_commands
        self._park_said = park_said
        random = random or Random()
        self.pace = Pace(retry_max_s=retry_max_s, random=random.random)
        self.line_activity = LineActivity()
        self._troubles = Troubles(cool_max_s=retry_max_s, random=random.random)
        self._is_clock_wrong = False
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Deliver what is due until stopped, then what is left, giving up at the first failure.

        Cancelling is safe at any point: a batch that is not closed goes again, as the same block.
        """
        while not self._stop.is_set():
            if (hold_s := self.pace.wait_s(self._clock.monotonic_s())) > 0:
                await self._pause(hold_s)
                continue
            outcome = await self.deliver_next()
            if isinstance(outcome, Wait):
                await self._timer.wait(self._shortest_wait(outcome))
        await self._drain()

    def stop(self) -> None:
        self._stop.set()
        self._timer.hurry()

    async def deliver_next(self) -> Verdict | Wait:
        """Try what goes next, once."""
        is_due = self._stop.is_set() or self._timer.due_in_s() == 0
        if is_due:
            self._timer.all_in_hand()
        now_s = self._clock.monotonic_s()
        skip, may_cut = self._troubles.cooling(now_s), self._troubles.may_begin(now_s)
        batch = await self._spool_says(
            lambda spool: spool.next_batch(self._limits, fresh_is_due=is_due, skip=skip, may_cut=may_cut)
        )
        if isinstance(batch, Wait):
            return batch
        verdict = await self._try_once(batch)
        await self._follow(batch, verdict)
        return verdict

    async def _drain(self) -> None:
        while True:
            outcome = await self.deliver_next()
            if isinstance(outcome, TryAgain):
                return
            if isinstance(outcome, Wait):
                if outcome.seconds is None:
                    return
                await asyncio.sleep(outcome.seconds)

    def _shortest_wait(self, wait: Wait) -> float | None:
        cool_s = self._troubles.next_s(self._clock.monotonic_s())
        return min((s for s in (wait.seconds, cool_s) if s is not None), default=None)

    async def _try_once(self, batch: Batch) -> Verdict:
        block = batch.block
        self._activity.uploads += 1
        self._activity.uploaded += block.readings
        token = self._identity.token_for(block.body, self._clock.wall_ms() // 1000)
        try:
            answer = await self._line.post(PATH, block.body, token, is_gzip=True)
        except LineError as error:
            return TryAgain("no_answer", str(error))
        now_s = self._clock.wall_ms() / 1000
        self._compare_clocks(answer, now_s)
        return judge(answer, block.block_id, len(block.series), now_s)

    async def _follow(self, batch: Batch, verdict: Verdict) -> None:
        if isinstance(verdict, TryAgain):
            await self._try_later(batch, verdict)
            return
        self.pace.succeeded()
        match verdict:
            case Stored():
                await self._acknowledge(batch, verdict)
            case Refused():
                await self._set_aside(batch, verdict)
            case TooLarge():
                await self._split(batch, verdict.refusal)
        # A refusal is an answer too: the park works, and it is not this line that is slow.
        self.line_activity.settled(self._clock.wall_ms())

    async def _try_later(self, batch: Batch, verdict: TryAgain) -> None:
        self._activity.retries += 1
        self.line_activity.failed(verdict.code, self._clock.wall_ms())
        wait_s = self._wait_s(batch, verdict)
        log.warn(
            "upload_failed",
            block_id=batch.block.block_id,
            readings=batch.block.readings,
            lane=batch.lane,
            code=verdict.code,
            reason=verdict.reason,
            wait_s=round(wait_s, 3),
        )
        if self._troubles.is_poison(batch.block.block_id):
            await self._split(batch, Refusal("poison", f"fails while others are stored: {verdict.reason}"[:500]))
        elif self._troubles.is_stuck(batch.block.block_id) and await self._spool_says(lambda spool: spool.split(batch)):
            self._troubles.closed(batch.block.block_id)
            log.warn("block_split", block_id=batch.block.block_id, readings=batch.block.readings, code=verdict.code)

    def _wait_s(self, batch: Batch, verdict: TryAgain) -> float:
        """Let the line or the block wait; returns how long."""
        now_s = self._clock.monotonic_s()
        if verdict.after_s is not None:
            return self.pace.told(verdict.after_s, now_s)
        if verdict.may_be_block and (cool_s := self._troubles.failed(batch.block.block_id, now_s)) > 0:
            return cool_s
        if verdict.code == "http_401" and self.pace.failures == 0:
            return self.pace.at_once()  # a fresh token may be all that is needed
        return self.pace.failed(now_s)

    async def _acknowledge(self, batch: Batch, verdict: Stored) -> None:
        refused = {batch.block.series[index]: refusal for index, refusal in verdict.refused.items()}
        await self._spool_says(lambda spool: spool.acknowledge(batch, refused))
        self._troubles.accepted(batch.block.block_id, self._clock.monotonic_s())
        log.event(
            "batch_acked",
            block_id=batch.block.block_id,
            readings=batch.block.readings,
            lane=batch.lane,
            refused_series=len(refused),
        )
        for refusal in set(refused.values()):
            log.warn("series_quarantined", block_id=batch.block.block_id, code=refusal.code, reason=refusal.reason)
        if verdict.intervals_s:
            self._told_intervals(verdict.intervals_s)
            await self._spool_says(lambda spool: spool.remember_intervals(verdict.intervals_s))
        if verdict.commands and self._on_commands is not None:
            self._on_commands(verdict.commands)

    async def _set_aside(self, batch: Batch, verdict: Refused) -> None:
        by_series = {
            series: verdict.by_series.get(index, verdict.refusal) for index, series in enumerate(batch.block.series)
        }
        await self._spool_says(lambda spool: spool.acknowledge(batch, by_series))
        self._troubles.closed(batch.block.block_id)
        log.error(
            "block_quarantined",
            block_id=batch.block.block_id,
            readings=batch.block.readings,
            code=verdict.refusal.code,
            reason=verdict.refusal.reason,
        )

    async def _split(self, batch: Batch, refusal: Refusal) -> None:
        """Halve a block; what cannot be halved is set aside."""
        if not await self._spool_says(lambda spool: spool.split(batch)):
            await self._set_aside(batch, Refused(refusal, {}))
            return
        self._troubles.closed(batch.block.block_id)
        log.warn("block_split", block_id=batch.block.block_id, readings=batch.block.readings, code=refusal.code)

    async def _spool_says(self, work: Callable[[Spool], _T]) -> _T:
        """Work on the spool, again and again while the disk refuses: there is nowhere else to go with the result."""
        attempt = 0
        while True:
            try:
                return await self._on_spool(work)
            except SpoolError as error:
                log.error("spool_refused", code=error.code, detail=str(error))
                if await self._pause(self.pace.backoff_s(attempt)):
                    raise
                attempt += 1

    async def _pause(self, seconds: float) -> bool:
        """Wait; True as soon as the bridge is stopping."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        return self._stop.is_set()

    def _compare_clocks(self, answer: Answer, now_s: float) -> None:
        park_s = park_date_s(answer.headers)
        if park_s is not None and self._park_said is not None:
            self._park_said(park_s)
        ahead_s = clock_ahead_s(answer.headers, now_s)
        is_wrong = ahead_s is not None and abs(ahead_s) > CLOCK_TOLERANCE_S
        if is_wrong and not self._is_clock_wrong:
            log.warn(
                "clock_differs_from_park",
                ahead_s=ahead_s,
                advice="set this machine's clock; tokens and readings carry its time",
            )
        self._is_clock_wrong = is_wrong
