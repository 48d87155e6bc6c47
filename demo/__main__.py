"""The demonstration, end to end: `make demo`, or `make demo DATA=<file.dat>` to replay a recorded run.

A fresh local stack on a free port; plants of three industries with Modbus TCP devices and an HJ 212 data logger, a bridge each as its own process;
and seven people on their phones. Ends by itself; exit status 0 only if nothing was lost and every task was closed (and, unless a recording is replayed,
every tier was reached).
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from demo.audit import check_audits
from demo.bridge_process import Bridges
from demo.catalogue import demo_catalogue
from demo.client import Phone
from demo.credit import export_credit_files
from demo.people import Actor, Department, Enterprise, Inspector
from demo.plant import Plant
from demo.recording import ROW_PERIOD_S, Recording, RecordingError, load_recording
from demo.repairs import Repairs
from demo.report import Outcome, collect, count_pushes, everything, ledgers, rows_of
from demo.scenario import REPLAYED, TROUBLE, demo_devices, replay_devices, spoken
from demo.scores import check_scores
from demo.screen import Screen
from infra import local_stack
from infra.local.processes import StackError, until
from infra.local.seed import register_bridge

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "demo"
WHO_CELLS = 12
POLL_S = 0.5
TIERS_WITHIN_S = 45
CLOSE_WITHIN_S = 170
PUSHED_WITHIN_S = 40
REPLAY_S = 90.0
FAULT_ROW = 160  # of the recorded test runs: the fault acts from this row on (0-based)
ENTERPRISES = {"enterprise": "化工企业", "enterprise_other": "建材企业", "enterprise_hydrogen": "氢能企业"}
Say = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """What both kinds of demo act on."""

    stack: local_stack.Stack
    plant: Plant
    bridges: Bridges
    admin: Phone
    say: Say


def main() -> int:
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started is stopped
    console = Console(highlight=False)
    try:
        recording = load_recording(options.data) if options.data else None
    except RecordingError as problem:
        console.print(f"[red]error:[/red] {problem}")
        return 2
    home = Path(tempfile.mkdtemp(prefix="green-shield-demo-"))
    try:
        with local_stack.running(
            home / "stack", 0, say=lambda text: console.print(f"[dim]set-up: {text}[/dim]", soft_wrap=True)
        ) as stack:
            outcome = perform(stack, home, recording, console)
    except StackError as problem:
        console.print(f"[red]error:[/red] {problem}")
        return 1
    except KeyboardInterrupt:
        console.print("interrupted: everything that was started is stopped")
        return 130
    finally:
        if options.keep:
            console.print(f"kept: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "report.json").write_text(json.dumps(outcome.report, indent=2, ensure_ascii=False) + "\n")
    show(outcome, console)
    return 1 if outcome.problems else 0


def perform(stack: local_stack.Stack, home: Path, recording: Recording | None, console: Console) -> Outcome:
    begun_s = time.monotonic()
    lock = threading.Lock()

    def say(who: str, what: str) -> None:
        with lock:
            passed = time.monotonic() - begun_s
            console.print(
                f"[dim]{int(passed // 60):02d}:{passed % 60:04.1f}[/dim]  [bold]{who}[/bold]{' ' * (WHO_CELLS - cell_len(who))}{what}",
                soft_wrap=True,
            )

    devices = replay_devices() if recording else demo_devices()
    since_ms = round(time.time() * 1000) - 1000
    admin = Phone(stack.api, stack.tokens["admin"])
    speed = 1.0 if recording is None else len(recording) * ROW_PERIOD_S / REPLAY_S
    admin.put("v1/catalogue", demo_catalogue(speed=speed))
    poll_s = POLL_S if recording is None else REPLAY_S / len(recording)
    with Plant(devices) as plant:
        bridges = Bridges(home / "bridges", stack.api, plant, devices, poll_s)
        for enterprise_id, bridge in bridges.by_enterprise.items():
            register_bridge(
                api=stack.api, admin_token=stack.tokens["admin"], bridge_id=bridge.bridge_id,
                enterprise_id=enterprise_id, public_key_pem=bridge.public_key_pem,
            )  # fmt: skip
        scene = Scene(stack, plant, bridges, admin, say)
        stop = threading.Event()
        repairs = Repairs(lambda targets, seconds: plant.ramp(targets, seconds=seconds), plant.value)
        actors = people(stack, say, stop, repairs)
        screen = Screen(Phone(stack.api, stack.tokens["committee"]), stack.standins, say, stop)
        try:
            bridges.start()
            say(
                "网桥",
                f"bridges of {', '.join(bridges.by_enterprise)} start: "
                + ", ".join(f"{d.name} {spoken(d)} port {plant.port(d.name)}" for d in devices),
            )
            for thread in (screen, *actors):
                thread.start()
            more = act(scene) if recording is None else replay(scene, recording)
            await_closing(scene, CLOSE_WITHIN_S)
            for device in devices:
                plant.unplug(device.name)  # nothing more to read: the bridge says so once, and empties its spool
            drained = bridges.drain(30)
            await_pushes(scene, PUSHED_WITHIN_S)
        finally:
            stop.set()
            bridges.stop()
            for thread in (screen, *actors):
                if thread.is_alive():
                    thread.join(5)  # nobody talks into the closing table
        outcome = collect(
            admin=admin, standins=stack.standins, enterprise_ids=bridges.by_enterprise, unit_ids=stack.ids["units"],
            since_ms=since_ms, bridge=bridges.stats(), every_tier=recording is None,
        )  # fmt: skip
    audit, broken = check_audits(
        Phone(stack.api, stack.tokens["committee"]), everything(scene.admin, "v1/tasks", state="all")
    )
    scores, miscounted = check_scores(Phone(stack.api, stack.tokens["committee"]), bridges.by_enterprise)
    certificate = home / "stack" / "credit-certificate.pem"
    credit, forged = export_credit_files(
        Phone(stack.api, stack.tokens["committee"]), bridges.by_enterprise, certificate, BUILD / "credit"
    )
    problems = [*outcome.problems, *more.problems, *broken, *miscounted, *forged]
    problems += [] if drained else ["a bridge's spool was not empty at the end"]
    problems += [
        f"{actor.name}: {problem} ({n} times)" for actor in actors for problem, n in Counter(actor.problems).items()
    ]
    return Outcome({**outcome.report, **more.report, "audit": audit, "scores": scores, "credit": credit}, problems)


def people(stack: local_stack.Stack, say: Say, stop: threading.Event, repairs: Repairs) -> list[Actor]:
    """Everyone, each with a registered phone."""
    phones = {role: Phone(stack.api, token) for role, token in stack.tokens.items()}
    for role, phone in phones.items():
        if role != "admin":
            phone.put("v1/me/devices/phone-1", {"token": f"token-{role}-demo", "platform": "android"})
    # A phone that was wiped: FCM will say UNREGISTERED, and the park forgets it.
    phones["committee"].put("v1/me/devices/old-tablet", {"token": "token-unregistered-demo", "platform": "android"})
    return [
        Inspector("safety", phones["inspector_safety"], say, stop, repairs),
        Inspector("environment", phones["inspector_environment"], say, stop, repairs),
        *(Enterprise(name, phones[role], say, stop, repairs) for role, name in ENTERPRISES.items()),
        Department("safety", phones["department_safety"], say, stop, repairs, returns_once=True),
        Department("environment", phones["department_environment"], say, stop, repairs, returns_once=False),
    ]


def act(scene: Scene) -> Outcome:
    """Normal running, trouble in three industries, a power cut at a bridge, and back."""
    scene.say("装置", "all units run normally")
    time.sleep(6)
    httpx.post(f"{scene.stack.standins}/control", json={"fail_next": 2, "status": 503, "retry_after_s": 1}, timeout=10)
    scene.say("推送", "FCM will answer 503 to the next two messages")
    for what, values in TROUBLE:
        scene.say("装置", f"[yellow]{what}[/yellow]")
        scene.plant.ramp(values, seconds=4)
    time.sleep(4)
    bridge = scene.bridges.by_enterprise["lvyuan"]
    bridge.kill()
    scene.say("网桥", "[red]kill -9[/red] of lvyuan's, and started again two seconds later on the same spool")
    time.sleep(2)
    bridge.start()
    time.sleep(6)
    await_tiers(scene, {1, 2, 3}, TIERS_WITHIN_S)
    return Outcome({})


def replay(scene: Scene, recording: Recording) -> Outcome:
    """Show the recording row by row, and say at which row each warning opened."""
    scene.say("装置", f"replaying {len(recording)} rows of {Path(recording.file).name} in about {REPLAY_S:g} s")

    def on_row(row: int) -> None:
        if row and row % 160 == 0:
            scene.say("装置", f"row {row} of {len(recording)}")

    shown = scene.plant.replay(recording.named(), REPLAYED, on_row=on_row)
    for device in replay_devices():
        scene.plant.unplug(device.name)
    scene.bridges.drain(30)
    warnings = settled(lambda: raised(scene), for_s=4, within_s=30)
    rows = sorted(shown.row_at(opened_ms(w)) or 0 for w in warnings)
    for row in rows:
        scene.say("预警", f"a warning opened at row {row}")
    early = [row for row in rows if row < FAULT_ROW] if recording.file.endswith("_te.dat") else []
    return Outcome(
        {"recording": {"file": Path(recording.file).name, "rows": len(recording), "warning_rows": rows}},
        [f"a warning before the fault, at row {row}" for row in early],
    )


def raised(scene: Scene) -> list[dict[str, Any]]:
    """The park's warnings, without what it only noted."""
    return [warning for warning in everything(scene.admin, "v1/warnings") if warning["state"] != "observed"]


