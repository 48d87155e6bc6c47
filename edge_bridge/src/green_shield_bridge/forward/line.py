"""The connection to a superior platform: one packet at a time, resent, confirmed; reconnected for ever.

Backoff between connections is exponential with full jitter. A platform that does not know us (PW, MN or ST refused) is asked
again as seldom as `retry_max_s` allows.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

from green_shield_bridge import log
from green_shield_bridge.backoff import full_jitter_s
from green_shield_bridge.clock import Clock
from green_shield_bridge.config.hj212 import Forward
from green_shield_bridge.errors import SpoolError
from green_shield_bridge.forward.client import Client, End, Ended, Settings
from green_shield_bridge.forward.outbox import Waiting
from green_shield_bridge.hj212.answers import heartbeat
from green_shield_bridge.hj212.commands import Address
from green_shield_bridge.hj212.frames import Frame, Rules, refusal
from green_shield_bridge.hj212.packet import Packet, Version, parse
from green_shield_bridge.hj212.qn import QnMaker
from green_shield_bridge.hj212.secret_files import read_password, read_sm4_key
from green_shield_bridge.hj212.sm4 import Undecipherable, decrypt_data_segment, is_encrypted_command, is_readable
from green_shield_bridge.hj212.splitter import Splitter
from green_shield_bridge.hj212.wire import frame_of

HEARTBEAT_S = 60.0
_READ_BYTES = 16_384
_IDLE_S = 1.0
_VERSIONS = {"2005": Version.HJ2005, "2017": Version.HJ2017, "2025": Version.HJ2025}
# Platforms are lenient readers and careless writers: what comes down is read leniently, too.
_RULES = Rules(tolerant=True)
# Bytes that make no frame before the line counts as something else than a platform.
_MAX_UNPROVEN = 65_536


class LineLost(Exception):
    """The connection is of no more use."""


class UnknownToPlatform(LineLost):
    """The platform refuses PW, MN or ST."""


class Line:
    """`take_next` gives the packet to send next, `done` is told when the platform has it or refused it for good."""

    def __init__(
        self,
        config: Forward,
        clock: Clock,
        take_next: Callable[[], Awaitable[Waiting | None]],
        done: Callable[[int], Awaitable[None]],
    ) -> None:
        self._config = config
        self._clock = clock
        self._take_next = take_next
        self._done = done
        self._key = read_sm4_key(config.sm4_key_file) if config.sm4_key_file else None
        password = read_password(config.password_file)
        self._address = Address(config.mn, password, config.st, _VERSIONS[config.version])
        self.settings = Settings(config.live_interval_s, minute_interval_min=config.minute_interval_min)
        self._new_qn = QnMaker()
        self._waiting: Waiting | None = None  # under way
        self._may_have_more = True
        self._sent_s = 0.0
        self.is_connected = self.has_tried = False
        self.confirmed = self.refused = self.resent = 0
        self.confirmed_ms: int | None = None
        self.problem = ""

    def wake(self) -> None:
        """There may be something to send."""
        self._may_have_more = True

    async def run(self) -> None:
        """Connect and send until cancelled."""
        attempt = 0
        while True:
            before = self.confirmed
            try:
                await self._connect_and_send()
            except (LineLost, OSError, TimeoutError, SpoolError) as error:
                self._lost(error)
                attempt = 0 if self.confirmed > before else attempt + 1
                await asyncio.sleep(self._pause_s(error, attempt))

    def _lost(self, error: Exception) -> None:
        problem = str(error) or type(error).__name__
        if self.is_connected or problem != self.problem:
            log.warn("forward_line_lost", platform=self._config.name, reason=problem)
        self.is_connected, self.has_tried, self.problem = False, True, problem

    def _pause_s(self, error: Exception, attempt: int) -> float:
        cap_s = self._config.retry_max_s
        if isinstance(error, UnknownToPlatform):
            return cap_s
        return full_jitter_s(attempt, base_s=min(1.0, cap_s), cap_s=cap_s, random=random.random)

    async def _connect_and_send(self) -> None:
        config = self._config
        async with asyncio.timeout(config.timeout_s):
            reader, writer = await asyncio.open_connection(config.host, config.port, limit=_READ_BYTES)
        self.is_connected, self.has_tried = True, True
        log.event("forward_connected", platform=config.name)
        try:
            await self._converse(reader, writer)
        finally:
            self.is_connected = False
            self._waiting = None
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(self._address, self.settings, self._config.timeout_s, self._config.resends)
        splitter, unproven = Splitter(_RULES), 0
        self._sent_s, self._may_have_more = self._clock.monotonic_s(), True
        while True:
            await self._offer(client, writer)
            data = await self._read(reader, self._wait_s(client))
            if data == b"":
                raise LineLost("the platform closed the connection")
            unproven += len(data or b"")
            for frame in splitter.feed(data or b""):
                packet = self._opened(frame) if isinstance(frame, Frame) else None
                if packet is not None:
                    unproven = 0
                    await self._hear(client, writer, packet)
            if unproven > _MAX_UNPROVEN:
                raise LineLost("what answers speaks no HJ 212")
            await self._resend(client, writer)

    async def _offer(self, client: Client, writer: asyncio.StreamWriter) -> None:
        now_s, now_ms = self._clock.monotonic_s(), self._clock.wall_ms()
        if client.is_free and self._may_have_more:
            self._waiting = await self._take_next()
            self._may_have_more = self._waiting is not None
            if self._waiting is not None:
                packet = client.offer(self._waiting.cn, self._waiting.cp, self._new_qn(now_ms), now_s)
                await self._send(writer, packet)
        if self._address.version is Version.HJ2025 and now_s - self._sent_s >= HEARTBEAT_S:
            to = self._address
            await self._send(writer, heartbeat(to.mn, to.pw, to.st, self._new_qn(now_ms)))

    async def _hear(self, client: Client, writer: asyncio.StreamWriter, packet: Packet) -> None:
        ended = client.heard(packet)
        if ended is not None:
            await self._ended(ended)
            return
        for reply in client.replies(packet, self._clock.wall_ms()):
            await self._send(writer, reply)

    async def _resend(self, client: Client, writer: asyncio.StreamWriter) -> None:
        due = client.due(self._clock.monotonic_s())
        if isinstance(due, Ended):
            await self._ended(due)
        elif due is not None:
            self.resent += 1
            await self._send(writer, due)

    async def _ended(self, ended: Ended) -> None:
        waiting = self._waiting
        assert waiting is not None
        if ended.end is End.LOST:
            raise LineLost("no answer from the platform")
        if ended.end is End.UNKNOWN_TO_PLATFORM:
            raise UnknownToPlatform(f"the platform refuses this station: QnRtn {ended.code}")
        await self._done(waiting.number)
        self._may_have_more = True
        if ended.end is End.CONFIRMED:
            self.confirmed += 1
            self.confirmed_ms, self.problem = waiting.time_ms, ""
            return
        self.refused += 1
        log.warn("forward_refused", platform=self._config.name, cn=waiting.cn, time_ms=waiting.time_ms, code=ended.code)

    async def _send(self, writer: asyncio.StreamWriter, packet: Packet) -> None:
        try:
            frame = frame_of(packet, self._key)
        except ValueError:
            return  # the platform's own words in an answer to it: they cannot be said back
        writer.write(frame)
        self._sent_s = self._clock.monotonic_s()
        async with asyncio.timeout(self._config.timeout_s):
            await writer.drain()

    async def _read(self, reader: asyncio.StreamReader, wait_s: float) -> bytes | None:
        """What came, b"" at the end, None when it is time for something else."""
        try:
            async with asyncio.timeout(wait_s):
                return await reader.read(_READ_BYTES)
        except TimeoutError:
            return None

    def _wait_s(self, client: Client) -> float:
        if client.next_s is None:
            return 0.0 if self._may_have_more else _IDLE_S
        return max(0.0, client.next_s - self._clock.monotonic_s())

    def _opened(self, frame: Frame) -> Packet | None:
        data = frame.data
        if refusal(frame, _RULES) is not None:
            return None
        packet = parse(data, tolerant=True)
        if not isinstance(packet, Packet):
            return None
        if self._key is None or not is_encrypted_command(packet.cn) or is_readable(data):
            return packet
        try:
            packet = parse(decrypt_data_segment(self._key, data), tolerant=True)
        except Undecipherable:
            return None
        return packet if isinstance(packet, Packet) else None
