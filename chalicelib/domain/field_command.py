"""What an operation made offline asks for: one command a kind, and each does what the route of the same name does with a signal."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.checklist import ItemAnswer
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.evidence import Rectification, Retest
from chalicelib.domain.hazard import Hazard
from chalicelib.domain.photo import Photo
from chalicelib.domain.side import Lack, SideAction


@dataclass(frozen=True, slots=True)
class ReportHazard:
    """Its operation's task is the one that it becomes."""

    hazard: Hazard


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Say that one has taken the task."""


@dataclass(frozen=True, slots=True)
class AcceptSide:
    dimension: Dimension


@dataclass(frozen=True, slots=True)
class DeclineSide:
    dimension: Dimension
    reason: str


@dataclass(frozen=True, slots=True)
class TransferSide:
    dimension: Dimension
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnnouncePhoto:
    photo: Photo


@dataclass(frozen=True, slots=True)
class AddRetest:
    retest: Retest


@dataclass(frozen=True, slots=True)
class Rectify:
    rectification: Rectification


@dataclass(frozen=True, slots=True)
class AnswerItem:
    answer: ItemAnswer


@dataclass(frozen=True, slots=True)
class Submit:
    """`media` are the photos that the submission rests on: all of them must have come and be good."""

    dimension: Dimension
    note: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    dimension: Dimension
    revision: int
    action: SideAction
    reason: str
    lacks: tuple[Lack, ...] = ()
    redo_by_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ProposeWaiver:
    dimension: Dimension
    reason: str


@dataclass(frozen=True, slots=True)
class DecideWaiver:
    """By the other department than the side's."""

    dimension: Dimension
    is_given: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ReopenSide:
    dimension: Dimension
    reason: str


@dataclass(frozen=True, slots=True)
class PlanVisit:
    """Its operation's task is the first of the visit's."""

    visit_id: str
    task_ids: tuple[str, ...]
    planned_at_ms: int


SideChange = Submit | Judge | DeclineSide | TransferSide | ProposeWaiver | DecideWaiver | ReopenSide
Addition = ReportHazard | AnnouncePhoto | AddRetest | Rectify | AnswerItem | PlanVisit
Command = SideChange | Addition | Acknowledge | AcceptSide
COMMANDS: Mapping[str, type[Command]] = {
    "hazard": ReportHazard,
    "acknowledge": Acknowledge,
    "accept": AcceptSide,
    "decline": DeclineSide,
    "transfer": TransferSide,
    "photo": AnnouncePhoto,
    "retest": AddRetest,
    "rectification": Rectify,
    "checklist_answer": AnswerItem,
    "submission": Submit,
    "verdict": Judge,
    "waiver": ProposeWaiver,
    "consent": DecideWaiver,
    "reopening": ReopenSide,
    "visit": PlanVisit,
}
KINDS: Mapping[type[Command], str] = {command: kind for kind, command in COMMANDS.items()}


def side_of(command: Command) -> Dimension | None:
    """The side that a command changes. Evidence only adds to what there is, and who takes a side leaves it as it is."""
    return command.dimension if isinstance(command, SideChange) else None


def concerns(command: Command) -> Dimension | None:
    """The department that decides about it where it is in conflict; None: any of them."""
    match command:
        case DecideWaiver():
            return next(one for one in SIDES if one is not command.dimension)
        case AnnouncePhoto():
            return command.photo.dimension
        case AddRetest():
            return command.retest.dimension
        case AnswerItem():
            return command.answer.dimension
        case Acknowledge() | ReportHazard() | Rectify() | PlanVisit():
            return None
        case _:
            return command.dimension


def tasks_named(command: Command, task_id: str) -> tuple[str, ...]:
    """The tasks that must be there before an operation on `task_id` can be done."""
    match command:
        case ReportHazard():
            return ()
        case PlanVisit():
            return command.task_ids
        case _:
            return (task_id,)
