"""green-shield from a shell: what it refuses in one line, and that training ends with an active model."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli import train
from cli.__main__ import main
from cli.park import OUTPUTS, ParkNotFound, park_of
from tests.park import Park
from tests.watched import T0, normal

ROOT = Path(__file__).resolve().parents[2]
SPAN = ["--from", "2026-03-02T00:00:00+08:00", "--to", "2026-03-03T00:00:00+08:00"]


class CloudFormation:
    """Knows one stack."""

    def __init__(self, **outputs: str) -> None:
        self.outputs = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]

    def describe_stacks(self, *, StackName: str) -> Any:  # noqa: N803
        if StackName != "green-shield":
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")
        return {"Stacks": [{"Outputs": self.outputs}]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param([], "required", id="no command"),
        pytest.param(["train", "r1"], "--from", id="no period"),
        pytest.param(["train", "r1", "--from", "yesterday", "--to", "today"], "RFC 3339", id="no times"),
        pytest.param(
            ["train", "r1", "--from", "2026-03-02T00:00", "--to", "2026-03-03T00:00"], "offset", id="no offset"
        ),
        pytest.param(["train", "r1", *SPAN, "--interval", "1"], "seconds", id="an interval too short"),
        pytest.param(["train", "r1", *SPAN, "--interval", "often"], "seconds", id="an interval that is none"),
    ],
)
def test_words_that_make_no_command_are_refused(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert told in capsys.readouterr().err


def test_a_stack_that_is_not_there_is_named() -> None:
    with pytest.raises(ParkNotFound, match="stack nowhere"):
        park_of("nowhere", CloudFormation())


def test_a_stack_of_an_older_version_is_named_with_what_it_lacks() -> None:
    outputs = {name: "there" for name in OUTPUTS.values() if name != "ModelBucketName"}
    with pytest.raises(ParkNotFound, match="ModelBucketName"):
        park_of("green-shield", CloudFormation(**outputs))


def test_a_park_is_found_by_its_stack() -> None:
    settings = park_of("green-shield", CloudFormation(**{name: f"the-{name}" for name in OUTPUTS.values()})).settings
    assert (settings.readings_table, settings.model_bucket) == ("the-ReadingsTableName", "the-ModelBucketName")


def chosen(*words: str) -> Any:
    import argparse

    parser = argparse.ArgumentParser()
    train.add_to(parser.add_subparsers())
    return parser.parse_args(["train", *words])


def test_what_the_park_refuses_is_told_in_one_line_with_advice(capsys: pytest.CaptureFixture[str]) -> None:
    assert train.run(chosen("acme-r9", *SPAN), Park().register().services) == 1
    assert (
        capsys.readouterr().err == "error: unknown_unit: acme-r9. See the ids of units in GET /v1/enterprises/{id}.\n"
    )


def test_every_refusal_has_its_advice() -> None:
    assert set(train.ADVICE) == set(train.TrainingRefused.REASONS)


def test_a_normal_day_makes_an_active_watch(capsys: pytest.CaptureFixture[str]) -> None:
    park = Park().register()
    rows = normal(480, 1)
    times = [T0 - 480 * 180_000 + n * 180_000 for n in range(480)]
    points = {"acme-temperature": 0, "acme-voc": 2, "acme-steam": 3}
    park.upload([{"point": p, "times": times, "values": rows[:, at].tolist()} for p, at in points.items()])
    words = ["acme-r1", "--from", "2026-03-01T10:00:00+08:00", "--to", "2026-03-02T10:00:00+08:00"]
    assert train.run(chosen(*words), park.services) == 0
    (version,) = park.services.watches.active("acme")
    assert set(version.points) == set(points) and version.rows > 470
    assert version.version in capsys.readouterr().out


def test_the_script_says_what_it_can() -> None:
    if not (ROOT / ".venv").exists():
        pytest.skip("there is no .venv here; make venv")
    told = subprocess.run([ROOT / "green-shield", "--help"], capture_output=True, text=True, check=True).stdout
    assert "train" in told
