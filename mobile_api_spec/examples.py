"""The spec's examples: taken from the walk, kept as one JSON file an operation, so that a change of an answer shows in review."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from mobile_api_spec.recorder import Exchange

FOLDER = Path(__file__).parent / "examples"
SHARED = "problems"  # answers that look the same whichever route gives them
SHARED_STATUSES = frozenset({401, 403, 413, 415, 503})
Examples = dict[str, dict[str, Any]]


def examples_of(exchanges: Iterable[Exchange]) -> Examples:
    """By operation: {"request": ..., "answers": {status or problem code: body}}. Of several answers the fullest is taken."""
    found: Examples = {SHARED: {}}
    for one in exchanges:
        if one.status == HTTPStatus.NOT_MODIFIED:
            continue
        if one.status in SHARED_STATUSES:
            found[SHARED].setdefault(one.answer["code"], one.answer)
            continue
        known = found.setdefault(one.operation, {"request": {}, "answers": {}})
        key = str(one.status) if one.status < 300 else one.answer["code"]
        if _fullness(one.answer) > _fullness(known["answers"].get(key)):
            known["answers"][key] = one.answer
            known["request"] = _request(one) if one.status < 300 else known["request"]
    return found


def write(examples: Examples, folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    for stale in set(folder.glob("*.json")) - {folder / f"{name}.json" for name in examples}:
        stale.unlink()
    for name, example in examples.items():
        written = json.dumps(example, ensure_ascii=False, indent=2)
        (folder / f"{name}.json").write_text(written + "\n", encoding="utf-8")


def read(folder: Path = FOLDER) -> Examples:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def _request(one: Exchange) -> dict[str, Any]:
    parts = {"path": dict(one.path), "query": dict(one.query), "headers": dict(one.headers), "body": one.body}
    return {name: part for name, part in parts.items() if part}


def _fullness(answer: Any) -> int:
    return -1 if answer is None else len(json.dumps(answer))
