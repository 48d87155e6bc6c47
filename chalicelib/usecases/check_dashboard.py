"""Once a night: hold the dashboard's figures against a full recount of the history, and put right what differs.

An enterprise is recounted thing by thing, then its sums against what was counted; what is above it is held against what is right below.
What differs only because a change was just on its way is no drift: it is looked at again a little later.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.dashboard import (
    NOW,
    PARK,
    Branch,
    Counts,
    Thing,
    ThingKind,
    anchor_of,
    enterprise_node,
    rising,
    summed,
)
from chalicelib.domain.dashboard_scope import name_of
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.score import month_of
from chalicelib.domain.task import TaskKind
from chalicelib.usecases.count_thing import ATTEMPTS, ENTERPRISE, DashboardDesk, count_things, facets_of, rehome
from chalicelib.usecases.history import history_of

UNDER_WAY = 7  # an attempt whose wait is longer than a change takes from the stream to the figures
A_PAGE = 100
Counted = tuple[str, Thing]  # an anchor, and what is counted there


@dataclass(frozen=True, slots=True)
class Drift:
    """What did not agree and was put right. `scores` differ too where a catalogue with other weights has come into force."""

    things: int = 0
    scores: int = 0
    sums: int = 0
    is_unsettled: bool = False  # it changed all the while: nothing can be said of its sums

    def __add__(self, other: "Drift") -> "Drift":
        unsettled = self.is_unsettled or other.is_unsettled
        return Drift(self.things + other.things, self.scores + other.scores, self.sums + other.sums, unsettled)


def check_enterprise(enterprise_id: str, *, dashboard_desk: DashboardDesk) -> Drift:
    """Of what is read. While another generation is being counted, changes are counted there as well, and checked once it is read."""
    desk = dashboard_desk
    profile = desk.registry.profile(enterprise_id)
    if profile is None:
        return Drift()
    generation = desk.dashboard.generations().live
    found = Drift(things=int(rehome(generation, profile.enterprise, desk)))
    seen: set[tuple[str, Thing]] = set()
    for anchor, things in history_of(profile, desk):
        seen |= {(anchor, one) for one in things}
        found += _recount(generation, anchor, [one for one in things if one.kind is not ThingKind.SOURCE], desk)
    own = enterprise_node(enterprise_id)
    joint = {(anchor, one) for anchor, one in seen if anchor != own}
    return found + _surplus(generation, own, seen, desk) + _check_sums(generation, own, joint, desk)


def _recount(generation: int, anchor: str, things: list[Thing], desk: DashboardDesk) -> Drift:
    if not things or not _differing(generation, anchor, things, desk):
        return Drift()
    desk.patience.wait(UNDER_WAY)
    still = _differing(generation, anchor, things, desk)
    if still:
        count_things(generation, anchor, still, desk)
    scores = sum(one.kind is ThingKind.SCORE for one in still)
    return Drift(things=len(still) - scores, scores=scores)


def _differing(generation: int, anchor: str, things: list[Thing], desk: DashboardDesk) -> list[Thing]:
    stored = desk.dashboard.stored(generation, anchor, things)
    return [one.thing for one in facets_of(anchor, things, desk) if one != stored.facet(one.thing)]


def _surplus(generation: int, anchor: str, seen: set[tuple[str, Thing]], desk: DashboardDesk) -> Drift:
    """What was counted and no list of the history has: it may be new, or of a month without tasks, or nothing at all."""
    branch = _quiet_branch(generation, anchor, desk)
    facets = () if branch is None else branch.facets
    left = [one.thing for one in facets if (anchor, one.thing) not in seen]
    found = Drift()
    for at in range(0, len(left), A_PAGE // 4):
        found += _recount(generation, anchor, left[at : at + A_PAGE // 4], desk)
    return found


def _shared(generation: int, enterprise_id: str, joint: set[Counted], desk: DashboardDesk) -> int:
    """How many tasks of whole groups are counted as the enterprise's too. Besides those known, the ones that were opened meanwhile."""
    cursor, found = None, set(joint)
    while True:
        page = desk.tasks.listing(f"enterprise:{enterprise_id}", cursor, A_PAGE, open_only=True)
        regional = (one for one in page.items if one.kind is TaskKind.REGIONAL)
        found |= {(anchor_of("", one.region, one.industry), Thing(ThingKind.TASK, one.id)) for one in regional}
        if (cursor := page.cursor) is None:
            break
    number = 0
    for anchor in {anchor for anchor, _ in found}:
        things = [one for other, one in found if other == anchor]
        stored = desk.dashboard.stored(generation, anchor, things)
        number += sum(enterprise_id in stored.facet(one).shared for one in things)
    return number


