"""No park: for thirteen hours, from the start on, and with a kill in between."""

from itertools import pairwise

from tests.edge_faults.bridge import Setup
from tests.edge_faults.park import Arrival
from tests.edge_faults.scene import Scene, Stage
from tests.edge_faults.warp import Run

HOURS = 13
SCALE_OUT, SCALE_BACK = 500.0, 30.0
LIVE_WINDOW_S = 120.0
BACKLOG_PER_S = 200.0
RATE_WINDOW_S = 60.0
BATCH = 2_000
DEVICES = 50


def thirteen_hours(stage: Stage) -> None:
    """The bridge's time runs 500 times as fast while there is no park, and 30 times while it drains; limits are in its time."""
    setup = Setup(
        interval_s=60.0,
        timeout_s=120.0,
        server_timeout_s=300.0,
        suspend_max_s=60.0,
        shutdown_s=120.0,
        spool={"commit_interval_s": 10.0},
        upload={
            "max_batch_age_s": 30.0,
            "retry_max_s": 300.0,
            "live_window_s": LIVE_WINDOW_S,
            "backlog_readings_per_s": BACKLOG_PER_S,
            "max_batch_readings": BATCH,
        },
    )
    offset_s = -HOURS * 3600.0
    with stage.scene(
        "outage_13h", setup, devices=DEVICES, points=2, clock=1.0, clock_offset_s=offset_s, is_open=False
    ) as scene:
        assert scene.clock is not None
        scene.park.tells_date = False
        scene.start()
        began_s = scene.clock.monotonic_s()
        scene.clock.rescale(SCALE_OUT)
        scene.wait(
            lambda: scene.clock is None or scene.clock.monotonic_s() - began_s >= HOURS * 3600.0, "13 h pass", 300.0
        )
        scene.done |= {"hours": HOURS, "devices": DEVICES, "waiting": scene.stat("spool_rows")}
        scene.clock.rescale(SCALE_BACK)
        _come_back(scene, scene.clock.run())


def _come_back(scene: Scene, run: Run) -> None:
    """Drain, and look at what came in which order. `run`: the bridge's time from here on."""
    waiting = scene.stat("spool_rows")
    scene.park.open()
    within_s = 20.0 + 3 * waiting / (BACKLOG_PER_S * SCALE_BACK)
    scene.wait(lambda: len(scene.park.rows) >= waiting, "the backlog is at the park", within_s)
    arrivals = list(scene.park.arrivals)
    aged = [(run.monotonic_s(a.at_s), _age_s(a, run), a.readings) for a in arrivals]
    live_s = [at_s for at_s, age_s, _ in aged if age_s <= LIVE_WINDOW_S]
    backlog = [(at_s, readings) for at_s, age_s, readings in aged if age_s > LIVE_WINDOW_S]
    scene.done["first_upload_age_s"] = aged[0][1]
    scene.done["live_pause_s_max"] = max((b - a for a, b in pairwise(live_s)), default=1e9)
    scene.done["backlog_per_s_max"] = _fastest(backlog)
    scene.drain(within_s)


def _age_s(arrival: Arrival, run: Run) -> float:
    """How old the newest reading of an upload was when it came, in the bridge's time."""
    return run.monotonic_s(arrival.at_s) + run.ahead_s - arrival.newest_ms / 1000


def _fastest(uploads: list[tuple[float, int]]) -> float:
    """Most readings per second over any window; a batch that stands for a longer time counts in it as a whole."""
    sums = [sum(n for at_s, n in uploads if first_s <= at_s < first_s + RATE_WINDOW_S) for first_s, _ in uploads]
    return max(sums, default=0) / RATE_WINDOW_S


def started_without_server(stage: Stage) -> None:
    with stage.scene("started_without_server", Setup(), is_open=False) as scene:
        for _ in range(3):
            scene.start()
            scene.run(2.0)
            scene.stop()
        scene.start()
        scene.run(1.0)
        scene.park.open()
        scene.wait(lambda: len(scene.park.rows) > 500, "the park has what waited")
        scene.drain()


def kill_in_an_outage(stage: Stage) -> None:
    """The park goes, the bridge is killed, the park comes for a moment, goes again, the bridge is killed again."""
    with stage.scene("outage_with_kill", Setup()) as scene:
        scene.start()
        for _ in range(2):
            scene.wait(lambda: scene.stat("acked") > 0, "the park has something")
            scene.park.close()
            scene.did("outages")
            scene.run(2.0)
            scene.restart()
            scene.run(1.0)
            _open_for_a_moment(scene)
            scene.run(1.5)
            scene.restart()
            scene.run(1.0)
            scene.park.open()
        scene.drain()


def _open_for_a_moment(scene: Scene) -> None:
    before = len(scene.park.rows)
    scene.park.open()
    scene.wait(lambda: len(scene.park.rows) > before, "the park is there for a moment")
    scene.park.close()
    scene.did("outages")
