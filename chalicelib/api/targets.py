"""Regional reduction targets, and how far the points of a region are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.target import (
        ReductionTargetOut,
        ReductionTargetsOut,
        TargetHistoryOut,
        TargetProgressOut,
    )

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/targets/{target_id}", summary="Register a reduction target of a region", action=Action.KEEP_TARGET,
    request="target.ReductionTargetIn", response="target.ReductionTargetOut", problems=(NotFound, Forbidden),
)  # fmt: skip
def put_target(call: Call, target_id: str) -> ReductionTargetOut:
    from chalicelib.api.models.target import ReductionTargetOut
    from chalicelib.usecases import keep_targets as keep

    ports = call.services
    kept = keep.put_target(
        call.body.value_of(target_id),
        call.person,
        targets=ports.targets,
        registry=ports.registry,
        catalogues=ports.catalogues,
        clock=ports.clock,
    )
    return ReductionTargetOut.of(kept.value, call.language)


@endpoint(
    api, "GET", "/v1/targets/{target_id}", summary="A reduction target", action=Action.READ_TARGET,
    response="target.ReductionTargetOut", problems=(NotFound,),
)  # fmt: skip
def get_target(call: Call, target_id: str) -> ReductionTargetOut:
    from chalicelib.api.models.target import ReductionTargetOut
    from chalicelib.usecases.keep_targets import see_target

    ports = call.services
    kept = see_target(target_id, call.person, targets=ports.targets, registry=ports.registry)
    return ReductionTargetOut.of(kept.value, call.language)


@endpoint(
    api, "GET", "/v1/targets", summary="Reduction targets of a region and industry", action=Action.READ_TARGET,
    query="target.TargetQuery", response="target.ReductionTargetsOut",
)  # fmt: skip
def list_targets(call: Call) -> ReductionTargetsOut:
    from chalicelib.api.models.target import ReductionTargetOut, ReductionTargetsOut
    from chalicelib.usecases import keep_targets as keep

    ports, query = call.services, call.query
    found = keep.list_targets(call.person, targets=ports.targets, registry=ports.registry)
    wanted = [
        one.value
        for one in found
        if query.region in (None, one.value.region)
        and (not query.industry or one.value.industry in ("", query.industry))
    ]
    return ReductionTargetsOut(items=[ReductionTargetOut.of(one, call.language) for one in wanted])


@endpoint(
    api, "DELETE", "/v1/targets/{target_id}", summary="Take a reduction target from the list", action=Action.KEEP_TARGET,
    status=204, problems=(NotFound,),
)  # fmt: skip
def delete_target(call: Call, target_id: str) -> None:
    from chalicelib.usecases.keep_targets import remove_target

    ports = call.services
    remove_target(target_id, call.person, targets=ports.targets, registry=ports.registry, clock=ports.clock)


@endpoint(
    api, "GET", "/v1/targets/{target_id}/history", summary="All that a target ever was, and who changed it",
    action=Action.READ_TARGET, response="target.TargetHistoryOut", problems=(NotFound,),
)  # fmt: skip
def get_target_history(call: Call, target_id: str) -> TargetHistoryOut:
    from chalicelib.api.models.target import ReductionTargetOut, TargetEditionOut, TargetHistoryOut
    from chalicelib.usecases.keep_targets import see_target_history

    ports = call.services
    found = see_target_history(target_id, call.person, targets=ports.targets, registry=ports.registry)
    return TargetHistoryOut(
        items=[
            TargetEditionOut(
                version=one.version,
                by=one.by,
                at=one.at_ms,
                is_removed=one.is_removed,
                target=ReductionTargetOut.of(one.value, call.language),
            )
            for one in found
        ]
    )


@endpoint(
    api, "GET", "/v1/targets/{target_id}/progress", summary="How far the points are that a target concerns",
    action=Action.READ_TARGET, response="target.TargetProgressOut", problems=(NotFound,),
)  # fmt: skip
def get_target_progress(call: Call, target_id: str) -> TargetProgressOut:
    from chalicelib.api.models.target import LevelOut, ReductionTargetOut, TargetProgressOut
    from chalicelib.usecases.keep_targets import read_progress

    ports = call.services
    target, found = read_progress(
        target_id,
        call.person,
        targets=ports.targets,
        registry=ports.registry,
        states=ports.states,
        catalogues=ports.catalogues,
    )
    view = TargetProgressOut(target=ReductionTargetOut.of(target, call.language), is_measured=found is not None)
    if found is not None:
        view.unit, view.goal, view.mean = found.unit, found.goal, found.mean
        view.points, view.met, view.unknown = found.points, found.met, found.unknown
        view.farthest = [LevelOut.model_validate(one) for one in found.farthest]
    return view
