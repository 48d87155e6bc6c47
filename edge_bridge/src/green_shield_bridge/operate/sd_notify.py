"""What a Type=notify service says to systemd, by datagrams to $NOTIFY_SOCKET (sd_notify(3)). Silent where nobody asked.

The watchdog is fed only after the bridge has shown that its spool and writer make progress: a loop that turns while nothing is stored
must not look alive.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

from green_shield_bridge import log
from green_shield_bridge.errors import BridgeError

Probe = Callable[[], Awaitable[None]]


async def showed_progress(probe: Probe) -> None:
    """Return when the probe did. A disk that refuses is no standstill: starting the bridge again would not help it."""
    with contextlib.suppress(BridgeError):
        await probe()


class Notifier:
    """`address`: where systemd listens, None for nowhere. `watchdog_s`: how long it waits for a sign of life, None for ever."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        self._address = address
        self.watchdog_s = watchdog_s

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> "Notifier":
        """As systemd says it in the environment of the process `pid`. A watchdog meant for another process is none."""
        watchdog_us = environment.get("WATCHDOG_USEC", "")
        is_meant = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        watchdog_s = int(watchdog_us) / 1e6 if watchdog_us.isdigit() and int(watchdog_us) and is_meant else None
        return cls(environment.get("NOTIFY_SOCKET") or None, watchdog_s)

    def ready(self) -> None:
        self._tell("READY=1")

    def reloading(self) -> None:
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    async def feed_watchdog(self, probe: Probe) -> None:
        """Until cancelled, tell systemd twice in its time limit that `probe` returned. It is given that half to do so."""
        if self._address is None or self.watchdog_s is None:
            return
        beat_s = self.watchdog_s / 2
        while True:
            try:
                async with asyncio.timeout(beat_s):
                    await showed_progress(probe)
            except TimeoutError:
                log.error("no_progress", within_s=beat_s)
            else:
                self._tell("WATCHDOG=1")
                await asyncio.sleep(beat_s)

    def _tell(self, text: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out, contextlib.suppress(OSError):
            out.setblocking(False)
            out.sendto(text.encode(), address)


def from_environment() -> Notifier:
    return Notifier.of(os.environ, os.getpid())
