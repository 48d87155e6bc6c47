"""Exact samples of the discrete Laplace law, by integers and fractions alone: no float can make one answer likelier than promised.

P(X = x) = (1 - q) / (1 + q) * q^|x| with q = exp(-1 / scale), for every integer x. Canonne, Kamath, Steinke: The Discrete Gaussian for
Differential Privacy (2020), Algorithms 1 and 2. Every coin comes from the `RandBelow` that is passed in.
"""

import math
from collections.abc import Callable
from fractions import Fraction

RandBelow = Callable[[int], int]  # n -> one of 0, 1, ..., n - 1, each as likely as the other


def discrete_laplace(scale: Fraction, randbelow: RandBelow) -> int:
    """One sample, around 0; its deviation is about sqrt(2) * scale. Algorithm 2, with scale = t / s.

    Raises ValueError for a scale that is not positive.
    """
    if scale <= 0:
        raise ValueError(f"a scale of {scale}")
    while True:
        magnitude = _geometric(scale.numerator, randbelow) // scale.denominator
        is_negative = randbelow(2) == 1
        if magnitude or not is_negative:  # 0 has two signs, of which one is thrown away
            return -magnitude if is_negative else magnitude


def _geometric(t: int, randbelow: RandBelow) -> int:
    """n >= 0 with P(n) proportional to exp(-n / t): n = u + t * v, of which u is below t and v counts full steps of exp(-1)."""
    while True:
        u = randbelow(t)
        if bernoulli_exp(Fraction(u, t), randbelow):
            break
    v = 0
    while bernoulli_exp(Fraction(1), randbelow):
        v += 1
    return u + t * v


def bernoulli_exp(gamma: Fraction, randbelow: RandBelow) -> bool:
    """True with a chance of exp(-gamma), gamma >= 0. Algorithm 1.

    Up to 1 by the series of exp: the first k at which a coin of gamma / k falls is odd just so often. Beyond, exp(-1) for each whole
    step first.
    """
    while gamma > 1:
        if not bernoulli_exp(Fraction(1), randbelow):
            return False
        gamma -= 1
    k = 1
    while bernoulli(gamma / k, randbelow):
        k += 1
    return k % 2 == 1


def bernoulli(chance: Fraction, randbelow: RandBelow) -> bool:
    """True with a chance of 0 <= chance <= 1."""
    return randbelow(chance.denominator) < chance.numerator


def margin(scale: Fraction, share: float = 0.95) -> int:
    """The least n with P(|X| <= n) >= share: how far off an answer may be. P(|X| > n) = 2 q^(n + 1) / (1 + q)."""
    q = math.exp(-1 / scale)
    beyond = math.log((1 - share) * (1 + q) / 2) * -float(scale)
    return max(math.ceil(beyond) - 1, 0)
