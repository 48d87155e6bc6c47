"""Waiting for others who write the same rows: twice as long after each try, and nobody as long as another."""

import random
import time
from collections.abc import Callable

FIRST_S, MOST_S = 0.02, 2.0


class JitteredPatience:
    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, spread: Callable[[], float] = random.random
    ) -> None:
        self._sleep, self._spread = sleep, spread

    def wait(self, attempt: int) -> None:
        """`attempt` counts from 0. Between half and all of the time that falls to it."""
        self._sleep(min(FIRST_S * 2**attempt, MOST_S) * (0.5 + self._spread() / 2))
