"""The only file that names concrete adapters. Nothing is made before it is asked for: a function that never pushes never
imports firebase-admin, and one that never touches a photo never imports PIL."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache, cached_property
from inspect import signature
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from chalicelib.adapters.audited_rows import AuditedRows, RowAuditRepo
from chalicelib.adapters.block_repo import RowBlockRepo
from chalicelib.adapters.catalogue_repo import RowCatalogueRepo
from chalicelib.adapters.module_repo import RowModuleRepo
from chalicelib.adapters.operations_repos import (
    RowDeliveryRepo,
    RowDeviceRepo,
    RowEvidenceRepo,
    RowInboxRepo,
    RowObservationRepo,
    RowPreferenceRepo,
    RowStateRepo,
    RowTaskRepo,
    RowWarningRepo,
)
from chalicelib.adapters.registry_repo import RowRegistryRepo
from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Row, Rows
from chalicelib.domain.errors import NotFound
from chalicelib.domain.park_module import Module
from chalicelib.module_map import module_of_stage
from chalicelib.ports import (
    ChannelSender,
    Clock,
    CreditPrinter,
    CreditSigner,
    DocumentReader,
    MediaStore,
    ModelStore,
    Patience,
    PhotoInspector,
    PushChannel,
    PushQueue,
    SignatureVerifier,
    TokenVerifier,
)
from chalicelib.settings import Settings, read_settings

if TYPE_CHECKING:
    from chalicelib.adapters.alarm_repos import RowDispatchRepo, RowShelvingRepo, RowWindowRepo
    from chalicelib.adapters.bridge_repos import RowCommandRepo, RowGapRepo, RowReportRepo
    from chalicelib.adapters.chain_alert_repo import RowChainAlertRepo
    from chalicelib.adapters.chain_month_repo import RowChainMonthRepo
    from chalicelib.adapters.channel_repo import RowChannelRepo
    from chalicelib.adapters.checklist_repo import RowChecklistRepo
    from chalicelib.adapters.consequence_repo import RowConsequenceRepo
    from chalicelib.adapters.course_repo import RowCourseRepo
    from chalicelib.adapters.credit_repo import RowCreditExportRepo
    from chalicelib.adapters.dashboard_repo import RowDashboardRepo
    from chalicelib.adapters.drill_repo import RowDrillRepo
    from chalicelib.adapters.duty_repo import RowDutyRepo
    from chalicelib.adapters.edition_repo import RowEditionRepo
    from chalicelib.adapters.hazard_repo import RowHazardRepo
    from chalicelib.adapters.inspection_repo import RowInspectionRepo
    from chalicelib.adapters.instrument_repo import RowInstrumentRepo
    from chalicelib.adapters.law_repo import RowLawRepo
    from chalicelib.adapters.link_repo import RowLinkRepo
    from chalicelib.adapters.plan_repos import RowPlanRepo, RowPlanRunRepo
    from chalicelib.adapters.privacy_repo import RowPrivacyRepo
    from chalicelib.adapters.result_repo import RowResultRepo
    from chalicelib.adapters.review_repo import RowReviewRepo
    from chalicelib.adapters.score_repo import RowScoreRepo
    from chalicelib.adapters.snapshot_repo import RowSnapshotRepo
    from chalicelib.adapters.sync_repos import RowOperationRepo, RowPackRepo
    from chalicelib.adapters.training_repo import RowTrainingRepo
    from chalicelib.adapters.visit_repo import RowVisitRepo
    from chalicelib.adapters.watch_repos import RowLearningRepo, RowWatchRepo
    from chalicelib.adapters.weather_repos import RowForesightRepo, RowRegionRepo, RowWeatherRepo
    from chalicelib.domain.discrete_laplace import RandBelow
    from chalicelib.domain.drill import Drill
    from chalicelib.domain.emergency import EmergencyResource
    from chalicelib.domain.target import ReductionTarget
    from chalicelib.usecases.add_retest import RetestDesk
    from chalicelib.usecases.apply_consequences import ConsequenceDesk
    from chalicelib.usecases.apply_operation import FieldDesk
    from chalicelib.usecases.chain_desk import ChainDesk
    from chalicelib.usecases.count_thing import DashboardDesk
    from chalicelib.usecases.drill_desk import DrillDesk, DrillRoom
    from chalicelib.usecases.escalate_channels import UnseenDesk
    from chalicelib.usecases.export_credit_file import CreditDesk
    from chalicelib.usecases.export_list import ExportDesk
    from chalicelib.usecases.hand_out import Post
    from chalicelib.usecases.hand_over import CrewDesk
    from chalicelib.usecases.import_list import ImportDesk
    from chalicelib.usecases.read_audit import AuditDesk
    from chalicelib.usecases.settle_month import MonthDesk
    from chalicelib.usecases.settle_warning import Desk
    from chalicelib.usecases.share_statistics import StatisticsDesk

AWS_CONFIG: dict[str, Any] = {
    "connect_timeout": 2,
    "read_timeout": 10,
    "retries": {"max_attempts": 3, "mode": "standard"},
}


BRIDGE_AUDIENCE = "green-shield"  # bridges name us, whatever the audience of the people's issuer is


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class Services:
    """Every port, each made at its first use. An override replaces the adapter of that name."""

    drill_id = ""

    def __init__(self, settings: Settings, **overrides: object) -> None:
        self.settings = settings
        self.__dict__.update(overrides)

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def zone(self) -> ZoneInfo:
        return self.settings.zone

    @cached_property
    def rows(self) -> Callable[[str], Rows]:
        from chalicelib.adapters.dynamo.rows import DynamoRows, connect

        tables = {
            READINGS: self.settings.readings_table,
            OPERATIONS: self.settings.operations_table,
            REGISTRY: self.settings.registry_table,
        }
        connection = connect()
        return cache(lambda name: DynamoRows(tables[name], connection))

    @cached_property
    def audited(self) -> Callable[[str], Rows]:
        """The tables as repositories write to them: what is audited leaves its entry."""
        return cache(lambda name: AuditedRows(self.rows(name), self.clock.now_ms))

    @cached_property
    def audits(self) -> RowAuditRepo:
        return RowAuditRepo(self.rows(OPERATIONS), self.rows(REGISTRY))

    @cached_property
    def audit_desk(self) -> AuditDesk:
        from chalicelib.usecases.read_audit import AuditDesk

        return AuditDesk(audits=self.audits, tasks=self.tasks, warnings=self.warnings, registry=self.registry)

    @cached_property
    def registry(self) -> RowRegistryRepo:
        return RowRegistryRepo(self.rows(REGISTRY), self.clock)

    @cached_property
    def modules(self) -> RowModuleRepo:
        return RowModuleRepo(self.audited(REGISTRY), self.clock)

    def has(self, module: Module) -> bool:
        """Whether the park has a module switched on. This is the one place that decides it; for the smallest set nothing is read."""
        return module is Module.CORE or self.modules.chosen().is_on(module)

    def runs(self, use_case: str) -> bool:
        """Whether the stage of this use case is in a module that is switched on."""
        return self.has(module_of_stage(use_case))

    @cached_property
    def catalogues(self) -> RowCatalogueRepo:
        return RowCatalogueRepo(self.audited(REGISTRY), self.clock)

    @cached_property
    def blocks(self) -> RowBlockRepo:
        return RowBlockRepo(self.rows(READINGS))

    @cached_property
    def states(self) -> RowStateRepo:
        return RowStateRepo(self.audited(OPERATIONS))

    @cached_property
    def warnings(self) -> RowWarningRepo:
        return RowWarningRepo(self.audited(OPERATIONS))

    @cached_property
    def observations(self) -> RowObservationRepo:
        return RowObservationRepo(self.rows(OPERATIONS))

    @cached_property
    def laws(self) -> RowLawRepo:
        from chalicelib.adapters.law_repo import RowLawRepo

        return RowLawRepo(self.rows(OPERATIONS))

    @cached_property
    def tasks(self) -> RowTaskRepo:
        return RowTaskRepo(self.audited(OPERATIONS))

    @cached_property
    def dispatches(self) -> RowDispatchRepo:
        from chalicelib.adapters.alarm_repos import RowDispatchRepo

        return RowDispatchRepo(self.audited(OPERATIONS))

    @cached_property
    def shelvings(self) -> RowShelvingRepo:
        from chalicelib.adapters.alarm_repos import RowShelvingRepo

        return RowShelvingRepo(self.rows(OPERATIONS))

    @cached_property
    def windows(self) -> RowWindowRepo:
        from chalicelib.adapters.alarm_repos import RowWindowRepo

        return RowWindowRepo(self.rows(OPERATIONS))

    @cached_property
    def desk(self) -> Desk:
        from chalicelib.usecases.settle_warning import Desk

        return Desk(
            warnings=self.warnings,
            registry=self.registry,
            tasks=self.tasks,
            dispatches=self.dispatches,
            shelvings=self.shelvings,
            windows=self.windows,
            observations=self.observations,
            catalogues=self.catalogues,
            duty=self.duty,
            resources=self.resources,
            clock=self.clock,
            zone=self.zone,
        )

    @cached_property
    def evidence(self) -> RowEvidenceRepo:
        return RowEvidenceRepo(self.audited(OPERATIONS))

    @cached_property
    def checklists(self) -> RowChecklistRepo:
        from chalicelib.adapters.checklist_repo import RowChecklistRepo

        return RowChecklistRepo(self.rows(REGISTRY), self.audited(OPERATIONS), lambda: self.has(Module.CHECKLISTS))

    @cached_property
    def instruments(self) -> RowInstrumentRepo:
        from chalicelib.adapters.instrument_repo import RowInstrumentRepo

        return RowInstrumentRepo(self.rows(REGISTRY))

    @cached_property
    def retest_desk(self) -> RetestDesk:
        from chalicelib.usecases.add_retest import RetestDesk

        return RetestDesk(
            tasks=self.tasks,
            evidence=self.evidence,
            registry=self.registry,
            instruments=self.instruments,
            blocks=self.blocks,
            catalogues=self.catalogues,
            duty=self.duty,
            clock=self.clock,
        )

    @cached_property
    def duty(self) -> RowDutyRepo:
        from chalicelib.adapters.duty_repo import RowDutyRepo

        return RowDutyRepo(self.rows(REGISTRY))

    @cached_property
    def crew_desk(self) -> CrewDesk:
        from chalicelib.usecases.hand_over import CrewDesk

        return CrewDesk(
            tasks=self.tasks, registry=self.registry, duty=self.duty, catalogues=self.catalogues, clock=self.clock
        )

    @cached_property
    def hazards(self) -> RowHazardRepo:
        from chalicelib.adapters.hazard_repo import RowHazardRepo

        return RowHazardRepo(self.rows(OPERATIONS))

    @cached_property
    def visits(self) -> RowVisitRepo:
        from chalicelib.adapters.visit_repo import RowVisitRepo

        return RowVisitRepo(self.rows(OPERATIONS))

    @cached_property
    def packs(self) -> RowPackRepo:
        from chalicelib.adapters.sync_repos import RowPackRepo

        return RowPackRepo(self.rows(OPERATIONS))

    @cached_property
    def operations(self) -> RowOperationRepo:
        from chalicelib.adapters.sync_repos import RowOperationRepo

        return RowOperationRepo(self.rows(OPERATIONS))

    @cached_property
    def field_desk(self) -> FieldDesk:
        from chalicelib.usecases.apply_operation import FieldDesk

        return FieldDesk(
            operations=self.operations,
            tasks=self.tasks,
            evidence=self.evidence,
            media=self.media,
            catalogues=self.catalogues,
            registry=self.registry,
            checklists=self.checklists,
            retest_desk=self.retest_desk,
            crew_desk=self.crew_desk,
            hazards=self.hazards,
            visits=self.visits,
            modules=self.modules,
            duty=self.duty,
            clock=self.clock,
        )

    @cached_property
    def inbox(self) -> RowInboxRepo:
        return RowInboxRepo(self.rows(OPERATIONS))

    @cached_property
    def devices(self) -> RowDeviceRepo:
        return RowDeviceRepo(self.rows(OPERATIONS))

    @cached_property
    def preferences(self) -> RowPreferenceRepo:
        return RowPreferenceRepo(self.rows(OPERATIONS))

    @cached_property
    def deliveries(self) -> RowDeliveryRepo:
        return RowDeliveryRepo(self.rows(OPERATIONS))

    @cached_property
    def channels(self) -> RowChannelRepo:
        from chalicelib.adapters.channel_repo import RowChannelRepo

        return RowChannelRepo(self.rows(REGISTRY), lambda: self.has(Module.CHANNELS))

    @cached_property
    def sender(self) -> ChannelSender:
        from chalicelib.adapters.channel_sender import ChannelSenders

        return ChannelSenders()

    @cached_property
    def post(self) -> Post:
        from chalicelib.usecases.hand_out import Post

        return Post(
            inbox=self.inbox, deliveries=self.deliveries, queue=self.queue, clock=self.clock, drill_id=self.drill_id
        )

    @cached_property
    def unseen_desk(self) -> UnseenDesk:
        from chalicelib.usecases.escalate_channels import UnseenDesk

        return UnseenDesk(
            registry=self.registry,
            tasks=self.tasks,
            channels=self.channels,
            preferences=self.preferences,
            post=self.post,
            zone=self.zone,
        )

    @cached_property
    def scores(self) -> RowScoreRepo:
        from chalicelib.adapters.score_repo import RowScoreRepo

        return RowScoreRepo(self.audited(OPERATIONS))

    @cached_property
    def results(self) -> RowResultRepo:
        from chalicelib.adapters.result_repo import RowResultRepo

        return RowResultRepo(self.audited(OPERATIONS))

    @cached_property
    def consequences(self) -> RowConsequenceRepo:
        from chalicelib.adapters.consequence_repo import RowConsequenceRepo

        return RowConsequenceRepo(self.audited(OPERATIONS))

    @cached_property
    def month_desk(self) -> MonthDesk:
        from chalicelib.usecases.settle_month import MonthDesk

        return MonthDesk(
            registry=self.registry,
            tasks=self.tasks,
            warnings=self.warnings,
            scores=self.scores,
            results=self.results,
            catalogues=self.catalogues,
            blocks=self.blocks,
            gaps=self.gaps,
            reports=self.reports,
            clock=self.clock,
            zone=self.zone,
            randbelow=self.randbelow,
            links=self.links,
            chain_months=self.chain_months,
        )

    @cached_property
    def consequence_desk(self) -> ConsequenceDesk:
        from chalicelib.usecases.apply_consequences import ConsequenceDesk

        return ConsequenceDesk(
            consequences=self.consequences,
            results=self.results,
            registry=self.registry,
            tasks=self.tasks,
            warnings=self.warnings,
            catalogues=self.catalogues,
            clock=self.clock,
            zone=self.zone,
        )

    @cached_property
    def reports(self) -> RowReportRepo:
        from chalicelib.adapters.bridge_repos import RowReportRepo

        return RowReportRepo(self.rows(OPERATIONS))

    @cached_property
    def gaps(self) -> RowGapRepo:
        from chalicelib.adapters.bridge_repos import RowGapRepo

        return RowGapRepo(self.rows(OPERATIONS))

    @cached_property
    def commands(self) -> RowCommandRepo:
        from chalicelib.adapters.bridge_repos import RowCommandRepo

        return RowCommandRepo(self.rows(OPERATIONS))

    @cached_property
    def reviews(self) -> RowReviewRepo:
        from chalicelib.adapters.review_repo import RowReviewRepo

        return RowReviewRepo(self.rows(OPERATIONS))

    @cached_property
    def courses(self) -> RowCourseRepo:
        from chalicelib.adapters.course_repo import RowCourseRepo

        return RowCourseRepo(self.rows(REGISTRY))

    @cached_property
    def training(self) -> RowTrainingRepo:
        from chalicelib.adapters.training_repo import RowTrainingRepo

        return RowTrainingRepo(self.rows(OPERATIONS))

    @cached_property
    def drills(self) -> RowDrillRepo:
        from chalicelib.adapters.drill_repo import RowDrillRepo

        return RowDrillRepo(self.rows(OPERATIONS))

    @cached_property
    def drill_desk(self) -> DrillDesk:
        from chalicelib.adapters.drill_repo import shipped_scenarios
        from chalicelib.usecases.drill_desk import DrillDesk

        return DrillDesk(
            drills=self.drills,
            scenarios=shipped_scenarios,
            registry=self.registry,
            catalogues=self.catalogues,
            states=self.states,
            clock=self.clock,
            zone=self.zone,
            room=lambda drill: self.in_drill(drill.id).drill_room,
        )

    @cached_property
    def _rooms(self) -> dict[str, DrillServices]:
        return {}

    def in_drill(self, drill_id: str) -> Services:
        """The services of a drill's room; these themselves where `drill_id` is empty. Raises NotFound."""
        if not drill_id:
            return self
        if drill_id not in self._rooms:  # who takes part, and where, never changes
            drill = self.drills.get(drill_id)
            if drill is None:
                raise NotFound(what="drill")
            self._rooms[drill_id] = DrillServices(self, drill)
        return self._rooms[drill_id]

    def home_of(self, row: Row) -> tuple[Services, Row]:
        """Where a row of a stream is worked on, and the row as it is seen there."""
        from chalicelib.adapters.drill_store import room_of

        drill_id, seen = room_of(row)
        return self.in_drill(drill_id), seen

    def home_of_key(self, key: str) -> tuple[Services, str]:
        """The same of a key of the bucket."""
        from chalicelib.adapters.drill_store import room_of_key

        drill_id, seen = room_of_key(key)
        return self.in_drill(drill_id), seen

    @cached_property
    def drill_room(self) -> DrillRoom:
        from chalicelib.usecases.drill_desk import DrillRoom

        return DrillRoom(blocks=self.blocks, tasks=self.tasks, audits=self.audits, scores=self.scores, post=self.post)

    @cached_property
    def privacy(self) -> RowPrivacyRepo:
        from chalicelib.adapters.privacy_repo import RowPrivacyRepo

        return RowPrivacyRepo(self.audited(OPERATIONS))

    @cached_property
    def randbelow(self) -> RandBelow:
        from secrets import randbelow  # a source that can be foretold would undo what the noise is for

        return randbelow

    @cached_property
    def statistics_desk(self) -> StatisticsDesk:
        from chalicelib.usecases.share_statistics import StatisticsDesk

        return StatisticsDesk(
            privacy=self.privacy,
            registry=self.registry,
            warnings=self.warnings,
            tasks=self.tasks,
            catalogues=self.catalogues,
            clock=self.clock,
            zone=self.zone,
            randbelow=self.randbelow,
        )

    @cached_property
    def credit_exports(self) -> RowCreditExportRepo:
        from chalicelib.adapters.credit_repo import RowCreditExportRepo

        return RowCreditExportRepo(self.audited(OPERATIONS))

    @cached_property
    def credit_signer(self) -> CreditSigner:
        from chalicelib.adapters.credit_signer import NoSigner, StoredKeySigner, read_secret

        if not self.settings.credit_secret:
            return NoSigner()
        return StoredKeySigner(lambda: read_secret(self.aws("secretsmanager"), self.settings.credit_secret), self.clock)

    @cached_property
    def credit_printer(self) -> CreditPrinter:
        from chalicelib.adapters.credit_print import PdfCreditPrinter

        return PdfCreditPrinter(self.zone)

    @cached_property
    def credit_desk(self) -> CreditDesk:
        from chalicelib.usecases.export_credit_file import CreditDesk

        return CreditDesk(
            registry=self.registry,
            scores=self.scores,
            tasks=self.tasks,
            warnings=self.warnings,
            hazards=self.hazards,
            results=self.results,
            consequences=self.consequences,
            training=self.training,
            blocks=self.blocks,
            catalogues=self.catalogues,
            exports=self.credit_exports,
            signer=self.credit_signer,
            printer=lambda: self.credit_printer,
            clock=self.clock,
            zone=self.zone,
        )

    @cached_property
    def dashboard(self) -> RowDashboardRepo:
        from chalicelib.adapters.dashboard_repo import RowDashboardRepo

        return RowDashboardRepo(self.rows(OPERATIONS))

    @cached_property
    def patience(self) -> Patience:
        from chalicelib.adapters.patience import JitteredPatience

        return JitteredPatience()

    @cached_property
    def dashboard_desk(self) -> DashboardDesk:
        from chalicelib.usecases.count_thing import DashboardDesk

        return DashboardDesk(
            dashboard=self.dashboard,
            tasks=self.tasks,
            warnings=self.warnings,
            observations=self.observations,
            scores=self.scores,
            registry=self.registry,
            catalogues=self.catalogues,
            blocks=self.blocks,
            patience=self.patience,
            clock=self.clock,
            zone=self.zone,
        )

    @cached_property
    def regions(self) -> RowRegionRepo:
        from chalicelib.adapters.weather_repos import RowRegionRepo

        return RowRegionRepo(self.rows(REGISTRY))

    @cached_property
    def links(self) -> RowLinkRepo:
        from chalicelib.adapters.link_repo import RowLinkRepo

        return RowLinkRepo(self.rows(REGISTRY), self.clock)

    @cached_property
    def chain_alerts(self) -> RowChainAlertRepo:
        from chalicelib.adapters.chain_alert_repo import RowChainAlertRepo

        return RowChainAlertRepo(self.rows(OPERATIONS))

    @cached_property
    def chain_months(self) -> RowChainMonthRepo:
        from chalicelib.adapters.chain_month_repo import RowChainMonthRepo

        return RowChainMonthRepo(self.rows(OPERATIONS))

    @cached_property
    def chain_desk(self) -> ChainDesk:
        from chalicelib.usecases.chain_desk import ChainDesk

        return ChainDesk(
            links=self.links,
            alerts=self.chain_alerts,
            registry=self.registry,
            tasks=self.tasks,
            catalogues=self.catalogues,
            duty=self.duty,
            clock=self.clock,
            post=self.post,
            zone=self.zone,
        )

    @cached_property
    def plans(self) -> RowPlanRepo:
        from chalicelib.adapters.plan_repos import RowPlanRepo

        return RowPlanRepo(self.rows(REGISTRY))

    @cached_property
    def plan_runs(self) -> RowPlanRunRepo:
        from chalicelib.adapters.plan_repos import RowPlanRunRepo

        return RowPlanRunRepo(self.rows(OPERATIONS))

    @cached_property
    def resources(self) -> RowEditionRepo[EmergencyResource]:
        from chalicelib.adapters.edition_repo import RowEditionRepo
        from chalicelib.domain.emergency import EmergencyResource

        rows = self.rows(REGISTRY)
        return RowEditionRepo(rows, self.clock, EmergencyResource, listed="RESOURCES", each="RESOURCE")

    @cached_property
    def targets(self) -> RowEditionRepo[ReductionTarget]:
        from chalicelib.adapters.edition_repo import RowEditionRepo
        from chalicelib.domain.target import ReductionTarget

        return RowEditionRepo(self.rows(REGISTRY), self.clock, ReductionTarget, listed="TARGETS", each="TARGET")

    @cached_property
    def export_desk(self) -> ExportDesk:
        from chalicelib.usecases.export_list import ExportDesk

        return ExportDesk(
            registry=self.registry,
            catalogues=self.catalogues,
            links=self.links,
            plans=self.plans,
            resources=self.resources,
            targets=self.targets,
            instruments=self.instruments,
            duty=self.duty,
            warnings=self.warnings,
            tasks=self.tasks,
            scores=self.scores,
            observations=self.observations,
            hazards=self.hazards,
            visits=self.visits,
            chain_alerts=self.chain_alerts,
            audits=self.audits,
        )

    @cached_property
    def import_desk(self) -> ImportDesk:
        from chalicelib.usecases.import_list import ImportDesk

        return ImportDesk(
            registry=self.registry,
            catalogues=self.catalogues,
            packs=self.packs,
            links=self.links,
            resources=self.resources,
            targets=self.targets,
            clock=self.clock,
        )

    def trial(self) -> Services:
        """The same park, where whatever is written is forgotten with these services."""
        from chalicelib.adapters.trial_rows import TrialRows

        return Services(self.settings, rows=cache(lambda name: TrialRows(self.rows(name))), clock=self.clock)

    @cached_property
    def inspections(self) -> RowInspectionRepo:
        from chalicelib.adapters.inspection_repo import RowInspectionRepo

        return RowInspectionRepo(self.rows(OPERATIONS))

    @cached_property
    def snapshots(self) -> RowSnapshotRepo:
        from chalicelib.adapters.snapshot_repo import RowSnapshotRepo

        return RowSnapshotRepo(self.rows(OPERATIONS))

    @cached_property
    def documents(self) -> DocumentReader:
        from chalicelib.adapters.documents import ChildDocumentReader

        return ChildDocumentReader()

    @cached_property
    def weather(self) -> RowWeatherRepo:
        from chalicelib.adapters.weather_repos import RowWeatherRepo

        return RowWeatherRepo(self.rows(REGISTRY))

    @cached_property
    def foresights(self) -> RowForesightRepo:
        from chalicelib.adapters.weather_repos import RowForesightRepo

        return RowForesightRepo(self.rows(REGISTRY))

    @cached_property
    def watches(self) -> RowWatchRepo:
        from chalicelib.adapters.watch_repos import RowWatchRepo

        return RowWatchRepo(self.rows(REGISTRY), self.rows(OPERATIONS), self.clock)

    @cached_property
    def learning(self) -> RowLearningRepo:
        from chalicelib.adapters.watch_repos import RowLearningRepo

        return RowLearningRepo(self.rows(REGISTRY))

    @cached_property
    def models(self) -> ModelStore:
        from chalicelib.adapters.models import StoredModels
        from chalicelib.adapters.s3 import S3MediaStore

        return StoredModels(S3MediaStore(self.aws("s3"), self.settings.model_bucket))

    @cached_property
    def tokens(self) -> TokenVerifier:
        from chalicelib.adapters.tokens import OidcVerifier

        return OidcVerifier(self.settings.oidc_issuer, self.settings.oidc_audience, self.settings.oidc_jwks_url)

    @cached_property
    def signatures(self) -> SignatureVerifier:
        from chalicelib.adapters.tokens import Ed25519Verifier

        return Ed25519Verifier(BRIDGE_AUDIENCE)

    @cached_property
    def media(self) -> MediaStore:
        from chalicelib.adapters.s3 import S3MediaStore

        return S3MediaStore(self.aws("s3"), self.settings.photo_bucket)

    @cached_property
    def inspector(self) -> PhotoInspector:
        from chalicelib.adapters.photos import PillowInspector

        return PillowInspector(self.settings.time_zone)

    @cached_property
    def queue(self) -> PushQueue:
        from chalicelib.adapters.sqs import SqsPushQueue

        return SqsPushQueue(self.aws("sqs"), self.settings.push_queue_url)

    @cached_property
    def channel(self) -> PushChannel:
        if not self.settings.fcm_secret:
            from chalicelib.adapters.no_channel import NoChannel

            return NoChannel()
        from chalicelib.adapters.fcm import FcmChannel

        return FcmChannel(self._fcm_credentials, self.settings.fcm_endpoint)

    def _fcm_credentials(self) -> str:
        secret = self.aws("secretsmanager").get_secret_value(SecretId=self.settings.fcm_secret)
        return str(secret["SecretString"])

    @cached_property
    def aws(self) -> Callable[[str], Any]:
        import boto3
        from botocore.config import Config

        # S3 signs uploads and links with version 4 only where it is told to; China's regions take nothing else.
        configs = {"s3": Config(**AWS_CONFIG, signature_version="s3v4")}
        return cache(lambda service: boto3.client(service, config=configs.get(service, Config(**AWS_CONFIG))))


