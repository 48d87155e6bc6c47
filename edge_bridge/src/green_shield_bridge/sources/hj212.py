"""HJ 212: a TCP server for many devices at once.

    connection -> session -> values of points -> not taken before? -> sink -> on disk -> remembered -> answered

Invariants:
- A device hears 9014 only after every reading of that packet is on disk (Sink.durable), and is remembered as taken. Where the
  disk refuses, it hears nothing and sends again.
- A value that comes again is answered again and stored once (hj212/taken.py says how that survives a kill).
- Everything a peer can make the bridge hold is bounded: bytes, connections, time, messages in parts.
- PW and SM4 keys are in no log line and in no repr.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

from green_shield_bridge import log
from green_shield_bridge.clock import Clock
from green_shield_bridge.config.hj212 import Hj212Source
from green_shield_bridge.errors import BridgeError
from green_shield_bridge.hj212.flags import NORMAL
from green_shield_bridge.hj212.packet import Packet
from green_shield_bridge.hj212.readings import LIVE
from green_shield_bridge.hj212.session import ASKS_TIME, Accounted, Cut, Data, Event, Heard, Limits, Say, Session
from green_shield_bridge.intake import Sink
from green_shield_bridge.sources.hj212_connection import READ_BYTES, Connection
from green_shield_bridge.sources.hj212_keeper import Keeper, Kept, Recall
from green_shield_bridge.sources.hj212_ledger import Ledger
from green_shield_bridge.sources.hj212_peers import Peers
from green_shield_bridge.sources.hj212_station import StationDesk, desk_of
from green_shield_bridge.sources.hj212_values import Instant, Values
from green_shield_bridge.sources.status import SourceStatus

# Boot, samples and the device's log: told in the log, by command and time.
_LOGGED = frozenset({"2081", "3015", "3020", "3021"})


class Hj212Server:
    """A source whose devices come to it. Raises KeyFileError when a secret's file cannot be used."""

    def __init__(
        self, source: Hj212Source, sink: Sink, clock: Clock, *, taken_path: str, recall: Recall | None = None
    ) -> None:
        self.name = source.name
        self.refused: Counter[str] = Counter()  # of peers that are no station of ours
        self.port = source.port
        self._source = source
        self._clock = clock
        self._desks: dict[str, StationDesk] = {one.mn: desk_of(one, source) for one in source.stations}
        self._stations = {mn: desk.station for mn, desk in self._desks.items()}
        self._limits = _limits(source)
        self._ledger = Ledger(taken_path)
        self._keeper = Keeper(Values(source), sink, self._ledger, self._desks, recall, clock.monotonic_s)
        self._triggers = [point.trigger.limits() if point.trigger else None for point in source.points]
        self._peers = Peers()
        self._connections: set[Connection] = set()
        self._speaking: dict[str, Connection] = {}  # the connection on which a station spoke last
        self.is_listening = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled. Raises OSError where the port cannot be had, BridgeError where the disk refuses."""
        await self._keeper.recall()
        server = await asyncio.start_server(self._serve, self._source.listen, self._source.port, limit=READ_BYTES)
        self.port = server.sockets[0].getsockname()[1]
        log.event("hj212_listening", source=self.name, address=self._source.listen, port=self.port)
        self.is_listening.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.is_listening.clear()
            server.close()
            tasks = [connection.task for connection in self._connections]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def status(self) -> Sequence[SourceStatus]:
        """One row a station, and one of the port: what came from nobody we know, and whom it cut."""
        peers = {mn: connection.address for mn, connection in self._speaking.items()}
        rows = [desk.row(self.name, peers.get(mn)) for mn, desk in self._desks.items()]
        return [*rows, self._port_row()]

    def _port_row(self) -> SourceStatus:
        counts = [f"{name} {count}" for name, count in self.refused.most_common()]
        return SourceStatus(
            name=self.name,
            kind=self._source.kind,
            address=f"{self._source.listen}:{self.port}",
            state="ok" if self.is_listening.is_set() else "starting",
            points=0,
            last_value_ms=None,
            polls=0,
            failed=sum(self.refused.values()),
            late=0,
            detail=", ".join([f"{len(self._connections)} connections", *counts]),
        )

    async def close(self) -> None:
        """Close the file of what was taken; the source cannot run again."""
        await self._ledger.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        now_s = self._clock.monotonic_s()
        connection = Connection(reader, writer, Session(self._stations, self._limits, now_s), now_s)
        if not self._lets_in(connection, now_s):
            writer.transport.abort()
            return
        self._connections.add(connection)
        try:
            await self._converse(connection)
        except (OSError, TimeoutError) as error:
            log.event("hj212_connection_ended", peer=connection.address, reason=type(error).__name__)
        except asyncio.CancelledError:
            pass  # the source ends, or another connection took this one's place; nobody waits for this task
        finally:
            self._left(connection)

    async def _converse(self, connection: Connection) -> None:
        session = connection.session
        while True:
            data = await connection.read(self._next_s(connection) - self._clock.monotonic_s())
            now_s, now_ms = self._clock.monotonic_s(), self._clock.wall_ms()
            if data == b"":
                return
            events = session.tick(now_s, now_ms) if data is None else session.feed(data, now_s, now_ms)
            if not await self._handle(connection, events, now_ms):
                return
            await self._pump(connection)

    def _next_s(self, connection: Connection) -> float:
        requests = (self._desks[mn].exchange.next_s for mn in self._spoken_on(connection))
        return min([connection.session.next_s, *(at_s for at_s in requests if at_s is not None)])

    def _spoken_on(self, connection: Connection) -> list[str]:
        return [mn for mn in connection.session.mns if self._speaking.get(mn) is connection]

    async def _handle(self, connection: Connection, events: Sequence[Event], now_ms: int) -> bool:
        """Account, store, then answer, in the order in which things came. False: the connection ends."""
        for event in events:
            if isinstance(event, Accounted):
                await self._account(connection, event, now_ms)
            elif isinstance(event, Heard):
                self._hear(event, now_ms)
        is_kept = await self._keep([event for event in events if isinstance(event, Data)], now_ms)
        for event in events:
            if isinstance(event, Say):
                await connection.send(event.packet)
            elif isinstance(event, Data) and is_kept:
                await self._answer(connection, event)
            elif isinstance(event, Cut):
                self._cut(connection, event.reason)
                return False
        return True

    async def _account(self, connection: Connection, event: Accounted, now_ms: int) -> None:
        desk = self._desks.get(event.mn)
        if desk is None:
            self.refused[event.refused] += 1
            return
        desk.accounted(event.deviations, event.refused, now_ms)
        if not event.refused and self._speaking.get(event.mn) is not connection:
            await self._logged_in(connection, desk, now_ms)

    async def _logged_in(self, connection: Connection, desk: StationDesk, now_ms: int) -> None:
        mn = desk.station.mn
        lost = desk.exchange.lost()
        if lost is not None:
            desk.ended(lost)
        self._speaking[mn] = connection
        newest_ms = {cn: await self._ledger.newest_ms(mn, cn) for cn in desk.wishes.wanted.history}
        desk.ask(desk.wishes.at_login(newest_ms, desk.address.version, now_ms))
        log.event("hj212_station_connected", source=self.name, mn=mn, peer=connection.address)

    def _hear(self, event: Heard, now_ms: int) -> None:
        desk, packet = self._desks[event.station.mn], event.packet
        desk.learn(packet)
        outcome = desk.exchange.heard(packet, self._clock.monotonic_s())
        if outcome is not None:
            desk.ended(outcome)
        if packet.cn == ASKS_TIME:
            desk.ask(desk.wishes.at_time_asked(now_ms))
        elif packet.cn in _LOGGED:
            log.event("hj212_said", mn=desk.station.mn, cn=packet.cn, data_time_ms=packet.data_time_ms)

    async def _keep(self, data: Sequence[Data], now_ms: int) -> bool:
        """Whether all of it is on disk."""
        if not data:
            return True
        try:
            kept = await self._keeper.keep([event.packet for event in data], now_ms)
        except BridgeError as error:
            log.error("hj212_not_stored", source=self.name, code=error.code, packets=len(data))
            for event in data:
                self._desks[event.station.mn].tally.not_stored += 1
            return False
        self._stored(data, kept, now_ms)
        return True

    def _stored(self, data: Sequence[Data], kept: Kept, now_ms: int) -> None:
        for event in data:
            desk = self._desks[event.station.mn]
            desk.learn(event.packet)
            desk.exchange.heard(event.packet, self._clock.monotonic_s())
        for key in kept.repeated:
            self._desks[key.mn].tally.repeats += 1
        for instant in kept.fresh:
            self._look_at(instant, now_ms)

    def _look_at(self, instant: Instant, now_ms: int) -> None:
        desk = self._desks[instant.key.mn]
        desk.tally.last_value_ms = max(instant.key.time_ms, desk.tally.last_value_ms or 0)
        if instant.key.cn != LIVE:
            return
        states = []
        for value in instant.values:
            limits = self._triggers[value.point]
            if limits is not None and value.value is not None and value.flag == NORMAL:
                states.append((value.point, not limits[0] <= value.value <= limits[1]))
        desk.ask(desk.wishes.at_values(states, now_ms))
        desk.ask(desk.wishes.at_live_data(instant.key.time_ms, now_ms))

    async def _answer(self, connection: Connection, data: Data) -> None:
        for packet in data.answers:
            await connection.send(packet)
            self._desks[data.station.mn].tally.answers += 1

    async def _pump(self, connection: Connection) -> None:
        """Requests that are due on this connection; what ended for want of an answer."""
        for mn in self._spoken_on(connection):
            desk = self._desks[mn]
            while due := desk.exchange.due(desk.address, self._clock.monotonic_s(), self._clock.wall_ms()):
                if isinstance(due, Packet):
                    await connection.send(due, desk.station.sm4_key)
                else:
                    desk.ended(due)

    def _cut(self, connection: Connection, reason: str) -> None:
        self.refused[f"cut_{reason}"] += 1
        if reason not in ("idle", "no_login"):
            self._peers.was_cut(connection.address, self._clock.monotonic_s())
        log.warn("hj212_connection_cut", source=self.name, peer=connection.address, reason=reason)

    def _lets_in(self, connection: Connection, now_s: float) -> bool:
        """Room for one more: where there is none, whoever has not logged in for longest makes it."""
        is_known = any(other.address == connection.address and other.session.mns for other in self._connections)
        if not is_known and not self._peers.is_welcome(connection.address, now_s):
            self.refused["peer_unwelcome"] += 1
            return False
        if len(self._connections) < self._source.max_connections:
            return True
        strangers = [other for other in self._connections if not other.session.mns]
        self.refused["too_many_connections"] += 1
        if not strangers:
            return False
        min(strangers, key=lambda other: other.since_s).task.cancel()
        return True

    def _left(self, connection: Connection) -> None:
        self._connections.discard(connection)
        for mn in self._spoken_on(connection):
            del self._speaking[mn]
            desk = self._desks[mn]
            lost = desk.exchange.lost()
            if lost is not None:
                desk.ended(lost)
            log.event("hj212_station_gone", source=self.name, mn=mn)
        connection.writer.transport.abort() if connection.writer.is_closing() else connection.writer.close()


def _limits(source: Hj212Source) -> Limits:
    return Limits(
        source.max_frame,
        source.max_garbage,
        source.max_refused,
        source.login_timeout_s,
        source.idle_timeout_s,
        source.packet_timeout_s,
    )
