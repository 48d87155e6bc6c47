"""Fixtures that more than one directory of tests needs."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Recorded data outside the repository. Where GREENSHIELD_DATA_REQUIRED=1 (CI), it must be there."""
    place = Path(os.environ.get("GREENSHIELD_DATA", ROOT.parent / "shared" / "data"))
    if place.is_dir():
        return place
    message = f"no recorded data at {place}; set GREENSHIELD_DATA to where it is"
    if os.environ.get("GREENSHIELD_DATA_REQUIRED") == "1":
        pytest.fail(message)
    pytest.skip(message)
