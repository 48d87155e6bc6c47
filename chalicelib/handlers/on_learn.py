"""Once an hour: what the park learns from its own history, unit by unit, those first that were looked at longest ago.

A run ends before its time does; the next goes on where it stopped. A unit that fails stops no other: it is logged, counted, and its
turn comes again like everyone's. A job is one line of JOBS.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from chalicelib.acting import Author, acting
from chalicelib.bootstrap import Services, ports_of
from chalicelib.observability import FunctionFailed, count, described, logger
from chalicelib.usecases.add_retest import compare_retests
from chalicelib.usecases.check_dashboard import Drift, check_enterprise, check_totals
from chalicelib.usecases.find_decoupling import find_decoupling
from chalicelib.usecases.find_sensor_faults import find_sensor_faults
from chalicelib.usecases.fit_foresight import fit_foresight
from chalicelib.usecases.learn_laws import learn_laws
from chalicelib.usecases.open_visits import open_visits
from chalicelib.usecases.publish_ranking import publish_rankings
from chalicelib.usecases.read_audit import verify_audit
from chalicelib.usecases.rebuild_dashboard import rebuild_dashboard
from chalicelib.usecases.settle_month import count_month, month_to_settle, settle_month, uncounted, unsettled
from chalicelib.usecases.train_watch import renew_watch
from chalicelib.usecases.watch_sources import watch_sources

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
CHECK = "check_enterprise"
CHECKED_FROM_TO, TOTALS_FROM_TO = range(1, 4), range(4, 6)  # hours of the night
REBUILD_MS, REBUILDS = 2 * 60_000, 4  # a turn that begins at the end of the budget must end in time too
BUDGET_MS = 12 * 60_000  # of the function's fifteen minutes: one unit more may take some


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """`subject` is a unit of the enterprise; where there is no enterprise, a region."""

    last_ms: int
    job: str
    enterprise_id: str
    subject: str


Subjects = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Job:
    """`run` takes (services, turn, now_ms) and says in a word what came of it. It is due `every_ms` for each of its subjects. `name` is
    that of its use case."""

    name: str
    every_ms: int
    run: Callable[[Services, Turn, int], str]
    subjects: Callable[[Services], Subjects]


def units(services: Services) -> Subjects:
    for enterprise in services.registry.enterprises():
        profile = services.registry.profile(enterprise.id)
        yield from ((enterprise.id, unit.id) for unit in (profile.units if profile else ()))


def regions(services: Services) -> Subjects:
    return [("", region) for region in sorted({one.region for one in services.registry.enterprises()})]


def _renew_watch(services: Services, turn: Turn, now_ms: int) -> str:
    return renew_watch(turn.enterprise_id, turn.subject, **ports_of(renew_watch, services))


def _learn_laws(services: Services, turn: Turn, now_ms: int) -> str:
    return f"{len(learn_laws(turn.subject, now_ms, **ports_of(learn_laws, services)).laws)} laws"


def _find_decoupling(services: Services, turn: Turn, now_ms: int) -> str:
    changed = find_decoupling(turn.subject, now_ms, **ports_of(find_decoupling, services))
    return f"{len(changed)} observations"


def _find_sensor_faults(services: Services, turn: Turn, now_ms: int) -> str:
    """The full hours since the last time, a day at most."""
    to_ms = now_ms // HOUR_MS * HOUR_MS
    from_ms = max(min(turn.last_ms // HOUR_MS * HOUR_MS, to_ms - HOUR_MS), to_ms - DAY_MS)
    changed = find_sensor_faults(turn.subject, from_ms, to_ms, **ports_of(find_sensor_faults, services))
    return f"{len(changed)} observations"


def _fit_foresight(services: Services, turn: Turn, now_ms: int) -> str:
    return fit_foresight(turn.subject, now_ms, **ports_of(fit_foresight, services)).verdict.value


def _compare_retests(services: Services, turn: Turn, now_ms: int) -> str:
    return f"{compare_retests(**ports_of(compare_retests, services))} compared"


def once(services: Services) -> Subjects:
    return [("", "all")]


def chains(services: Services) -> Subjects:
    return [("", head.object) for head in services.audits.heads()]


def _verify_audit(services: Services, turn: Turn, now_ms: int) -> str:
    broken = verify_audit(turn.subject, **ports_of(verify_audit, services))
    if broken is not None:
        logger.error("audit chain broken", extra={"object": turn.subject, "seq": broken.seq, "why": broken.why})
        count("AuditBroken")
    return "intact" if broken is None else broken.why


def counting(services: Services) -> Subjects:
    return [(one, "month") for one in uncounted(month_desk=services.month_desk)]


def settling(services: Services) -> Subjects:
    return [(one, "month") for one in unsettled(month_desk=services.month_desk)]


def _count_month(services: Services, turn: Turn, now_ms: int) -> str:
    month = month_to_settle(turn.enterprise_id, services.month_desk)
    return (
        "over" if month is None else f"{count_month(turn.enterprise_id, month, month_desk=services.month_desk).due} due"
    )


def _settle_month(services: Services, turn: Turn, now_ms: int) -> str:
    month = month_to_settle(turn.enterprise_id, services.month_desk)
    return (
        "over" if month is None else str(settle_month(turn.enterprise_id, month, month_desk=services.month_desk).grade)
    )


def _publish_rankings(services: Services, turn: Turn, now_ms: int) -> str:
    return f"{len(publish_rankings(**ports_of(publish_rankings, services)))} published"


def _open_visits(services: Services, turn: Turn, now_ms: int) -> str:
    return f"{open_visits(**ports_of(open_visits, services))} opened"


def _watch_sources(services: Services, turn: Turn, now_ms: int) -> str:
    return f"{watch_sources(**ports_of(watch_sources, services))} changed"


def enterprises_at_night(services: Services) -> Subjects:
    """By the park's clock, while little else goes on."""
    if _hour(services) not in CHECKED_FROM_TO:
        return []
    return [(enterprise.id, "") for enterprise in services.registry.enterprises()]


