"""The demo's own arithmetic and manners: what it counts, what it calls wrong, and how a phone bears a bad line."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from chalicelib.adapters.credit_print import PdfCreditPrinter
from chalicelib.adapters.credit_signer import StoredKeySigner
from chalicelib.bootstrap import SystemClock
from chalicelib.domain.credit_file import document_of
from demo.client import TRIES, Phone, Refused
from demo.credit import verified
from demo.drill import differences
from demo.people import Actor
from demo.repairs import Repairs
from demo.report import count_pushes, percentile, problems_of, reported, rows_of
from tests.credit import ZONE, park_key, pem, secret, year
from tests.park import START_MS

GOOD: dict[str, Any] = {
    "readings": {"produced": 10, "stored": 10, "lost": 0, "doubled": 0},
    "rows": {"stored": 4, "missing": 0},
    "industries": {"circular_chemical": 2, "hydrogen": 1},
    "warnings": {"1": 1, "2": 1, "3": 1},
    "tasks": {"opened": 3, "closed": 3},
    "pushes": {"sent": 5, "failed": 0, "retried": 2, "forgotten": 1},
    "photos": {"verified": 2, "refused": 1},
    "latency_s": {"reading_to_push": {"p50": 1.234, "p95": 6.5}},
}


def attempt(notice: str, number: int, status: str, device: str = "phone") -> dict[str, Any]:
    return {"notice_id": notice, "device_id": device, "attempt": number, "status": status}


def test_of_each_push_the_last_attempt_counts() -> None:
    attempts = [
        attempt("n1", 2, "sent"),
        attempt("n1", 1, "retry"),
        attempt("n2", 1, "retry"),
        attempt("n3", 1, "unregistered", "tablet"),
        attempt("n3", 1, "sent"),
        attempt("n4", 1, "refused"),
    ]
    counted = count_pushes(attempts)
    assert counted == {"sent": 2, "refused": 1, "waiting": 1, "forgotten": 1, "retried": 1}
    assert reported(counted) == {"sent": 2, "failed": 2, "retried": 1, "forgotten": 1}


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 50, None),
        ([1.0], 95, 1.0),
        ([1.0, 2.0], 50, 1.0),
        ([1.0, 2.0, 3.0], 50, 2.0),
        ([float(n) for n in range(1, 101)], 95, 95.0),
    ],
)
def test_a_percentile_is_one_of_the_values(values: list[float], share: int, expected: float | None) -> None:
    assert percentile(values, share) == expected


def test_a_good_report_has_no_problem() -> None:
    assert problems_of(GOOD, [], every_tier=True) == []


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("readings", {"lost": 1}, "readings lost: 1 of 10"),
        ("readings", {"lost": -1}, "readings lost: -1 of 10"),
        ("readings", {"produced": 0}, "readings lost: 0 of 0"),
        ("readings", {"doubled": 2}, "readings doubled: 2"),
        ("rows", {"missing": 3}, "rows of the bridge's spool missing at the park: 3"),
        ("tasks", {"closed": 1}, "tasks not closed: 2 of 3"),
        ("pushes", {"sent": 0}, "no push was sent"),
        ("pushes", {"failed": 1}, "pushes failed: 1"),
        ("warnings", {"2": 0}, "no warning of tier 2"),
        ("industries", {"hydrogen": 0}, "no warning in hydrogen"),
    ],
)
def test_what_is_not_as_it_must_be_is_said(part: str, change: dict[str, int], said: str) -> None:
    assert problems_of({**GOOD, part: {**GOOD[part], **change}}, [], every_tier=True) == [said]


def test_a_replay_need_not_reach_every_tier_and_a_photo_must_be_judged() -> None:
    report = {
        **GOOD,
        "warnings": {"1": 0, "2": 0, "3": 0},
        "industries": {"circular_chemical": 0},
        "tasks": {"opened": 0, "closed": 0},
    }
    assert problems_of(report, [{"state": "verified"}], every_tier=False) == []
    assert problems_of(report, [{"state": "expected"}], every_tier=False) == ["photos never judged: 1"]


def test_the_closing_table_reads_as_a_sentence() -> None:
    rows = dict(rows_of({**GOOD, "recording": {"file": "d06_te.dat", "rows": 960, "warning_rows": []}}))
    assert rows["读数 readings"] == "10 produced, 10 stored, 0 lost, 0 doubled"
    assert rows["行业 industries"] == "2 in circular_chemical, 1 in hydrogen"
    assert rows["预警 warnings"] == "1 of tier 1, 1 of tier 2, 1 of tier 3"
    assert rows["读数到推送 reading to push"] == "median 1.2 s, 95 % within 6.5 s"
    assert rows["回放 recording"] == "d06_te.dat: 960 rows, warnings at row none"


def test_each_enterprise_has_a_row_with_its_score_and_grade() -> None:
    scores = {
        "绿源循环化工": {"score": 92.6, "grade": "绿色标杆", "entries": 3},
        "氢能储运": {"score": 100.0, "grade": "绿色标杆", "entries": 0},
    }
    rows = [row for name, row in rows_of({**GOOD, "scores": scores}) if name == "评分 score"]
    assert rows == ["绿源循环化工 92.6 绿色标杆 (3 entries)", "氢能储运 100 绿色标杆 (0 entries)"]


# A phone


@pytest.fixture
def phone() -> Callable[..., Phone]:
    """A phone whose line gives these answers, one after the other; an exception is a line that breaks."""

    def make(*answers: httpx.Response | Exception) -> Phone:
        waiting = list(answers)

        def answer(_request: httpx.Request) -> httpx.Response:
            one = waiting.pop(0)
            if isinstance(one, Exception):
                raise one
            return one

        return Phone("http://park.test", "token", transport=httpx.MockTransport(answer), first_pause_s=0.0)

    return make


def test_a_phone_tries_again_what_may_work_later(phone: Callable[..., Phone]) -> None:
    bad_line = [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.Response(503), httpx.Response(429)]
    assert phone(*bad_line, httpx.Response(200, json={"id": "t1"})).get("v1/me") == {"id": "t1"}


def test_a_line_that_stays_dead_is_an_error_that_says_so(phone: Callable[..., Phone]) -> None:
    with pytest.raises(ConnectionError, match="ConnectError: no"):
        phone(*[httpx.ConnectError("no")] * TRIES).get("v1/me")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(404, json={"code": "not_found", "title": "找不到"}), "404 not_found: 找不到 "),
        (httpx.Response(413, text="<html>too large</html>"), "413 None: <html>too large</html> "),
    ],
)
def test_a_refusal_is_not_tried_again(phone: Callable[..., Phone], answer: httpx.Response, said: str) -> None:
    with pytest.raises(Refused) as refused:
        phone(answer).get("v1/me")
    assert str(refused.value) == said


# People


class Somebody(Actor):
    """Submits whatever they see."""

    def look(self, task: dict[str, Any]) -> None:
        self.phone.post(f"v1/tasks/{task['id']}/submission")


def lives(phone: Phone) -> list[str]:
    """One look of somebody with this phone. Returns the problems they keep."""
    stop = Looks(1)
    repairs = Repairs(lambda _targets, _seconds: None, lambda _point: 0.0)
    somebody = Somebody("somebody", phone, lambda _who, _what: None, stop, repairs)
    somebody.run()
    return somebody.problems


class Looks(threading.Event):
    """Lets somebody look so many times."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._left = looks

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        return self._left < 0


