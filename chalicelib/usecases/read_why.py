"""Gather all that explains a warning: the decision, the catalogue it was made under, the hour before it, the neighbours,
and who lies downwind."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.access import require_sight
from chalicelib.domain.catalogue import Catalogue, Rule
from chalicelib.domain.downwind import Downwind
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.errors import NotFound
from chalicelib.domain.neighbour import Neighbour, neighbours_of
from chalicelib.domain.person import Person
from chalicelib.domain.reading import Series
from chalicelib.domain.warning import Warning
from chalicelib.ports import BlockRepo, CatalogueRepo, RegionRepo, RegistryRepo, StateRepo, WarningRepo, WeatherRepo
from chalicelib.usecases.downwind_of import downwind_of, names_known_to
from chalicelib.usecases.read_readings import stored_series

LOOK_BACK_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Why:
    """`catalogue` is the one that the decision was made under, or today's where that is no longer known; `rule` None: it has no such
    rule. `series` is by point and ends with the decision. `named` are the enterprises downwind whose name the reader may know."""

    warning: Warning
    profile: Profile
    catalogue: Catalogue
    rule: Rule | None
    series: Mapping[str, Series]
    neighbours: tuple[Neighbour, ...]
    downwind: Downwind
    named: frozenset[str] = frozenset()

    @property
    def unit_name(self) -> str:
        unit = self.profile.units_by_id.get(self.warning.unit_id)
        return self.warning.unit_id if unit is None else unit.name


def visible_warning(
    warning_id: str, person: Person, *, warnings: WarningRepo, registry: RegistryRepo
) -> tuple[Warning, Profile]:
    """The warning and its enterprise, if the person may know of them. Raises NotFound otherwise."""
    warning = warnings.get(warning_id)
    profile = registry.profile(warning.enterprise_id) if warning else None
    if warning is None or profile is None:
        raise NotFound(what="warning")
    one = profile.enterprise
    require_sight(person, enterprise_id=one.id, region=one.region, industry=one.industry, of="warning")
    return warning, profile


def read_why(
    warning_id: str,
    person: Person,
    *,
    warnings: WarningRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    blocks: BlockRepo,
    states: StateRepo,
    regions: RegionRepo,
    weather: WeatherRepo,
) -> Why:
    """Raises NotFound where there is no such warning, or the person may not know of it."""
    warning, profile = visible_warning(warning_id, person, warnings=warnings, registry=registry)
    catalogue = catalogues.version(warning.why.catalogue_version) or catalogues.current()
    points = {term.point_id for term in warning.why.terms}
    decided_ms = decided_at_ms(warning)
    state, _ = states.load(warning.enterprise_id)
    downwind = downwind_of(
        profile.enterprise.id, decided_ms, registry=registry, regions=regions, catalogues=catalogues, weather=weather
    )
    return Why(
        warning=warning,
        profile=profile,
        catalogue=catalogue,
        rule=next((rule for rule in catalogue.rules if rule.id == warning.rule_id), None),
        series=stored_series(profile.enterprise.id, points, decided_ms - LOOK_BACK_MS, decided_ms + 1, blocks=blocks),
        neighbours=neighbours_of(warning.unit_id, profile, state),
        downwind=downwind,
        named=names_known_to(person, downwind, registry=registry),
    )


def decided_at_ms(warning: Warning) -> int:
    """When the decision that the card explains was made, in event time."""
    return warning.opened_at_ms if warning.escalated_at_ms is None else warning.escalated_at_ms
