"""Tells the park what the readings alone do not: how much waits, what was lost and why, what became of its commands.

At the start, when there is something new, and every interval, so that the park knows the bridge lives. A gap counts as
told only when a 200 names it. A refused report stops no upload.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from green_shield_bridge import log
from green_shield_bridge.clock import Clock
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.spool import Gap, SpoolState
from green_shield_bridge.upload.deflate import gzipped
from green_shield_bridge.upload.identity import Identity
from green_shield_bridge.upload.pace import Pace
from green_shield_bridge.upload.park_client import LineError
from green_shield_bridge.upload.uploader import Line, OnSpool
from green_shield_bridge.upload.verdicts import (
    NOT_ABOUT_THE_BLOCK,
    Answer,
    Command,
    commands_of,
    parsed,
    problem,
    retry_after_s,
)

PATH = "/v1/bridges/reports"
MAX_GAPS = 500
MAX_RESULTS = 500
OFF_S = 3_600.0  # for a park that has no reports
CHECK_S = 2.0  # how often is looked for something new
NEWS_S = 10.0  # how soon after a report the next may follow for the sake of news; a gap that grows is one gap

Results = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Taken:
    """The park has these."""

    gaps: frozenset[int]
    results: frozenset[str]
    commands: Sequence[Command]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """`is_unknown`: this park takes no reports. `is_final`: the very same report would be refused again."""

    code: str
    reason: str
    after_s: float | None = None
    is_unknown: bool = False
    is_final: bool = False


def build_report(now_ms: int, state: SpoolState, gaps: Sequence[Gap], results: Results) -> bytes:
    """The body of a report, gzipped."""
    report = {
        "sent_at": _rfc3339(now_ms),
        "spool": {
            "id": state.spool_id,
            "newest": state.newest,
            "oldest_waiting": state.oldest_waiting,
            "waiting_readings": state.waiting_readings,
        },
        "gaps": [_gap(gap) for gap in gaps],
        "commands": list(results),
    }
    return gzipped(orjson.dumps(report))


def judge_report(answer: Answer, now_s: float) -> Taken | NotTaken:
    """What an answer means for the report that was sent. `now_s`: wall clock."""
    document = parsed(answer.body)
    if answer.status == 200 and isinstance(document.get("gaps"), list):
        results = document.get("commands_reported")
        return Taken(
            frozenset(gap for gap in document["gaps"] if isinstance(gap, int)),
            frozenset(i for i in results if isinstance(i, str)) if isinstance(results, list) else frozenset(),
            commands_of(document),
        )
    code, reason = problem(answer.status, document)
    is_about_report = 400 <= answer.status < 500 and answer.status not in NOT_ABOUT_THE_BLOCK
    return NotTaken(
        code,
        reason,
        retry_after_s(answer.headers, now_s),
        is_unknown=answer.status in (404, 405),
        is_final=is_about_report,
    )


class Reporter:
    """`command_results` gives what is to be told, as the report has it; `command_results_reported` gets the ids told."""

    def __init__(
        self,
        *,
        line: Line,
        on_spool: OnSpool,
        identity: Identity,
        clock: Clock,
        pace: Pace,
        interval_s: float,
        on_commands: Callable[[Sequence[Command]], None] | None = None,
        command_results: Callable[[], Results] = tuple,
        command_results_reported: Callable[[Collection[str]], None] | None = None,
    ) -> None:
        self._line = line
        self._on_spool = on_spool
        self._identity = identity
        self._clock = clock
        self._pace = pace
        self._interval_s = interval_s
        self._on_commands = on_commands
        self._command_results = command_results
        self._command_results_reported = command_results_reported
        self._max_gaps = MAX_GAPS
        self._told_s = self._ignored_until_s = float("-inf")
        self._news = asyncio.Event()

    def hurry(self) -> None:
        """There is something new, such as a result of a command."""
        self._news.set()

    async def run(self) -> None:
        """Report until cancelled."""
        while True:
            now_s = self._clock.monotonic_s()
            if now_s >= self._ignored_until_s and self._pace.wait_s(now_s) <= 0:
                await self._report_if_due(now_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._news.wait()

    async def _report_if_due(self, now_s: float) -> None:
        is_hurried = self._news.is_set()
        self._news.clear()
        try:
            open_gaps = await self._on_spool(lambda spool: spool.open_gaps)
            has_news = open_gaps or self._command_results()
            since_s = now_s - self._told_s
            if is_hurried or since_s >= self._interval_s or (has_news and since_s >= NEWS_S):
                await self.report()
        except SpoolError as error:
            log.error("report_failed", code=error.code, detail=str(error))

    async def report(self) -> Taken | NotTaken:
        """Send one report. Raises SpoolError."""
        gaps = await self._on_spool(lambda spool: spool.show_gaps(self._max_gaps))
        state = await self._on_spool(lambda spool: spool.state())
        results = list(self._command_results())[:MAX_RESULTS]
        outcome = await self._exchange(build_report(self._clock.wall_ms(), state, gaps, results))
        if isinstance(outcome, Taken):
            await self._taken(outcome, gaps, results)
        else:
            self._not_taken(outcome)
        return outcome

    async def _exchange(self, body: bytes) -> Taken | NotTaken:
        token = self._identity.token_for(body, self._clock.wall_ms() // 1000)
        try:
            answer = await self._line.post(PATH, body, token, is_gzip=True)
        except LineError as error:
            return NotTaken("no_answer", str(error))
        return judge_report(answer, self._clock.wall_ms() / 1000)

    async def _taken(self, outcome: Taken, gaps: Sequence[Gap], results: Results) -> None:
        self._told_s = self._clock.monotonic_s()
        self._max_gaps = MAX_GAPS
        told = [gap.id for gap in gaps if gap.id in outcome.gaps]
        if told:
            await self._on_spool(lambda spool: spool.confirm_gaps(told))
        done = [result["id"] for result in results if result["id"] in outcome.results]
        if done and self._command_results_reported is not None:
            self._command_results_reported(done)
        if outcome.commands and self._on_commands is not None:
            self._on_commands(outcome.commands)
        log.event("reported", gaps=len(told), command_results=len(done))

    def _not_taken(self, outcome: NotTaken) -> None:
        now_s = self._clock.monotonic_s()
        if outcome.is_unknown:
            self._ignored_until_s = now_s + OFF_S
            log.warn("reports_not_known_to_park", again_in_s=OFF_S)
            return
        if outcome.is_final:
            self._told_s = now_s  # not again before the interval has passed, and then with fewer gaps
            self._ignored_until_s = now_s + self._interval_s
            self._max_gaps = max(1, self._max_gaps // 2)
        elif outcome.after_s is not None:
            self._pace.told(outcome.after_s, now_s)
        else:
            self._pace.failed(now_s)
        log.warn("report_failed", code=outcome.code, detail=outcome.reason)


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "id": gap.id,
        "spool": gap.spool,
        "rows": gap.rows,
        "from": _rfc3339(gap.from_ms),
        "to": _rfc3339(gap.to_ms),
        "readings": gap.readings,
        "reason": gap.reason,
        "detail": gap.detail,
        "points": gap.points,
    }


def _rfc3339(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")
