"""Requests that schemathesis makes up from openapi.yaml, answered by the app in process through a WSGI shim."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import BaseSchema, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chalicelib.bootstrap import use
from mobile_api_spec import generate
from tests.acts import FakeInspector
from tests.park import Park

CHECKS = [
    not_a_server_error,
    negative_data_rejection,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SOMEONE = {"inspector": "inspector_safety", "department": "department_safety"}
ROUTES = [
    pytest.param(path, method, operation["x-roles"][0], id=f"{method.upper()} {path}")
    for path, methods in generate.load()["paths"].items()
    for method, operation in methods.items()
]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Shim:
    """A WSGI app around chalice's test client. It signs for the bridge, whose token binds the body."""

    def __init__(self) -> None:
        self.spec = json.dumps(generate.load()).encode()
        self.park = Park(inspector=FakeInspector()).register()
        self.park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/openapi.json":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [self.spec]
        use(self.park.services)  # whatever other tests have put in their place
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = self.park.client.http.request(
            environ["REQUEST_METHOD"], url_of(environ), headers_of(environ, body), body
        )
        start_response(f"{answer.status_code} -", [(name, str(value)) for name, value in answer.headers.items()])
        return [answer.body]


def url_of(environ: dict[str, Any]) -> str:
    query = environ.get("QUERY_STRING", "")
    path = environ["REQUEST_URI"].partition("?")[0].removeprefix("/api")  # the stage, which the gateway takes off
    return path + (f"?{query}" if query else "")


def headers_of(environ: dict[str, Any], body: bytes) -> dict[str, str]:
    headers = {key[5:].replace("_", "-").title(): value for key, value in environ.items() if key.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    headers.pop("Accept-Encoding", None)  # nobody here would unpack the answer
    if headers.get("Authorization") == "Bearer bridge":
        headers["Authorization"] = f"Bearer bridge:acme-bridge:{hashlib.sha256(body).hexdigest()}"
    return headers


def has_wrong_headers(case: schemathesis.Case) -> bool:
    header = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
    return header is not None and header.mode.is_negative


@pytest.fixture(scope="module")
def api() -> BaseSchema:
    return schemathesis.openapi.from_wsgi("/openapi.json", Shim())


@pytest.mark.parametrize(("path", "method", "role"), ROUTES)
def test_made_up_requests_get_answers_that_the_spec_names(api: BaseSchema, path: str, method: str, role: str) -> None:
    operation = api[path][method]
    token = "bridge" if role == "bridge" else f"person:{SOMEONE.get(role, role)}"
    can_be_wrong = "400" in operation.definition.raw["responses"]
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if can_be_wrong else [])]

    @settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(one_of([operation.as_strategy(generation_mode=mode) for mode in modes]))
    def holds(case: schemathesis.Case) -> None:
        # The token below puts the made-up Authorization right again: such a request need not be refused.
        checks = [c for c in CHECKS if c is not negative_data_rejection or not has_wrong_headers(case)]
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=checks)

    holds()
