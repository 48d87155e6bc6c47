"""Retention, at the start and every hour, in bounded steps between which the spool does other work."""

import asyncio
from collections.abc import Awaitable, Callable

from green_shield_bridge import log
from green_shield_bridge.errors import SpoolError

INTERVAL_S = 3_600.0
_BREATH_S = 0.05


async def keep_bounded(expire: Callable[[], Awaitable[bool]], *, interval_s: float = INTERVAL_S) -> None:
    """Until cancelled. `expire` drops some of what is too old and says whether there may be more."""
    while True:
        try:
            has_more = await expire()
        except SpoolError as error:
            log.error("retention_failed", code=error.code, detail=str(error))
            has_more = False
        await asyncio.sleep(_BREATH_S if has_more else interval_s)
