"""What the use cases need from outside, by role. Adapters implement these; bootstrap chooses which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from typing import Protocol
else:  # nobody asks a role at run time, and making a hundred Protocols shows at every cold start

    class Protocol:
        def __class_getitem__(cls, _item: object) -> type:
            return cls


if TYPE_CHECKING:  # a function loads the domain that it uses, and no more: it shows at every cold start
    from chalicelib.domain.audit import Entry, Head
    from chalicelib.domain.block import Block
    from chalicelib.domain.catalogue import Catalogue
    from chalicelib.domain.catalogue_version import CatalogueVersion, Proposal, Schedule
    from chalicelib.domain.chain import Link
    from chalicelib.domain.chain_alert import AlertEnd, ChainAlert, Crossing, Giving, Warned
    from chalicelib.domain.chain_plan import ChainPlan, PlanRun
    from chalicelib.domain.chain_score import ChainMonth
    from chalicelib.domain.channel import Channel, ChannelFault
    from chalicelib.domain.chattering import Episode, Opening
    from chalicelib.domain.checklist import Checklist, ItemAnswer
    from chalicelib.domain.command import Command
    from chalicelib.domain.consequence import Consequence
    from chalicelib.domain.course import Attempt, Course, Duty, Miss, Pass
    from chalicelib.domain.credit_file import CreditExport, SignedJson, SigningKey
    from chalicelib.domain.dashboard import (
        Branch,
        Counts,
        Facet,
        Generations,
        Home,
        StoredFacets,
        Tally,
        Thing,
    )
    from chalicelib.domain.delivery import DeliveryStep
    from chalicelib.domain.drill import Drill
    from chalicelib.domain.duty import DutyEntry, DutyKind, Rota
    from chalicelib.domain.edition import Edition
    from chalicelib.domain.enterprise import Enterprise, Point, Profile, Unit
    from chalicelib.domain.events import (
        CatalogueReviewDue,
        ChainEnded,
        CoursePublished,
        DrillDue,
        Event,
        LimitCrossed,
        RegistryChanged,
        TrainingAssigned,
        TrainingDue,
    )
    from chalicelib.domain.evidence import Rectification, Retest
    from chalicelib.domain.field_operation import DeviceClock, KeptOperation
    from chalicelib.domain.field_pack import FieldPack, PackEntry
    from chalicelib.domain.foresight import Foresight
    from chalicelib.domain.gap import BridgeReport, Gap
    from chalicelib.domain.group_load import GroupLoad
    from chalicelib.domain.handling import Handling
    from chalicelib.domain.hazard import Hazard
    from chalicelib.domain.inspection_report import InspectionReport, LabValue, ReportRefusal
    from chalicelib.domain.inspection_values import DocumentText
    from chalicelib.domain.instrument import Instrument
    from chalicelib.domain.interview import Interview
    from chalicelib.domain.law import UnitLaws
    from chalicelib.domain.maintenance import MaintenanceWindow
    from chalicelib.domain.month import MonthFigures, MonthResult
    from chalicelib.domain.notice import Delivery, Device, Notice, PushMessage, PushOutcome
    from chalicelib.domain.objection import Objection
    from chalicelib.domain.observation import Observation
    from chalicelib.domain.park_module import ParkModules
    from chalicelib.domain.person import Bridge, Person
    from chalicelib.domain.photo import NearPhoto, Photo, PhotoFinding
    from chalicelib.domain.preferences import Preferences
    from chalicelib.domain.privacy import Budget, Release
    from chalicelib.domain.ranking import Place, Ranking
    from chalicelib.domain.region import Region
    from chalicelib.domain.review import Review
    from chalicelib.domain.score import ScoreEntry
    from chalicelib.domain.shelving import Shelving
    from chalicelib.domain.snapshot import Snapshot
    from chalicelib.domain.state import Checkpoint, EnterpriseState
    from chalicelib.domain.supervision import Listing
    from chalicelib.domain.task import Task
    from chalicelib.domain.unit_watch import WatchModel
    from chalicelib.domain.unseen import UnseenCall
    from chalicelib.domain.visit import Visit
    from chalicelib.domain.warning import Warning
    from chalicelib.domain.watch_record import WatchVersion
    from chalicelib.domain.watch_track import WatchTrack
    from chalicelib.domain.weather import WeatherHour, WeatherKind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`cursor` goes on where this page ends; None: there is no more."""

    items: tuple[T, ...]
    cursor: str | None


class Clock(Protocol):
    def now_ms(self) -> int: ...


class RegistryRepo(Protocol):
    """Enterprises, units, points, people and bridges. `put_*` of the same content twice is one.

    What is read may be some seconds old; after `forget` it is not.
    """

    def forget(self) -> None: ...

    def profile(self, enterprise_id: str) -> Profile | None: ...
    def enterprises(self) -> tuple[Enterprise, ...]: ...
    def unit(self, unit_id: str) -> Unit | None: ...
    def points_elsewhere(self, point_ids: Sequence[str]) -> frozenset[str]:
        """Those of the given ids that are registered at all, to tell a wrong enterprise from a wrong id."""

    def person(self, person_id: str) -> Person | None: ...
    def bridge(self, bridge_id: str) -> Bridge | None: ...
    def bridges(self, enterprise_id: str) -> tuple[Bridge, ...]: ...
    def people(self) -> tuple[Person, ...]: ...
    def put_enterprise(self, enterprise: Enterprise) -> Enterprise | None:
        """Returns what was in its place."""

    def put_unit(self, unit: Unit) -> Unit | None:
        """Returns what was in its place. Raises ContentConflict where the unit's id belongs to another enterprise."""

    def put_point(self, point: Point) -> None: ...
    def put_person(self, person: Person) -> Person | None:
        """Returns who was in their place."""

    def put_bridge(self, bridge: Bridge) -> None: ...


class EditionRepo(Protocol[T]):
    """A list of which nothing is lost."""

    def save(self, thing_id: str, edition: Edition[T]) -> Edition[T]:
        """Add an edition, which is the newest from now on. Raises WriteConflict if edition.version is not the next."""

    def get(self, thing_id: str) -> Edition[T] | None:
        """The newest, also of what was taken away."""

    def all(self) -> tuple[Edition[T], ...]:
        """Of what was not taken away, by id; may be some seconds old."""

    def history(self, thing_id: str) -> tuple[Edition[T], ...]:
        """Newest first."""


