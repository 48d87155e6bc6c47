"""Share a month's results along the chain: one entry for each enterprise, worked out once from what is then written down.

Called when a month is closed, after all else that writes into its ledgers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from chalicelib.domain.access import Action, require, require_sight
from chalicelib.domain.catalogue import Catalogue, ChainShare
from chalicelib.domain.chain import Link
from chalicelib.domain.chain_score import (
    ChainMonth,
    ChainPoints,
    Tie,
    chain_entries,
    chain_points,
    result_before,
    ties_of,
)
from chalicelib.domain.errors import NotFound
from chalicelib.domain.person import Person
from chalicelib.domain.score import ScoreEntry
from chalicelib.domain.times import month_span
from chalicelib.ports import CatalogueRepo, ChainMonthRepo, Clock, LinkRepo, RegistryRepo, ScoreRepo


def share_chain_results(
    month: str,
    at_ms: int,
    *,
    chain_months: ChainMonthRepo,
    links: LinkRepo,
    registry: RegistryRepo,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> tuple[ScoreEntry, ...]:
    """Write what partners share of each other's month (YYYY-MM). Doing it twice changes nothing the second time: links and results are
    those of the first, and so is the instant. Raises ValueError for a month that is not over."""
    if at_ms < month_span(month, zone)[1]:
        raise ValueError(f"{month} is not over")
    known = chain_months.get(month)
    if known is None:
        catalogue = _catalogue(month, at_ms, catalogues, zone)
        ties = ties_of(links.all())
        results = _results(_ends(ties), month, at_ms, catalogue, registry, scores)
        taken = ChainMonth(month, at_ms, catalogue.version, catalogue.score.chain, ties, results)
        known = chain_months.settle(taken)
    entries = chain_entries(known)
    scores.add(entries)
    chain_months.finish(month)
    return entries


def recount_chain(
    month: str,
    enterprise_id: str | None = None,
    *,
    chain_months: ChainMonthRepo,
    registry: RegistryRepo,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> tuple[ScoreEntry, ...]:
    """The chain's entries of a month (of one enterprise, if it is named) from the ties that were written down and the partners' ledgers,
    worked out anew. None where the month was not shared."""
    known = chain_months.get(month)
    if known is None:
        return ()
    ties = tuple(one for one in known.ties if enterprise_id is None or enterprise_id in one.ends)
    catalogue = _catalogue(month, known.at_ms, catalogues, zone)
    results = _results(_ends(ties), month, known.at_ms, catalogue, registry, scores)
    entries = chain_entries(replace(known, ties=ties, results=results))
    return tuple(one for one in entries if enterprise_id in (None, one.enterprise_id))


def partners_of(enterprise_id: str, month: str, chain_months: ChainMonthRepo) -> frozenset[str]:
    """With whom an enterprise shared a month."""
    known = chain_months.get(month)
    ties = () if known is None else known.ties
    return frozenset(one.partner_of(enterprise_id) for one in ties if enterprise_id in one.ends)


@dataclass(frozen=True, slots=True)
class SharedMonth:
    """What partners share with an enterprise. `is_settled`: it stands in the ledger; else as things are now. `names` of partners, and
    `materials` by link, as far as they are still known."""

    month: str
    is_settled: bool
    share: ChainShare
    found: ChainPoints
    names: Mapping[str, str]
    materials: Mapping[str, str]


def see_chain_share(
    enterprise_id: str,
    month: str,
    person: Person,
    *,
    chain_months: ChainMonthRepo,
    links: LinkRepo,
    registry: RegistryRepo,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
    zone: tzinfo,
) -> SharedMonth:
    """Which partner shares how much, by which links. Raises NotFound for an enterprise that the person cannot see."""
    require(person, Action.READ_SCORE)
    profile = registry.profile(enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="enterprise")
    own = links.of_enterprise(one.id)
    known = chain_months.get(month)
    used = known or _as_now(one.id, month, own, clock.now_ms(), registry, scores, catalogues, zone)
    ties = [tie for tie in used.ties if one.id in tie.ends]
    found = chain_points(used.results, ties, used.share).get(one.id) or ChainPoints(one.id, 0.0, ())
    profiles = {partner.enterprise_id: registry.profile(partner.enterprise_id) for partner in found.partners}
    return SharedMonth(
        month,
        known is not None,
        used.share,
        found,
        {id: each.enterprise.name for id, each in profiles.items() if each is not None},
        {link.id: link.material for link in own},
    )


def _as_now(
    enterprise_id: str,
    month: str,
    own: Iterable[Link],
    now_ms: int,
    registry: RegistryRepo,
    scores: ScoreRepo,
    catalogues: CatalogueRepo,
    zone: tzinfo,
) -> ChainMonth:
    catalogue, ties = _catalogue(month, now_ms, catalogues, zone), ties_of(own)
    partners = _ends(ties) - {enterprise_id}
    results = _results(partners, month, now_ms, catalogue, registry, scores)
    return ChainMonth(month, now_ms, catalogue.version, catalogue.score.chain, ties, results)


def _catalogue(month: str, at_ms: int, catalogues: CatalogueRepo, zone: tzinfo) -> Catalogue:
    """As for the month's score: what was in force at its end, or is now."""
    return catalogues.in_force_at(min(at_ms, month_span(month, zone)[1] - 1))


def _ends(ties: Iterable[Tie]) -> set[str]:
    return {end for tie in ties for end in tie.ends}


def _results(
    enterprises: Iterable[str],
    month: str,
    at_ms: int,
    catalogue: Catalogue,
    registry: RegistryRepo,
    scores: ScoreRepo,
) -> dict[str, float]:
    """Of those that are registered, by id."""
    found: dict[str, float] = {}
    for one in sorted(enterprises):
        profile = registry.profile(one)
        if profile is not None:
            weights = catalogue.score.weights_of(profile.enterprise.industry)
            entries, objections = scores.of_month(one, month), scores.objections(one, month)
            found[one] = result_before(one, month, catalogue.score, weights, entries, objections, at_ms)
    return found
