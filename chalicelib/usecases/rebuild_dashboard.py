"""Count all figures anew from the history, beside those that are read, and then read the new ones.

From when it is asked for, every change is counted in both. The counting begins once nobody can be at work any more who does not know of
that, goes through the enterprises by rising id, as far as the time reaches, and goes on there the next time. The rows of the generation
before are deleted once nobody reads or writes them any more.
"""

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.domain.access import Action, require
from chalicelib.domain.dashboard import PARK, Generations, Place, industry_node
from chalicelib.domain.dashboard_scope import name_of
from chalicelib.domain.person import Person
from chalicelib.usecases.count_thing import DashboardDesk, count_things, settle_in
from chalicelib.usecases.history import history_of

SETTLING_MS = 120_000  # four times as long as the relay may take for a batch
A_PAGE = 100


def ask_for_rebuild(person: Person, *, dashboard_desk: DashboardDesk) -> Generations:
    """Once it was asked for, asking again changes nothing."""
    require(person, Action.REBUILD_DASHBOARD)
    dashboard = dashboard_desk.dashboard
    known = dashboard.generations()
    if known.building is not None:
        return known
    newest = max(known.live, known.former or 0)
    now_ms = dashboard_desk.clock.now_ms()
    return dashboard.save_generations(replace(known, building=newest + 1, built_to="", changed_at_ms=now_ms))


def rebuild_dashboard(until_ms: int, *, dashboard_desk: DashboardDesk) -> str:
    """Go on with what was asked for, if anything was. Returns in a word how far that has come."""
    desk = dashboard_desk
    known = desk.dashboard.generations()
    if known.building is None and known.former is None:
        return "nothing to do"
    if desk.clock.now_ms() < known.changed_at_ms + SETTLING_MS:
        return "announced"
    if known.former is not None and not _sweep(known, until_ms, desk):
        return "sweeping"
    known = desk.dashboard.generations()
    return "swept" if known.building is None else _build(known, known.building, until_ms, desk)


def _build(known: Generations, building: int, until_ms: int, desk: DashboardDesk) -> str:
    for one in sorted(desk.registry.enterprises(), key=lambda one: one.id):
        if one.id <= known.built_to:
            continue
        if desk.clock.now_ms() >= until_ms:
            return f"built to {known.built_to}"
        if (profile := desk.registry.profile(one.id)) is not None:
            for anchor, things in history_of(profile, desk):
                count_things(building, anchor, things, desk)
            settle_in(building, one.id, desk)
        known = desk.dashboard.save_generations(replace(desk.dashboard.generations(), built_to=one.id))
    now_ms = desk.clock.now_ms()
    after = replace(known, live=building, building=None, former=known.live, built_to="", changed_at_ms=now_ms)
    desk.dashboard.save_generations(after)
    return "built"


def _sweep(known: Generations, until_ms: int, desk: DashboardDesk) -> bool:
    """Delete a generation's rows, from the units up: a list goes after what it names. Returns whether all are gone."""
    assert known.former is not None
    for node in _below(known.former, PARK, desk):
        if desk.clock.now_ms() >= until_ms:
            return False
        desk.dashboard.sweep(known.former, node)
    desk.dashboard.save_generations(replace(desk.dashboard.generations(), former=None))
    return True


def _below(generation: int, node: str, desk: DashboardDesk) -> Iterator[str]:
    """A node and all below it, the lowest first."""
    cursor, children = None, list[str]()
    while True:
        page = desk.dashboard.children(generation, node, cursor, A_PAGE)
        children += [child for child, _ in page.items]
        if (cursor := page.cursor) is None:
            break
    for child in children:
        yield from _below(generation, child, desk)
    if node.startswith("group:"):
        what = name_of(node)
        yield from (Place(what.region, what.industry).joint, industry_node(what.industry))
    yield node
