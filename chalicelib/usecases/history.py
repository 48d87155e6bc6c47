"""All that counts of an enterprise, from where it is written down and not from what was counted of it."""

from collections.abc import Iterator

from chalicelib.domain.dashboard import Thing, ThingKind, anchor_of, enterprise_node
from chalicelib.domain.enterprise import Profile
from chalicelib.domain.score import month_of
from chalicelib.domain.task import Task
from chalicelib.domain.times import months_through
from chalicelib.usecases.count_thing import DashboardDesk

A_PAGE = 25  # things of one commit, with their sums

Portion = tuple[str, tuple[Thing, ...]]


def history_of(profile: Profile, desk: DashboardDesk) -> Iterator[Portion]:
    """(anchor, things), a page at a time. Tasks of a whole joint group come with each of their enterprises."""
    enterprise_id = profile.enterprise.id
    anchor = enterprise_node(enterprise_id)
    since_ms = now_ms = desk.clock.now_ms()
    registered = [
        Thing(ThingKind.ENTERPRISE),
        Thing(ThingKind.SOURCE),
        *(Thing(ThingKind.UNIT, one.id) for one in profile.units),
    ]
    yield from _pages(anchor, registered)
    cursor = None
    while True:
        page = desk.tasks.listing(f"enterprise:{enterprise_id}", cursor, A_PAGE, open_only=False)
        yield from _by_anchor(page.items)
        since_ms = min([since_ms, *(one.opened_at_ms for one in page.items)])
        if (cursor := page.cursor) is None:
            break
    yield from _listed(anchor, ThingKind.WARNING, desk, enterprise_id)
    yield from _listed(anchor, ThingKind.OBSERVATION, desk, enterprise_id)
    months = months_through(month_of(since_ms, desk.zone), month_of(now_ms, desk.zone))
    yield from _pages(anchor, [Thing(ThingKind.SCORE, month) for month in months])


def _by_anchor(tasks: tuple[Task, ...]) -> Iterator[Portion]:
    found: dict[str, list[Thing]] = {}
    for one in tasks:
        anchor = anchor_of(one.enterprise_id, one.region, one.industry)
        found.setdefault(anchor, []).append(Thing(ThingKind.TASK, one.id))
    yield from ((anchor, tuple(things)) for anchor, things in found.items())


def _listed(anchor: str, kind: ThingKind, desk: DashboardDesk, enterprise_id: str) -> Iterator[Portion]:
    repo = desk.warnings if kind is ThingKind.WARNING else desk.observations
    cursor = None
    while True:
        page = repo.listing(enterprise_id, cursor, A_PAGE)
        if page.items:
            yield anchor, tuple(Thing(kind, one.id) for one in page.items)
        if (cursor := page.cursor) is None:
            return


def _pages(anchor: str, things: list[Thing]) -> Iterator[Portion]:
    yield from ((anchor, tuple(things[at : at + A_PAGE])) for at in range(0, len(things), A_PAGE))
