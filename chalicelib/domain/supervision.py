"""The list of key supervision (绿色生产重点监管对象): who is put on it, at once, and who is taken off it, by rule."""

from dataclasses import dataclass, replace

from chalicelib.domain.catalogue import SupervisionPolicy
from chalicelib.domain.month import MonthFigures


@dataclass(frozen=True, slots=True)
class Listing:
    """An enterprise on the list: `month` and `figures` are what put it there, `off_month` what took it off."""

    enterprise_id: str
    month: str
    listed_at_ms: int
    figures: MonthFigures
    region: str
    industry: str
    off_month: str = ""
    off_at_ms: int | None = None
    version: int = 0

    @property
    def is_standing(self) -> bool:
        return self.off_at_ms is None

    def taken_off(self, month: str, at_ms: int) -> "Listing":
        return replace(self, off_month=month, off_at_ms=at_ms)


def must_be_listed(figures: MonthFigures, policy: SupervisionPolicy) -> bool:
    """Both at once: a rectification rate under the bound, and more exceedances than it."""
    is_slow = figures.rate is not None and figures.rate < policy.rate_below
    return is_slow and figures.exceedances > policy.exceedances_over


def may_leave(listing: Listing, month: str, figures: MonthFigures, policy: SupervisionPolicy) -> bool:
    """At the settlement of a month after the one that put it there: what was due is done, and little was exceeded."""
    is_done = figures.rate is None or figures.rate >= policy.off_rate
    return month > listing.month and is_done and figures.exceedances <= policy.off_exceedances
