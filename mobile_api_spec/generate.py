"""`python -m mobile_api_spec.generate` writes openapi.yaml; `--examples` takes the examples anew first; `--check` only compares.

The spec is never edited by hand: it follows from the route table, the models, the access table and the recorded examples.
"""

import argparse
import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from openapi_spec_validator import validate

from app import app
from chalicelib.api.http import ENDPOINTS
from mobile_api_spec import examples
from mobile_api_spec.document import build

SPEC = Path(__file__).parent / "openapi.yaml"
HEAD = "# Made by `make spec` from the code; do not edit.\n"
Route = tuple[str, str]


class SpecProblem(Exception):
    """Why there is no spec. The message says what to do."""


def render() -> str:
    """The spec as YAML. Raises SpecProblem where a route is not in the table or the document is not valid OpenAPI."""
    check_routes(
        {(m, path) for path, methods in app.routes.items() for m in methods}, {(e.method, e.path) for e in ENDPOINTS}
    )
    document = build(ENDPOINTS, examples.read())
    validate(document)
    return HEAD + yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def load() -> dict[str, Any]:
    """The committed spec."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    spec: dict[str, Any] = yaml.load(SPEC.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    return spec


def check_routes(routes: Iterable[Route], endpoints: Iterable[Route]) -> None:
    """Every route of the app stands in ENDPOINTS and the other way round. Raises SpecProblem."""
    served, known = set(routes), set(endpoints)
    wrong = [f"{method} {path}: served, but not registered by @endpoint" for method, path in sorted(served - known)]
    wrong += [
        f"{method} {path}: in ENDPOINTS, but its blueprint is not registered" for method, path in sorted(known - served)
    ]
    if wrong:
        raise SpecProblem("\n".join(wrong))


def compare(committed: str, generated: str) -> str:
    """A unified diff; empty where there is no difference."""
    before, after = committed.splitlines(keepends=True), generated.splitlines(keepends=True)
    return "".join(
        difflib.unified_diff(
            before, after, fromfile="openapi.yaml as committed", tofile="openapi.yaml as the code has it"
        )
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write mobile_api_spec/openapi.yaml.")
    parser.add_argument(
        "--check", action="store_true", help="compare with the committed file and fail where they differ"
    )
    parser.add_argument("--examples", action="store_true", help="take the examples anew from a run of the whole API")
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except SpecProblem as problem:
        print(problem, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    if options.examples and not options.check:
        from mobile_api_spec.walk import walk

        examples.write(examples.examples_of(walk()))
    generated = render()
    if options.check:
        return _check(generated)
    SPEC.write_text(generated, encoding="utf-8")
    return 0


def _check(generated: str) -> int:
    committed = SPEC.read_text(encoding="utf-8") if SPEC.exists() else ""
    difference = compare(committed, generated)
    if difference:
        print(f"{difference}\nThe spec and the code differ: run `make spec` and commit.", file=sys.stderr)
    return 1 if difference else 0


class _Plain(yaml.SafeDumper):
    """Every value written out: anchors make a spec hard to read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Plain, text: str) -> yaml.ScalarNode:
    """Lines as lines."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


if __name__ == "__main__":
    sys.exit(main())
