"""Figures on their way from the cases to the file and to the README."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench import edge_figures
from bench.edge_figures import BEGIN, CASES, END, Unshowable, problems, replaced, section
from green_shield_bridge import __version__
from tests.edge_faults.figures import Figures, combined, write

PAGE = f"# bridge\n\nbefore\n\n{BEGIN}\nold\n{END}\n\nafter\n"
BENCH = {
    "cpu_s_per_1000_readings": 0.0105,
    "rss_mb": 58.2,
    "poll_jitter_ms_p99": 12.4,
    "read_to_sink_ms_p50": 11.0,
    "max_readings_per_s": 50_520.0,
    "floor": {"cpu_s_per_1000_readings": 0.0026},
    "ratio": {"cpu_s_per_1000_readings": 4.04},
    "target": {"cpu_s_per_1000_readings": 0.011, "max_readings_per_s": 35_000.0},
    "load": {"devices": 50, "registers": 100, "seconds": 10.0},
}


def faults(**changed: Figures) -> dict[str, Any]:
    figures = {name: Figures(answered=1_200, stored=1_210, seconds=3.21) for name in CASES} | changed
    return {"version": "1.2.3", "cases": {name: one.entry() for name, one in figures.items()}}


def test_a_case_without_figures_is_not_passed_over() -> None:
    some = faults()
    del some["cases"]["kill_9"]
    with pytest.raises(Unshowable, match="kill_9"):
        section(some, None)


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(Unshowable, match=END):
        replaced("# bridge\n", "new\n")


def test_only_the_section_of_a_page_changes() -> None:
    assert replaced(PAGE, "new\n") == PAGE.replace("old\n", "new\n")


def test_the_section_has_a_row_for_each_case_and_each_figure_of_the_benchmark() -> None:
    text = section(faults(), BENCH)
    assert [title for title in CASES.values() if f"| {title} | 1,200 | 1,210 | 0 | 0 |" not in text] == []
    assert "| CPU s per 1,000 readings | 0.0105 | 0.0026 | 4.04 | 0.011 |" in text
    assert "| most readings per s | 50,520 |  |  | 35,000 |" in text
    assert "bridge 1.2.3" in text


def test_a_section_as_made_is_whole() -> None:
    assert problems(replaced(PAGE, section(faults(), BENCH))) == []


BROKEN = {
    "without a section": ("# bridge\n", "no section"),
    "with an empty section": (PAGE, "head"),
    "with a loss": (replaced(PAGE, section(faults(kill_9=Figures(lost=3)), None)), "lost is '3', not 0"),
    "with a duplicate": (replaced(PAGE, section(faults(server_cuts=Figures(duplicates=1)), None)), "duplicates is '1'"),
    "with a case that failed": (replaced(PAGE, section(faults(disk_full=Figures(error="no")), None)), "no space left"),
    "without a case": (
        replaced(PAGE, section(faults(), None)).replace(CASES["outage_13h"], "something else"),
        CASES["outage_13h"],
    ),
}


@pytest.mark.parametrize(("page", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_page_is_refused(page: str, said: str) -> None:
    assert said in "\n".join(problems(page))


def test_the_command_rewrites_the_page_and_checks_it(tmp_path: Path) -> None:
    readme, measured = tmp_path / "README.md", tmp_path / "edge_faults.json"
    readme.write_text(PAGE)
    options = ["--readme", str(readme), "--faults", str(measured), "--bench", str(tmp_path / "none.json")]
    assert edge_figures.main(options) == 1
    measured.write_text(json.dumps(faults()))
    assert edge_figures.main(["--check", *options]) == 1
    assert edge_figures.main(options) == 0
    assert edge_figures.main(["--check", *options]) == 0
    assert "before" in readme.read_text()


def test_the_file_is_sorted_has_the_version_and_no_half_one_stays(tmp_path: Path) -> None:
    out = tmp_path / "build" / "edge_faults.json"
    write({"kill_9": Figures(), "disk_full": Figures(error="it broke")}, out, keep_others=False)
    document = json.loads(out.read_text())
    assert document["version"] == __version__
    assert list(document["cases"]) == ["disk_full", "kill_9"]
    assert document["cases"]["disk_full"]["error"] == "it broke"
    assert list(out.parent.iterdir()) == [out]


def test_a_run_of_some_cases_keeps_the_others_of_the_same_version(tmp_path: Path) -> None:
    out = tmp_path / "edge_faults.json"
    write({"kill_9": Figures(lost=1), "disk_full": Figures()}, out, keep_others=False)
    write({"kill_9": Figures()}, out, keep_others=True)
    assert {name: case["lost"] for name, case in json.loads(out.read_text())["cases"].items()} == {
        "disk_full": 0,
        "kill_9": 0,
    }
    write({"server_500": Figures()}, out, keep_others=False)
    assert list(json.loads(out.read_text())["cases"]) == ["server_500"]
    out.write_text(json.dumps({"version": "another", "cases": {"kill_9": {}}}))
    write({"server_500": Figures()}, out, keep_others=True)
    assert list(json.loads(out.read_text())["cases"]) == ["server_500"]


def test_two_bridges_of_one_case_add_up_and_the_longest_waits_count() -> None:
    one = Figures(produced=10, lost=1, seconds=4.0, done={"kills": 50, "unstored_at_kill_s_max": 0.2}, evidence=["a"])
    two = Figures(produced=5, seconds=6.0, done={"kills": 50, "unstored_at_kill_s_max": 0.1}, error="it broke")
    both = combined([one, two])
    assert (both.produced, both.lost, both.seconds, both.error) == (15, 1, 6.0, "it broke")
    assert both.done == {"kills": 100, "unstored_at_kill_s_max": 0.2}
    assert both.evidence == ["a"]
