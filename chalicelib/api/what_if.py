"""The same history under another version of the catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.what_if import SideOut, WhatIfOut
    from chalicelib.domain.what_if import Supposed

api = Blueprint(__name__)
LISTED = 200  # of each kind
HOUR_MS = 3_600_000


@endpoint(
    api, "POST", "/v1/what-if", summary="The same history under another catalogue version", action=Action.ASK_WHAT_IF,
    request="what_if.WhatIfIn", response="what_if.WhatIfOut", problems=(NotFound,),
)  # fmt: skip
def post_what_if(call: Call) -> WhatIfOut:
    from chalicelib.api.models.what_if import ChangedOut, SupposedOut, WhatIfOut
    from chalicelib.usecases.ask_what_if import WhatIf, ask_what_if

    ports, body = call.services, call.body
    asked = WhatIf(body.enterprise_id, body.from_, body.to, body.version, body.against)
    answer = ask_what_if(
        asked, registry=ports.registry, catalogues=ports.catalogues, blocks=ports.blocks, states=ports.states
    )
    found = answer.comparison
    kinds = (found.dropped, found.added, found.changed)
    return WhatIfOut(
        readings=answer.readings,
        against=_side(answer.against, answer.warnings_against, asked.to_ms),
        version=_side(answer.version, answer.warnings, asked.to_ms),
        same=found.same,
        dropped=[SupposedOut.model_validate(one) for one in found.dropped[:LISTED]],
        added=[SupposedOut.model_validate(one) for one in found.added[:LISTED]],
        changed=[
            ChangedOut(before=SupposedOut.model_validate(a), after=SupposedOut.model_validate(b))
            for a, b in found.changed[:LISTED]
        ],
        more=sum(max(0, len(kind) - LISTED) for kind in kinds),
    )


def _side(version: str, warnings: Sequence[Supposed], end_ms: int) -> SideOut:
    from chalicelib.api.models.what_if import SideOut

    hours = sum(one.lasted_ms(end_ms) for one in warnings) / HOUR_MS
    tiers = Counter(one.tier for one in warnings)
    return SideOut(
        version=version,
        warnings=len(warnings),
        by_tier={tier: tiers[tier] for tier in (1, 2, 3)},
        hours_open=round(hours, 3),
    )
