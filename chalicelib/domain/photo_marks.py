"""What speaks against a photo as evidence. A mark blocks nothing: it says what was found, and people judge.

Limits: EXIF can be written by anyone who can edit a file, and a phone's own word (`Claim`) by anyone who can change the app. Marks
make carelessness and simple tricks visible, and reuse; they prove no forgery and no honesty.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import hypot

from chalicelib.domain.geo import offset_m
from chalicelib.domain.photo import MarkKind, MediaKind, NearPhoto, Photo, PhotoFinding, PhotoMark, Position
from chalicelib.domain.task import Task

GEOFENCE_M = 500.0  # from the enterprise's registered position: a large plant is a kilometre across
DIFFERENCE_M = 300.0  # between where the file and where the phone says that it was taken
SKEW_MS = 5 * 60_000
SOON_MS = 60_000  # clocks differ a little
LATE_UPLOAD_MS = 24 * 3_600_000
EDITED_MS = 60_000
NEAR_BITS = 6  # of 64: what compression and scaling change; measured in tests
EDITORS = (
    "photoshop",
    "lightroom",
    "snapseed",
    "gimp",
    "picsart",
    "meitu",
    "美图",
    "醒图",
    "pixelmator",
    "canva",
    "affinity",
    "vsco",
)


def marks_of(
    photo: Photo, finding: PhotoFinding, task: Task, site: Position | None, others: Iterable[NearPhoto]
) -> tuple[PhotoMark, ...]:
    """All that is found, in a fixed order. `site` is where the enterprise is; `others` are photos that may be the same."""
    found = [
        *_of_place(photo, finding, site),
        *_of_time(photo, finding, task),
        *(_of_file(finding) if photo.kind is MediaKind.PICTURE else ()),
        *_of_reuse(photo, finding, others),
    ]
    return tuple(found)


def _of_place(photo: Photo, finding: PhotoFinding, site: Position | None) -> Iterator[PhotoMark]:
    claim = photo.claim
    claimed = claim.position if claim else None
    accuracy_m = (claim.accuracy_m if claim else None) or 0.0
    if claim and claim.is_mock_location:
        yield PhotoMark(MarkKind.MOCK_LOCATION)
    place = finding.position or claimed
    if place is None:
        yield PhotoMark(MarkKind.NO_POSITION)
        return
    if finding.position and claimed and (apart_m := _apart_m(finding.position, claimed)) > DIFFERENCE_M + accuracy_m:
        yield PhotoMark(MarkKind.POSITIONS_DIFFER, round(apart_m), round(DIFFERENCE_M + accuracy_m))
    if site is not None and (away_m := _apart_m(site, place)) > GEOFENCE_M + accuracy_m:
        yield PhotoMark(MarkKind.OUTSIDE_GEOFENCE, round(away_m), round(GEOFENCE_M + accuracy_m))


def _of_time(photo: Photo, finding: PhotoFinding, task: Task) -> Iterator[PhotoMark]:
    claim = photo.claim
    skew_ms = claim.skew_ms if claim else None
    if skew_ms is not None and abs(skew_ms) > SKEW_MS:
        yield PhotoMark(MarkKind.CLOCK_SKEW, round(skew_ms / 1000), SKEW_MS // 1000)
    taken_ms = finding.taken_at_ms or (claim.taken_at_ms if claim else None)
    if taken_ms is None:
        return
    if taken_ms < task.opened_at_ms - SOON_MS:
        yield PhotoMark(MarkKind.BEFORE_DISPATCH, (task.opened_at_ms - taken_ms) // 1000, SOON_MS // 1000)
    elif photo.announced_at_ms - taken_ms > LATE_UPLOAD_MS:
        yield PhotoMark(MarkKind.LATE_UPLOAD, (photo.announced_at_ms - taken_ms) // 1000, LATE_UPLOAD_MS // 1000)


def _of_file(finding: PhotoFinding) -> Iterator[PhotoMark]:
    is_editor = any(name in finding.software.lower() for name in EDITORS)
    modified_ms, taken_ms = finding.modified_at_ms, finding.taken_at_ms
    is_later = modified_ms is not None and taken_ms is not None and modified_ms - taken_ms > EDITED_MS
    if is_editor or is_later:
        yield PhotoMark(MarkKind.EDITED, text=finding.software)
    elif not finding.has_camera:
        yield PhotoMark(MarkKind.NO_CAMERA_DATA)


def _of_reuse(photo: Photo, finding: PhotoFinding, others: Iterable[NearPhoto]) -> Iterator[PhotoMark]:
    """The same file under another id, and pictures that look the same in other tasks: the nearest of each."""
    known = [one for one in others if one.photo_id != photo.id]
    same = [one for one in known if one.sha256 == photo.sha256]
    if same:
        first = min(same, key=lambda one: one.at_ms)
        yield _pointing(PhotoMark(MarkKind.REUSED), first)
        return
    elsewhere = [(bits_apart(one.look, finding.look), one) for one in known if one.task_id != photo.task_id]
    near = [(bits, one) for bits, one in elsewhere if bits <= NEAR_BITS]
    if near:
        bits, nearest = min(near, key=lambda pair: (pair[0], pair[1].at_ms))
        yield _pointing(PhotoMark(MarkKind.NEAR_DUPLICATE, bits, NEAR_BITS), nearest)


def _pointing(mark: PhotoMark, other: NearPhoto) -> PhotoMark:
    return replace(mark, task_id=other.task_id, photo_id=other.photo_id, enterprise_id=other.enterprise_id)


def bits_apart(one: str, other: str) -> int:
    """Hamming distance of two looks; 64 where one has none."""
    return (int(one, 16) ^ int(other, 16)).bit_count() if one and other else 64


def _apart_m(one: Position, other: Position) -> float:
    return hypot(*offset_m(one, other))
