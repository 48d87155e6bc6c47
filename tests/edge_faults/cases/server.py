"""A park that answers wrongly, late, twice or not at all."""

import time

from tests.edge_faults.bridge import Setup
from tests.edge_faults.relay import Relay
from tests.edge_faults.scene import Scene, Stage

RETRY_AFTER_S = 2
FROZEN_S = 60.0


def answers_500(stage: Stage) -> None:
    with stage.scene("server_500", Setup()) as scene:
        _begin(scene)
        for mode in ("500", "502", "503"):
            _misbehave(scene, mode, 2.0)
        _end(scene)


def answers_429(stage: Stage) -> None:
    with stage.scene("server_429", Setup()) as scene:
        _begin(scene)
        for _ in range(2):
            _misbehave(scene, f"429:{RETRY_AFTER_S}", 4.5)
        scene.done["early_requests"] = 0
        scene.did("early_requests", _too_early(scene))
        _end(scene)


def _too_early(scene: Scene) -> int:
    """Uploads that came before the time that a 429 had said, whichever lane they are of."""
    arrivals = scene.park.arrivals
    told_s = [(a.at_s, a.at_s + RETRY_AFTER_S - 0.05) for a in arrivals if a.step.startswith("429")]
    return sum(any(said_s < a.at_s < until_s for said_s, until_s in told_s) for a in arrivals)


def hangs(stage: Stage) -> None:
    with stage.scene("server_hangs", Setup(server_timeout_s=1.0)) as scene:
        _begin(scene)
        _misbehave(scene, "hang", 6.0)
        scene.restart()
        scene.run(3.0)
        scene.park.mode = "ok"
        _end(scene)


def cuts_after_storing(stage: Stage) -> None:
    with stage.scene("server_cuts", Setup()) as scene:
        _begin(scene)
        for _ in range(3):
            _misbehave(scene, "cut", 1.5)
            scene.run(0.5)
        _end(scene)


def doubled_and_reordered(stage: Stage) -> None:
    """Every second upload arrives twice, every third after the next one, for which the bridge has asked again meanwhile."""
    with stage.scene("doubled_and_reordered", Setup()) as scene:
        _begin(scene)
        before = len(scene.park.arrivals)
        scene.park.script = ["twice", "late", "ok", "late", "twice", "twice"] * 6
        scene.wait(lambda: not scene.park.script, "36 uploads are doubled or delivered late", 40.0)
        steps = [arrival.step for arrival in scene.park.arrivals[before:]]
        scene.did("doubled", steps.count("twice"))
        scene.did("delivered_late", steps.count("late"))
        _end(scene)


def frozen(stage: Stage) -> None:
    """The kernel of a stopped process takes connections and bytes, and nobody answers; then all of it arrives at once."""
    relays: list[Relay] = []

    def through(port: int) -> int:
        relays.append(Relay(port))
        return relays[0].port

    try:
        with stage.scene("server_frozen", Setup(interval_s=0.2, server_timeout_s=5.0), through=through) as scene:
            _begin(scene)
            relays[0].freeze()
            scene.run(FROZEN_S)
            scene.did("frozen_s", FROZEN_S)
            scene.done["polled_while_frozen"] = scene.stat("polls")
            relays[0].thaw()
            _end(scene)
    finally:
        for relay in relays:
            relay.end()


def _begin(scene: Scene) -> None:
    scene.start()
    scene.wait(lambda: len(scene.park.rows) > 200, "the park has the first readings")


def _misbehave(scene: Scene, mode: str, seconds: float) -> None:
    before = len(scene.park.arrivals)
    scene.park.mode = mode
    time.sleep(seconds)
    scene.park.mode = "ok"
    scene.did(f"uploads_{mode.partition(':')[0]}", len(scene.park.arrivals) - before)


def _end(scene: Scene) -> None:
    """It is well again when what was read after the trouble is at the park."""
    before = len(scene.park.rows)
    scene.wait(lambda: len(scene.park.rows) > before + 200, "readings come again", 70.0)
    scene.drain()
