"""`python -m mobile_api_spec.breaking`: would a client of the last released API break on this one? `--release` makes this one the released.

What breaks a client: an operation, an answer's status or a field of an answer that is gone or may now be absent; a request that is refused
though it was fine: a new required field, a field that is no longer known, a narrower type, range or list of values. New operations,
fields, problems and values in answers break nobody. A break that is meant is declared in CHANGELOG.md, as a line `- Breaking: <what the check says>`.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mobile_api_spec.generate import load

RELEASED = Path(__file__).parent / "released.json"
CHANGELOG = Path(__file__).parent / "CHANGELOG.md"
DECLARED = "- Breaking: "
METHODS = ("get", "put", "post", "delete", "patch")
UPPER = ("maximum", "maxLength", "maxItems", "exclusiveMaximum")
LOWER = ("minimum", "minLength", "minItems", "exclusiveMinimum")
WORDS = ("description", "example", "examples", "summary", "title")
Schema = Mapping[str, Any]


def contract(node: Any) -> Any:
    """A spec without its words and examples: what a client depends on."""
    if isinstance(node, list):
        return [contract(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {k: contract(v) for k, v in node.items() if not (k in WORDS and not isinstance(v, dict))}


class Comparison:
    def __init__(self, before: Schema, after: Schema) -> None:
        self._before, self._after = before, after
        self._seen: set[tuple[str, str, bool]] = set()

    def breaks(self) -> Iterator[str]:
        for path, methods in self._before["paths"].items():
            for method in [one for one in METHODS if one in methods]:
                name = f"{method.upper()} {path}"
                known = self._after["paths"].get(path, {}).get(method)
                if known is None:
                    yield f"{name} is gone"
                else:
                    yield from self._operation(name, methods[method], known)

    def _operation(self, name: str, before: Schema, after: Schema) -> Iterator[str]:
        yield from self._parameters(name, before, after)
        for status in [one for one in before["responses"] if one.startswith("2")]:
            if status not in after["responses"]:
                yield f"{name} no longer answers {status}"
                continue
            was, now = (
                _body(self._resolved(spec, one["responses"][status])) for spec, one in self._pairs(before, after)
            )
            yield from self._schema(f"{name} {status}", was, now, is_answer=True)
        was, now = (_body(self._resolved(spec, one.get("requestBody", {}))) for spec, one in self._pairs(before, after))
        if now and not was and after["requestBody"].get("required"):
            yield f"{name} asks for a body"
        yield from self._schema(f"{name} body", was, now, is_answer=False)

    def _pairs(self, before: Schema, after: Schema) -> tuple[tuple[Schema, Schema], tuple[Schema, Schema]]:
        return (self._before, before), (self._after, after)

    def _parameters(self, name: str, before: Schema, after: Schema) -> Iterator[str]:
        was, now = (
            {(p["in"], p["name"]): p for p in (self._resolved(spec, one) for one in operation.get("parameters", ()))}
            for spec, operation in self._pairs(before, after)
        )
        for where, parameter in was.items():
            label = f"{name} {where[0]} {where[1]}"
            if where not in now:
                yield f"{label} is gone"
            else:
                yield from self._schema(
                    label, parameter.get("schema", {}), now[where].get("schema", {}), is_answer=False
                )
        for where, parameter in now.items():
            if parameter.get("required") and not was.get(where, {}).get("required"):
                yield f"{name} {where[0]} {where[1]} is required now"

    def _schema(self, where: str, before: Schema, after: Schema, *, is_answer: bool) -> Iterator[str]:
        refs = (str(before.get("$ref", "")), str(after.get("$ref", "")), is_answer)
        if refs[0] and refs in self._seen:
            return
        self._seen.add(refs)
        was, now = self._resolved(self._before, before), self._resolved(self._after, after)
        if not was or not now:
            if was and not now and is_answer:
                yield f"{where} is empty now"
            return
        yield from _narrowed(where, was, now, is_answer=is_answer)
        yield from self._fields(where, was, now, is_answer=is_answer)
        if "items" in was and "items" in now:
            yield from self._schema(f"{where}[]", was["items"], now["items"], is_answer=is_answer)
        options = [one for one in now.get("anyOf", ()) if one.get("type") != "null"]
        known = [one for one in was.get("anyOf", ()) if one.get("type") != "null"]
        if len(options) == len(known) == 1:
            yield from self._schema(where, known[0], options[0], is_answer=is_answer)

    def _fields(self, where: str, was: Schema, now: Schema, *, is_answer: bool) -> Iterator[str]:
        fields, left = was.get("properties", {}), now.get("properties", {})
        for name, schema in fields.items():
            if name not in left:
                yield f"{where}.{name} is gone"
                continue
            yield from self._schema(f"{where}.{name}", schema, left[name], is_answer=is_answer)
            if is_answer and name in was.get("required", ()) and name not in now.get("required", ()):
                yield f"{where}.{name} may be absent now"
        if not is_answer:
            for name in set(now.get("required", ())) - set(was.get("required", ())):
                yield f"{where}.{name} is required now"

    def _resolved(self, spec: Schema, node: Schema) -> Schema:
        while "$ref" in node:
            found: Any = spec
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node


def _body(node: Schema) -> Schema:
    content = node.get("content", {})
    return dict(content.get("application/json", {}).get("schema", {}))


def _narrowed(where: str, was: Schema, now: Schema, *, is_answer: bool) -> Iterator[str]:
    if "type" in was and "type" in now and was["type"] != now["type"]:
        yield f"{where} is {now['type']}, it was {was['type']}"
    if is_answer:
        return
    if "enum" in now and (gone := [one for one in was.get("enum", ()) if one not in now["enum"]]):
        yield f"{where} no longer takes {', '.join(map(str, gone))}"
    for names, is_worse in ((UPPER, lambda new, old: new < old), (LOWER, lambda new, old: new > old)):
        for name in names:
            if name in now and (name not in was or is_worse(now[name], was[name])):
                yield f"{where} has a narrower {name}"
    if "pattern" in now and now["pattern"] != was.get("pattern"):
        yield f"{where} has another pattern"


def undeclared(breaks: list[str], changelog: str) -> list[str]:
    declared = {line.removeprefix(DECLARED).strip() for line in changelog.splitlines() if line.startswith(DECLARED)}
    return [one for one in breaks if one not in declared]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mobile_api_spec.breaking", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--release", action="store_true", help="this is the released API from now on")
    current = contract(load())
    if parser.parse_args().release:
        RELEASED.write_text(json.dumps(current, ensure_ascii=False, sort_keys=True, indent=1) + "\n", encoding="utf-8")
        return 0
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    found = undeclared(sorted(set(Comparison(released, current).breaks())), CHANGELOG.read_text(encoding="utf-8"))
    for one in found:
        print(f"breaks a client of {released['info']['version']}: {one}", file=sys.stderr)
    if not found:
        print(f"no client of {released['info']['version']} breaks")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
