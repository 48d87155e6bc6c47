"""A why-card in words. What is past something is rounded down, so that no sentence claims a trigger or a bound not reached."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from zoneinfo import ZoneInfo

from chalicelib.domain.messages import text
from chalicelib.domain.plan import RELATIVE
from chalicelib.domain.times import local_minute
from chalicelib.domain.warning import Warning, WarningState, WhyCard, WhyTerm
from chalicelib.domain.way_back import Way, decimals, falls, rounded

DIGITS = 5
ALMOST = 1e-6  # a figure that floating point left just short of a round one is that one
UNITS = {"Cel": "℃", "m3": "m³", "ug": "μg"}  # UCUM, as people write it
NO_UNIT = re.compile(r"1|\{[^}]*\}")


def shortened(value: float) -> float:
    """`value` to at most DIGITS significant digits; those before the point all stay."""
    return value if value == 0.0 else round(value, max(DIGITS - 1 - floor(log10(abs(value))), 0))


def floored(value: float, places: int) -> float:
    return floor(value * 10.0**places + ALMOST) / 10.0**places


def past(value: float, places: int) -> str:
    """A figure that must not look further than it is."""
    return f"{floored(value, places):.{max(places, 0)}f}"


def plain(value: float) -> str:
    """Without exponent and without zeros at the end."""
    return f"{value:.12f}".rstrip("0").rstrip(".")


def unit_word(ucum: str) -> str:
    """A unit as people write it; empty for a pure number."""
    if NO_UNIT.fullmatch(ucum):
        return ""
    for code, word in UNITS.items():
        ucum = ucum.replace(code, word)
    return ucum.replace("{", "").replace("}", "")


def clipped(written: str, most: int) -> str:
    """At most so many characters. Without control characters: nobody reads them, and JSON spends six bytes on each."""
    written = "".join(letter for letter in written if letter.isprintable())
    return written if len(written) <= most else written[: max(most - 1, 0)] + "…"


@dataclass(frozen=True, slots=True)
class Voice:
    """Says a card in one language. `names` are the indicators' names by id; ids stand in for those it does not have.

    `most` is how many characters a name may have.
    """

    language: str
    names: Mapping[str, str]
    most: int = 100

    def name(self, indicator: str) -> str:
        return clipped(self.names.get(indicator, indicator), self.most)

    def term(self, term: WhyTerm) -> str:
        """What was measured, and how far it is past what it was compared with."""
        said = {"name": self.name(term.indicator), "value": self._quantity(plain(shortened(term.value)), term)}
        if term.deviation <= 0.0:
            return self._say("term.normal", **said)
        known = "learnt" if term.baseline_learnt else "nominal"
        said |= {
            "reference": self._reference(term),
            "excess": _percent(term) if term.trigger in RELATIVE else self._quantity(_distance(term), term),
            "baseline": self._say(f"baseline.{known}"),
        }
        return self._say(f"term.{term.trigger.value}", **said, times=past(term.deviation, 1))

    def rule(self, card: WhyCard, name: str) -> str:
        version = clipped(card.catalogue_version, self.most)
        return self._say("rule", rule=name, rule_version=card.rule_version, catalogue_version=version)

    def sum(self, card: WhyCard, tier: int, *, is_observed: bool, wants_energy: bool) -> str:
        """The arithmetic, from the magnitude to the tier."""
        figures = {
            "magnitude": past(card.magnitude, 2),
            "coefficient": past(card.coefficient, 2),
            "base": past(card.base_risk, 2),
            "weight": plain(card.industry_weight),
            "factor": plain(card.size_factor),
            "score": past(card.composite_score, 1),
            "threshold": plain(card.warning_threshold),
        }
        said = self._say("sum_observed" if is_observed else "sum", **figures, tier=tier)
        is_left_out = wants_energy and all(term.role != "energy" for term in card.terms)
        return said + self._say("no_energy") if is_left_out else said

    def late(self, warning: Warning, zone: ZoneInfo) -> str | None:
        """What data that came late have to do with the warning; None: nothing."""
        if warning.superseded_by:
            return self._say("superseded", by=warning.superseded_by)
        if warning.state is WarningState.WITHDRAWN:
            return self._say("withdrawn")
        return self._say("retroactive", at=local_minute(warning.opened_at_ms, zone)) if warning.retroactive else None

    def way(self, way: Way, terms: Sequence[WhyTerm]) -> str:
        """Which value of which term brings the coefficient under the way's bound."""
        alone, together = self._parts(way.alone, terms), self._parts(way.together, terms)
        below = plain(way.below)
        first = self._say("way.alone", parts=self._say("or").join(alone), below=below)
        if not alone:
            first = self._say("way.none", below=below)
        return first + (
            self._say("way.together", parts=self._say("and").join(together)) if together else self._say("way.last")
        )

    def clearing(self, terms: Sequence[WhyTerm], rounds: int) -> str:
        """When the warning clears: every term that decides is back, for so many rounds."""
        parts = [self._clears(term) for term in terms if term.role != "energy"]
        return self._say("clears", parts=self._say("both").join(parts), rounds=rounds)

    def _clears(self, term: WhyTerm) -> str:
        how = "within" if term.band is not None else "below" if falls(term) else "above"
        value = self._quantity(self._say("to").join(plain(value) for value in clears_at(term)), term)
        return self._say(f"clears.{how}", name=self.name(term.indicator), value=value)

    def _reference(self, term: WhyTerm) -> str:
        edges = [plain(shortened(edge)) for edge in term.band or (term.reference or 0.0,)]
        return self._quantity(self._say("to").join(edges), term)

    def _parts(self, values: Sequence[float | None], terms: Sequence[WhyTerm]) -> list[str]:
        return [
            self._say(
                "falls" if falls(term) else "rises",
                name=self.name(term.indicator),
                value=self._quantity(plain(value), term),
            )
            for value, term in zip(values, terms, strict=False)
            if value is not None
        ]

    def _quantity(self, figure: str, term: WhyTerm) -> str:
        return self._say("quantity", figure=figure, unit=clipped(unit_word(term.unit), self.most)).strip()

    def _say(self, key: str, **params: object) -> str:
        return text(f"why.{key}", self.language, **params)


def clears_at(term: WhyTerm) -> tuple[float, ...]:
    """Beyond which value the term lets the warning clear, rounded towards normal; of a band its edges."""
    return term.return_to if term.band is not None else tuple(rounded(term, value) for value in term.return_to)


def _percent(term: WhyTerm) -> str:
    """Of its baseline, how far a value is from it."""
    return past(term.deviation * term.amount * 100.0, 0)


def _distance(term: WhyTerm) -> str:
    """How far a value is past its threshold, limit or band."""
    low, high = term.band or (term.reference or 0.0, term.reference or 0.0)
    return past(abs(term.value - (high if falls(term) else low)), decimals(term))
