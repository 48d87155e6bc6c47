"""A sparkline: few points that keep the shape of many. First, last, lowest and highest always stay."""

from collections.abc import Sequence

LEAST = 4  # fewer cannot keep those

Point = tuple[int, float]  # instant in epoch ms, value


def thin(points: Sequence[Point], most: int) -> tuple[Point, ...]:
    """At most `most` of the points, in their order; none where `most` is under LEAST. `points` are by rising time.

    What lies between the first and the last is cut into equal spans of time, and the lowest and the highest of each stay
    (min-max decimation).
    """
    if most < LEAST:
        return ()
    if len(points) <= most:
        return tuple(points)
    first, *inner, last = points
    spans = (most - 2) // 2
    width = (last[0] - first[0]) / spans
    kept: dict[int, list[Point]] = {}
    for point in inner:
        span = kept.setdefault(min(int((point[0] - first[0]) / width), spans - 1), [point, point])
        if point[1] < span[0][1]:
            span[0] = point
        if point[1] > span[1][1]:
            span[1] = point
    return (first, *sorted({point for span in kept.values() for point in span}), last)
