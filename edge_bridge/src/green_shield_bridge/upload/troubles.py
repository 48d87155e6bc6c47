"""Blocks that the park keeps answering with an error of its own. Pure: times are arguments, monotonic seconds.

Such a block cools down while others go, so that one the park cannot digest holds nobody back. When it has failed often
while others were taken, it is the block and not the park. Where none is taken, nobody can tell which it is: then a further block
is begun from time to time, and the troubled ones are halved, until something that the park takes shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass

COOL_AFTER = 3
POISON_AFTER = 8
MAX_TROUBLED = 4
MAX_OPEN = 64
ANOTHER_AFTER_S = 30.0
BASE_S = 0.5


@dataclass(slots=True)
class _Trouble:
    first_s: float
    failures: int = 0
    until_s: float = float("-inf")


class Troubles:
    """Bounded: while so many blocks are in trouble, new ones are begun only now and then, and never more than MAX_OPEN."""

    def __init__(self, *, cool_max_s: float, random: Callable[[], float]) -> None:
        self._cool_max_s = cool_max_s
        self._random = random
        self._by_block: dict[str, _Trouble] = {}
        self._accepted_s = float("-inf")
        self._begun_s = float("-inf")

    def may_begin(self, now_s: float) -> bool:
        """Whether a further block may be tried."""
        troubled = self._troubled
        return troubled < MAX_TROUBLED or (troubled < MAX_OPEN and now_s - self._begun_s >= self._another_after_s)

    @property
    def _another_after_s(self) -> float:
        return min(ANOTHER_AFTER_S, self._cool_max_s)

    @property
    def _troubled(self) -> int:
        return sum(trouble.failures >= COOL_AFTER for trouble in self._by_block.values())

    def failed(self, block_id: str, now_s: float) -> float:
        """Note an error answer. Returns for how long the block cools down; 0 while it still has the line."""
        if block_id not in self._by_block:
            self._begun_s = now_s
        trouble = self._by_block.setdefault(block_id, _Trouble(now_s))
        trouble.failures += 1
        if trouble.failures < COOL_AFTER:
            return 0.0
        longest_s = min(self._cool_max_s, BASE_S * 2.0 ** min(trouble.failures, 32))
        cool_s = longest_s * (0.5 + 0.5 * self._random())
        trouble.until_s = now_s + cool_s
        return cool_s

    def is_poison(self, block_id: str) -> bool:
        trouble = self._by_block.get(block_id)
        return trouble is not None and trouble.failures >= POISON_AFTER and self._accepted_s > trouble.first_s

    def is_stuck(self, block_id: str) -> bool:
        """Whether it failed as often, but so did all others, so that it may be the park as well: its halves may tell."""
        trouble = self._by_block.get(block_id)
        return trouble is not None and trouble.failures >= POISON_AFTER and self._troubled >= MAX_TROUBLED

    def accepted(self, block_id: str, now_s: float) -> None:
        self._accepted_s = now_s
        self.closed(block_id)

    def closed(self, block_id: str) -> None:
        """The block is no more: taken, set aside or split."""
        self._by_block.pop(block_id, None)

    def cooling(self, now_s: float) -> frozenset[str]:
        return frozenset(block for block, trouble in self._by_block.items() if trouble.until_s > now_s)

    def next_s(self, now_s: float) -> float | None:
        """Seconds until a block has cooled down; None where none is cooling."""
        waits = [trouble.until_s - now_s for trouble in self._by_block.values() if trouble.until_s > now_s]
        return min(waits, default=None)
