"""A drill, end to end: `make demo-drill`.

A fresh local stack on a free port. First something real happens and is settled, so that there are scores and inboxes to leave alone. Then
the committee holds a drill at units of two enterprises; those who take part work it on their phones, through the HTTP API only. Prints each
step as it is done and the report, and holds scores, lists, figures, readings and inboxes against what they were: exit status 0 only if
every step was done and nothing real has changed.
"""

import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console
from rich.table import Table

from demo.client import Phone
from demo.people import RECTIFIED, SIDE_NAMES, SIDES, Actor, Say
from demo.repairs import Repairs
from demo.report import everything
from green_shield_bridge.upload.identity import Identity, read_key
from infra import local_stack
from infra.local.processes import StackError, until
from infra.local.seed import PEOPLE

Json = dict[str, Any]
UNITS, TAKES_PART = (
    ["lvyuan-r1", "qingneng-t1"],
    ["inspector_safety", "inspector_environment", "enterprise", "enterprise_hydrogen", "department_safety", "department_environment"],
)  # fmt: skip
REAL_WITHIN_S, DRILL_WITHIN_S, PUSHED_WITHIN_S = 120.0, 150.0, 30.0
HOT = {"lvyuan-r2-pressure": 855.0, "lvyuan-r2-cod": 66.0}  # a real tier 1 at a unit that is not drilled


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started is stopped
    console = Console(highlight=False)
    home = Path(tempfile.mkdtemp(prefix="green-shield-drill-"))
    try:
        with local_stack.running(home, 0, say=lambda text: console.print(f"[dim]set-up: {text}[/dim]")) as stack:
            problems = perform(stack, console)
    except StackError as problem:
        console.print(f"[red]error:[/red] {problem}")
        return 1
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for one in problems:
        console.print(f"[red]not as it must be:[/red] {one}")
    if not problems:
        console.print("[bold green]the drill was worked to its end, and nothing real has changed[/bold green]")
    return 1 if problems else 0


def perform(stack: local_stack.Stack, console: Console) -> list[str]:
    begun_s, lock = time.monotonic(), threading.Lock()

    def say(who: str, what: str) -> None:
        with lock:
            console.print(f"[dim]{time.monotonic() - begun_s:6.1f} s[/dim]  [bold]{who}[/bold]  {what}", soft_wrap=True)

    since = datetime.now(UTC) - timedelta(hours=1)
    for role, token in stack.tokens.items():
        Phone(stack.api, token).put("v1/me/devices/phone-1", {"token": f"token-{role}-drill", "platform": "android"})
    say("装置", "something real: reactor 2 of lvyuan goes over its limits")
    runs_hot(stack)
    committee = Phone(stack.api, stack.tokens["committee"])
    with at_work(stack, say, "") as problems:
        if not until(lambda: is_settled(committee), REAL_WITHIN_S, every_s=1.0):
            problems.append("the real task was not closed in time")
    before = settled_look(stack, since)
    pushed = httpx.get(f"{stack.standins}/messages", timeout=10).json()["total"]
    say("管委会", "real scores: " + ", ".join(f"{k} {v}" for k, v in scores_of(before).items()))
    drill = hold(stack, committee, say, problems)
    after = settled_look(stack, since)
    report = committee.get(f"v1/drills/{drill}/report")
    show(report, console)
    undone = report["steps_total"] - report["steps_done"]
    problems += [f"{undone} steps of the drill were not done"] if undone else []
    problems += differences(before, after)
    return [*problems, *wrong_pushes(stack, pushed), *wrong_notices(stack, drill)]


def hold(stack: local_stack.Stack, committee: Phone, say: Say, problems: list[str]) -> str:
    """Plan a drill, start it, let it be worked, and end it. Returns its id."""
    drill = str(uuid4())
    plan = {
        "id": drill, "title": "本季度跨企业联合演练", "scenario": "coupled-tier2", "units": UNITS,
        "people": [PEOPLE[role] for role in TAKES_PART], "starts_at": datetime.now(UTC).isoformat(), "lasts_min": 60,
    }  # fmt: skip
    planned = committee.post("v1/drills", plan)
    say("管委会", f"plans 演练 {planned['scenario_title']} at {', '.join(UNITS)}, with {len(TAKES_PART)} people")
    committee.post(f"v1/drills/{drill}/start")
    say("管委会", "starts it: test data are injected")
    told: set[tuple[str, str]] = set()
    with at_work(stack, say, drill) as found:
        until(lambda: tell_steps(committee, drill, say, told), DRILL_WITHIN_S, every_s=1.0)
    problems += found
    committee.post(f"v1/drills/{drill}/end")
    say("管委会", "ends it")
    return drill


