"""The figures of alarms by joint group and shift, beside what a well kept alarm system does not exceed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action

if TYPE_CHECKING:
    from chalicelib.api.models.alarms import AlarmKpisOut, KpiQueryIn

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/alarm-kpis", summary="How the alarms of a time were", action=Action.READ_ALARM_KPIS,
    query="alarms.KpiQueryIn", response="alarms.AlarmKpisOut",
)  # fmt: skip
def get_alarm_kpis(call: Call) -> AlarmKpisOut:
    from chalicelib.api.models.alarms import AlarmKpisOut, FiguresOut, GroupFiguresOut, ReferenceOut
    from chalicelib.domain.alarm_kpis import REFERENCES
    from chalicelib.usecases.read_alarm_kpis import KpiQuery, read_alarm_kpis

    query: KpiQueryIn = call.query
    ports = call.services
    total, groups = read_alarm_kpis(
        KpiQuery(query.from_, query.to, query.region, query.industry),
        call.person,
        dispatches=ports.dispatches,
        tasks=ports.tasks,
        registry=ports.registry,
        catalogues=ports.catalogues,
        clock=ports.clock,
        zone=ports.zone,
    )
    return AlarmKpisOut(
        total=FiguresOut.model_validate(total),
        groups=[GroupFiguresOut.model_validate(one) for one in groups],
        references=[ReferenceOut.model_validate(one) for one in REFERENCES],
    )
