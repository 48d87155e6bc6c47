"""make bench-tep: the shape of its file, and what it must reach on the recorded runs."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench.tep import BadData, measure, read_run, train_on
from chalicelib.domain.watch_codec import pack_model

QUIET = Console(quiet=True)
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="no file"),
        pytest.param("a b c", id="no numbers"),
        pytest.param("1 2 3\n4 5 6", id="other columns"),
        pytest.param("\n".join([" ".join(["nan"] * 52)] * 3), id="values missing"),
    ],
)
def test_a_run_that_is_none_is_refused_by_name(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "d01_te.dat"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadData, match=r"d01_te\.dat"):
        read_run(file)


def test_a_folder_without_runs_ends_with_one_line(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "bench.tep", "--data", str(tmp_path), "--out", str(tmp_path / "out.json")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr.startswith("error: ") and len(done.stderr.splitlines()) == 1


def test_detection_and_false_alarms_on_the_recorded_runs(shared_data: Path) -> None:
    report = measure(shared_data / "tep", QUIET)
    counted = [run for fault, run in report.runs.items() if fault not in ("03", "09", "15")]
    assert report.mean_fdr is not None and report.mean_fdr >= 0.95
    assert report.max_far is not None and report.max_far <= 0.01 and report.far_normal <= 0.01
    assert all(run.first_detected_row is not None for run in counted)
    assert all(run.fdr < 0.05 for fault, run in report.runs.items() if fault in ("03", "09", "15"))


def test_the_file_has_the_agreed_shape(shared_data: Path, tmp_path: Path) -> None:
    for name in ("d00.dat", "d00_te.dat", "d06_te.dat", "d03_te.dat"):
        (tmp_path / name).write_bytes((shared_data / "tep" / name).read_bytes())
    entry = json.loads(json.dumps(measure(tmp_path, QUIET).entry()))
    assert set(entry) == {"runs", "mean_fdr", "max_far", "far_normal"} and set(entry["runs"]) == {"03", "06"}
    assert set(entry["runs"]["06"]) == {"fdr", "far", "first_detected_row"}
    assert entry["mean_fdr"] == entry["runs"]["06"]["fdr"] and entry["runs"]["06"]["first_detected_row"] == 161
    assert entry["runs"]["03"]["first_detected_row"] is None


def test_the_runs_to_judge_have_no_part_in_training(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "d00.dat").write_bytes((shared_data / "tep" / "d00.dat").read_bytes())
    assert pack_model(train_on(tmp_path)) == pack_model(train_on(shared_data / "tep"))


def test_a_run_on_its_side_is_turned(tmp_path: Path) -> None:
    rows = np.arange(60 * 52, dtype=float).reshape(60, 52)
    np.savetxt(tmp_path / "side.dat", rows.T)
    assert (read_run(tmp_path / "side.dat") == rows).all()
