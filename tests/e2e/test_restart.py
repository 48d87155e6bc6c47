"""Stopped and started again: the bridge in the middle of its work, and the local stack politely. Nothing is lost, nothing doubled."""

import contextlib
import ipaddress
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chalicelib.domain.block import unpack
from demo.bridge_process import BRIDGE_ID, BridgeProcess
from demo.plant import Device, Plant, RegisterPoint
from demo.report import iso, stored_readings
from infra import local_stack
from infra.local.deploy import STACK
from infra.local.processes import HOST, StackError, is_free
from infra.local.seed import register_bridge
from tests.live_park import HOT, PUSHED, WARM, Json, LivePark, LivePlant, eventually, now_ms

KILLS = 3
POLL_S = 0.1
IN_HAND_S = 1.0  # what a kill may find read and not yet on disk, on a slow machine
UNIT = "lvyuan-r1"
POINTS = {f"{UNIT}-temperature": 176.0, f"{UNIT}-voc": 30.0, f"{UNIT}-steam": 1200.0}


def test_a_bridge_killed_again_and_again_loses_no_reading_and_doubles_none(live: LivePark, tmp_path: Path) -> None:
    device = Device(
        UNIT, [RegisterPoint(point, 2 * at, initial=value) for at, (point, value) in enumerate(POINTS.items())]
    )
    since_ms = now_ms()
    with Plant([device]) as plant:
        bridge = BridgeProcess(tmp_path, live.stack.api, plant, [device], POLL_S)
        register_bridge(
            api=live.stack.api, admin_token=live.stack.tokens["admin"], bridge_id=BRIDGE_ID, enterprise_id="lvyuan",
            public_key_pem=bridge.public_key_pem,
        )  # fmt: skip
        try:
            for kill in range(KILLS + 1):
                before = bridge.stats().get("acked", 0)
                bridge.start()
                eventually(lambda known=before: bridge.stats().get("acked", 0) > known, "the bridge uploads")
                time.sleep(0.3 * kill)  # so that each kill meets it at another moment
                if kill < KILLS:
                    bridge.kill()
            plant.unplug(UNIT)
            assert bridge.drain(30)
        finally:
            bridge.stop()
        answered = (plant.reads_served(UNIT) + 1) * len(
            POINTS
        )  # in the end each point says once that its device is gone

    produced = bridge.stats()["produced"]
    stored, doubled = stored_readings(live.phones["admin"], [UNIT], since_ms)
    assert (produced - stored, doubled) == (0, 0)
    assert held_twice(live, since_ms) == [], "no reading is in two blocks either"
    # What the device answered in the very moment of a kill was not read by anybody.
    assert 0 <= answered - produced <= KILLS * len(POINTS) * IN_HAND_S / POLL_S
    assert produced >= 2 * (KILLS + 1) * len(POINTS)


def held_twice(live: LivePark, since_ms: int) -> list[tuple[str, int]]:
    """Readings that more than one block of the bridge holds, looked up in the table itself."""
    items = [item for item in live.rows("ReadingsTableName", "ENT#lvyuan") if item["sk"]["S"].startswith("B#")]
    ours = [
        one
        for one in items
        if (body := json.loads(one["body"]["S"]))["bridge_id"] == BRIDGE_ID and body["received_at_ms"] >= since_ms
    ]
    held = Counter(
        (one.point_id, at_ms) for item in ours for one in unpack(item["blob"]["B"]) for at_ms in one.times_ms
    )
    return [reading for reading, times in held.items() if times > 1]


@dataclass(frozen=True, slots=True)
class Restarted:
    """A stack of its own that was stopped politely and started again, and what was there before."""

    home: Path
    live: LivePark
    plant: LivePlant
    task: Json
    readings: Json
    unpushed: Json  # a task whose push Google refused until the stop

    @property
    def port(self) -> int:
        return int(self.live.stack.aws["endpoint"].rpartition(":")[2])


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    home = tmp_path_factory.mktemp("restart") / "stack"
    try:
        live = LivePark(local_stack.start(home, 0))
        plant = live.plant("restarted")
        plant.reads(HOT)
        task = plant.task_of()
        eventually(lambda: live.pushes(task), "the push before the stop")
        live.fcm(fail_next=1_000, status=503)
        other = live.plant("unpushed")
        other.reads(WARM)
        unpushed = other.task_of()
        eventually(
            lambda: "retry" in [one["status"] for one in live.deliveries(unpushed)], "a push that waits for another try"
        )
        known = Restarted(home, live, plant, live.task(task), readings(live, plant, "r1"), unpushed)
        plant.reads(WARM, unit="r2")  # and down before anybody can have judged it
        local_stack.stop(home)
        assert is_free(known.port) and local_stack.status(home) == {"ministack": None, "standins": None}
        assert local_stack.start(home, known.port).api == live.stack.api
        yield known
    finally:
        local_stack.clean(home)