def tell_steps(committee: Phone, drill: str, say: Say, told: set[tuple[str, str]]) -> bool:
    """Say what was done since the last look. Returns whether all is done."""
    report = committee.get(f"v1/drills/{drill}/report")
    for course in report["courses"]:
        for step in course["steps"]:
            key = course["unit_id"], step["step"]
            if "at" in step and key not in told:
                told.add(key)
                say(
                    "演练",
                    f"{course['unit_id']}: {step['text']} {step['step']}, {step.get('took_s', 0.0):.1f} s after the test data",
                )
    return bool(report["steps_done"] == report["steps_total"] and all(one["task_id"] for one in report["courses"]))


class Trainee(Actor):
    """Does what a role asks for, at once: what is practised is the way, not the repair."""

    def __init__(self, role: str, phone: Phone, say: Say, stop: threading.Event) -> None:
        super().__init__(role, phone, say, stop, Repairs(lambda _points, _s: None, lambda _point: 0.0))
        kind, _, side = role.partition("_")
        self._kind, self._side = kind, side
        self._begun: set[str] = set()

    def look(self, task: Json) -> None:
        match self._kind:
            case "inspector" if task["tier"] > 1:
                if task["id"] not in self._begun:
                    self._begun.add(task["id"])
                    self.phone.post(f"v1/tasks/{task['id']}/acknowledgement")
                    self.say(f"接单 takes the task of {task['unit_name']}")
                self._hand_in(task, self._side)
            case "enterprise":
                if task["id"] not in self._begun:
                    self._begun.add(task["id"])
                    photo = self.photograph(task, "safety")
                    body = {"id": str(uuid4()), "text": RECTIFIED[task["enterprise_id"]], "photos": [photo["id"]]}
                    self.phone.post(f"v1/tasks/{task['id']}/rectifications", body)
                    self.say(f"整改 rectifies {task['unit_name']}")
                for side in SIDES if task["tier"] == 1 else ():
                    self._hand_in(task, side)
            case "department" if task[self._side]["state"] == "submitted":
                verdict = {"revision": task[self._side]["revision"], "verdict": "passed"}
                self.phone.post(f"v1/tasks/{task['id']}/sides/{self._side}/verdict", verdict)
                self.say(f"通过 passes the {SIDE_NAMES[self._side]} side of {task['unit_name']}")

    def _hand_in(self, task: Json, side: str) -> None:
        if task[side]["state"] in ("pending", "rejected"):
            self.photograph(task, side)
            self.submit(task, side)


@contextmanager
def at_work(stack: local_stack.Stack, say: Say, drill: str) -> Iterator[list[str]]:
    """People at work on what is real, or on a drill. The list has their problems afterwards."""
    stop, problems = threading.Event(), list[str]()
    crew = [Trainee(role, Phone(stack.api, stack.tokens[role], drill=drill), say, stop) for role in TAKES_PART]
    for one in crew:
        one.start()
    try:
        yield problems
    finally:
        stop.set()
        for one in crew:
            one.join(30)
            problems += [f"{one.name}: {problem}" for problem in one.problems]


def runs_hot(stack: local_stack.Stack) -> None:
    """Two rounds over both triggers, signed as the plant's bridge signs."""
    at_ms = round(time.time() * 1000) - 70_000
    series = [{"point": name, "times": [at_ms, at_ms + 1000], "values": [value, value]} for name, value in HOT.items()]
    body = json.dumps({"block_id": str(uuid4()), "series": series}).encode()
    token = Identity(stack.ids["bridge"], read_key(stack.ids["bridge_key_file"])).token_for(body, round(time.time()))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    httpx.post(f"{stack.api}/v1/readings", content=body, headers=headers, timeout=30).raise_for_status()


