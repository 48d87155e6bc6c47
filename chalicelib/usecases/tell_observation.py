"""Put an observation into the inboxes of the department it concerns and of the enterprise. It pushes nobody."""

from collections.abc import Iterable

from chalicelib.domain.access import can_see
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.events import ObservationOpened
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.observation import Observation, ObservationKind
from chalicelib.domain.person import Person, Role
from chalicelib.ports import InboxRepo, ObservationRepo, RegistryRepo


def tell_observation(
    event: ObservationOpened, *, observations: ObservationRepo, registry: RegistryRepo, inbox: InboxRepo
) -> tuple[Notice, ...]:
    """Doing it twice tells each reader once."""
    observation = observations.get(event.observation_id)
    profile = registry.profile(event.enterprise_id)
    if observation is None or profile is None:
        return ()
    enterprise = profile.enterprise
    where = {"enterprise_id": enterprise.id, "region": enterprise.region, "industry": enterprise.industry}
    unit = profile.units_by_id.get(observation.unit_id)
    params = {
        "enterprise": enterprise.name,
        "unit": unit.name if unit else observation.unit_id,
        "observation": wording(observation),
        "subject": observation.subject,
    }
    notices = tuple(
        Notice(
            id=notice_id(event.id, person.id),
            person_id=person.id,
            kind=NoticeKind.OBSERVATION_OPENED,
            task_id="",
            enterprise_id=enterprise.id,
            tier=0,
            created_at_ms=event.at_ms,
            params=tuple(params.items()),
            correlation_id=event.correlation_id,
            observation_id=observation.id,
        )
        for person in sorted(_readers(observation, registry.people()), key=lambda p: p.id)
        if can_see(person, **where)
    )
    for notice in notices:
        inbox.add(notice)
    return notices


def wording(observation: Observation) -> str:
    """The key of what the observation says, among the texts word.observation.*"""
    if observation.kind is ObservationKind.SINGLE and observation.dimension is not None:
        return f"single_{observation.dimension.value}"
    return observation.kind.value


def _readers(observation: Observation, people: Iterable[Person]) -> list[Person]:
    """Energy has no department of its own: the environment department reads of it."""
    whose = Dimension.ENVIRONMENT if observation.dimension is Dimension.ENERGY else observation.dimension
    return [
        person
        for person in people
        if person.role is Role.ENTERPRISE or (person.role is Role.DEPARTMENT and whose in (None, person.dimension))
    ]
