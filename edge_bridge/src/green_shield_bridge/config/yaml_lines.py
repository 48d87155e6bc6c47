"""YAML with the line of every key and item.

Scalars follow the YAML 1.2 core schema: `010` is ten, `1:30` and `no` are text. PyYAML's own YAML 1.1 rules would
turn them into 8, 90 and false, which is how a register address goes wrong without anybody noticing. A key given twice
is a problem, not a silent last-one-wins.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from green_shield_bridge.config.problems import ConfigError, Path, Problem, dotted


class _CoreLoader(yaml.SafeLoader):
    """SafeLoader with the resolvers of YAML 1.2 only."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- PyYAML's own form


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+.0123456789",
    ),
):
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


@dataclass(slots=True)
class Document:
    """Plain data, and the 1-based line of each path in it."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)

    def line_of(self, path: Path) -> int:
        """The line of a path, or of the nearest parent that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def load(text: str, file: str) -> Document:
    """Parse one YAML document. Raises ConfigError with the line of a syntax error or a doubled key."""
    loader = _CoreLoader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(file, [Problem(line, "(syntax)", f"not YAML: {error.problem}")]) from error
    except yaml.YAMLError as error:
        raise ConfigError(file, [Problem(1, "(syntax)", f"not YAML: {error}")]) from error
    finally:
        loader.dispose()
    walk = _Walk()
    document = Document()
    if node is not None:
        document.data = walk.value(node, ())
        document.lines = walk.lines
    if walk.problems:
        raise ConfigError(file, walk.problems)
    return document


class _Walk:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in result:
                first = self.lines[(*path, key)]
                self.problems.append(Problem(line, dotted((*path, key)), f"given twice; first on line {first}"))
                continue
            self.lines[(*path, key)] = line
            result[key] = self.value(value_node, (*path, key))
        return result

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        convert = _SCALARS.get(node.tag)
        if convert is None:
            self.problems.append(Problem(node.start_mark.line + 1, dotted(path), f"tag {node.tag} is not allowed"))
            return None
        return convert(node.value)


def _number(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _integer(text: str) -> int:
    if text.startswith("0x"):
        return int(text, 16)
    return int(text[2:], 8) if text.startswith("0o") else int(text)


_SCALARS: dict[str, Any] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": _integer,
    "tag:yaml.org,2002:float": _number,
    "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
    "tag:yaml.org,2002:null": lambda _text: None,
}
