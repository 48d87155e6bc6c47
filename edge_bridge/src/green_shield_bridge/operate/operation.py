"""What surrounds a running bridge: signals, the monitor, and what systemd wants to hear.

SIGTERM and SIGINT stop it. SIGHUP reads the configuration file again: a file with a mistake changes nothing and is logged with every
line that is wrong. A SIGHUP during a reload is followed by one more reload.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from green_shield_bridge import log
from green_shield_bridge.config import Config
from green_shield_bridge.config.child import read_apart
from green_shield_bridge.errors import BridgeError
from green_shield_bridge.operate.monitor import Monitor
from green_shield_bridge.operate.sd_notify import Notifier, from_environment
from green_shield_bridge.operate.status_model import Snapshot


class Operated(Protocol):
    """A bridge, as those who operate it see it."""

    def stop(self) -> None: ...

    async def reload(self, config: Config) -> None:
        """Go on with another configuration, without loss. Raises BridgeError, and then goes on with the old one."""

    def snapshot(self) -> Snapshot: ...

    async def probe(self) -> None:
        """Return when the spool's thread has done a round; raise BridgeError where it did one in vain. Else do neither."""


class _Operation:
    def __init__(self, bridge: Operated, config_file: str, monitor: Monitor, notifier: Notifier) -> None:
        self._bridge = bridge
        self._config_file = config_file
        self._monitor = monitor
        self._notifier = notifier
        self._hung_up = asyncio.Event()

    def stop(self) -> None:
        self._notifier.stopping()
        self._bridge.stop()

    def hang_up(self) -> None:
        self._hung_up.set()

    async def reload_when_told(self) -> None:
        while True:
            await self._hung_up.wait()
            self._hung_up.clear()
            self._notifier.reloading()
            await self._reload()
            self._notifier.ready()

    async def _reload(self) -> None:
        try:
            config = await asyncio.to_thread(read_apart, self._config_file)
            await self._bridge.reload(config)
        except BridgeError as error:
            log.error("reload_refused", code=error.code, detail=str(error))
            return
        except Exception as error:  # noqa: BLE001 -- a defect in one reload must not be the end of reloading
            log.error("reload_failed", error)
            return
        await self._monitor.listen_on(config.monitor.port)
        log.event("reloaded", sources=len(config.sources))


@asynccontextmanager
async def operated(bridge: Operated, config: Config, config_file: str) -> AsyncIterator[None]:
    """Within the block, signals reach the bridge, the monitor answers, and systemd knows that the service is ready."""
    notifier, monitor = from_environment(), Monitor(bridge.snapshot, bridge.probe)
    operation = _Operation(bridge, config_file, monitor, notifier)
    loop = asyncio.get_running_loop()
    handlers = {signal.SIGTERM: operation.stop, signal.SIGINT: operation.stop, signal.SIGHUP: operation.hang_up}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    await monitor.start(config.spool.path, config.monitor.port)
    tasks = [
        asyncio.create_task(operation.reload_when_told()),
        asyncio.create_task(notifier.feed_watchdog(bridge.probe)),
    ]
    notifier.ready()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        await monitor.stop()
