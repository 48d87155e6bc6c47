"""How a configuration value says what is allowed, without pydantic being imported.

The running bridge holds the configuration as plain dataclasses; only the short-lived process that reads the file loads
pydantic, which finds these annotations by its own protocol. A bridge of 5,000 points is 26 MB smaller for it.
"""

from collections.abc import Callable
from typing import Annotated, Any

# Of each dataclass of the configuration.
STRICT = {"extra": "forbid"}


class Rule:
    """Limits of a value, in pydantic-core's words (ge, gt, le, min_length, pattern, allow_inf_nan, strict), and what it is for."""

    __slots__ = ("doc", "limits")

    def __init__(self, doc: str = "", **limits: Any) -> None:
        self.doc = doc
        self.limits = limits

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        schema = handler(source)
        # Of `Annotated[float, ...] | None` the limits belong to the number.
        (schema["schema"] if schema["type"] == "nullable" else schema).update(self.limits)
        return schema


class Checked:
    """A value that a function checks and may put into its usual form. The function raises ValueError with what is allowed."""

    __slots__ = ("check",)

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self.check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))


class ByKind:
    """A union whose member is chosen by the key `kind`, so that a mistake is told for that member alone."""

    __slots__ = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        from pydantic import Discriminator

        return Discriminator("kind").__get_pydantic_core_schema__(source, handler)  # type: ignore[arg-type]


NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"

Name = Annotated[str, Rule(pattern=NAME_PATTERN)]
Text = Annotated[str, Rule(min_length=1)]
Host = Annotated[str, Rule(min_length=1, max_length=253)]
Port = Annotated[int, Rule(ge=1, le=65_535)]
Seconds = Annotated[float, Rule(gt=0, le=86_400)]
Finite = Annotated[float, Rule(allow_inf_nan=False)]
