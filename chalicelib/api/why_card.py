"""The why-card of a warning, made to fit: what is told at length as long as there is room, and what goes first where there is none."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from chalicelib.api.models.why import (
    NeighbourOut,
    NeighbourValueOut,
    OpenWarningOut,
    RemediesOut,
    SparkOut,
    WayOut,
    WhyDownwindOut,
    WhyOut,
    WhyPartOut,
    WhyReceptorOut,
    WhyRuleOut,
    WhySumOut,
)
from chalicelib.domain import coupling
from chalicelib.domain.catalogue import Indicator, Rule
from chalicelib.domain.downwind import Receptor, ReceptorKind, vague_m
from chalicelib.domain.enterprise import Point
from chalicelib.domain.messages import text
from chalicelib.domain.neighbour import Neighbour
from chalicelib.domain.plan import RELATIVE
from chalicelib.domain.reading import NORMAL, Series
from chalicelib.domain.sparkline import thin
from chalicelib.domain.state import PointState
from chalicelib.domain.warning import WarningState, WhyCard, WhyTerm
from chalicelib.domain.way_back import Way, decimals, ways_back
from chalicelib.domain.why_words import Voice, clears_at, clipped, floored, shortened
from chalicelib.usecases.read_why import Why, decided_at_ms

MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Room:
    """How much of each a card tells: points of a sparkline, neighbours and values of each, receptors, characters of a text and of a
    name."""

    points: int = 20
    neighbours: int = 6
    values: int = 4
    receptors: int = 6
    text: int = 300
    name: int = 60


FULL = Room()
BARE = Room(points=0, neighbours=0, values=0, receptors=0)
# In this order: sparklines, neighbours, receptors, texts.
ROOMS = (
    FULL,
    *(replace(FULL, points=points) for points in (14, 10, 7, 4, 0)),
    *(replace(FULL, points=0, neighbours=n, values=values) for n, values in ((6, 2), (4, 2), (4, 1), (2, 1), (2, 0))),
    *(replace(BARE, receptors=receptors) for receptors in (6, 3, 1, 0)),
    *(replace(BARE, text=text, name=name) for text, name in ((150, 40), (80, 30), (40, 20), (20, 12), (8, 6), (8, 2))),
)


def fitted(why: Why, language: str, zone: ZoneInfo) -> WhyOut:
    """The fullest card of at most MAX_BYTES as sent."""
    ways = ways_back(why.warning.why, {key: one.plausible for key, one in why.catalogue.indicators.items()})
    names = {key: one.name[language] for key, one in why.catalogue.indicators.items()}
    for room in ROOMS:
        card = _card(why, ways, Voice(language, names, room.name), zone, room)
        if size(card) <= MAX_BYTES:
            break
    return card


def bare(why: Why, language: str, zone: ZoneInfo) -> WhyOut:
    """The card without what would have to be read for it: no sparklines, neighbours or receptors."""
    ways = ways_back(why.warning.why, {key: one.plausible for key, one in why.catalogue.indicators.items()})
    names = {key: one.name[language] for key, one in why.catalogue.indicators.items()}
    return _card(why, ways, Voice(language, names, BARE.name), zone, BARE)


def size(card: WhyOut) -> int:
    return len(card.model_dump_json(exclude_none=True).encode())


def _card(why: Why, ways: tuple[Way, ...], voice: Voice, zone: ZoneInfo, room: Room) -> WhyOut:
    warning, card = why.warning, why.warning.why
    return WhyOut(
        warning_id=warning.id,
        tier=warning.tier,
        state=warning.state,
        enterprise_id=warning.enterprise_id,
        enterprise=clipped(why.profile.enterprise.name, room.name),
        unit_id=warning.unit_id,
        unit=clipped(why.unit_name, room.name),
        onset_at=warning.onset_ms,
        decided_at=decided_at_ms(warning),
        cleared_at=warning.cleared_at_ms,
        retroactive=warning.retroactive,
        known_as=warning.known_as or None,
        superseded_by=warning.superseded_by or None,
        late=voice.late(warning, zone),
        rule=_rule(why, voice, room),
        terms=_terms(why, voice, room),
        sum=_sum(why, voice),
        ways=[_way(one, card, voice) for one in ways],
        clears=None if why.rule is None else voice.clearing(card.terms, why.rule.off_delay),
        remedies=_remedies(why.rule, voice.language, room),
        neighbours=[_neighbour(one, voice, why, room) for one in why.neighbours[: room.neighbours]],
        neighbours_left_out=max(len(why.neighbours) - room.neighbours, 0) or None,
        downwind=_downwind(why, voice.language, room),
        shortened=_shortened(why, room),
    )


def _shortened(why: Why, room: Room) -> list[str]:
    cut = {
        "sparks": room.points < FULL.points,
        "neighbours": bool(why.neighbours) and (room.neighbours, room.values) != (FULL.neighbours, FULL.values),
        "downwind": bool(why.downwind.receptors) and room.receptors < FULL.receptors,
        "texts": room.text < FULL.text,
    }
    return [name for name, is_cut in cut.items() if is_cut]


def _rule(why: Why, voice: Voice, room: Room) -> WhyRuleOut:
    card = why.warning.why
    name = clipped(why.rule.name[voice.language] if why.rule else card.rule_id, voice.most)
    return WhyRuleOut(
        id=clipped(card.rule_id, room.text),
        version=card.rule_version,
        name=name,
        catalogue_version=clipped(card.catalogue_version, room.text),
        words=voice.rule(card, name),
    )


def _terms(why: Why, voice: Voice, room: Room) -> list[WhyPartOut]:
    terms = why.warning.why.terms
    by_role = {term.role: term.deviation for term in terms}
    parts = coupling.shares(by_role["safety"], by_role["response"], by_role.get("energy", 0.0))
    weights = dict(zip(("safety", "response", "energy"), parts, strict=True))
    return [_term(term, weights[term.role], why, voice, room) for term in terms]


def _term(term: WhyTerm, weight: float, why: Why, voice: Voice, room: Room) -> WhyPartOut:
    indicator = why.catalogue.indicators.get(term.indicator)
    series = why.series.get(term.point_id, Series(term.point_id, (), (), ""))
    return WhyPartOut(
        role=term.role,
        indicator=term.indicator,
        name=voice.name(term.indicator),
        dimension=term.dimension,
        point=term.point_id,
        value=shortened(term.value),
        unit=clipped(term.unit, voice.most),
        measured_at=term.measured_at_ms,
        trigger=term.trigger,
        reference=None if term.reference is None else shortened(term.reference),
        band=None if term.band is None else (shortened(term.band[0]), shortened(term.band[1])),
        baseline=("learnt" if term.baseline_learnt else "nominal") if term.trigger in RELATIVE else None,
        deviation=floored(term.deviation, 3),
        weight=round(weight, 3),
        flag=dict(zip(series.times_ms, series.flags, strict=True)).get(term.measured_at_ms, NORMAL),
        readings=len(series),
        flagged=sum(flag != NORMAL for flag in series.flags),
        standard=None if indicator is None else _standard(indicator, voice),
        clears_at=list(clears_at(term)),
        words=voice.term(term),
        spark=_spark(series, term, decided_at_ms(why.warning), room.points),
    )


def _standard(indicator: Indicator, voice: Voice) -> str | None:
    """Where the indicator's limit stands."""
    clause = "" if indicator.clause is None else indicator.clause[voice.language]
    return clipped(f"{indicator.standard or ''} {clause}".strip(), voice.most) or None


