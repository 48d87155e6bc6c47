"""kill -9 at random moments: while it starts, polls, commits, uploads and reads an answer."""

import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

from tests.edge_faults.bridge import Setup
from tests.edge_faults.scene import Scene, Stage

CASE = "kill_9"
LANES = 2
KILLS_A_LANE = 50


def kill_9(stage: Stage) -> None:
    """Two bridges, each killed fifty times, so that both processors have something to do."""
    with ThreadPoolExecutor(LANES) as lanes:
        for lane in [lanes.submit(_killed_again_and_again, stage, Random(seed)) for seed in range(LANES)]:
            lane.result()


def _killed_again_and_again(stage: Stage, random: Random) -> None:
    with stage.scene(CASE, Setup()) as scene:
        for _ in range(KILLS_A_LANE):
            _kill_once(scene, random)
        scene.start()
        scene.drain()


def _kill_once(scene: Scene, random: Random) -> None:
    """One time in five it is killed while it starts. Some answers of the park get lost on top."""
    scene.park.script = random.choices(["ok", "ok", "cut", "500"], k=2)
    is_early = random.random() < 0.2
    scene.start(until_polling=not is_early)
    time.sleep(random.uniform(0.0, 1.0 if is_early else 0.7))
    scene.kill()
