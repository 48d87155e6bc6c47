"""The devices of one case, as its bridge and its reckoning see them."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from tests.edge_faults.account import Answer

_COUNTING = {"kind": "counting"}


class DeviceSite:
    """The process that all devices live in."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.edge_faults.devices"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def do(self, order: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


@dataclass(frozen=True, slots=True)
class Plant:
    """Some devices. The points of device k are `d<k>-<i>`, i from 0."""

    site: DeviceSite
    ports: Sequence[int]
    points: int

    @classmethod
    def of(cls, site: DeviceSite, devices: int, points: int, special: Sequence[Mapping[str, Any]] = ()) -> Self:
        """So many counting devices; the last ones are what `special` says instead."""
        specs = [_COUNTING] * (devices - len(special)) + list(special)
        return cls(site, site.do({"open": specs}), points)

    def point(self, device: int, index: int) -> str:
        return f"d{device:02}-{index:02}"

    def counts(self) -> list[int]:
        """How many answers each device has given."""
        counts: list[int] = self.site.do({"count": list(self.ports)})
        return counts

    def hush(self, is_on: bool = True) -> None:
        self.site.do({"hush": list(self.ports), "on": is_on})

    def close(self) -> None:
        self.site.do({"close": list(self.ports)})

    def answered(self) -> dict[str, list[Answer]]:
        """By point, the answers that carried it, in order."""
        logs = self.site.do({"log": list(self.ports)})
        return {
            self.point(device, index): [
                Answer(number, at_s, at_ms)
                for number, (at_s, at_ms, first, count) in enumerate(log, 1)
                if first <= 2 * index and 2 * index + 2 <= first + count
            ]
            for device, log in enumerate(logs)
            for index in range(self.points)
        }