def readings(live: LivePark, plant: LivePlant, unit: str) -> Json:
    hour_ms = 3_600_000
    return live.phones["admin"].get(
        f"v1/units/{plant.id}-{unit}/readings", **{"from": iso(now_ms() - hour_ms), "to": iso(now_ms() + hour_ms)}
    )


class TestALocalStackStoppedAndStarted:
    def test_has_its_tasks_readings_and_devices(self, restarted: Restarted) -> None:
        live, plant = restarted.live, restarted.plant
        assert live.task(restarted.task) == restarted.task
        assert readings(live, plant, "r1") == restarted.readings
        assert [row["sk"]["S"] for row in live.rows("OperationsTableName", f"PERSON#{live.person(PUSHED)}")] == [
            "DEVICE#phone-1"
        ]

    def test_judges_what_was_stored_in_the_moment_of_the_stop(self, restarted: Restarted) -> None:
        task = restarted.plant.task_of("r2")
        assert eventually(
            lambda: restarted.live.pushes(task), "the push of the warning that was raised after the start"
        )

    def test_delivers_the_push_that_waited_for_another_try(self, restarted: Restarted) -> None:
        assert eventually(lambda: restarted.live.pushes(restarted.unpushed), "the push that waited")

    def test_goes_on_from_reading_to_push(self, restarted: Restarted) -> None:
        plant = restarted.live.plant("afterwards")
        plant.reads(HOT)
        task = plant.task_of()
        assert eventually(lambda: restarted.live.pushes(task), "the push")
        assert restarted.live.photographs(task, "safety")["state"] == "verified"

    def test_is_only_refreshed_by_a_second_start(self, restarted: Restarted) -> None:
        before = footprint(restarted)
        again = local_stack.start(restarted.home, restarted.port)
        assert (again.api, again.resources, again.ids) == (
            restarted.live.stack.api,
            restarted.live.stack.resources,
            restarted.live.stack.ids,
        )
        assert footprint(restarted) == before

    def test_says_where_it_runs_when_it_is_started_on_another_port(self, restarted: Restarted) -> None:
        with pytest.raises(StackError, match=f"already runs on port {restarted.port}"):
            local_stack.start(restarted.home, restarted.port + 1)
        assert restarted.live.phones["admin"].get("v1/me")["role"] == "admin"

    def test_refuses_the_port_to_another_stack_and_leaves_nothing_of_it_running(
        self, restarted: Restarted, tmp_path: Path
    ) -> None:
        with pytest.raises(StackError, match=f"port {restarted.port} on 127.0.0.1 is taken"):
            local_stack.start(tmp_path, restarted.port)
        assert local_stack.status(tmp_path) == {"ministack": None, "standins": None}

    @pytest.mark.skipif(sys.platform != "linux", reason="sockets are read from /proc")
    def test_listens_on_127_0_0_1_alone(self, restarted: Restarted) -> None:
        found = bound_sockets(processes_of(restarted.home))
        assert {address for _, address, _ in found} == {HOST}
        assert {port for kind, _, port in found if kind == "tcp"} == {
            restarted.port,
            int(restarted.live.stack.standins.rpartition(":")[2]),
        }
        assert [one for one in found if one[0] == "udp"] == []

    @pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
    def test_is_gone_after_a_clean(self, restarted: Restarted) -> None:
        """The last one: it ends the stack of these tests."""
        running = processes_of(restarted.home)
        assert len(running) > 2, "ministack, the stand-ins, and processes of functions"
        local_stack.clean(restarted.home)
        assert not restarted.home.exists() and is_free(restarted.port)
        eventually(
            lambda: not [pid for pid in running if Path(f"/proc/{pid}").exists()], "all processes gone", within_s=10
        )


def footprint(restarted: Restarted) -> list[object]:
    """What a start that changes nothing leaves alone."""
    cloudformation = restarted.live.aws("cloudformation")
    deployed = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    pids = local_stack.ministack_of(restarted.home).pid(), local_stack.standins_of(restarted.home).pid()
    return [deployed.get("LastUpdatedTime"), len(events), pids, restarted.live.task(restarted.task)]


def processes_of(home: Path) -> set[int]:
    """The stack's processes with all that they started: each service leads a session."""
    leaders = {local_stack.ministack_of(home).pid(), local_stack.standins_of(home).pid()}
    return {pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if session_of(pid) in leaders}


def session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def bound_sockets(pids: set[int]) -> set[tuple[str, str, int]]:
    """(tcp or udp, address, port) of every socket of these processes that others can reach."""
    inodes = {inode for pid in pids for inode in socket_inodes(pid)}
    found = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            is_open = fields[3] == (LISTENING if table.startswith("tcp") else UNCONNECTED)
            if is_open and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.add((table[:3], readable(address), int(port, 16)))
    return found


LISTENING, UNCONNECTED = "0A", "07"


def socket_inodes(pid: int) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError, PermissionError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if target.startswith("socket:["):
                    yield target[8:-1]


def readable(address: str) -> str:
    """An address of /proc/net, which is in words of the machine's byte order."""
    words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
    return str(ipaddress.ip_address(b"".join(words)))
