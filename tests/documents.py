"""Documents as laboratories send them, made for tests: a PDF whose text has a map to Unicode, and workbooks."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

REPORT: Mapping[str, Sequence[Sequence[Any]]] = {
    "封面": [["检测报告"], ["委托单位", "示范化工一厂"], ["报告编号", "HJ-2026-031"]],
    "检测结果": [
        ["序号", "检测项目", "单位", "检测方法", "检出限", "检测结果", "标准限值"],
        [1, "化学需氧量(CODcr)", "mg/L", "HJ 828-2017", 4, 45.2, 60],
        [2, "非甲烷总烃", "μg/m³", "HJ 38-2017", 70, "28500", 60000],
        [3, "二氧化硫", "mg/m³", "HJ 57-2017", 3, "ND", 200],
        [4, "氨氮（NH3-N）", "mg/L", "HJ 535-2009", 0.025, "0.025L", 5],
        [5, "样品性状", "", "", "", "无色透明", ""],
    ],
}
LINES = ("检测报告 HJ-2026-031", "化学需氧量 mg/L HJ 828-2017 45.2 60 达标", "非甲烷总烃 mg/m³ <0.07 60")


def xlsx_of(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The package with one part more, or another in its place."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def pdf_of(*pages: Sequence[str], password: str | None = None) -> bytes:
    """A line of text for each string. `password`: the file is locked by it; "" locks it against changes only."""
    objects: list[bytes] = [b"", b""]
    used = sorted({char for page in pages for line in page for char in line})
    chars = "\n".join(f"<{ord(char):04X}> <{ord(char):04X}>" for char in used)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <0000> <FFFF> "
        f"endcodespacerange {len(used)} beginbfchar\n{chars}\nendbfchar endcmap end end"
    )
    objects.append(_stream(cmap.encode()))
    objects.append(
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Song /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        b"/Supplement 0 >> /FontDescriptor << /Type /FontDescriptor /FontName /Song /Flags 4 >> >>"
    )
    objects.append(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Song /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 3 0 R >>"
    )
    kids = []
    for lines in pages:
        shown = "\n".join(f"<{line.encode('utf-16-be').hex()}> Tj T*" for line in lines)
        objects.append(_stream(f"BT /F1 12 Tf 16 TL 50 800 Td\n{shown}\nET".encode()))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 5 0 R >> >> >>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    plain = _file(objects)
    return plain if password is None else _locked(plain, password)


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _locked(data: bytes, password: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(data)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
