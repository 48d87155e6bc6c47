"""The TypeScript client of mobile_api_spec/typescript: it compiles against the spec, and two phones and two desks of it close a task."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.camera import take_photo
from mobile_api_spec import client_build
from mobile_api_spec.client_build import CLIENT, ClientProblem, NoPackages
from mobile_api_spec.generate import SPEC
from tests.live_park import HOT, SITE, LivePark

PART = 5 * 1024 * 1024
WALK_S = 240
ROLES = ("inspector_safety", "inspector_environment", "department_safety", "department_environment")
RETESTS = {
    "safety": {"indicator": "reactor_temperature", "value": HOT["temperature"], "unit": "Cel"},
    "environment": {"indicator": "voc", "value": HOT["voc"], "unit": "mg/m3"},
}
BATCH = ("acknowledge", "photo", "retest", "submission")


@pytest.fixture(scope="module")
def client() -> Path:
    """The client, generated and compiled. Where npm's registry cannot be reached: a skip, or a failure where GREENSHIELD_NPM_REQUIRED=1 (CI)."""
    try:
        client_build.build()
    except NoPackages as error:
        if client_build.is_required():
            pytest.fail(f"{error}, and {client_build.REQUIRED}=1")
        pytest.skip(str(error))
    return CLIENT


def test_the_client_stands_a_bad_line(client: Path) -> None:
    client_build.run_script("check", client)


@pytest.mark.parametrize(
    ("model", "field", "broken"),
    [
        pytest.param("SubmissionIn", "media", "src/walk.ts", id="a field that the client sends is gone"),
        pytest.param("SyncOut", "next_cursor", "src/phone.ts", id="a field that the client reads is gone"),
    ],
)
def test_a_client_of_a_spec_that_changed_does_not_compile(
    client: Path, tmp_path: Path, model: str, field: str, broken: str
) -> None:
    other = copy_with(client, tmp_path, renamed(model, field))
    client_build.run_script("generate", other)
    with pytest.raises(ClientProblem, match=rf"{broken}.*error TS"):
        client_build.run_script("compile", other)


def renamed(model: str, field: str) -> dict[str, Any]:
    """The spec with a field of a model under another name."""
    spec: dict[str, Any] = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    schema = spec["components"]["schemas"][model]
    schema["properties"][f"{field}_2"] = schema["properties"].pop(field)
    schema["required"] = [one for one in schema["required"] if one != field]
    return spec


def copy_with(client: Path, folder: Path, spec: dict[str, Any]) -> Path:
    (folder / "openapi.yaml").write_text(json.dumps(spec), encoding="utf-8")  # JSON is YAML too
    other = folder / client.name
    shutil.copytree(client, other, ignore=shutil.ignore_patterns("node_modules", "dist", "spec.ts"))
    (other / "node_modules").symlink_to(client / "node_modules")
    return other


def test_two_phones_and_two_desks_of_it_close_a_task_though_the_line_is_bad(
    client: Path, live: LivePark, tmp_path: Path
) -> None:
    plant = live.plant("typescript")
    plant.reads(HOT)
    task = plant.task_of()

    done = client_build.walk(walk_environment(live, plant.id, tmp_path), client, timeout_s=WALK_S)
    assert done.returncode == 0, done.stderr[-3000:]
    walked = json.loads(done.stdout)

    settled = dict(one.split(": ") for one in walked["settled"])
    assert (walked["task_id"], tuple(settled)) == (task["id"], BATCH)
    assert set(settled.values()) <= {"applied", "merged"}
    assert walked["whole_again"] == walked["settled"] and walked["part_again"] == walked["settled"][2:]
    assert walked["requests_lost"] == 4, "three tries without a line, and an answer that was lost after the park acted"
    assert not walked["changed_by_repeating"]
    assert (walked["state"], walked["sides"]) == ("closed", {"safety": "passed", "environment": "passed"})
    each_thing_is_there_once(live, task)


def walk_environment(live: LivePark, enterprise_id: str, folder: Path) -> dict[str, str]:
    photos = {"safety": folder / "safety.jpg", "environment": folder / "environment.jpg"}
    for side, file in photos.items():
        file.write_bytes(take_photo(f"typescript {side}", **SITE))
    with photos["safety"].open("ab") as long:  # decoders stop at the picture's end; what follows makes two parts of it
        long.write(bytes(PART))
    return {
        "GREENSHIELD_API": live.stack.api,
        "GREENSHIELD_ENTERPRISE": enterprise_id,
        "GREENSHIELD_TOKENS": json.dumps({role: live.stack.tokens[role] for role in ROLES}),
        "GREENSHIELD_PHOTOS": json.dumps({side: str(file) for side, file in photos.items()}),
        "GREENSHIELD_RETESTS": json.dumps(RETESTS),
    }


def each_thing_is_there_once(live: LivePark, task: dict[str, Any]) -> None:
    closed = live.task(task)
    assert closed["state"] == "closed"
    assert {one["by"] for one in closed["acknowledgements"]} >= {live.person(role) for role in ROLES[:2]}
    assert len(closed["acknowledgements"]) == 2
    for side in ("safety", "environment"):
        assert (closed[side]["state"], closed[side]["revision"]) == ("passed", 1)
        assert closed[side]["submission"]["by"] == live.person(f"inspector_{side}")
    evidence = live.phones["committee"].get(f"v1/tasks/{task['id']}/evidence")
    assert sorted((one["dimension"], one["state"]) for one in evidence["photos"]) == [
        ("environment", "verified"),
        ("safety", "verified"),
    ]
    assert sorted(one["dimension"] for one in evidence["retests"]) == ["environment", "safety"]
