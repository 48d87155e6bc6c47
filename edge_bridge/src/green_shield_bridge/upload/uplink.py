"""The park's side of the bridge: the line with the identity that signs on it, the uploader and the reporter."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from green_shield_bridge import __version__, log
from green_shield_bridge.batching import Limits
from green_shield_bridge.clock import Clock
from green_shield_bridge.commands import CommandDesk, Outcome
from green_shield_bridge.config import Config
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.stats import Activity, LineActivity
from green_shield_bridge.times import rfc3339
from green_shield_bridge.upload.flush import FlushTimer
from green_shield_bridge.upload.identity import Identity, read_key
from green_shield_bridge.upload.park_client import ParkClient
from green_shield_bridge.upload.reports import Reporter
from green_shield_bridge.upload.uploader import Line, OnSpool, Uploader

MAX_PENDING_COMMANDS = 100


class Uplink:
    """From `start` to `finish` or `close` it delivers and reports."""

    def __init__(self, config: Config, line: Line, identity: Identity, close_line: Callable[[], Any]) -> None:
        self._config = config
        self._line = line
        self._identity = identity
        self._close_line = close_line
        self._uploader: Uploader | None = None
        self._reporter: Reporter | None = None
        self._desk: CommandDesk | None = None
        self._uploading: asyncio.Task[None] | None = None
        self._others: list[asyncio.Task[None]] = []
        self._commands: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(MAX_PENDING_COMMANDS)

    @property
    def activity(self) -> LineActivity:
        return self._uploader.line_activity if self._uploader else LineActivity()

    def start(
        self,
        *,
        on_spool: OnSpool,
        timer: FlushTimer,
        activity: Activity,
        clock: Clock,
        told_intervals: Callable[[Mapping[str, float]], None],
        park_said: Callable[[float], None] | None,
        desk: CommandDesk,
    ) -> None:
        upload = self._config.upload
        self._desk = desk
        self._uploader = Uploader(
            line=self._line,
            on_spool=on_spool,
            identity=self._identity,
            timer=timer,
            limits=Limits(readings=upload.max_batch_readings),
            retry_max_s=upload.retry_max_s,
            activity=activity,
            clock=clock,
            told_intervals=told_intervals,
            on_commands=self._on_commands,
            park_said=park_said,
        )
        self._reporter = Reporter(
            line=self._line,
            on_spool=on_spool,
            identity=self._identity,
            clock=clock,
            pace=self._uploader.pace,
            interval_s=upload.report_interval_s,
            on_commands=self._on_commands,
            command_results=lambda: [_result(one) for one in desk.results()],
            command_results_reported=self._on_reported,
        )
        self._uploading = asyncio.create_task(self._uploader.run())
        self._others = [asyncio.create_task(self._reporter.run()), asyncio.create_task(self._carry_out())]

    async def finish(self, within_s: float) -> None:
        """Let the park take what it takes readily, within the time limit. The rest stays on disk."""
        if self._uploader is None or self._uploading is None:
            return
        self._uploader.stop()
        try:
            async with asyncio.timeout(within_s):
                await asyncio.shield(self._uploading)
        except TimeoutError:
            log.warn("stopped_during_upload")
        except SpoolError as error:
            log.error("spool_refused", code=error.code, detail=str(error))
        await self._end_tasks()

    async def close(self) -> None:
        """Stop at once: a batch under way goes again, as the same block, from whoever starts next with this spool."""
        await self._end_tasks()
        await self._close_line()

    async def _end_tasks(self) -> None:
        tasks = [*self._others, *([self._uploading] if self._uploading else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._others, self._uploading = [], None

    def _on_commands(self, commands: Sequence[Mapping[str, Any]]) -> None:
        for command in commands:
            if self._commands.full():
                log.warn("commands_too_many", kept=MAX_PENDING_COMMANDS)
                return  # the park says them again
            self._commands.put_nowait(command)

    async def _carry_out(self) -> None:
        assert self._desk is not None
        assert self._reporter is not None
        while True:
            command = await self._commands.get()
            try:
                await self._desk.take([command])
            except SpoolError as error:
                log.error("command_not_kept", code=error.code, detail=str(error))
            if self._desk.results():
                self._reporter.hurry()

    def _on_reported(self, ids: Collection[str]) -> None:
        assert self._desk is not None
        self._others.append(asyncio.create_task(self._remember(list(ids))))
        self._others = [task for task in self._others if not task.done()]

    async def _remember(self, ids: list[str]) -> None:
        assert self._desk is not None
        try:
            await self._desk.reported(ids)
        except SpoolError as error:  # then they are reported again after a restart, which the park takes as the same
            log.error("command_report_not_kept", code=error.code, detail=str(error))


def open_uplink(config: Config) -> Uplink:
    """Raises BridgeError where the key or the CA file cannot be used."""
    identity = Identity(config.bridge_id, read_key(config.key_file))
    line = ParkClient(
        config.server.url,
        ca_file=config.server.ca_file,
        timeout_s=config.server.timeout_s,
        user_agent=f"green-shield-bridge/{__version__}",
    )
    return Uplink(config, line, identity, line.close)


def _result(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a report says it."""
    raw = asdict(outcome)
    raw["at"] = rfc3339(raw.pop("at_ms"))
    del raw["is_reported"]
    return raw
