"""From packets to readings on disk: what is new goes to the sink, what came before is left out, both may then be answered.

The order is the promise: readings durable, then remembered as taken, then answered. Packets of one station are kept one after
the other, whatever connections they come by. After a refusal by the disk nobody knows which readings of it were stored after
all; so the spool is asked (`recall`) before anything further is taken.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import ClassVar

from green_shield_bridge import log
from green_shield_bridge.errors import BridgeError, SpoolError
from green_shield_bridge.hj212.packet import Packet
from green_shield_bridge.hj212.taken import Key
from green_shield_bridge.intake import Sink
from green_shield_bridge.sources.hj212_ledger import Ledger
from green_shield_bridge.sources.hj212_values import Instant, Values

RECALL_PAUSE_S = 3.0
_MAX_UNWRITTEN = 10_000

# (point, time_ms) of the newest rows of the spool: at least those of the last seconds before the bridge was started.
Recall = Callable[[], Awaitable[Iterable[tuple[str, int]]]]


class Resting(BridgeError):
    """Nothing is taken for a moment, so that a refusing disk is not asked the same again and again."""

    code: ClassVar[str] = "not_stored"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is new and on disk now, and instants that brought nothing new."""

    fresh: list[Instant]
    repeated: list[Key]


class Keeper:
    """One for each source. `keep` may be called by many connections at once."""

    def __init__(
        self,
        values: Values,
        sink: Sink,
        ledger: Ledger,
        mns: Iterable[str],
        recall: Recall | None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._values = values
        self._sink = sink
        self._ledger = ledger
        self._recall = recall
        self._must_recall = recall is not None
        self._monotonic_s = monotonic_s
        self._resume_s: float | None = None  # when the spool may be asked again
        self._recalling = asyncio.Lock()
        self._locks = {mn: asyncio.Lock() for mn in mns}
        self._unwritten: dict[Key, frozenset[str]] = {}  # taken, but the ledger's disk refused

    async def recall(self) -> None:
        """Learn from the spool what it holds that is not remembered as taken. Raises BridgeError."""
        async with self._recalling:
            if not self._must_recall or self._recall is None:
                return
            now_s = self._monotonic_s()
            if self._resume_s is not None and now_s < self._resume_s:
                raise Resting("the disk refused a moment ago")
            await self._ledger.add(self._values.marks_of(await self._recall()))
            self._must_recall = False
            self._resume_s = now_s + RECALL_PAUSE_S

    async def keep(self, packets: Sequence[Packet], now_ms: int) -> Kept:
        """Store what is new of these packets and return when it is on disk. Raises BridgeError: then nothing may be answered."""
        instants = [instant for packet in packets for instant in self._values.instants(packet, now_ms)]
        async with AsyncExitStack() as stack:
            for mn in sorted({instant.key.mn for instant in instants}):
                await stack.enter_async_context(self._locks[mn])
            await self.recall()
            kept = await self._sorted(instants)
            if kept.fresh:
                await self._store(kept.fresh)
            return kept

    async def _sorted(self, instants: Sequence[Instant]) -> Kept:
        """What has not been taken before, nor earlier in the same list; and what has."""
        known = dict(await self._ledger.known([instant.key for instant in instants]))
        kept = Kept([], [])
        for instant in instants:
            before = known.get(instant.key, frozenset()) | self._unwritten.get(instant.key, frozenset())
            new = instant.without(before)
            known[instant.key] = before.union(value.mark for value in new.values)
            if new.values:
                kept.fresh.append(new)
            else:
                kept.repeated.append(instant.key)
        return kept

    async def _store(self, fresh: Sequence[Instant]) -> None:
        for instant in fresh:
            values = instant.values
            flags = "".join(value.flag for value in values)
            self._sink.take(
                instant.key.time_ms, [value.point for value in values], [value.value for value in values], flags
            )
        try:
            await self._sink.durable()
        except BaseException:
            self._must_recall = self._recall is not None  # some may be stored; a cancelled wait says nothing either
            raise
        marks = [(instant.key, tuple(value.mark for value in instant.values)) for instant in fresh]
        try:
            await self._ledger.add(marks)
        except SpoolError as error:
            # The readings are safe, so the device may hear it; the memory of them has to do until the disk takes it.
            log.error("hj212_not_remembered", code=error.code, detail=str(error))
            self._unwritten.update(
                (key, frozenset(names) | self._unwritten.get(key, frozenset())) for key, names in marks
            )
            while len(self._unwritten) > _MAX_UNWRITTEN:
                del self._unwritten[next(iter(self._unwritten))]
