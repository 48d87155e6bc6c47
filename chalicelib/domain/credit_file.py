"""The green credit file (绿色信用档案): what the park holds of an enterprise over some months, as one document to be signed and filed.

The document is made of named sections, each by one small function from the same record. It names nobody: whoever works, objects or
decides appears in the audit, not here. The same record gives the same document but for `made_at`, and `digest` leaves that out: two
copies of one digest say the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from typing import Any

from chalicelib.domain.audit import canonical
from chalicelib.domain.catalogue import Text
from chalicelib.domain.consequence import Consequence
from chalicelib.domain.course import Miss, Pass
from chalicelib.domain.dimension import SIDES
from chalicelib.domain.enterprise import Enterprise
from chalicelib.domain.errors import FieldError, InvalidRequest
from chalicelib.domain.hazard import Hazard, hazard_task_id
from chalicelib.domain.interview import Interview
from chalicelib.domain.month import MonthResult
from chalicelib.domain.objection import Objection
from chalicelib.domain.score import Score, ScoreEntry
from chalicelib.domain.supervision import Listing
from chalicelib.domain.task import Task, TaskKind
from chalicelib.domain.warning import Warning, WarningState

TYPE = "green-credit-file"
VERSION = 1
MONTHS = 12  # unless another period is asked for
MOST_MONTHS = 24
TIERS = (1, 2, 3)
STOOD = frozenset({WarningState.OPEN, WarningState.CLEARED})  # the others were below the threshold, or none
Months = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthRecord:
    """`is_running`: the month is not over, so that its score is the one so far."""

    score: Score
    objections: tuple[Objection, ...]
    is_running: bool

    @property
    def month(self) -> str:
        return self.score.month


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed from months, as far as it touches the period: settled months, measures with their names, stands on the list of key
    supervision, interviews, and what was passed and missed in training."""

    results: tuple[MonthResult, ...] = ()
    measures: tuple[Consequence, ...] = ()
    names: Mapping[str, Text] = field(default_factory=dict)
    listings: tuple[Listing, ...] = ()
    interviews: tuple[Interview, ...] = ()
    passes: tuple[Pass, ...] = ()
    misses: tuple[Miss, ...] = ()


@dataclass(frozen=True, slots=True)
class CreditRecord:
    """All that the sections are made of, of an enterprise and the months of a period.

    `warnings` are by their onset, `tasks` by when they were opened, each within the period, the oldest first; `hazards` are those that the
    tasks are about. `begun_ms` is the first that is known of the enterprise: a reading or an entry; None: nothing is.
    """

    enterprise: Enterprise
    zone: tzinfo
    months: tuple[MonthRecord, ...]
    warnings: tuple[Warning, ...] = ()
    tasks: tuple[Task, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    begun_ms: int | None = 0
    followed: Followed = Followed()

    def is_connected(self, month: str) -> bool:
        """Whether the park knew of the enterprise by then: else a month's score says nothing."""
        return self.begun_ms is not None and self.month_of(self.begun_ms) <= month

    def instant(self, at_ms: int) -> str:
        """RFC 3339, in the park's time zone."""
        seconds, ms = divmod(at_ms, 1000)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000)
        return moment.astimezone(self.zone).isoformat(timespec="milliseconds")

    def month_of(self, at_ms: int) -> str:
        return self.instant(at_ms)[:7]


