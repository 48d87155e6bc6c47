"""What a change at the giver of a link would do for its receiver, told to each as far as they may see either end.

A partner hears how much another plant's risk would change, and nothing of how that plant stands or answers.
"""

from dataclasses import dataclass

from chalicelib.domain.access import can_see
from chalicelib.domain.chain import Link, Place
from chalicelib.domain.chain_gain import Gain, GainUnknown, Side, Unknown, gain_of
from chalicelib.domain.person import Person
from chalicelib.domain.plan import make_plan
from chalicelib.ports import CatalogueRepo, Clock, LawRepo, LinkRepo, RegistryRepo, StateRepo
from chalicelib.usecases.keep_links import see_link


@dataclass(frozen=True, slots=True)
class ChainGains:
    """`learnt_at_ms`: when the receiver's laws were learnt, None: never. `sees_giver`, `sees_receiver`: whose figures the person may see."""

    link: Link
    gains: tuple[Gain | GainUnknown, ...]
    learnt_at_ms: int | None
    sees_giver: bool
    sees_receiver: bool


def see_chain_gain(
    link_id: str,
    person: Person,
    *,
    links: LinkRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    states: StateRepo,
    laws: LawRepo,
    clock: Clock,
) -> ChainGains:
    """For each indicator that the link carries. Raises NotFound for a link that is not there, or is between others."""
    link, now_ms = see_link(link_id, person, links=links, registry=registry), clock.now_ms()
    giver, receiver = (_side(place, registry, catalogues, states) for place in link.ends)
    learnt = laws.latest(link.receiver.unit_id)
    gains = tuple(
        GainUnknown(one.indicator, Unknown.NOT_MEASURED)
        if giver is None or receiver is None
        else gain_of(link, one, giver, receiver, learnt, now_ms)
        for one in link.carries
    )
    seen = [_can_see(place, person, registry) for place in link.ends]
    return ChainGains(link, gains, None if learnt is None else learnt.fitted_at_ms, *seen)


def _side(place: Place, registry: RegistryRepo, catalogues: CatalogueRepo, states: StateRepo) -> Side | None:
    profile = registry.profile(place.enterprise_id)
    if profile is None:
        return None
    state, _ = states.load(place.enterprise_id)
    return Side(make_plan(profile, catalogues.current()), state)


def _can_see(place: Place, person: Person, registry: RegistryRepo) -> bool:
    profile = registry.profile(place.enterprise_id)
    one = profile.enterprise if profile else None
    return one is not None and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