def settled(look: Callable[[], list[Any]], *, for_s: float, within_s: float) -> list[Any]:
    """What is seen once it has been the same for a while, or when the time is up."""
    deadline = time.monotonic() + within_s
    seen, since = look(), time.monotonic()
    while time.monotonic() < min(deadline, since + for_s):
        time.sleep(0.5)
        if (now := look()) != seen:
            seen, since = now, time.monotonic()
    return seen


def opened_ms(warning: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(warning["opened_at"]).timestamp() * 1000)


def await_tiers(scene: Scene, tiers: set[int], timeout_s: float) -> None:
    """Let the trouble last until the park has judged it: how soon that is, the machine decides."""
    until(lambda: tiers <= {warning["tier"] for warning in raised(scene)}, timeout_s, every_s=0.5)


def await_closing(scene: Scene, timeout_s: float) -> None:
    """Wait until every task is closed; what is still open when the time is up shows in the report."""

    def is_closed() -> bool:
        tasks = everything(scene.admin, "v1/tasks", state="all")
        worked = {one["warning_id"] for task in tasks for one in task["members"]}
        called = {one["known_as"] or one["id"] for one in raised(scene) if not one["retroactive"]}
        return called <= worked and all(task["state"] == "closed" for task in tasks)

    until(is_closed, timeout_s, every_s=1.0)


def await_pushes(scene: Scene, timeout_s: float) -> None:
    """Wait until no push waits for another try, and the last ones have gone out."""

    def is_done() -> bool:
        known = ledgers(scene.admin)
        time.sleep(2)
        return ledgers(scene.admin) == known and not count_pushes(known)["waiting"]

    until(is_done, timeout_s)


def show(outcome: Outcome, console: Console) -> None:
    table = Table(title="Green Shield demo 绿盾演示", show_header=False)
    for part, figures in rows_of(outcome.report):
        table.add_row(part, figures)
    console.print(table)
    for problem in outcome.problems:
        console.print(f"[red]not as it must be:[/red] {problem}")
    if not outcome.problems:
        console.print("[bold green]lost 0, every opened task closed[/bold green]  (build/demo/report.json)")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a recorded Tennessee Eastman run (.dat) to replay")
    parser.add_argument("--keep", action="store_true", help="keep the stack's and the bridge's files for a look")
    return parser


if __name__ == "__main__":
    sys.exit(main())
