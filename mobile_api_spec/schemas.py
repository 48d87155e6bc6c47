"""The models as JSON Schema: requests as they are validated, answers as they are serialised."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from chalicelib.api.http import Endpoint
from chalicelib.api.models.readings import SeriesIn, SeriesResultOut
from chalicelib.api.models.sync import PAYLOADS, SIDED, Nothing
from chalicelib.api.models.wire import Problem
from chalicelib.domain.reading import FLAGS

REF = "#/components/schemas/{model}"
ModelMode = tuple[type[BaseModel], JsonSchemaMode]


class _Untitled(GenerateJsonSchema):
    """Without the titles that pydantic makes of field names: they say nothing new."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Of an answer: only None is left out of it, so what has another default is always there."""
        return super().field_is_required(field, total) or (self.mode == "serialization" and _is_always_told(field))

    def default_schema(self, schema: Any) -> dict[str, Any]:
        """Of an answer: a default would say that the field may be absent."""
        if self.mode == "serialization" and schema.get("default") is not None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


class Schemas:
    """Component schemas, and the reference to each model's own."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        models = _models(endpoints)
        self._references, definitions = models_json_schema(models, ref_template=REF, schema_generator=_Untitled)
        self.components = {name: _tidy(schema) for name, schema in sorted(definitions["$defs"].items())}
        asked = [one for one in models if one[1] == "validation"]
        _, asked_definitions = models_json_schema(asked, ref_template=REF, schema_generator=_Untitled)
        for name in set(self.components) - set(asked_definitions["$defs"]):
            _drop_nulls(self.components[name])
        self._spell_out_series()
        self._spell_out_operations()

    def request(self, model: type[BaseModel]) -> dict[str, Any]:
        return dict(self._references[model, "validation"])

    def answer(self, model: type[BaseModel]) -> dict[str, Any]:
        return dict(self._references[model, "serialization"])

    def _spell_out_series(self) -> None:
        """An upload's series are checked one by one when stored, so the model takes any object; the spec says which."""
        self.components["UploadIn"]["properties"]["series"]["items"] = {"$ref": REF.format(model="SeriesIn")}
        flags = self.components["SeriesIn"]["properties"]["flags"]
        flags |= {"type": "array", "items": {"enum": sorted(FLAGS)}}
        del flags["anyOf"], flags["default"]

    def _spell_out_operations(self) -> None:
        """What phones bring is taken as any object and answered one by one, so that one that is wrong refuses no other; `Operation` is what is
        right, by kind."""
        names = {kind: f"{kind.title().replace('_', '')}Operation" for kind in PAYLOADS}
        self.components |= {name: self._operation(kind) for kind, name in names.items()}
        references = {kind: REF.format(model=name) for kind, name in names.items()}
        self.components["Operation"] = {
            "description": "An OperationIn that is right: its payload is that of its kind",
            "oneOf": [{"$ref": one} for one in references.values()],
            "discriminator": {"propertyName": "kind", "mapping": references},
        }
        self.components = dict(sorted(self.components.items()))

    def _operation(self, kind: str) -> dict[str, Any]:
        """An OperationIn of one kind. Who takes something has nothing to say."""
        general = self.components["OperationIn"]
        payload = {"$ref": REF.format(model=PAYLOADS[kind].__name__)}
        properties = {**general["properties"], "kind": {"type": "string", "const": kind}, "payload": payload}
        needed = [*general["required"], *([] if PAYLOADS[kind] is Nothing else ["payload"])]
        if kind in SIDED:
            properties["side"], needed = _without_null(properties["side"]), [*needed, "side"]
        else:
            del properties["side"]
        return {**general, "properties": properties, "required": needed}


def query_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The query of a route, one parameter a field."""
    schema = model.model_json_schema(schema_generator=_Untitled)
    required = schema.get("required", [])
    return [_query_parameter(name, field, name in required) for name, field in schema["properties"].items()]


def _query_parameter(name: str, field: dict[str, Any], required: bool) -> dict[str, Any]:
    known = _without_null(field)
    description = known.pop("description", None)
    head: dict[str, Any] = {"name": name, "in": "query", "required": required}
    return head | ({"description": description} if description else {}) | {"schema": known}


def _models(endpoints: Iterable[Endpoint]) -> list[ModelMode]:
    found: dict[ModelMode, None] = {(SeriesIn, "validation"): None}
    found |= {(Problem, "serialization"): None, (SeriesResultOut, "serialization"): None}
    found |= {(payload, "validation"): None for payload in PAYLOADS.values()}
    for one in endpoints:
        found |= {(one.request, "validation"): None} if one.request else {}
        found |= {(one.response, "serialization"): None} if one.response else {}
    return sorted(found, key=lambda pair: (pair[0].__name__, pair[1]))


def _is_always_told(field: Any) -> bool:
    schema = field["schema"]
    return schema["type"] == "default" and schema.get("default") is not None


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "title"}


def _drop_nulls(schema: dict[str, Any]) -> None:
    """Answers leave out what is None: such a field is optional, never null."""
    required = schema.get("required", [])
    for name, field in schema.get("properties", {}).items():
        if name not in required:
            schema["properties"][name] = _without_null(field)


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    options = [one for one in field.get("anyOf", []) if one != {"type": "null"}]
    if len(options) == len(field.get("anyOf", [])):
        return dict(field)
    rest = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    return (options[0] if len(options) == 1 else {"anyOf": options}) | rest
