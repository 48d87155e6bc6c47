"""docs/verify_credit_file.py, loaded as it stands: what a stranger runs."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "docs" / "verify_credit_file.py"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_credit_file", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT: Any = _loaded()
