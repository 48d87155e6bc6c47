"""Credit files over the API, signed with a real key. Refusals first, then what is in them, and who took which."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from chalice.test import HTTPResponse
from pypdf import PdfReader

from chalicelib.adapters.credit_signer import StoredKeySigner
from chalicelib.adapters.memory import MemoryRows
from chalicelib.adapters.rows import OPERATIONS, READINGS, Row, Rows
from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.credit_file import digest_of
from chalicelib.domain.score import Cause, ScoreEntry
from chalicelib.domain.times import month_span
from chalicelib.usecases import export_credit_file
from tests.acts import FakeInspector, client_id, closes, the_task
from tests.credit import certificate, park_key, secret
from tests.park import FakeClock, Park, memory_rows
from tests.verifier import SCRIPT
from tests.year import lists, months_pass

FILE = "/v1/enterprises/acme/credit-file"
MARCH = "?from=2026-03&to=2026-03"
TRUSTED = [park_key()[1]]


def park_with(held: str) -> Park:
    clock = FakeClock()
    signer = StoredKeySigner(lambda: held, clock)
    return Park(inspector=FakeInspector(), credit_signer=signer).register()


@pytest.fixture
def park() -> Park:
    """A warning was worked and closed, and the enterprise has reported a hazard."""
    park = park_with(secret(*park_key()))
    park.runs_hot(temperature=190.0, voc=70.0, steam=112.0)
    closes(park, the_task(park))
    seen = {"dimension": "environment", "severity": 1, "text": "渗漏", "seen_at": rfc3339(park.clock.ms)}
    body = {"id": client_id(50), "enterprise_id": "acme", "unit_id": "acme-r1"} | seen
    park.as_("enterprise").post("/v1/hazards", body, expect=201)
    park.pump()
    return park


def fetched(park: Park, person: str, path: str = f"{FILE}.pdf{MARCH}", **headers: str) -> HTTPResponse:
    sent = {"Authorization": f"Bearer person:{person}"} | {name.replace("_", "-"): one for name, one in headers.items()}
    return park.client.http.request("GET", path, headers=sent, body=b"")


# refusals


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        pytest.param("?to=2026-04", "to", "month_ahead", id="a month to come"),
        pytest.param("?from=2026-04", "from", "months_most", id="from a month to come"),
        pytest.param("?from=2023-01&to=2026-03", "from", "months_most", id="too many months"),
        pytest.param("?from=2026-13", "from", "pattern", id="no month"),
        pytest.param("?month=2026-03", "month", "unknown", id="a name that is none"),
    ],
)
@pytest.mark.parametrize("form", [FILE, f"{FILE}.pdf"])
def test_a_period_that_cannot_be_is_refused(park: Park, form: str, query: str, field: str, code: str) -> None:
    (error,) = park.as_("committee").get(form + query, expect=400)["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert error["detail"]


@pytest.mark.parametrize("form", [FILE, f"{FILE}.pdf"])
@pytest.mark.parametrize(
    ("held", "reason"),
    [
        pytest.param("{", "key_unusable", id="a garbled secret"),
        pytest.param(secret(park_key()[0], certificate(park_key()[0], last=2026)), "certificate_expired", id="ended"),
    ],
)
def test_without_a_key_that_may_sign_there_is_no_file_and_none_is_noted(form: str, held: str, reason: str) -> None:
    park = park_with(held)
    problem = park.as_("enterprise").get(form, expect=503)
    assert (problem["code"], problem["reason"]) == ("signing_unavailable", reason)
    assert "file" not in problem
    park.as_("committee").get("/v1/audit/credit_file:acme", expect=404)


@pytest.mark.parametrize("form", [FILE, f"{FILE}.pdf"])
def test_what_is_too_much_is_refused_and_not_cut_off(park: Park, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(export_credit_file, "MOST_ENTRIES", 1)
    problem = park.as_("committee").get(form + MARCH, expect=413)
    assert (problem["what"], problem["allowed"]) == ("credit_file_entries", 1)


@pytest.mark.parametrize(
    ("limit", "value", "what"),
    [
        pytest.param("MOST_BYTES", 100, "credit_file_bytes", id="too many bytes"),
        pytest.param("A_PAGE", 1, "credit_file_records", id="too many records"),
    ],
)
def test_the_file_and_what_is_read_for_it_are_bounded(
    park: Park, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, what: str
) -> None:
    monkeypatch.setattr(export_credit_file, "MOST_PAGES", 1)
    monkeypatch.setattr(export_credit_file, limit, value)
    assert park.as_("committee").get(FILE + MARCH, expect=413)["what"] == what


# what is in it


def test_the_json_verifies_and_has_what_the_score_has(park: Park) -> None:
    answer = fetched(park, "enterprise", FILE)
    told = json.loads(answer.body)
    file = told["file"]
    assert SCRIPT.check_json(answer.body, TRUSTED) == file["digest"] == digest_of(file)
    score = park.as_("enterprise").get("/v1/enterprises/acme/score?month=2026-03")
    month = file["sections"]["months"][-1]
    assert (month["month"], month["score"], month["grade"], month["is_running"]) == ("2026-03", score["score"], score["grade"], True)  # fmt: skip
    assert [one["key"] for one in month["entries"]] == [one["key"] for one in score["entries"]]
    assert month["entries"][0]["rule"] and month["entries"][0]["catalogue_version"]
    assert [one["effect"] for one in month["entries"]] == [one["effect"] for one in score["entries"]]
    assert file["sections"]["identity"]["credit_code"].startswith("91110000MA01A2B34")
    assert len(file["sections"]["months"]) == 12


def test_it_counts_warnings_tasks_and_hazards_of_the_period(park: Park) -> None:
    sections = park.as_("department_safety").get(FILE)["file"]["sections"]
    assert sections["warnings"]["by_tier"] == {"1": 0, "2": 0, "3": 1}
    assert sections["warnings"]["items"][0]["unit_id"] == "acme-r1"
    assert (sections["tasks"]["opened"], sections["tasks"]["closed"], sections["tasks"]["open"]) == (2, 1, 1)
    assert (sections["hazards"]["reported"], sections["hazards"]["found"]) == (1, 0)
    earlier = park.as_("department_safety").get(f"{FILE}?to=2026-02")["file"]["sections"]
    assert (earlier["warnings"]["total"], earlier["tasks"]["opened"], earlier["hazards"]["items"]) == (0, 0, [])


def test_months_count_from_the_first_reading_on(park: Park) -> None:
    other = "/v1/enterprises/other/credit-file"
    months = park.as_("committee").get(other)["file"]["sections"]["months"]
    assert not any(one["is_connected"] for one in months)
    made = uuid7(park.clock.ms)
    reading = {"point": "other-voc", "times": [park.clock.ms], "values": [30.0]}
    park.upload([reading], eid="other", block_id=made)
    months = park.as_("committee").get(other)["file"]["sections"]["months"]
    assert [one["month"] for one in months if one["is_connected"]] == ["2026-03"]
    park.clock.advance(40 * 86_400)
    months = park.as_("committee").get(f"{other}?from=2026-04")["file"]["sections"]["months"]
    assert [one["is_connected"] for one in months] == [True]


def uuid7(at_ms: int) -> str:
    return str(UUID(int=at_ms << 80 | 7 << 76 | 2 << 62))


def test_what_is_read_does_not_grow_with_the_ledger() -> None:
    reads: list[str] = []

    class Counting(MemoryRows):
        def query(self, pk: str, **how: Any) -> list[Row]:
            reads.append(pk)
            return super().query(pk, **how)

    def tables(on_insert: Callable[[Row], None]) -> dict[str, Rows]:
        return {**memory_rows(on_insert), OPERATIONS: Counting(on_insert), READINGS: Counting(on_insert)}

    park = Park(tables).register()
    counts = []
    for number in (1, 200):
        entries = [ScoreEntry("acme", "2026-02", f"t-{n}:late", Cause.LATE, -0.1, "t-x", 0, "1") for n in range(number)]
        park.services.scores.add(entries)
        reads.clear()
        park.as_("enterprise").get(FILE)
        counts.append(len(reads))
    assert counts[0] == counts[1] <= 5 * 12 + 12


def test_an_objection_and_its_correction_stand_in_the_file(park: Park) -> None:
    key = next(
        one["key"] for one in park.as_("enterprise").get("/v1/enterprises/acme/score")["entries"] if one["points"] < 0
    )
    body = {"id": client_id(1), "month": "2026-03", "entry": key, "reason": "传感器当时故障"}
    park.as_("enterprise").post("/v1/score-objections", body, expect=201)
    month = park.as_("enterprise").get(FILE + MARCH)["file"]["sections"]["months"][0]
    assert [one["key"] for one in month["entries"] if one["is_frozen"]] == [key]
    decided = {"uphold": True, "reason": "已核实"}
    park.as_("committee").post(f"/v1/score-objections/{client_id(1)}/decision", decided)
    month = park.as_("enterprise").get(FILE + MARCH)["file"]["sections"]["months"][0]
    assert (month["objections"][0]["state"], month["objections"][0]["decided_reason"]) == ("upheld", "已核实")
    assert [one["corrects"] for one in month["entries"] if one["cause"] == "correction"] == [key]


def test_the_pdf_verifies_and_says_the_same_as_the_json(park: Park) -> None:
    answer = fetched(park, "committee")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert SCRIPT.check_pdf(answer.body, TRUSTED) == park.as_("enterprise").get(FILE + MARCH)["file"]["digest"]


def test_the_pdf_is_sent_as_it_is_under_a_name_for_a_folder(park: Park) -> None:
    answer = fetched(park, "committee", Accept_Encoding="gzip", Accept_Language="zh-CN")
    assert answer.body.startswith(b"%PDF-") and "Content-Encoding" not in answer.headers
    name = answer.headers["Content-Disposition"]
    assert name.isascii() and "filename*=UTF-8''%E7%BB%BF%E8%89%B2" in name and name.count("2026-03") == 4


def test_the_same_file_a_day_later_has_another_time_and_the_same_digest(park: Park) -> None:
    first = park.as_("enterprise").get(FILE)["file"]
    park.clock.advance(86_400)
    again = park.as_("enterprise").get(FILE)["file"]
    assert first.pop("made_at") < again.pop("made_at")
    assert first == again


# who took it


def test_each_export_stands_in_the_enterprises_audit(park: Park) -> None:
    digest = park.as_("department_safety").get(FILE + MARCH)["file"]["digest"]
    fetched(park, "committee")
    audit = park.as_("enterprise").get("/v1/audit/credit_file:acme")
    assert audit["intact"] and [one["by_id"] for one in audit["items"]] == ["department_safety", "committee"]
    assert [one["after"]["form"] for one in audit["items"]] == ["json", "pdf"]
    assert {one["after"]["digest"] for one in audit["items"]} == {digest}
    assert {(one["after"]["from_month"], one["after"]["to_month"]) for one in audit["items"]} == {("2026-03", "2026-03")}  # fmt: skip


@pytest.mark.parametrize(
    ("person", "status"),
    [
        pytest.param("enterprise_other", 404, id="another enterprise"),
        pytest.param("department_elsewhere", 404, id="a department of another region"),
        pytest.param("inspector_safety", 403, id="an inspector"),
    ],
)
def test_who_took_it_is_not_for_everybody(park: Park, person: str, status: int) -> None:
    park.as_("committee").get(FILE + MARCH)
    park.as_(person).get("/v1/audit/credit_file:acme", expect=status)


def test_everybody_gets_the_certificates_and_nobody_the_key(park: Park) -> None:
    answer = fetched(park, "inspector_safety", "/v1/credit-files/keys")
    (key,) = json.loads(answer.body)["keys"]
    assert key["is_current"] and key["certificates"][0].startswith("-----BEGIN CERTIFICATE-----")
    assert key["jwk"]["alg"] == "ES256" and key["jwk"]["kid"] == key["id"] and "d" not in key["jwk"]
    assert b"PRIVATE" not in answer.body


def test_what_followed_from_months_stands_in_the_file() -> None:
    park = park_with(secret(*park_key()))
    for month in ("2026-03", "2026-04", "2026-05"):
        at_ms = month_span(month, park.services.zone)[0] + 1
        park.services.scores.add([ScoreEntry("acme", month, "t-x:late", Cause.LATE, -80.0, "t-x", at_ms, "1")])
    months_pass(park, "2026-03", "2026-04", "2026-05")
    lists(park, "acme")
    minutes = {
        "held_at": "2026-06-02T10:00:00+08:00",
        "minutes": "已说明",
        "outcome": "plan_agreed",
        "attended": "负责人",
    }
    park.as_("committee").put("/v1/enterprises/acme/interviews/2026-05", minutes)
    sections = park.as_("enterprise").get(f"{FILE}?from=2026-03&to=2026-06")["file"]["sections"]
    assert [one["month"] for one in sections["settled"]] == ["2026-03", "2026-04", "2026-05"]
    measures = {one["measure"]: one for one in sections["consequences"]["measures"]}
    assert set(measures) == {"joint_enforcement", "support_suspended", "report_to_environment"}
    assert measures["support_suspended"]["names"]["zh-CN"] == "暂停各项扶持政策"
    (listed,) = sections["consequences"]["supervision"]
    assert (listed["month"], listed["to"]) == ("2026-05", "")
    (held,) = sections["consequences"]["interviews"]
    assert (held["state"], held["outcome"]) == ("held", "plan_agreed")
    assert "已说明" not in json.dumps(sections, ensure_ascii=False)
    pdf = fetched(park, "enterprise", f"{FILE}.pdf?from=2026-03&to=2026-06")
    said = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf.body)).pages).replace("\n", "")
    for words in ("暂停各项扶持政策", "绿色生产重点监管对象", "企业承诺整改计划", "执行中"):
        assert words in said
