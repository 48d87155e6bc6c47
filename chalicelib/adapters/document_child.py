"""Reads one document in a process of its own: bytes by standard input, what stands in them as JSON by standard output.

Whatever a file does to the libraries that read it, this process has so much memory and so many seconds, and then it ends. It knows nothing
of the park. `python -m chalicelib.adapters.document_child pdf|xlsx`
"""

import json
import resource
import sys
import zipfile
from io import BytesIO
from typing import Any

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_S = 20
MOST_PARTS = 2000
MOST_UNPACKED_BYTES = 100 * 1024 * 1024
MOST_SHEETS = 50
MOST_ROWS = 5000
MOST_COLUMNS = 100
MOST_PAGES = 200
MOST_CELLS = 100_000
MOST_TEXT = 500  # characters of a cell or a line
CHUNK = 1024 * 1024
ZIP, OLE, PDF = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"), b"%PDF-"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
WORKBOOK = "spreadsheetml.sheet.main+xml"


class Refused(Exception):
    """`args[0]` is one of domain/inspection_report.py's ReportRefusal."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    data = sys.stdin.buffer.read()
    try:
        found = {"pdf": read_pdf, "xlsx": read_xlsx}[sys.argv[1]](data)
    except Refused as refused:
        found = {"refused": refused.args[0]}
    except MemoryError:
        found = {"refused": "too_complex"}
    except Exception as error:  # noqa: BLE001 - a file can be wrong in more ways than its reader has names for
        found = {"refused": "unreadable", "kind": type(error).__name__}
    sys.stdout.write(json.dumps(found, ensure_ascii=False))


def read_xlsx(data: bytes) -> dict[str, Any]:
    _check_package(data)
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    if len(book.worksheets) > MOST_SHEETS:
        raise Refused("too_complex")
    left, tables, is_cut = MOST_CELLS, [], False
    for sheet in book.worksheets:
        rows: list[Any] = []
        for cells in sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS):
            row = [[cell.coordinate, text] for cell in cells if cell.value is not None and (text := _text(cell.value))]
            if row and (len(rows) >= MOST_ROWS or left < len(row)):
                is_cut = True
                break
            left -= len(row)
            rows += [row] if row else []
        tables.append({"name": sheet.title, "rows": rows})
    return {"tables": tables, "is_cut": is_cut}


def _text(value: Any) -> str:
    written = repr(value) if isinstance(value, float) else str(value)
    return written.strip()[:MOST_TEXT]


def _check_package(data: bytes) -> None:
    """Raises Refused before a library sees the file: for what is locked, has macros or document types, or unpacks into too much."""
    if data.startswith(OLE):
        raise Refused("encrypted" if ENCRYPTED_PACKAGE in data else "type_mismatch")
    if not data.startswith(ZIP):
        raise Refused("type_mismatch")
    with zipfile.ZipFile(BytesIO(data)) as package:
        parts = package.infolist()
        if len(parts) > MOST_PARTS or sum(one.file_size for one in parts) > MOST_UNPACKED_BYTES:
            raise Refused("too_complex")
        if any(one.flag_bits & 1 for one in parts):
            raise Refused("encrypted")
        names = {one.filename for one in parts}
        if "[Content_Types].xml" not in names:
            raise Refused("type_mismatch")
        kinds = package.read("[Content_Types].xml").decode("utf-8", "replace")
        if "macroEnabled" in kinds or any(name.lower().endswith("vbaproject.bin") for name in names):
            raise Refused("has_macros")
        if WORKBOOK not in kinds:
            raise Refused("type_mismatch")
        if sum(name.startswith("xl/worksheets/sheet") for name in names) > MOST_SHEETS:
            raise Refused("too_complex")
        _check_parts(package, parts)


def _check_parts(package: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    left = MOST_UNPACKED_BYTES
    for one in parts:
        with package.open(one) as part:
            before = b""
            while chunk := part.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise Refused("too_complex")
                if one.filename.endswith((".xml", ".rels")) and b"<!" in (text := before + chunk) and _declares(text):
                    raise Refused("unreadable")
                before = chunk[-16:]


def _declares(text: bytes) -> bool:
    """No office program writes document types; entities unfold into more than there is memory."""
    return b"<!DOCTYPE" in text or b"<!ENTITY" in text


def read_pdf(data: bytes) -> dict[str, Any]:
    if PDF not in data[:1024]:
        raise Refused("type_mismatch")
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):  # many are locked against changes only
        raise Refused("encrypted")
    if len(reader.pages) > MOST_PAGES:
        raise Refused("too_complex")
    left, pages, is_cut = MOST_CELLS, [], False
    for number, page in enumerate(reader.pages, start=1):
        lines = [line.strip()[:MOST_TEXT] for line in page.extract_text().splitlines() if line.strip()]
        is_cut = is_cut or len(lines) > left
        pages.append({"number": number, "lines": lines[: max(left, 0)]})
        left -= len(lines)
    return {"pages": pages, "is_cut": is_cut}


if __name__ == "__main__":
    main()
