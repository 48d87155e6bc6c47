"""The gate: a reading that its point cannot have reached is doubted until the next one bears it out.

A lost or gained decimal point, and a step far beyond the point's own, look like a release for one reading. So one reading is held
back at most: the next is taken when it returns, when it stands where the doubted one stood, or when it lies to the same side. A
first reading is never doubted, none after a long silence, and none of a point that has hardly moved yet.
"""

from math import log2, log10

NEAR = 0.5  # a step of at most this share of the level is never looked at: it is the common case
KNOWN = 16  # moves: with fewer, nothing is known of how the point moves
SIZES = tuple(2.0 ** (n / 4.0) for n in range(-128, 128))  # the usual move is kept as one of these, in a byte
CLEAR = 8.0  # a level of fewer usual steps is noise about zero, as of a leak detector: nothing can be told from it
DECIMAL_WIDTH = 0.08  # of log10, so a factor of 8.3 to 12 (or the same about a hundred): the signal moves on meanwhile
STEPS = 30.0
LEAST_STEP = 0.1  # of the level: a coarse or very steady instrument must not take a real move for impossible
SILENCE_MS = 2 * 3_600_000


def size_of(change: float) -> int:
    """The index of the size nearest to a change."""
    return min(max(round(4.0 * log2(change)) + 128, 0), len(SIZES) - 1)


def learnt(size: int, change: float) -> int:
    """The usual move after one more: a step towards it. So it follows the median of the moves, whatever the largest are."""
    return min(size + 1, len(SIZES) - 1) if change > SIZES[size] else max(size - 1, 0)


def is_impossible(
    value: float, level: float, step: float, moves: int, elapsed_ms: float, max_rate_per_s: float | None
) -> bool:
    """Whether a point cannot well have come from `level` to `value`; `step` is its usual move, of as many as it made."""
    if elapsed_ms > SILENCE_MS:
        return False
    change = abs(value - level)
    if max_rate_per_s is not None and change * 1000.0 > max_rate_per_s * elapsed_ms:
        return True
    size = abs(level)
    if moves < KNOWN or size <= CLEAR * step:
        return False
    return change > STEPS * max(step, LEAST_STEP * size) or is_decimal_shift(value, level)


def is_decimal_shift(value: float, level: float) -> bool:
    """About 10 or 100 times the level, or a tenth or a hundredth of it, of the same sign."""
    if value * level <= 0.0:
        return False
    places = log10(value / level)
    nearest = round(places)
    return 1 <= abs(nearest) <= 2 and abs(places - nearest) < DECIMAL_WIDTH
