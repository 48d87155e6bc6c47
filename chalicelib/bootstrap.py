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
from chalicelib.adapters.rows import OPERATIONS, READINGS, REGISTRY, Rows
from chalicelib.adapters.score_repo import RowScoreRepo
from chalicelib.domain.park_module import Module
from chalicelib.module_map import module_of_stage
from chalicelib.ports import (
    ChannelSender,
    Clock,
    MediaStore,
    ModelStore,
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
    from chalicelib.adapters.channel_repo import RowChannelRepo
    from chalicelib.adapters.checklist_repo import RowChecklistRepo
    from chalicelib.adapters.duty_repo import RowDutyRepo
    from chalicelib.adapters.hazard_repo import RowHazardRepo
    from chalicelib.adapters.instrument_repo import RowInstrumentRepo
    from chalicelib.adapters.law_repo import RowLawRepo
    from chalicelib.adapters.link_repo import RowLinkRepo
    from chalicelib.adapters.plan_repos import RowPlanRepo, RowPlanRunRepo
    from chalicelib.adapters.privacy_repo import RowPrivacyRepo
    from chalicelib.adapters.review_repo import RowReviewRepo
    from chalicelib.adapters.sync_repos import RowOperationRepo, RowPackRepo
    from chalicelib.adapters.visit_repo import RowVisitRepo
    from chalicelib.adapters.watch_repos import RowLearningRepo, RowWatchRepo
    from chalicelib.adapters.weather_repos import RowForesightRepo, RowRegionRepo, RowWeatherRepo
    from chalicelib.domain.discrete_laplace import RandBelow
    from chalicelib.usecases.add_retest import RetestDesk
    from chalicelib.usecases.apply_operation import FieldDesk
    from chalicelib.usecases.chain_desk import ChainDesk
    from chalicelib.usecases.escalate_channels import UnseenDesk
    from chalicelib.usecases.hand_out import Post
    from chalicelib.usecases.hand_over import CrewDesk
    from chalicelib.usecases.read_audit import AuditDesk
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
            clock=self.clock,
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

        return Post(inbox=self.inbox, deliveries=self.deliveries, queue=self.queue, clock=self.clock)

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
        return RowScoreRepo(self.audited(OPERATIONS))

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
