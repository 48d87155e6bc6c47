"""The warnings of a task: how they join and leave it, and when all of its readings are back."""

from dataclasses import replace

from chalicelib.domain.person import Person, Role
from chalicelib.domain.side import Side
from chalicelib.domain.task import Member, Task, TaskKind
from chalicelib.domain.warning import Warning


def member_of(warning: Warning, at_ms: int) -> Member:
    return Member(
        warning_id=warning.id,
        enterprise_id=warning.enterprise_id,
        unit_id=warning.unit_id,
        rule_id=warning.rule_id,
        tier=warning.tier,
        joined_at_ms=at_ms,
    )


def join(task: Task, member: Member, more: tuple[str, ...] = ()) -> Task:
    """The task with one warning more, whose readings are not back, and with those of its enterprise among the party."""
    party = tuple(sorted({*task.party, *more}))
    return replace(task, members=(*task.members, member), party=party, warning_cleared_at_ms=None)


def leave(task: Task, warning_id: str) -> Task:
    return _settled(replace(task, members=tuple(one for one in task.members if one.warning_id != warning_id)))


def note_tier(task: Task, warning_id: str, tier: int) -> Task:
    return replace(task, members=tuple(_if(one, warning_id, tier=max(one.tier, tier)) for one in task.members))


def note_clearing(task: Task, warning_id: str, at_ms: int) -> Task:
    """`warning_cleared_at_ms` is set when the last of its warnings has cleared."""
    return _settled(replace(task, members=tuple(_if(one, warning_id, cleared_at_ms=at_ms) for one in task.members)))


def seen_by(task: Task, person: Person) -> Task:
    """What of a task an enterprise sees: not why an inspector could not come, which may be private; and of a regional one its own warnings
    and people only, without what was written about all of them."""
    if person.role is not Role.ENTERPRISE:
        return task
    if any(one.text for one in task.assignments):
        task = replace(task, assignments=tuple(replace(one, text="") for one in task.assignments))
    if task.kind is not TaskKind.REGIONAL:
        return task
    own = tuple(one for one in task.members if one.enterprise_id == person.enterprise_id)
    return replace(
        task,
        members=own,
        warning_id=own[0].warning_id,
        rule_id=own[0].rule_id,
        party=tuple({person.id} & {*task.party}),
        acknowledgements=tuple(one for one in task.acknowledgements if one.by == person.id),
        doubts=(),
        safety=_without_words(task.safety),
        environment=_without_words(task.environment),
    )


def _without_words(side: Side) -> Side:
    """How far it is, without what was written of it and what it rests on."""
    submission, verdict, waiver = side.submission, side.verdict, side.waiver
    return replace(
        side,
        submission=submission and replace(submission, note="", media=()),
        verdict=verdict and replace(verdict, reason="", lacks=()),
        waiver=waiver and replace(waiver, reason="", decision_reason=""),
    )


def _if(member: Member, warning_id: str, **changes: int) -> Member:
    return replace(member, **changes) if member.warning_id == warning_id else member  # type: ignore[arg-type]


def _settled(task: Task) -> Task:
    cleared = [one.cleared_at_ms for one in task.members]
    back = [at_ms for at_ms in cleared if at_ms is not None]
    all_back = bool(back) and len(back) == len(cleared)
    return replace(task, warning_cleared_at_ms=max(back) if all_back else None)
