"""Read a configuration file, or say everything that is wrong with it. Needs pydantic; see child.py."""

import json
import os
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path as FilePath
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from green_shield_bridge.config.checks import check
from green_shield_bridge.config.hj212 import Forward, Hj212Source, Hj212Station
from green_shield_bridge.config.model import Config, Source
from green_shield_bridge.config.problems import ConfigError, Path, Problem, dotted
from green_shield_bridge.config.rules import NAME_PATTERN, Rule
from green_shield_bridge.config.yaml_lines import Document, load

_Value = TypeVar("_Value")
_Hj212 = TypeVar("_Hj212", Forward, Hj212Station)


def read_config(file: str | os.PathLike[str]) -> Config:
    """Read and check a file. Paths in it count from the file's own folder. Raises ConfigError."""
    name = os.fspath(file)
    try:
        text = FilePath(name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            name, [Problem(1, "(file)", f"is not UTF-8 text: {error.reason} at byte {error.start}")]
        ) from error
    except OSError as error:
        raise ConfigError(name, [Problem(1, "(file)", f"cannot be read: {error.strerror}")]) from error
    return with_absolute_paths(parse_config(text, name), FilePath(name).resolve().parent)


def parse_config(text: str, file: str = "configuration") -> Config:
    """Parse and check a text. Raises ConfigError."""
    document = load(text, file)
    try:
        config = as_value(Config, document.data)
    except ValidationError as error:
        raise ConfigError(file, [_problem(document, detail) for detail in error.errors(include_url=False)]) from error
    findings = list(check(config))
    if findings:
        raise ConfigError(file, [Problem(document.line_of(path), dotted(path), text) for path, text in findings])
    return config


def as_value(model: type[_Value], data: Any) -> _Value:
    """Plain data as a value of one of the configuration's dataclasses. Raises pydantic's ValidationError.

    By way of JSON, which pydantic reads strictly ("2" is no number) and yet takes a mapping for a dataclass.
    """
    adapter: TypeAdapter[_Value] = _adapter(model)  # type: ignore[arg-type] # a class is hashable
    return adapter.validate_json(json.dumps(data), strict=True)


@cache
def _adapter(model: type) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def with_absolute_paths(config: Config, folder: FilePath) -> Config:
    ca_file = config.server.ca_file
    return replace(
        config,
        key_file=str(folder / config.key_file),
        spool=replace(config.spool, path=str(folder / config.spool.path)),
        server=replace(config.server, ca_file=ca_file and str(folder / ca_file)),
        sources=[_with_absolute_secrets(source, folder) for source in config.sources],
        forward=[_secrets_in(forward, folder) for forward in config.forward],
    )


def _with_absolute_secrets(source: Source, folder: FilePath) -> Source:
    if not isinstance(source, Hj212Source):
        return source
    return replace(source, stations=[_secrets_in(station, folder) for station in source.stations])


def _secrets_in(holder: _Hj212, folder: FilePath) -> _Hj212:
    key_file = holder.sm4_key_file
    return replace(
        holder,
        password_file=str(folder / holder.password_file),
        sm4_key_file=key_file and str(folder / key_file),
    )


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    path = tuple(_steps(detail["loc"], document.data))
    return Problem(document.line_of(path), dotted(path), _message(detail, path))


def _steps(location: Path, data: Any) -> Iterator[str | int]:
    """A location without the kind of source that pydantic puts between an item of a union and its fields."""
    for number, step in enumerate(location):
        if isinstance(step, str) and isinstance(data, dict) and data.get("kind") == step and number + 1 < len(location):
            continue
        yield step
        data = data.get(step) if isinstance(data, dict) else data[step] if _has_item(data, step) else None


def _has_item(data: Any, step: str | int) -> bool:
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


def _message(detail: ErrorDetails, path: Path) -> str:
    if detail["type"] == "unexpected_keyword_argument":
        return f"unknown key; allowed here: {', '.join(_models_rules(_model_at(path[:-1])))}"
    if detail["type"] == "missing":
        return f"is missing{_described(path)}"
    if detail["type"] == "union_tag_not_found":
        return "kind is missing"
    if detail["type"] == "union_tag_invalid":
        return f"kind: got {_shown(detail['ctx']['tag'])}; allowed: {detail['ctx']['expected_tags']}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    return f"got {_shown(detail['input'])}; allowed: {_allowed(detail)}"


def _allowed(detail: ErrorDetails) -> str:
    if detail["type"] in ("dataclass_type", "dataclass_exact_type"):
        return "a mapping of keys to values"
    if detail["type"] == "string_pattern_mismatch" and detail["ctx"]["pattern"] == NAME_PATTERN:
        return "letters, digits and . _ : - (1 to 128 of them, a letter or digit first)"
    return detail["msg"].removeprefix("Input should be ").removeprefix("a valid ")


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model_at(path: Path) -> tuple[type, ...]:
    """The dataclasses that may stand at a path of the file: several for an item of a union."""
    models: tuple[type, ...] = (Config,)
    for step in path:
        if isinstance(step, str):
            hints = [_hints(model).get(step) for model in models]
            models = tuple(inner for hint in hints for inner in _models_in(hint))
    return models


def _models_in(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for part in get_args(hint):
        yield from _models_in(part)


def _models_rules(models: tuple[type, ...]) -> dict[str, str]:
    """Every key that may stand here, with what it is for."""
    return {
        field.name: next((rule.doc for rule in _rules_of(_hints(model)[field.name]) if rule.doc), "")
        for model in models
        for field in fields(model)
    }


def _rules_of(hint: Any) -> Iterator[Rule]:
    return (rule for rule in getattr(hint, "__metadata__", ()) if isinstance(rule, Rule))


@cache
def _hints(model: type) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


def _described(path: Path) -> str:
    doc = _models_rules(_model_at(path[:-1])).get(str(path[-1]))
    return f" ({doc})" if doc else ""
