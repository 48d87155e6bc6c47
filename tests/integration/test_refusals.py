"""How requests are refused: each by its status, code and field, in the reader's language, and nothing is changed by one."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib.adapters.catalogue import shipped_document
from chalicelib.api.http import MAX_BODY_BYTES, MAX_DECOMPRESSED_BYTES, MAX_FIELD_ERRORS
from chalicelib.bootstrap import use
from chalicelib.domain.errors import Busy, RetryLater, WriteConflict
from tests.acts import FakeInspector, brings_retest, retest_body, submits, the_task
from tests.park import FakeTokens, Park

DEEP = b"[" * 200_000
NOTE = b'{"note": "ok"}'


def with_a_task() -> Park:
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=188.0, voc=54.0, steam=112.0)
    return park


@pytest.fixture
def fresh() -> Park:
    """A park with a tier 3 task, for tests that change it."""
    return with_a_task()


@pytest.fixture(scope="module")
def unchanged() -> Iterator[Park]:
    """One park for all that is only refused: at the end its task is as it was."""
    park = with_a_task()
    before = the_task(park)
    yield park
    use(park.services)
    assert the_task(park) == before


@pytest.fixture
def park(unchanged: Park) -> Park:
    use(unchanged.services)
    return unchanged


def send(
    park: Park, method: str, path: str, body: bytes = b"", who: str = "inspector_safety", **headers: str
) -> HTTPResponse:
    sent = {"Authorization": f"Bearer person:{who}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return park.client.http.request(method, path, headers=sent, body=body)


def submission(park: Park) -> str:
    return f"/v1/tasks/{the_task(park)['id']}/sides/safety/submission"


def problem(answer: HTTPResponse, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, once its status, code and type are as expected."""
    body: dict[str, Any] = json.loads(answer.body)
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status), body
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["correlation_id"] == answer.headers["X-Correlation-Id"]
    return body


def fields(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in body["errors"]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"", [("", "invalid")], id="no body is refused"),
        pytest.param(b"{", [("", "invalid")], id="half a document is refused"),
        pytest.param(NOTE + b"{}", [("", "invalid")], id="two documents are refused"),
        pytest.param(b'"text"', [("", "invalid")], id="a bare string is refused"),
        pytest.param(b"[]", [("", "invalid")], id="a list is refused"),
        pytest.param(b"null", [("", "invalid")], id="null is refused"),
        pytest.param(b"{}", [("note", "missing")], id="a missing field is named"),
        pytest.param(b'{"note": 5}', [("note", "invalid")], id="a number for a text is named"),
        pytest.param(b'{"note": null}', [("note", "invalid")], id="null for a text is named"),
        pytest.param(b'{"note": "  "}', [("note", "too_short")], id="blanks are no text"),
        pytest.param(b'{"note": "%s"}' % (b"x" * 2001), [("note", "too_long")], id="too long a text is named"),
        pytest.param(b'{"note": "ok", "tier": 1}', [("tier", "unknown")], id="an unknown field is named, not ignored"),
        pytest.param(b'{"note": NaN}', [("", "invalid")], id="NaN is no JSON"),
        pytest.param(b'{"note": Infinity}', [("", "invalid")], id="Infinity is no JSON"),
        pytest.param(b'{"note": -Infinity}', [("", "invalid")], id="minus Infinity is no JSON"),
        pytest.param(DEEP, [("", "invalid")], id="a document nested without end is refused"),
        pytest.param(b'{"note": "\\ud800"}', [("", "invalid")], id="half of a surrogate pair is refused"),
        pytest.param(b'{"note": "\xff"}', [("", "invalid")], id="what is not UTF-8 is refused"),
        pytest.param('{"note": "ok"}'.encode("utf-16"), [("", "invalid")], id="UTF-16 is refused"),
        pytest.param(
            b'{"note": %s}' % (b"9" * 5000), [("", "invalid")], id="a number with thousands of digits is refused"
        ),
    ],
)
def test_a_bad_body_is_refused_by_field(park: Park, body: bytes, expected: list[tuple[str, str]]) -> None:
    assert fields(problem(send(park, "POST", submission(park), body), 400, "invalid_request")) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"value": "28.5"}, ("value", "invalid"), id="a number written as text"),
        pytest.param({"value": True}, ("value", "invalid"), id="a truth value for a number"),
        pytest.param({"value": None}, ("value", "invalid"), id="null for a number"),
        pytest.param({"id": "17"}, ("id", "pattern"), id="an id that is neither UUID nor ULID"),
        pytest.param({"dimension": "energy"}, ("dimension", "one_of"), id="a side that does not exist"),
        pytest.param({"measured_at": "2026-03-02T10:00:00"}, ("measured_at", "invalid"), id="a time without an offset"),
        pytest.param({"measured_at": "yesterday"}, ("measured_at", "invalid"), id="a time that is none"),
        pytest.param({"unit": "x" * 21}, ("unit", "too_long"), id="too long a unit"),
    ],
)
def test_a_bad_field_of_a_retest_is_named(park: Park, change: dict[str, Any], expected: tuple[str, str]) -> None:
    body = json.dumps(retest_body(1, "safety", **change)).encode()
    answer = send(park, "POST", f"/v1/tasks/{the_task(park)['id']}/retests", body)
    assert fields(problem(answer, 400, "invalid_request")) == [expected]


