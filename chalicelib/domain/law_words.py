"""Laws and advice in words, for people."""

from collections.abc import Iterable
from math import floor, log10

from chalicelib.domain.advice import Advice, Effect
from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.law import Law, Measured
from chalicelib.domain.messages import text
from chalicelib.domain.why_words import unit_word

NARROW = 2.0


def law_sentence(laws: Iterable[Law], catalogue: Catalogue, language: str) -> str:
    """What one unit more of a cause does to each response. The laws are of one cause and at least one."""
    known = list(laws)
    fits = [law.fit for law in known]
    by = _step(min(fit.valid_to - fit.valid_from for fit in fits))
    changes = [_change(law.response, *law.fit.change(by), catalogue, language) for law in known]
    cause = known[0].cause
    return text(
        "word.law.rises",
        language,
        name=_name(cause, catalogue, language),
        amount=_amount(by, cause, catalogue),
        changes=text("word.law.comma", language).join(changes),
    )


def advice_sentence(advice: Advice, unit_name: str, catalogue: Catalogue, language: str) -> str:
    """What to set and what is expected of it."""
    effects = [_effect(one, catalogue, language) for one in advice.effects]
    return text(
        "word.advice.lower" if advice.target < advice.value else "word.advice.raise",
        language,
        unit=unit_name,
        name=_name(advice.cause, catalogue, language),
        value=_amount(advice.value, advice.cause, catalogue),
        target=_amount(advice.target, advice.cause, catalogue),
        effects=text("word.law.comma", language).join(effects),
    )


def _step(span: float) -> float:
    """One unit, or where the law knows less than two of them a tenth, a hundredth, ..."""
    return 1.0 if span >= NARROW else 10.0 ** floor(log10(span / NARROW))


def _name(one: Measured, catalogue: Catalogue, language: str) -> str:
    indicator = catalogue.indicators.get(one.indicator)
    return one.indicator if indicator is None else indicator.name[language]


def _amount(value: float, one: Measured, catalogue: Catalogue) -> str:
    indicator = catalogue.indicators.get(one.indicator)
    unit = "" if indicator is None else unit_word(indicator.unit)
    return f"{value:.6g}{unit}" if unit == "℃" else f"{value:.6g} {unit}".rstrip()


def _change(one: Measured, change: float, low: float, high: float, catalogue: Catalogue, language: str) -> str:
    shown = {"change": change, "low": low, "high": high}
    figures = {name: _percent(value, "+") for name, value in shown.items()}
    return text("word.law.change", language, name=_name(one, catalogue, language), **figures)


def _effect(effect: Effect, catalogue: Catalogue, language: str) -> str:
    low, high = sorted((abs(effect.change_low), abs(effect.change_high)))
    return text(
        "word.advice.falls" if effect.change < 0.0 else "word.advice.grows",
        language,
        name=_name(effect.response, catalogue, language),
        change=_percent(abs(effect.change)),
        low=_percent(low),
        high=_percent(high),
    )


def _percent(fraction: float, sign: str = "") -> str:
    """One decimal, or for less than a percent two digits."""
    percent = fraction * 100.0
    return f"{percent:{sign}.1f}%" if abs(percent) >= 1.0 else f"{percent:{sign}.2g}%"
