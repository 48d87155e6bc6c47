"""No room: the file's own limit under both policies, and a file system that is full."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.edge_faults.bridge import Setup
from tests.edge_faults.scene import Scene, Stage

MEMORY = 1_000
MEMORY_FOR_MANY = 40_000
# The bridge holds back some megabytes to be able to write down what it loses.
TMPFS_MB = 24
_LIMITED = {"max_mb": 1, "memory_readings": MEMORY_FOR_MANY}
# Of 50 points a device: 30 low, 10 high, the rest normal.
_PRIORITIES = dict.fromkeys(range(30), "low") | dict.fromkeys(range(30, 40), "high")


def refuse_new(stage: Stage) -> None:
    _overflow(stage, "full_refuse_new", Setup(spool={**_LIMITED, "when_full": "refuse_new"}))


def drop_oldest(stage: Stage) -> None:
    setup = Setup(spool={**_LIMITED, "when_full": "drop_oldest"}, priorities=_PRIORITIES)
    _overflow(stage, "full_drop_oldest", setup)


def _overflow(stage: Stage, case: str, setup: Setup) -> None:
    """8,000 readings a second and no park until the file is full, and for some seconds more."""
    with stage.scene(case, setup, devices=8, points=50, is_open=False) as scene:
        scene.start()
        scene.run(16.0)
        scene.done["waiting"] = scene.stat("spool_rows")
        scene.park.open()
        scene.run(2.0)
        _end(scene)
        kept = [point for point, _ in scene.park.rows if setup.priorities.get(int(point[-2:])) == "high"]
        scene.done["high_priority_at_park"] = len(kept)
        high = [p for p in scene.plant.answered() if setup.priorities.get(int(p[-2:])) == "high"]
        scene.done["high_priority_dropped"] = sum(
            gap.readings for gap in scene.losing_gaps() if gap.points is not None and gap.points & set(high)
        )


def no_space_left(stage: Stage) -> None:
    """Fill the file system under the spool, and free it again: the bridge goes on by itself. Without the right to mount, the file's limit stands in."""
    place = stage.folder / "small"
    with _small_file_system(place) as is_small:
        spool = {"path": str(place / "spool.db"), "memory_readings": MEMORY} if is_small else dict(_LIMITED)
        with stage.scene("disk_full", Setup(spool=spool), is_open=False) as scene:
            scene.done["file_system_mb"] = TMPFS_MB if is_small else 0
            scene.start()
            scene.run(2.0)
            if is_small:
                _fill(place / "filler")
            scene.run(6.0 if is_small else 40.0)
            (place / "filler").unlink(missing_ok=True)
            scene.run(3.0)
            scene.park.open()
            _end(scene)


def _end(scene: Scene) -> None:
    """The park has room and time: everything that was not dropped, and the whole ledger."""
    before = scene.reads()
    scene.wait(lambda: scene.park.ledger() > 0, "the ledger says what is missing")
    scene.wait(lambda: scene.reads() > before + 50, "it polls again")
    scene.drain(60.0)


@contextmanager
def _small_file_system(place: Path) -> Iterator[bool]:
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}m", "tmpfs", str(place)], capture_output=True, check=False
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            return
