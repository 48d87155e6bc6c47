"""Two inspectors, three enterprises and two departments, each acting through the HTTP API alone, as they would on their phones."""

import hashlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from demo.camera import take_photo
from demo.client import Phone, Refused
from demo.repairs import Repairs

LOOK_EVERY_S = 1.0
SETTLED_FOR_S = 5.0  # people take a moment to set out; by then a rising risk has reached its tier
PHOTO_TIMEOUT_S = 60.0
SIDES = ("safety", "environment")
SIDE_NAMES = {"safety": "安全", "environment": "环保"}
SITES = {
    "lvyuan": {"latitude": 30.7602, "longitude": 121.0214},
    "jiancai": {"latitude": 30.7648, "longitude": 121.0302},
    "qingneng": {"latitude": 30.7571, "longitude": 121.0269},
}
RECTIFIED = {
    "lvyuan": "已降负荷并更换密封件，废气治理设施满负荷运行",
    "jiancai": "已调整引风机转速并更换破损滤袋，窑内恢复负压",
    "qingneng": "已切断气源并紧固法兰，喷淋降温，事故排风持续运行",
}
# What is measured again on site, by rule: (indicator, which of the unit's points it stands beside, unit).
RETESTS: dict[str, dict[str, tuple[str, str, str]]] = {
    "reactor-temperature-voc": {
        "safety": ("reactor_temperature", "temperature", "Cel"),
        "environment": ("voc", "voc", "mg/m3"),
    },
    "reactor-pressure-cod": {"safety": ("reactor_pressure", "pressure", "kPa"), "environment": ("cod", "cod", "mg/L")},
    "boiler-pressure-so2": {"safety": ("boiler_pressure", "pressure", "MPa"), "environment": ("so2", "so2", "mg/m3")},
    "kiln-pressure-dust": {"safety": ("kiln_pressure", "pressure", "Pa"), "environment": ("dust", "dust", "mg/m3")},
    "tank-temperature-hydrogen": {
        "safety": ("tank_temperature", "temperature", "Cel"),
        "environment": ("hydrogen_concentration", "hydrogen", "%"),
    },
    "reactor-pressure-purge": {
        "safety": ("reactor_pressure", "pressure", "kPa"),
        "environment": ("purge_component", "purge", "%"),
    },
}
Task = dict[str, Any]
Say = Callable[[str, str], None]


