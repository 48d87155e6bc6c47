"""What a push says, however long the names are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.notice import BODY_BYTES, TITLE_BYTES, shortened


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
