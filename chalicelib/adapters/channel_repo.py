"""Channels in the registry: one partition, for a park has dozens. The table is encrypted at rest; only this file reads their URLs."""

from collections.abc import Callable

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Delete, Put, Row, Rows
from chalicelib.domain.channel import Channel

LIST = "CHANNELS"


class RowChannelRepo:
    """A park that does without channels has none, whatever is stored: nobody writes a notice for them."""

    def __init__(self, rows: Rows, is_on: Callable[[], bool] = lambda: True) -> None:
        self._rows, self._is_on = rows, is_on

    def put(self, channel: Channel) -> None:
        self._rows.commit([Put(Row(LIST, channel.id, to_body(channel)))])

    def delete(self, channel_id: str) -> None:
        self._rows.commit([Delete(LIST, channel_id)])

    def get(self, channel_id: str) -> Channel | None:
        row = self._rows.get(LIST, channel_id) if self._is_on() else None
        return None if row is None else from_body(Channel, row.body)

    def all(self) -> tuple[Channel, ...]:
        rows = self._rows.query(LIST) if self._is_on() else ()
        return tuple(from_body(Channel, row.body) for row in rows)
