"""What was learnt of a unit, and advice that follows of it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from chalicelib.api.models.laws import (
        AdviceOut,
        AdvicesOut,
        CouplingLawOut,
        DeclinedOut,
        EffectOut,
        LawOut,
        MeasuredOut,
        UnclaimedOut,
    )
    from chalicelib.domain.advice import Advice, Declined, Effect
    from chalicelib.domain.catalogue import Catalogue
    from chalicelib.domain.enterprise import Profile
    from chalicelib.domain.law import Law, Measured, Unclaimed, UnitLaws

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/units/{unit_id}/coupling-law", summary="How a unit's emissions and energy answer its safety indicators, as learnt",
    action=Action.READ_LAW, query="laws.LawQuery", response="laws.CouplingLawOut", problems=(NotFound,),
)  # fmt: skip
def get_coupling_law(call: Call, unit_id: str) -> CouplingLawOut:
    from chalicelib.api.models.laws import CouplingLawOut
    from chalicelib.usecases.advise_enterprise import read_laws

    ports = call.services
    unit, laws = read_laws(unit_id, call.query.at, call.person, registry=ports.registry, laws=ports.laws)
    if laws is None:
        reason = text("word.no_advice.not_learnt", call.language)
        return CouplingLawOut(unit_id=unit.id, says=[], laws=[], unclaimed=[], reason_text=reason)
    return _laws(laws, ports.catalogues.current(), call.language)


@endpoint(
    api, "GET", "/v1/enterprises/{enterprise_id}/advice", summary="Set-point changes that lower risk and emissions together",
    action=Action.READ_LAW, query="laws.AdviceQuery", response="laws.AdvicesOut", problems=(NotFound,),
)  # fmt: skip
def get_advice(call: Call, enterprise_id: str) -> AdvicesOut:
    from chalicelib.api.models.laws import AdvicesOut
    from chalicelib.domain.advice import Advice, Declined
    from chalicelib.usecases.advise_enterprise import advise_enterprise
    from chalicelib.usecases.see_enterprise import see_enterprise

    ports = call.services
    found = advise_enterprise(
        enterprise_id, call.query.unit, ports.clock.now_ms(), call.person,
        registry=ports.registry, catalogues=ports.catalogues, states=ports.states, laws=ports.laws,
    )  # fmt: skip
    profile, catalogue = see_enterprise(enterprise_id, call.person, registry=ports.registry), ports.catalogues.current()
    return AdvicesOut(
        enterprise_id=enterprise_id,
        items=[_advice(one, profile, catalogue, call.language) for one in found if isinstance(one, Advice)],
        declined=[_declined(one, call.language) for one in found if isinstance(one, Declined)],
    )


def _laws(laws: UnitLaws, catalogue: Catalogue, language: str) -> CouplingLawOut:
    from chalicelib.api.models.laws import CouplingLawOut
    from chalicelib.domain.law_words import law_sentence

    by_cause = groupby(sorted(laws.laws, key=_cause), key=_cause)
    return CouplingLawOut(
        unit_id=laws.unit_id,
        fitted_at=laws.fitted_at_ms,
        from_=laws.from_ms,
        to=laws.to_ms,
        says=[law_sentence(of_one, catalogue, language) for _, of_one in by_cause],
        laws=[_law(law, catalogue, language) for law in laws.laws],
        unclaimed=[_unclaimed(one, catalogue, language) for one in laws.unclaimed],
        reason_text=None if laws.laws else text("word.no_advice.no_law", language),
    )


def _cause(law: Law) -> str:
    return law.cause.point_id


def _law(law: Law, catalogue: Catalogue, language: str) -> LawOut:
    from chalicelib.api.models.laws import IntervalOut, LawOut

    estimate, low, high = (round(percent, 6) for percent in law.fit.percent_per_unit)
    return LawOut(
        cause=_measured(law.cause, catalogue, language),
        response=_measured(law.response, catalogue, language),
        percent_per_unit=IntervalOut(estimate=estimate, low=low, high=high),
        lag_s=law.fit.lag_ms / 1000,
        n=law.fit.n,
        r2=law.fit.r2,
        valid_from=law.fit.valid_from,
        valid_to=law.fit.valid_to,
        step_s=law.fit.step_ms / 1000,
    )


def _unclaimed(one: Unclaimed, catalogue: Catalogue, language: str) -> UnclaimedOut:
    from chalicelib.api.models.laws import UnclaimedOut

    return UnclaimedOut(
        cause=_measured(one.cause, catalogue, language),
        response=_measured(one.response, catalogue, language),
        reason=one.reason,
        reason_text=text(f"word.no_law.{one.reason.value}", language),
        n=one.n,
    )


def _measured(one: Measured, catalogue: Catalogue, language: str) -> MeasuredOut:
    from chalicelib.api.models.laws import MeasuredOut

    known = catalogue.indicators.get(one.indicator)
    view = MeasuredOut.model_validate(one)
    if known is not None:
        view.name, view.unit = known.name[language], known.unit
    return view


def _advice(advice: Advice, profile: Profile, catalogue: Catalogue, language: str) -> AdviceOut:
    from chalicelib.api.models.laws import AdviceOut
    from chalicelib.domain.law_words import advice_sentence

    return AdviceOut(
        unit_id=advice.unit_id,
        rule_id=advice.rule_id,
        says=advice_sentence(advice, profile.units_by_id[advice.unit_id].name, catalogue, language),
        cause=_measured(advice.cause, catalogue, language),
        value=advice.value,
        measured_at=advice.measured_at_ms,
        target=advice.target,
        effects=[_effect(one, catalogue, language) for one in advice.effects],
        fitted_at=advice.fitted_at_ms,
    )


def _effect(effect: Effect, catalogue: Catalogue, language: str) -> EffectOut:
    from chalicelib.api.models.laws import EffectOut, IntervalOut

    change, low, high = (round(f * 100.0, 6) for f in (effect.change, effect.change_low, effect.change_high))
    return EffectOut(
        response=_measured(effect.response, catalogue, language),
        percent=IntervalOut(estimate=change, low=low, high=high),
        lag_s=effect.lag_ms / 1000,
    )


def _declined(declined: Declined, language: str) -> DeclinedOut:
    from chalicelib.api.models.laws import DeclinedOut

    return DeclinedOut(
        unit_id=declined.unit_id,
        rule_id=declined.rule_id,
        reason=declined.reason,
        reason_text=text(f"word.no_advice.{declined.reason.value}", language),
    )
