"""Takes batches from the spool to the park, one after the other, until each is acknowledged or refused for good.

No number of failures ends the trying. A batch leaves the spool only through a verdict that says so.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Protocol, TypeVar

from green_shield_bridge import log
from green_shield_bridge.backoff import full_jitter_s
from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.flush import FlushTimer
from green_shield_bridge.identity import Identity
from green_shield_bridge.ids import uuid7
from green_shield_bridge.park_client import LineError
from green_shield_bridge.spool import Batch, Spool
from green_shield_bridge.stats import Activity
from green_shield_bridge.verdicts import Answer, Refused, Stored, TooLarge, TryAgain, Verdict, clock_ahead_s, judge

BASE_S = 0.5
CLOCK_TOLERANCE_S = 30.0

_T = TypeVar("_T")


class Line(Protocol):
    """The way to the park."""

    async def post(self, body: bytes, token: str) -> Answer: ...


class OnSpool(Protocol):
    """Runs something on the thread that owns the spool."""

    def __call__(self, work: Callable[[Spool], _T], /) -> Awaitable[_T]: ...


class Uploader:
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
        random: Random | None = None,
    ) -> None:
        self._line = line
        self._on_spool = on_spool
        self._identity = identity
        self._timer = timer
        self._limits = limits
        self._retry_max_s = retry_max_s
        self._activity = activity
        self._clock = clock
        self._told_intervals = told_intervals
        self._random = random or Random()
        self._is_clock_wrong = False
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Deliver what is due until stopped, then what is left, giving up at the first failure.

        Cancelling is safe at any point: a batch that is not closed goes again, as the same block.
        """
        while not self._stop.is_set():
            await self._timer.wait()
            await self.deliver_next()
        while await self.deliver_next():
            pass

    def stop(self) -> None:
        self._stop.set()
        self._timer.hurry()

    async def deliver_next(self) -> bool:
        """Deliver the oldest batch. False: nothing waits, or there is no time left to try again."""
        self._timer.all_in_hand()
        batch = await self._spool_says(lambda spool: spool.next_batch(self._limits, self._clock.wall_ms(), uuid7))
        if batch is None or not await self._deliver(batch):
            return False
        if batch.has_more:
            self._timer.hurry()
        return True

    async def _deliver(self, batch: Batch) -> bool:
        attempt = 0
        while True:
            verdict = await self._try_once(batch)
            if not isinstance(verdict, TryAgain):
                await self._settle(batch, verdict)
                return True
            wait_s = self._wait_s(verdict, attempt)
            self._activity.retries += 1
            log.warn(
                "upload_failed",
                block_id=batch.block.block_id,
                readings=batch.block.readings,
                attempt=attempt + 1,
                code=verdict.code,
                reason=verdict.reason,
                wait_s=round(wait_s, 3),
            )
            if await self._pause(wait_s):
                return False
            attempt += 1

    async def _try_once(self, batch: Batch) -> Verdict:
        block = batch.block
        self._activity.uploads += 1
        self._activity.uploaded += block.readings
        token = self._identity.token_for(block.body, self._clock.wall_ms() // 1000)
        try:
            answer = await self._line.post(block.body, token)
        except LineError as error:
            return TryAgain("no_answer", str(error))
        now_s = self._clock.wall_ms() / 1000
        self._compare_clocks(answer, now_s)
        return judge(answer, block.block_id, len(block.series), now_s)

    async def _settle(self, batch: Batch, verdict: Stored | Refused | TooLarge) -> None:
        match verdict:
            case Stored():
                await self._acknowledge(batch, verdict)
            case Refused():
                await self._set_aside(batch, verdict)
            case TooLarge():
                await self._split(batch, verdict)

    async def _acknowledge(self, batch: Batch, verdict: Stored) -> None:
        refused = {batch.block.series[index]: refusal for index, refusal in verdict.refused.items()}
        await self._spool_says(lambda spool: spool.acknowledge(batch, refused, self._clock.wall_ms()))
        log.event(
            "batch_acked", block_id=batch.block.block_id, readings=batch.block.readings, refused_series=len(refused)
        )
        for refusal in set(refused.values()):
            log.warn("series_quarantined", block_id=batch.block.block_id, code=refusal.code, reason=refusal.reason)
        if verdict.intervals_s:
            self._told_intervals(verdict.intervals_s)
            await self._spool_says(lambda spool: spool.remember_intervals(verdict.intervals_s))

    async def _set_aside(self, batch: Batch, verdict: Refused) -> None:
        by_series = {
            series: verdict.by_series.get(index, verdict.refusal) for index, series in enumerate(batch.block.series)
        }
        await self._spool_says(lambda spool: spool.acknowledge(batch, by_series, self._clock.wall_ms()))
        log.error(
            "block_quarantined",
            block_id=batch.block.block_id,
            readings=batch.block.readings,
            code=verdict.refusal.code,
            reason=verdict.refusal.reason,
        )

    async def _split(self, batch: Batch, verdict: TooLarge) -> None:
        if not await self._spool_says(lambda spool: spool.split(batch, self._clock.wall_ms(), uuid7)):
            await self._set_aside(batch, Refused(verdict.refusal, {}))
            return
        log.warn("block_split", block_id=batch.block.block_id, readings=batch.block.readings)
        self._timer.hurry()

    async def _spool_says(self, work: Callable[[Spool], _T]) -> _T:
        """Work on the spool, again and again while the disk refuses: there is nowhere else to go with the result."""
        attempt = 0
        while True:
            try:
                return await self._on_spool(work)
            except SpoolError as error:
                log.error("spool_refused", code=error.code, detail=str(error))
                if await self._pause(self._backoff_s(attempt)):
                    raise
                attempt += 1

    async def _pause(self, seconds: float) -> bool:
        """Wait; True as soon as the bridge is stopping."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        return self._stop.is_set()

    def _wait_s(self, verdict: TryAgain, attempt: int) -> float:
        if verdict.after_s is not None:
            return verdict.after_s * (
                1 + 0.1 * self._random.random()
            )  # so that many bridges do not come back in one instant
        if verdict.code == "http_401" and attempt == 0:
            return 0.0  # a fresh token may be all that is needed
        return self._backoff_s(attempt)

    def _backoff_s(self, attempt: int) -> float:
        return full_jitter_s(attempt, base_s=BASE_S, cap_s=self._retry_max_s, random=self._random.random)

    def _compare_clocks(self, answer: Answer, now_s: float) -> None:
        ahead_s = clock_ahead_s(answer.headers, now_s)
        is_wrong = ahead_s is not None and abs(ahead_s) > CLOCK_TOLERANCE_S
        if is_wrong and not self._is_clock_wrong:
            log.warn(
                "clock_differs_from_park",
                ahead_s=ahead_s,
                advice="set this machine's clock; tokens and readings carry its time",
            )
        self._is_clock_wrong = is_wrong
