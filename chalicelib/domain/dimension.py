"""The three dimensions of risk. A task's two sides are the first two of them."""

from enum import StrEnum


class Dimension(StrEnum):
    SAFETY = "safety"
    ENVIRONMENT = "environment"
    ENERGY = "energy"


SIDES = (Dimension.SAFETY, Dimension.ENVIRONMENT)
