"""cold_start.ratio: from the start of a process to its first poll for work, of the packaged API and of a bare one.

Both run AWS's own awslambdaric under the same python without its site-packages, from the same unpacked libraries of
build/package/deployment.zip, in turns. The bare app is chalice, boto3 and one DynamoDB client: what anyone would start with. A
small Runtime API on loopback stands for Lambda. Not in: Lambda's own work before the process starts (fetching the zip).

cold_start.first_request_s is for information: from the first event to its answer, in a process that has just started. Ours is an
upload with its signature, checks and five calls to DynamoDB (a stub): its registry is not cached yet; the bare app's is one PutItem. What our app imports and
makes only when it is needed is paid here.
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from bench import dynamo_stub, ingest, plant
from bench.figure import Figure

ROOT = Path(__file__).resolve().parent.parent
ZIP = ROOT / "build" / "package" / "deployment.zip"
RUNS = 11
TARGET = 1.3
WAIT_S = 60
RUNTIME_PARTS = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
BARE = """
import boto3
from chalice import Chalice

app = Chalice(app_name="bare")
client = boto3.client("dynamodb")


@app.route("/v1/readings", methods=["POST"])
def post():
    client.put_item(TableName="readings", Item={"pk": {"S": "p"}, "sk": {"S": app.current_request.raw_body.hex()[:32]}})
    return {}
"""


@dataclass(frozen=True, slots=True)
class Start:
    """One cold start, in seconds."""

    init_s: float
    first_request_s: float


def figures() -> list[Figure]:
    if not ZIP.is_file():
        return [
            Figure(
                "cold_start.ratio",
                None,
                "x",
                1.0,
                TARGET,
                note=f"not measured: there is no {ZIP.name}; run `make package`",
            )
        ]
    with tempfile.TemporaryDirectory() as scratch, dynamo_stub.running() as stub:
        ours, bare = _starts(Path(scratch), stub)
    init_s, bare_s = (median(start.init_s for start in starts) for starts in (ours, bare))
    first_s, bare_first_s = (median(start.first_request_s for start in starts) for starts in (ours, bare))
    note = f"medians of {RUNS} starts in turns: {init_s * 1000:.0f} ms against {bare_s * 1000:.0f} ms"
    return [
        Figure("cold_start.ratio", init_s / bare_s, "x", 1.0, TARGET, note=note),
        Figure("cold_start.init_s", init_s, "s", bare_s, note="process start to first poll; floor: the bare app"),
        Figure(
            "cold_start.first_request_s",
            first_s,
            "s",
            bare_first_s,
            note="an upload; floor: one PutItem by the bare app",
        ),
    ]


def _starts(scratch: Path, stub: str) -> tuple[list[Start], list[Start]]:
    task, bare, runtime = scratch / "task", scratch / "bare", scratch / "runtime"
    with zipfile.ZipFile(ZIP) as packaged:
        packaged.extractall(task)
    bare.mkdir()
    (bare / "app.py").write_text(BARE)
    _runtime(runtime)
    event = _seeded_upload(stub)
    ours: list[Start] = []
    bares: list[Start] = []
    for _ in range(RUNS + 1):
        ours.append(_start([task, runtime], stub, event))
        bares.append(_start([bare, task, runtime], stub, event))
    return ours[1:], bares[1:]


def _runtime(directory: Path) -> None:
    """awslambdaric and what it needs, and nothing else of this environment."""
    directory.mkdir()
    for name in RUNTIME_PARTS:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            sys.exit(f"{name} is not installed: it comes with requirements-dev.txt")
        origin = Path(spec.origin)
        found = origin.parent if origin.name == "__init__.py" else origin
        (directory / found.name).symlink_to(found)


def _seeded_upload(stub: str) -> dict[str, Any]:
    """An upload that the stub's registry lets pass. It may come again: the same block twice is a success."""
    known = plant.profile(10)
    with ingest.environment(stub):
        key = ingest.seed(known)
        now_ms = time.time_ns() // 1_000_000
        series = plant.readings(known, 10, start_ms=now_ms - 10 * plant.STEP_MS)
        return ingest.event_of(ingest.body_of(series, plant.uuid7(now_ms)), key)


def _start(path: list[Path], stub: str, event: dict[str, Any]) -> Start:
    with _RuntimeApi(event).serving() as api:
        settings = {
            f"GREENSHIELD_{name.upper()}": str(value) for name, value in ingest.SETTINGS.model_dump().items() if value
        }
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            **ingest.CREDENTIALS,
            **settings,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_DYNAMODB": stub,
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "api",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "LAMBDA_TASK_ROOT": str(path[0]),
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-S", "-m", "awslambdaric", "app.app"]
        began = time.perf_counter()
        with (
            tempfile.TemporaryFile() as log,
            subprocess.Popen(command, env=environment, cwd=path[0], stdout=log, stderr=log) as process,
        ):
            try:
                polled_s, answered_s = api.times(process)
            except _Failed as error:
                process.kill()
                log.seek(0)
                sys.exit(f"{error}\n{log.read().decode()}")
            process.kill()
    return Start(polled_s - began, answered_s - polled_s)


class _Failed(Exception):
    pass


class _RuntimeApi:
    """Lambda's Runtime API for one event: /next, and its answer."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.happened: queue.Queue[tuple[str, float, bytes]] = queue.Queue()
        self.event = json.dumps(event).encode()
        self.address = ""

    @contextmanager
    def serving(self) -> "Iterator[_RuntimeApi]":
        handler = type("Handler", (_Handler,), {"api": self, "given": threading.Event()})
        server = _Server(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def times(self, process: "subprocess.Popen[bytes]") -> tuple[float, float]:
        """When it first polled and when it answered."""
        return self._wait("next", process), self._wait("response", process)

    def _wait(self, what: str, process: "subprocess.Popen[bytes]") -> float:
        try:
            happened, at_s, body = self.happened.get(timeout=WAIT_S)
        except queue.Empty:
            raise _Failed(f"no {what} in {WAIT_S} s (exit status {process.poll()})") from None
        if happened != what:
            raise _Failed(f"{happened} where {what} was expected: {body.decode()[:2000]}")
        if what == "response" and json.loads(body)["statusCode"] >= 300:
            raise _Failed(f"the first request was refused: {body.decode()[:2000]}")
        return at_s


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that was killed hangs up; what else goes wrong is seen as an event that does not come."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    api: _RuntimeApi
    given: threading.Event

    def do_GET(self) -> None:
        at_s = time.perf_counter()
        if self.given.is_set():
            time.sleep(WAIT_S)  # no more work: hang, as Lambda does, until we are killed
            return
        self.given.set()
        self.api.happened.put(("next", at_s, b""))
        deadline_ms = str(time.time_ns() // 1_000_000 + 30_000)
        self.send_response(200)
        for name, value in (
            ("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000001"),
            ("Lambda-Runtime-Deadline-Ms", deadline_ms),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:000000000000:function:api"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(self.api.event))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.api.event)

    def do_POST(self) -> None:
        at_s = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.api.happened.put((self.path.rpartition("/")[2], at_s, body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass
