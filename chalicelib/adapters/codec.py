"""Domain values to JSON bodies and back. A body says the kind only where one place holds several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

if TYPE_CHECKING:  # seventy events are a good part of a cold start, and an upload makes none
    from chalicelib.domain.events import Event

T = TypeVar("T")


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}  # building one costs a thousand times what using it does


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


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
    from chalicelib.domain.events import EVENTS

    fields = dict(body)
    return from_body(EVENTS[fields.pop("kind")], fields)
