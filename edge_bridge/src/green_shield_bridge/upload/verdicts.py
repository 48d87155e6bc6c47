"""What an answer of the park means for the block that was sent. Pure: status, headers and body in, verdict out.

Only a 202 that names this block and speaks of its series is a yes. Silence, a proxy's page and a half answer are not.
A 4xx about the block sets the block aside; one about the line, the identity or the address (401, 403, 404, ...) says
nothing about the readings, so they wait. A 5xx may be about either.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from green_shield_bridge.spool import Refusal

MAX_RETRY_AFTER_S = 3_600.0

_NETWORK_LOGIN = 511

Command = Mapping[str, Any]  # {"id", "measure", "value": float | None, "expires_at": text}

# About the request's way to the park, not about its content.
NOT_ABOUT_THE_BLOCK = frozenset({401, 403, 404, 405, 407, 408, 421, 423, 425, 426, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Stored:
    """The park has the block. `refused`: index in the block's series -> why not that one. `intervals_s`: by point.

    `commands`: what the park asks this bridge to do.
    """

    refused: Mapping[int, Refusal]
    intervals_s: Mapping[str, float]
    commands: Sequence[Command] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The park will never take this block. Series without a reason of their own share `refusal`."""

    refusal: Refusal
    by_series: Mapping[int, Refusal]


@dataclass(frozen=True, slots=True)
class TooLarge:
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not answered as hoped; the same block goes again. `after_s`: the park said when.

    `may_be_block`: the park failed on this request, which may be the block's fault.
    """

    code: str
    reason: str
    after_s: float | None = None
    may_be_block: bool = False


Verdict = Stored | Refused | TooLarge | TryAgain


def judge(answer: Answer, block_id: str, series_count: int, now_s: float) -> Verdict:
    """What to do with a block after an answer. `now_s`: wall clock, for a Retry-After that is a date."""
    document = parsed(answer.body)
    if answer.status == 202:
        return _stored(document, block_id, series_count, _is_minimal(answer.headers))
    code, reason = problem(answer.status, document)
    if answer.status == 413:
        return TooLarge(Refusal(code, reason))
    if 400 <= answer.status < 500 and answer.status not in NOT_ABOUT_THE_BLOCK:
        return Refused(Refusal(code, reason), _refusals(document))
    after_s = retry_after_s(answer.headers, now_s)
    is_failure = answer.status >= 500 and answer.status != _NETWORK_LOGIN
    return TryAgain(code, reason, after_s, may_be_block=is_failure and after_s is None)


def retry_after_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Retry-After in seconds, at most an hour; None where it is absent or nonsense. RFC 9110, 10.2.3."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_S)
    seconds = _date_s(text)
    return None if seconds is None else min(max(0.0, seconds - now_s), MAX_RETRY_AFTER_S)


def clock_ahead_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """How far this machine's clock is ahead of the park's; None where the park's answer has no date."""
    seconds = park_date_s(headers)
    return None if seconds is None else now_s - seconds


def park_date_s(headers: Mapping[str, str]) -> float | None:
    """The park's time in its answer, in seconds since 1970; None where it has none."""
    return _date_s(headers.get("date", ""))


def _date_s(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    try:
        document = orjson.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_minimal(headers: Mapping[str, str]) -> bool:
    """Whether the answer speaks of exceptions only, as was asked for. RFC 7240, 3."""
    return "return=minimal" in headers.get("preference-applied", "").replace(" ", "").lower().split(",")


def _stored(document: dict[str, Any], block_id: str, series_count: int, is_minimal: bool) -> Verdict:
    if document.get("block_id") != block_id:
        return TryAgain("not_an_acknowledgement", "202, but the answer does not name the block")
    refused = _refusals(document)
    if not is_minimal:
        answered = {r.get("index") for r in _results(document)}
        for index in set(range(series_count)) - answered:
            refused[index] = Refusal("not_answered", "the park's answer does not speak of this series")
    return Stored(
        {i: r for i, r in refused.items() if 0 <= i < series_count}, _intervals(document), commands_of(document)
    )


def commands_of(document: Mapping[str, Any]) -> tuple[Command, ...]:
    """What the park asks for, as far as it has the shape of a command. Unknown keys are left out."""
    commands = document.get("commands")
    shaped = [_command(c) for c in commands if isinstance(c, dict)] if isinstance(commands, list) else []
    return tuple(command for command in shaped if command is not None)


def _command(given: Mapping[str, Any]) -> Command | None:
    texts = {key: given.get(key) for key in ("id", "measure", "expires_at")}
    value = given.get("value")
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not all(isinstance(text, str) and 0 < len(text) <= 128 for text in texts.values()):
        return None
    if not (value is None or is_number) or not _is_instant(str(texts["expires_at"])):
        return None
    return {**texts, "value": None if value is None else float(value)}


def _is_instant(text: str) -> bool:
    """RFC 3339: a date, a time and an offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _results(document: dict[str, Any]) -> list[dict[str, Any]]:
    results = document.get("results")
    return [r for r in results if isinstance(r, dict)] if isinstance(results, list) else []


def _refusals(document: dict[str, Any]) -> dict[int, Refusal]:
    refused = [r for r in _results(document) if isinstance(r.get("index"), int) and r.get("status") != 202]
    return {r["index"]: _refusal(r) for r in refused}


def _refusal(result: dict[str, Any]) -> Refusal:
    error = result.get("error")
    error = error if isinstance(error, dict) else {}
    reason = error.get("detail") or error.get("title") or f"status {result.get('status')}"
    return Refusal(str(error.get("code") or "refused"), str(reason)[:500])


def problem(status: int, document: dict[str, Any]) -> tuple[str, str]:
    """(code, reason) of an RFC 9457 problem, or of a bare status."""
    reason = document.get("detail") or document.get("title") or f"status {status}"
    return str(document.get("code") or f"http_{status}"), str(reason)[:500]


def _intervals(document: dict[str, Any]) -> dict[str, float]:
    """Sampling interval by point. What is not a positive number of seconds up to a day is left out."""
    units = document.get("units")
    intervals: dict[str, float] = {}
    for unit in units if isinstance(units, list) else []:
        interval_s, points = (
            (unit.get("sampling_interval_s"), unit.get("points")) if isinstance(unit, dict) else (None, None)
        )
        if isinstance(interval_s, int | float) and 0 < interval_s <= 86_400 and isinstance(points, list):
            intervals.update((point, float(interval_s)) for point in points if isinstance(point, str))
    return intervals
