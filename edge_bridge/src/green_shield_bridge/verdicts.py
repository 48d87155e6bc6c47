"""What an answer of the park means for the block that was sent. Pure: status, headers and body in, verdict out.

Only a 202 that names this block and speaks of its series is a yes. Silence, a proxy's page and a half answer are not.
A 4xx about the block sets the block aside; one about the line, the identity or the address (401, 403, 404, ...) says
nothing about the readings, so they wait.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from green_shield_bridge.spool import Refusal

MAX_RETRY_AFTER_S = 3_600.0

# About the request's way to the park, not about its content.
_NOT_ABOUT_THE_BLOCK = frozenset({401, 403, 404, 405, 407, 408, 421, 423, 425, 426, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Stored:
    """The park has the block. `refused`: index in the block's series -> why not that one. `intervals_s`: by point."""

    refused: Mapping[int, Refusal]
    intervals_s: Mapping[str, float]


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
    """Not answered as hoped; the same block goes again. `after_s`: the park said when."""

    code: str
    reason: str
    after_s: float | None = None


Verdict = Stored | Refused | TooLarge | TryAgain


def judge(answer: Answer, block_id: str, series_count: int, now_s: float) -> Verdict:
    """What to do with a block after an answer. `now_s`: wall clock, for a Retry-After that is a date."""
    document = _parse(answer.body)
    if answer.status == 202:
        return _stored(document, block_id, series_count)
    code, reason = _problem(answer.status, document)
    if answer.status == 413:
        return TooLarge(Refusal(code, reason))
    if 400 <= answer.status < 500 and answer.status not in _NOT_ABOUT_THE_BLOCK:
        return Refused(Refusal(code, reason), _refusals(document))
    return TryAgain(code, reason, retry_after_s(answer.headers, now_s))


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
    seconds = _date_s(headers.get("date", ""))
    return None if seconds is None else now_s - seconds


def _date_s(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        return None


def _parse(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _stored(document: dict[str, Any], block_id: str, series_count: int) -> Verdict:
    if document.get("block_id") != block_id:
        return TryAgain("not_an_acknowledgement", "202, but the answer does not name the block")
    answered = {r.get("index") for r in _results(document)}
    refused = _refusals(document)
    for index in set(range(series_count)) - answered:
        refused[index] = Refusal("not_answered", "the park's answer does not speak of this series")
    return Stored({i: r for i, r in refused.items() if 0 <= i < series_count}, _intervals(document))


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


def _problem(status: int, document: dict[str, Any]) -> tuple[str, str]:
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
