"""A credit file's document as a PDF that a department files."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.adapters.credit_layout import COLOURS, Page
from chalicelib.domain.credit_file import SigningKey
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.messages import DEFAULT, TEXTS, text
from chalicelib.domain.score import GRADES, Grade

NUMBER_DIGITS = 16  # of the digest: enough to tell files apart by eye
EMPTY = "—"
Document = Mapping[str, Any]


class PdfCreditPrinter:
    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def print(self, document: Document, key: SigningKey, language: str) -> bytes:
        say = partial(text, language=language)
        who = document["sections"]["identity"]
        foot = f"{who['name']}  {who['credit_code']}  {number_of(document)}"
        page_text = TEXTS.get(language, TEXTS[DEFAULT])["credit.page"]
        page = Page(language, foot, page_text)
        page.title(say("credit.title"), say("credit.period", first=document["from"], last=document["to"]))
        _enterprise(page, document, language)
        _summary(page, document, language)
        _chart(page, document, language)
        _months(page, document, language)
        _entries(page, document, language)
        _objections(page, document, language)
        _consequences(page, document, language)
        self._verification(page, document, key, language)
        return page.pdf(f"{say('credit.title')} {who['name']}", key.subject, f"sha256:{document['digest']}")

    def _verification(self, page: Page, document: Document, key: SigningKey, language: str) -> None:
        say = partial(text, language=language)
        page.heading(say("credit.verify"))
        page.note(say("credit.verify_how"))
        valid = say("credit.valid_of", first=self._day(key.not_before_ms), last=self._day(key.not_after_ms))
        page.facts(
            [
                (say("credit.digest"), document["digest"]),
                (say("credit.signer"), key.subject),
                (say("credit.thumbprint"), key.id),
                (say("credit.valid"), valid),
            ]
        )

    def _day(self, at_ms: int) -> str:
        return datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(self._zone).strftime("%Y-%m-%d")


def number_of(document: Document) -> str:
    return f"GC-{document['to'].replace('-', '')}-{document['digest'][:NUMBER_DIGITS].upper()}"


def _enterprise(page: Page, document: Document, language: str) -> None:
    say = partial(text, language=language)
    who, rules = document["sections"]["identity"], document["sections"]["rules"]
    page.facts(
        [
            (say("credit.enterprise"), who["name"]),
            (say("credit.credit_code"), who["credit_code"]),
            (say("credit.industry"), _word(f"credit.industry_{who['industry']}", who["industry"], language)),
            (say("credit.size"), _word(f"credit.size_{who['size']}", who["size"], language)),
            (say("credit.region"), who["region"]),
            (say("credit.number"), number_of(document)),
            (say("credit.made_at"), _minute(document["made_at"])),
            (say("credit.versions"), "  ".join(rules["catalogue_versions"]) or say("credit.none")),
        ],
        abreast=2,
    )


def _summary(page: Page, document: Document, language: str) -> None:
    say = partial(text, language=language)
    parts = document["sections"]
    one, tiers = parts["summary"], parts["warnings"]["by_tier"]
    grades = [
        say("credit.grade_of", grade=say(f"word.grade.{grade.value}"), count=one["grades"][grade.value])
        for grade in Grade
        if grade.value in one["grades"]
    ]
    latest = say("credit.latest_of", score=_score(one["latest"]), grade=say(f"word.grade.{one['latest_grade']}"))
    lowest = say("credit.lowest_of", score=_score(one["lowest"]), month=one["lowest_month"])
    counted = dict(zip(("one", "two", "three"), tiers.values(), strict=True))
    page.heading(say("credit.summary"))
    page.facts(
        [
            (say("credit.average"), _score(one["average"])),
            (say("credit.latest"), latest),
            (say("credit.lowest"), lowest),
            (say("credit.grades"), ("，" if language == DEFAULT else ", ").join(grades)),
            (say("credit.warnings"), say("credit.warnings_of", **counted, total=parts["warnings"]["total"])),
            (say("credit.tasks"), say("credit.tasks_of", **_plain(parts["tasks"]))),
            (say("credit.hazards"), say("credit.hazards_of", **_plain(parts["hazards"]))),
        ]
    )
    is_over = any(month["is_connected"] and not month["is_running"] for month in parts["months"])
    page.note(say("credit.months_counted", count=one["months"]) if is_over else say("credit.running_only"))


def _chart(page: Page, document: Document, language: str) -> None:
    say = partial(text, language=language)
    page.heading(say("credit.chart"))
    bars = [
        (one["month"], one["score"] if one["is_connected"] else None, one["grade"])
        for one in document["sections"]["months"]
    ]
    page.chart(bars, [(least, say(f"word.grade.{grade.value}")) for least, grade in GRADES])


def _months(page: Page, document: Document, language: str) -> None:
    say = partial(text, language=language)
    parts = document["sections"]
    names = ("month", "score", "grade", "part_safety", "part_environment", "part_energy", "tier", "closed", "on_time", "returned")  # fmt: skip
    rows = []
    for month, warned, worked in zip(
        parts["months"], parts["warnings"]["by_month"], parts["tasks"]["by_month"], strict=True
    ):
        scores = {one["part"]: _score(one["score"]) for one in month["parts"]}
        name = say("credit.running", month=month["month"]) if month["is_running"] else month["month"]
        tiers = " / ".join(str(warned[f"tier_{tier}"]) for tier in (1, 2, 3))
        tasks = [f"{worked['closed']} / {worked['opened']}", str(worked["on_time"]), str(worked["returned"])]
        grade = say(f"word.grade.{month['grade']}")
        own = [_score(month["score"]), grade, *(scores.get(part, EMPTY) for part in Dimension)]
        own = own if month["is_connected"] else [EMPTY, say("credit.unconnected"), *[EMPTY] * len(Dimension)]
        rows.append([name, *own, tiers, *tasks])
    page.heading(say("credit.months"))
    page.table([say(f"credit.{name}") for name in names], rows, (16, 9, 13, 9, 9, 9, 14, 13, 8, 8))


def _entries(page: Page, document: Document, language: str) -> None:
    say = partial(text, language=language)
    page.heading(say("credit.entries"))
    months = [one for one in document["sections"]["months"] if one["entries"]]
    if not months:
        page.note(say("credit.no_entries"))
    head = [say(f"credit.{name}") for name in ("date", "cause", "parts", "points", "effect", "task", "rule", "evidence")]  # fmt: skip
    for month in months:
        grade = say(f"word.grade.{month['grade']}")
        said = say("credit.month_head", month=month["month"], score=_score(month["score"]), grade=grade)
        page.subheading(said, COLOURS[month["grade"]])
        page.table(head, [_entry(one, language) for one in month["entries"]], (12, 20, 17, 7.5, 10, 26, 19, 7))


def _entry(one: Mapping[str, Any], language: str) -> list[str]:
    say = partial(text, language=language)
    frozen = f"（{say('credit.frozen')}）" if language == DEFAULT else f" ({say('credit.frozen')})"
    return [
        one["at"][:10],
        say(f"word.cause.{one['cause']}") + (frozen if one["is_frozen"] else ""),
        _parts(one["parts"], language),
        f"{one['points']:+g}",
        f"{one['effect']:+.2f}",
        one["task_id"],
        one["rule"] or EMPTY,
        str(len(one["evidence"])),
    ]


def _objections(page: Page, document: Document, language: str) -> None:
    say = partial(text, language=language)
    page.heading(say("credit.objections"))
    rows = []
    for month in document["sections"]["months"]:
        causes = {one["key"]: one["cause"] for one in month["entries"]}
        for one in month["objections"]:
            cause = causes.get(one["entry"])
            what = EMPTY if cause is None else say(f"word.cause.{cause}")
            state = say(f"word.objection.{one['state']}")
            rows.append([_minute(one["at"]), what, one["reason"], state, one["decided_reason"] or EMPTY])
    if not rows:
        page.note(say("credit.no_objections"))
        return
    page.table([say(f"credit.{name}") for name in ("date", "cause", "reason", "state", "decided")], rows, (18, 17, 30, 16, 27))  # fmt: skip


def _consequences(page: Page, document: Document, language: str) -> None:
    """Measures, the list of key supervision and interviews, in one table by when they began; and training in a line."""
    say = partial(text, language=language)
    parts = document["sections"]
    page.heading(say("credit.consequences"))
    one = parts["consequences"]
    rows = [
        [
            each["from"][:10],
            each["to"][:10] or say("credit.in_force"),
            each["names"].get(language, each["measure"]),
            say("word.key_supervision") if each["cause"] == "key_supervision" else say(f"word.grade.{each['cause']}"),
            say(f"word.end.{each['ended_by']}") if each["ended_by"] else EMPTY,
        ]
        for each in one["measures"]
    ]
    rows += [
        [
            each["from"][:10],
            each["to"][:10] or say("credit.in_force"),
            say("word.key_supervision"),
            say("credit.listed_of", done=each["done"], due=each["due"], exceedances=each["exceedances"]),
            EMPTY,
        ]
        for each in one["supervision"]
    ]
    rows += [
        [
            each["held_at"][:10] or each["month"],
            EMPTY,
            say("credit.interview"),
            say(f"word.interview.{each['state']}"),
            say(f"word.interview_outcome.{each['outcome']}") if each["outcome"] else EMPTY,
        ]
        for each in one["interviews"]
    ]
    if rows:
        head = [say(f"credit.{name}") for name in ("from", "until", "measure", "because", "ended")]
        page.table(head, sorted(rows, key=lambda row: row[0]), (14, 14, 40, 24, 16))
    else:
        page.note(say("credit.no_consequences"))
    page.note(say("credit.training_of", passed=parts["training"]["passed"], missed=parts["training"]["missed"]))


def _parts(parts: Iterable[str], language: str) -> str:
    return ("、" if language == DEFAULT else ", ").join(text(f"credit.part_{one}", language) for one in parts)


def _word(key: str, otherwise: str, language: str) -> str:
    """A park may have industries of its own: those stand by their id."""
    return TEXTS.get(language, TEXTS[DEFAULT]).get(key, otherwise)


def _plain(section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if isinstance(value, int)}


def _score(value: float) -> str:
    return f"{value:.2f}"


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")
