"""Marks of photos: what is found, with its numbers, and what is not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.photo import Claim, MarkKind, NearPhoto, Photo, PhotoFinding, Position
from chalicelib.domain.photo_marks import NEAR_BITS, bits_apart, marks_of
from chalicelib.domain.side import Side
from chalicelib.domain.task import Task

T0 = 1_772_416_800_000
SITE = Position(31.2304, 121.4737)
NEARBY, FAR = Position(31.2331, 121.4737), Position(31.2394, 121.4737)  # 300 m and 1 km north of the site
PHOTO = Photo("p-1", "t-1", "acme", Dimension.SAFETY, "li", T0 + 60_000, "aa", 9, "image/jpeg")
GOOD = PhotoFinding(None, "image/jpeg", 4032, 3024, T0 + 30_000, SITE, (), "00ff00ff00ff00ff", "", T0 + 30_000, True)
TASK = Task(
    "t-1", "w-1", "acme", "r1", "east", "circular_chemical", "rule", 2, Side(), Side(), (), T0, T0 + 9, None
)  # fmt: skip


def found(
    finding: PhotoFinding = GOOD, *others: NearPhoto, claim: Claim | None = None, **changes: Any
) -> list[tuple[MarkKind, float | None]]:
    photo = replace(PHOTO, claim=claim, **changes)
    return [(one.kind, one.value) for one in marks_of(photo, finding, TASK, SITE, others)]


def test_a_photo_of_the_place_and_the_hour_has_no_mark() -> None:
    assert found() == []
    assert found(claim=Claim(T0 + 30_000, NEARBY, 20.0, False, 1200)) == []


@pytest.mark.parametrize(
    ("finding", "claim", "mark"),
    [
        pytest.param({"position": FAR}, None, (MarkKind.OUTSIDE_GEOFENCE, 998), id="far from the enterprise"),
        pytest.param({"position": None}, Claim(position=FAR, accuracy_m=30.0), (MarkKind.OUTSIDE_GEOFENCE, 998), id="far from it by the phone"),
        pytest.param({"position": None}, None, (MarkKind.NO_POSITION, None), id="nobody says where"),
        pytest.param({}, Claim(position=FAR), (MarkKind.POSITIONS_DIFFER, 998), id="the file says here, the phone says there"),
        pytest.param({}, Claim(is_mock_location=True), (MarkKind.MOCK_LOCATION, None), id="a position that another app sets"),
        pytest.param({}, Claim(skew_ms=-301_000), (MarkKind.CLOCK_SKEW, -301), id="a clock that is behind"),
        pytest.param({"taken_at_ms": T0 - 61_000, "modified_at_ms": None}, None, (MarkKind.BEFORE_DISPATCH, 61), id="before the task was there"),
        pytest.param({"taken_at_ms": None}, Claim(taken_at_ms=T0 - 61_000), (MarkKind.BEFORE_DISPATCH, 61), id="before it by the phone"),
        pytest.param({"software": "Adobe Photoshop 25.1"}, None, (MarkKind.EDITED, None), id="written by an editor"),
        pytest.param({"modified_at_ms": T0 + 91_000}, None, (MarkKind.EDITED, None), id="written a minute after it was taken"),
        pytest.param({"has_camera": False}, None, (MarkKind.NO_CAMERA_DATA, None), id="nothing of a camera"),
    ],
)  # fmt: skip
def test_what_speaks_against_a_photo_is_marked(
    finding: dict[str, Any], claim: Claim | None, mark: tuple[MarkKind, float | None]
) -> None:
    assert found(replace(GOOD, **finding), claim=claim) == [mark]


def test_a_phone_that_does_not_know_exactly_where_it_is_has_a_wider_fence() -> None:
    vague = Claim(position=FAR, accuracy_m=800.0)
    assert found(replace(GOOD, position=None), claim=vague) == []


def test_a_photo_that_is_uploaded_a_day_later_is_marked() -> None:
    late = {"announced_at_ms": T0 + 30_000 + 86_400_001}
    assert found(**late) == [(MarkKind.LATE_UPLOAD, 86_400)]


def near(task: str, photo: str, *, sha: str = "bb", look: str = GOOD.look, at_ms: int = T0) -> NearPhoto:
    return NearPhoto(task, photo, "other", sha, look, at_ms)


def test_the_same_bytes_under_another_id_are_a_reuse_of_the_first() -> None:
    others = (near("t-0", "p-0", sha="aa", at_ms=T0 - 5), near("t-1", "p-9", sha="aa"))
    assert [(one.kind, one.photo_id) for one in marks_of(PHOTO, GOOD, TASK, SITE, others)] == [(MarkKind.REUSED, "p-0")]


def test_itself_is_no_reuse() -> None:
    assert found(GOOD, near("t-1", "p-1", sha="aa")) == []


@pytest.mark.parametrize(("bits", "is_marked"), [(0, True), (NEAR_BITS, True), (NEAR_BITS + 1, False)])
def test_what_looks_like_it_in_another_task_is_marked_with_how_much_it_differs(bits: int, is_marked: bool) -> None:
    look = f"{int(GOOD.look, 16) ^ ((1 << bits) - 1):016x}"
    assert found(GOOD, near("t-0", "p-0", look=look)) == ([(MarkKind.NEAR_DUPLICATE, bits)] if is_marked else [])


def test_what_looks_like_it_in_its_own_task_is_another_photo_of_the_same_thing() -> None:
    assert found(GOOD, near("t-1", "p-0")) == []


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_bits_apart_is_a_distance(one: int, other: int) -> None:
    left, right = f"{one:016x}", f"{other:016x}"
    assert bits_apart(left, right) == bits_apart(right, left)
    assert (bits_apart(left, right) == 0) == (left == right)
    assert bits_apart("", left) == 64
