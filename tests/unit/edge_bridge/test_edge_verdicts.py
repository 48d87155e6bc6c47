"""What an answer of the park means for the block."""

import json

import pytest

from green_shield_bridge.backoff import full_jitter_s, suspension_s
from green_shield_bridge.commands import command_of
from green_shield_bridge.spool import Refusal
from green_shield_bridge.upload.verdicts import (
    Answer,
    Refused,
    Stored,
    TooLarge,
    TryAgain,
    clock_ahead_s,
    commands_of,
    judge,
)

NOW_S = 1_767_225_600.0  # Thu, 01 Jan 2026 00:00:00 GMT


def verdict(status, document=None, headers=None, *, series=2):
    body = document if isinstance(document, bytes) else json.dumps(document or {}).encode()
    return judge(Answer(status, headers or {}, body), "block-1", series, NOW_S)


def result(index, status=202, **error):
    return {"index": index, "point": f"p{index}", "status": status, "stored": 1, **({"error": error} if error else {})}


NO_ACKNOWLEDGEMENT = {
    "a web page": b"<html>",
    "no body": b"",
    "a list": b"[]",
    "another block's answer": {"block_id": "block-2", "results": [result(0), result(1)]},
    "no block id": {"results": [result(0), result(1)]},
}


@pytest.mark.parametrize("document", NO_ACKNOWLEDGEMENT.values(), ids=NO_ACKNOWLEDGEMENT.keys())
def test_a_202_is_no_acknowledgement_when_it_is(document):
    assert isinstance(verdict(202, document), TryAgain)


@pytest.mark.parametrize(
    "status", [200, 201, 204, 301, 401, 403, 404, 405, 407, 408, 425, 429, 500, 502, 503, 504, 511]
)
def test_the_block_waits_after(status):
    assert isinstance(verdict(status, {"block_id": "block-1", "results": [result(0), result(1)]}), TryAgain)


@pytest.mark.parametrize("status", [400, 402, 406, 409, 410, 415, 422])
def test_the_block_is_refused_after(status):
    answer = verdict(status, {"code": "bad_block", "detail": "that is why"})
    assert answer == Refused(Refusal("bad_block", "that is why"), {})


def test_a_refused_block_has_the_reasons_of_its_series():
    answer = verdict(
        400, {"code": "nothing_usable", "title": "x", "results": [result(1, 422, code="unknown_point", title="t")]}
    )
    assert answer == Refused(Refusal("nothing_usable", "x"), {1: Refusal("unknown_point", "t")})


def test_a_block_that_is_too_large():
    assert verdict(413, b"") == TooLarge(Refusal("http_413", "status 413"))


def test_a_stored_block_with_a_refused_series():
    document = {
        "block_id": "block-1",
        "results": [result(0), result(1, 422, code="unknown_point", detail="no such point")],
    }
    assert verdict(202, document) == Stored({1: Refusal("unknown_point", "no such point")}, {})


def test_a_series_that_the_answer_does_not_speak_of_is_not_taken_for_stored():
    answer = verdict(202, {"block_id": "block-1", "results": [result(0)]})
    assert isinstance(answer, Stored)
    assert answer.refused[1].code == "not_answered"


SPOKEN_OF = {
    "no preference applied": ({}, {0, 2}),
    "another preference applied": ({"preference-applied": "respond-async"}, {0, 2}),
    "a preference that only begins so": ({"preference-applied": "return=minimalist"}, {0, 2}),
    "exceptions only": ({"preference-applied": "return=minimal"}, set()),
    "exceptions only, among others": ({"preference-applied": "respond-async, Return = Minimal"}, set()),
}


@pytest.mark.parametrize(("headers", "not_answered"), SPOKEN_OF.values(), ids=SPOKEN_OF.keys())
def test_silence_about_a_series_is_a_yes_only_where_the_park_says_that_it_speaks_of_exceptions(headers, not_answered):
    document = {"block_id": "block-1", "results": [result(1, 422, code="unknown_point", detail="no such point")]}
    answer = verdict(202, document, headers, series=3)
    assert isinstance(answer, Stored)
    assert {index for index, refusal in answer.refused.items() if refusal.code == "not_answered"} == not_answered
    assert answer.refused[1] == Refusal("unknown_point", "no such point")


