"""The committee's screen: what the park notices and whom it tells, as it happens."""

import contextlib
import threading
from datetime import datetime
from typing import Any

import httpx

from demo.client import Phone, Refused
from demo.people import Say
from demo.report import everything

LOOK_EVERY_S = 0.5
COLOURS = {1: "cyan", 2: "yellow", 3: "red"}
Json = dict[str, Any]


class Screen(threading.Thread):
    """Looks at the committee's warnings, and at what FCM took for anybody's phone. It shows and does nothing else."""

    def __init__(self, committee: Phone, standins: str, say: Say, stop: threading.Event) -> None:
        super().__init__(name="screen", daemon=True)
        self._committee, self._standins, self._say, self._stop_asked = committee, standins, say, stop
        self._shown: set[tuple[str, ...]] = set()
        self._seen_messages = 0

    def run(self) -> None:
        while not self._stop_asked.wait(LOOK_EVERY_S):
            # A look that fails is made up for by the next one; whoever acts tells of what does not work.
            with contextlib.suppress(Refused, OSError, httpx.TransportError):
                self.look()

    def look(self) -> None:
        for warning in reversed(everything(self._committee, "v1/warnings")):
            self._show_warning(warning)
        answer = httpx.get(f"{self._standins}/messages", params={"since": self._seen_messages}, timeout=10).json()
        self._seen_messages = answer["total"]
        for message in answer["messages"]:
            self._show_push(message)

    def _show_warning(self, warning: Json) -> None:
        tier, unit, why = warning["tier"], warning["unit_id"], warning["why"]
        if warning["state"] == "open" and self._is_new(warning["id"], "tier", str(tier)):
            degree = f"C {why['coefficient']:.2f}, R {why['composite_score']:.0f}"
            self._say("预警", f"[{COLOURS[tier]}]{tier}级 tier {tier}[/] {unit}: {warning['rule_name']} ({degree})")
        if warning["state"] == "cleared" and self._is_new(warning["id"], "cleared"):
            self._say("预警", f"[green]恢复 cleared[/] {unit}: {warning['rule_name']}")

    def _show_push(self, accepted: Json) -> None:
        """The first push of each task and kind; the others follow it within moments."""
        data, title = accepted["message"]["data"], accepted["message"]["notification"]["title"]
        if self._is_new(data["task_id"], data["kind"], data["tier"]):
            self._say("推送", f"{title}{self._delay(accepted, data)}")

    def _delay(self, accepted: Json, data: Json) -> str:
        if data["kind"] != "task_dispatched":
            return ""
        task = self._committee.get(f"v1/tasks/{data['task_id']}")
        opened_at = self._committee.get(f"v1/warnings/{task['warning_id']}")["opened_at"]
        passed_s = accepted["at_ms"] / 1000 - datetime.fromisoformat(opened_at).timestamp()
        return f" [dim]({passed_s:.1f} s after the reading)[/]"

    def _is_new(self, *what: str) -> bool:
        is_new = what not in self._shown
        self._shown.add(what)
        return is_new
