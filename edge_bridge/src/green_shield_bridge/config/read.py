"""Read a configuration file, or say everything that is wrong with it."""

import os
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from green_shield_bridge.config.checks import check
from green_shield_bridge.config.model import Config
from green_shield_bridge.config.problems import ConfigError, Path, Problem, dotted
from green_shield_bridge.config.yaml_lines import Document, load


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
    return _with_absolute_paths(parse_config(text, name), FilePath(name).resolve().parent)


def parse_config(text: str, file: str = "configuration") -> Config:
    """Parse and check a text. Raises ConfigError."""
    document = load(text, file)
    try:
        config = Config.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(file, [_problem(document, detail) for detail in error.errors(include_url=False)]) from error
    findings = list(check(config))
    if findings:
        raise ConfigError(file, [Problem(document.line_of(path), dotted(path), text) for path, text in findings])
    return config


def _with_absolute_paths(config: Config, folder: FilePath) -> Config:
    ca_file = config.server.ca_file
    return config.model_copy(
        update={
            "key_file": str(folder / config.key_file),
            "spool": config.spool.model_copy(update={"path": str(folder / config.spool.path)}),
            "server": config.server.model_copy(update={"ca_file": ca_file and str(folder / ca_file)}),
        }
    )


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    path: Path = detail["loc"]
    return Problem(document.line_of(path), dotted(path), _message(detail, path))


def _message(detail: ErrorDetails, path: Path) -> str:
    if detail["type"] == "extra_forbidden":
        return f"unknown key; allowed here: {', '.join(_keys_at(path[:-1]))}"
    if detail["type"] == "missing":
        return f"is missing{_described(path)}"
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    allowed = detail["msg"].removeprefix("Input should be ").removeprefix("a valid ")
    if detail["type"] == "string_pattern_mismatch":
        allowed = "letters, digits and . _ : - (1 to 128 of them, a letter or digit first)"
    return f"got {_shown(detail['input'])}; allowed: {allowed}"


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model_at(path: Path) -> type[BaseModel] | None:
    """The model that describes what stands at a path of the file."""
    model: type[BaseModel] = Config
    for step in path:
        if isinstance(step, int):
            continue
        found = next((f for name, f in model.model_fields.items() if step in (name, f.alias)), None)
        inner = _model_in(found.annotation) if found else None
        if inner is None:
            return None
        model = inner
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model), None)


def _keys_at(path: Path) -> list[str]:
    model = _model_at(path)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _described(path: Path) -> str:
    model = _model_at(path[:-1])
    fields = model.model_fields if model else {}
    found = next((f for name, f in fields.items() if path[-1] in (name, f.alias)), None)
    return f" ({found.description})" if found and found.description else ""
