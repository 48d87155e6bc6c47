"""One local stack for all end-to-end tests: the packaged functions, deployed as on AWS, on a free port of 127.0.0.1.

It is made once for each process of tests: with pytest-xdist every worker has a stack of its own, so tests that break it for a while
(test_faults.py) meet no others.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import local_stack
from tests.live_park import LivePark

LOGS = local_stack.ROOT / "build" / "e2e"


@pytest.fixture(scope="session")
def stack_home() -> Iterator[Path]:
    """Where the shared stack keeps everything. Its processes' logs are kept in build/e2e."""
    home = Path(tempfile.mkdtemp(prefix="green-shield-e2e-"))
    yield home
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in home.glob("*.log"):
        shutil.copy(log, LOGS / log.name)
    local_stack.clean(home)


@pytest.fixture(scope="session")
def stack(stack_home: Path) -> Iterator[local_stack.Stack]:
    """The shared stack, up and with the demo park in it."""
    with local_stack.running(stack_home, 0) as running:
        yield running


@pytest.fixture(scope="session")
def live(stack: local_stack.Stack) -> LivePark:
    """The park on the shared stack."""
    return LivePark(stack)
