"""Every kind of change that breaks a client is found, and what breaks nobody is not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mobile_api_spec.breaking import Comparison, contract, undeclared
from mobile_api_spec.generate import load

BEFORE: dict[str, Any] = {
    "paths": {
        "/tasks/{id}": {
            "post": {
                "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 100}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/TaskIn"}}}},
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/TaskOut"}}}},
                    "409": {},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "TaskIn": {
                "type": "object",
                "required": ["note"],
                "properties": {
                    "note": {"type": "string", "maxLength": 9},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                },
            },
            "TaskOut": {
                "type": "object",
                "required": ["id", "sides"],
                "properties": {
                    "id": {"type": "string"},
                    "sides": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"state": {"type": "string"}}},
                    },
                },
            },
        }
    },
}
Change = Callable[[dict[str, Any]], Any]


def post(spec: dict[str, Any]) -> dict[str, Any]:
    return spec["paths"]["/tasks/{id}"]["post"]  # type: ignore[no-any-return]


def taken(spec: dict[str, Any]) -> dict[str, Any]:
    return spec["components"]["schemas"]["TaskIn"]  # type: ignore[no-any-return]


def given(spec: dict[str, Any]) -> dict[str, Any]:
    return spec["components"]["schemas"]["TaskOut"]  # type: ignore[no-any-return]


def found(change: Change) -> list[str]:
    after = copy.deepcopy(BEFORE)
    change(after)
    return list(Comparison(BEFORE, after).breaks())


NAME = "POST /tasks/{id}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda s: s["paths"].clear(), f"{NAME} is gone", id="an operation is gone"),
        pytest.param(lambda s: post(s)["responses"].pop("200"), f"{NAME} no longer answers 200", id="a status is gone"),
        pytest.param(lambda s: given(s)["properties"].pop("id"), f"{NAME} 200.id is gone", id="a field of an answer is gone"),
        pytest.param(lambda s: given(s)["required"].remove("id"), f"{NAME} 200.id may be absent now", id="a field may be absent"),
        pytest.param(
            lambda s: given(s)["properties"]["sides"]["items"]["properties"].clear(),
            f"{NAME} 200.sides[].state is gone",
            id="a field deep in an answer is gone",
        ),
        pytest.param(
            lambda s: given(s)["properties"].update(id={"type": "integer"}),
            f"{NAME} 200.id is integer, it was string",
            id="a type changes",
        ),
        pytest.param(lambda s: taken(s)["properties"].pop("kind"), f"{NAME} body.kind is gone", id="a field is no longer known"),
        pytest.param(lambda s: taken(s)["required"].append("kind"), f"{NAME} body.kind is required now", id="a field is required"),
        pytest.param(
            lambda s: taken(s)["properties"]["kind"].update(enum=["a"]),
            f"{NAME} body.kind no longer takes b",
            id="a value is no longer taken",
        ),
        pytest.param(
            lambda s: taken(s)["properties"]["note"].update(maxLength=8),
            f"{NAME} body.note has a narrower maxLength",
            id="a limit is narrower",
        ),
        pytest.param(
            lambda s: taken(s)["properties"]["note"].update(pattern="^x$"),
            f"{NAME} body.note has another pattern",
            id="a pattern appears",
        ),
        pytest.param(lambda s: post(s)["parameters"].clear(), f"{NAME} query limit is gone", id="a parameter is gone"),
        pytest.param(
            lambda s: post(s)["parameters"].append({"in": "query", "name": "month", "required": True}),
            f"{NAME} query month is required now",
            id="a parameter is required",
        ),
    ],
)  # fmt: skip
def test_what_breaks_a_client_is_found(change: Change, says: str) -> None:
    assert found(change) == [says]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: s["paths"].update({"/more": {"get": {"responses": {}}}}), id="a new operation"),
        pytest.param(lambda s: given(s)["properties"].update(more={"type": "string"}), id="a new field of an answer"),
        pytest.param(
            lambda s: taken(s)["properties"].update(more={"type": "string"}), id="a new field that may be given"
        ),
        pytest.param(lambda s: taken(s)["properties"]["kind"]["enum"].append("c"), id="a new value that is taken"),
        pytest.param(lambda s: taken(s)["properties"]["note"].update(maxLength=10), id="a wider limit"),
        pytest.param(lambda s: post(s)["responses"].update({"410": {}}), id="a new problem"),
        pytest.param(lambda s: post(s)["parameters"].append({"in": "query", "name": "x"}), id="a new parameter"),
    ],
)
def test_what_breaks_nobody_is_not(change: Change) -> None:
    assert found(change) == []


def test_a_break_that_is_declared_is_meant() -> None:
    changelog = "## 1.0.0\n\n- Breaking: GET /x is gone\n"
    assert undeclared(["GET /x is gone", "GET /y is gone"], changelog) == ["GET /y is gone"]


def test_words_and_examples_are_no_contract() -> None:
    assert contract(
        {"summary": "x", "type": "object", "properties": {"title": {"type": "string", "example": "x"}}}
    ) == {
        "type": "object",
        "properties": {"title": {"type": "string"}},
    }


def test_the_whole_api_breaks_nobody_against_itself() -> None:
    assert list(Comparison(contract(load()), contract(load())).breaks()) == []
