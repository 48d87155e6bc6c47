"""Instruments in the registry: one partition, for a park has hundreds and not millions."""

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.rows import Put, Row, Rows
from chalicelib.domain.instrument import Instrument, InstrumentKind

LIST = "INSTRUMENTS"


class RowInstrumentRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, instrument: Instrument) -> None:
        online = [Put(Row(f"INSTRUMENTS#{instrument.enterprise_id}", instrument.id))]
        is_online = instrument.kind is InstrumentKind.ONLINE
        self._rows.commit([Put(Row(LIST, instrument.id, to_body(instrument))), *(online if is_online else [])])

    def get(self, instrument_id: str) -> Instrument | None:
        row = self._rows.get(LIST, instrument_id)
        return None if row is None else from_body(Instrument, row.body)

    def of_enterprise(self, enterprise_id: str) -> tuple[Instrument, ...]:
        named = self._rows.query(f"INSTRUMENTS#{enterprise_id}")
        rows = self._rows.get_many([(LIST, row.sk) for row in named]) if named else []
        found = (from_body(Instrument, row.body) for row in rows)
        return tuple(sorted((one for one in found if one.enterprise_id == enterprise_id), key=lambda one: one.id))

    def all(self) -> tuple[Instrument, ...]:
        return tuple(from_body(Instrument, row.body) for row in self._rows.query(LIST))