class DrillServices(Services):
    """A drill's room (decision 0039): every repository stands on the drill's own rows. What is taken from outside stands here, by name;
    of the registry and what people publish in it, to read only."""

    def __init__(self, home: Services, drill: Drill) -> None:
        super().__init__(home.settings)
        self.home, self.drill, self.drill_id = home, drill, drill.id

    @cached_property
    def rows(self) -> Callable[[str], Rows]:
        from chalicelib.adapters.drill_store import DrillRows

        return cache(lambda name: DrillRows(self.home.rows(name), self.drill))

    @cached_property
    def registry(self) -> Any:
        from chalicelib.adapters.drill_store import DrillRegistry

        return DrillRegistry(self.home.registry, self.drill)

    @cached_property
    def inbox(self) -> Any:
        from chalicelib.adapters.drill_store import DrillInbox

        return DrillInbox(self.home.inbox, self.drill)

    @cached_property
    def media(self) -> Any:
        from chalicelib.adapters.drill_store import DrillMedia

        return DrillMedia(self.home.media, self.drill)

    @cached_property
    def checklists(self) -> RowChecklistRepo:
        from chalicelib.adapters.checklist_repo import RowChecklistRepo

        return RowChecklistRepo(self.home.rows(REGISTRY), self.audited(OPERATIONS))

    clock = cached_property(lambda self: self.home.clock)
    catalogues = cached_property(lambda self: self.home.catalogues)
    duty = cached_property(lambda self: self.home.duty)
    instruments = cached_property(lambda self: self.home.instruments)
    devices = cached_property(lambda self: self.home.devices)
    preferences = cached_property(lambda self: self.home.preferences)
    drills = cached_property(lambda self: self.home.drills)
    queue = cached_property(lambda self: self.home.queue)
    channel = cached_property(lambda self: self.home.channel)
    inspector = cached_property(lambda self: self.home.inspector)
    models = cached_property(lambda self: self.home.models)
    randbelow = cached_property(lambda self: self.home.randbelow)
    tokens = cached_property(lambda self: self.home.tokens)
    aws = cached_property(lambda self: self.home.aws)

    def in_drill(self, drill_id: str) -> Services:
        return self if drill_id in ("", self.drill.id) else self.home.in_drill(drill_id)


def build(settings: Settings, **overrides: object) -> Services:
    """The services of one process. `overrides` put another object in a port's place, by its name."""
    return Services(settings, **overrides)


def ports_of(run: Callable[..., Any], services: Services) -> dict[str, Any]:
    """A use case names its ports as keyword-only parameters; the services have them under the same names."""
    keywords = (p for p in signature(run).parameters.values() if p.kind is p.KEYWORD_ONLY)
    return {parameter.name: getattr(services, parameter.name) for parameter in keywords}


_current: Services | None = None


def services() -> Services:
    """This process's services, built from the environment at the first call."""
    global _current
    if _current is None:
        _current = build(read_settings())
    return _current


def use(replacement: Services | None) -> None:
    """Put other services in the process's place; None: build anew from the environment. For tests and tools."""
    global _current
    _current = replacement