def is_settled(committee: Phone) -> bool:
    tasks = everything(committee, "v1/tasks", state="all")
    scored = committee.get("v1/enterprises/lvyuan/score")["entries"]
    return bool(tasks and scored) and all(one["state"] == "closed" for one in tasks)


# ---- what must not change --------------------------------------------------------------------------------------------


def look(stack: local_stack.Stack, since: datetime) -> Json:
    """What is real, as people see it: by what it is, the answer."""
    committee = Phone(stack.api, stack.tokens["committee"])
    span = {"from": since.isoformat(), "to": (since + timedelta(hours=3)).isoformat()}
    found: Json = {
        "tasks": everything(committee, "v1/tasks", state="all"),
        "warnings": everything(committee, "v1/warnings"),
        "observations": everything(committee, "v1/observations"),
        "alarm figures": committee.get("v1/alarm-kpis", **span),
    }
    for eid in ("lvyuan", "jiancai", "qingneng"):
        found[f"score of {eid}"] = committee.get(f"v1/enterprises/{eid}/score")
    for unit in UNITS:
        found[f"readings of {unit}"] = committee.get(f"v1/units/{unit}/readings", **span)
    for role, token in stack.tokens.items():
        notices = everything(Phone(stack.api, token), "v1/inbox")
        found[f"inbox of {role}"] = [one for one in notices if role not in TAKES_PART or "drill_id" not in one]
    return found


def settled_look(stack: local_stack.Stack, since: datetime) -> Json:
    """A look at which nothing moves any more: notices follow what they tell of by a moment."""
    deadline, seen = time.monotonic() + PUSHED_WITHIN_S, look(stack, since)
    while time.monotonic() < deadline:
        time.sleep(3)
        now = look(stack, since)
        if now == seen:
            break
        seen = now
    return seen


def scores_of(seen: Json) -> dict[str, float]:
    return {name.removeprefix("score of "): one["score"] for name, one in seen.items() if name.startswith("score of ")}


def differences(before: Json, after: Json) -> list[str]:
    return [f"{name} changed with the drill" for name in before if before[name] != after[name]]


def wrong_pushes(stack: local_stack.Stack, since: int) -> list[str]:
    """Messages of the drill that went to others, or do not say that it is one; or that none went out."""
    messages = httpx.get(f"{stack.standins}/messages", params={"since": since}, timeout=10).json()["messages"]
    phones = {f"token-{role}-drill" for role in TAKES_PART}
    wrong = [m for m in messages if m["message"]["token"] not in phones]
    unmarked = [m for m in messages if not m["message"]["notification"]["title"].startswith("【演练】")]
    problems = [f"{len(wrong)} pushes went to who takes no part"] if wrong else []
    problems += [f"{len(unmarked)} pushes do not say that it is a drill"] if unmarked else []
    return problems if messages else [*problems, "the drill has pushed nothing"]


def wrong_notices(stack: local_stack.Stack, drill: str) -> list[str]:
    """Who takes part and was not told, or not that it is a drill."""
    problems = []
    for role in TAKES_PART:
        own = [
            one for one in everything(Phone(stack.api, stack.tokens[role]), "v1/inbox") if one.get("drill_id") == drill
        ]
        if not own or not all(one["title"].startswith("【演练】") for one in own):
            problems.append(f"{role} was not told of the drill, or not that it is one")
    return problems


def show(report: Json, console: Console) -> None:
    table = Table(
        title=f"{report['title']}: {report['steps_done']} of {report['steps_total']} steps, {report['steps_late']} late"
    )
    for head in ("unit", "step", "done after", "target", ""):
        table.add_column(head)
    for course in report["courses"]:
        begun = _instant(course["steps"][0].get("at"))
        for step in course["steps"]:
            took = f"{step['took_s']:.1f} s" if "took_s" in step else "-"
            target = _instant(step.get("target"))
            within = f"within {(target - begun).total_seconds():.0f} s" if target and begun else ""
            table.add_row(course["unit_id"], step["text"], took, within, "late" if step["is_late"] else "")
    console.print(table)
    console.print("what it would have come to in the scores, which have nothing of it: " + str(report["points"]))


def _instant(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)


if __name__ == "__main__":
    sys.exit(main())
