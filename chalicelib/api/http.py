"""What every route shares: who calls, what they sent, what they get, and one shape for every problem (RFC 9457).

A view has three lines: parse (done here), one call, serialise (done here). `endpoint` notes each route with its models and
roles; the spec and the tests about routes read that table.
"""

import gzip
import json
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib.acting import Author, acting
from chalicelib.bootstrap import Services, services
from chalicelib.domain.access import Action, require
from chalicelib.domain.errors import (
    Busy,
    FieldError,
    GreenShieldError,
    InvalidRequest,
    ModuleOff,
    RetryLater,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
    WriteConflict,
)
from chalicelib.domain.messages import DEFAULT, TEXTS, choose_language, text
from chalicelib.domain.park_module import Module
from chalicelib.domain.person import Bridge, Person
from chalicelib.module_map import module_of_resource
from chalicelib.observability import log_fault, log_request

MAX_BODY_BYTES = 6 * 1024 * 1024
MAX_DECOMPRESSED_BYTES = 16 * 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"
BRIDGE = "bridge"
DRILL = "x-drill"  # the header that says in which drill's room a call is made
JSON = "application/json"
PROBLEM = "application/problem+json"
MAX_FIELD_ERRORS = 100
WORTH_SQUEEZING = 1400  # bytes; less is one packet anyway
KEEP = "private, max-age=60, stale-if-error=604800"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")  # as models.Id, for what stands in a path


Model = type[BaseModel] | str | None  # "why.WhyOut": that class of api/models, loaded when it is first used


