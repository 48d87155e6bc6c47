"""Health, metrics and status of the running bridge, over HTTP on a socket file and, where configured, on 127.0.0.1.

    /live     200 while the spool thread and the writer make progress, else 503
    /health   200, or 503 with the reasons
    /metrics  Prometheus text
    /status   the whole snapshot

Nothing here can stop the bridge: a port or path that cannot be had is logged, and the bridge goes on. Requests are bounded in size,
time and number. What takes long (importing the metrics library, writing out a thousand sources) is done in a thread, off the loop
that polls the devices.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from green_shield_bridge import log
from green_shield_bridge.operate.health import reasons
from green_shield_bridge.operate.monitor_http import END_OF_HEAD, MAX_HEAD_BYTES, Refused, Reply, asked_path, json_reply
from green_shield_bridge.operate.sd_notify import Probe, showed_progress
from green_shield_bridge.operate.status_model import Snapshot
from green_shield_bridge.operate.unix_socket import listen, remove, socket_path

REQUEST_S = 5.0
LIVE_S = 5.0
MAX_CONNECTIONS = 16


class Monitor:
    """`snapshot` is called on the event loop; `probe` returns when the parts that must work have shown that they do."""

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        probe: Probe,
        *,
        request_s: float = REQUEST_S,
        live_s: float = LIVE_S,
    ) -> None:
        self._snapshot = snapshot
        self._probe = probe
        self._request_s = request_s
        self._live_s = live_s
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="monitor")
        self._file: asyncio.Server | None = None
        self._inode = 0
        self._path = ""
        self._tcp: asyncio.Server | None = None
        self._port: int | None = None

    async def start(self, spool_path: str, port: int | None) -> None:
        """Listen where possible; what is not possible is logged."""
        self._path = socket_path(spool_path)
        try:
            server = listen(self._path)
            self._inode = os.lstat(self._path).st_ino
            self._file = await asyncio.start_unix_server(self._accept, sock=server, limit=MAX_HEAD_BYTES)
        except OSError as error:
            log.warn("monitor_socket_unavailable", path=self._path, reason=str(error))
        await self.listen_on(port)

    async def listen_on(self, port: int | None) -> None:
        """Listen on this port of 127.0.0.1 from now on, or on none."""
        if port == self._port and self._tcp is not None:
            return
        if self._tcp is not None:
            self._tcp.close()
            self._tcp = None
        self._port = port
        if port is None:
            return
        try:
            self._tcp = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=MAX_HEAD_BYTES)
        except OSError as error:
            log.warn("monitor_port_unavailable", port=port, reason=error.strerror)

    async def stop(self) -> None:
        for server in (self._file, self._tcp):
            if server is not None:
                server.close()
        if self._file is not None:
            remove(self._path, self._inode)
        self._file = self._tcp = None
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            writer.write(json_reply(503, {"detail": "too many connections"}).encode())
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            reply = await self._reply(reader)
            if reply is not None:
                async with asyncio.timeout(self._request_s):
                    writer.write(reply.encode())
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        except (OSError, TimeoutError):
            pass  # the caller went away or does not read: nobody is left to tell
        finally:
            writer.transport.abort()

    async def _reply(self, reader: asyncio.StreamReader) -> Reply | None:
        """The answer to one request; None when the caller left without asking."""
        try:
            async with asyncio.timeout(self._request_s):
                head = await reader.readuntil(END_OF_HEAD)
            return await self._answer(asked_path(head))
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError:
            return json_reply(431, {"detail": f"the request head is longer than {MAX_HEAD_BYTES} bytes"})
        except TimeoutError:
            return json_reply(408, {"detail": f"no whole request within {self._request_s:g} s"})
        except Refused as refusal:
            return refusal.reply

    async def _answer(self, path: str) -> Reply:
        render = {"/health": _health, "/metrics": _metrics, "/status": _status}.get(path)
        if render is None and path != "/live":
            raise Refused(404, "there are /live, /health, /metrics and /status")
        try:
            if render is None:
                return await self._live()
            return await asyncio.get_running_loop().run_in_executor(self._thread, render, self._snapshot())
        except Exception as error:  # noqa: BLE001 -- whoever looks must see that something is wrong, and the bridge goes on
            log.error("monitor_failed", error, path=path)
            return json_reply(500, {"detail": "the bridge could not say; see its log"})

    async def _live(self) -> Reply:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._live_s):
                await showed_progress(self._probe)
            return json_reply(200, {"live": True})
        return json_reply(503, {"live": False, "detail": f"the spool made no progress within {self._live_s:g} s"})


def _health(now: Snapshot) -> Reply:
    found = reasons(now)
    return json_reply(503 if found else 200, {"healthy": not found, "reasons": found})


def _metrics(now: Snapshot) -> Reply:
    from green_shield_bridge.operate import (
        metrics,  # at the first scrape: a bridge nobody scrapes does not pay for the library
    )

    return Reply(200, metrics.CONTENT_TYPE, metrics.render(now))


def _status(now: Snapshot) -> Reply:
    return json_reply(200, now)
