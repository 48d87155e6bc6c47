"""What a change at a giver would do for its receiver. Figures of an end that the reader may not see are left out here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.chain_gain import (
        IndicatorGainOut,
        OptimisationOut,
        ResponseGainOut,
        RiskGainOut,
        RuleGainOut,
        StepGainOut,
    )
    from chalicelib.api.models.laws import IntervalOut
    from chalicelib.domain.catalogue import Catalogue
    from chalicelib.domain.chain_gain import Gain, GainUnknown, Response, RuleGain, RuleUnknown, Span, StepGain
    from chalicelib.domain.coupling import Risk
    from chalicelib.usecases.see_chain_gain import ChainGains

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/chain/links/{link_id}/optimisation",
    summary="What less of what the giver's unit measures would do for the receiver's risk and cost", action=Action.READ_CHAIN,
    response="chain_gain.OptimisationOut", problems=(NotFound,),
)  # fmt: skip
def get_optimisation(call: Call, link_id: str) -> OptimisationOut:
    from chalicelib.api.models.chain_gain import OptimisationOut
    from chalicelib.usecases.see_chain_gain import see_chain_gain

    ports = call.services
    found = see_chain_gain(
        link_id,
        call.person,
        links=ports.links,
        registry=ports.registry,
        catalogues=ports.catalogues,
        states=ports.states,
        laws=ports.laws,
        clock=ports.clock,
    )
    words = _Words(found, ports.catalogues.current(), call.language)
    return OptimisationOut(
        link_id=found.link.id,
        passes_on=found.link.passes_on,
        lead_time_min=found.link.lead_time_min,
        learnt_at=found.learnt_at_ms,
        assumption_text=text("word.gain.assumption", call.language),
        indicators=[words.indicator(one) for one in found.gains],
    )


class _Words:
    """Tells what was found in a reader's language, as far as they may see either end."""

    def __init__(self, found: ChainGains, catalogue: Catalogue, language: str) -> None:
        self._found, self._catalogue, self._language = found, catalogue, language

    def indicator(self, one: Gain | GainUnknown) -> IndicatorGainOut:
        from chalicelib.api.models.chain_gain import IndicatorGainOut
        from chalicelib.domain.chain_gain import GainUnknown

        named = {"indicator": one.indicator, **self._named(one.indicator)}
        if isinstance(one, GainUnknown):
            return IndicatorGainOut(**named, steps=[], reason=one.reason, reason_text=self._why(one.reason.value))
        out = IndicatorGainOut(**named, steps=[self._step(step, one.value) for step in one.steps])
        if self._found.sees_giver:
            out.giver_value, out.measured_at = one.value, one.at_ms
        return out

    def _step(self, one: StepGain, level: float) -> StepGainOut:
        from chalicelib.api.models.chain_gain import StepGainOut

        return StepGainOut(
            percent=_percent(one.by),
            giver_value=round(level * (1.0 + one.by), 6) if self._found.sees_giver else None,
            arrives_percent=_percent(one.arrives),
            responses=[self._response(each) for each in one.responses] if self._found.sees_receiver else [],
            rules=[self._rule(each) for each in one.rules],
        )

    def _rule(self, one: RuleGain | RuleUnknown) -> RuleGainOut:
        from chalicelib.api.models.chain_gain import RuleGainOut
        from chalicelib.domain.chain_gain import RuleUnknown

        if isinstance(one, RuleUnknown):
            return RuleGainOut(rule_id=one.rule_id, reason=one.reason, reason_text=self._why(one.reason.value))
        out = RuleGainOut(
            rule_id=one.rule_id, score_change=_interval(one.score_change, 2), is_energy_held=one.is_energy_held
        )
        if self._found.sees_receiver:
            out.before, out.after = _risk(one.before), _risk(one.after)
            out.coefficient, out.score = _interval(one.coefficient, 4), _interval(one.score, 2)
        return out

    def _response(self, one: Response) -> ResponseGainOut:
        from chalicelib.api.models.chain_gain import ResponseGainOut
        from chalicelib.domain.chain_gain import Unknown

        named = {"point": one.point_id, "indicator": one.indicator, **self._named(one.indicator)}
        out = ResponseGainOut(**named, basis=one.basis, value=one.value, lag_s=one.lag_ms / 1000)
        if isinstance(one.change, Unknown):
            out.reason = out.cost_reason = one.change
            out.reason_text = out.cost_reason_text = self._why(one.change.value)
            return out
        out.percent = _interval(one.change.times(100.0), 3)
        if one.cost is None:
            out.cost_reason, out.cost_reason_text = "no_price", self._why("no_price")
        else:
            out.cost_per_hour, out.currency = _interval(one.cost, 2), self._catalogue.chain.currency
        return out

    def _named(self, indicator: str) -> dict[str, Any]:
        known = self._catalogue.indicators.get(indicator)
        return {
            "name": indicator if known is None else known.name[self._language],
            "unit": "" if known is None else known.unit,
        }  # fmt: skip

    def _why(self, reason: str) -> str:
        return text(f"word.gain.{reason}", self._language)


def _percent(fraction: float) -> float:
    return round(fraction * 100.0, 6)


def _interval(span: Span, places: int) -> IntervalOut:
    from chalicelib.api.models.laws import IntervalOut

    estimate, low, high = (round(one, places) + 0.0 for one in (span.estimate, span.low, span.high))
    return IntervalOut(estimate=estimate, low=low, high=high)


def _risk(risk: Risk) -> RiskGainOut:
    from chalicelib.api.models.chain_gain import RiskGainOut

    return RiskGainOut(coefficient=round(risk.coefficient, 4), score=round(risk.score, 2), tier=risk.tier)
