"""Tell people of a settled month, of measures, the list of key supervision and interviews, and of a grade that is about to fall."""

from collections.abc import Iterable
from datetime import tzinfo

from chalicelib.domain.access import can_see
from chalicelib.domain.consequence import KEY_SUPERVISION, ORDER
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import (
    ConsequencesChanged,
    Event,
    InterviewCalled,
    MonthSettled,
    SupervisionChanged,
    TaskDispatched,
    TaskOverdue,
)
from chalicelib.domain.month import previous_month
from chalicelib.domain.notice import Notice, NoticeKind, notice_id
from chalicelib.domain.person import Person, Role
from chalicelib.domain.score import Grade, month_of
from chalicelib.ports import (
    CatalogueRepo,
    Clock,
    ConsequenceRepo,
    HazardRepo,
    RegistryRepo,
    ResultRepo,
    ScoreRepo,
    TaskRepo,
    WarningRepo,
)
from chalicelib.usecases.hand_out import Post, hand_out
from chalicelib.usecases.score_task import score_of

OWN = frozenset({Role.ENTERPRISE})
RESTRICTING = frozenset({Grade.RECTIFY.value, Grade.SUPERVISED.value, KEY_SUPERVISION})
ALL_SIDES = frozenset({Role.ENTERPRISE, Role.DEPARTMENT, Role.COMMITTEE})
Told = ConsequencesChanged | InterviewCalled | MonthSettled | SupervisionChanged


def tell_consequences(
    event: Told,
    *,
    results: ResultRepo,
    consequences: ConsequenceRepo,
    registry: RegistryRepo,
    catalogues: CatalogueRepo,
    post: Post,
) -> tuple[Notice, ...]:
    """The enterprise; of lists, and of measures that restrict it, both departments and the committee too: they carry them out. Doing it twice
    tells each once."""
    profile = registry.profile(event.enterprise_id)
    if profile is None:
        raise NotFound(what="enterprise")
    one = profile.enterprise
    params = {"enterprise": one.name}
    match event:
        case MonthSettled():
            result = results.get(one.id, event.month)
            if result is None:
                raise NotFound(what="result")
            params |= {"month": event.month, "score": f"{result.value:g}", "grade": result.grade.value}
            kind, roles = (NoticeKind.MONTH_SETTLED if event.revision == 1 else NoticeKind.MONTH_RESETTLED), OWN
        case ConsequencesChanged():
            changed = (*event.started, *event.ended)
            params |= {
                "started": str(len(event.started)),
                "ended": str(len(event.ended)),
                "measures": ",".join(changed),
            }
            rules = catalogues.in_force_at(event.at_ms).consequences
            is_restricted = any(one in rules and rules[one].cause in RESTRICTING for one in changed)
            kind, roles = NoticeKind.CONSEQUENCES_CHANGED, (ALL_SIDES if is_restricted else OWN)
        case SupervisionChanged():
            params |= {"month": event.month}
            kind, roles = (
                (NoticeKind.SUPERVISION_LISTED if event.is_listed else NoticeKind.SUPERVISION_ENDED),
                ALL_SIDES,
            )
        case InterviewCalled():
            interview = consequences.interview(one.id, event.month)
            values = interview.values if interview else ()
            params |= {"month": event.month, "scores": "、".join(f"{value:g}" for value in values)}
            kind, roles = NoticeKind.INTERVIEW_CALLED, ALL_SIDES - {Role.DEPARTMENT}
    return hand_out(tuple(_notices(event, event.id, kind, params, _readers(one, roles, registry))), post)


def warn_of_downgrade(
    event: TaskDispatched | TaskOverdue,
    *,
    registry: RegistryRepo,
    scores: ScoreRepo,
    results: ResultRepo,
    tasks: TaskRepo,
    warnings: WarningRepo,
    hazards: HazardRepo,
    catalogues: CatalogueRepo,
    clock: Clock,
    zone: tzinfo,
    post: Post,
) -> tuple[Notice, ...]:
    """Tell an enterprise, before it counts, that its grade falls unless its open tasks end better: once for each month and grade."""
    profile = registry.profile(event.enterprise_id)
    month = month_of(clock.now_ms(), zone)
    # A regional task is of no single enterprise, and what comes much too late says nothing of this month.
    if profile is None or month_of(event.at_ms, zone) != month:
        return ()
    one = profile.enterprise
    found = score_of(
        one, month, scores=scores, tasks=tasks, warnings=warnings, hazards=hazards, catalogues=catalogues, clock=clock, zone=zone
    )  # fmt: skip
    before = results.get(one.id, previous_month(month))
    stands = before.grade if before else Grade.BENCHMARK
    if found.projected is None or ORDER.index(found.projected.grade) <= ORDER.index(stands):
        return ()
    params = {
        "enterprise": one.name,
        "month": month,
        "score": f"{found.projected.value:g}",
        "grade": found.projected.grade.value,
    }
    what = f"grade_at_risk:{one.id}:{month}:{found.projected.grade}"
    return hand_out(tuple(_notices(event, what, NoticeKind.GRADE_AT_RISK, params, _readers(one, OWN, registry))), post)


def _readers(one: Enterprise, roles: frozenset[Role], registry: RegistryRepo) -> list[Person]:
    sees = [
        person
        for person in registry.people()
        if person.role in roles and can_see(person, enterprise_id=one.id, region=one.region, industry=one.industry)
    ]
    return sorted(sees, key=lambda person: person.id)


def _notices(event: Event, what: str, kind: NoticeKind, params: dict[str, str], readers: Iterable[Person]) -> Iterable[Notice]:  # fmt: skip
    for person in readers:
        yield Notice(
            id=notice_id(what, person.id),
            person_id=person.id,
            kind=kind,
            task_id="",
            enterprise_id=event.enterprise_id,
            tier=0,
            created_at_ms=event.at_ms,
            params=tuple(params.items()),
            correlation_id=event.correlation_id,
        )
