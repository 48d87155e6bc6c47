"""The file of what was taken, on a thread of its own; what several connections add meanwhile goes in one commit.

A file that cannot be read is set aside under another name and a new one begun: that the bridge then may store a repeat is
better than that it stores nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from green_shield_bridge import log
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.hj212.taken import Key, Taken

_T = TypeVar("_T")
_Marks = tuple[Key, Iterable[str]]


class Ledger:
    """Opened at its first use; `close` ends its thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hj212")
        self._taken: Taken | None = None
        self._pending: list[_Marks] = []
        self._last: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None  # takes what is pending when the last one is done

    async def known(self, keys: Sequence[Key]) -> dict[Key, frozenset[str]]:
        return await self._on_thread(lambda taken: taken.known(keys))

    async def newest_ms(self, mn: str, cn: str) -> int | None:
        return await self._on_thread(lambda taken: taken.newest_ms(mn, cn))

    async def add(self, marks: Sequence[_Marks]) -> None:
        """Return when these are on disk. Raises SpoolError."""
        self._pending += marks
        if self._next is None:
            self._next = asyncio.create_task(self._commit_after(self._last))
        await asyncio.shield(self._next)

    async def close(self) -> None:
        for commit in (self._last, self._next):
            if commit is not None:
                await asyncio.wait([commit])
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown(wait=False)

    async def _commit_after(self, last: asyncio.Task[None] | None) -> None:
        if last is not None:
            await asyncio.wait([last])
        self._last, self._next = self._next, None
        marks, self._pending = self._pending, []
        await self._on_thread(lambda taken: taken.add(marks))

    async def _on_thread(self, work: Callable[[Taken], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(self._opened()))

    def _opened(self) -> Taken:
        if self._taken is None:
            self._taken = _open(self._path)
        return self._taken

    def _shut(self) -> None:
        if self._taken is not None:
            self._taken.close()
            self._taken = None


def _open(path: str) -> Taken:
    try:
        return Taken(path)
    except SpoolError as error:
        if not Path(path).exists():
            raise
        log.error("hj212_taken_set_aside", path=path, reason=str(error))
        for suffix in ("", "-wal", "-shm"):
            if Path(path + suffix).exists():
                Path(path + suffix).replace(f"{path}.damaged{suffix}")
        return Taken(path)
