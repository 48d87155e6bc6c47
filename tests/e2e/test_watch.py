"""The unit watch on the packaged functions: trained from a shell, judged in evaluate, renewed by learn."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import numpy as np

from infra.local_stack import ROOT
from tests.live_park import LivePark, LivePlant, eventually, now_ms

STEP_MS = 180_000
NORMAL, AFTER = 260, 100
SCHEDULED = {"version": "0", "id": "test", "detail-type": "Scheduled Event", "source": "aws.events", "account": "0",
             "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "resources": [], "detail": {}}  # fmt: skip


def test_a_unit_trained_from_a_shell_is_watched_and_renewed(live: LivePark) -> None:
    plant = live.plant("watched")
    begin_ms = (now_ms() // STEP_MS - NORMAL - AFTER) * STEP_MS
    rows = ordinary(NORMAL + AFTER)
    rows[NORMAL + 20 :] += np.array([4.0, 3.0])
    assert uploads(plant, rows[:NORMAL], begin_ms) == NORMAL * 2

    told = trains(live, f"{plant.id}-r1", begin_ms, begin_ms + NORMAL * STEP_MS)
    assert told.returncode == 0 and "cross-validation" in told.stdout, told.stderr

    live.restart("evaluate")  # a process that has just seen that there is no model believes it for a minute
    uploads(plant, rows[NORMAL:], begin_ms + NORMAL * STEP_MS)
    (found,) = eventually(lambda: observations(live, plant), "the watch's observation")
    assert {finding["point"] for finding in found["findings"]} == {f"{plant.id}-r1-temperature", f"{plant.id}-r1-voc"}
    assert plant.tasks() == []
    assert answer_of_learn(live) is None


def observations(live: LivePark, plant: LivePlant) -> list[Any]:
    found = live.phones["committee"].get("v1/observations", limit=100)["items"]
    return [one for one in found if one["unit_id"] == f"{plant.id}-r1" and one["kind"] == "early_coupled"]


def ordinary(count: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    dice = np.random.default_rng(1)
    state, rows = 0.0, []
    for _ in range(count):
        state = 0.9 * state + dice.normal() * 0.4
        rows.append([170.0 + 0.8 * state + dice.normal() * 0.2, 30.0 + 0.4 * state + dice.normal() * 0.2])
    return np.array(rows)


def uploads(plant: LivePlant, rows: "np.ndarray[Any, np.dtype[np.float64]]", begin_ms: int) -> int:
    times = [begin_ms + n * STEP_MS for n in range(len(rows))]
    names = ("temperature", "voc")
    answer = plant.upload(
        [
            {"point": f"{plant.id}-r1-{one}", "times": times, "values": rows[:, at].tolist()}
            for at, one in enumerate(names)
        ]
    )
    assert answer.status_code == 202, answer.text
    return int(answer.json()["stored_readings"])


def trains(live: LivePark, unit: str, begin_ms: int, end_ms: int) -> "subprocess.CompletedProcess[str]":
    """`green-shield train` with the local stack's endpoint and dummy credentials."""
    begin, end = (datetime.fromtimestamp(at / 1000, UTC).isoformat() for at in (begin_ms, end_ms))
    aws = {"AWS_ENDPOINT_URL": live.stack.aws["endpoint"], "AWS_DEFAULT_REGION": live.stack.aws["region"]}
    aws |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    words = [sys.executable, "-m", "cli", "train", unit, "--from", begin, "--to", end]
    return subprocess.run(words, cwd=ROOT, env={**os.environ, **aws}, capture_output=True, text=True, check=False)


def answer_of_learn(live: LivePark) -> Any:
    answer = live.aws("lambda").invoke(FunctionName=live.functions["learn"], Payload=json.dumps(SCHEDULED).encode())
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told