COMMAND = {"id": "c1", "measure": "start_cooling", "value": None, "expires_at": "2026-03-02T10:00:00+08:00"}
NO_COMMANDS = {
    "text": "c1",
    "no id": {**COMMAND, "id": None},
    "an empty id": {**COMMAND, "id": ""},
    "an id that is a number": {**COMMAND, "id": 7},
    "an id without end": {**COMMAND, "id": "c" * 129},
    "no measure": {**COMMAND, "measure": None},
    "a value that is text": {**COMMAND, "value": "1"},
    "a value that is true": {**COMMAND, "value": True},
    "a value that is no number": {**COMMAND, "value": float("nan")},
    "no expiry": {**COMMAND, "expires_at": None},
    "an expiry that is no instant": {**COMMAND, "expires_at": "soon"},
    "an expiry without a zone": {**COMMAND, "expires_at": "2026-03-02T10:00:00"},
}


@pytest.mark.parametrize("given", NO_COMMANDS.values(), ids=NO_COMMANDS.keys())
def test_what_is_no_command_is_left_out(given):
    assert commands_of({"commands": [given, COMMAND]}) == (COMMAND,)


@pytest.mark.parametrize("expires_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-23:59"])
def test_whatever_expiry_passes_can_be_compared(expires_at):
    (shaped,) = commands_of({"commands": [{**COMMAND, "expires_at": expires_at, "value": 1, "more": "x"}]})
    assert command_of(shaped).value == 1.0


def test_intervals_by_point_and_nonsense_left_out():
    units = [
        {"unit": "u", "sampling_interval_s": 30, "points": ["a", "b", 7]},
        {"unit": "v", "sampling_interval_s": -1, "points": ["c"]},
        {"unit": "w", "sampling_interval_s": "300", "points": ["d"]},
        {"unit": "x", "sampling_interval_s": 300, "points": None},
        "y",
    ]
    answer = verdict(202, {"block_id": "block-1", "results": [result(0), result(1)], "units": units})
    assert answer == Stored({}, {"a": 30.0, "b": 30.0})


RETRY_AFTER = {
    "seconds": ("120", 120.0),
    "a date to come": ("Thu, 01 Jan 2026 00:02:00 GMT", 120.0),
    "a date gone by": ("Wed, 31 Dec 2025 23:00:00 GMT", 0.0),
    "more than an hour": ("86400", 3_600.0),
    "nonsense": ("soon", None),
    "a negative number": ("-5", None),
    "digits of another script": ("٣", None),
}


@pytest.mark.parametrize(("text", "expected"), RETRY_AFTER.values(), ids=RETRY_AFTER.keys())
def test_retry_after(text, expected):
    answer = verdict(429, {}, {"retry-after": text})
    assert isinstance(answer, TryAgain)
    assert answer.after_s == expected


def test_the_clock_is_compared_with_the_park_s():
    assert clock_ahead_s({"date": "Wed, 31 Dec 2025 23:59:00 GMT"}, NOW_S) == 60.0
    assert clock_ahead_s({"date": "yesterday"}, NOW_S) is None
    assert clock_ahead_s({}, NOW_S) is None


def test_backoff_doubles_to_its_cap_and_any_part_of_it_may_be_waited():
    waits = [full_jitter_s(n, base_s=0.5, cap_s=60, random=lambda: 1.0) for n in (0, 1, 2, 7, 400)]
    assert waits == [0.5, 1.0, 2.0, 60.0, 60.0]
    assert full_jitter_s(5, base_s=0.5, cap_s=60, random=lambda: 0.0) == 0.0


def test_a_device_is_left_alone_for_a_doubling_time():
    assert [suspension_s(n, base_s=1, cap_s=60) for n in (0, 1, 2, 3, 7, 400)] == [0, 1, 2, 4, 60, 60]