class Actor(threading.Thread, ABC):
    """A person who looks at the phone once a second and does what their role asks for. Problems are kept, not hidden."""

    def __init__(self, name: str, phone: Phone, say: Say, stop: threading.Event, repairs: Repairs) -> None:
        super().__init__(name=name, daemon=True)
        self.phone = phone
        self.repairs = repairs
        self.problems: list[str] = []
        self._say, self._stop_asked = say, stop
        self._first_seen: dict[tuple[str, int], float] = {}

    def say(self, text: str) -> None:
        self._say(self.name, text)

    def run(self) -> None:
        while not self._stop_asked.wait(LOOK_EVERY_S):
            with self.problems_kept():
                for task in self.phone.get("v1/tasks", state="open")["items"]:
                    with self.problems_kept(task):
                        self.look(task)

    @contextmanager
    def problems_kept(self, task: Task | None = None) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            if task is None or not self.has_moved_on(task, refused):
                self.note(str(refused))
        except OSError as problem:
            self.note(f"{type(problem).__name__}: {problem}")

    def has_moved_on(self, task: Task, refused: Refused) -> bool:
        """Somebody else was first, or the task was escalated to others meanwhile: the next look shows what is left to do."""
        if refused.problem.get("code") in ("illegal_transition", "stale_revision"):
            return True
        return bool(self.phone.get(f"v1/tasks/{task['id']}")["tier"] != task["tier"])

    def note(self, problem: str) -> None:
        self.problems.append(problem)
        self.say(f"[red]{problem}[/red]")

    @abstractmethod
    def look(self, task: Task) -> None:
        """Do what this person does about a task as it now is."""

    def has_settled(self, task: Task) -> bool:
        first = self._first_seen.setdefault((task["id"], task["tier"]), time.monotonic())
        return time.monotonic() - first >= SETTLED_FOR_S

    def photograph(self, task: Task, side: str, *, spoil: bool = False) -> Task:
        """Take a photo, upload it and wait until it has been judged. `spoil` cuts the file off, as a full phone may."""
        label = f"Green Shield {task['id'][:10]} {side}"
        data = take_photo(label, **SITES[task["enterprise_id"]])
        data = data[: len(data) // 2] if spoil else data
        announced = {
            "id": str(uuid4()),
            "dimension": side,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
            "content_type": "image/jpeg",
        }
        photo = self.phone.post(f"v1/tasks/{task['id']}/photos", announced)
        self.phone.upload(photo["upload"], data)
        return self._judged(task, photo["id"])

    def _judged(self, task: Task, photo_id: str) -> Task:
        deadline = time.monotonic() + PHOTO_TIMEOUT_S
        while time.monotonic() < deadline:
            photo = self.phone.get(f"v1/tasks/{task['id']}/photos/{photo_id}")
            if photo["state"] != "expected":
                return photo
            time.sleep(0.5)
        raise TimeoutError(f"photo {photo_id} was not judged within {PHOTO_TIMEOUT_S:g} s")

    def bring_evidence(self, task: Task, side: str, *, spoil_first: bool = False) -> None:
        if spoil_first:
            refused = self.photograph(task, side, spoil=True)
            self.say(f"照片被拒绝 photo refused: {refused.get('reason_text', refused['state'])}")
        photo = self.photograph(task, side)
        taken = photo.get("taken_at", "")[11:19]
        self.say(f"照片 photo {photo['state']} {photo.get('width_px')}x{photo.get('height_px')}, taken {taken}")
        indicator, point, unit = RETESTS[task["rule_id"]][side]
        value = self.repairs.measured(f"{task['unit_id']}-{point}")
        retest = {"id": str(uuid4()), "dimension": side, "indicator": indicator, "value": value, "unit": unit}
        retest |= {"instrument": "handheld-1", "measured_at": datetime.now(UTC).isoformat()}
        known = self.phone.post(f"v1/tasks/{task['id']}/retests", retest)["comparison"]
        self.say(
            f"复测 retest {indicator} = {value:g} {unit}: {known['agreement']} (在线 online {known.get('online', 0):.4g})"
        )

    def work_offline(self, task: Task, side: str) -> Task:
        """What an inspector does in a yard without a signal, brought in one batch afterwards: the submission waits for its photo."""
        data = take_photo(f"Green Shield {task['id'][:10]} {side}", **SITES[task["enterprise_id"]])
        photo, now = str(uuid4()), datetime.now(UTC).isoformat()
        indicator, point, unit = RETESTS[task["rule_id"]][side]
        value = self.repairs.measured(f"{task['unit_id']}-{point}")
        announced = {"id": photo, "dimension": side, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        retest = {"id": str(uuid4()), "dimension": side, "indicator": indicator, "value": value, "unit": unit}
        payloads = {
            "photo": announced | {"content_type": "image/jpeg"},
            "retest": retest | {"instrument": "handheld-1", "measured_at": now},
            "submission": {"note": f"{SIDE_NAMES[side]}侧已按要求处置，复测合格", "media": [photo]},
        }
        operations = [
            {"id": str(uuid4()), "kind": kind, "task_id": task["id"], "side": side, "base_version": task["version"], "at": now, "payload": payload}
            for kind, payload in payloads.items()
        ]  # fmt: skip
        sent = {"device_id": "phone-1", "sent_at": now, "operations": operations}
        results = self.phone.post("v1/sync", sent)["results"]
        again = self.phone.post("v1/sync", sent)["results"]  # the answer was lost, as far as the phone knows
        self.phone.upload(again[0]["upload"], data)
        words = ", ".join(f"{one['kind']} {result['outcome']}" for one, result in zip(operations, results, strict=True))
        self.say(f"离线补报 brings an offline batch, twice: {words}")
        return sent

    def submit(self, task: Task, side: str) -> None:
        note = f"{SIDE_NAMES[side]}侧已按要求处置，复测合格"
        changed = self.phone.post(f"v1/tasks/{task['id']}/sides/{side}/submission", {"note": note})
        self.say(f"提交{SIDE_NAMES[side]}侧 submits the {side} side (revision {changed[side]['revision']})")


class Inspector(Actor):
    """Works its own side of tier 2 and 3 tasks on site."""

    def __init__(self, side: str, phone: Phone, say: Say, stop: threading.Event, repairs: Repairs) -> None:
        super().__init__(f"{SIDE_NAMES[side]}网格员", phone, say, stop, repairs)
        self._side = side
        self._acknowledged: set[str] = set()
        self._offline: dict[str, Task] = {}  # the batch of the first task, which it works without a signal
        self._spoiled = side == "environment"  # the safety inspector's first photo is half a file

    def look(self, task: Task) -> None:
        if task["tier"] < 2:
            return
        if task["id"] not in self._acknowledged:
            self.phone.post(f"v1/tasks/{task['id']}/acknowledgement")
            self._acknowledged.add(task["id"])
            self.say(f"接单 takes the tier {task['tier']} task of {task['unit_name']}")
        if not self.repairs.can_be_measured(task["unit_id"]):
            return
        if self.has_settled(task) and task[self._side]["state"] in ("pending", "rejected"):
            spoil, self._spoiled = not self._spoiled, True
            if task["id"] in self._offline:
                self.phone.post("v1/sync", self._offline[task["id"]])  # what is held goes with the next batch
                return
            if self._side == "environment" and not self._offline:
                self._offline[task["id"]] = self.work_offline(task, self._side)
                return
            self.bring_evidence(task, self._side, spoil_first=spoil)
            self.submit(task, self._side)


class Enterprise(Actor):
    """Works tier 1 tasks alone, both sides; for higher tiers it says what it has rectified."""

    def __init__(self, name: str, phone: Phone, say: Say, stop: threading.Event, repairs: Repairs) -> None:
        super().__init__(name, phone, say, stop, repairs)
        self._rectified: set[str] = set()

    def look(self, task: Task) -> None:
        if not self.has_settled(task):
            return
        if task["id"] not in self._rectified:
            photo = self.photograph(task, "safety")
            text = RECTIFIED[task["enterprise_id"]]
            body = {"id": str(uuid4()), "text": text, "photos": [photo["id"]]}
            self.phone.post(f"v1/tasks/{task['id']}/rectifications", body)
            self._rectified.add(task["id"])
            self.say(f"整改 rectifies {task['unit_name']}: {text}")
            self.repairs.repair(task["unit_id"])
        if task["tier"] == 1 and self.repairs.can_be_measured(task["unit_id"]):
            for side in SIDES:
                if task[side]["state"] in ("pending", "rejected"):
                    self.bring_evidence(task, side)
                    self.submit(task, side)


class Department(Actor):
    """Judges its own side. The first tier 3 submission that it sees goes back once, with a reason."""

    def __init__(
        self, side: str, phone: Phone, say: Say, stop: threading.Event, repairs: Repairs, *, returns_once: bool
    ) -> None:
        super().__init__(f"{SIDE_NAMES[side]}部门", phone, say, stop, repairs)
        self._side, self._returns = side, returns_once

    def look(self, task: Task) -> None:
        side = task[self._side]
        if side["state"] != "submitted":
            return
        verdict = {"revision": side["revision"], "verdict": "passed"}
        if self._returns and task["tier"] == 3:
            self._returns = False
            verdict |= {"verdict": "rejected", "reason": "照片未显示阀门编号，请补拍"}
        judged = self.phone.post(f"v1/tasks/{task['id']}/sides/{self._side}/verdict", verdict)
        words = "通过 passes" if verdict["verdict"] == "passed" else f"退回 returns ({verdict['reason']})"
        self.say(f"{words} the {self._side} side of {task['unit_name']}")
        if judged["state"] == "closed":
            self.say(f"[bold green]任务办结 task of {task['unit_name']} is closed[/bold green]")
