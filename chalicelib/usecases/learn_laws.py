"""Learn how the environment and energy indicators of a unit answer its safety indicators."""

from typing import TYPE_CHECKING

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.enterprise import Point, Profile
from chalicelib.domain.errors import NotFound
from chalicelib.domain.law import Law, Measured, NoLaw, Unclaimed, UnitLaws
from chalicelib.domain.observation import ObservationKind
from chalicelib.ports import BlockRepo, CatalogueRepo, LawRepo, ObservationRepo, RegistryRepo

if TYPE_CHECKING:  # numpy comes with what learns, not with what names it
    from chalicelib.domain.law_grid import Minutes

WINDOW_MS = 30 * 86_400_000
MINUTE_MS = 60_000
RESPONSES = (Dimension.ENVIRONMENT, Dimension.ENERGY)
RECENT_OBSERVATIONS = 100
Pair = tuple[Measured, Measured]


def learn_laws(
    unit_id: str,
    now_ms: int,
    *,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    blocks: BlockRepo,
    laws: LawRepo,
    observations: ObservationRepo,
) -> UnitLaws:
    """Fit each safety point with each other point of the unit on the last 30 days, and store what came of it as one version, "no law"
    and its reason included. Raises NotFound for a unit that there is not.

    While an emission is known to have lost its cause, its readings teach nothing.
    """
    profile, catalogue = _profile(unit_id, registry), catalogues.current()
    pairs = _pairs(unit_id, profile, catalogue)
    to_ms = now_ms - now_ms % MINUTE_MS
    span = (to_ms - WINDOW_MS, to_ms)
    claimed, unclaimed = _fit(pairs, _history(pairs, span, profile, catalogue, blocks, observations))
    learnt = UnitLaws(profile.enterprise.id, unit_id, now_ms, *span, claimed, unclaimed)
    laws.add(learnt)
    return learnt


def _history(
    pairs: list[Pair],
    span: tuple[int, int],
    profile: Profile,
    catalogue: Catalogue,
    blocks: BlockRepo,
    observations: ObservationRepo,
) -> "Minutes":
    from chalicelib.domain.law_grid import Minutes

    enterprise_id = profile.enterprise.id
    wanted = {one.point_id: catalogue.indicators[one.indicator].plausible for pair in pairs for one in pair}
    minutes = Minutes(wanted, *span)
    for block in blocks.between(enterprise_id, *span) if wanted else ():
        minutes.add(block.readable)
    for one in observations.listing(enterprise_id, None, RECENT_OBSERVATIONS).items:
        if one.kind is ObservationKind.DECOUPLED and one.subject in wanted:
            minutes.leave_out(one.subject, one.onset_ms, span[1] if one.closed_at_ms is None else one.closed_at_ms)
    return minutes


def _fit(pairs: list[Pair], minutes: "Minutes") -> tuple[tuple[Law, ...], tuple[Unclaimed, ...]]:
    from chalicelib.domain.coupling_law import fit, paired

    claimed, unclaimed = [], []
    for cause, response in pairs:
        x, y, step = minutes.pair(cause.point_id, response.point_id)
        found = fit(x, y, step * MINUTE_MS)
        if isinstance(found, NoLaw):
            unclaimed.append(Unclaimed(cause, response, found, paired(x, y)))
        else:
            claimed.append(Law(cause, response, found))
    return tuple(claimed), tuple(unclaimed)


def _profile(unit_id: str, registry: RegistryRepo) -> Profile:
    unit = registry.unit(unit_id)
    profile = registry.profile(unit.enterprise_id) if unit else None
    if profile is None:
        raise NotFound(what="unit")
    return profile


def _pairs(unit_id: str, profile: Profile, catalogue: Catalogue) -> list[Pair]:
    """Each safety point with each environment and energy point of the unit, in this order."""
    points = [_measured(point, catalogue) for point in profile.points_of(unit_id)]
    causes = [one for one in points if one.dimension is Dimension.SAFETY]
    responses = [one for kind in RESPONSES for one in points if one.dimension is kind]
    return [(cause, response) for cause in causes for response in responses]


def _measured(point: Point, catalogue: Catalogue) -> Measured:
    return Measured(point.id, point.indicator, catalogue.indicators[point.indicator].dimension)