def test_a_value_beyond_every_double_is_refused(park: Park) -> None:
    body = json.dumps(retest_body(1, "safety")).replace("28.5", "1e999").encode()
    answer = send(park, "POST", f"/v1/tasks/{the_task(park)['id']}/retests", body)
    assert fields(problem(answer, 400, "invalid_request")) == [("value", "invalid")]


def test_all_wrong_fields_are_named_at_once_but_not_without_end(park: Park) -> None:
    body = json.dumps({f"field{number}": 0 for number in range(1000)}).encode()
    assert (
        len(problem(send(park, "POST", submission(park), body), 400, "invalid_request")["errors"]) == MAX_FIELD_ERRORS
    )


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        pytest.param(gzip.compress(NOTE)[:-9], {"Content_Encoding": "gzip"}, 400, "invalid_request", id="gzip cut off"),
        pytest.param(
            gzip.compress(NOTE)[:-1], {"Content_Encoding": "gzip"}, 400, "invalid_request", id="gzip without its end"
        ),
        pytest.param(b"\x1f\x8bnothing", {"Content_Encoding": "gzip"}, 400, "invalid_request", id="gzip in name only"),
        pytest.param(
            gzip.compress(NOTE) + b"more", {"Content_Encoding": "gzip"}, 400, "invalid_request", id="bytes after gzip"
        ),
        pytest.param(NOTE, {"Content_Encoding": "br"}, 415, "unsupported_media_type", id="another compression"),
        pytest.param(NOTE, {"Content_Encoding": "gzip, gzip"}, 415, "unsupported_media_type", id="compressed twice"),
        pytest.param(NOTE, {"Content_Type": "text/plain"}, 415, "unsupported_media_type", id="text"),
        pytest.param(
            NOTE, {"Content_Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type", id="a form"
        ),
    ],
)
def test_a_body_in_the_wrong_wrapping_is_refused(
    park: Park, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    problem(send(park, "POST", submission(park), body, **headers), status, code)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(gzip.compress(NOTE), {"Content_Encoding": "gzip"}, id="gzip"),
        pytest.param(gzip.compress(NOTE), {"Content_Encoding": "GZIP"}, id="gzip in capitals"),
        pytest.param(NOTE, {"Content_Encoding": "gzip"}, id="gzip that a gateway has taken off already"),
        pytest.param(NOTE, {"Content_Encoding": "identity"}, id="no compression, said so"),
        pytest.param(NOTE, {"Content_Type": "application/json; charset=utf-8"}, id="a type with its charset"),
        pytest.param(NOTE, {"Content_Type": "Application/JSON"}, id="a type in capitals"),
    ],
)
def test_a_body_in_any_fit_wrapping_is_read(fresh: Park, body: bytes, headers: dict[str, str]) -> None:
    brings_retest(fresh, the_task(fresh), "safety")
    assert send(fresh, "POST", submission(fresh), body, **headers).status_code == 200


def test_a_body_that_is_too_large_is_refused_unread(park: Park) -> None:
    body = problem(send(park, "POST", submission(park), b" " * (MAX_BODY_BYTES + 1)), 413, "too_large")
    assert (body["what"], body["allowed"]) == ("body_bytes", MAX_BODY_BYTES)


def test_a_gzip_bomb_is_refused_before_it_goes_off(park: Park) -> None:
    bomb = gzip.compress(b" " * (MAX_DECOMPRESSED_BYTES + 1), 1)
    body = problem(send(park, "POST", submission(park), bomb, Content_Encoding="gzip"), 413, "too_large")
    assert len(bomb) < 100_000 and body["what"] == "decompressed_bytes"


