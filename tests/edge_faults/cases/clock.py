"""A wall clock that is set while the bridge runs."""

import time

from tests.edge_faults.bridge import Setup
from tests.edge_faults.scene import Scene, Stage

HOUR_S = 3_600.0


def jumps(stage: Stage) -> None:
    """An hour ahead and back, an hour behind and back."""
    with stage.scene("clock_jumps", Setup(), clock=1.0) as scene:
        _jump(scene, [HOUR_S, -HOUR_S, -HOUR_S, HOUR_S], 2.0)


def repeats_itself(stage: Stage) -> None:
    """Back by less than has passed, again and again, so that instants come twice; once over a restart."""
    with stage.scene("clock_repeats_itself", Setup(), clock=1.0) as scene:
        _jump(scene, [-2.5, -2.5, -2.5], 3.0)
        scene.start()
        scene.run(2.0)
        scene.kill()
        assert scene.clock is not None
        scene.clock.jump(-3.0)
        scene.did("jumps")
        scene.start()
        scene.run(2.0)
        scene.drain()


def _jump(scene: Scene, by_s: list[float], pause_s: float) -> None:
    assert scene.clock is not None
    scene.start()
    scene.run(pause_s)
    jumped_ms = []
    for seconds in by_s:
        jumped_ms.append(time.time_ns() // 1_000_000)
        scene.clock.jump(seconds)
        scene.did("jumps")
        scene.run(pause_s)
    scene.drain()
    marks = [gap for gap in scene.park.gap_list() if gap.reason == "clock_jump"]
    scene.done["marks"] = len(marks)
    scene.done["unmarked"] = sum(not any(mark.covers("", at_ms) for mark in marks) for at_ms in jumped_ms)
    # One line of the log may stand for several.
    noticed = [event.get("repeated", 1) for event in scene.bridge.events() if event["event"] == "clock_jumped"]
    scene.done["noticed"] = sum(noticed)
    scene.done["refused_tokens"] = scene.park.refused_tokens
