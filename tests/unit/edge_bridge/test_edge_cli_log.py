"""The log: no secrets, and no flood."""

import json
import logging

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from green_shield_bridge.log import HIDDEN, JsonLines, LimitedHandler, without_secrets
from green_shield_bridge.log_limit import RepeatLimit

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJicmlkZ2UifQ.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIHNlY3JldA==\n-----END PRIVATE KEY-----"


def record(name="device_lost", *, level=logging.WARNING, logger="green_shield_bridge", **fields):
    made = logging.LogRecord(logger, level, "", 0, name, None, None)
    if fields:
        made.fields = fields
    return made


def line(**fields):
    return JsonLines().format(record(**fields))


@pytest.mark.parametrize(
    ("fields", "secret"),
    [
        pytest.param({"token": "s3cret-1"}, "s3cret-1", id="a field named token"),
        pytest.param({"key": "s3cret-1"}, "s3cret-1", id="a field named key"),
        pytest.param({"sm4_key": "s3cret-1"}, "s3cret-1", id="a key of some kind"),
        pytest.param({"pw": 123456}, "123456", id="a password that is a number"),
        pytest.param({"PW": "s3cret-1"}, "s3cret-1", id="in capitals"),
        pytest.param({"Authorization": "Basic s3cret-1"}, "s3cret-1", id="a header"),
        pytest.param({"request": {"password": 's3"cret-1'}}, "cret-1", id="deep inside, with a quotation mark"),
        pytest.param({"detail": f"refused: {TOKEN}"}, TOKEN, id="a token within a text"),
        pytest.param({"detail": "Authorization: Bearer abc.def"}, "abc.def", id="a bearer token within a text"),
        pytest.param({"trace": f"in\n{PEM}\nout"}, "MC4CAQAw", id="a private key within a trace"),
        pytest.param({"secrets": ["first", "S3CRET ]"]}, "S3CRET", id="a list of secrets"),
        pytest.param({"secrets": {"of": "S3CRET }"}}, "S3CRET", id="secrets by name"),
        pytest.param({"frame": "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=0100"}, "100000", id="a packet"),
    ],
)
def test_a_secret_is_not_in_the_line(fields, secret):
    written = line(**fields)
    assert secret not in written
    assert HIDDEN in written
    json.loads(written)


def test_what_is_no_secret_stays():
    fields = {"key_file": "/etc/bridge.key", "code": "key_file", "detail": "key file: mode is 0644", "tokens": None}
    kept = json.loads(line(**fields))
    assert {name: kept[name] for name in ("key_file", "code", "detail")} == {
        name: fields[name] for name in ("key_file", "code", "detail")
    }


@given(
    st.dictionaries(
        st.text(), st.text() | st.integers() | st.none() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())
    )
)
@example({"SECRET": ["x"]})
def test_a_line_is_json_whatever_is_logged(fields):
    text = json.dumps(fields, ensure_ascii=False)
    assert list(json.loads(without_secrets(text))) == list(fields)


def test_the_same_warning_comes_once_a_minute_and_says_how_many_were_left_out():
    limit = RepeatLimit(window_s=60)
    assert len(limit.admit(record(source="a"), 0)) == 1
    assert [limit.admit(record(source="a"), at_s) for at_s in (1, 30, 59)] == [[], [], []]
    summary, again = limit.admit(record(source="a"), 61)
    assert (summary.fields["repeated"], "repeated" in again.fields) == (3, False)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(record(source="a"), record(source="b"), id="another source"),
        pytest.param(record(code="x"), record(code="y"), id="another code"),
        pytest.param(record(point="x"), record(point="y"), id="another point"),
        pytest.param(record(), record(level=logging.ERROR), id="another level"),
        pytest.param(record("device_lost"), record("device_busy"), id="another event"),
    ],
)
def test_two_warnings_about_different_things_both_come(first, second):
    limit = RepeatLimit()
    assert limit.admit(first, 0) == [first]
    assert limit.admit(second, 0) == [second]


def test_the_return_of_a_flapping_source_is_limited_and_other_news_is_not():
    limit = RepeatLimit()
    news = [record("reloaded", level=logging.INFO, sources=n) for n in range(3)]
    assert [limit.admit(one, 0) for one in news] == [[one] for one in news]
    back = [len(limit.admit(record("device_back", level=logging.INFO, source="a"), n)) for n in range(3)]
    assert back == [1, 0, 0]


def test_what_was_held_back_is_told_at_the_end():
    limit = RepeatLimit()
    for at_s in range(5):
        limit.admit(record(source="a"), at_s)
    assert [one.fields["repeated"] for one in limit.rest()] == [4]
    assert limit.rest() == []


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 40)), max_size=200))
def test_no_warning_is_lost_without_being_counted(steps):
    limit, now_s, told = RepeatLimit(window_s=60, max_kinds=4), 0.0, 0
    for source, after_s in steps:
        now_s += after_s
        told += sum(one.fields.get("repeated", 1) for one in limit.admit(record(source=source), now_s))
    told += sum(one.fields["repeated"] for one in limit.rest())
    assert told == len(steps)


def test_a_library_is_limited_and_cleaned_as_well(capsys):
    handler = LimitedHandler(RepeatLimit(), monotonic_s=lambda: 0.0)
    handler.setFormatter(JsonLines())
    for _ in range(1_000):
        handler.emit(record(f"refused {TOKEN}", logger="httpcore"))
    handler.close()
    written = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert [(one["logger"], one.get("repeated")) for one in written] == [("httpcore", None), ("httpcore", 999)]
    assert all(TOKEN not in one["message"] for one in written)
