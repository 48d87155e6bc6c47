"""Observations: what one department should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action, can_see, require_sight
from chalicelib.domain.errors import InvalidCursor, NotFound
from chalicelib.domain.messages import finding_text, text
from chalicelib.domain.person import Role

if TYPE_CHECKING:
    from chalicelib.api.models.observations import ObservationOut, ObservationsOut
    from chalicelib.domain.observation import Observation

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/observations", summary="Observations you can see, newest first", action=Action.READ_OBSERVATION,
    query=PageQuery, response="observations.ObservationsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_observations(call: Call) -> ObservationsOut:
    from chalicelib.api.models.observations import ObservationsOut

    own = call.person.enterprise_id if call.person.role is Role.ENTERPRISE else None
    page = call.services.observations.listing(own, call.query.cursor, call.query.limit)
    return ObservationsOut(
        items=[observation_view(call, o) for o in page.items if _visible(call, o)], next_cursor=page.cursor
    )


@endpoint(
    api, "GET", "/v1/observations/{observation_id}", summary="One observation with its findings",
    action=Action.READ_OBSERVATION, response="observations.ObservationOut", problems=(NotFound,),
)  # fmt: skip
def get_observation(call: Call, observation_id: str) -> ObservationOut:
    observation = call.services.observations.get(observation_id)
    profile = call.services.registry.profile(observation.enterprise_id) if observation else None
    if observation is None or profile is None:
        raise NotFound(what="observation")
    one = profile.enterprise
    require_sight(call.person, enterprise_id=one.id, region=one.region, industry=one.industry, of="observation")
    return observation_view(call, observation)


def _visible(call: Call, observation: Observation) -> bool:
    profile = call.services.registry.profile(observation.enterprise_id)
    one = profile.enterprise if profile else None
    return one is not None and can_see(call.person, enterprise_id=one.id, region=one.region, industry=one.industry)


def observation_view(call: Call, observation: Observation) -> ObservationOut:
    from chalicelib.api.models.observations import FindingOut, ObservationOut
    from chalicelib.usecases.tell_observation import wording

    catalogue = call.services.catalogues.current()
    plain = {name: getattr(observation, name) for name in ObservationOut.model_fields if hasattr(observation, name)}
    return ObservationOut(
        **{name: value for name, value in plain.items() if name not in ("findings", "figures")},
        onset_at=observation.onset_ms,
        opened_at=observation.opened_at_ms,
        closed_at=observation.closed_at_ms,
        says=text(f"word.observation.{wording(observation)}", call.language),
        findings=[
            FindingOut.model_validate(one).model_copy(update={"says": finding_text(one, catalogue, call.language)})
            for one in observation.findings
        ],
        figures=dict(observation.figures),
    )
