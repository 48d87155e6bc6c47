"""Learn foresight for regions from their warnings and their weather. Run by the schedule; each region once a day."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from chalicelib.domain.foresight import Foresight
from chalicelib.domain.foresight_features import LOOK_BACK_MS
from chalicelib.domain.warning import WarningState
from chalicelib.domain.weather import DAY_MS, HOUR_MS, WeatherKind, hour_of, observed_first
from chalicelib.ports import ForesightRepo, RegistryRepo, WarningRepo, WeatherRepo

HISTORY_MS = 5 * 365 * DAY_MS
PAGE = 100
HAPPENED = frozenset({WarningState.OPEN, WarningState.CLEARED})  # late ones too


def fit_foresight(
    region: str,
    now_ms: int,
    *,
    registry: RegistryRepo,
    warnings: WarningRepo,
    weather: WeatherRepo,
    foresights: ForesightRepo,
    zone: ZoneInfo,
) -> Foresight:
    """Learn from the hours since the region's first warning (before it nobody may have watched), five years at most."""
    from chalicelib.domain.backtest import learn  # numpy
    from chalicelib.domain.foresight_fit import history

    end_ms = hour_of(now_ms)
    onsets = [
        onset_ms
        for enterprise in registry.enterprises()
        if enterprise.region == region
        for onset_ms in _onsets(enterprise.id, end_ms - HISTORY_MS, warnings)
    ]
    start_ms = hour_of(min(onsets)) + HOUR_MS if onsets else end_ms
    seen = observed_first(weather.between(region, WeatherKind.OBSERVED, start_ms - LOOK_BACK_MS, end_ms))
    learnt = learn(region, history(seen, onsets, start_ms, end_ms, zone), now_ms)
    foresights.put(learnt)
    return learnt


def _onsets(enterprise_id: str, from_ms: int, warnings: WarningRepo) -> Iterator[int]:
    cursor = None
    while True:
        page = warnings.listing(enterprise_id, cursor, PAGE)
        for one in page.items:
            if one.onset_ms < from_ms:
                return
            if one.state in HAPPENED:
                yield one.onset_ms
        if (cursor := page.cursor) is None:
            return
