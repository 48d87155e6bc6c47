"""Which problems a route answers, and what members each brings along besides those of RFC 9457."""

from typing import Any

from chalicelib.api.http import Endpoint
from chalicelib.domain.access import ALLOWED, PEOPLE
from chalicelib.domain.errors import (
    Busy,
    Forbidden,
    GreenShieldError,
    InvalidRequest,
    ModuleOff,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from chalicelib.domain.park_module import Module

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
MEMBERS: dict[str, dict[str, Any]] = {
    "nothing_usable": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/SeriesResultOut"}}},
    "unauthenticated": {"reason": TEXT},
    "forbidden": {"action": TEXT},
    "module_off": {"module": TEXT},
    "not_found": {"what": TEXT, "id": TEXT},
    "content_conflict": {"id": TEXT},
    "illegal_transition": {"state": TEXT, "action": TEXT},
    "attempts_spent": {"allowed": NUMBER},
    "reopening_too_late": {"days": NUMBER},
    "objection_too_late": {"days": NUMBER},
    "stale_revision": {"given": NUMBER, "current": NUMBER},
    "checklist_incomplete": {"side": TEXT, "items": {"type": "array", "items": TEXT}},
    "evidence_missing": {"side": TEXT, "missing": {"type": "array", "items": TEXT}},
    "side_changed": {"side": TEXT, "given": NUMBER, "current": NUMBER},
    "precondition_failed": {"given": NUMBER, "current": NUMBER},
    "privacy_budget_spent": {"asked": TEXT, "left": TEXT},
    "upload_incomplete": {"missing": {"type": "array", "items": TEXT}},
    "too_large": {"what": TEXT, "given": NUMBER, "allowed": NUMBER},
    "unsupported_media_type": {"given": TEXT, "allowed": TEXT},
    "busy": {"reason": TEXT},
    "signing_unavailable": {"reason": TEXT},
}
MAY_LACK = {"not_found": {"id"}, "busy": {"reason"}, "too_large": {"given"}}  # the others are always there
EVERYWHERE = (Unauthenticated, Busy)


def problem_schemas() -> dict[str, dict[str, Any]]:
    """A component for each problem: what RFC 9457 has, a code that is always the same, and the members that come with it."""
    errors = GreenShieldError.__subclasses__()
    return {schema_name(error): _schema(error) for error in errors}


def schema_name(error: type[GreenShieldError]) -> str:
    return f"{error.__name__}Problem"


def _schema(error: type[GreenShieldError]) -> dict[str, Any]:
    own = {"status": {"type": "integer", "const": error.status}, "code": {"type": "string", "const": error.code}}
    members = MEMBERS.get(error.code, {})
    required = [*own, *(name for name in members if name not in MAY_LACK.get(error.code, ()))]
    general = {"$ref": "#/components/schemas/Problem"}
    return {"allOf": [general, {"type": "object", "properties": own | members, "required": required}]}


def problems_of(one: Endpoint) -> list[type[GreenShieldError]]:
    """All a route answers: its own, and those that follow from what it takes and who may call it. By status, then code."""
    found = set(one.problems)
    if not one.public:
        found |= set(EVERYWHERE)
    if one.action is not None and ALLOWED[one.action] != PEOPLE:
        found.add(Forbidden)
    if one.module is not Module.CORE:
        found.add(ModuleOff)
    if one.request is not None:
        found |= {TooLarge, UnsupportedMediaType}
    if one.request is not None or one.query is not None or "{" in one.path:
        found.add(InvalidRequest)
    return sorted(found, key=lambda error: (error.status, error.code))
