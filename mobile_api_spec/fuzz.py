"""`make fuzz-api`: made-up requests against the running local stack (`make up` first), as each kind of person.

All checks of schemathesis and all its phases, stateful ones too, but two: `positive_data_acceptance`, for no schema can say that a credit
code has its check digit or that a unit exists; and `unsupported_method`, which the gateway answers and not the API. It writes what it
makes up into the park: start from a fresh one, and clean it afterwards.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from mobile_api_spec.generate import SPEC

ROOT = Path(__file__).resolve().parent.parent
STACK = ROOT / ".local" / "stack.json"
# The admin last: a made-up registry has made-up roles.
PEOPLE = ("enterprise", "inspector_safety", "department_safety", "admin")
LEFT_OUT = "positive_data_acceptance,unsupported_method"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mobile_api_spec.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--examples", type=int, default=8, help="for each operation and person (default: 8)")
    parser.add_argument("--seconds", type=int, default=300, help="at most for each person (default: 300)")
    chosen = parser.parse_args()
    if not STACK.is_file():
        print("error: no local stack runs; start one with `make up`", file=sys.stderr)
        return 2
    stack = json.loads(STACK.read_text())
    failed = [who for who in PEOPLE if _fuzz(stack, who, chosen) != 0]
    print(f"answers outside the spec as: {', '.join(failed)}" if failed else "every answer is as the spec says")
    return 1 if failed else 0


def _fuzz(stack: dict[str, object], who: str, chosen: argparse.Namespace) -> int:
    tokens = stack["tokens"]
    assert isinstance(tokens, dict)
    print(f"as {who}", flush=True)
    command = [
        str(Path(sys.executable).parent / "st"), "run", str(SPEC), "--url", str(stack["api"]),
        "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(chosen.examples), "--max-time", str(chosen.seconds),
        "--checks", "all", "--exclude-checks", LEFT_OUT, "--header", f"Authorization: Bearer {tokens[who]}",
        "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--request-timeout", "30",
    ]  # fmt: skip
    hooks = {"SCHEMATHESIS_HOOKS": "mobile_api_spec.fuzz_hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=False, env=os.environ | hooks).returncode


if __name__ == "__main__":
    sys.exit(main())
