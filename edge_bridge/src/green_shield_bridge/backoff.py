"""How long to wait before trying again."""

from collections.abc import Callable


def full_jitter_s(attempt: int, *, base_s: float, cap_s: float, random: Callable[[], float]) -> float:
    """Exponential backoff with full jitter: 0 to base * 2^attempt, at most the cap. `attempt` counts from 0."""
    return random() * min(cap_s, base_s * 2.0 ** min(attempt, 32))


def suspension_s(failures: int, *, base_s: float, cap_s: float) -> float:
    """How long a device is left alone after so many failures in a row: doubling; 0 after none."""
    return min(cap_s, base_s * 2.0 ** min(failures - 1, 32)) if failures else 0.0
