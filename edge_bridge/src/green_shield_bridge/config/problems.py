"""What is wrong with a configuration: always file, line, field, and what would be right."""

from dataclasses import dataclass
from typing import ClassVar

from green_shield_bridge.errors import BridgeError

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.field}: {self.message}"


class ConfigError(BridgeError):
    """All problems of one file, in line order."""

    code: ClassVar[str] = "config"
    exit_status: ClassVar[int] = 2

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = sorted(problems, key=lambda p: (p.line, p.field))
        super().__init__("\n".join(f"{file}:{p}" for p in self.problems))


def dotted(path: Path) -> str:
    """sources, 0, points, 3, type -> sources[0].points[3].type"""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(whole file)"
