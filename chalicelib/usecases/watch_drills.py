"""Once a minute: test data of running drills that are due, and drills whose time is over. And near a quarter's end, whether one was held."""

from datetime import tzinfo

from chalicelib.domain.drill import Drill, DrillState
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.events import DrillDue
from chalicelib.domain.review import quarter_of
from chalicelib.ports import Clock, DrillRepo
from chalicelib.usecases.drill_desk import DrillDesk
from chalicelib.usecases.hold_drill import ended, events_of, inject_due

LOOKED_AT = 100  # drills; a quarter has a few


def watch_drills(*, drill_desk: DrillDesk) -> int:
    """Returns how many drills run on. One that changes meanwhile is looked at again a minute later."""
    running = 0
    for known in drill_desk.drills.running():
        drill = inject_due(known.id, drill_desk=drill_desk)
        if drill_desk.clock.now_ms() < drill.ends_at_ms:
            running += 1
            continue
        after = ended(drill, drill_desk)
        try:
            drill_desk.drills.save(after, events_of(after))
        except WriteConflict:
            continue
    return running


def ask_for_drill(*, drills: DrillRepo, clock: Clock, zone: tzinfo) -> bool:
    """Say that a quarter lacks a drill, once, two weeks before it is over. Returns whether it did."""
    now_ms = clock.now_ms()
    quarter = quarter_of(now_ms, zone)
    if now_ms < quarter.nearly_over_ms(zone) or drills.was_asked_for(str(quarter)):
        return False
    since_ms = quarter.begins_ms(zone)
    if any(_is_held(one, since_ms) for one in drills.listing(None, None, LOOKED_AT).items):
        return False
    drills.ask_for(DrillDue("", now_ms, f"drill-{quarter}", str(quarter)))
    return True


def _is_held(drill: Drill, since_ms: int) -> bool:
    """Held this quarter, or to be."""
    return drill.state is not DrillState.CANCELLED and (drill.started_at_ms or drill.starts_at_ms) >= since_ms
