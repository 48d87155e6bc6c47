"""Inspection reports: uploaded, read, confirmed value by value; and what they never do."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.adapters.memory_media import MemoryMediaStore
from chalicelib.adapters.rows import OPERATIONS
from chalicelib.domain.inspection_report import PDF, XLSX
from tests.acts import client_id
from tests.documents import LINES, REPORT, pdf_of, xlsx_of
from tests.park import Park

WHERE = "/v1/inspections"
BOOK = xlsx_of(REPORT)
ONE = client_id(1)


@pytest.fixture
def park() -> Park:
    return Park().register()


def body(data: bytes = BOOK, kind: str = XLSX, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": client_id(number),
        "enterprise_id": "acme",
        "title": "2026年3月委托检测",
        "laboratory": "示范检测中心",
        "sampled_at": "2026-03-01T09:00:00+08:00",
        "content_type": kind,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    } | changes


def lands(park: Park, data: bytes = BOOK, kind: str = XLSX, number: int = 1) -> dict[str, Any]:
    """Announced by the enterprise, uploaded and read."""
    announced = park.as_("enterprise").post(WHERE, body(data, kind, number), expect=201)
    key = announced["upload"]["fields"]["key"]
    media = park.services.media
    assert isinstance(media, MemoryMediaStore)
    media.write(key, data, content_type=kind)
    park.photo_lands(key)
    return dict(park.as_("inspector_safety").get(f"{WHERE}/{client_id(number)}"))


def says(park: Park, number: int, *, who: str = "inspector_safety", expect: int = 200, **given: Any) -> dict[str, Any]:
    return park.as_(who).post(f"{WHERE}/{ONE}/values/{number}/decision", given, expect=expect)


def counted(park: Park, who: str = "enterprise") -> list[Mapping[str, Any]]:
    return list(park.as_(who).get("/v1/enterprises/acme/lab-values")["items"])


# refusals


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        pytest.param({"content_type": "text/csv"}, "content_type", "one_of", id="of a type that is not read"),
        pytest.param({"size": 10 * 1024 * 1024 + 1}, "size", "at_most", id="larger than is read"),
        pytest.param({"sha256": "00"}, "sha256", "pattern", id="without its hash"),
        pytest.param({"unit_id": "other-r1"}, "unit_id", "unknown_unit", id="from a unit of somebody else"),
        pytest.param({"sampled_at": "2027-03-01T09:00:00+08:00"}, "sampled_at", "time_ahead", id="of samples to come"),
    ],
)
def test_what_cannot_be_a_report_is_refused_by_field(
    park: Park, changes: dict[str, Any], field: str, code: str
) -> None:
    problem = park.as_("enterprise").post(WHERE, body(**changes), expect=400)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]


def test_a_report_belongs_to_its_enterprise(park: Park) -> None:
    park.as_("enterprise_other").post(WHERE, body(), expect=404)
    park.as_("committee").post(WHERE, body(), expect=403)
    lands(park)
    for who in ("enterprise_other", "inspector_elsewhere", "department_elsewhere"):
        park.as_(who).get(f"{WHERE}/{ONE}", expect=404)
        park.as_(who).get("/v1/enterprises/acme/lab-values", expect=404)
        assert park.as_(who).get(WHERE)["items"] == []
    says(park, 1, who="department_elsewhere", decision="confirmed", expect=404)
    says(park, 1, who="enterprise", decision="confirmed", expect=403)
    assert [one["id"] for one in park.as_("enterprise").get(WHERE)["items"]] == [ONE]


def test_an_id_that_was_used_for_another_report_is_refused(park: Park) -> None:
    for _ in range(2):
        park.as_("enterprise").post(WHERE, body(), expect=201)
    park.as_("enterprise").post(WHERE, body(title="x"), expect=409)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(BOOK + b"\0", "size_mismatch", id="longer than announced"),
        pytest.param(BOOK[:-1] + b"\1", "hash_mismatch", id="other bytes than announced"),
    ],
)
def test_bytes_that_were_not_announced_are_refused(park: Park, sent: bytes, reason: str) -> None:
    announced = park.as_("enterprise").post(WHERE, body(), expect=201)
    park.services.media.write(announced["upload"]["fields"]["key"], sent, content_type=XLSX)
    park.photo_lands(announced["upload"]["fields"]["key"])
    seen = park.as_("enterprise").get(f"{WHERE}/{ONE}")
    assert (seen["state"], seen["reason"], seen["values"]) == ("refused", reason, []) and "url" not in seen
    says(park, 1, decision="rejected", expect=409)


def test_a_file_that_is_refused_says_why_in_words(park: Park) -> None:
    seen = lands(park, pdf_of(LINES, password="x"), PDF)
    assert (seen["reason"], seen["reason_text"]) == ("encrypted", "文件已加密，请取消密码后重新上传")


def test_an_object_that_nobody_announced_does_nothing(park: Park) -> None:
    park.services.media.write(f"incoming/inspections/{client_id(9)}", BOOK, content_type=XLSX)
    park.photo_lands(f"incoming/inspections/{client_id(9)}")
    park.photo_lands(f"incoming/inspections/{client_id(8)}")
    park.as_("admin").get(f"{WHERE}/{client_id(9)}", expect=404)


def test_before_it_is_read_nothing_can_be_said_of_it(park: Park) -> None:
    park.as_("enterprise").post(WHERE, body(), expect=201)
    says(park, 1, decision="confirmed", expect=409)


# reading


def test_a_workbook_is_read_with_the_cell_of_each_value(park: Park) -> None:
    seen = lands(park)
    told = [
        (one["source"], one["label"], one["candidates"], one.get("measured", {}).get("value"), one["state"])
        for one in seen["values"]
    ]
    assert told[1] == ("检测结果!F3", "非甲烷总烃", ["voc"], 28.5, "pending")
    assert [one[0] for one in told] == ["检测结果!F2", "检测结果!F3", "检测结果!F4", "检测结果!F5"]
    assert "检出限" not in seen["values"][1]["context"] and "HJ 38-2017" in seen["values"][1]["context"]
    assert seen["state"] == "read" and seen["url"] and not seen["is_cut"]


def test_a_pdf_is_read_with_the_page_and_the_words_around(park: Park) -> None:
    seen = lands(park, pdf_of(("封面",), LINES), PDF)
    voc = next(one for one in seen["values"] if one["label"] == "非甲烷总烃")
    assert (voc["source"], voc["measured"]["value"], voc["measured"]["is_below"]) == ("page 2", 0.07, True)
    assert "化学需氧量" in voc["context"]


def test_reading_it_twice_changes_nothing(park: Park) -> None:
    before = lands(park)
    says(park, 2, decision="confirmed")
    after = park.as_("inspector_safety").get(f"{WHERE}/{ONE}")
    park.photo_lands(f"incoming/inspections/{ONE}")
    assert park.as_("inspector_safety").get(f"{WHERE}/{ONE}") == after != before


def test_once_it_has_come_there_is_no_more_leave_to_upload_it(park: Park) -> None:
    lands(park)
    assert "upload" not in park.as_("enterprise").post(WHERE, body(), expect=201)


# what a person says


def test_nothing_counts_before_a_person_has_confirmed_it(park: Park) -> None:
    lands(park)
    assert counted(park) == []
    for _ in range(2):
        seen = says(park, 2, decision="confirmed", note="与原件一致")
    assert [len(one["decisions"]) for one in seen["values"]] == [0, 1, 0, 0]
    (value,) = counted(park)
    assert (value["indicator"], value["value"], value["unit"], value["confirmed_by"]) == (
        "voc",
        28.5,
        "mg/m3",
        "inspector_safety",
    )
    assert (value["source"], value["laboratory"], value["limit"]) == ("检测结果!F3", "示范检测中心", 60.0)


def test_a_value_without_its_indicator_or_unit_is_corrected_and_not_confirmed(park: Park) -> None:
    seen = lands(park)
    assert len(seen["values"][0]["candidates"]) > 1
    (error,) = says(park, 1, decision="confirmed", expect=400)["errors"]
    assert error["code"] == "nothing_to_confirm"
    says(park, 1, decision="corrected", indicator="cod", value=0.0452, unit="g/L")
    (value,) = counted(park)
    assert (value["indicator"], value["value"], value["unit"]) == ("cod", 45.2, "mg/L")


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        pytest.param({}, "indicator", "missing", id="nothing"),
        pytest.param({"indicator": "voc", "value": 1.0}, "unit", "missing", id="a number without its unit"),
        pytest.param({"indicator": "joy", "value": 1.0, "unit": "1"}, "indicator", "unknown_indicator", id="what nobody measures"),
        pytest.param({"indicator": "voc", "value": 1.0, "unit": "kPa"}, "unit", "wrong_unit", id="a unit of something else"),
        pytest.param({"indicator": "voc", "value": "1", "unit": "mg/m3"}, "value", "invalid", id="a word for a number"),
    ],
)  # fmt: skip
def test_a_correction_that_says_too_little_is_refused(park: Park, given: dict[str, Any], field: str, code: str) -> None:
    lands(park)
    problem = says(park, 2, decision="corrected", expect=400, **given)
    assert (field, code) in [(one["field"], one["code"]) for one in problem["errors"]]
    assert counted(park) == []


def test_the_last_decision_stands_and_earlier_ones_are_kept(park: Park) -> None:
    lands(park)
    says(park, 2, decision="confirmed")
    says(park, 2, who="department_environment", decision="rejected", note="样品编号不符")
    assert counted(park) == []
    seen = says(park, 2, who="department_environment", decision="corrected", indicator="voc", value=30, unit="mg/m3")
    told = [(one["state"], one["by"]) for one in seen["values"][1]["decisions"]]
    assert told == [("confirmed", "inspector_safety"), ("rejected", "department_environment"), ("corrected", "department_environment")]  # fmt: skip
    assert [(one["value"], one["confirmed_by"]) for one in counted(park)] == [(30.0, "department_environment")]


def test_a_value_that_there_is_not_is_not_found(park: Park) -> None:
    lands(park)
    for number in ("0", "99", "1x"):
        park.as_("admin").post(f"{WHERE}/{ONE}/values/{number}/decision", {"decision": "rejected"}, expect=404)


def test_a_confirmed_value_over_its_limit_judges_nothing(park: Park) -> None:
    book = {"结果": [["项目", "单位", "检测结果"], ["非甲烷总烃", "mg/m3", 900]]}
    lands(park, xlsx_of(book))
    before = {row.pk for row in events(park)}
    says(park, 1, decision="confirmed")
    park.pump()
    assert {row.pk for row in events(park)} == before
    assert park.as_("committee").get("/v1/warnings")["items"] == park.as_("committee").get("/v1/tasks")["items"] == []
    assert counted(park)[0]["value"] == 900


def events(park: Park) -> list[Any]:
    return park.services.rows(OPERATIONS).query("ENT#acme", prefix="EVENT#")


def test_lists_go_on_where_a_page_ended_newest_samples_first(park: Park) -> None:
    for number, day in ((1, 1), (2, 2), (3, 3)):
        data = xlsx_of({"s": [["VOC", f"{day} mg/m3"]]})
        sent = body(data, number=number, sampled_at=f"2026-02-0{day}T09:00:00+08:00")
        announced = park.as_("enterprise").post(WHERE, sent, expect=201)
        park.services.media.write(announced["upload"]["fields"]["key"], data, content_type=XLSX)
        park.photo_lands(announced["upload"]["fields"]["key"])
        decision = {"decision": "confirmed"}
        park.as_("admin").post(f"{WHERE}/{client_id(number)}/values/1/decision", decision)
        park.clock.advance(60)
    first = park.as_("enterprise").get("/v1/enterprises/acme/lab-values?limit=2")
    rest = park.as_("enterprise").get(f"/v1/enterprises/acme/lab-values?limit=2&cursor={first['next_cursor']}")
    assert [one["value"] for one in (*first["items"], *rest["items"])] == [3.0, 2.0, 1.0]
    heads = park.as_("committee").get(f"{WHERE}?limit=2")
    assert [(one["id"], one["pending"]) for one in heads["items"]] == [(client_id(3), 0), (client_id(2), 0)]
