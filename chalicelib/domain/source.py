"""Rows of a bridge's spool: inclusive ranges of their numbers, and where a block's readings came from.

Ranges are (first, last) with first <= last. What merge() and subtract() return rises, and no two of it touch or overlap.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

RowRange = tuple[int, int]
MAX_RANGES = 1000  # of one block
MAX_ROW = 2**53 - 1  # what JSON carries exactly everywhere


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one spool that a block was made of. A spool's row numbers are never used twice."""

    spool: str
    rows: tuple[RowRange, ...]


def are_rising(rows: Sequence[RowRange]) -> bool:
    """Do the ranges rise without overlapping, each with first <= last?"""
    last = 0
    for first, end in rows:
        if first <= last or end < first:
            return False
        last = end
    return True


def merge(ranges: Iterable[RowRange]) -> tuple[RowRange, ...]:
    """The union of ranges in any order."""
    merged: list[RowRange] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged)


def subtract(ranges: Iterable[RowRange], taken: Iterable[RowRange]) -> tuple[RowRange, ...]:
    """What of `ranges` is not in `taken`."""
    return tuple(_rest(merge(ranges), merge(taken)))


def _rest(ranges: Sequence[RowRange], taken: Sequence[RowRange]) -> Iterator[RowRange]:
    at = 0
    for first, last in ranges:
        left = first
        while at < len(taken) and taken[at][0] <= last:
            if left < taken[at][0]:
                yield left, taken[at][0] - 1
            left = max(left, taken[at][1] + 1)
            if taken[at][1] > last:  # it may reach into the next range
                break
            at += 1
        if left <= last:
            yield left, last


def intersect(ranges: Sequence[RowRange], others: Sequence[RowRange]) -> tuple[RowRange, ...]:
    """What is in both."""
    return subtract(ranges, subtract(ranges, others))


def count_rows(ranges: Iterable[RowRange]) -> int:
    return sum(last - first + 1 for first, last in ranges)