def tasks(tier: int) -> httpx.Response:
    return httpx.Response(200, json={"items": [{"id": "t1", "tier": tier}]})


def task(tier: int) -> httpx.Response:
    return httpx.Response(200, json={"id": "t1", "tier": tier})


def refusal(code: str) -> httpx.Response:
    return httpx.Response(403, json={"code": code, "title": "no"})


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        pytest.param([tasks(1), refusal("illegal_transition")], [], id="somebody else was first"),
        pytest.param([tasks(1), refusal("forbidden"), task(2)], [], id="the task was escalated to others meanwhile"),
        pytest.param(
            [tasks(1), refusal("forbidden"), task(1)], ["403 forbidden: no "], id="a refusal without a reason"
        ),
        pytest.param([refusal("forbidden")], ["403 forbidden: no "], id="the list itself is refused"),
        pytest.param([httpx.ConnectError("no")] * TRIES, ["ConnectionError: ConnectError: no"], id="nobody answers"),
    ],
)
def test_somebody_keeps_what_is_a_problem_and_only_that(
    phone: Callable[..., Phone], answers: list[Any], kept: list[str]
) -> None:
    assert lives(phone(*answers)) == kept


def test_a_credit_file_is_shown_with_its_verdict_and_where_it_is() -> None:
    file = str(Path.cwd() / "build" / "demo" / "credit" / "acme.pdf")
    credit = {"示范化工": {"files": [file, "/elsewhere/acme.json"], "verdict": "intact"}}
    rows = [row for name, row in rows_of({**GOOD, "credit": credit}) if name == "信用档案 credit file"]
    assert rows == ["示范化工 intact: build/demo/credit/acme.pdf, .json"]


def test_a_credit_file_is_verified_by_a_process_of_its_own(tmp_path: Path) -> None:
    signer = StoredKeySigner(lambda: secret(*park_key()), SystemClock())
    document = document_of(year(), START_MS)
    file, certificate = tmp_path / "acme.pdf", tmp_path / "park.pem"
    certificate.write_text(pem(park_key()[1]))
    file.write_bytes(signer.sign_pdf(PdfCreditPrinter(ZONE).print(document, signer.key(), "zh-CN")))
    assert verified([file], certificate) == (True, f"{file}: intact, content {document['digest']}")
    file.write_bytes(file.read_bytes()[:-1])
    is_valid, said = verified([file], certificate)
    assert not is_valid and "NOT valid" in said


def test_a_drill_that_changes_something_real_is_told() -> None:
    before = {"tasks": [], "score of lvyuan": {"score": 99.1}}
    assert differences(before, before) == []
    assert differences(before, before | {"score of lvyuan": {"score": 96.1}}) == [
        "score of lvyuan changed with the drill"
    ]
