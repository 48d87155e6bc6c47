"""Months that pass, for tests and for the spec's examples."""

from chalicelib.domain.month import MonthFigures, next_month
from chalicelib.domain.supervision import Listing
from chalicelib.domain.times import month_span
from chalicelib.handlers.on_learn import JOBS, on_learn
from tests.park import Park

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
MONTHLY = tuple(job for job in JOBS if job.name in {"count_month", "settle_month", "publish_rankings"})


def months_pass(park: Park, *months: str) -> None:
    """Each is counted, settled and published in its time, and what follows is carried on."""
    for month in months:
        park.clock.ms = max(park.clock.ms, month_span(month, park.services.zone)[1] + 2 * DAY_MS)
        for _ in range(4):
            on_learn(park.services, MONTHLY)
            park.pump()
            park.clock.ms += HOUR_MS


def lists(park: Park, eid: str, month: str = "2026-05") -> None:
    """Put an enterprise on the list of key supervision."""
    at_ms = month_span(next_month(month), park.services.zone)[0]
    figures = MonthFigures(5, 2, 1, 6, counted_at_ms=at_ms)
    park.services.consequences.save_listing(Listing(eid, month, at_ms, figures, "east", "circular_chemical"), (), [])