def once_at_night(services: Services) -> Subjects:
    """After the enterprises."""
    return [("", "all")] if _hour(services) in TOTALS_FROM_TO else []


def _hour(services: Services) -> int:
    return datetime.fromtimestamp(services.clock.now_ms() / 1000, services.zone).hour


def _check_enterprise(services: Services, turn: Turn, now_ms: int) -> str:
    return _told(check_enterprise(turn.enterprise_id, **ports_of(check_enterprise, services)), turn)


def _check_totals(services: Services, turn: Turn, now_ms: int) -> str:
    done = services.learning.done(CHECK)
    since_ms = min((done.get((one.id, ""), 0) for one in services.registry.enterprises()), default=0)
    return _told(check_totals(since_ms or None, **ports_of(check_totals, services)), turn)


def _told(drift: Drift, turn: Turn) -> str:
    for what, number in (("things", drift.things), ("scores", drift.scores), ("sums", drift.sums)):
        if number:
            count("DashboardDrift", number, what=what)
    if drift != Drift():
        logger.warning("dashboard drift", extra={"enterprise_id": turn.enterprise_id, **asdict(drift)})
    return "intact" if drift == Drift() else "put right"


def rebuilding(services: Services) -> Subjects:
    known = services.dashboard.generations()
    is_idle = known.building is None and known.former is None
    return [] if is_idle else [("", f"part-{number}") for number in range(REBUILDS)]


def _rebuild_dashboard(services: Services, turn: Turn, now_ms: int) -> str:
    return rebuild_dashboard(now_ms + REBUILD_MS, **ports_of(rebuild_dashboard, services))


# A day's job is due half an hour early, so that the hour's run that comes a little before does not put it off to the next.
JOBS = (
    Job("find_sensor_faults", HOUR_MS // 2, _find_sensor_faults, units),
    Job("find_decoupling", HOUR_MS // 2, _find_decoupling, units),
    Job("learn_laws", DAY_MS - HOUR_MS // 2, _learn_laws, units),
    Job("fit_foresight", DAY_MS - HOUR_MS // 2, _fit_foresight, regions),
    Job("compare_retests", HOUR_MS // 2, _compare_retests, once),
    Job("verify_audit", DAY_MS - HOUR_MS // 2, _verify_audit, chains),
    Job("watch_sources", HOUR_MS // 2, _watch_sources, once),
    Job(CHECK, DAY_MS - 4 * HOUR_MS, _check_enterprise, enterprises_at_night),
    Job("check_totals", DAY_MS - 4 * HOUR_MS, _check_totals, once_at_night),
    Job("rebuild_dashboard", 0, _rebuild_dashboard, rebuilding),
    Job("renew_watch", 7 * DAY_MS, _renew_watch, units),
    Job("count_month", HOUR_MS // 2, _count_month, counting),
    Job("settle_month", HOUR_MS // 2, _settle_month, settling),
    Job("publish_rankings", HOUR_MS // 2, _publish_rankings, once),
    Job("open_visits", HOUR_MS // 2, _open_visits, once),
)


def on_learn(services: Services, jobs: tuple[Job, ...] = JOBS) -> int:
    """How many turns were taken. Raises FunctionFailed after the last of them where one failed, so that the alarm rings."""
    began_ms = services.clock.now_ms()
    by_name = {job.name: job for job in jobs}
    failed: Exception | None = None
    taken = 0
    for turn in sorted(_due(services, jobs, began_ms)):
        if services.clock.now_ms() >= began_ms + BUDGET_MS:
            break
        failed = _take(turn, by_name[turn.job], services) or failed
        taken += 1
    logger.info("learnt", extra={"turns": taken})
    if failed is not None:
        raise FunctionFailed(failed) from None
    return taken


def _due(services: Services, jobs: tuple[Job, ...], now_ms: int) -> Iterator[Turn]:
    for job in jobs:
        if not services.runs(job.name):
            continue
        done = services.learning.done(job.name)
        for subject in job.subjects(services):
            last_ms = done.get(subject, 0)
            if now_ms >= last_ms + job.every_ms:
                yield Turn(last_ms, job.name, *subject)


def _take(turn: Turn, job: Job, services: Services) -> Exception | None:
    said = {"job": turn.job, "enterprise_id": turn.enterprise_id, "subject": turn.subject}
    problem: Exception | None = None
    try:
        with acting(Author(id="learn")):
            outcome = job.run(services, turn, services.clock.now_ms())
    # Whatever is wrong with one unit, the others learn.
    except Exception as error:  # noqa: BLE001
        logger.error("learning failed", extra=said | described(error))
        count("LearningFailed", job=turn.job)
        problem = error
    else:
        logger.info("learning done", extra=said | {"outcome": outcome})
    services.learning.mark(turn.job, turn.enterprise_id, turn.subject, services.clock.now_ms())
    return problem
