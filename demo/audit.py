"""Every task's audit, exported and checked as a stranger would: by docs/verify_audit.py alone, in a process of its own."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from demo.client import Phone

VERIFIER = Path(__file__).resolve().parent.parent / "docs" / "verify_audit.py"


def check_audits(committee: Phone, tasks: list[dict[str, Any]]) -> tuple[dict[str, int], list[str]]:
    """(how many chains and entries hold, what does not)."""
    problems: list[str] = []
    entries = 0
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "export.json"
        for task in tasks:
            file.write_bytes(committee.raw(f"v1/audit/task:{task['id']}/export"))
            done = subprocess.run([sys.executable, "-I", str(VERIFIER), str(file)], capture_output=True, text=True, check=False)  # fmt: skip
            if done.returncode:
                problems.append(f"the audit of {task['id']}: {done.stdout.strip() or done.stderr.strip()[-200:]}")
            entries += int(committee.get(f"v1/audit/task:{task['id']}", limit=1)["count"])
    return {"chains": len(tasks), "entries": entries, "broken": len(problems)}, problems
