"""Documents read in a child process, which may use so much memory and time and no more. What it prints is all that comes of a file."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from chalicelib.domain.inspection_report import XLSX, ReportRefusal
from chalicelib.domain.inspection_values import Cell, DocumentText, Table, TextPage

CHILD = "chalicelib.adapters.document_child"
PACKAGE = Path(__file__).resolve().parents[2]
WAIT_S = 25.0
NEEDED = ("PATH", "LD_LIBRARY_PATH", "LANG", "PYTHONPATH", "PYTHONHOME")


class ChildDocumentReader:
    def __init__(self, *, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s

    def read(self, data: bytes, content_type: str) -> DocumentText | ReportRefusal:
        """What stands in a document, or why it is not read."""
        kind = "xlsx" if content_type == XLSX else "pdf"
        known = {
            name: os.environ[name] for name in NEEDED if name in os.environ
        }  # no credentials for who reads strangers' files
        paths = [str(PACKAGE), *filter(None, sys.path)]
        environment = known | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONIOENCODING": "utf-8",
            "OPENBLAS_NUM_THREADS": "1",
        }
        words = [sys.executable, "-m", CHILD, kind]
        try:
            ended = subprocess.run(
                words, input=data, capture_output=True, timeout=self._wait_s, env=environment, check=False
            )
        except subprocess.TimeoutExpired:
            return ReportRefusal.TOO_SLOW
        if ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return ReportRefusal.TOO_SLOW
        try:
            found = json.loads(ended.stdout)
        except ValueError:
            return ReportRefusal.TOO_COMPLEX  # it ended for want of memory
        return ReportRefusal(found["refused"]) if "refused" in found else _document(found)


def _document(found: dict[str, Any]) -> DocumentText:
    tables = tuple(
        Table(one["name"], tuple(tuple(Cell(ref, text) for ref, text in row) for row in one["rows"]))
        for one in found.get("tables", ())
    )
    pages = tuple(TextPage(one["number"], tuple(one["lines"])) for one in found.get("pages", ()))
    return DocumentText(tables, pages, bool(found["is_cut"]))
