"""Which number of a report is the result of which indicator, in which unit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.inspection_report import ExtractedValue
from chalicelib.domain.inspection_values import Cell, DocumentText, Table, TextPage, Vocabulary, find_values
from chalicelib.domain.inspection_words import UNITS, folded, unit_in

KNOWN = shipped().indicators
OWN = frozenset({"cod", "voc", "so2"})


def in_sheet(*rows: list[Any], own: frozenset[str] = OWN) -> list[ExtractedValue]:
    cells = tuple(
        tuple(Cell(f"{chr(65 + at)}{number}", str(text)) for at, text in enumerate(row) if text != "")
        for number, row in enumerate(rows, start=1)
    )
    values, _ = find_values(DocumentText(tables=(Table("S", cells),)), Vocabulary(KNOWN, own))
    return list(values)


def in_text(*lines: str) -> list[ExtractedValue]:
    values, _ = find_values(DocumentText(pages=(TextPage(3, lines),)), Vocabulary(KNOWN, OWN))
    return list(values)


def told(values: list[ExtractedValue]) -> list[tuple[str, str, float | None, bool]]:
    return [
        (
            one.source,
            ",".join(one.candidates),
            None if one.measured is None else round(one.measured.value, 9),
            one.measured is not None and one.measured.is_below,
        )
        for one in values
    ]


HEADS = ["检测项目", "单位", "检测结果", "标准限值"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([HEADS, ["化学需氧量", "mg/L", 45.2, 60]], [("S!C2", "cod", 45.2, False)], id="by the headings"),
        pytest.param([HEADS, ["非甲烷总烃", "μg/m³", "28500", 60000]], [("S!C2", "voc", 28.5, False)], id="in another unit"),
        pytest.param([HEADS, ["a21026", "g/m3", 0.1, 0.2]], [("S!C2", "so2", 100.0, False)], id="by a code of HJ 212"),
        pytest.param([HEADS, ["二氧化硫", "mg/m3", "<3", 200]], [("S!C2", "so2", 3.0, True)], id="less than can be seen"),
        pytest.param([HEADS, ["二氧化硫", "mg/m3", "3L", 200]], [("S!C2", "so2", 3.0, True)], id="as laboratories in China write that"),
        pytest.param(
            [["检测项目", "单位", "检出限", "检测结果"], ["二氧化硫", "mg/m3", 3, "未检出"]], [("S!D2", "so2", 3.0, True)],
            id="not seen, by the detection limit of the row",
        ),
        pytest.param([HEADS, ["二氧化硫", "mg/m3", "ND", 200]], [], id="not seen, and no limit known"),
        pytest.param(
            [["项目", "结果(mg/L)", "结果(mg/L)"], ["COD", 45, 47]], [("S!B2", "cod", 45.0, False), ("S!C2", "cod", 47.0, False)],
            id="two samples, the unit in the heading",
        ),
        pytest.param([["非甲烷总烃（mg/m³）", 12.3]], [("S!B1", "voc", 12.3, False)], id="a label with its unit and a number, no headings"),
        pytest.param([["VOC", "12.3 mg/m3"]], [("S!B1", "voc", 12.3, False)], id="a number with its unit"),
        pytest.param([HEADS, ["化学需氧量", "kPa", 45.2, 60]], [("S!C2", "cod", None, False)], id="a unit of something else: a person says"),
        pytest.param([["化学需氧量", 45.2]], [("S!B1", "cod", None, False)], id="no unit: a person says"),
        pytest.param([HEADS, ["化学需氧量", "mg/L", "合格", 60]], [], id="a word for a result: nothing, and never the limit"),
        pytest.param([HEADS, ["总磷", "mg/L", 0.2, 0.5]], [], id="what the park does not measure"),
        pytest.param([HEADS, ["SO2", "mg/m3", "1.2E+1", 200]], [("S!C2", "so2", 12.0, False)], id="powers of ten"),
        pytest.param([HEADS, ["SO2", "mg/m3", "1.2×10²", 200]], [("S!C2", "so2", 120.0, False)], id="powers of ten, written out"),
    ],
)  # fmt: skip
def test_what_a_row_of_a_sheet_says(rows: list[list[Any]], expected: list[Any]) -> None:
    assert told(in_sheet(*rows)) == expected


def test_a_word_that_may_mean_several_is_the_one_that_the_enterprise_measures() -> None:
    row = ["化学需氧量", "mg/L", 45.2, 60]
    (value,) = in_sheet(HEADS, row, own=frozenset())
    assert len(value.candidates) > 1 and value.measured is None
    (value,) = in_sheet(HEADS, row, own=frozenset({"effluent_cod"}) & set(KNOWN) or OWN)
    assert len(value.candidates) == 1 and value.measured is not None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            "化学需氧量 mg/L HJ 828-2017 45.2 60 达标", [("page 3", "cod", 45.2, False)], id="past the method"
        ),
        pytest.param(
            "1 非甲烷总烃 2026-03-02 10:30 12.5 mg/m³ 60", [("page 3", "voc", 12.5, False)], id="past date and time"
        ),
        pytest.param("二氧化硫(SO2) mg/m3 <3 200", [("page 3", "so2", 3.0, True)], id="past its other name"),
        pytest.param("二氧化硫 见附件", [], id="no number at all"),
        pytest.param("采样点 FQ-01 排气筒", [], id="no indicator at all"),
    ],
)
def test_what_a_line_of_a_page_says(line: str, expected: list[Any]) -> None:
    assert told(in_text(line)) == expected


def test_a_value_says_where_it_stands_and_between_which_words() -> None:
    (value,) = in_text("污染物排放情况", "化学需氧量 45.2 mg/L", "结论：达标")
    assert (value.context, value.written, value.unit_written) == (
        "污染物排放情况 / 化学需氧量 45.2 mg/L / 结论：达标",
        "45.2",
        "mg/l",
    )


@pytest.mark.parametrize("code", UNITS)
def test_every_unit_is_read_as_it_is_written(code: str) -> None:
    assert {unit_in(f"12.5{word}")[0] for word in UNITS[code]} == {code}


@given(st.lists(st.text(max_size=60), max_size=20))
def test_no_text_breaks_it_and_values_are_numbered_from_one(lines: list[str]) -> None:
    values = in_text(*lines) + in_sheet(*[[line, "45 mg/L"] for line in lines])
    assert all(folded(one.label) == one.label for one in values)


@given(st.floats(0.001, 1e6))
def test_a_number_comes_out_as_it_was_written(number: float) -> None:
    (value,) = in_sheet(HEADS, ["COD", "mg/L", repr(number), 60])
    assert value.measured is not None and value.measured.value == pytest.approx(number, rel=1e-11)


def test_of_too_many_values_the_first_are_kept_and_it_is_said() -> None:
    table = Table("S", tuple((Cell("A1", "COD"), Cell("B1", "1 mg/L")) for _ in range(400)))
    values, is_cut = find_values(DocumentText(tables=(table,)), Vocabulary(KNOWN, OWN))
    assert len(values) == 300 and is_cut
