"""Cells: what leaves comes back the same, and no spreadsheet runs it."""

import csv
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.sheets import read, written
from chalicelib.domain.errors import InvalidRequest, TooLarge
from chalicelib.domain.exchange import (
    BOM,
    FORMULA,
    IMPORTED,
    CellKind,
    Column,
    ListName,
    WrongCell,
    cell_of,
    column_of,
    guarded,
    nested,
    unguarded,
    value_of,
)
from chalicelib.domain.exchange_columns import COLUMNS

TEXT = Column("text", "文本")
NUMBER = Column("number", "数", CellKind.NUMBER)
INNER = Column("latitude", "纬度", CellKind.NUMBER, "position.latitude")
PRINTABLE = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(lambda one: one.strip() != "")


@pytest.mark.parametrize(
    ("cell", "kind", "allowed"),
    [
        pytest.param("1,5", CellKind.NUMBER, "1234.5", id="a comma for a point"),
        pytest.param("nan", CellKind.NUMBER, "1234.5", id="no number at all"),
        pytest.param("1e999", CellKind.NUMBER, "1234.5", id="more than there is"),
        pytest.param("1.5", CellKind.WHOLE, "1234", id="half of a whole"),
        pytest.param("maybe", CellKind.FLAG, "true, false, 是, 否", id="neither yes nor no"),
        pytest.param("[1", CellKind.JSON, "JSON", id="half a document"),
        pytest.param("NaN", CellKind.JSON, "JSON", id="a constant that JSON does not have"),
        pytest.param("[" * 100_000, CellKind.JSON, "JSON", id="a document without a bottom"),
    ],
)
def test_a_cell_that_cannot_be_read_says_what_could_stand_there(cell: str, kind: CellKind, allowed: str) -> None:
    with pytest.raises(WrongCell) as wrong:
        value_of(cell, kind)
    assert wrong.value.allowed == allowed


@given(st.text())
def test_no_text_begins_as_a_formula_does(text: str) -> None:
    assert not guarded(text).startswith(FORMULA) and unguarded(guarded(text)) == text


@given(PRINTABLE)
def test_text_comes_back_as_it_left(text: str) -> None:
    assert value_of(cell_of(text, CellKind.TEXT), CellKind.TEXT) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_to_the_last_bit(number: float) -> None:
    assert value_of(cell_of(number, CellKind.NUMBER), CellKind.NUMBER) == number


@given(st.lists(st.fixed_dictionaries({"text": PRINTABLE, "number": st.floats(-1e9, 1e9)}), min_size=1, max_size=20))
def test_a_file_comes_back_as_it_left(records: list[dict[str, Any]]) -> None:
    columns = [TEXT, NUMBER]
    content = written(records, columns, ["文本", "number"])
    assert [record for record, _ in read(content, columns, 100)] == records
    assert not any(cell.startswith(FORMULA) for line in csv.reader(StringIO(content)) for cell in line[:1])


def test_the_first_page_has_the_mark_and_the_headings_and_no_other() -> None:
    first, second = written([], [TEXT], ["文本"]), written([{"text": "=1+1"}], [TEXT], None)
    assert first == f"{BOM}文本\r\n" and second == "'=1+1\r\n"


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        pytest.param("", "content", "missing", id="nothing"),
        pytest.param("colour\r\nred\r\n", "colour", "unknown_column", id="a heading that nobody knows"),
        pytest.param("text,文本\r\na,b\r\n", "text", "repeated", id="a column under both of its names"),
        pytest.param('text\r\n"a', "content", "invalid", id="a cell that does not end"),
    ],
)
def test_headings_that_say_nothing_are_refused(content: str, field: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(content, [TEXT, NUMBER], 10)
    assert [(one.field, one.code) for one in refused.value.errors] == [(field, code)]


def test_a_file_of_too_many_rows_is_refused() -> None:
    with pytest.raises(TooLarge):
        read("text\r\n" + "a\r\n" * 11, [TEXT], 10)


def test_a_row_that_is_longer_than_its_headings_is_wrong_and_empty_lines_are_none() -> None:
    (_, wrong), (record, right) = read("text,number\r\na,1,2\r\n,\r\n\r\nb,2\r\n", [TEXT, NUMBER], 10)
    assert [one.code for one in wrong] == ["surplus_cells"] and (record, right) == ({"text": "b", "number": 2.0}, ())


def test_columns_find_their_places_in_a_body_and_back() -> None:
    seen = Column("seen", "见", is_read_only=True)
    body = nested({"id": "x", "latitude": 1.0, "text": None, "seen": "y"}, [Column("id", "编号"), INNER, TEXT, seen])
    assert body == {"position": {"latitude": 1.0}}
    assert column_of("position.latitude", [INNER]) == column_of("position", [INNER]) == "latitude"
    assert column_of("text.0.x", [INNER, TEXT]) == "text" and column_of("other", [INNER]) == "other"


@pytest.mark.parametrize("name", ListName)
def test_no_list_has_two_columns_of_one_name_or_heading(name: ListName) -> None:
    columns = COLUMNS[name]
    assert len({one.name for one in columns}) == len({one.heading for one in columns}) == len(columns)
    assert not {one.name for one in columns} & {one.heading for one in columns}


@pytest.mark.parametrize("name", IMPORTED)
def test_what_comes_in_has_an_id(name: ListName) -> None:
    assert COLUMNS[name][0].name == "id"