def _quiet_branch(generation: int, anchor: str, desk: DashboardDesk) -> Branch | None:
    for attempt in range(ATTEMPTS):
        if (branch := desk.dashboard.branch(generation, anchor)) is not None:
            return branch
        desk.patience.wait(attempt)
    return None


def _check_sums(generation: int, anchor: str, joint: set[Counted], desk: DashboardDesk) -> Drift:
    """Its sums against its facets. Both are of one moment: whatever is counted there in between changes the version of the row NOW."""
    key, enterprise_id = (anchor, NOW), anchor.removeprefix(ENTERPRISE) if anchor.startswith(ENTERPRISE) else ""
    for attempt in range(ATTEMPTS):
        before = desk.dashboard.tallies(generation, [key])[key].version
        shared = _shared(generation, enterprise_id, joint, desk) if enterprise_id else 0
        branch = desk.dashboard.branch(generation, anchor)
        if branch is not None and branch.version == before:
            wrong = branch.wrong(shared)
            if not wrong or _put_right(generation, wrong, {key: before}, desk):
                return Drift(sums=len(wrong))
        desk.patience.wait(attempt)
    return Drift(is_unsettled=True)


def _put_right(
    generation: int,
    wrong: Mapping[tuple[str, str], Counts],
    versions: Mapping[tuple[str, str], int],
    desk: DashboardDesk,
) -> bool:
    try:
        desk.dashboard.correct(generation, wrong, versions, desk.clock.now_ms())
    except WriteConflict:
        return False
    return True


def check_totals(since_ms: int | None = None, *, dashboard_desk: DashboardDesk) -> Drift:
    """What is above the enterprises, from the joint groups up to the park; and note since when all of them were checked, where that is known."""
    desk = dashboard_desk
    generation = desk.dashboard.generations().live
    regions = [node for node, _ in _children(generation, PARK, desk)]
    groups = [node for region in regions for node, _ in _children(generation, region, desk)]
    industries = dict.fromkeys(f"industry:{name_of(node).industry}" for node in groups)
    found = Drift()
    for node in groups:
        what = name_of(node)
        found += _check_sums(generation, anchor_of("", what.region, what.industry), set(), desk)
    for node in (*groups, *regions, *industries, PARK):
        for sk in _months(generation, node, desk):
            found += _check_total(generation, node, sk, desk)
    if since_ms is not None:
        _note(since_ms, desk)
    return found


def _note(since_ms: int, desk: DashboardDesk) -> None:
    for attempt in range(ATTEMPTS):
        try:
            desk.dashboard.save_generations(replace(desk.dashboard.generations(), checked_at_ms=since_ms))
            return
        except WriteConflict:
            desk.patience.wait(attempt)


def _children(generation: int, node: str, desk: DashboardDesk) -> Iterator[tuple[str, str]]:
    cursor = None
    while True:
        page = desk.dashboard.children(generation, node, cursor, A_PAGE)
        yield from page.items
        if (cursor := page.cursor) is None:
            return


def _months(generation: int, node: str, desk: DashboardDesk) -> list[str]:
    running = month_of(desk.clock.now_ms(), desk.zone)
    return sorted({NOW, running, *desk.dashboard.months(generation, node)})


def _check_total(generation: int, node: str, sk: str, desk: DashboardDesk) -> Drift:
    for attempt in range(ATTEMPTS):
        key = (node, sk)
        before = desk.dashboard.tallies(generation, [key])[key]
        wanted = _total(generation, node, sk, desk)
        if desk.dashboard.tallies(generation, [key])[key].version != before.version:
            desk.patience.wait(attempt)  # something below changed while it was added up
        elif wanted == before.counts:
            return Drift()
        elif _put_right(generation, {key: wanted}, {key: before.version}, desk):
            return Drift(sums=1)
    return Drift(is_unsettled=True)


def _total(generation: int, node: str, sk: str, desk: DashboardDesk) -> Counts:
    """The sum of what is right below."""
    nodes = [child for child, _ in _children(generation, node, desk)]
    what = name_of(node) if node != PARK else None
    is_group = node.startswith("group:")
    if is_group and what is not None:
        nodes.append(anchor_of("", what.region, what.industry))
    total: dict[str, int] = {}
    for at in range(0, len(nodes), A_PAGE):
        tallies = desk.dashboard.tallies(generation, [(one, sk) for one in nodes[at : at + A_PAGE]]).values()
        mine = (one for one in tallies if one.place is None or one.place.group == node)
        total = summed((total, *(rising(one.counts) for one in mine)))
    return total
