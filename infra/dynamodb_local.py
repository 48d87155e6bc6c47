"""AWS's DynamoDB Local on 127.0.0.1, in memory: `with running() as endpoint` for tests, `python -m infra.dynamodb_local` by hand.

Its jars come from Maven Central once, into build/dynamodb-local. It needs Java 17 and Maven; `why_not()` tells what is missing.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "infra" / "dynamodb-local"
JARS = ROOT / "build" / "dynamodb-local"
FETCH_WAIT_S = 600
START_WAIT_S = 60
STOP_WAIT_S = 10
# Set where the tests must not be skipped for want of Java.
REQUIRED = "GREENSHIELD_DYNAMODB_LOCAL_REQUIRED"


class DynamoDbLocalError(Exception):
    """DynamoDB Local cannot be fetched or started; the message says why."""


def why_not() -> str | None:
    """What is missing to run it here, in words, or None."""
    needed = ("java",) if is_fetched() else ("java", "javac", "mvn")
    missing = [name for name in needed if shutil.which(name) is None]
    return (
        f"DynamoDB Local needs {' and '.join(missing)} on PATH (Debian: default-jdk-headless, maven)"
        if missing
        else None
    )


def is_required() -> bool:
    return bool(os.environ.get(REQUIRED))


@contextlib.contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Start it on a free port (or the given one), yield its endpoint, and stop it."""
    missing = why_not()
    if missing:
        raise DynamoDbLocalError(missing)
    fetch()
    command = [
        "java",
        "-XX:TieredStopAtLevel=1",
        f"-Djava.library.path={JARS}",
        "-cp",
        f"{JARS}:{JARS}/*",
        "OnLoopback",
        str(port),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        with log.open("w") as opened:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=opened, stderr=opened)
        try:
            yield f"http://127.0.0.1:{port_when_ready(process, log)}"
        finally:
            stop(process)


def port_when_ready(process: "subprocess.Popen[bytes]", log: Path) -> int:
    deadline = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith('{"port"'):
                return int(json.loads(line)["port"])
        time.sleep(0.1)
    raise DynamoDbLocalError(f"DynamoDB Local did not start within {START_WAIT_S} s:\n{log.read_text()[-2000:]}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_WAIT_S)


def fetch() -> None:
    """Have Maven copy the jars and javac compile our main, once for each state of infra/dynamodb-local."""
    if is_fetched():
        return
    shutil.rmtree(JARS, ignore_errors=True)
    copy = ["mvn", "--quiet", "--batch-mode", f"--file={SOURCE / 'pom.xml'}", "dependency:copy-dependencies"]
    run([*copy, f"-DoutputDirectory={JARS}"], "Maven could not fetch DynamoDB Local")
    run(
        ["javac", "-cp", f"{JARS}/*", "-d", str(JARS), str(SOURCE / "OnLoopback.java")],
        "javac could not compile its main",
    )
    (JARS / "source.sha256").write_text(source_digest())


def run(command: list[str], problem: str) -> None:
    finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=FETCH_WAIT_S)
    if finished.returncode:
        raise DynamoDbLocalError(f"{problem}:\n{finished.stdout}{finished.stderr}")


def is_fetched() -> bool:
    marker = JARS / "source.sha256"
    return marker.is_file() and marker.read_text() == source_digest()


def source_digest() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(SOURCE.iterdir()))).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description="DynamoDB Local on 127.0.0.1, in memory, until it is interrupted.")
    parser.add_argument("--port", type=int, default=8000, help="0 for a free one (default: 8000)")
    parser.add_argument("--fetch", action="store_true", help="only fetch it")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if options.fetch:
            fetch()
            return 0
        with running(options.port) as endpoint:
            print(f"DynamoDB Local listens on {endpoint} (Ctrl-C stops it)", flush=True)
            signal.pause()
    except DynamoDbLocalError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
