"""Each enterprise's credit file, exported as JSON and PDF and verified as a stranger would: by docs/verify_credit_file.py alone, in a process
of its own, against the certificate that the park hands out."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from demo.client import Phone

VERIFIER = Path(__file__).resolve().parent.parent / "docs" / "verify_credit_file.py"
FORMS = {"json": "credit-file", "pdf": "credit-file.pdf"}
VERIFY_WITHIN_S = 60


def export_credit_files(
    committee: Phone, enterprise_ids: Iterable[str], certificate: Path, folder: Path
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """(where each enterprise's files are and the verdict on them, by its name; what is not valid)."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(certificate, folder / "park.pem")
    told: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for enterprise_id in sorted(enterprise_ids):
        path = f"v1/enterprises/{enterprise_id}"
        files = [folder / f"{enterprise_id}.{form}" for form in FORMS]
        for file, route in zip(files, FORMS.values(), strict=True):
            file.write_bytes(committee.raw(f"{path}/{route}"))
        is_valid, said = verified(files, folder / "park.pem")
        if not is_valid:
            problems.append(f"the credit file of {enterprise_id}: {said}")
        name = committee.get(path)["name"]
        told[name] = {"files": [str(one) for one in files], "verdict": "intact" if is_valid else "NOT valid"}
    return told, problems


def verified(files: list[Path], certificate: Path) -> tuple[bool, str]:
    words = [sys.executable, "-I", str(VERIFIER), "--certificate", str(certificate), *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=VERIFY_WITHIN_S)
    return done.returncode == 0, done.stdout.strip() or done.stderr.strip()[-300:]
