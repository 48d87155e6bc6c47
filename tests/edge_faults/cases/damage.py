"""A spool file that is damaged while the bridge is off."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.edge_faults.account import STOP_SLACK_S
from tests.edge_faults.bridge import Setup
from tests.edge_faults.scene import Scene, Stage

PAGE = 4096
# Longer than a stop can have cut off an answer, so that every missing one is the file's.
QUIET_S = STOP_SLACK_S + 0.3


def overwritten(stage: Stage) -> None:
    """Every second page of the middle half is noise."""

    def damage(spool: Path) -> None:
        pages = spool.stat().st_size // PAGE
        noise = Random(11)
        with spool.open("r+b") as file:
            for page in range(max(2, pages // 4), max(4, 3 * pages // 4), 2):
                file.seek(page * PAGE)
                file.write(noise.randbytes(PAGE))

    _damaged(stage, "spool_overwritten", damage)


def truncated(stage: Stage) -> None:
    def damage(spool: Path) -> None:
        with spool.open("r+b") as file:
            file.truncate(spool.stat().st_size // 2 + 100)

    _damaged(stage, "spool_truncated", damage)


def header_zeroed(stage: Stage) -> None:
    def damage(spool: Path) -> None:
        with spool.open("r+b") as file:
            file.write(bytes(100))

    _damaged(stage, "spool_header_zeroed", damage)


def _damaged(stage: Stage, case: str, damage: Callable[[Path], None]) -> None:
    """Some readings are acknowledged, some wait; then the file is damaged and the bridge started again.

    The devices are quiet before the stop, and the park answers whatever it took, so it is known to the reading what the file held.
    """
    with stage.scene(case, Setup(), points=50) as scene:
        scene.is_same_spool = False
        scene.start()
        scene.wait(lambda: scene.stat("acked") > 500, "the park has something")
        scene.park.mode = "503"
        scene.run(4.0)
        scene.plant.hush()
        scene.run(QUIET_S)
        scene.stop()
        before = len(scene.park.rows)
        scene.done["waiting"] = scene.bridge.last_stats["spool_rows"]
        produced, stopped_ms = scene.bridge.last_stats["produced"], time.time_ns() // 1_000_000
        damage(scene.folder / "spool.db")
        scene.plant.hush(False)
        scene.park.mode = "ok"
        scene.start()
        _go_on(scene, before)
        scene.done["missing"] = produced - sum(time_ms <= stopped_ms for _, time_ms in scene.park.rows)


def _go_on(scene: Scene, before: int) -> None:
    scene.wait(lambda: len(scene.park.rows) > before + 500, "work goes on")
    scene.wait(lambda: any(gap.reason == "spool_damaged" for gap in scene.park.gap_list()), "the ledger tells of it")
    scene.drain()
    logs = ("-wal", "-shm")
    scene.done["set_aside"] = sum(not file.name.endswith(logs) for file in scene.folder.glob("spool.db.damaged-*"))
