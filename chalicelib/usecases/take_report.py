"""Take a bridge's report: what it has lost and why, how much still waits in its spool, what came of commands.

Everything in it may come again: a gap and an outcome stand as they were first reported, and an older report changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.command import Outcome, settle
from chalicelib.domain.errors import NotFound, WriteConflict
from chalicelib.domain.events import CommandSettled
from chalicelib.domain.gap import BridgeReport, Gap, SpoolState
from chalicelib.domain.person import Bridge
from chalicelib.ports import Clock, CommandRepo, GapRepo, RegistryRepo, ReportRepo

ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Report:
    """As parsed: gaps as they are to be stored, outcomes by command id; when they were received is not known yet."""

    sent_at_ms: int
    spool: SpoolState
    gaps: Sequence[Gap]
    outcomes: Sequence[tuple[str, Outcome]]


@dataclass(frozen=True, slots=True)
class ReportReceipt:
    """What need not be sent again. `differing` gaps stand with other content than was now sent; `unknown` commands were never
    asked of this bridge."""

    gap_ids: tuple[int, ...]
    differing: tuple[int, ...]
    command_ids: tuple[str, ...]
    unknown: tuple[str, ...]


def take_report(
    report: Report,
    bridge: Bridge,
    *,
    registry: RegistryRepo,
    gaps: GapRepo,
    reports: ReportRepo,
    commands: CommandRepo,
    clock: Clock,
) -> ReportReceipt:
    """Store what is new in a report. Raises NotFound where the bridge's enterprise is gone."""
    profile = registry.profile(bridge.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    now_ms = clock.now_ms()
    sent = [
        replace(gap, point_ids=_own(gap, profile.points_by_id.keys()), received_at_ms=now_ms) for gap in report.gaps
    ]
    stand = gaps.add(sent)
    settled = {id: _settle(id, replace(one, received_at_ms=now_ms), bridge, commands) for id, one in report.outcomes}
    told = BridgeReport(bridge.id, bridge.enterprise_id, now_ms, report.sent_at_ms, report.spool)
    if told.supersedes(reports.get(bridge)):
        reports.put(told)
    return ReportReceipt(
        gap_ids=tuple(gap.id for gap in sent),
        differing=tuple(new.id for new, old in zip(sent, stand, strict=True) if not new.says_the_same_as(old)),
        command_ids=tuple(settled),
        unknown=tuple(id for id, is_known in settled.items() if not is_known),
    )


def _own(gap: Gap, known: Iterable[str]) -> tuple[str, ...] | None:
    """A gap is told whether or not its points are (still) registered; those of others are left out."""
    if gap.point_ids is None:
        return None
    own = set(known)
    return tuple(one for one in dict.fromkeys(gap.point_ids) if one in own)


def _settle(command_id: str, outcome: Outcome, bridge: Bridge, commands: CommandRepo) -> bool:
    """Record an outcome unless one stands. False: no such command was asked of this bridge."""
    for attempt in range(ATTEMPTS):
        command = commands.get(bridge.enterprise_id, command_id)
        if command is None or command.bridge_id != bridge.id:
            return False
        if command.outcome is not None:
            return True
        head = (command.enterprise_id, outcome.received_at_ms, command.correlation_id, command.id)
        try:
            commands.save(settle(command, outcome), [CommandSettled(*head, outcome.state.value)])
            return True
        except WriteConflict:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")
