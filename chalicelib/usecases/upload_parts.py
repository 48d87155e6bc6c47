"""A photo over a weak line, in parts: each is put by itself, and after a break only those that have not come are put again."""

from dataclasses import dataclass

from chalicelib.domain.access import Action
from chalicelib.domain.errors import IllegalTransition, NotFound, UploadIncomplete
from chalicelib.domain.person import Person
from chalicelib.domain.photo import Photo, PhotoState
from chalicelib.ports import Clock, EvidenceRepo, MediaMissing, MediaStore, TaskRepo
from chalicelib.usecases.submit_evidence import original_key, task_to_work_on

PART_BYTES = 5 * 1024 * 1024  # S3 takes no smaller ones but the last
LEAVE_S = 3600


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `start + size` of the file; `url` takes them by PUT."""

    number: int
    start: int
    size: int
    url: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What is still to come, and the numbers of what has."""

    missing: tuple[Part, ...]
    done: tuple[int, ...]
    expires_at_ms: int


def begin_parts(
    task_id: str,
    photo_id: str,
    person: Person,
    *,
    tasks: TaskRepo,
    evidence: EvidenceRepo,
    media: MediaStore,
    clock: Clock,
) -> Parts:
    """Leave for every part that has not come. Again after a break: for the rest. Raises IllegalTransition for a photo that has come."""
    photo = _own_photo(task_id, photo_id, person, tasks, evidence)
    upload_id, come = _upload(photo, evidence, media)
    key = original_key(photo)
    missing = tuple(
        Part(number, start, size, media.part_url(key, upload_id, number, expires_s=LEAVE_S))
        for number, start, size in cut(photo.size_bytes)
        if come.get(number) != size
    )
    done = tuple(sorted(number for number, _, size in cut(photo.size_bytes) if come.get(number) == size))
    return Parts(missing, done, clock.now_ms() + LEAVE_S * 1000)


def finish_parts(
    task_id: str, photo_id: str, person: Person, *, tasks: TaskRepo, evidence: EvidenceRepo, media: MediaStore
) -> Photo:
    """Put the parts together; the photo is then judged like any other. Raises UploadIncomplete naming the parts that are missing."""
    photo = _own_photo(task_id, photo_id, person, tasks, evidence)
    upload_id = evidence.upload_of(task_id, photo_id)
    if upload_id is None:
        raise UploadIncomplete(missing=[str(number) for number, _, _ in cut(photo.size_bytes)])
    try:
        come = media.parts(original_key(photo), upload_id)
    except MediaMissing:  # put together by the same request before
        return photo
    missing = [str(number) for number, _, size in cut(photo.size_bytes) if come.get(number) != size]
    if missing:
        raise UploadIncomplete(missing=missing)
    media.finish_parts(original_key(photo), upload_id)
    return photo


def cut(size_bytes: int) -> list[tuple[int, int, int]]:
    """(number, start, size) of each part of a file."""
    starts = range(0, size_bytes, PART_BYTES)
    return [(at + 1, start, min(PART_BYTES, size_bytes - start)) for at, start in enumerate(starts)]


def _upload(photo: Photo, evidence: EvidenceRepo, media: MediaStore) -> tuple[str, dict[int, int]]:
    key = original_key(photo)
    known = evidence.upload_of(photo.task_id, photo.id)
    if known is not None:
        try:
            return known, dict(media.parts(key, known))
        except MediaMissing:  # given up by the bucket's rule for abandoned uploads: begun anew
            pass
    begun = media.begin_parts(key, content_type=photo.content_type)
    stands = evidence.keep_upload(photo.task_id, photo.id, begun, known)
    if stands != begun:
        media.abandon_parts(key, begun)
        return stands, dict(media.parts(key, stands))
    return begun, {}


def _own_photo(task_id: str, photo_id: str, person: Person, tasks: TaskRepo, evidence: EvidenceRepo) -> Photo:
    task_to_work_on(task_id, person, Action.ADD_EVIDENCE, tasks)
    photo = evidence.photo(task_id, photo_id)
    if photo is None or photo.uploaded_by != person.id:
        raise NotFound(what="photo")
    if photo.state is not PhotoState.EXPECTED:
        raise IllegalTransition(state=photo.state.value, action=Action.ADD_EVIDENCE.value)
    return photo