def _spark(series: Series, term: WhyTerm, decided_ms: int, most: int) -> SparkOut | None:
    """The normal readings, thinned, in steps that suit the trigger; None where there are none, or no room."""
    good = [
        (at_ms, value)
        for at_ms, value, flag in zip(series.times_ms, series.values, series.flags, strict=True)
        if flag == NORMAL
    ]
    points = thin(good, most)
    if not points:
        return None
    ago_s = [(decided_ms - at_ms) // 1000 for at_ms, _ in points]
    return SparkOut(ago_s=ago_s, values=[round(value, decimals(term)) for _, value in points])


def _sum(why: Why, voice: Voice) -> WhySumOut:
    warning, card = why.warning, why.warning.why
    is_observed = warning.state is WarningState.OBSERVED
    wants_energy = why.rule is not None and why.rule.energy is not None
    return WhySumOut(
        magnitude=floored(card.magnitude, 3),
        kappa=shortened(card.kappa),
        coefficient=floored(card.coefficient, 4),
        industry_weight=card.industry_weight,
        size_factor=card.size_factor,
        base_risk=shortened(card.base_risk),
        composite_score=floored(card.composite_score, 2),
        warning_threshold=card.warning_threshold,
        words=voice.sum(card, warning.tier, is_observed=is_observed, wants_energy=wants_energy),
    )


def _way(way: Way, card: WhyCard, voice: Voice) -> WayOut:
    return WayOut(below=way.below, alone=list(way.alone), together=list(way.together), words=voice.way(way, card.terms))


def _remedies(rule: Rule | None, language: str, room: Room) -> RemediesOut | None:
    if rule is None:
        return None
    return RemediesOut(
        risk=clipped(rule.risk_points[language], room.text),
        safety=clipped(rule.safety_standard[language], room.text),
        environment=clipped(rule.environment_requirement[language], room.text),
    )


def _neighbour(one: Neighbour, voice: Voice, why: Why, room: Room) -> NeighbourOut:
    return NeighbourOut(
        id=one.unit.id,
        name=clipped(one.unit.name, voice.most),
        side="upstream" if one.is_upstream else "downstream",
        warnings=[OpenWarningOut(id=identity, tier=tier) for identity, tier in one.warnings[:2]],
        values=[_neighbour_value(*pair, voice, why) for pair in one.values[: room.values]],
    )


def _neighbour_value(point: Point, state: PointState, voice: Voice, why: Why) -> NeighbourValueOut:
    indicator = why.catalogue.indicators.get(point.indicator)
    return NeighbourValueOut(
        name=voice.name(point.indicator),
        value=shortened(state.value) if state.valid else None,
        unit="" if indicator is None else clipped(indicator.unit, voice.most),
    )


def _downwind(why: Why, language: str, room: Room) -> WhyDownwindOut | None:
    found = why.downwind
    if not found.located:
        return None
    return WhyDownwindOut(
        wind=found.sector.wind,
        words=text(f"word.wind.{found.sector.wind.value}", language),
        to_deg=None if found.sector.to_deg is None else round(found.sector.to_deg),
        receptors=[_receptor(one, why.named, room) for one in found.receptors[: room.receptors]],
        left_out=max(len(found.receptors) - room.receptors, 0) or None,
    )


def _receptor(one: Receptor, named: frozenset[str], room: Room) -> WhyReceptorOut:
    if one.kind is ReceptorKind.ENTERPRISE and one.id not in named:
        return WhyReceptorOut(kind=one.kind, distance_m=vague_m(one.distance_m))
    return WhyReceptorOut(
        kind=one.kind,
        name=clipped(one.name, room.name),
        distance_m=round(one.distance_m),
        travel_s=None if one.travel_s is None else round(one.travel_s),
    )
