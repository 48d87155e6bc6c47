"""Show in edge_bridge/README.md what the fault tests and the benchmark measured: `python -m bench.edge_figures`.

The section between <!-- edge-figures --> and <!-- /edge-figures --> is made of build/edge_faults.json and build/bench_edge.json and of nothing else.
`--check` changes nothing and says whether the section is whole: a row for each case, none failed, nothing lost or doubled.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "edge_bridge" / "README.md"
FAULTS = ROOT / "build" / "edge_faults.json"
BENCH = ROOT / "build" / "bench_edge.json"
BEGIN, END = "<!-- edge-figures -->", "<!-- /edge-figures -->"
_SECTION = re.compile(rf"^{BEGIN}\n(.*?)^{END}$", re.DOTALL | re.MULTILINE)

CASES: Mapping[str, str] = {
    "kill_9": "100 kill -9 at random moments",
    "outage_13h": "13 h without the park, 50 devices (time runs faster)",
    "full_refuse_new": "spool full, new readings refused",
    "full_drop_oldest": "spool full, oldest of lowest priority dropped",
    "disk_full": "no space left on the device",
    "server_500": "park answers 500, 502, 503",
    "server_429": "park answers 429 with Retry-After",
    "server_hangs": "park takes requests and never answers",
    "server_cuts": "park stores and closes before it answers",
    "server_frozen": "park frozen for 60 s, connection half open",
    "started_without_server": "started and started again without a park",
    "outage_with_kill": "outage, kill -9 in it, second outage after the restart",
    "doubled_and_reordered": "uploads doubled and delivered late",
    "bad_devices": "a silent, a 3 s and a garbage-talking device among 50",
    "clock_jumps": "wall clock set +1 h, back, -1 h, back",
    "clock_repeats_itself": "wall clock set back over its own track",
    "spool_overwritten": "pages of the spool overwritten",
    "spool_truncated": "spool cut in half",
    "spool_header_zeroed": "header of the spool zeroed",
}
_COLUMNS = ("answered", "stored", "lost", "duplicates", "repeats", "in_ledger", "unstored_at_kill")
_HEAD = (
    "case",
    "readings",
    "at the park",
    "lost",
    "doubled",
    "blocks sent again",
    "named by the ledger",
    "uncommitted at a kill",
    "s",
)
_MUST_BE_ZERO = ("lost", "duplicates")
_NOTE = (
    "Readings are those that devices answered, each known by its value; what the park has includes flags without a value. Named by the ledger:"
    " dropped by the declared policy or gone with a damaged file. Uncommitted at a kill: answered within the commit interval before it."
)
_BENCH = {
    "cpu_s_per_1000_readings": "CPU s per 1,000 readings",
    "rss_mb": "memory, MB",
    "poll_jitter_ms_p99": "poll jitter, ms, p99",
    "read_to_sink_ms_p50": "device to park at urgent upload, ms, p50",
    "max_readings_per_s": "most readings per s",
}


class Unshowable(Exception):
    """There is nothing to show, or no place to show it."""


def section(faults: Mapping[str, Any], bench: Mapping[str, Any] | None) -> str:
    """The text between the marks. Raises Unshowable where a case is missing."""
    cases = faults["cases"]
    if missing := [name for name in CASES if name not in cases]:
        raise Unshowable(f"no figures of {', '.join(missing)}: run the whole of tests/edge_faults")
    rows = [_fault_row(title, cases[name]) for name, title in CASES.items()]
    parts = [f"Faults (bridge {faults['version']}; `make test` makes them again). {_NOTE}", _table(_HEAD, rows)]
    if bench is not None:
        loaded = bench["load"]
        parts += [
            f"Load: {loaded['devices']} devices of {loaded['registers']} registers (`make bench-edge`):",
            _bench_table(bench),
        ]
    return "\n\n".join(parts) + "\n"


def _fault_row(title: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = [_number(figures.get(column)) for column in _COLUMNS]
    return (title + (" **failed**" if figures.get("error") else ""), *numbers, _number(figures.get("seconds")))


def _bench_table(bench: Mapping[str, Any]) -> str:
    rows = [
        (title, *(_number(part.get(name)) for part in (bench, bench["floor"], bench["ratio"], bench["target"])))
        for name, title in _BENCH.items()
    ]
    return _table(("figure", "bridge", "floor (raw sockets)", "ratio", "target"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _number(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number == int(number) or abs(number) >= 1_000 else f"{number:.4g}"


def replaced(page: str, text: str) -> str:
    """The page with another section. Raises Unshowable where it has no marks."""
    if not _SECTION.search(page):
        raise Unshowable(f"the page has no lines {BEGIN} and {END}")
    return _SECTION.sub(lambda _: f"{BEGIN}\n{text}{END}", page)


def problems(page: str) -> list[str]:
    """What is wrong with the section that a page shows."""
    found = _SECTION.search(page)
    if not found:
        return [f"no section between {BEGIN} and {END}"]
    rows = {cells[0]: cells for cells in map(_cells, found[1].splitlines()) if cells}
    if _HEAD[0] not in rows or tuple(rows[_HEAD[0]]) != _HEAD:
        return ["the table's head is not that of the figures"]
    wrong = [f"no row of {title!r}" for title in CASES.values() if title not in rows]
    for title in CASES.values():
        wrong += _row_problems(title, rows.get(title, []))
    return wrong + [f"{cells[0]}" for cells in rows.values() if "**failed**" in cells[0]]


def _row_problems(title: str, cells: Sequence[str]) -> list[str]:
    if cells and len(cells) != len(_HEAD):
        return [f"{title}: {len(cells)} cells, not {len(_HEAD)}"]
    at = [(column, _COLUMNS.index(column) + 1) for column in _MUST_BE_ZERO]
    return [f"{title}: {column} is {cells[i]!r}, not 0" for column, i in at if cells and cells[i] != "0"]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.edge_figures", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the section is whole")
    parser.add_argument("--readme", type=Path, default=README)
    parser.add_argument("--faults", type=Path, default=FAULTS)
    parser.add_argument("--bench", type=Path, default=BENCH)
    options = parser.parse_args(arguments)
    try:
        if not options.check:
            _rewrite(options)
    except Unshowable as error:
        print(error, file=sys.stderr)
        return 1
    wrong = problems(options.readme.read_text(encoding="utf-8"))
    print(
        "\n".join(wrong) or f"{options.readme.name}: the figures of {len(CASES)} cases",
        file=sys.stderr if wrong else sys.stdout,
    )
    return 1 if wrong else 0


def _rewrite(options: argparse.Namespace) -> None:
    if not options.faults.is_file():
        raise Unshowable(f"no {options.faults}: run tests/edge_faults first")
    bench = json.loads(options.bench.read_text()) if options.bench.is_file() else None
    text = section(json.loads(options.faults.read_text()), bench)
    options.readme.write_text(replaced(options.readme.read_text(encoding="utf-8"), text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
