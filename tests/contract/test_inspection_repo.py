"""Inspection reports and what counts of them, on every store."""

from dataclasses import replace

import pytest

from chalicelib.adapters.inspection_repo import RowInspectionRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.inspection_report import (
    PDF,
    Decision,
    ExtractedValue,
    InspectionReport,
    LabValue,
    Measured,
    ReportState,
    ValueState,
    decide,
)

VOC = Measured("voc", 28.5, "mg/m3")
SENT = InspectionReport("r-1", "acme", "", "委托检测", "检测中心", 1000, PDF, "00", 9, "enterprise", 2000)
VALUE = ExtractedValue(1, "page 2", "非甲烷总烃 28.5", "非甲烷总烃", "28.5", "mg/m3", ("voc",), VOC)
READ = replace(SENT, state=ReportState.READ, values=(VALUE,), read_at_ms=3000)
YES, NO = Decision(ValueState.CONFIRMED, VOC, "admin", 4000), Decision(ValueState.REJECTED, None, "admin", 5000)


@pytest.fixture
def reports(rows: Rows) -> RowInspectionRepo:
    return RowInspectionRepo(rows)


def test_a_report_is_added_once_and_another_one_under_its_id_refused(reports: RowInspectionRepo) -> None:
    for at_ms in (2000, 2500):
        added = reports.add(replace(SENT, announced_at_ms=at_ms))
    assert added == replace(SENT, version=1) == reports.get("r-1")
    with pytest.raises(ContentConflict):
        reports.add(replace(SENT, sha256="11"))
    assert len(reports.listing(None, None, 9).items) == 1


def test_a_report_is_listed_for_the_park_and_for_its_enterprise_newest_first(reports: RowInspectionRepo) -> None:
    for number in (1, 2, 3):
        reports.add(
            replace(SENT, id=f"r-{number}", announced_at_ms=number, enterprise_id="acme" if number < 3 else "b")
        )
    page = reports.listing(None, None, 2)
    rest = reports.listing(None, page.cursor, 2)
    assert [one.id for one in (*page.items, *rest.items)] == ["r-3", "r-2", "r-1"] and rest.cursor is None
    assert [one.id for one in reports.listing("acme", None, 9).items] == ["r-2", "r-1"]


def test_what_counts_stands_and_goes_with_the_decision(reports: RowInspectionRepo) -> None:
    reports.add(SENT)
    read = reports.save(replace(READ, version=1), None)
    yes = reports.save(decide(read, 1, YES), 1)
    lab = LabValue("acme", "", "r-1", 1, VOC, 1000, "检测中心", "page 2", "admin", 4000)
    assert reports.lab_values("acme", None, 9).items == (lab,) and reports.get("r-1") == yes
    reports.save(decide(yes, 1, NO), 1)
    assert reports.lab_values("acme", None, 9).items == ()


def test_who_read_an_older_version_writes_nothing(reports: RowInspectionRepo) -> None:
    reports.add(SENT)
    reports.save(replace(READ, version=1), None)
    with pytest.raises(WriteConflict):
        reports.save(decide(replace(READ, version=1), 1, YES), 1)
    assert reports.lab_values("acme", None, 9).items == ()
