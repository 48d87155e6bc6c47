"""All cases of the selected tests run side by side, as most of them wait most of the time; each test then looks at its own."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.edge_faults.cases import RUNS, Case
from tests.edge_faults.figures import OUT, Figures, Outcome, combined, write
from tests.edge_faults.park import ParkThread
from tests.edge_faults.plant import DeviceSite
from tests.edge_faults.scene import Stage

AT_ONCE = 6
LONGEST_S = 400.0


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "case(name): the case of tests/edge_faults that a test is about")


@pytest.fixture(scope="package")
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """The figures of a case, when it is over. All of them go to build/edge_faults.json, above all those of cases that failed."""
    wanted = _wanted(request.session.items)
    with DeviceSite() as site, ThreadPoolExecutor(AT_ONCE) as pool:
        stage = Stage(tmp_path_factory.mktemp("edge"), site, ParkThread())
        runs = {name: pool.submit(_run, stage, name, case) for name, case in RUNS.items() if name in wanted}
        try:
            yield lambda name: runs[name].result(LONGEST_S)
        finally:
            write(_figures(runs), OUT, keep_others=len(runs) < len(RUNS))
            stage.parks.end()


def _wanted(items: list[pytest.Item]) -> set[str]:
    return {marker.args[0] for item in items for marker in item.iter_markers("case")}


def _figures(runs: dict[str, Future[Figures]]) -> dict[str, Figures]:
    return {name: run.result(LONGEST_S) for name, run in runs.items()}


def _run(stage: Stage, name: str, case: Case) -> Figures:
    began_s = time.monotonic()
    error: str | None = None
    try:
        case(stage)
    except Exception as problem:  # noqa: BLE001 -- whatever it was, the figures are written and the test fails
        error = f"{type(problem).__name__}: {problem}"
    figures = combined(stage.parts.get(name) or [Figures(unaccounted=None)])
    return replace(figures, seconds=time.monotonic() - began_s, error=error or figures.error)
