"""The table of list prices (prices.yaml), and what a quantity costs by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).parent / "prices.yaml"
Tiers = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Price:
    """`tiers`: (units up to which, price of `per` units); the last tier's bound is infinite. `seen` empty: it could not be verified."""

    per: int
    tiers: Tiers
    page: str
    seen: str = ""
    is_official: bool = False

    def of(self, quantity: float) -> float:
        """What so many units of a month cost, each tier's at its own price."""
        cost, from_units = 0.0, 0.0
        for up_to, price in self.tiers:
            cost += max(0.0, min(quantity, up_to) - from_units) * price / self.per
            from_units = up_to
        return cost


@dataclass(frozen=True, slots=True)
class PriceList:
    region: str
    currency: str
    read: str
    prices: Mapping[str, Price]

    def cost(self, name: str, quantity: float) -> float:
        """Raises KeyError for what has no price: nothing is free by being forgotten."""
        return self.prices[name].of(quantity)


def price_list(region: str) -> PriceList:
    given: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))[region]
    return PriceList(
        region, given["currency"], given["read"], {name: _price(one) for name, one in given["prices"].items()}
    )


def _price(given: Mapping[str, Any]) -> Price:
    tiers = given.get("tiers", [[None, given.get("price")]])
    bounded = tuple((float("inf") if up_to is None else float(up_to), float(price)) for up_to, price in tiers)
    return Price(given["per"], bounded, given["page"], given.get("seen", ""), given.get("official", False))
