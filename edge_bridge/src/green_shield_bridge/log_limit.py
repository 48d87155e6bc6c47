"""How often the same thing may be logged. Time is an argument; memory is bounded.

The first of its kind goes out at once. Within the next minute further ones are counted; when the minute is over, one line says how
many there were (`repeated`), with the fields of the last.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

WINDOW_S = 60.0
MAX_KINDS = 10_000
# The fields that say what an event is about; two events that differ in one of these are not the same.
SUBJECT = ("source", "device", "point", "code", "path", "logger")

Kind = tuple[object, ...]


@dataclass(slots=True)
class _Window:
    until_s: float
    last: logging.LogRecord
    held: int = 0


class RepeatLimit:
    def __init__(self, window_s: float = WINDOW_S, max_kinds: int = MAX_KINDS) -> None:
        self._window_s = window_s
        self._max_kinds = max_kinds
        self._windows: OrderedDict[Kind, _Window] = OrderedDict()  # in the order in which they end

    def admit(self, record: logging.LogRecord, now_s: float) -> list[logging.LogRecord]:
        """What is to be written now: summaries of minutes that are over, then the record, unless it repeats."""
        out = list(self._ended(now_s))
        if not _is_limited(record):
            return [*out, record]
        kind = kind_of(record)
        if (window := self._windows.get(kind)) is not None:
            window.last, window.held = record, window.held + 1
            return out
        self._windows[kind] = _Window(now_s + self._window_s, record)
        return [*out, record]

    def rest(self) -> list[logging.LogRecord]:
        """Summaries of everything still held back, at the end of the process."""
        return list(self._ended(float("inf")))

    def _ended(self, now_s: float) -> Iterator[logging.LogRecord]:
        while self._windows:
            kind, window = next(iter(self._windows.items()))
            if window.until_s > now_s and len(self._windows) < self._max_kinds:
                return
            del self._windows[kind]
            if window.held:
                yield _summary(window)


def kind_of(record: logging.LogRecord) -> Kind:
    fields = getattr(record, "fields", {})
    return (record.name, record.levelno, record.msg, *(str(fields.get(name)) for name in SUBJECT))


def _is_limited(record: logging.LogRecord) -> bool:
    """Warnings and errors, and whatever tells of one source: a device that flaps comes back as often as it goes."""
    return record.levelno >= logging.WARNING or (
        record.levelno >= logging.INFO and "source" in getattr(record, "fields", {})
    )


def _summary(window: _Window) -> logging.LogRecord:
    record = window.last
    record.fields = {**getattr(record, "fields", {}), "repeated": window.held}
    return record