def months_between(first: str | None, last: str | None, running: str) -> Months:
    """The months (YYYY-MM) of a period, both ends included; by default the last twelve, the running one included.

    Raises InvalidRequest for an end that is to come, a beginning behind the end, or more than MOST_MONTHS.
    """
    end = _number(last or running)
    begin = end - MONTHS + 1 if first is None else _number(first)
    if end > _number(running):
        raise InvalidRequest(errors=[FieldError("to", "month_ahead", last or "")])
    if not 0 <= end - begin < MOST_MONTHS:
        raise InvalidRequest(errors=[FieldError("from", "months_most", str(MOST_MONTHS))])
    return tuple(f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(begin, end + 1))


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def document_of(record: CreditRecord, made_at_ms: int) -> dict[str, Any]:
    """The document as it is signed: values that JSON has, and no floats that need more than two decimals."""
    told: dict[str, Any] = {
        "type": TYPE,
        "version": VERSION,
        "from": record.months[0].month,
        "to": record.months[-1].month,
        "sections": {name: section(record) for name, section in SECTIONS.items()},
    }
    return {**told, "digest": digest_of(told), "made_at": record.instant(made_at_ms)}


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of all but `made_at` and itself, in canonical JSON."""
    told = {key: value for key, value in document.items() if key not in ("digest", "made_at")}
    return sha256(canonical(told).encode()).hexdigest()


def payload_of(document: Mapping[str, Any]) -> bytes:
    """What is signed: canonical JSON (sorted keys, no spaces) in UTF-8."""
    return canonical(document).encode()


# ---- sections --------------------------------------------------------------------------------------------------------


def identity(record: CreditRecord) -> dict[str, Any]:
    one = record.enterprise
    return {
        "id": one.id,
        "name": one.name,
        "credit_code": one.credit_code,
        "industry": one.industry,
        "size": one.size,
        "region": one.region,
    }


def summary(record: CreditRecord) -> dict[str, Any]:
    """Over the months that are over and connected; of none, of the last one."""
    known = [one for one in record.months if not one.is_running and record.is_connected(one.month)]
    over = known or list(record.months[-1:])
    values = [one.score.value for one in over]
    grades = Counter(one.score.grade.value for one in over)
    lowest = min(over, key=lambda one: one.score.value)
    return {
        "months": len(over),
        "average": round(sum(values) / len(values), 2),
        "lowest": lowest.score.value,
        "lowest_month": lowest.month,
        "latest": over[-1].score.value,
        "latest_grade": over[-1].score.grade.value,
        "grades": dict(sorted(grades.items())),
    }


def rules(record: CreditRecord) -> dict[str, Any]:
    """By which versions it was scored."""
    entries = [entry for one in record.months for entry in one.score.entries]
    return {
        "catalogue_versions": sorted({entry.catalogue_version for entry in entries}),
        "warning_rules": sorted({entry.rule for entry in entries if entry.rule}),
    }


def months(record: CreditRecord) -> list[dict[str, Any]]:
    return [_month(record, one) for one in record.months]


def _month(record: CreditRecord, one: MonthRecord) -> dict[str, Any]:
    score = one.score
    return {
        "month": score.month,
        "is_running": one.is_running,
        "is_connected": record.is_connected(one.month),
        "score": score.value,
        "grade": score.grade.value,
        "base": score.base,
        "parts": [{"part": p.value, "score": score.parts[p], "weight": score.weights[p]} for p in score.parts],
        "entries": [_entry(record, entry, score) for entry in score.entries],
        "objections": [_objection(record, each) for each in one.objections],
    }


def _entry(record: CreditRecord, entry: ScoreEntry, score: Score) -> dict[str, Any]:
    """`effect` is what it does to the score by the weights of its parts, where no bound is met."""
    return {
        "key": entry.key,
        "cause": entry.cause.value,
        "points": entry.points,
        "parts": [part.value for part in entry.parts],
        "effect": round(entry.points * sum(score.weights[part] for part in entry.parts), 2),
        "task_id": entry.task_id,
        "at": record.instant(entry.at_ms),
        "catalogue_version": entry.catalogue_version,
        "rule": entry.rule,
        "evidence": list(entry.evidence),
        "corrects": entry.corrects,
        "figures": dict(entry.figures),
        "is_frozen": entry.key in score.frozen,
    }


def _objection(record: CreditRecord, one: Objection) -> dict[str, Any]:
    return {
        "id": one.id,
        "entry": one.entry_key,
        "reason": one.reason,
        "at": record.instant(one.at_ms),
        "due_at": record.instant(one.due_at_ms),
        "state": one.state.value,
        "decided_reason": one.decided_reason,
        "decided_at": "" if one.decided_at_ms is None else record.instant(one.decided_at_ms),
    }


def warnings(record: CreditRecord) -> dict[str, Any]:
    """Those at or above the threshold that nobody has withdrawn. `retroactive` ones were found in data that came late."""
    stood = [one for one in record.warnings if one.state in STOOD]
    by_month = Counter((record.month_of(one.onset_ms), one.tier) for one in stood)
    return {
        "total": len(stood),
        "by_tier": {str(tier): sum(one.tier == tier for one in stood) for tier in TIERS},
        "by_month": [
            {"month": one.month, **{f"tier_{tier}": by_month[one.month, tier] for tier in TIERS}}
            for one in record.months
        ],
        "items": [_warning(record, one) for one in stood],
    }


def _warning(record: CreditRecord, one: Warning) -> dict[str, Any]:
    return {
        "id": one.id,
        "unit_id": one.unit_id,
        "rule": f"{one.rule_id}@{one.why.rule_version}",
        "tier": one.tier,
        "onset": record.instant(one.onset_ms),
        "cleared_at": "" if one.cleared_at_ms is None else record.instant(one.cleared_at_ms),
        "retroactive": one.retroactive,
    }


def tasks(record: CreditRecord) -> dict[str, Any]:
    """By when they were opened. Tasks of a whole region are not among them: how a group worked is no enterprise's merit or fault."""
    own = [one for one in record.tasks if one.kind is not TaskKind.REGIONAL]
    return {
        **_counted(own),
        "regional": len(record.tasks) - len(own),
        "in_doubt": sum(bool(one.doubts) for one in own),
        "by_month": [
            {"month": one.month, **_counted(task for task in own if record.month_of(task.opened_at_ms) == one.month)}
            for one in record.months
        ],
    }


