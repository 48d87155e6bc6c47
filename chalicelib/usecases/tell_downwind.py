"""Tell those downwind of a tier 3 warning: the people of the enterprises there, and the inspectors of their joint groups.

They learn that something is upwind, how far and how soon, but neither whose it is nor the task, which is not theirs to see.
"""

from collections.abc import Iterator, Mapping

from chalicelib.domain.access import can_see
from chalicelib.domain.downwind import Receptor
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.events import TaskDispatched, TaskEscalated
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Person, Role
from chalicelib.domain.task import Task
from chalicelib.ports import (
    CatalogueRepo,
    RegionRepo,
    RegistryRepo,
    TaskRepo,
    WeatherRepo,
)
from chalicelib.usecases.downwind_of import downwind_of
from chalicelib.usecases.hand_out import Post, hand_out

WORST_TIER = 3
TOLD = frozenset({Role.ENTERPRISE, Role.INSPECTOR})


def tell_downwind(
    event: TaskDispatched | TaskEscalated,
    *,
    tasks: TaskRepo,
    registry: RegistryRepo,
    regions: RegionRepo,
    catalogues: CatalogueRepo,
    weather: WeatherRepo,
    post: Post,
) -> tuple[Notice, ...]:
    """Each reader is told once of a task, by the nearest of theirs that is downwind. Nobody is below tier 3, nor of what does
    not go with the wind."""
    task = tasks.get(event.task_id)
    if task is None or task.tier < WORST_TIER or registry.profile(task.enterprise_id) is None:
        return ()
    if not catalogues.current().is_airborne(task.rule_id):
        return ()
    found = downwind_of(
        task.enterprise_id, event.at_ms, registry=registry, regions=regions, catalogues=catalogues, weather=weather
    )
    places = {one.id: one for one in registry.enterprises()}
    reached = [(one, places[one.id]) for one in found.receptors if one.id in places]
    notices = tuple(
        _notice(event, task, person.id, *nearest)
        for person in sorted(registry.people(), key=lambda one: one.id)
        if person.role in TOLD and person.on_duty and person.id not in task.party
        if (nearest := next(_theirs(person, reached), None)) is not None
    )
    return hand_out(notices, post)


def _theirs(person: Person, reached: list[tuple[Receptor, Enterprise]]) -> Iterator[tuple[Receptor, Enterprise]]:
    for receptor, one in reached:
        if can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry):
            yield receptor, one


def _notice(
    event: TaskDispatched | TaskEscalated, task: Task, person_id: str, receptor: Receptor, place: Enterprise
) -> Notice:
    blows = receptor.travel_s is not None
    return Notice(
        id=notice_id(f"downwind|{task.id}", person_id),
        person_id=person_id,
        kind=NoticeKind.RISK_UPWIND if blows else NoticeKind.RISK_NEARBY,
        task_id="",
        enterprise_id=place.id,
        tier=task.tier,
        created_at_ms=event.at_ms,
        params=tuple(_params(task, receptor, place).items()),
        correlation_id=event.correlation_id,
    )


def _params(task: Task, receptor: Receptor, place: Enterprise) -> Mapping[str, str]:
    params = {"tier": str(task.tier), "place": place.name, "distance": f"{max(receptor.distance_m, 100) / 1000:.1f}"}
    if receptor.travel_s is None:
        return params
    return params | {"minutes": str(max(1, round(receptor.travel_s / 60)))}
