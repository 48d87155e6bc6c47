"""What a phone needs of a task while it has no signal: the task and all that belongs to it, gathered once when something of it
changes, and never when it is asked for. It holds no words of a language: those are chosen when it is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from chalicelib.domain.checklist import Checklist, ItemAnswer
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.enterprise import Enterprise, Unit
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.person import Person, Role
from chalicelib.domain.photo import Photo
from chalicelib.domain.task import Task
from chalicelib.domain.warning import Warning


@dataclass(frozen=True, slots=True)
class TaskTouched:
    """Something of a task was written: the task, or evidence of it."""

    kind: ClassVar[str] = "task_touched"
    task_id: str


@dataclass(frozen=True, slots=True)
class PhotoJudged:
    """The bytes of a photo came, and were found good or not."""

    kind: ClassVar[str] = "photo_judged"
    task_id: str
    uploaded_by: str


@dataclass(frozen=True, slots=True)
class Contact:
    """One of a task's party, as the others of it may know them."""

    id: str
    name: str
    role: Role
    dimension: Dimension | None
    enterprise_id: str | None
    phone: str


@dataclass(frozen=True, slots=True)
class FieldPack:
    """`warning` is None for a task without one; `enterprise` and `unit` for a regional one. `checklists` are those of its sides."""

    task: Task
    warning: Warning | None
    enterprise: Enterprise | None
    unit: Unit | None
    contacts: tuple[Contact, ...]
    photos: tuple[Photo, ...]
    retests: tuple[Retest, ...]
    rectifications: tuple[Rectification, ...]
    checklists: tuple[Checklist, ...] = ()
    answers: tuple[ItemAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class PackEntry:
    """A task's place in a feed of changes. `is_gone`: whoever reads this feed has nothing to do with the task any more."""

    task_id: str
    changed_ms: int
    is_open: bool
    region: str
    industry: str
    enterprises: tuple[str, ...]
    is_gone: bool = False


def contacts_of(task: Task, people: Iterable[Person]) -> tuple[Contact, ...]:
    """Of the party, those who still exist, by id."""
    known = {person.id: person for person in people}
    return tuple(
        Contact(one.id, one.name, one.role, one.dimension, one.enterprise_id, one.phone)
        for person_id in sorted(task.party)
        if (one := known.get(person_id)) is not None
    )


def feeds_of(task: Task) -> frozenset[str]:
    """In whose feeds of changes a task stands: the whole park's, its enterprises', and those of the inspectors who hold a side."""
    holders = {task.side(dimension).inspector_id for dimension in SIDES} - {None}
    return frozenset({"park", *(f"enterprise:{e}" for e in task.enterprises), *(f"person:{i}" for i in holders)})


def feed_of(person: Person) -> str:
    match person.role:
        case Role.INSPECTOR:
            return f"person:{person.id}"
        case Role.ENTERPRISE:
            return f"enterprise:{person.enterprise_id}"
        case Role.DEPARTMENT | Role.COMMITTEE | Role.ADMIN:
            return "park"


def entry_of(task: Task, changed_ms: int, *, is_gone: bool = False) -> PackEntry:
    return PackEntry(
        task_id=task.id,
        changed_ms=changed_ms,
        is_open=task.closed_at_ms is None and not is_gone,
        region=task.region,
        industry=task.industry,
        enterprises=tuple(sorted(task.enterprises)),
        is_gone=is_gone,
    )
