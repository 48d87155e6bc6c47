"""Real answers against openapi.yaml: a walk over every route, and requests that a machine made up from the spec itself."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from mobile_api_spec import examples, generate
from mobile_api_spec.recorder import Exchange
from mobile_api_spec.walk import walk

SPEC = generate.load()
OPERATIONS = {one["operationId"]: one for methods in SPEC["paths"].values() for one in methods.values()}
REGISTRY: Registry[Any] = Registry().with_resource("urn:spec", Resource(SPEC, DRAFT202012))
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def walked() -> list[Exchange]:
    return walk()


def test_every_answer_of_the_walk_is_as_the_spec_says(walked: list[Exchange]) -> None:
    wrong = [f"{name(one)}: {problem}" for one in walked for problem in deviations(one)]
    assert wrong == []


def test_every_accepted_request_of_the_walk_is_as_the_spec_says(walked: list[Exchange]) -> None:
    sent = [one for one in walked if one.status < 300 and one.body is not None]
    wrong = [f"{name(one)}: {problem}" for one in sent for problem in invalid(request_schema(one.operation), one.body)]
    assert sent and wrong == []


def test_every_operation_that_the_walk_brings_is_as_its_kind_is_spelled_out(walked: list[Exchange]) -> None:
    batches = [one.body for one in walked if (one.operation, one.status) == ("post_sync", 200)]
    brought = [operation for batch in batches for operation in batch["operations"]]
    known = {"$ref": "#/components/schemas/Operation"}
    assert brought and [problem for operation in brought for problem in invalid(known, operation)] == []


def test_an_operation_with_the_payload_of_another_kind_is_not_as_spelled_out() -> None:
    retest = examples.read()["post_retest"]["request"]["body"]
    wrong = {"id": retest["id"], "kind": "photo", "task_id": "t-1", "at": retest["measured_at"], "payload": retest}
    known = {"$ref": "#/components/schemas/Operation"}
    assert invalid(known, wrong) != []
    assert invalid(known, wrong | {"kind": "retest"}) == []


def test_the_walk_meets_every_answer_that_the_spec_names_and_no_other(walked: list[Exchange]) -> None:
    named = {(operation, *answer) for operation, one in OPERATIONS.items() for answer in answers_of(one)}
    met = {(one.operation, str(one.status), code_of(one)) for one in walked}
    assert named == met


def test_every_example_in_the_spec_is_valid_against_its_own_schema() -> None:
    found = list(embedded_examples())
    assert len(found) > 100
    assert [(where, problem) for where, schema, value in found for problem in invalid(schema, value)] == []


def test_every_body_in_the_spec_has_an_example() -> None:
    bare = [where for where, content in contents() if "example" not in content and "examples" not in content]
    assert bare == []


def test_the_committed_examples_are_what_the_walk_gives(walked: list[Exchange]) -> None:
    assert examples.examples_of(walked) == examples.read()


def deviations(one: Exchange) -> Iterator[str]:
    """How an answer differs from what the spec says of its operation and status."""
    answer = resolved(OPERATIONS[one.operation]["responses"].get(str(one.status), {}))
    if not answer:
        yield "this status is not in the spec"
        return
    yield from wrong_headers(answer, one.answer_headers)
    if "content" not in answer:
        yield from ["a body where there is none in the spec"] if one.answer is not None else []
        return
    media_type = one.answer_headers["Content-Type"]
    if media_type not in answer["content"]:
        yield f"{media_type} is not in the spec"
        return
    schema = answer["content"][media_type]["schema"]
    # A problem's members are all named; other answers may grow.
    yield from invalid(schema | {"unevaluatedProperties": False} if media_type == PROBLEM else schema, one.answer)


def wrong_headers(answer: Mapping[str, Any], given: Mapping[str, str]) -> Iterator[str]:
    for header, known in answer["headers"].items():
        if header not in given:
            yield f"{header} is missing"
            continue
        schema = resolved(known)["schema"]
        value: Any = int(given[header]) if schema.get("type") == "integer" else given[header]
        yield from (f"{header}: {problem}" for problem in invalid(schema, value))


def invalid(schema: Mapping[str, Any], value: Any) -> list[str]:
    validator = OAS31Validator(absolute(schema), registry=REGISTRY, format_checker=oas31_format_checker)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def absolute(schema: Any) -> Any:
    """The schema with its references pointing into the spec wherever it is used."""
    if isinstance(schema, list):
        return [absolute(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: f"urn:spec{one}" if key == "$ref" else absolute(one) for key, one in schema.items()}


def resolved(node: Mapping[str, Any]) -> Any:
    if "$ref" not in node:
        return node
    found: Any = SPEC
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def request_schema(operation: str) -> Any:
    return OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]


def answers_of(operation: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """(status, problem code) of all that an operation may answer."""
    for status, answer in operation["responses"].items():
        content = resolved(answer).get("content", {})
        codes = codes_of(content[PROBLEM]["schema"]) if PROBLEM in content else [None]
        yield from ((status, code) for code in codes)


def codes_of(schema: Mapping[str, Any]) -> list[str]:
    """The codes of a problem, or of a choice of problems."""
    return [resolved(one)["allOf"][1]["properties"]["code"]["const"] for one in schema.get("oneOf", [schema])]


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body of the spec, with a word on where it stands."""
    for operation, one in OPERATIONS.items():
        answers = {status: resolved(answer) for status, answer in one["responses"].items()}
        for where, holder in {"request": one.get("requestBody", {}), **answers}.items():
            yield from ((f"{operation} {where}", content) for content in holder.get("content", {}).values())


def embedded_examples() -> Iterator[tuple[str, Any, Any]]:
    for where, content in contents():
        values = [content["example"]] if "example" in content else []
        values += [one["value"] for one in content.get("examples", {}).values()]
        yield from ((where, content["schema"], value) for value in values)


def code_of(one: Exchange) -> str | None:
    return one.answer["code"] if one.answer_headers["Content-Type"] == PROBLEM else None


def name(one: Exchange) -> str:
    return f"{one.operation} as {one.who} -> {one.status}"
