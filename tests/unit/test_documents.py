"""Documents are read in a process of its own: what stands in them comes out, and what is no report is refused by name."""

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from chalicelib.adapters.documents import ChildDocumentReader
from chalicelib.domain.inspection_report import DOCUMENT_TYPES, PDF, XLSX, ReportRefusal
from chalicelib.domain.inspection_values import DocumentText
from tests.documents import LINES, REPORT, pdf_of, with_part, xlsx_of

SMALL = {"结果": [["检测项目", "检测结果"], ["化学需氧量", 45.2]]}
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def stretched() -> bytes:
    """A few kilobytes that unpack into more than there may be."""
    return with_part(xlsx_of(SMALL), "xl/media/big.bin", b"\0" * (101 * 1024 * 1024))


def many_parts() -> bytes:
    out = BytesIO(xlsx_of(SMALL))
    with zipfile.ZipFile(out, "a") as package:
        for number in range(2001):
            package.writestr(f"docProps/{number}.xml", "")
    return out.getvalue()


def unfolding() -> bytes:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
    return with_part(xlsx_of(SMALL), "xl/worksheets/sheet1.xml", laughs.encode())


def locked_zip() -> bytes:
    data = bytearray(xlsx_of(SMALL))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 1)
    return bytes(data)


def macro_enabled() -> bytes:
    with zipfile.ZipFile(BytesIO(xlsx_of(SMALL))) as package:
        kinds = package.read("[Content_Types].xml")
    changed = kinds.replace(b"spreadsheetml.sheet.main", b"sheet.macroEnabled.main")
    return with_part(xlsx_of(SMALL), "[Content_Types].xml", changed)


def word_file() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(
            "[Content_Types].xml", "<Types><Override ContentType='wordprocessingml.document.main+xml'/></Types>"
        )
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "content_type", "reason"),
    [
        pytest.param(lambda: b"", XLSX, "type_mismatch", id="nothing for a workbook"),
        pytest.param(lambda: b"", PDF, "type_mismatch", id="nothing for a PDF"),
        pytest.param(lambda: pdf_of(LINES), XLSX, "type_mismatch", id="a PDF under the name of a workbook"),
        pytest.param(lambda: xlsx_of(SMALL), PDF, "type_mismatch", id="a workbook under the name of a PDF"),
        pytest.param(word_file, XLSX, "type_mismatch", id="a letter under the name of a workbook"),
        pytest.param(lambda: OLE + b"\0" * 600, XLSX, "type_mismatch", id="a workbook of the old kind"),
        pytest.param(
            lambda: OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), XLSX, "encrypted", id="a workbook with a password"
        ),
        pytest.param(locked_zip, XLSX, "encrypted", id="a package with locked parts"),
        pytest.param(lambda: pdf_of(LINES, password="x"), PDF, "encrypted", id="a PDF with a password"),
        pytest.param(macro_enabled, XLSX, "has_macros", id="a workbook that says it has macros"),
        pytest.param(
            lambda: with_part(xlsx_of(SMALL), "xl/vbaProject.bin", b"x"), XLSX, "has_macros", id="a workbook that has macros"
        ),
        pytest.param(stretched, XLSX, "too_complex", id="a bomb of zeros"),
        pytest.param(many_parts, XLSX, "too_complex", id="a package of thousands of parts"),
        pytest.param(lambda: xlsx_of({f"s{n}": [] for n in range(51)}), XLSX, "too_complex", id="a workbook of too many sheets"),
        pytest.param(lambda: pdf_of(*([LINES] * 201)), PDF, "too_complex", id="a PDF of too many pages"),
        pytest.param(unfolding, XLSX, "unreadable", id="entities that unfold"),
        pytest.param(lambda: xlsx_of(SMALL)[:900], XLSX, "unreadable", id="half a workbook"),
        pytest.param(lambda: b"%PDF-1.7\nnothing", PDF, "unreadable", id="a PDF that is none"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_by_name(make: Callable[[], bytes], content_type: str, reason: str) -> None:
    assert ChildDocumentReader().read(make(), content_type) is ReportRefusal(reason)


def test_a_document_that_takes_too_long_is_given_up() -> None:
    assert ChildDocumentReader(wait_s=0.01).read(pdf_of(LINES), PDF) is ReportRefusal.TOO_SLOW


def test_a_stream_that_unpacks_without_end_takes_no_memory_of_ours() -> None:
    import zlib

    squeezed = zlib.compress(zlib.compress(b"\0" * (300 * 1024 * 1024), 9), 9)
    plain = pdf_of(("x",))
    bomb = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(squeezed), squeezed)
    at = plain.index(b"6 0 obj\n") + len(b"6 0 obj\n")
    end = plain.index(b"\nendobj", at)
    found = ChildDocumentReader().read(plain[:at] + bomb + plain[end:], PDF)
    assert isinstance(found, ReportRefusal) or found.pages[0].lines == ()


def test_a_workbook_comes_out_cell_by_cell() -> None:
    found = ChildDocumentReader().read(xlsx_of(REPORT), XLSX)
    assert isinstance(found, DocumentText) and [one.name for one in found.tables] == ["封面", "检测结果"]
    first = found.tables[1].rows[1]
    assert [(one.ref, one.text) for one in first][:3] == [("A2", "1"), ("B2", "化学需氧量(CODcr)"), ("C2", "mg/L")]
    assert not found.is_cut


def test_a_pdf_comes_out_line_by_line_also_where_it_is_locked_against_changes() -> None:
    for data in (pdf_of(LINES, ("第二页",)), pdf_of(LINES, ("第二页",), password="")):
        found = ChildDocumentReader().read(data, PDF)
        assert isinstance(found, DocumentText) and [one.lines for one in found.pages] == [LINES, ("第二页",)]


def test_more_rows_than_a_report_has_are_cut_and_said_to_be() -> None:
    found = ChildDocumentReader().read(xlsx_of({"s": [[n] for n in range(5200)]}), XLSX)
    assert isinstance(found, DocumentText) and len(found.tables[0].rows) == 5000 and found.is_cut


def test_the_route_takes_the_types_that_are_read() -> None:
    from typing import get_args

    from chalicelib.api.models.inspections import InspectionIn

    assert set(get_args(InspectionIn.model_fields["content_type"].annotation)) == set(DOCUMENT_TYPES)
