"""What training does to an enterprise's score: its entries follow from passes and missed deadlines as they are stored, and from nothing else."""

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo

from chalicelib.domain.catalogue import ScorePolicy
from chalicelib.domain.course import DAY_MS, Miss, Pass
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.score import Cause, ScoreEntry, month_of

RENEWAL_MS = 30 * DAY_MS  # a pass may be renewed so long before it ends, and counts again
PolicyAt = Callable[[int], tuple[ScorePolicy, str]]  # the policy then in force, and its catalogue's version


def training_entries(
    enterprise_id: str, passes: Iterable[Pass], misses: Iterable[Miss], policy_at: PolicyAt, zone: tzinfo
) -> tuple[ScoreEntry, ...]:
    """A pass earns once for each person, version of a course and term; a missed deadline costs once for the enterprise, however many people
    it is about. `passes` are all that the enterprise's people ever had."""
    earned = [
        _entry(enterprise_id, f"{one.course}:passed:{one.attempt_id}", one.course, one.at_ms, policy_at, zone)
        for one in earning(sorted(passes, key=lambda each: (each.at_ms, each.attempt_id)))
    ]
    missed = [
        _entry(enterprise_id, f"{one.course}:missed:{one.due_day}", one.course, one.at_ms, policy_at, zone, missed=True)
        for one in misses
    ]
    return (*earned, *missed)


def earning(passes: Sequence[Pass]) -> list[Pass]:
    """Of passes in order, those that count: whoever passes again while the first is good for long earns nothing by it."""
    good_until: dict[tuple[str, str], int] = {}
    found: list[Pass] = []
    for one in passes:
        key = one.person_id, one.course
        if one.at_ms >= good_until.get(key, 0) - RENEWAL_MS:
            good_until[key] = one.until_ms
            found.append(one)
    return found


def _entry(
    enterprise_id: str, what: str, course: str, at_ms: int, policy_at: PolicyAt, zone: tzinfo, *, missed: bool = False
) -> ScoreEntry:
    policy, version = policy_at(at_ms)
    return ScoreEntry(
        enterprise_id=enterprise_id,
        month=month_of(at_ms, zone),
        key=f"{Cause.TRAINING}:{what}",
        cause=Cause.TRAINING,
        points=policy.training.missed if missed else policy.training.passed,
        task_id="",
        at_ms=at_ms,
        catalogue_version=version,
        parts=SIDES,
        rule=course,
    )
