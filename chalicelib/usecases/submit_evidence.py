"""Evidence of a task: announce a photo, judge its bytes when they land, describe a rectification. Retests: add_retest.py."""

import re
from dataclasses import replace

from chalicelib.domain.access import Action, can_see_evidence, require
from chalicelib.domain.errors import FieldError, IllegalTransition, InvalidRequest, NotFound
from chalicelib.domain.events import PhotoRefused
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.person import Person, Role
from chalicelib.domain.photo import MAX_BYTES, Photo, PhotoFinding, PhotoMark, PhotoState, RefusalReason
from chalicelib.domain.photo_marks import marks_of
from chalicelib.domain.task import Task, TaskState
from chalicelib.ports import (
    Clock,
    EvidenceRepo,
    MediaStore,
    MediaTooLarge,
    PhotoInspector,
    RegistryRepo,
    TaskRepo,
    UploadTicket,
)
from chalicelib.usecases.work_task import see_task

MAX_AHEAD_MS = 5 * 60_000
KEY = re.compile(r"^incoming/(?P<task>[^/]+)/(?P<photo>[^/]+)$")


def announce_photo(
    photo: Photo, person: Person, *, tasks: TaskRepo, evidence: EvidenceRepo, media: MediaStore, clock: Clock
) -> tuple[Photo, UploadTicket | None]:
    """Announce a photo and get leave to upload exactly it. Announcing it again gives a new ticket, while none has landed."""
    task = task_to_work_on(photo.task_id, person, Action.ADD_EVIDENCE, tasks)
    now_ms = clock.now_ms()
    draft = replace(
        photo,
        enterprise_id=person.enterprise_id or task.enterprise_id,
        uploaded_by=person.id,
        announced_at_ms=now_ms,
        correlation_id=task.correlation_id,
    )
    known = evidence.add_photo(draft)
    return known, _leave(known, media, now_ms)


def renew_leave(
    task_id: str,
    photo_id: str,
    person: Person,
    *,
    tasks: TaskRepo,
    evidence: EvidenceRepo,
    media: MediaStore,
    clock: Clock,
) -> UploadTicket | None:
    """New leave to upload an announced photo; None where it has landed. Raises what announcing it would."""
    task = task_to_work_on(task_id, person, Action.ADD_EVIDENCE, tasks)
    known = evidence.photo(task.id, photo_id)
    if known is None:
        raise NotFound(what="photo")
    return _leave(known, media, clock.now_ms())


def _leave(photo: Photo, media: MediaStore, now_ms: int) -> UploadTicket | None:
    if photo.state is not PhotoState.EXPECTED:
        return None
    return media.upload_ticket(
        original_key(photo), sha256=photo.sha256, size_bytes=photo.size_bytes, content_type=photo.content_type, now_ms=now_ms
    )  # fmt: skip


def inspect_photo(
    key: str,
    *,
    evidence: EvidenceRepo,
    media: MediaStore,
    inspector: PhotoInspector,
    tasks: TaskRepo,
    registry: RegistryRepo,
    clock: Clock,
) -> Photo | None:
    """Judge the bytes that landed under `key`: verified with derivatives, or refused with a reason. Again: no change.

    None for a key nobody announced. Raises MediaMissing where the object is gone.
    """
    match = KEY.match(key)
    photo = evidence.photo(match["task"], match["photo"]) if match else None
    if photo is None or photo.state is not PhotoState.EXPECTED:
        return photo
    finding, version = _inspect(photo, key, media, inspector)
    for edge_px, jpeg in finding.derivatives:
        media.write(derivative_key(photo, edge_px), jpeg, content_type="image/jpeg")
    now_ms = clock.now_ms()
    is_good = finding.reason is None
    judged = replace(
        photo,
        state=PhotoState.VERIFIED if finding.reason is None else PhotoState.REFUSED,
        reason=finding.reason,
        verified_at_ms=now_ms,
        width_px=finding.width_px,
        height_px=finding.height_px,
        taken_at_ms=finding.taken_at_ms,
        position=finding.position,
        look=finding.look,
        version=version,
        marks=_marks(photo, finding, evidence, tasks, registry) if is_good else (),
    )
    head = (photo.enterprise_id, now_ms, photo.correlation_id, photo.task_id)
    events = [] if finding.reason is None else [PhotoRefused(*head, photo.id, finding.reason.value)]
    evidence.judge_photo(judged, events)
    return judged


