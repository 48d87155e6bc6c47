"""From memory to disk: frames are collected for a moment and committed together.

A frame that was added is stored, or it is refused and in the gap ledger; the ledger entry of what memory could not hold goes
with the next commit. While the disk fails, frames wait in memory up to a declared number of readings. `durable` answers
for everything added before it was asked.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from green_shield_bridge import log
from green_shield_bridge.errors import BridgeError, SpoolError
from green_shield_bridge.frames import Frame, total
from green_shield_bridge.spool import Loss, Losses, loss_of
from green_shield_bridge.stats import Activity

RETRY_S = 1.0
MAX_WAITING = 10_000
_REMEMBERED_REFUSALS = 1_000

Store = Callable[[Sequence[Frame], Sequence[Loss]], Awaitable[Sequence[int]]]


class NotStored(BridgeError):
    """Some of what was added is not on disk and never will be. `reason`: disk_full, memory_full, stopped or busy."""

    code: ClassVar[str] = "not_stored"

    def __init__(self, reason: str) -> None:
        super().__init__(f"not on disk: {reason}")
        self.reason = reason


@dataclass(slots=True)
class _Refused:
    first: int
    last: int
    reason: str


class Writer:
    """Commits frames in groups.

    `store` takes frames and losses, and returns the indices of the frames that were refused; `stored` is called after each
    commit with what is then on disk.
    """

    def __init__(
        self,
        store: Store,
        stored: Callable[[Sequence[Frame]], None],
        activity: Activity,
        *,
        linger_s: float,
        memory_readings: int,
    ) -> None:
        self._store = store
        self._stored = stored
        self._activity = activity
        self._linger_s = linger_s
        self._memory_readings = memory_readings
        self._frames: list[tuple[int, Frame]] = []
        self._losses = Losses()
        self._added = 0
        self._settled = 0
        self._refused: deque[_Refused] = deque(maxlen=_REMEMBERED_REFUSALS)
        self._waiting: set[tuple[int, asyncio.Future[None]]] = set()
        self._is_due = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None  # while `run` runs
        self._timer: asyncio.TimerHandle | None = None
        self._is_stopping = False

    @property
    def position(self) -> int:
        """How many frames were ever added; give it to `durable` to ask only for what comes after."""
        return self._added

    def add(self, frame: Frame) -> None:
        self._added += 1
        if self._activity.in_memory + frame.count > self._memory_readings:
            self._refuse_for_memory(frame)
        else:
            self._frames.append((self._added, frame))
            self._activity.in_memory += frame.count
        self._arm(at_once=frame.is_urgent)

    def note(self, loss: Loss) -> None:
        """Something for the gap ledger; it goes with the next commit."""
        self._losses.add([loss])
        self._arm()

    def _arm(self, *, at_once: bool = False) -> None:
        """See to it that there is a commit: soon, or at once."""
        if at_once:
            self._is_due.set()
        elif self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(self._linger_s, self._is_due.set)

    async def durable(self, since: int | None = None) -> None:
        """Return when everything added before this call is on disk.

        Raises NotStored when any of it was refused, of what was added after the position `since`; without `since`, of what
        was not on disk yet when this was called. Cancelling it has no effect on others.
        """
        target = self._added
        since = self._settled if since is None else since
        if target > self._settled:
            await self._until(target)
        for refused in self._refused:
            if refused.last > since and refused.first <= target:
                raise NotStored(refused.reason)

    async def run(self) -> None:
        """Commit what comes in, until stopped; then once more."""
        self._loop = asyncio.get_running_loop()
        self._arm()
        while not self._is_stopping:
            await self._is_due.wait()
            if not await self.commit() and not self._is_stopping:
                await asyncio.sleep(RETRY_S)
        if not await self.commit():
            log.error("readings_lost_at_stop", readings=self._activity.in_memory)
        self._refuse_waiting("stopped")

    def stop(self) -> None:
        self._is_stopping = True
        self._is_due.set()

    async def commit(self) -> bool:
        """Store what is in memory. False: the disk failed, and all of it is still in memory."""
        numbered, self._frames = self._frames, []
        losses, self._losses = self._losses.all(), Losses()
        target = self._added
        self._is_due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if numbered or losses:
            try:
                refused = await self._store([frame for _, frame in numbered], losses)
            except SpoolError as error:
                self._take_back(numbered, losses, error)
                return False
            self._count(numbered, frozenset(refused))
        self._settle(target)
        return True

    def _count(self, numbered: Sequence[tuple[int, Frame]], refused: frozenset[int]) -> None:
        for index in sorted(refused):
            self._remember(numbered[index][0], "disk_full")
        kept = [frame for index, (_, frame) in enumerate(numbered) if index not in refused]
        self._activity.in_memory -= sum(frame.count for _, frame in numbered)
        self._activity.spooled += total(kept)
        if kept:
            self._stored(kept)

    def _take_back(self, numbered: list[tuple[int, Frame]], losses: Sequence[Loss], error: SpoolError) -> None:
        log.error("spool_refused", code=error.code, detail=str(error), in_memory=self._activity.in_memory)
        self._frames = numbered + self._frames
        self._losses.add(losses)
        self._is_due.set()

    def _refuse_for_memory(self, frame: Frame) -> None:
        self._activity.memory_full += frame.count
        loss = loss_of([frame], "memory_full")
        self._losses.add([loss] if loss else [])
        self._remember(self._added, "memory_full")

    def _remember(self, number: int, reason: str) -> None:
        latest = self._refused[-1] if self._refused else None
        if latest is not None and latest.reason == reason and latest.last == number - 1:
            latest.last = number
        else:
            self._refused.append(_Refused(number, number, reason))

    async def _until(self, target: int) -> None:
        if len(self._waiting) >= MAX_WAITING:
            raise NotStored("busy")
        waiter = target, asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter[1]
        finally:
            self._waiting.discard(waiter)

    def _settle(self, target: int) -> None:
        self._settled = max(self._settled, target)
        for number, waiter in self._waiting:
            if number <= self._settled and not waiter.done():
                waiter.set_result(None)

    def _refuse_waiting(self, reason: str) -> None:
        for _, waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(NotStored(reason))
