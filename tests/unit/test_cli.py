"""green-shield from a shell: what it refuses in one line, and that training ends with an active model."""

import argparse
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.exchange import IMPORTED, ListName
from cli import exchange, train
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


def does(words: list[str], park: Park) -> int:
    """What a command does to a park in one process."""
    parser = argparse.ArgumentParser()
    exchange.add_to(parser.add_subparsers())
    given = parser.parse_args(words)
    return int(given.run(given, park.services))


@pytest.mark.parametrize("written_as", ["csv", "json"])
def test_every_list_is_taken_away_into_files_and_comes_back_elsewhere(tmp_path: Path, written_as: str) -> None:
    park, fresh = Park().register(), Park()
    assert does(["export", str(tmp_path), "--format", written_as], park) == 0
    assert {one.name for one in tmp_path.iterdir()} == {f"{name}.{written_as}" for name in ListName}
    for name in IMPORTED:
        file = str(tmp_path / f"{name}.{written_as}")
        assert does(["import", name, file, "--apply"], fresh) == 0
    again = tmp_path / "again"
    assert does(["export", str(again), "--format", written_as], fresh) == 0
    for name in IMPORTED:
        file = f"{name}.{written_as}"
        assert (again / file).read_bytes() == (tmp_path / file).read_bytes()


def test_a_sheet_as_spreadsheets_in_china_write_it_is_read_and_a_wrong_cell_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    park, file = Park().register(), tmp_path / "units.csv"
    file.write_bytes(
        "单元编号,企业编号,单元名称,单元类型\r\nacme-r2,acme,二号釜,reactor\r\nacme-r3,none,三号釜,reactor\r\n".encode(
            "gb18030"
        )
    )
    assert does(["import", "units", str(file)], park) == 1
    assert park.services.registry.unit("acme-r2") is None
    told = capsys.readouterr().out
    assert "enterprise_id" in told and "1 new" in told and "nothing was written" in told
    assert does(["import", "units", str(file), "--apply"], park) == 1
    unit = park.services.registry.unit("acme-r2")
    assert unit is not None and unit.name == "二号釜"


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        pytest.param("x.csv", b"colour\r\nred\r\n", "No such column", id="a heading that nobody knows"),
        pytest.param("x.json", b"{}", "array", id="no array of records"),
        pytest.param("x.json", b"[", "Expecting", id="half a document"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_line(
    tmp_path: Path, name: str, data: bytes, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(data)
    assert does(["import", "units", str(tmp_path / name)], Park().register()) == 2
    assert told in capsys.readouterr().err
