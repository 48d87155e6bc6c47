"""Once a minute: photos that were announced long ago and have not come are missed, so that their owner looks at the phone."""

from chalicelib.domain.events import PhotoMissing
from chalicelib.domain.photo import MISSING_AFTER_MS, Photo, PhotoState
from chalicelib.domain.task import TaskState
from chalicelib.ports import Clock, EvidenceRepo, TaskRepo

AT_ONCE = 100  # the others are missed a minute later


def miss_photos(*, evidence: EvidenceRepo, tasks: TaskRepo, clock: Clock) -> int:
    """Returns how many were missed. Each is once; of a closed task nobody waits for any."""
    now_ms = clock.now_ms()
    missed = 0
    for photo in evidence.unarrived(now_ms - MISSING_AFTER_MS, AT_ONCE):
        events = [_event(photo, now_ms)] if _is_awaited(photo, tasks) else []
        evidence.stop_awaiting(photo, events)
        missed += len(events)
    return missed


def _is_awaited(photo: Photo, tasks: TaskRepo) -> bool:
    task = tasks.get(photo.task_id)
    return photo.state is PhotoState.EXPECTED and task is not None and task.state is not TaskState.CLOSED


def _event(photo: Photo, now_ms: int) -> PhotoMissing:
    return PhotoMissing(photo.enterprise_id, now_ms, photo.correlation_id, photo.task_id, photo.id)
