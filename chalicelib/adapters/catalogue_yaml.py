"""A catalogue document as YAML text, with the line of every field, so that what is wrong can be found."""

from collections.abc import Callable
from typing import Any

import yaml

Path = tuple[str | int, ...]


class NotYaml(Exception):
    """The text is no YAML mapping. `line` counts from 1."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem, self.line = problem, line


class _Loader(yaml.SafeLoader):
    """Without aliases, by which a short text could stand for a huge one, and without a key twice, of which one would be lost."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="aliases are not taken", problem_mark=mark)
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key is a word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} stands there twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return node


def read_yaml(text: str) -> tuple[dict[str, Any], Callable[[Path], int]]:
    """The document, and what gives the line of a path (of its nearest ancestor that is there). Raises NotYaml."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        document = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(error.problem or "not YAML", 1 if mark is None else mark.line + 1) from error
    except (yaml.YAMLError, ValueError) as error:
        raise NotYaml("not YAML", 1) from error
    if not isinstance(document, dict):
        raise NotYaml("a mapping is wanted", 1)
    return document, lambda path: _line(node, path)


def _line(node: Any, path: Path) -> int:
    line: int = node.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line
