"""The local stack's background processes: started in sessions of their own, found again by their command lines, stopped politely."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"


class StackError(Exception):
    """The local stack cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process. `words` begin its command line after `python -m`, and tell it from any other process."""

    name: str
    words: tuple[str, ...]
    home: Path

    @property
    def log(self) -> Path:
        return self.home / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        return self.home / f"{self.name}.pid"

    def pid(self) -> int | None:
        """Its process, if the one of its pid file still is what was started."""
        try:
            pid = int(self.pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return pid if " ".join(self.words) in command_line(pid) else None

    def start(self, root: Path) -> None:
        with self.log.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *self.words],
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid_file.write_text(str(process.pid))

    def stop(self, wait_s: float) -> bool:
        """Ask it to end, wait, and end it. Returns whether it ended by itself."""
        pid = self.pid()
        if pid is None:
            self.pid_file.unlink(missing_ok=True)
            return True
        os.kill(pid, signal.SIGTERM)
        is_polite = until(lambda: not is_alive(pid), wait_s)
        # What it started (functions' processes) is in its group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        until(lambda: not is_alive(pid), 5)
        self.pid_file.unlink(missing_ok=True)
        return is_polite

    def last_words(self, lines: int = 15) -> str:
        text = self.log.read_text(errors="replace") if self.log.is_file() else ""
        return "\n".join(text.splitlines()[-lines:])


def command_line(pid: int) -> str:
    shown = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def is_alive(pid: int) -> bool:
    """Whether the process runs. One that ended but is still our child counts as ended, and is let go."""
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(is_done: Callable[[], bool], wait_s: float, *, every_s: float = 0.05) -> bool:
    """Wait for something, at most so long. Returns whether it came."""
    deadline = time.monotonic() + wait_s
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def read_json_line(service: Service, wait_s: float) -> dict[str, object]:
    """The one line of JSON a service prints when it is ready."""

    def line() -> str:
        return next((text for text in service.log.read_text().splitlines() if text.startswith("{")), "")

    if not until(lambda: bool(line()) or service.pid() is None, wait_s) or not line():
        raise StackError(f"{service.name} did not start within {wait_s:.0f} s:\n{service.last_words()}")
    found: dict[str, object] = json.loads(line())
    return found