def _loaded(model: Model) -> type[BaseModel] | None:
    if not isinstance(model, str):
        return model
    module, _, name = model.partition(".")
    found: type[BaseModel] = getattr(import_module(f"chalicelib.api.models.{module}"), name)
    return found


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route as the spec and the tests see it. `action` None: a bridge's route, or public where `public`.

    `media_type`: what a view answers with that returns a Download; empty: JSON, by its model.

    `is_kept`: a device may keep the answer, which has an ETag of its content, and show it while it is offline.
    """

    method: str
    path: str
    summary: str
    view: Callable[..., Any]
    action: Action | None
    request_model: Model
    query_model: Model
    response_model: Model
    status: int
    public: bool
    problems: tuple[type[GreenShieldError], ...]
    tag: str
    is_kept: bool = False
    media_type: str = ""

    @property
    def module(self) -> Module:
        return module_of_resource(self.tag)

    @property
    def request(self) -> type[BaseModel] | None:
        return _loaded(self.request_model)

    @property
    def query(self) -> type[BaseModel] | None:
        return _loaded(self.query_model)

    @property
    def response(self) -> type[BaseModel] | None:
        return _loaded(self.response_model)


ENDPOINTS: list[Endpoint] = []


@dataclass
class Call:
    """One request, parsed. `person` or `bridge` is set unless the route is public."""

    services: Services
    language: str
    correlation_id: str
    headers: Mapping[str, str]
    raw_body: bytes
    person_or_bridge: Person | Bridge | None = None
    body: Any = None
    query: Any = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None

    @property
    def person(self) -> Person:
        assert isinstance(self.person_or_bridge, Person)
        return self.person_or_bridge

    @property
    def bridge(self) -> Bridge:
        assert isinstance(self.person_or_bridge, Bridge)
        return self.person_or_bridge

    @property
    def is_minimal_wanted(self) -> bool:
        """Whether the caller knows what it sent and wants to hear of the exceptions only. RFC 7240, 4.2."""
        return "return=minimal" in self.headers.get("prefer", "").replace(" ", "").lower().split(",")

    @property
    def if_match(self) -> int | None:
        """The version in If-Match ("3" or W/"3"), or None. Raises InvalidRequest for anything else."""
        given = self.headers.get("if-match")
        if given is None or given.strip() == "*":
            return None
        tag = given.strip().removeprefix("W/").strip('"')
        if not (tag.isascii() and tag.isdecimal() and len(tag) <= 15):
            raise InvalidRequest(errors=[FieldError("If-Match", "invalid", 'a version as "3"')])
        return int(tag)


def endpoint(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    summary: str,
    action: Action | None = None,
    public: bool = False,
    request: Model = None,
    query: Model = None,
    response: Model = None,
    status: int = 200,
    problems: tuple[type[GreenShieldError], ...] = (),
    is_kept: bool = False,
    media_type: str = "",
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Register a view. It is called with a Call and the path's parameters and returns the response model, or None."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        known = Endpoint(
            method, path, summary, view, action, request, query, response, status, public, problems,
            view.__module__.rpartition(".")[2], is_kept, media_type,
        )  # fmt: skip
        ENDPOINTS.append(known)

        def handle(**parameters: str) -> Response:
            return _respond(known, blueprint.current_request, parameters)

        handle.__name__ = view.__name__
        # Chalice must not judge the type: its answer would not be a problem document. json_body does.
        route = blueprint.route(path, methods=[method], name=view.__name__, content_types=["*/*"])
        return route(handle)  # type: ignore[no-any-return]

    return decorate


def _respond(known: Endpoint, request: Request, parameters: dict[str, str]) -> Response:
    headers = {key.lower(): value for key, value in request.headers.items()}
    call = Call(
        services=services(),
        language=choose_language(headers.get("accept-language")),
        correlation_id=_correlation_id(headers),
        headers=headers,
        raw_body=bytes(request.raw_body or b""),
    )
    try:
        response = _run(known, call, request, parameters)
    except GreenShieldError as error:
        response = problem(error, call)
    except (WriteConflict, RetryLater):
        response = problem(Busy(), call)
    except RecursionError:  # JSON nested almost as deep as its parser takes; what reads it next takes less
        response = problem(InvalidRequest(errors=[FieldError("", "invalid", "JSON")]), call)
    # A fault of ours is answered in the one shape too; only its kind is logged, for its message may quote data.
    except Exception as error:  # noqa: BLE001
        log_fault(error, call.correlation_id)
        response = problem(GreenShieldError(), call)
    response.headers["X-Correlation-Id"] = call.correlation_id
    response.headers["Content-Language"] = call.language
    log_request(known.method, known.path, response.status_code, call.correlation_id)
    return _squeezed(response, call)


class Binary(Response):
    """An answer of bytes. Chalice would take its bytes for text: of what is binary it knows only whole types."""

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = super().to_dict(None)
        return answer | {"body": b64encode(self.body).decode(), "isBase64Encoded": True}


@dataclass(frozen=True, slots=True)
class Download:
    """What a view returns in place of a model: a file, by the name under which a browser keeps it."""

    data: bytes
    media_type: str
    name: str


def _squeezed(response: Response, call: Call) -> Response:
    """Gzip for whoever takes it, where it saves a packet: a phone in a yard has one bar of signal."""
    if isinstance(response, Binary):
        return response  # a PDF is squeezed as it is
    response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Encoding")))
    accepted = {part.partition(";")[0].strip().lower() for part in call.headers.get("accept-encoding", "").split(",")}
    if "gzip" not in accepted or len(response.body) < WORTH_SQUEEZING:
        return response
    headers = {**response.headers, "Content-Encoding": "gzip"}
    return Binary(gzip.compress(response.body.encode(), mtime=0), headers, response.status_code)


def _run(known: Endpoint, call: Call, request: Request, parameters: dict[str, str]) -> Response:
    if not known.public:
        call.person_or_bridge = _bridge(known, call) if known.action is None else _person(known, known.action, call)
    if known.action is not None and (room := call.headers.get(DRILL, "").strip()):
        from chalicelib.api.drill_room import enter

        enter(room, known.action, known.method, call)
    if (query := known.query) is not None:
        given = (
            {} if request.query_params is None else {k: request.query_params.getlist(k) for k in request.query_params}
        )
        call.query = parse(query, {k: v[0] if len(v) == 1 else v for k, v in given.items()})
    if (model := known.request) is not None:
        call.body = parse(model, json_body(call))
    with acting(_author(call, request)):
        result = known.view(call, **{name: _path_parameter(name, value) for name, value in parameters.items()})
    if isinstance(result, Download):
        return _download(result, call.status or known.status)
    headers = {"Content-Type": JSON, "Cache-Control": "no-store", **call.answer_headers}
    body = "" if result is None else result.model_dump_json(exclude_none=True)
    if known.is_kept:
        return _kept(body, headers, call)
    return Response(body, headers, call.status or known.status)


def _download(file: Download, status: int) -> Response:
    """RFC 6266: a plain name for all, and the real one for those who know UTF-8."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in file.name)
    named = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name)}"
    headers = {"Content-Type": file.media_type, "Content-Disposition": named, "Cache-Control": "no-store"}
    return Binary(file.data, headers, status)


