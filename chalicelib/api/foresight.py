"""What is ahead: how likely coupled risk is by hour and region, and what to check before a freeze."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.foresight import CheckOut, ForesightOut, RegionAheadOut
    from chalicelib.domain.enterprise import Unit
    from chalicelib.domain.freeze import Freeze
    from chalicelib.usecases.read_foresight import RegionAhead

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/foresight", summary="Coupled risk of the next three days by hour and region, and freeze checks",
    action=Action.READ_FORESIGHT, query="foresight.ForesightQuery", response="foresight.ForesightOut", problems=(NotFound,),
)  # fmt: skip
def get_foresight(call: Call) -> ForesightOut:
    from chalicelib.api.models.foresight import ForesightOut
    from chalicelib.usecases.read_foresight import read_foresight

    ports = call.services
    ahead = read_foresight(
        call.person,
        call.query.region,
        ports.clock.now_ms(),
        registry=ports.registry,
        regions=ports.regions,
        catalogues=ports.catalogues,
        weather=ports.weather,
        foresights=ports.foresights,
        zone=ports.zone,
    )
    return ForesightOut(items=[_region(one, call.query.hours, call.language) for one in ahead])


def _region(one: RegionAhead, hours: int, language: str) -> RegionAheadOut:
    from chalicelib.api.models.foresight import BacktestOut, HistoryOut, OutlookOut, RegionAheadOut
    from chalicelib.domain.foresight import MIN_EVENTS, MIN_HOURS, Verdict

    known = one.known
    verdict = Verdict.UNFITTED if known is None else known.verdict
    return RegionAheadOut(
        region=one.region,
        verdict=verdict,
        verdict_text=text(f"word.foresight.{verdict.value}", language, days=MIN_HOURS // 24, events=MIN_EVENTS),
        history=None if known is None else HistoryOut.model_validate(known),
        backtest=None if known is None or known.backtest is None else BacktestOut.model_validate(known.backtest),
        hours=[OutlookOut.model_validate(hour) for hour in one.hours[:hours]],
        checks=[_check(freeze, one.units, language) for freeze in one.freezes],
    )


def _check(freeze: Freeze, units: tuple[Unit, ...], language: str) -> CheckOut:
    from chalicelib.api.models.foresight import CheckOut, CheckUnitOut

    return CheckOut(
        text=text("word.check.freeze", language, minimum=f"{freeze.minimum_c:.1f}", hours=freeze.hours_below_0),
        from_=freeze.from_ms,
        to=freeze.to_ms,
        minimum_c=freeze.minimum_c,
        hours_below_0=freeze.hours_below_0,
        hours_below_minus_5=freeze.hours_below_minus_5,
        after_mild=freeze.after_mild,
        hard=freeze.is_hard,
        units=[CheckUnitOut(enterprise_id=one.enterprise_id, unit_id=one.id, unit_name=one.name) for one in units],
    )