def _counted(given: Iterable[Task]) -> dict[str, int]:
    listed = list(given)
    closed = [one for one in listed if one.closed_at_ms is not None]
    on_time = sum((one.closed_at_ms or 0) <= one.due_at_ms for one in closed)
    return {
        "opened": len(listed),
        "closed": len(closed),
        "on_time": on_time,
        "late": len(closed) - on_time,
        "open": len(listed) - len(closed),
        "returned": sum(one.side(dimension).returns for one in listed for dimension in SIDES),
    }


def hazards(record: CreditRecord) -> dict[str, Any]:
    """`reported` by the enterprise itself, `found` by others."""
    closed = {one.id: one.closed_at_ms for one in record.tasks}
    return {
        "reported": sum(one.is_own for one in record.hazards),
        "found": sum(not one.is_own for one in record.hazards),
        "items": [_hazard(record, one, closed.get(hazard_task_id(one.id))) for one in record.hazards],
    }


def _hazard(record: CreditRecord, one: Hazard, closed_at_ms: int | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "unit_id": one.unit_id,
        "dimension": one.dimension.value,
        "severity": one.severity,
        "is_own": one.is_own,
        "seen_at": record.instant(one.seen_at_ms),
        "closed_at": "" if closed_at_ms is None else record.instant(closed_at_ms),
    }


def settled(record: CreditRecord) -> list[dict[str, Any]]:
    """The months as they were settled, with what was due, done and exceeded in them."""
    return [
        {
            "month": one.month,
            "score": one.value,
            "grade": one.grade.value,
            "due": one.figures.due,
            "done": one.figures.done,
            "exceedances": one.figures.exceedances,
            "data": one.figures.data,
            "revision": one.revision,
            "settled_at": record.instant(one.settled_at_ms),
        }
        for one in record.followed.results
    ]


def consequences(record: CreditRecord) -> dict[str, Any]:
    """Measures, stands on the list of key supervision, and interviews without their minutes."""
    followed = record.followed
    return {
        "measures": [_measure(record, one) for one in followed.measures],
        "supervision": [
            {
                "month": one.month,
                "from": record.instant(one.listed_at_ms),
                "to": _instant_or_none(record, one.off_at_ms),
                "due": one.figures.due,
                "done": one.figures.done,
                "exceedances": one.figures.exceedances,
            }
            for one in followed.listings
        ],
        "interviews": [
            {
                "month": one.month,
                "state": one.state.value,
                "held_at": _instant_or_none(record, one.held_at_ms),
                "outcome": "" if one.outcome is None else one.outcome.value,
            }
            for one in followed.interviews
        ],
    }


def _measure(record: CreditRecord, one: Consequence) -> dict[str, Any]:
    return {
        "measure": one.measure,
        "names": dict(record.followed.names.get(one.measure, {})),
        "cause": one.cause,
        "month": one.month,
        "from": record.instant(one.started_at_ms),
        "to": _instant_or_none(record, one.ended_at_ms),
        "ended_by": "" if one.ended_by is None else one.ended_by.value,
    }


def training(record: CreditRecord) -> dict[str, Any]:
    """How many passed which course, and how often a deadline was missed. Nobody is named."""
    passed = Counter(one.course for one in record.followed.passes)
    missed = Counter(one.course for one in record.followed.misses)
    return {
        "passed": sum(passed.values()),
        "missed": sum(missed.values()),
        "courses": [{"course": one, "passed": passed[one], "missed": missed[one]} for one in sorted(passed | missed)],
    }


def _instant_or_none(record: CreditRecord, at_ms: int | None) -> str:
    return "" if at_ms is None else record.instant(at_ms)


# A further section is one line here, its model in api/models/credit_file.py, and its part in adapters/credit_print.py.
SECTIONS: Mapping[str, Callable[[CreditRecord], dict[str, Any] | Sequence[dict[str, Any]]]] = {
    "identity": identity,
    "summary": summary,
    "rules": rules,
    "months": months,
    "warnings": warnings,
    "tasks": tasks,
    "hazards": hazards,
    "settled": settled,
    "consequences": consequences,
    "training": training,
}


# ---- keys and exports ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that files are, or were, signed with. `id` is its certificate's SHA-256 (hex); `certificates` (PEM) begin with its own, and each
    next one has issued the one before. `jwk` is the public key after RFC 7517."""

    id: str
    subject: str
    not_before_ms: int
    not_after_ms: int
    certificates: tuple[str, ...]
    jwk: Mapping[str, Any]
    is_current: bool


@dataclass(frozen=True, slots=True)
class SignedJson:
    """A JWS in its flattened JSON serialization (RFC 7515, 7.2.2); all three are base64url."""

    payload: str
    protected: str
    signature: str


@dataclass(frozen=True, slots=True)
class CreditFile:
    document: Mapping[str, Any]
    signed: SignedJson


@dataclass(frozen=True, slots=True)
class CreditExport:
    """Who took which file when; `form` is json or pdf."""

    id: str
    enterprise_id: str
    at_ms: int
    by: str
    form: str
    from_month: str
    to_month: str
    digest: str
    key_id: str
