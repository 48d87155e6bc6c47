"""What a push says, however long the names are."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.notice import BODY_BYTES, FOLDED, FOLDING_MS, TITLE_BYTES, Notice, NoticeKind, shortened
from chalicelib.domain.unseen import CALLS


@pytest.mark.parametrize(
    ("text", "room", "cut"),
    [
        pytest.param("反应釜", 9, "反应釜", id="what fits is left alone"),
        pytest.param("反应釜超温", 9, "反应…", id="a character is never cut in two"),
        pytest.param('"""""', 8, '""…', id="what JSON escapes counts as it is sent"),
        pytest.param("", 3, "", id="nothing"),
    ],
)
def test_a_text_is_cut_where_it_no_longer_fits(text: str, room: int, cut: str) -> None:
    assert shortened(text, room) == cut


@given(st.text(), st.integers(3, 200))
def test_a_cut_text_fits_and_is_a_beginning_of_what_it_was(text: str, room: int) -> None:
    cut = shortened(text.encode(errors="ignore").decode(), room)
    assert len(json.dumps(cut, ensure_ascii=False).encode()) - 2 <= room
    assert text.encode(errors="ignore").decode().startswith(cut.removesuffix("…"))


def test_the_longest_message_leaves_room_for_its_data() -> None:
    ids = 64 * len(("notice_id", "task_id", "kind", "tier", "count"))
    assert TITLE_BYTES + BODY_BYTES + ids + 500 < 4096


T0 = 1_772_416_800_000
FIRST = Notice("n-1", "li", NoticeKind.PHOTO_REFUSED, "t-1", "acme", 2, T0, (("reason", "unreadable"),))
AGAIN = replace(FIRST, id="n-2", created_at_ms=T0 + 60_000)


def test_what_says_the_same_of_the_same_task_repeats_the_first() -> None:
    assert AGAIN.repeats(FIRST) and replace(AGAIN, created_at_ms=T0 + FOLDING_MS).repeats(FIRST)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        pytest.param(FIRST, replace(AGAIN, params=(("reason", "hash_mismatch"),)), id="another reason"),
        pytest.param(FIRST, replace(AGAIN, task_id="t-2"), id="another task"),
        pytest.param(FIRST, replace(AGAIN, person_id="wang"), id="another person"),
        pytest.param(FIRST, replace(AGAIN, tier=3), id="a task that has escalated since"),
        pytest.param(FIRST, replace(AGAIN, created_at_ms=T0 + FOLDING_MS + 1), id="long after"),
        pytest.param(FIRST, replace(AGAIN, created_at_ms=T0 - 1), id="before it"),
        pytest.param(replace(FIRST, seen_at_ms=T0 + 1), AGAIN, id="one that was opened"),
    ],
)
def test_it_stands_for_itself_after(first: Notice, again: Notice) -> None:
    assert not again.repeats(first)


def test_what_calls_somebody_is_never_folded() -> None:
    assert not FOLDED & CALLS
