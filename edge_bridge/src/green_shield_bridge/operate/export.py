"""The spool as CSV: what waits, what the park refused, or what is missing and why.

The bridge may go on meanwhile: rows are read some hundred at a time, none holds a transaction, and the export ends with the row that was
the newest when it began. What the park acknowledges during an export is left out of it, since the park has it. Memory is bounded
whatever the size of the spool. Instants are RFC 3339 with the offset of the asked time zone.
"""

import csv
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import TextIO

from green_shield_bridge.errors import BridgeError
from green_shield_bridge.operate.export_rows import TABLES, Chosen, What
from green_shield_bridge.operate.spool_view import opened


def export(spool: str, what: What, chosen: Chosen, out: str | None, zone: tzinfo) -> int:
    """Write to a new file, or to standard output; returns how many rows were written. Raises SpoolError, BridgeError."""
    with opened(spool) as db, _output(out) as file:
        table = TABLES[what]
        newest = table.newest(db)
        progress = _Progress(newest)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        for number, rows in table.pages(db, newest, chosen, zone):
            writer.writerows(rows)
            progress.tell(number, len(rows))
        progress.end()
        return progress.rows


@contextmanager
def _output(path: str | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise BridgeError(f"output file {path}: {error.strerror}") from error


class _Progress:
    """How far it has come, on a terminal's standard error, twice a second."""

    def __init__(self, newest: int) -> None:
        self.rows = 0
        self._newest = newest
        self._is_shown = sys.stderr.isatty()
        self._told_s = time.monotonic()

    def tell(self, number: int, rows: int) -> None:
        self.rows += rows
        if self._is_shown and time.monotonic() - self._told_s > 0.5:
            self._told_s = time.monotonic()
            print(f"\rrow {number} of {self._newest}, {self.rows} written", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._is_shown:
            print(f"\r{self.rows} rows written\033[K", file=sys.stderr)
