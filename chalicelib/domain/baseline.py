"""The baseline of a point: a time-decayed robust mean.

Weights halve every half-life of event time, learning or not. A value further than `CLIP` scales from the mean counts as if it
stood there (Huber's winsorised update), so a spike cannot drag the mean away. The scale is the decayed mean absolute deviation,
and never less than `LEAST_SCALE` of the mean: a signal that has stood still must not believe its first spike.
"""

from math import exp

LN2 = 0.6931471805599453
CLIP = 3.0
MAD_TO_SIGMA = 1.2533141373155  # sqrt(pi / 2), of a normal distribution
LEAST_SCALE = 0.01
SETTLED = 5  # with fewer values there is no scale to clip by


def decayed(weight: float, elapsed_ms: int, half_life_ms: int) -> float:
    """What is left of a weight after so much event time."""
    return weight * exp(-LN2 * elapsed_ms / half_life_ms)


def learn(mean: float, scale: float, weight: float, count: int, value: float) -> tuple[float, float, float, int]:
    """(mean, scale, weight, count) after one more valid value; `weight` is decayed to the value's instant."""
    if count == 0:
        return value, 0.0, 1.0, 1
    total = weight + 1.0
    residual = value - mean
    if count >= SETTLED:
        least = LEAST_SCALE * abs(mean)
        bound = CLIP * MAD_TO_SIGMA * (scale if scale > least else least)
        if bound > 0.0:
            residual = bound if residual > bound else -bound if residual < -bound else residual
    mean += residual / total
    scale += (abs(residual) - scale) / total
    return mean, scale, total, count + 1