class ModuleRepo(Protocol):
    """What the park has switched off."""

    def chosen(self) -> ParkModules:
        """May be a minute old; after `forget` it is not."""

    def stored(self) -> ParkModules: ...
    def save(self, modules: ParkModules) -> ParkModules:
        """Raises WriteConflict unless `modules.version` is the stored one."""

    def forget(self) -> None: ...


class CatalogueRepo(Protocol):
    """Versions of the catalogue, and which of them is in force when. The shipped one is always among them, published."""

    def current(self) -> Catalogue:
        """What is in force now."""

    def in_force_at(self, at_ms: int) -> Catalogue:
        """What is in force at an instant; the shipped one where nothing else is."""

    def in_force_between(self, from_ms: int, to_ms: int) -> tuple[tuple[int, Catalogue], ...]:
        """What is in force in from_ms <= t <= to_ms: (since when, what), the first from from_ms on."""

    def version(self, name: str) -> Catalogue | None:
        """A version by its name, a draft too."""

    def schedule(self) -> Schedule:
        """As it is stored, not as it was kept in the process."""

    def check(self, document: Mapping[str, Any] | str) -> Proposal:
        """A document, or its YAML text, checked. Raises InvalidRequest naming each wrong field, and its line in a text."""

    def stored(self, name: str) -> tuple[CatalogueVersion, Mapping[str, Any]] | None:
        """A version with its document."""

    def listing(self, cursor: str | None, limit: int) -> Page[CatalogueVersion]:
        """Newest first, the shipped one last."""

    def save(self, version: CatalogueVersion, document: Mapping[str, Any]) -> CatalogueVersion:
        """Store a draft at version.revision. Raises WriteConflict if that is no longer current, TooLarge for too much."""

    def publish(self, version: CatalogueVersion, schedule: Schedule) -> Schedule:
        """Put a schedule in force at schedule.revision and mark the version as published, at its revision.

        Raises WriteConflict if either is no longer current.
        """

    def put_schedule(self, schedule: Schedule) -> Schedule:
        """Replace the schedule at schedule.revision. Raises WriteConflict if that is no longer current."""


class BlockRepo(Protocol):
    def add(self, block: Block) -> Block:
        """Make a block durable and return it; of a repeat, the block as first stored.

        Raises ContentConflict where the id was used for an upload with another digest.
        """

    def between(self, enterprise_id: str, from_ms: int, to_ms: int) -> Iterable[Block]:
        """Blocks that may hold readings of from_ms <= t < to_ms."""

    def beyond(self, enterprise_id: str, at_ms: int, *, backward: bool, late: bool, limit: int) -> Iterable[Block]:
        """Blocks before an instant, newest first, or from it on, oldest first; at most `limit`, read as they are asked for.

        All by when they were made; or (`late`) those that were not live, by their last reading.
        """

    def newest(self, enterprise_id: str) -> Block | None:
        """By when it was made. One small read."""


class StateRepo(Protocol):
    def load(self, enterprise_id: str) -> tuple[EnterpriseState, int]:
        """The state and its version (0: none yet)."""

    def glance(self, enterprise_id: str, bridge_id: str) -> tuple[EnterpriseState, int]:
        """The state, and until when commands may wait for a bridge (0: none does), in one read for both."""

    def commit(
        self,
        enterprise_id: str,
        state: EnterpriseState,
        version: int,
        *,
        warnings: Sequence[Warning],
        events: Sequence[Event],
        observations: Sequence[Observation] = (),
    ) -> None:
        """State, warnings, observations and events in one transaction. Raises WriteConflict if the version is no longer current."""

    def keep(self, enterprise_id: str, checkpoints: Sequence[Checkpoint]) -> None:
        """Keep units' states at marks of event time, each in place of what was kept for that unit and mark."""

    def checkpoints(self, enterprise_id: str, unit_id: str, at_ms: int, since_ms: int) -> Iterable[Checkpoint]:
        """Of one unit, at or before an instant, newest first, not older than `since_ms`; read as they are asked for."""


class WarningRepo(Protocol):
    def get(self, warning_id: str) -> Warning | None: ...
    def many(self, warning_ids: Sequence[str]) -> tuple[Warning, ...]:
        """Those that exist, in no order."""

    def record(self, warnings: Sequence[Warning]) -> None:
        """Write down warnings that nobody is told of."""

    def since(self, enterprise_id: str, onset_ms: int) -> tuple[Warning, ...]:
        """All of an enterprise with that onset or a later one."""

    def between(self, from_ms: int, to_ms: int) -> Iterable[Warning]:
        """Of the whole park, with an onset in from_ms <= t < to_ms, in whatever state."""

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Warning]:
        """Newest first; of one enterprise, or of the whole park (None)."""


class ObservationRepo(Protocol):
    def add(self, observations: Sequence[Observation], events: Sequence[Event] = ()) -> None:
        """Store each observation once, by its id, with the events that announce it."""

    def get(self, observation_id: str) -> Observation | None: ...
    def many(self, observation_ids: Sequence[str]) -> tuple[Observation, ...]:
        """Those that exist, in no order."""

    def save(self, observation: Observation) -> None:
        """Replace it: what was open is closed, or the other way about."""

    def since(self, enterprise_id: str, onset_ms: int) -> tuple[Observation, ...]:
        """All of an enterprise with that onset or a later one."""

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Observation]:
        """Newest onset first; of one enterprise, or of the whole park (None)."""


class LawRepo(Protocol):
    """What was learnt of units, in versions named by when they were fitted; the newest KEPT of each unit stay."""

    def add(self, laws: UnitLaws) -> None: ...
    def latest(self, unit_id: str, at_ms: int | None = None) -> UnitLaws | None:
        """The newest version; with `at_ms`, of those fitted by then."""

    def versions(self, unit_id: str) -> tuple[UnitLaws, ...]:
        """Newest first."""


