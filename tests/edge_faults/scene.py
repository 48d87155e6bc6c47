"""One bridge between its devices and its park, and the reckoning at the end."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from green_shield_bridge.upload.identity import make_key_file
from tests.edge_faults.account import Account, Gap, reckon
from tests.edge_faults.bridge import COMMIT_INTERVAL_S, BridgeProcess, Setup
from tests.edge_faults.figures import Figures
from tests.edge_faults.park import ParkThread, SinkPark
from tests.edge_faults.plant import DeviceSite, Plant
from tests.edge_faults.warp import WarpedClock

# On a busy machine the bridge gets its turn late. Only the unbroken tail before a kill may be without being on disk; how old the
# oldest of it was is a figure of its own (unstored_at_kill_s_max).
COMMIT_SLACK_S = 2.9
# Gaps of these reasons say that nothing was lost.
_MARKS = ("clock_jump",)


class NotInTime(AssertionError):
    """What a case waited for did not happen."""


def wait_for(condition: Callable[[], bool], within_s: float, what: str) -> None:
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise NotInTime(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)


@dataclass
class Scene:
    plant: Plant
    park: SinkPark
    bridge: BridgeProcess
    folder: Path
    clock: WarpedClock | None = None
    done: dict[str, float] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    is_same_spool: bool = True
    began_s: float = field(default_factory=time.monotonic)

    def wait(self, condition: Callable[[], bool], what: str, within_s: float = 60.0) -> None:
        wait_for(condition, within_s, what)

    def did(self, what: str, times: float = 1) -> None:
        self.done[what] = self.done.get(what, 0) + times

    def start(self, *, until_polling: bool = True) -> None:
        self.bridge.start()
        self.did("starts")
        if until_polling:
            self.wait(self._is_polling, "the bridge polls")

    def restart(self) -> None:
        self.kill()
        self.start()

    def kill(self) -> None:
        self.bridge.kill()
        self.did("kills")

    def stop(self) -> None:
        """Ask it to end, and keep its last counters. Raises NotInTime where it ends badly."""
        status = self.bridge.stop()
        self.did("stops")
        self.bridge.last_stats = self.bridge.stats()
        if status != 0:
            raise NotInTime(f"the bridge ended with status {status}: {self.last_words()}")

    def run(self, seconds: float) -> None:
        """Let it work; it must still be there afterwards."""
        time.sleep(seconds)
        if not self.bridge.is_running():
            raise NotInTime(f"the bridge has ended by itself: {self.last_words()}")

    def drain(self, within_s: float = 30.0) -> None:
        """Let the park have everything that waits, the ledger too, and end the bridge with an empty spool."""
        few = max(200, 40 * self.plant.points * len(self.plant.ports))
        for _ in range(4):
            self.wait(lambda: 0 <= self.stat("spool_rows", -1) <= few, "the spool drains", within_s)
            self.wait(lambda: self.stat("gaps") == 0, "the park has the whole ledger", within_s)
            self.stop()
            if self.bridge.last_stats.get("spool_rows") == 0:
                return
            self.start()
        raise NotInTime(f"the spool is never empty: {self.bridge.last_stats}")

    def stat(self, name: str, default: int = 0) -> int:
        return self.bridge.stats().get(name, default)

    def reads(self) -> int:
        """Answers of all devices so far."""
        return sum(self.plant.counts())

    def last_words(self) -> str:
        return (self.folder / "bridge.log").read_text(errors="replace")[-600:]

    def losing_gaps(self) -> list[Gap]:
        return [gap for gap in self.park.gap_list() if gap.reason not in _MARKS]

    def account(self) -> Account:
        return reckon(
            self.plant.answered(),
            self.park.rows_by_point(),
            ends=self.bridge.ends,
            gaps=self.losing_gaps(),
            commit_s=COMMIT_INTERVAL_S + COMMIT_SLACK_S,
        )

    def figures(self) -> Figures:
        account, stats = self.account(), self.bridge.last_stats or self.bridge.stats()
        unaccounted = self._unaccounted(stats) if self.is_same_spool else None
        if account.unstored_at_kill:
            self.done["unstored_at_kill_s_max"] = account.unstored_s_max
        return Figures(
            answered=account.answered,
            produced=stats.get("produced", 0),
            stored=len(self.park.rows),
            lost=max(account.lost, unaccounted or 0),
            duplicates=self.park.duplicates + account.twice,
            repeats=self.park.repeats,
            conflicts=self.park.conflicts,
            wrong=account.wrong,
            dropped=stats.get("dropped", 0),
            refused=stats.get("refused", 0),
            ledger=sum(gap.readings for gap in self.losing_gaps()),
            in_ledger=account.in_ledger,
            quarantined=stats.get("quarantined", 0),
            unaccounted=unaccounted,
            unstored_at_kill=account.unstored_at_kill,
            cut_at_stop=account.cut_at_stop,
            given_up=account.given_up,
            seconds=time.monotonic() - self.began_s,
            done=self.done,
            evidence=[*self.evidence, *account.lost_examples],
        )

    def _unaccounted(self, stats: Mapping[str, int]) -> int:
        gone = sum(stats.get(name, 0) for name in ("quarantined", "dropped", "spool_rows"))
        return stats.get("produced", 0) - len(self.park.rows) - gone

    def _is_polling(self) -> bool:
        if not self.bridge.is_running():
            raise NotInTime(f"the bridge does not start: {self.last_words()}")
        return bool(self.bridge.stats())


@dataclass
class Stage:
    """What all cases share, and the figures they leave. `parts`: by case, one of each bridge."""

    folder: Path
    site: DeviceSite
    parks: ParkThread
    parts: dict[str, list[Figures]] = field(default_factory=dict)

    @contextmanager
    def scene(
        self,
        case: str,
        setup: Setup,
        *,
        devices: int = 4,
        points: int = 10,
        special: Sequence[Mapping[str, Any]] = (),
        clock: float | None = None,
        clock_offset_s: float = 0.0,
        is_open: bool = True,
        through: Callable[[int], int] = lambda port: port,
        folder: Path | None = None,
    ) -> Iterator[Scene]:
        """`clock`: the bridge lives in a time of its own, so many times as fast. `through`: from the park's port to the one the bridge is told.

        Whatever happens within, the bridge is ended and the figures are taken.
        """
        home = folder or self.folder / f"{case}-{len(self.parts.setdefault(case, []))}-{time.monotonic_ns()}"
        home.mkdir(exist_ok=True)
        park = SinkPark(self.parks, public_key=make_key_file(str(home / "bridge.key")))
        park.open()
        plant = Plant.of(self.site, devices, points, special)
        warped = None if clock is None else WarpedClock.make(home / "clock", scale=clock, wall_offset_s=clock_offset_s)
        bridge = BridgeProcess(home, home / "clock" if warped else None)
        scene = Scene(plant, park, bridge, home, warped)
        (home / "bridge.yaml").write_text(json.dumps(setup.document(plant, through(park.port)), indent=1))
        if not is_open:
            park.close()
        try:
            yield scene
        finally:
            if bridge.is_running():
                bridge.kill()
            self.parts[case].append(scene.figures())
            plant.close()
            park.end()