def _author(call: Call, request: Request) -> Author:
    """Who is behind the request, for the audit. The address is the one that the gateway saw."""
    who = call.person_or_bridge
    origin = str((request.context.get("identity") or {}).get("sourceIp") or "")[:45]
    device = call.headers.get("x-device-id", "")
    device = device if ID.fullmatch(device) else ""
    if isinstance(who, Person):
        return Author(who.role.value, who.id, origin, device)
    return Author(BRIDGE, who.id, origin) if isinstance(who, Bridge) else Author(origin=origin)


def _kept(body: str, headers: dict[str, str], call: Call) -> Response:
    """An answer to be kept: with an ETag, or 304 without a body where the caller has it. RFC 9110, 13.1.2; RFC 5861, 4."""
    tag = f'"{sha256(body.encode()).hexdigest()[:32]}"'
    headers |= {"ETag": tag, "Cache-Control": KEEP, "Vary": "Authorization, Accept-Language, X-Drill"}
    known = [one.strip().removeprefix("W/") for one in call.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response("", headers, HTTPStatus.NOT_MODIFIED)
    return Response(body, headers, HTTPStatus.OK)


def _path_parameter(name: str, value: str) -> str:
    known = unquote(value)  # not every gateway does it
    if not ID.fullmatch(known):
        raise InvalidRequest(errors=[FieldError(name, "pattern", ID.pattern)])
    return known


def _correlation_id(headers: Mapping[str, str]) -> str:
    given = headers.get("x-correlation-id", "")
    return (
        given
        if 8 <= len(given) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_") for c in given)
        else str(uuid4())
    )


def _token(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(reason="no_token")
    return token.strip()


def _person(known: Endpoint, action: Action, call: Call) -> Person:
    """Who calls, and may. Whoever is nobody here learns nothing of the park, everybody else the same of what it does without."""
    person_id = call.services.tokens.person_id(_token(call))
    person = call.services.registry.person(person_id)
    if person is None:
        raise Unauthenticated(reason="unknown_person")
    call.language = choose_language(call.headers.get("accept-language"), person.language)
    if not call.services.has(known.module):
        raise ModuleOff(module=known.module.value)
    require(person, action)
    return person


def _bridge(known: Endpoint, call: Call) -> Bridge:
    token = _token(call)
    bridge = call.services.registry.bridge(call.services.signatures.key_id(token))
    if bridge is None or bridge.revoked:
        raise Unauthenticated(reason="unknown_bridge")
    call.services.signatures.verify(
        token, bridge_id=bridge.id, public_key_pem=bridge.public_key_pem, body=call.raw_body
    )
    if not call.services.has(known.module):
        raise ModuleOff(module=known.module.value)
    return bridge


def json_body(call: Call) -> Any:
    """The body as JSON (RFC 8259: UTF-8), gzip taken off. Raises TooLarge, UnsupportedMediaType or InvalidRequest."""
    media_type = call.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media_type != JSON:
        raise UnsupportedMediaType(given=media_type[:100], allowed=JSON)
    raw = decompressed(call.raw_body, call.headers.get("content-encoding", "identity").lower())
    try:
        written = raw.decode()
        body = json.loads(written, parse_constant=_no_constant)
        if "\\u" in written:
            json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair could not be written back
    except (ValueError, RecursionError):
        raise InvalidRequest(errors=[FieldError("", "invalid", "JSON")]) from None
    return body


def _no_constant(name: str) -> float:
    raise ValueError(name)


def decompressed(raw: bytes, encoding: str) -> bytes:
    """Take gzip off, but never more than MAX_DECOMPRESSED_BYTES of it."""
    if len(raw) > MAX_BODY_BYTES:
        raise TooLarge(what="body_bytes", given=len(raw), allowed=MAX_BODY_BYTES)
    if encoding not in ("gzip", "identity"):
        raise UnsupportedMediaType(given=encoding[:100], allowed="gzip, identity")
    if not raw.startswith(GZIP_MAGIC):
        return raw
    inflater = zlib.decompressobj(wbits=31)
    try:
        data = inflater.decompress(raw, MAX_DECOMPRESSED_BYTES + 1)
    except zlib.error:
        raise InvalidRequest(errors=[FieldError("", "invalid", "gzip")]) from None
    if len(data) > MAX_DECOMPRESSED_BYTES:
        raise TooLarge(what="decompressed_bytes", given=len(data), allowed=MAX_DECOMPRESSED_BYTES)
    if not inflater.eof or inflater.unused_data:
        raise InvalidRequest(errors=[FieldError("", "invalid", "gzip")])
    return data


def parse(model: type[BaseModel], data: Any, within: str = "") -> BaseModel:
    """`within` is where the data stood. Raises InvalidRequest naming each wrong field."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[:MAX_FIELD_ERRORS]
        inside = (within,) if within else ()
        raise InvalidRequest(errors=[_field_error({**e, "loc": (*inside, *e["loc"])}) for e in wrong]) from None


# pydantic's kinds of error that have a text of their own: our code, and what of the error's context the text needs
CODES = {
    "missing": ("missing", ""),
    "extra_forbidden": ("unknown", ""),
    "string_too_long": ("too_long", "max_length"),
    "string_too_short": ("too_short", "min_length"),
    "too_long": ("too_many", "max_length"),
    "too_short": ("too_few", "min_length"),
    "less_than_equal": ("at_most", "le"),
    "greater_than_equal": ("at_least", "ge"),
    "literal_error": ("one_of", "expected"),
    "enum": ("one_of", "expected"),
    "string_pattern_mismatch": ("pattern", "pattern"),
}


def _field_error(error: Mapping[str, Any]) -> FieldError:
    where = ".".join(str(part) for part in error["loc"])[:200]
    code, needs = CODES.get(error["type"], ("invalid", ""))
    detail = error["ctx"][needs] if needs else str(error["msg"]).removeprefix("Value error, ")
    return FieldError(where, code, str(detail))


def problem(error: GreenShieldError, call: Call) -> Response:
    """The answer to a problem, in the caller's language. It says what was wrong and leaks nothing else."""
    title = text(f"problem.{error.code}", call.language)
    body: dict[str, Any] = {
        "type": f"urn:green-shield:problem:{error.code}",
        "title": title,
        "status": error.status,
        "code": error.code,
        "correlation_id": call.correlation_id,
    }
    if error.errors:
        body["errors"] = [
            {"field": one.field, "code": one.code, "detail": field_text(one, call.language)}
            | ({} if one.line is None else {"line": one.line})
            for one in error.errors
        ]
    body |= {key: value for key, value in error.params.items() if isinstance(value, str | int | float | list)}
    headers = {"Content-Type": PROBLEM, "Cache-Control": "no-store"}
    if error.status in (429, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = "2"
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(body, ensure_ascii=False), headers, error.status)


def field_text(error: FieldError, language: str) -> str:
    key = f"field.{error.code}"
    return text(key if key in TEXTS[DEFAULT] else "field.invalid", language, detail=error.detail)