class WatchRepo(Protocol):
    """Which model watches which unit, and what its watch remembers."""

    def active(self, enterprise_id: str) -> tuple[WatchVersion, ...]:
        """Of each watched unit the active model; a change is seen a minute later."""

    def activate(self, version: WatchVersion) -> None:
        """Make a model, which is in the store by then, its unit's."""

    def load(self, enterprise_id: str, unit_id: str) -> tuple[WatchTrack, int]:
        """What the unit's watch remembers, and its version (0: nothing yet)."""

    def commit(
        self,
        enterprise_id: str,
        unit_id: str,
        track: WatchTrack,
        version: int,
        *,
        observations: Sequence[Observation],
        events: Sequence[Event],
    ) -> None:
        """Track, observations and events in one transaction. Raises WriteConflict if the version is no longer current."""


class ModelStore(Protocol):
    """Trained models by key. A key is written once."""

    def save(self, key: str, model: WatchModel) -> None: ...
    def load(self, key: str) -> WatchModel:
        """Raises ModelUnusable."""


class ModelUnusable(Exception):
    """No model under that key, or not one that this version of the program reads."""


class LearningRepo(Protocol):
    """When each scheduled job last looked at each unit."""

    def done(self, job: str) -> Mapping[tuple[str, str], int]:
        """(enterprise, unit) -> when, epoch ms."""

    def mark(self, job: str, enterprise_id: str, unit_id: str, at_ms: int) -> None: ...


class TaskRepo(Protocol):
    def get(self, task_id: str) -> Task | None: ...
    def save(self, task: Task, events: Sequence[Event]) -> Task:
        """Write the task at task.version (0: it is new). Raises WriteConflict if that is no longer current."""

    def many(self, task_ids: Sequence[str]) -> tuple[Task, ...]:
        """Those that exist."""

    def listing(self, scope: str, cursor: str | None, limit: int, *, open_only: bool) -> Page[Task]:
        """Newest first. `scope` is "park", "enterprise:<id>" or "person:<id>"."""

    def open_count(self, person_id: str) -> int: ...
    def opened_between(self, from_ms: int, to_ms: int) -> Iterable[Task]:
        """Of the whole park, in from_ms <= t < to_ms."""


class DispatchRepo(Protocol):
    """What is done about raised warnings, each under the id by which people know it, and how many a joint group had of late."""

    def handling(self, warning_id: str) -> Handling | None: ...
    def handlings(self, warning_ids: Sequence[str]) -> Mapping[str, Handling]:
        """By warning id; those without any are left out."""

    def between(self, from_ms: int, to_ms: int) -> Iterable[Handling]:
        """Of warnings raised in from_ms <= t < to_ms, by rising time."""

    def held(self) -> tuple[Handling, ...]:
        """Of warnings that are shelved or suppressed and have not cleared."""

    def standing(self, before_ms: int) -> tuple[Handling, ...]:
        """Of warnings raised before an instant that have not cleared, by rising time."""

    def load(self, region: str, industry: str) -> GroupLoad: ...
    def openings(self, unit_id: str, rule_id: str, from_ms: int, to_ms: int) -> tuple[Opening, ...]:
        """In from_ms < t <= to_ms, by rising time."""

    def episodes(self) -> tuple[Episode, ...]:
        """Chattering that has not ended."""

    def end_episode(self, episode: Episode) -> None: ...
    def commit(
        self,
        handling: Handling,
        *,
        tasks: Sequence[Task] = (),
        load: GroupLoad | None = None,
        opening: Opening | None = None,
        episode: Episode | None = None,
        events: Sequence[Event] = (),
    ) -> Handling:
        """All or nothing, each at the version it was read with (0: it is new). Raises WriteConflict where one has changed."""


class ShelvingRepo(Protocol):
    def add(self, shelving: Shelving) -> Shelving:
        """Once under its id: of a repeat, the shelving as it now is. Raises ContentConflict for other content."""

    def get(self, shelving_id: str) -> Shelving | None: ...
    def save(self, shelving: Shelving) -> Shelving:
        """Replace it at shelving.version. Raises WriteConflict if that is no longer current."""

    def of_unit(self, unit_id: str, now_ms: int) -> tuple[Shelving, ...]:
        """Those that have not ended by then."""

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Shelving]:
        """Newest first; of one enterprise, or of the whole park (None)."""


class WindowRepo(Protocol):
    """Maintenance windows of units."""

    def put(self, window: MaintenanceWindow) -> MaintenanceWindow:
        """Write it at window.version (0: it is new). Raises WriteConflict if that is no longer current."""

    def get(self, unit_id: str, window_id: str) -> MaintenanceWindow | None: ...
    def of_unit(self, unit_id: str) -> tuple[MaintenanceWindow, ...]:
        """By rising time of their beginning."""


class EvidenceRepo(Protocol):
    """`add_*` twice with the same content is once; the same id with other content raises ContentConflict."""

    def add_photo(self, photo: Photo) -> Photo: ...
    def photo(self, task_id: str, photo_id: str) -> Photo | None: ...
    def judge_photo(self, photo: Photo, events: Sequence[Event]) -> None:
        """Record what the inspection found, unless the photo was judged before. A good one is found by its look from then on."""

    def unarrived(self, announced_before_ms: int, limit: int) -> tuple[Photo, ...]:
        """Photos announced before then that are still awaited, the oldest first."""

    def stop_awaiting(self, photo: Photo, events: Sequence[Event]) -> None:
        """It is among the unarrived no more; it may come all the same."""

    def upload_of(self, task_id: str, photo_id: str) -> str | None:
        """The upload in parts that was begun for a photo."""

    def keep_upload(self, task_id: str, photo_id: str, upload_id: str, instead_of: str | None) -> str:
        """Note the upload of a photo, once; of two who begin at once, the first stays. Returns the one that stands."""

    def like(self, sha256: str, look: str) -> tuple[NearPhoto, ...]:
        """Good photos of any task with the same bytes, or with a part of the look in common: all that differ by at most three of its
        64 bits, and most that differ by six; the newest of each part."""

    def add_retest(self, retest: Retest) -> Retest: ...
    def compare_retest(self, retest: Retest) -> None:
        """Write down what a comparison brought, in the retest's place."""

    def uncompared(self, limit: int) -> tuple[Retest, ...]:
        """Those that wait for readings of their minute, the oldest first."""

    def add_rectification(self, rectification: Rectification) -> Rectification: ...
    def of_task(self, task_id: str) -> tuple[tuple[Photo, ...], tuple[Retest, ...], tuple[Rectification, ...]]: ...


