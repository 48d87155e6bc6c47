"""Domain values to JSON bodies and back. A body says the kind only where one place holds several."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from chalicelib.domain.events import EVENTS, Event

T = TypeVar("T")


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_body(value: object) -> dict[str, Any]:
    body: dict[str, Any] = _adapter(type(value)).dump_python(value, mode="json")
    return body


def from_body(kind: type[T], body: Mapping[str, Any]) -> T:
    """Raises pydantic's ValidationError for a body that is not of this kind."""
    value: T = _adapter(kind).validate_python(body)
    return value


def event_body(event: Event) -> dict[str, Any]:
    return {"kind": event.kind, **to_body(event)}


def event_from_body(body: Mapping[str, Any]) -> Event:
    """Raises KeyError for a kind of event this version does not know."""
    fields = dict(body)
    return from_body(EVENTS[fields.pop("kind")], fields)