def _marks(
    photo: Photo, finding: PhotoFinding, evidence: EvidenceRepo, tasks: TaskRepo, registry: RegistryRepo
) -> tuple[PhotoMark, ...]:
    task = tasks.get(photo.task_id)
    profile = registry.profile(photo.enterprise_id) if photo.enterprise_id else None
    if task is None:
        return ()
    site = profile.enterprise.position if profile else None
    return marks_of(photo, finding, task, site, evidence.like(photo.sha256, finding.look))


def _inspect(photo: Photo, key: str, media: MediaStore, inspector: PhotoInspector) -> tuple[PhotoFinding, str]:
    """What the bytes are, and the version of them."""
    try:
        stored = media.read(key, max_bytes=MAX_BYTES)
    except MediaTooLarge:
        return PhotoFinding(RefusalReason.SIZE_MISMATCH), ""
    found = inspector.inspect(
        stored.data, sha256=photo.sha256, size_bytes=photo.size_bytes, content_type=photo.content_type
    )
    return found, stored.version


def _wrong(field: str, code: str, allowed: str) -> InvalidRequest:
    return InvalidRequest(errors=[FieldError(field, code, allowed)])


def rectify(
    rectification: Rectification, person: Person, *, tasks: TaskRepo, evidence: EvidenceRepo, clock: Clock
) -> Rectification:
    """Describe what the enterprise did. Photos named must be announced photos of the same task."""
    task = task_to_work_on(rectification.task_id, person, Action.RECTIFY, tasks)
    for index, photo_id in enumerate(rectification.photo_ids):
        if evidence.photo(task.id, photo_id) is None:
            raise _wrong(f"photos.{index}", "unknown_photo", "photos announced for this task")
    return evidence.add_rectification(
        replace(
            rectification,
            enterprise_id=person.enterprise_id or task.enterprise_id,
            entered_by=person.id,
            received_at_ms=clock.now_ms(),
        )
    )


def see_evidence(
    task_id: str, person: Person, *, tasks: TaskRepo, evidence: EvidenceRepo
) -> tuple[tuple[Photo, ...], tuple[Retest, ...], tuple[Rectification, ...]]:
    """What of a task's evidence the person may see."""
    see_task(task_id, person, tasks=tasks)
    photos, retests, done = evidence.of_task(task_id)
    return (
        tuple(one for one in photos if can_see_evidence(person, one.enterprise_id)),
        tuple(one for one in retests if can_see_evidence(person, one.enterprise_id)),
        tuple(one for one in done if can_see_evidence(person, one.enterprise_id)),
    )


def see_photo(task_id: str, photo_id: str, person: Person, *, tasks: TaskRepo, evidence: EvidenceRepo) -> Photo:
    """Raises NotFound where there is none, or the person may not see it."""
    see_task(task_id, person, tasks=tasks)
    photo = evidence.photo(task_id, photo_id)
    if photo is None or not can_see_evidence(person, photo.enterprise_id):
        raise NotFound(what="photo")
    return photo


def task_to_work_on(task_id: str, person: Person, action: Action, tasks: TaskRepo) -> Task:
    """Raises NotFound where the person has nothing to do with it (who reported what it is about has), IllegalTransition where it is closed."""
    require(person, action)
    task = see_task(task_id, person, tasks=tasks)
    if person.role is Role.INSPECTOR and person.id not in (*task.party, task.reported_by):
        raise NotFound(what="task")
    if task.state is TaskState.CLOSED:
        raise IllegalTransition(state=task.state.value, action=action.value)
    return task


def original_key(photo: Photo) -> str:
    return f"incoming/{photo.task_id}/{photo.id}"


def derivative_key(photo: Photo, edge_px: int) -> str:
    return f"derived/{photo.task_id}/{photo.id}/{edge_px}.jpg"
