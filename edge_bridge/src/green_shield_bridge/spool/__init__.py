"""The spool: readings on disk until the park has them. Start at store.py.

store.py      what the rest of the bridge sees            picking.py, lanes.py   live before backlog
file.py       the file in use, one commit at a time       batches.py             cut, load and split batches
opening.py    check, set aside, begin anew                settling.py            acknowledge, quarantine
salvage.py    what can be taken over from a damaged file  room.py, reserve.py    the full-disk policy
owner.py      one process owns it                         ledger.py              what was lost, and why
"""

from green_shield_bridge.spool.ledger import Gap, Loss, Losses, Reason, loss_of
from green_shield_bridge.spool.store import Spool
from green_shield_bridge.spool.values import (
    MEBIBYTE,
    Batch,
    Counters,
    Keeping,
    Lane,
    Refusal,
    SpoolState,
    Wait,
    WhenFull,
)

__all__ = [
    "MEBIBYTE",
    "Batch",
    "Counters",
    "Gap",
    "Keeping",
    "Lane",
    "Loss",
    "Losses",
    "Reason",
    "Refusal",
    "Spool",
    "SpoolState",
    "Wait",
    "WhenFull",
    "loss_of",
]