class ChecklistRepo(Protocol):
    """What was published or answered stays; the same id with other content raises ContentConflict."""

    def all(self) -> tuple[Checklist, ...]:
        """Every version of every list, those that ship with the product included."""

    def publish(self, checklist: Checklist) -> Checklist: ...
    def add_answer(self, answer: ItemAnswer) -> ItemAnswer: ...
    def answers(self, task_id: str) -> tuple[ItemAnswer, ...]: ...


class AuditRepo(Protocol):
    """Chains of entries by object ("task:<id>", "warning:<id>", "score:<enterprise>:<month>", "catalogue", "privacy:<data set>"). Whatever writes such an
    object writes its entry."""

    def head(self, object: str) -> Head | None: ...
    def heads(self) -> tuple[Head, ...]: ...
    def objects(self, after: str, limit: int) -> tuple[str, ...]:
        """Names of objects that have a chain, beyond `after`, in order."""

    def entries(self, object: str, after: int, limit: int | None = None) -> tuple[Entry, ...]:
        """Those beyond `after`, by rising seq."""

    def state(self, object: str) -> Mapping[str, Any] | None:
        """The object as it is stored now; None where it has no row of its own."""

    def report(self, event: Event) -> None: ...


class InstrumentRepo(Protocol):
    """Handheld and online instruments. `put` of the same content twice is one."""

    def put(self, instrument: Instrument) -> None: ...
    def get(self, instrument_id: str) -> Instrument | None: ...
    def of_enterprise(self, enterprise_id: str) -> tuple[Instrument, ...]:
        """The online ones of its points."""

    def all(self) -> tuple[Instrument, ...]: ...


class DutyRepo(Protocol):
    """Shifts and leave. `put` of the same content twice is one."""

    def put(self, entry: DutyEntry) -> None: ...
    def delete(self, person_id: str, kind: DutyKind, entry_id: str) -> None: ...
    def rota(self, now_ms: int) -> Rota:
        """What has not ended by then."""


class HazardRepo(Protocol):
    def add(self, hazard: Hazard) -> Hazard:
        """Once by its id: of a repeat, the hazard as first reported. Raises ContentConflict for other content."""

    def get(self, hazard_id: str) -> Hazard | None: ...
    def many(self, hazard_ids: Sequence[str]) -> tuple[Hazard, ...]:
        """Those that exist, in that order. One read for each hundred."""


class VisitRepo(Protocol):
    def add(self, visit: Visit) -> Visit:
        """Once by its id: of a repeat, the visit as first planned. Raises ContentConflict for another plan."""

    def get(self, visit_id: str) -> Visit | None: ...
    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Visit]:
        """Newest first; of one enterprise, or of the whole park (None)."""


class PackRepo(Protocol):
    """What phones need of tasks, and the feeds that say which of them changed when. A feed is "park", "enterprise:<id>" or
    "person:<id>"; in each, a task stands once, where it changed last."""

    def put(self, pack: FieldPack, at_ms: int) -> None:
        """Put it into the place of the one before and into the feeds that it belongs to; the same again writes nothing.

        Raises WriteConflict where another one was first.
        """

    def announce(self, event: RegistryChanged) -> None:
        """Say that what packs are made of is another now."""

    def changes(self, feed: str, after: str | None, limit: int) -> tuple[tuple[str, PackEntry], ...]:
        """Oldest first beyond a mark, each with its own mark. One query."""

    def many(self, task_ids: Sequence[str]) -> Mapping[str, FieldPack]:
        """By task; those without any are left out. One read for each hundred."""


class OperationRepo(Protocol):
    """Operations that phones brought, each with what became of it; those held, and those in conflict."""

    def get(self, person_id: str, operation_id: str) -> KeptOperation | None: ...
    def save(self, kept: KeptOperation, events: Sequence[Event] = ()) -> KeptOperation:
        """Write it at kept.version (0: it is new). Raises WriteConflict if that is no longer current."""

    def receipts(self, person_id: str, task_id: str) -> Mapping[str, int]:
        """By operation, the version of the task that it made; written in the commit of that change."""

    def held_by(self, person_id: str) -> tuple[KeptOperation, ...]:
        """Oldest first."""

    def due(self, now_ms: int, limit: int) -> tuple[KeptOperation, ...]:
        """Held ones of everyone that the clock is to try by now, what is overdue for longest first."""

    def put_off(self, kept: KeptOperation, now_ms: int) -> KeptOperation:
        """Give a held one its next time to be tried. Raises WriteConflict as save() does."""

    def conflicts(self, scope: str, cursor: str | None, limit: int) -> Page[KeptOperation]:
        """Undecided ones, newest first. `scope` is "park" or "person:<id>"."""

    def note_clock(self, clock: DeviceClock) -> None: ...
    def clock_of(self, person_id: str, device_id: str) -> DeviceClock | None: ...


class InboxRepo(Protocol):
    def add(self, notice: Notice) -> None: ...
    def get(self, person_id: str, notice_id: str) -> Notice | None: ...
    def listing(self, person_id: str, cursor: str | None, limit: int) -> Page[Notice]: ...
    def mark_seen(self, notice: Notice, at_ms: int) -> Notice: ...
    def fold(self, first: Notice, notice: Notice) -> None:
        """Count a notice into an equal one, once; from then on get() finds that one by its id.

        Raises WriteConflict where others change the first all the time.
        """


class ReportRepo(Protocol):
    """What bridges last said of themselves."""

    def put(self, report: BridgeReport) -> None: ...
    def get(self, bridge: Bridge) -> BridgeReport | None: ...
    def of_enterprise(self, enterprise_id: str) -> tuple[BridgeReport, ...]: ...


