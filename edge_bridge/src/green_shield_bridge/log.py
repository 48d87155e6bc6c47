"""Structured logs: one JSON object a line on stderr.

Events have names, facts have fields; no token, key or payload is ever a field.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

_LOGGER = logging.getLogger("green_shield_bridge")


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


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage() if record.name == _LOGGER.name else "library",
        }
        if record.name != _LOGGER.name:
            line |= {"logger": record.name, "message": record.getMessage()}
        return json.dumps({**line, **getattr(record, "fields", {})}, ensure_ascii=False, default=str)


def set_up(level: str = "INFO") -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Each failed connection is already an event of ours; pymodbus would say it again in its own words.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
