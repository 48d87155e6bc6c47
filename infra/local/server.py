"""The local stack's AWS: ministack in this process, on 127.0.0.1 alone, corrected, with its state in one directory.

    python -m infra.local.server --home .local --port 4566 --unpacked build/unpacked

It saves everything when it is stopped politely or told to (SIGUSR1), and the tables, queues and bucket every few seconds, so that
a kill loses little. IAM is enforced: a function can do what its role allows.
"""

import argparse
import asyncio
import logging
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

SNAPSHOT_EVERY_S = 3.0
# A snapshot stops the event loop for as long as it copies; of a large park it is taken more rarely, to cost at most 2 % of the time.
SNAPSHOT_REST = 50
# What changes while people work; the rest changes with a deployment, after which everything is saved.
SNAPSHOT_SERVICES = ("dynamodb", "sqs", "s3")


def prepare_environment(port: int, home: Path) -> None:
    """Everything ministack is told, by its environment variables. It reads them when it is imported."""
    scratch = home / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        del os.environ[name]
    os.environ.update(
        {
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": "unix:///nowhere",
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(home / "s3"),
            "TMPDIR": str(scratch),
            "LOG_LEVEL": "INFO",
        }
    )


class Saver:
    """Saves state from ministack's event loop, where nothing changes it meanwhile, and writes it beside the loop."""

    def __init__(self) -> None:
        self._requests_seen = 0
        self._requests_saved = 0
        self._full = threading.Event()

    def request_seen(self) -> None:
        self._requests_seen += 1

    def want_everything(self, *_signal: Any) -> None:
        self._full.set()

    def run(self, book: Any) -> None:
        rest_s = SNAPSHOT_EVERY_S
        while True:
            is_full = self._full.wait(rest_s)
            self._full.clear()
            if is_full or self._requests_seen != self._requests_saved:
                self._requests_saved = self._requests_seen
                started_s = time.monotonic()
                self._save(is_full)
                book.write()
                if not is_full:
                    rest_s = max(SNAPSHOT_EVERY_S, SNAPSHOT_REST * (time.monotonic() - started_s))

    def _save(self, is_full: bool) -> None:
        from ministack import app
        from ministack.core import persistence

        loop = app._MAIN_LOOP
        if loop is None or not loop.is_running():
            return
        sources = app._build_persistence_save_dict()
        names = [name for name in sources if is_full or name in SNAPSHOT_SERVICES]
        for name in names:
            state = asyncio.run_coroutine_threadsafe(copied(sources[name]), loop).result(timeout=60)
            if state is not None:
                persistence.save_state(name, state)


async def copied(get_state: Any) -> Any:
    return get_state()


def front(application: Any, saver: Saver) -> Any:
    """The ASGI application as it looks from behind AWS's TLS: loopback stands for it. Every request is counted."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = [header for header in scope["headers"] if header[0] != b"x-forwarded-proto"]
            scope = {**scope, "headers": [*headers, (b"x-forwarded-proto", b"https")]}
            if not scope["path"].startswith("/_ministack/"):
                saver.request_seen()
        await application(scope, receive, send)

    return served


def main() -> int:
    parser = argparse.ArgumentParser(description="The local stack's AWS, on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--unpacked", type=Path, required=True, help="where packages are unpacked, shared by stacks")
    options = parser.parse_args()
    home = options.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    prepare_environment(options.port, home)

    from ministack import app

    from infra.local import corrections
    from infra.local.calls import CallBook

    # A line for each saved service every few seconds would bury the rest of the log.
    logging.getLogger("persistence").setLevel(logging.WARNING)
    book, saver = CallBook(home / "calls.json"), Saver()
    corrections.apply(home, options.unpacked.resolve(), book)
    app.app = front(app.app, saver)
    signal.signal(signal.SIGUSR1, saver.want_everything)
    threading.Thread(target=saver.run, args=(book,), daemon=True, name="saver").start()
    sys.argv = ["ministack"]
    try:
        app.main()
    finally:
        book.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
