"""Addresses whose connections had to be cut: too often in a minute, and new ones are not taken for the rest of it.

An address from which a known station reports is always let in: a plant may stand behind one address.
"""

from collections import OrderedDict
from dataclasses import dataclass

WINDOW_S = 60.0
MAX_CUTS = 5
_REMEMBERED = 1_024


@dataclass(slots=True)
class _Cuts:
    since_s: float
    count: int = 0


class Peers:
    """Time is an argument, in seconds of a steady clock."""

    def __init__(self) -> None:
        self._cuts: OrderedDict[str, _Cuts] = OrderedDict()

    def is_welcome(self, address: str, now_s: float) -> bool:
        cuts = self._cuts.get(address)
        return cuts is None or now_s - cuts.since_s >= WINDOW_S or cuts.count < MAX_CUTS

    def was_cut(self, address: str, now_s: float) -> None:
        cuts = self._cuts.get(address)
        if cuts is None or now_s - cuts.since_s >= WINDOW_S:
            cuts = self._cuts[address] = _Cuts(now_s)
        self._cuts.move_to_end(address)
        cuts.count += 1
        if len(self._cuts) > _REMEMBERED:
            self._cuts.popitem(last=False)
