"""Warnings with their why-cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.warnings import WarningOut, WarningsOut
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action, can_see
from chalicelib.domain.errors import InvalidCursor, NotFound
from chalicelib.domain.messages import text
from chalicelib.domain.person import Role

if TYPE_CHECKING:
    from chalicelib.api.models.why import WhyOut
    from chalicelib.domain.handling import Handling
    from chalicelib.domain.warning import Warning

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/warnings", summary="Warnings you can see, newest first", action=Action.READ_WARNING,
    query=PageQuery, response=WarningsOut, problems=(InvalidCursor,),
)  # fmt: skip
def list_warnings(call: Call) -> WarningsOut:
    own = call.person.enterprise_id if call.person.role is Role.ENTERPRISE else None
    page = call.services.warnings.listing(own, call.query.cursor, call.query.limit)
    visible = [one for one in page.items if _visible(call, one)]
    handled = call.services.dispatches.handlings([one.public_id for one in visible])
    return WarningsOut(
        items=[warning_view(call, w, handled.get(w.public_id)) for w in visible], next_cursor=page.cursor
    )


@endpoint(
    api, "GET", "/v1/warnings/{warning_id}", summary="One warning with its why-card", action=Action.READ_WARNING,
    response=WarningOut, problems=(NotFound,),
)  # fmt: skip
def get_warning(call: Call, warning_id: str) -> WarningOut:
    from chalicelib.usecases.read_why import visible_warning

    ports = call.services
    warning, _ = visible_warning(warning_id, call.person, warnings=ports.warnings, registry=ports.registry)
    return warning_view(call, warning, ports.dispatches.handling(warning.public_id))


@endpoint(
    api, "GET", "/v1/warnings/{warning_id}/why", summary="Why a warning was raised, to be read offline",
    action=Action.READ_WARNING, response="why.WhyOut", problems=(NotFound,), is_kept=True,
)  # fmt: skip
def get_why(call: Call, warning_id: str) -> WhyOut:
    from chalicelib.api.why_card import fitted
    from chalicelib.usecases.read_why import read_why

    ports = call.services
    why = read_why(
        warning_id,
        call.person,
        warnings=ports.warnings,
        registry=ports.registry,
        catalogues=ports.catalogues,
        blocks=ports.blocks,
        states=ports.states,
        regions=ports.regions,
        weather=ports.weather,
    )
    return fitted(why, call.language, ports.zone)


def _visible(call: Call, warning: Warning) -> bool:
    profile = call.services.registry.profile(warning.enterprise_id)
    one = profile.enterprise if profile else None
    return one is not None and can_see(call.person, enterprise_id=one.id, region=one.region, industry=one.industry)


def warning_view(call: Call, warning: Warning, handling: Handling | None) -> WarningOut:
    from chalicelib.api.models.alarms import HandlingOut

    rules = {rule.id: rule for rule in call.services.catalogues.current().rules}
    view = WarningOut.model_validate(warning)
    if warning.rule_id in rules:
        view.rule_name = rules[warning.rule_id].name[call.language]
    if handling is not None:
        view.handling = HandlingOut.model_validate(handling)
        view.handling.course_text = text(f"word.course.{handling.course.value}", call.language)
    return view
