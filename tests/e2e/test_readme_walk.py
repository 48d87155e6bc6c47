"""The walk of the README as it stands: its blocks of commands, fed to bash line by line, in a folder that looks like a clone."""

import re
import subprocess
import sys
from pathlib import Path

import httpx

from infra.local_stack import ROOT, Stack

WALK = "A walk through the loop"
WITHIN_S = 300


def walk() -> str:
    """Every command of the section, in order."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {WALK}\n")[1].split("\n## ")[0]
    return "".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def clone(folder: Path, stack_home: Path) -> Path:
    """What the walk finds around it: the project's files, .venv, and .local with the running stack."""
    for path in ROOT.iterdir():
        if path.name not in (".git", ".local", ".venv", "build"):
            (folder / path.name).symlink_to(path)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / ".local").symlink_to(stack_home)
    return folder


def test_the_walk_of_the_readme_works_as_written(stack: Stack, stack_home: Path, tmp_path: Path) -> None:
    script = f'{walk()}\necho "walked $TASK"\n'
    done = subprocess.run(
        ["bash", "-e", "-u", "-o", "pipefail"],
        input=script,
        cwd=clone(tmp_path, stack_home),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    said = done.stdout[-3000:] + done.stderr[-3000:]
    assert done.returncode == 0, said
    assert done.stderr == "", said

    committee = {"Authorization": f"Bearer {stack.tokens['committee']}"}
    task_id = done.stdout.split()[-1]
    with httpx.Client(base_url=stack.api, headers=committee, timeout=60) as client:
        task = client.get(f"v1/tasks/{task_id}").json()
        score = client.get("v1/enterprises/lvyuan/score").json()
        evidence = client.get(f"v1/tasks/{task_id}/evidence").json()
        deliveries = client.get(f"v1/tasks/{task_id}/deliveries").json()["items"]
    assert (task["state"], task["tier"], task["safety"]["state"], task["environment"]["state"]) == (
        "closed",
        3,
        "passed",
        "passed",
    )
    assert task["warning_cleared_at"], "the readings came back"
    assert [photo["state"] for photo in evidence["photos"]] == ["verified"]
    assert len(evidence["retests"]) == len(evidence["rectifications"]) == 1
    assert {entry["cause"] for entry in score["entries"] if entry["task_id"] == task_id} == {"warning", "timely"}
    assert {one["status"] for one in deliveries} == {"sent"}
    assert "403 您的角色不能进行此操作" in done.stdout, "the other department may not judge this side"