@pytest.mark.parametrize(
    ("query", "code", "expected"),
    [
        pytest.param("limit=0", "invalid_request", [("limit", "at_least")], id="a page of nothing"),
        pytest.param("limit=101", "invalid_request", [("limit", "at_most")], id="too large a page"),
        pytest.param("limit=ten", "invalid_request", [("limit", "invalid")], id="a limit that is no number"),
        pytest.param("limit=5&limit=6", "invalid_request", [("limit", "invalid")], id="two limits"),
        pytest.param("state=closed", "invalid_request", [("state", "one_of")], id="an unknown state"),
        pytest.param("colour=red", "invalid_request", [("colour", "unknown")], id="an unknown parameter"),
        pytest.param("cursor=nonsense", "invalid_cursor", None, id="a cursor nobody gave"),
        pytest.param("cursor=%00", "invalid_cursor", None, id="a cursor that is no base64"),
        pytest.param("cursor=", "invalid_cursor", None, id="an empty cursor"),
        pytest.param(f"cursor={'A' * 401}", "invalid_request", [("cursor", "too_long")], id="too long a cursor"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/warnings", "/v1/inbox"])
def test_a_bad_page_is_refused(
    park: Park, path: str, query: str, code: str, expected: list[tuple[str, str]] | None
) -> None:
    if "state" in query and path != "/v1/tasks":
        expected = [("state", "unknown")]
    body = problem(send(park, "GET", f"{path}?{query}"), 400, code)
    assert expected is None or fields(body) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", [("from", "missing"), ("to", "missing")], id="no range"),
        pytest.param("from=2026-03-02T10:00:00Z&to=now", [("to", "invalid")], id="an end that is no time"),
        pytest.param("from=2026-03-02T10:00:00Z&to=2026-03-02T10:00:00Z", [("to", "range")], id="an empty range"),
        pytest.param("from=2026-03-02T10:00:00Z&to=2026-03-09T10:00:00.001Z", [("to", "range")], id="more than a week"),
        pytest.param("from=1970-01-01T00:00:00Z&to=2199-12-31T23:59:59Z", [("to", "range")], id="all of time"),
        pytest.param(
            "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
            [("from", "invalid"), ("to", "invalid")],
            id="beyond time",
        ),
    ],
)
def test_a_bad_range_of_readings_is_refused(park: Park, query: str, expected: list[tuple[str, str]]) -> None:
    assert fields(problem(send(park, "GET", f"/v1/units/acme-r1/readings?{query}"), 400, "invalid_request")) == expected


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/v1/tasks/no%20id", id="a blank in an id"),
        pytest.param(f"/v1/tasks/{'x' * 65}", id="too long an id"),
        pytest.param("/v1/tasks/.hidden", id="an id that begins with a dot"),
        pytest.param("/v1/tasks/%E4%BB%BB%E5%8A%A1", id="an id that is not ASCII"),
        pytest.param("/v1/tasks/a%2Fb", id="a slash in an id"),
        pytest.param("/v1/tasks/a%0Ab", id="a line break in an id"),
    ],
)
def test_a_path_that_holds_no_id_is_refused(park: Park, path: str) -> None:
    assert fields(problem(send(park, "GET", path), 400, "invalid_request")) == [("task_id", "pattern")]


def test_an_id_may_be_percent_encoded(fresh: Park) -> None:
    fresh.as_("admin").put("/v1/units/acme:r%3A2", {"enterprise_id": "acme", "name": "R2", "type": "reactor"})
    assert fresh.as_("admin").get("/v1/units/acme%3Ar:2")["id"] == "acme:r:2"


def test_a_third_side_does_not_exist(park: Park) -> None:
    assert (
        problem(send(park, "POST", submission(park).replace("safety", "energy"), NOTE), 404, "not_found")["what"]
        == "side"
    )


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        pytest.param('"7"', 412, "precondition_failed", id="another version is refused"),
        pytest.param('W/"7"', 412, "precondition_failed", id="another weak version is refused"),
        pytest.param("seven", 400, "invalid_request", id="what is no version is refused"),
        pytest.param('""', 400, "invalid_request", id="an empty version is refused"),
        pytest.param('"1", "2"', 400, "invalid_request", id="several versions are refused"),
        pytest.param('"%s"' % ("1" * 5000), 400, "invalid_request", id="a version of thousands of digits is refused"),
    ],
)
def test_a_change_of_what_nobody_saw_is_refused(fresh: Park, if_match: str, status: int, code: str) -> None:
    task = the_task(fresh)
    brings_retest(fresh, task, "safety")
    problem(send(fresh, "POST", submission(fresh), NOTE, If_Match=if_match), status, code)
    assert the_task(fresh)["version"] == task["version"]


@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', "1", "*"])
def test_a_change_of_what_was_seen_is_done(fresh: Park, if_match: str) -> None:
    brings_retest(fresh, the_task(fresh), "safety")
    answer = send(fresh, "POST", submission(fresh), NOTE, If_Match=if_match)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')


def test_the_same_submission_again_is_a_success_though_the_version_has_moved_on(fresh: Park) -> None:
    task = the_task(fresh)
    brings_retest(fresh, task, "safety")
    first = submits(fresh, task, "safety", If_Match='"1"')
    assert submits(fresh, task, "safety", If_Match='"1"') == first


