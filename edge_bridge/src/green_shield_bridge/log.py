"""Structured logs: one JSON object a line on stderr.

Events have names, facts have fields. Two things hold of every line, whoever wrote it:

- no token, key or password is in it: what has such a name or looks like one is replaced;
- the same warning about the same thing comes at most once a minute, and then says how many were left out: a device that flaps for
  years does not fill the disk of a plant.
"""

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

from green_shield_bridge.log_limit import RepeatLimit

_LOGGER = logging.getLogger("green_shield_bridge")
HIDDEN = "[hidden]"

_SECRET_FIELD = re.compile(
    r'"((?:[\w.-]*(?:token|secret|password|passwd|passphrase|authorization)[\w.-]*|pw|key|[\w.-]+[_-]key))": '
    r'(?:"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*"|[^"\]])*\]|\{(?:"(?:[^"\\]|\\.)*"|[^"}])*\}|[^",}\]\s]+)',
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"-----BEGIN[^\"]*?PRIVATE KEY-----[^\"]*"  # PEM
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a signed token
    r"|(?<=Bearer )[^\s\"\\]+"
    r"|(?<=\bPW=)[^;&\s\"\\]+",  # the password field of an HJ 212 packet
    re.IGNORECASE,
)


def event(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log one event, such as event("batch_acked", readings=12)."""
    if _LOGGER.isEnabledFor(level):
        _LOGGER.log(level, name, extra={"fields": fields})


def warn(name: str, **fields: object) -> None:
    event(name, level=logging.WARNING, **fields)


def error(name: str, exception: BaseException | None = None, **fields: object) -> None:
    if exception is not None:
        fields["trace"] = "".join(traceback.format_exception(exception))[-4_000:]
    event(name, level=logging.ERROR, **fields)


def without_secrets(line: str) -> str:
    """A line of JSON without what must not be in a log; it stays JSON."""
    return _SECRET_TEXT.sub(HIDDEN, _SECRET_FIELD.sub(rf'"\1": "{HIDDEN}"', line))


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage() if record.name == _LOGGER.name else "library",
        }
        if record.name != _LOGGER.name:
            line |= {"logger": record.name, "message": record.getMessage()}
            if record.exc_info and record.exc_info[0] is not None:
                line["trace"] = self.formatException(record.exc_info)[-4_000:]
        return without_secrets(json.dumps({**line, **getattr(record, "fields", {})}, ensure_ascii=False, default=str))


class LimitedHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes what the limit lets through."""

    def __init__(self, limit: RepeatLimit, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(sys.stderr)
        self._limit = limit
        self._monotonic_s = monotonic_s

    def emit(self, record: logging.LogRecord) -> None:
        for admitted in self._limit.admit(record, self._monotonic_s()):
            super().emit(admitted)

    def close(self) -> None:
        for summary in self._limit.rest():
            super().emit(summary)
        super().close()


def set_up(level: str = "INFO") -> None:
    handler = LimitedHandler(RepeatLimit())
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Each failed connection is already an event of ours; pymodbus would say it again in its own words.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
