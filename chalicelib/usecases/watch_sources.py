"""Once an hour: from which enterprises data come, which stands beside every figure of the dashboard.

That somebody falls silent is no event, so it is looked for; only who falls silent or comes back is written.
"""

from dataclasses import replace

from chalicelib.domain.dashboard import Thing, ThingKind, enterprise_node
from chalicelib.usecases.count_thing import DashboardDesk, count_things

THINGS = (Thing(ThingKind.ENTERPRISE), Thing(ThingKind.SOURCE))


def watch_sources(*, dashboard_desk: DashboardDesk) -> int:
    """How many changed. An enterprise that nothing was counted of yet is counted."""
    desk = dashboard_desk
    changed, known = 0, desk.dashboard.generations()
    for one in desk.registry.enterprises():
        for generation in known.kept:
            changed += count_things(generation, enterprise_node(one.id), THINGS, desk)
    now_ms = desk.clock.now_ms()
    desk.dashboard.save_generations(replace(desk.dashboard.generations(), sources_at_ms=now_ms))
    return changed
