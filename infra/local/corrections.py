"""Where ministack 1.5 differs from AWS in something our package stands on, and how the local stack puts it right.

Each correction replaces one function of the pinned version; another version is refused, so that nobody trusts a correction that
no longer meets what it corrects. The functions' code is not touched: it is the deployed package.
"""

import contextlib
import copy
import hashlib
import importlib.metadata
import os
import shutil
import stat
import sys
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import apigateway_v1, dynamodb, lambda_svc

from infra.local import streams
from infra.local.calls import CallBook

MINISTACK = "1.5.33"
KEPT_PACKAGES = 3


class UnknownMinistack(Exception):
    """The installed ministack is not the one these corrections were written for."""


def apply(home: Path, unpacked: Path, book: CallBook) -> None:
    """Correct the ministack in this process. Call before it serves."""
    installed = importlib.metadata.version("ministack")
    if installed != MINISTACK:
        raise UnknownMinistack(
            f"infra/local/corrections.py knows ministack {MINISTACK}, not {installed}: check each correction"
        )
    lambda_svc._poll_dynamodb_streams = streams.poll
    keep_streams()
    read_escaped_media_types()
    run_the_package_alone(home)
    unpack_once(unpacked)
    record_calls(book)


def keep_streams() -> None:
    """Save a stream's undelivered records with the tables, and where each mapping reads on: ministack forgets the records."""
    save, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state() -> dict[str, Any]:
        saved: dict[str, Any] = save()
        saved["green_shield_streams"] = {
            "records": copy.copy(dynamodb._stream_records),
            "trimmed": copy.copy(dynamodb._stream_trimmed),
            "positions": copy.copy(lambda_svc._dynamodb_stream_positions),
        }
        saved["green_shield_streams"]["records"]._data = {
            key: list(records) for key, records in dynamodb._stream_records._data.items()
        }
        return saved

    def load_persisted_state(data: dict[str, Any]) -> None:
        kept = data.pop("green_shield_streams", None)
        load(data)
        if kept:
            dynamodb._stream_records.update(kept["records"])
            dynamodb._stream_trimmed.update(kept["trimmed"])
            # Lambda's own state is loaded as well, perhaps later and from an older save: these positions belong to these records.
            lambda_svc._restore_esm_positions = restorer(lambda_svc._restore_esm_positions, kept["positions"])
            lambda_svc._dynamodb_stream_positions.update(kept["positions"])

    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_persisted_state


def restorer(restore: Any, kept: Any) -> Any:
    def restore_positions(store: Any, positions: Any) -> None:
        restore(store, kept if store is lambda_svc._dynamodb_stream_positions else positions)

    return restore_positions


def read_escaped_media_types() -> None:
    """CloudFormation writes binary media types with "~1" for "/"."""
    matches = apigateway_v1._media_type_matches

    def media_type_matches(media_type: str | None, binary_media_types: list[str] | None) -> bool:
        # AWS takes a request without a Content-Type for JSON.
        return bool(
            matches(media_type or "application/json", [name.replace("~1", "/") for name in binary_media_types or []])
        )

    apigateway_v1._media_type_matches = media_type_matches


def run_the_package_alone(home: Path) -> None:
    """Run functions without this environment's site-packages (-S): a library missing from the package is missing here too."""
    python = home / "lambda-python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    choose = lambda_runtime._detect_runtime_binary
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"

    def detect_runtime_binary(runtime: str) -> tuple[str, str]:
        if runtime != here:
            raise RuntimeError(f"the package is for {runtime} and the local stack runs {here}: run make package again")
        return str(python), choose(runtime)[1]

    lambda_runtime._detect_runtime_binary = detect_runtime_binary


def unpack_once(unpacked: Path) -> None:
    """Unpack each package once and link it into every execution environment: Lambda mounts it too, it does not copy it.

    Stacks share what is unpacked. The newest few packages stay, for stacks that still run them.
    """
    guard = threading.Lock()

    class LinkedZip(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            whole = unpacked / f"{hash_entries(self):016x}"
            with guard:
                if not whole.is_dir():
                    self.unpack(whole)
            for entry in whole.iterdir():
                (Path(path) / entry.name).symlink_to(entry)
            Path(str(self.filename)).unlink()

        def unpack(self, whole: Path) -> None:
            unfinished = unpacked / f"unfinished-{os.getpid()}"
            shutil.rmtree(unfinished, ignore_errors=True)
            super().extractall(unfinished)
            with contextlib.suppress(OSError):  # another stack was faster
                unfinished.rename(whole)
            for old in sorted(unpacked.iterdir(), key=lambda place: place.stat().st_mtime)[:-KEPT_PACKAGES]:
                shutil.rmtree(old, ignore_errors=True)

    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=LinkedZip, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )


def hash_entries(archive: zipfile.ZipFile) -> int:
    """A stable number for what is in the archive, from its directory alone."""
    lines = "\n".join(f"{entry.filename} {entry.CRC}" for entry in archive.infolist())
    return int.from_bytes(hashlib.sha256(lines.encode()).digest()[:8], "big")


def record_calls(book: CallBook) -> None:
    """Write down each call that a function's role was checked for."""
    enforce = iam_evaluator.enforce

    def enforce_and_record(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        # SQS has no actions of its own for batches: sqs:SendMessage allows SendMessageBatch, and so on.
        iam_action = iam_action.removesuffix("Batch") if service == "sqs" else iam_action
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        book.note(access_key_id, iam_action, resource_arn, is_allowed=denied is None)
        return denied

    iam_evaluator.enforce = enforce_and_record
