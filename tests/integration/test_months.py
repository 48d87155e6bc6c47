"""Settling a month where not all is there: data that was not sent, enterprises that cannot be counted, parks that stood still."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from chalicelib.domain.score import Cause
from chalicelib.domain.times import month_span
from chalicelib.handlers.on_learn import on_learn
from chalicelib.observability import FunctionFailed
from tests.integration.test_completeness import uploads
from tests.park import Park
from tests.year import DAY_MS, HOUR_MS, MONTHLY, months_pass


def lots(*drawn: int) -> Any:
    """Draws these, again and again."""
    numbers: Iterator[int] = cycle(drawn)
    return lambda bound: next(numbers) % bound


def data_of(park: Park) -> tuple[float | None, list[float]]:
    """(the share that was found, the points that it cost)."""
    figures = park.services.results.figures("acme", "2026-03")
    assert figures is not None
    entries = park.services.scores.of_month("acme", "2026-03")
    return figures.data, [one.points for one in entries if one.cause is Cause.DATA]


def test_who_never_sent_anything_owes_no_data() -> None:
    park = Park().register()
    months_pass(park, "2026-03")
    assert data_of(park) == (None, [])


@pytest.mark.parametrize(
    ("drawn", "share", "points"),
    [
        pytest.param((0, 1), 1.0, [], id="all came and can be judged"),
        pytest.param((2,), 0.6, [-4.0], id="two readings of five are marked as invalid"),
        pytest.param((0, 3), 0.5, [-4.0], id="of two hours nothing came in one"),
        pytest.param((3, 4, 5), 0.0, [-8.0], id="nothing came"),
        pytest.param((0, 0, 0, 1), 1.0, [], id="an hour that is drawn twice is looked at once"),
    ],
)
def test_the_hours_that_are_drawn_decide(drawn: tuple[int, ...], share: float, points: list[float]) -> None:
    park = Park(randbelow=lots(*drawn)).register()
    for hour, flags in ((10, "NNNNN"), (11, "NNNNN"), (12, "NNNDD")):
        uploads(park, hour * 60, (5 * hour, 5 * hour + 4), flags=flags)
    park.pump()
    months_pass(park, "2026-03")
    assert data_of(park) == (share, points)


def test_rows_that_the_spool_had_and_the_park_has_not_are_missing() -> None:
    park = Park(randbelow=lots(0)).register()
    uploads(park, 600, (1, 5))
    uploads(park, 610, (11, 15))
    park.pump()
    months_pass(park, "2026-03")
    assert data_of(park)[0] == pytest.approx(10 / 15, abs=0.001)


def test_chance_is_asked_once_however_often_a_month_is_counted() -> None:
    park = Park(randbelow=lots(0, 3, 4, 5, 6, 7, 8, 9)).register()
    uploads(park, 600, (1, 5))
    park.pump()
    months_pass(park, "2026-03")
    first = data_of(park)
    park.clock.ms += HOUR_MS
    months_pass(park, "2026-03")
    assert data_of(park) == first


class _Broken:
    """A store of blocks that cannot be read, for one enterprise."""

    def __init__(self, blocks: Any) -> None:
        self._blocks, self.is_broken = blocks, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blocks, name)

    def beyond(self, enterprise_id: str, *given: Any, **more: Any) -> Any:
        if self.is_broken and enterprise_id == "acme":
            raise TimeoutError("blocks")
        return self._blocks.beyond(enterprise_id, *given, **more)


def test_one_that_cannot_be_counted_holds_up_the_others_for_a_day_and_follows_when_it_can() -> None:
    park = Park().register()
    broken = _Broken(park.services.blocks)
    object.__setattr__(park.services, "blocks", broken)
    start_ms = month_span("2026-03", park.services.zone)[1] + 2 * DAY_MS

    def hour(at_ms: int) -> None:
        park.clock.ms = at_ms
        with pytest.raises(FunctionFailed):
            on_learn(park.services, MONTHLY)
        park.pump()

    for n in range(3):
        hour(start_ms + n * HOUR_MS)
    assert park.services.results.get("other", "2026-03") is None
    for n in range(3):
        hour(start_ms + DAY_MS + n * HOUR_MS)
    assert park.services.results.get("other", "2026-03") is not None
    assert park.services.results.get("acme", "2026-03") is None
    first = park.services.results.ranking("2026-03")
    assert first is not None and first.enterprises == 1
    broken.is_broken = False
    park.clock.ms = start_ms + DAY_MS + 5 * HOUR_MS
    for _ in range(3):
        on_learn(park.services, MONTHLY)
        park.pump()
        park.clock.ms += HOUR_MS
    assert park.services.results.get("acme", "2026-03") is not None
    second = park.services.results.ranking("2026-03")
    assert second is not None and (second.revision, second.enterprises) == (2, 2)


def test_a_park_that_stood_still_catches_up_month_by_month() -> None:
    park = Park().register()
    months_pass(park, "2026-03")
    park.clock.ms = month_span("2026-07", park.services.zone)[0] + 5 * DAY_MS
    for _ in range(12):
        on_learn(park.services, MONTHLY)
        park.pump()
        park.clock.ms += HOUR_MS
    months = [one.month for one in park.services.results.listing("acme", None, 10).items]
    assert months == ["2026-06", "2026-05", "2026-04", "2026-03"]
    assert [one.month for one in park.services.results.rankings(None, 10).items] == months