@pytest.mark.parametrize(
    ("part", "name", "field", "code"),
    [
        pytest.param("indicators", "steam_flow", "indicators.steam_flow", "in_use", id="an indicator that points have"),
        pytest.param("industry_weights", "circular_chemical", "industry_weights.circular_chemical", "in_use", id="an industry"),
        pytest.param("size_factors", "medium", "size_factors.medium", "in_use", id="a size"),
        pytest.param("indicators", None, "indicators", "invalid", id="all indicators"),
        pytest.param("score", "base", "score.base", "invalid", id="something it needs"),
    ],
)  # fmt: skip
def test_a_catalogue_without_what_is_in_use_is_refused(
    park: Park, part: str, name: str | None, field: str, code: str
) -> None:
    document = shipped_document()
    kept = {key: value for key, value in document[part].items() if key != name}
    broken = document | {part: kept if name else None}
    answer = send(park, "PUT", "/v1/catalogue", json.dumps(broken).encode(), who="admin")
    assert fields(problem(answer, 400, "invalid_request"))[0] == (field, code)


@pytest.mark.parametrize(
    ("who", "accepts", "language", "title"),
    [
        pytest.param("inspector_safety", None, "zh-CN", "找不到该内容，或您无权查看", id="Chinese by default"),
        pytest.param("reader", None, "en", "Not found, or not visible to you", id="the person's own language"),
        pytest.param("reader", "zh-CN", "zh-CN", "找不到该内容，或您无权查看", id="the request's before the person's"),
        pytest.param("inspector_safety", "en;q=0.9", "en", "Not found, or not visible to you", id="English on request"),
    ],
)
def test_a_title_is_in_the_readers_language(
    fresh: Park, who: str, accepts: str | None, language: str, title: str
) -> None:
    fresh.as_("admin").put("/v1/people/reader", {"name": "reader", "role": "committee", "language": "en"})
    headers = {"Accept_Language": accepts} if accepts else {}
    answer = send(fresh, "GET", "/v1/tasks/nothing", who=who, **headers)
    assert (problem(answer, 404, "not_found")["title"], answer.headers["Content-Language"]) == (title, language)


def test_field_details_are_in_the_readers_language(park: Park) -> None:
    (zh,) = problem(send(park, "POST", submission(park), b"{}"), 400, "invalid_request")["errors"]
    (en,) = problem(send(park, "POST", submission(park), b"{}", Accept_Language="en"), 400, "invalid_request")["errors"]
    assert (zh["detail"], en["detail"]) == ("必填项", "This field is required")


def test_who_is_not_known_yet_is_refused_in_the_language_they_ask_for(park: Park) -> None:
    answer = send(park, "GET", "/v1/me", who="nobody", Accept_Language="en")
    assert problem(answer, 401, "unauthenticated")["title"].startswith("Authentication failed")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("request-2026-03", True, id="a fit id is kept"),
        pytest.param("short", False, id="too short an id is replaced"),
        pytest.param("x" * 65, False, id="too long an id is replaced"),
        pytest.param("line break\n", False, id="an id with other characters is replaced"),
    ],
)
def test_the_correlation_id_is_the_callers_where_it_is_fit(park: Park, given: str, kept: bool) -> None:
    answer = send(park, "GET", "/v1/tasks/nothing", X_Correlation_Id=given)
    assert (problem(answer, 404, "not_found")["correlation_id"] == given) is kept


class FailingTokens(FakeTokens):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def person_id(self, token: str) -> str:
        raise self.error


@pytest.mark.parametrize(
    "error", [Busy(), RetryLater("throttled"), WriteConflict()], ids=lambda error: type(error).__name__
)
def test_what_time_may_heal_says_when_to_come_back(error: Exception) -> None:
    answer = send(Park(tokens=FailingTokens(error)), "GET", "/v1/me")
    problem(answer, 503, "busy")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_fault_of_the_server_is_a_problem_too_and_gives_nothing_away(caplog: pytest.LogCaptureFixture) -> None:
    answer = send(Park(tokens=FailingTokens(RuntimeError("secret"))), "GET", "/v1/me", Accept_Language="en")
    problem(answer, 500, "internal")
    (fault,) = (vars(record) for record in caplog.records if record.message == "fault")
    assert (fault["error"], fault["correlation_id"]) == ("RuntimeError", answer.headers["X-Correlation-Id"])
    assert fault["where"].startswith("http.py:")
    written = answer.body.decode() + "".join(str(vars(record)) for record in caplog.records)
    assert "secret" not in written and "person:inspector_safety" not in written


@pytest.mark.parametrize(
    "at", ["0414-06-16T00:41:23Z", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_an_instant_that_nobody_measured_at_is_refused(at: str) -> None:
    park = Park().register()
    problem = park.as_("admin").get(f"/v1/enterprises/acme/downwind?at={at}", expect=400)
    assert [one["field"] for one in problem["errors"]] == ["at"]
