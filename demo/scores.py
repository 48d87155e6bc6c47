"""Each enterprise's score at the end, and its ledger held against the history that it comes from."""

import time
from collections.abc import Iterable
from typing import Any

from demo.client import Phone

SCORED_WITHIN_S = 20.0  # a closed task's entries follow it by a moment


def check_scores(committee: Phone, enterprise_ids: Iterable[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """(score and grade by enterprise, what is not as the history gives it)."""
    scores: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for enterprise_id in sorted(enterprise_ids):
        path = f"v1/enterprises/{enterprise_id}"
        recount = _recounted(committee, path)
        if not recount["is_same"]:
            problems.append(f"the score of {enterprise_id} is not what its history gives: {recount}")
        score = committee.get(f"{path}/score")
        scores[committee.get(path)["name"]] = {
            "score": score["score"],
            "grade": score["grade_text"],
            "entries": len(score["entries"]),
        }
    return scores, problems


def _recounted(committee: Phone, path: str) -> dict[str, Any]:
    deadline = time.monotonic() + SCORED_WITHIN_S
    while True:
        recount = committee.get(f"{path}/score/recount")
        if recount["is_same"] or time.monotonic() > deadline:
            return recount
        time.sleep(0.5)
