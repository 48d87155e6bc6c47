"""What walking the chain and warning its receivers share: the ports, a chain task, and what a notice says of a limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from chalicelib.domain.chain import Link, Place
from chalicelib.domain.chain_alert import Excess
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.events import Event
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.task import TaskKind
from chalicelib.ports import CatalogueRepo, ChainAlertRepo, Clock, DutyRepo, LinkRepo, RegistryRepo, TaskRepo
from chalicelib.usecases.hand_out import Post, hand_out
from chalicelib.usecases.open_case import open_case
from chalicelib.usecases.plan_task import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainDesk:
    links: LinkRepo
    alerts: ChainAlertRepo
    registry: RegistryRepo
    tasks: TaskRepo
    catalogues: CatalogueRepo
    duty: DutyRepo
    clock: Clock
    post: Post
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class ChainNews:
    """What there is to tell of a place. `key` makes it one of a kind for each reader."""

    key: str
    kind: NoticeKind
    task_id: str
    place: Place
    tier: int
    params: Mapping[str, str]

    def to(self, person_id: str, event: Event) -> Notice:
        return Notice(
            id=notice_id(self.key, person_id),
            person_id=person_id,
            kind=self.kind,
            task_id=self.task_id,
            enterprise_id=self.place.enterprise_id,
            tier=self.tier,
            created_at_ms=event.at_ms,
            params=tuple(self.params.items()),
            correlation_id=event.correlation_id,
        )


def tell(notices: tuple[Notice, ...], *, is_late: bool, desk: ChainDesk) -> None:
    """Of what came late people read, and no phone rings."""
    if not is_late:
        hand_out(notices, desk.post)
        return
    for notice in notices:
        desk.post.inbox.add(notice)


def open_chain_task(
    id: str, place: Place, tier: int, material: str, parent_id: str, event: Event, desk: ChainDesk
) -> None:
    case = Case(id, TaskKind.CHAIN, place.unit_id, tier, material, parent_id, correlation_id=event.correlation_id)
    open_case(
        case,
        place.enterprise_id,
        tasks=desk.tasks,
        registry=desk.registry,
        catalogues=desk.catalogues,
        duty=desk.duty,
        clock=desk.clock,
    )


def link_at(link_id: str, end: Place, desk: ChainDesk) -> Link | None:
    """A link by one of its ends; None where it was taken away meanwhile."""
    return next((one for one in desk.links.of_enterprise(end.enterprise_id) if one.id == link_id), None)


def unit_name(profile: Profile, place: Place) -> str:
    unit = profile.units_by_id.get(place.unit_id)
    return place.unit_id if unit is None else unit.name


def figures(excess: Excess, desk: ChainDesk) -> Mapping[str, str]:
    indicator = desk.catalogues.current().indicators.get(excess.indicator)
    unit = "" if indicator is None else f" {indicator.unit}"
    return {"subject": excess.indicator, "value": f"{excess.value:g}{unit}", "limit": f"{excess.upper:g}{unit}"}