class GapRepo(Protocol):
    def add(self, gaps: Sequence[Gap]) -> tuple[Gap, ...]:
        """Store each gap once, by spool and id, and return them as they now stand: what came first stays."""

    def between(self, enterprise_id: str, from_ms: int, to_ms: int) -> Iterable[Gap]:
        """Gaps that touch from_ms <= t < to_ms, by their own times, and others of the same months."""


class CommandRepo(Protocol):
    def add(self, command: Command, events: Sequence[Event]) -> Command:
        """Ask for a measure, once: of a repeat, the command as it now is. Raises ContentConflict for other content."""

    def get(self, enterprise_id: str, command_id: str) -> Command | None: ...
    def save(self, command: Command, events: Sequence[Event]) -> Command:
        """Replace the command at command.version. Raises WriteConflict if that is no longer current."""

    def pending(self, bridge: Bridge, now_ms: int, limit: int) -> tuple[Command, ...]:
        """Without a result and not yet expired, the first to expire first. Where there is none, one small read."""

    def listing(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[Command]:
        """Newest first."""


class ReviewRepo(Protocol):
    """Reviews of the catalogue, by quarter."""

    def is_settled(self, quarter: str) -> bool:
        """Whether the quarter's review was announced or recorded. One small read."""

    def announce(self, event: CatalogueReviewDue) -> None:
        """Say that the review is due, once a quarter."""

    def add(self, review: Review) -> Review:
        """Record a review, once by id: of a repeat, the review as first recorded. Raises ContentConflict for other content."""

    def listing(self, cursor: str | None, limit: int) -> Page[Review]:
        """Newest first."""


class CourseRepo(Protocol):
    """Courses in versions, by name (id@version). A published one never changes."""

    def all(self) -> tuple[Course, ...]:
        """Every version, drafts and those that ship with the product included."""

    def get(self, name: str) -> Course | None: ...
    def draft(self, course: Course) -> Course:
        """Keep a draft, in the place of one before. Of a published version the same content gives it back; raises ContentConflict for other."""

    def publish(self, name: str, by: str, at_ms: int) -> Course | None:
        """The version, published now unless it was before. None: there is none."""


class TrainingRepo(Protocol):
    """What people have tried and passed, and the deadlines that were missed."""

    def announce(self, event: CoursePublished) -> None:
        """Once a course."""

    def assign(self, event: TrainingAssigned) -> bool:
        """Assign a course to a person and announce that, once. Returns whether it was new."""

    def remind(self, event: TrainingDue) -> bool:
        """Announce once that a deadline of a person's is near. Returns whether it was new."""

    def duties(self, wanted: Iterable[tuple[Course, str]], now_ms: int) -> tuple[Duty, ...]:
        """How people stand with courses, in the order asked for. What was not assigned yet is as if it were now."""

    def add_attempt(
        self, attempt: Attempt, day: str, most: int, passed: Pass | None, events: Sequence[Event]
    ) -> Attempt:
        """Keep an attempt with what follows from it; of a repeat, the attempt as it was. Raises ContentConflict for other answers under its id,
        AttemptsSpent for more than `most` of the person and course on a day."""

    def attempt(self, person_id: str, attempt_id: str) -> Attempt | None: ...
    def attempts(self, person_id: str, course: str) -> tuple[Attempt, ...]:
        """Newest day first."""

    def passes(self, enterprise_id: str) -> tuple[Pass, ...]:
        """All that its people ever had while they were its people."""

    def misses(self, enterprise_id: str) -> tuple[Miss, ...]: ...
    def miss(self, missed: Miss, event: Event) -> bool:
        """Note a missed deadline and announce it, once by enterprise, course and day. Returns whether it was new."""

    def was_looked_at(self, day: str) -> bool: ...
    def look_at(self, day: str, ttl_s: int) -> None:
        """Note that a day's look is done."""


class DrillRepo(Protocol):
    """Drills, each with all that is kept of it once its room is gone."""

    def add(self, drill: Drill, events: Sequence[Event]) -> Drill:
        """Plan a drill with what announces it, once by id: of a repeat, the drill as it now stands. Raises ContentConflict for other
        content."""

    def get(self, drill_id: str) -> Drill | None: ...
    def save(self, drill: Drill, events: Sequence[Event]) -> Drill:
        """Put a drill in the place of its version, with what announces the change. Raises WriteConflict."""

    def running(self) -> tuple[Drill, ...]: ...
    def listing(self, person_id: str | None, cursor: str | None, limit: int) -> Page[Drill]:
        """Newest planned first; None: all of them, else those in which the person takes part."""

    def was_asked_for(self, quarter: str) -> bool:
        """Whether it was said that the quarter lacks a drill. One small read."""

    def ask_for(self, event: DrillDue) -> None:
        """Say that a quarter lacks a drill, once a quarter."""


class DeviceRepo(Protocol):
    def put(self, device: Device) -> None: ...
    def delete(self, person_id: str, device_id: str) -> None: ...
    def of_person(self, person_id: str) -> tuple[Device, ...]: ...


class PreferenceRepo(Protocol):
    def put(self, preferences: Preferences) -> None: ...
    def of(self, person_id: str) -> Preferences:
        """The defaults where a person chose nothing."""


class DeliveryRepo(Protocol):
    def add(self, deliveries: Sequence[Delivery]) -> None: ...
    def of_notice(self, task_id: str, notice_id: str) -> tuple[Delivery, ...]: ...
    def of_task(self, task_id: str) -> tuple[Delivery, ...]: ...
    def claim(self, notice: Notice, others: Sequence[Notice]) -> tuple[str, ...]:
        """The notices that go out in one message with this one, decided once; none: it goes out with another's."""

    def mark(self, step: DeliveryStep, call: UnseenCall | None = None) -> None:
        """Note a state that a notice has come to: of each state, and device, the first time stays. With it, a call to look after."""

    def unseen(self, now_ms: int, limit: int) -> tuple[UnseenCall, ...]:
        """Calls that are due to be looked after, the first due first."""

    def move(self, call: UnseenCall, to: UnseenCall | None) -> None:
        """Look after a call at another time, or no more (None). Twice is once."""

    def steps(self, task_id: str) -> tuple[DeliveryStep, ...]: ...


class ScoreRepo(Protocol):
    def add(self, entries: Sequence[ScoreEntry]) -> None:
        """Each entry once, whatever the number of calls."""

    def of_month(self, enterprise_id: str, month: str) -> tuple[ScoreEntry, ...]: ...
    def objections(self, enterprise_id: str, month: str) -> tuple[Objection, ...]: ...
    def objection(self, objection_id: str) -> Objection | None: ...
    def open_objections(self, cursor: str | None, limit: int) -> Page[Objection]:
        """Of the whole park, newest first."""

    def raise_objection(self, objection: Objection, events: Sequence[Event]) -> Objection:
        """Once by its id: of a repeat, the objection as it now stands.

        Raises ContentConflict for another one under its id, and WriteConflict where another one of its entry was first.
        """

    def late_objections(self, now_ms: int, limit: int) -> tuple[Objection, ...]:
        """Open ones whose time to be judged has passed, and of whom nobody was reminded; the longest first."""

    def remind(self, objection: Objection, events: Sequence[Event]) -> None:
        """Once for each."""

    def settle_objection(
        self, objection: Objection, correction: ScoreEntry | None, events: Sequence[Event]
    ) -> Objection:
        """With the entry that takes the other back, in one commit. Raises WriteConflict if it changed meanwhile."""


class ResultRepo(Protocol):
    """Months as they were counted and settled, and the rankings that were published of them."""

    def figures(self, enterprise_id: str, month: str) -> MonthFigures | None: ...
    def count(self, enterprise_id: str, month: str, figures: MonthFigures) -> MonthFigures:
        """Once: returns those that stand."""

    def counted(self, month: str, enterprise_ids: Sequence[str]) -> frozenset[str]: ...
    def get(self, enterprise_id: str, month: str) -> MonthResult | None: ...
    def many(self, month: str, enterprise_ids: Sequence[str]) -> Mapping[str, MonthResult]:
        """By enterprise; those without any are left out."""

    def settled(self, month: str, enterprise_ids: Sequence[str]) -> frozenset[str]: ...
    def listing(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[MonthResult]:
        """Newest month first."""

    def settle(self, result: MonthResult, events: Sequence[Event]) -> MonthResult:
        """Write it at result.revision (0: it is new). Raises WriteConflict if that is no longer current."""

    def last_settled(self) -> str | None:
        """The newest month that nobody is behind with."""

    def close(self, month: str, at_ms: int) -> None: ...
    def ranking(self, month: str) -> Ranking | None: ...
    def rankings(self, cursor: str | None, limit: int) -> Page[Ranking]:
        """Newest month first."""

    def publish(self, ranking: Ranking, places: Mapping[str, Sequence[Place]]) -> Ranking:
        """Publish a revision: its places first, by scope, then the ranking itself at ranking.revision. Raises WriteConflict."""

    def places(self, ranking: Ranking, scope: str, cursor: str | None, limit: int) -> Page[Place]:
        """In their order. `scope` is "park" or "industry:<id>"."""

    def stale(self) -> tuple[str, ...]:
        """Months that were settled, or settled again, since they were published."""


class ConsequenceRepo(Protocol):
    """What follows from months: measures, the list of key supervision, interviews. Each is written at its version (0: it is new), with its events;
    WriteConflict where that is no longer current."""

    def standing(self, enterprise_id: str) -> tuple[Consequence, ...]: ...
    def known(self, changes: Sequence[Consequence]) -> frozenset[str]:
        """Ids of those that were written before."""

    def commit(self, changes: Sequence[Consequence], events: Sequence[Event]) -> None: ...
    def of_enterprise(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[Consequence]:
        """Newest first."""

    def listing(self, cursor: str | None, limit: int) -> Page[Consequence]:
        """Those of the whole park that stand, newest first."""

    def supervised(self, enterprise_id: str) -> Listing | None:
        """Where it stands on the list now."""

    def listings(self, enterprise_id: str) -> tuple[Listing, ...]:
        """All it ever had, oldest first."""

    def save_listing(self, listing: Listing, changes: Sequence[Consequence], events: Sequence[Event]) -> Listing: ...
    def supervision(self, cursor: str | None, limit: int) -> Page[Listing]:
        """Who is on the list, newest first."""

    def interview(self, enterprise_id: str, month: str) -> Interview | None: ...
    def save_interview(self, interview: Interview, events: Sequence[Event]) -> Interview: ...
    def interviews(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[Interview]:
        """Newest month first; of one enterprise, or of the whole park (None)."""


class DashboardRepo(Protocol):
    """Figures by generation and node, with the facets that they are sums of."""

    def generations(self) -> Generations: ...
    def save_generations(self, generations: Generations) -> Generations:
        """Raises WriteConflict if they are no longer as they were read."""

    def stored(self, generation: int, anchor: str, things: Sequence[Thing]) -> StoredFacets:
        """What was counted of them last. One read."""

    def settle(self, stored: StoredFacets, facets: Sequence[Facet], homes: Mapping[str, Home], at_ms: int) -> int:
        """Count these facets in the place of the stored ones, with all sums that they are in. Returns how many differ.

        `homes` has the anchor, and the enterprises that facets are shared with. Raises WriteConflict where another was first.
        """

    def rehome(self, generation: int, anchor: str, home: Home, at_ms: int) -> bool:
        """Have an enterprise stand where it now belongs, with all that was counted of it. Returns whether it moved. Raises WriteConflict."""

    def tallies(self, generation: int, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Tally]:
        """By (node, NOW or month). One read."""

    def months(self, generation: int, node: str) -> tuple[str, ...]:
        """Those that a node has figures of, and NOW."""

    def children(self, generation: int, node: str, cursor: str | None, limit: int) -> Page[tuple[str, str]]:
        """The nodes right below one, by rising id, with their names where they have one. One read."""

    def branch(self, generation: int, anchor: str) -> Branch | None:
        """All of an anchor at one moment; None where it changed while it was read."""

    def correct(
        self,
        generation: int,
        wanted: Mapping[tuple[str, str], Counts],
        versions: Mapping[tuple[str, str], int],
        at_ms: int,
    ) -> None:
        """Put these sums in the place of what stands there. Raises WriteConflict where the versions are no longer current."""

    def sweep(self, generation: int, node: str) -> None:
        """Delete all that a generation has of a node."""


class Patience(Protocol):
    """How long who was not first waits before the next try."""

    def wait(self, attempt: int) -> None: ...


class PrivacyRepo(Protocol):
    """Budgets of privacy by data set and recipient, and what was released from them."""

    def budget(self, data_set: str, recipient: str) -> Budget | None: ...
    def budgets(self, data_set: str) -> tuple[Budget, ...]:
        """Of all recipients, by name."""

    def put_budget(self, budget: Budget) -> Budget:
        """Write it at the version it was read with (0: it is new). Raises WriteConflict if that is no longer current."""

    def release(self, release_id: str) -> Release | None: ...
    def add(self, release: Release, budget: Budget) -> Release:
        """Write a release and the budget that it leaves, or neither.

        Raises WriteConflict where there is a release of that id, or the budget is no longer as it was read.
        """

    def listing(self, cursor: str | None, limit: int) -> Page[Release]:
        """Newest first."""


class CreditExportRepo(Protocol):
    """Who took which credit file when. What is added stands in the audit of `credit_file:<enterprise>`."""

    def add(self, export: CreditExport) -> None: ...


class CreditSigner(Protocol):
    """The park's signature. Every method raises SigningUnavailable where there is no key that may sign now, with a `reason`."""

    def key(self) -> SigningKey:
        """The one in use."""

    def known_keys(self) -> tuple[SigningKey, ...]:
        """The one in use, and those before it."""

    def sign_json(self, payload: bytes) -> SignedJson: ...
    def sign_pdf(self, pdf: bytes) -> bytes:
        """The PDF with a signature that its readers show, and after which nothing may be changed."""


class CreditPrinter(Protocol):
    def print(self, document: Mapping[str, Any], key: SigningKey, language: str) -> bytes:
        """A credit file's document as a PDF, not signed yet. The same document, key and language give the same bytes."""


class RegionRepo(Protocol):
    """Regions by id. `put` of the same content twice is one."""

    def put(self, region: Region) -> None: ...
    def get(self, region_id: str) -> Region | None: ...
    def all(self) -> tuple[Region, ...]: ...


class LinkRepo(Protocol):
    """Links of the chain. What is read of an enterprise may be a minute old; after `forget` it is not."""

    def forget(self) -> None: ...
    def put(self, link: Link) -> None:
        """The same twice is once. Raises ContentConflict where the id is of a link between others."""

    def get(self, link_id: str) -> Link | None: ...
    def delete(self, link: Link) -> None: ...
    def of_enterprise(self, enterprise_id: str) -> tuple[Link, ...]:
        """Those that it gives by, and those that it takes by."""

    def all(self) -> tuple[Link, ...]: ...


class ChainAlertRepo(Protocol):
    """What is remembered of enterprises that give, and the alerts that came of it."""

    def giving(self, enterprise_id: str) -> tuple[Giving, int]:
        """With its version; 0: nothing is remembered."""

    def record(
        self,
        enterprise_id: str,
        giving: Giving,
        version: int,
        crossings: Sequence[Crossing],
        events: Sequence[LimitCrossed],
    ) -> None:
        """All or nothing, at the version that was read. Raises WriteConflict if that is no longer current."""

    def get(self, alert_id: str) -> ChainAlert | None: ...
    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[ChainAlert]:
        """Newest first; those that begin at or reach one enterprise, or all (None)."""

    def add_warned(self, alert: ChainAlert, warned: Sequence[Warned], correlation_id: str) -> tuple[Warned, ...]:
        """Each place once an alert, with the event that tells of it. Returns those given as they now stand, by expected arrival."""

    def settle_parent(self, alert_id: str, task_id: str) -> str:
        """The parent of an alert: the first that was given stays."""

    def standing(self) -> tuple[ChainAlert, ...]:
        """Those that called people and have not ended, the first to begin first."""

    def end(self, alert: ChainAlert, end: AlertEnd, giving: Giving, version: int, event: ChainEnded) -> None:
        """End an alert and remember it of its giver, at the version that was read, or neither. Raises WriteConflict if that is no longer
        current, or the alert has ended."""

    def lift(self, alert: ChainAlert, correlation_id: str) -> None:
        """Write, for each place that an alert reached, the event that tells of its end: each once."""


class ChainMonthRepo(Protocol):
    """By month, what the sharing of results along the chain was worked out from."""

    def settle(self, month: ChainMonth) -> ChainMonth:
        """Once a month: what was written first stays, and comes back."""

    def get(self, month: str) -> ChainMonth | None: ...
    def finish(self, month: str) -> None:
        """Note that all entries that follow from it are written. Twice is once."""

    def is_finished(self, month: str) -> bool:
        """One small read."""


class PlanRepo(Protocol):
    """Joint plans of chains. `put` of the same content twice is one."""

    def put(self, plan: ChainPlan) -> None: ...
    def get(self, plan_id: str) -> ChainPlan | None: ...
    def all(self) -> tuple[ChainPlan, ...]: ...


class PlanRunRepo(Protocol):
    """Runs of plans."""

    def add(self, run: PlanRun, events: Sequence[Event]) -> PlanRun:
        """Once by its id: of a repeat, the run as it now stands. Raises ContentConflict for another plan or incident."""

    def get(self, run_id: str) -> PlanRun | None: ...
    def save(self, run: PlanRun, events: Sequence[Event]) -> PlanRun:
        """Replace the run at run.version. Raises WriteConflict if that is no longer current."""

    def running(self) -> tuple[PlanRun, ...]:
        """Those that have not ended."""

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[PlanRun]:
        """Newest first; those that an enterprise has a step of, or all (None)."""


class WeatherRepo(Protocol):
    """The weather of regions. Observed and forecast stay apart; of each hour the newest issue stands."""

    def add(self, region_id: str, hours: Sequence[WeatherHour]) -> int:
        """Keep hours, all or none, and return how many of them now stand: the others were issued anew since.

        At most 100 different days (UTC) at once. Raises WriteConflict where others write the same days all the time.
        """

    def between(self, region_id: str, kind: WeatherKind, from_ms: int, to_ms: int) -> tuple[WeatherHour, ...]:
        """Hours of from_ms <= t < to_ms by rising time."""


class ForesightRepo(Protocol):
    """What was learnt last for each region."""

    def put(self, foresight: Foresight) -> None: ...
    def get(self, region_id: str) -> Foresight | None: ...


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What the push queue carries: a pointer to the notice, nothing personal. `drill_id` is as the notice's."""

    person_id: str
    notice_id: str
    correlation_id: str
    drill_id: str = ""


class PushQueue(Protocol):
    """`delay` lets a received message come back after so many seconds."""

    def put(self, requests: Sequence[PushRequest], *, delay_s: int = 0) -> None:
        """Queue them all; nobody receives them before `delay_s` have passed (at most 900)."""

    def delay(self, receipt_handle: str, seconds: float) -> None: ...


class PushChannel(Protocol):
    """A road to a person's devices. It answers for each device and raises only for its own misconfiguration."""

    name: str

    def send(self, message: PushMessage, devices: Sequence[Device]) -> list[PushOutcome]: ...


class ChannelRepo(Protocol):
    """Channels by id, with their secrets. `put` of the same content twice is one."""

    def put(self, channel: Channel) -> None: ...
    def delete(self, channel_id: str) -> None: ...
    def get(self, channel_id: str) -> Channel | None: ...
    def all(self) -> tuple[Channel, ...]: ...


class ChannelSender(Protocol):
    """The road to channels. It answers within seconds, and with an outcome for whatever may go wrong on the line."""

    def check(self, url: str) -> ChannelFault | None:
        """Why the URL cannot be a channel's; None: it can."""

    def new_secret(self) -> str:
        """To sign a webhook with."""

    def send(self, message: PushMessage, channel: Channel, notice_id: str, now_ms: int) -> PushOutcome: ...


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """An S3 POST policy: send `fields` and then the file as multipart form data to `url` before it expires."""

    url: str
    fields: Mapping[str, str]
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """`version` names these very bytes, whatever is put under their key later; empty where the store keeps none."""

    data: bytes
    version: str = ""


class MediaStore(Protocol):
    """Originals under `incoming/`, derivatives under `derived/`. Originals are never changed."""

    def upload_ticket(self, key: str, *, sha256: str, size_bytes: int, content_type: str, now_ms: int) -> UploadTicket:
        """Allow exactly these bytes: the policy binds key, size, type and checksum."""

    def begin_parts(self, key: str, *, content_type: str) -> str:
        """Begin an upload in parts. Returns its id."""

    def part_url(self, key: str, upload_id: str, number: int, *, expires_s: int = 3600) -> str:
        """Where a part (1, 2, ...) is put to. Parts but the last have at least 5 MiB."""

    def parts(self, key: str, upload_id: str) -> Mapping[int, int]:
        """Bytes by number of the parts that have come. Raises MediaMissing where there is no such upload (any more)."""

    def finish_parts(self, key: str, upload_id: str) -> None:
        """Make the object of the parts that have come."""

    def abandon_parts(self, key: str, upload_id: str) -> None: ...
    def read(self, key: str, *, max_bytes: int) -> StoredMedia:
        """The newest object. Raises MediaMissing, or MediaTooLarge before reading more than `max_bytes`."""

    def write(self, key: str, data: bytes, *, content_type: str) -> None: ...

    def download_url(self, key: str, *, version: str = "", expires_s: int = 900) -> str:
        """Where anybody gets the object for a while: these very bytes where a version is named, or else the newest."""


class DocumentReader(Protocol):
    def read(self, data: bytes, content_type: str) -> DocumentText | ReportRefusal:
        """What stands in a document of that type, or why it is not read; in bounded time and memory, whatever the bytes are."""


class InspectionRepo(Protocol):
    """Inspection reports, and what counts of them."""

    def add(self, report: InspectionReport) -> InspectionReport:
        """Once by its id: of a repeat, the report as it now stands. Raises ContentConflict for other content."""

    def get(self, report_id: str) -> InspectionReport | None: ...
    def save(self, report: InspectionReport, number: int | None) -> InspectionReport:
        """At the version that was read, with what now counts of the value with that number, in one commit. Raises WriteConflict."""

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[InspectionReport]:
        """Newest first; of one enterprise, or of the whole park (None)."""

    def lab_values(self, enterprise_id: str, cursor: str | None, limit: int) -> Page[LabValue]:
        """The newest samples first."""


class SnapshotRepo(Protocol):
    def add(self, snapshot: Snapshot) -> Snapshot:
        """Once by its id: of a repeat, the snapshot as it now stands. Raises ContentConflict for other content."""

    def get(self, snapshot_id: str) -> Snapshot | None: ...
    def judge(self, snapshot: Snapshot) -> Snapshot:
        """At the version that was read; a good one is listed from then on. Raises WriteConflict."""

    def listing(self, unit_id: str, cursor: str | None, limit: int) -> Page[Snapshot]:
        """The good ones, by when they were taken, newest first."""


class MediaMissing(Exception):
    """No object under that key (yet)."""


class MediaTooLarge(Exception):
    """The object has more bytes than the caller would read."""


class PhotoInspector(Protocol):
    def inspect(self, data: bytes, *, sha256: str, size_bytes: int, content_type: str) -> PhotoFinding:
        """Check hash, real type and pixels, read EXIF, and make the derivatives. Never raises for bad bytes."""


class TokenVerifier(Protocol):
    """People: OIDC tokens by JWKS. Raises Unauthenticated with a `reason`."""

    def person_id(self, token: str) -> str: ...


class SignatureVerifier(Protocol):
    """Bridges: tokens they signed with their own Ed25519 key, bound to the body."""

    def key_id(self, token: str) -> str:
        """The bridge the token claims to be from, unverified: only to look its key up."""

    def is_public_key(self, pem: str) -> bool: ...
    def verify(self, token: str, *, bridge_id: str, public_key_pem: str, body: bytes) -> None: ...
