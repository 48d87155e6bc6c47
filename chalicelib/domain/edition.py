"""Editions: lists that people keep, of which nothing is lost. Each change is an edition with its author, and so is taking a thing away."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Edition(Generic[T]):
    """`version` counts from 1. The value of what was taken away is what it was last."""

    value: T
    version: int
    by: str
    at_ms: int
    is_removed: bool = False
