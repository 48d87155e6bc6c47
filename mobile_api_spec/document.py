"""The OpenAPI document, put together from the route table, the models, the access table and the recorded examples."""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from chalicelib.api.http import PROBLEM, Endpoint
from chalicelib.api.models.catalogue import ScheduleOut, VersionOut
from chalicelib.api.models.modules import ModulesOut
from chalicelib.api.models.tasks import TaskOut
from chalicelib.domain.access import ALLOWED
from chalicelib.domain.errors import (
    Busy,
    Forbidden,
    GreenShieldError,
    ModuleOff,
    PreconditionFailed,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from chalicelib.domain.messages import text
from mobile_api_spec import static
from mobile_api_spec.problems import problem_schemas, problems_of, schema_name
from mobile_api_spec.schemas import Schemas, query_parameters

JSON = "application/json"
# Responses that many routes have, by the problems that they can be.
SHARED: Mapping[frozenset[type[GreenShieldError]], str] = {
    frozenset({Unauthenticated}): "Unauthenticated",
    frozenset({Forbidden}): "Forbidden",
    frozenset({ModuleOff}): "ModuleOff",
    frozenset({Forbidden, ModuleOff}): "ForbiddenOrModuleOff",
    frozenset({TooLarge}): "TooLarge",
    frozenset({UnsupportedMediaType}): "UnsupportedMediaType",
    frozenset({Busy}): "Busy",
}
TAGGED = (TaskOut, ScheduleOut, VersionOut, ModulesOut)  # answers that carry an ETag
Examples = Mapping[str, Mapping[str, Any]]


def build(endpoints: Iterable[Endpoint], examples: Examples) -> dict[str, Any]:
    """The whole document. `examples` by operation id, as mobile_api_spec.walk records them."""
    ordered = sorted(endpoints, key=lambda one: (one.path, one.method))
    schemas = Schemas(ordered)
    return {
        "openapi": "3.1.0",
        "info": static.INFO,
        "servers": static.SERVERS,
        "tags": static.TAGS,
        "paths": _paths(ordered, schemas, examples),
        "components": {
            "securitySchemes": static.SECURITY_SCHEMES,
            "parameters": static.PARAMETERS,
            "headers": static.HEADERS,
            "responses": {name: _shared(errors, examples) for errors, name in SHARED.items()},
            "schemas": dict(sorted((schemas.components | problem_schemas()).items())),
        },
    }


def operation_id(one: Endpoint) -> str:
    return str(one.view.__name__)


def roles_of(one: Endpoint) -> list[str]:
    if one.action is None:
        return ["public" if one.public else "bridge"]
    return sorted(role.value for role in ALLOWED[one.action])


def _paths(endpoints: list[Endpoint], schemas: Schemas, examples: Examples) -> dict[str, Any]:
    shared = dict(examples.get("problems", {}))
    return {
        path: {
            one.method.lower(): _operation(one, schemas, examples.get(operation_id(one), {}), shared) for one in group
        }
        for path, group in groupby(endpoints, key=lambda one: one.path)
    }


def _operation(one: Endpoint, schemas: Schemas, example: Mapping[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": operation_id(one),
        "tags": [one.tag],
        "summary": one.summary,
        "description": _description(one),
        "x-roles": roles_of(one),
        "x-module": one.module.value,
        "security": _security(one),
        "parameters": _parameters(one, example.get("request", {})),
    }
    if one.request is not None:
        content = {"schema": schemas.request(one.request)} | _example(example.get("request", {}).get("body"))
        operation["requestBody"] = {"required": True, "content": {JSON: content}}
    operation["responses"] = _responses(one, schemas, shared | example.get("answers", {}))
    return operation


def _description(one: Endpoint) -> str:
    sentences = [f"Roles: {', '.join(roles_of(one))}."]
    if (identity := _client_id(one)) is not None:
        sentences.append(static.CLIENT_ID.format(name=identity))
    elif one.method in static.REPEATS:
        sentences.append(static.REPEATS[one.method])
    if (more := static.NOTES.get(operation_id(one))) is not None:
        sentences.append(more)
    return " ".join(sentences)


def _client_id(one: Endpoint) -> str | None:
    fields = one.request.model_fields if one.request is not None and one.method == "POST" else {}
    return next((name for name in ("id", "block_id") if name in fields), None)


def _security(one: Endpoint) -> list[dict[str, list[str]]]:
    if one.public:
        return []
    return [{"bridge" if one.action is None else "person": []}]


def _parameters(one: Endpoint, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = request.get("path", {})
    found = [_path_parameter(name, given.get(name)) for name in re.findall(r"{(\w+)}", one.path)]
    if one.query is not None:
        found += [
            known | _example(request.get("query", {}).get(known["name"])) for known in query_parameters(one.query)
        ]
    names = ["AcceptLanguage", "CorrelationId"]
    names += ["IfMatch"] if PreconditionFailed in one.problems else []
    names += ["IfNoneMatch"] if one.is_kept else []
    names += ["ContentEncoding"] if one.request is not None else []
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _path_parameter(name: str, given: str | None) -> dict[str, Any]:
    schema = static.SIDE if name == "side" else static.PATH_ID
    return {"name": name, "in": "path", "required": True, "schema": schema} | _example(given)


def _responses(one: Endpoint, schemas: Schemas, answers: Mapping[str, Any]) -> dict[str, Any]:
    responses = {str(one.status): _success(one, schemas, answers.get(str(one.status)))}
    if one.is_kept:
        responses["304"] = {"description": "You have it", "headers": static.ANSWER_HEADERS | static.KEPT}
    for status, group in groupby(problems_of(one), key=lambda error: error.status):
        errors = list(group)
        if (shared := SHARED.get(frozenset(errors))) is not None:
            responses[str(status)] = {"$ref": f"#/components/responses/{shared}"}
        else:
            responses[str(status)] = _problem(errors, answers)
    return responses


def _success(one: Endpoint, schemas: Schemas, example: Any) -> dict[str, Any]:
    headers = static.ANSWER_HEADERS | (static.TAGGED if one.response in TAGGED else static.KEPT if one.is_kept else {})
    if one.media_type:
        return {"description": one.summary, "headers": headers, "content": {one.media_type: static.FILE}}
    if one.response is None:
        return {"description": one.summary, "headers": headers}
    content = {"schema": schemas.answer(one.response)} | _example(example)
    return {"description": one.summary, "headers": headers, "content": {JSON: content}}


def _problem(errors: list[type[GreenShieldError]], answers: Mapping[str, Any]) -> dict[str, Any]:
    """One status: the problems that it can be, told apart by their code, and an answer of each."""
    codes = [error.code for error in errors]
    known = {code: {"value": answers[code]} for code in codes if code in answers}
    content: dict[str, Any] = {"schema": _one_of(errors)} | ({"examples": known} if known else {})
    return {
        "description": "; ".join(f"`{code}`: {text(f'problem.{code}', 'en')}" for code in codes),
        "headers": static.ANSWER_HEADERS | static.PROBLEM_HEADERS.get(errors[0].status, {}),
        "content": {PROBLEM: content},
    }


def _one_of(errors: list[type[GreenShieldError]]) -> dict[str, Any]:
    references = {error.code: f"#/components/schemas/{schema_name(error)}" for error in errors}
    options = [{"$ref": one} for one in references.values()]
    if len(options) == 1:
        return options[0]
    return {"oneOf": options, "discriminator": {"propertyName": "code", "mapping": references}}


def _shared(errors: Iterable[type[GreenShieldError]], examples: Examples) -> dict[str, Any]:
    return _problem(sorted(errors, key=lambda error: error.code), examples.get("problems", {}))


def _example(value: Any) -> dict[str, Any]:
    return {} if value is None else {"example": value}
