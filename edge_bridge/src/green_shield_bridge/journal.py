"""The journal of commands, as notes of the spool."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from green_shield_bridge.upload.uploader import OnSpool

_KEY = "command:"


class SpoolJournal:
    """Raises SpoolError, and then nothing has changed."""

    def __init__(self, on_spool: OnSpool) -> None:
        self._on_spool = on_spool

    async def load(self) -> list[dict[str, Any]]:
        """Oldest first."""
        notes = await self._on_spool(lambda spool: spool.notes(_KEY))
        return sorted(map(json.loads, notes.values()), key=lambda one: int(one["at_ms"]))

    async def save(self, outcomes: Sequence[Mapping[str, Any]], forget: Sequence[str]) -> None:
        notes: dict[str, str | None] = {f"{_KEY}{one['id']}": json.dumps(one) for one in outcomes}
        notes.update((f"{_KEY}{id_}", None) for id_ in forget)
        await self._on_spool(lambda spool: spool.put_all(notes))
