"""QN, by which a request and its answers find each other."""

from green_shield_bridge.hj212.times import format_qn


class QnMaker:
    """QNs of one sender: the time to the millisecond, and never the same one twice. Time is an argument."""

    def __init__(self) -> None:
        self._last_ms = 0

    def __call__(self, now_ms: int) -> str:
        self._last_ms = max(now_ms, self._last_ms + 1)
        return format_qn(self._last_ms)
