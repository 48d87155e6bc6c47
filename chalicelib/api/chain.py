"""The chain of material: links, and the graph that they make as data and as a picture."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, IllegalTransition, InvalidCursor, NotFound
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chalicelib.api.models.chain import ChainAlertOut, ChainAlertsOut, ChainNodeOut, ChainOut, LinkOut, PictureOut
    from chalicelib.domain.chain import Link, Place
    from chalicelib.domain.chain_alert import ChainAlert
    from chalicelib.domain.chain_picture import Arrow, Box
    from chalicelib.usecases.keep_links import Chain, Node

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/chain/links/{link_id}", summary="Register who gives what to whom", action=Action.KEEP_LINK,
    request="chain.LinkIn", response="chain.LinkOut", problems=(ContentConflict,),
)  # fmt: skip
def put_link(call: Call, link_id: str) -> LinkOut:
    from chalicelib.api.models.chain import LinkOut
    from chalicelib.usecases import keep_links as keep

    ports = call.services
    done = keep.put_link(
        call.body.value_of(link_id), call.person, links=ports.links, registry=ports.registry, catalogues=ports.catalogues
    )  # fmt: skip
    return LinkOut.model_validate(done)


@endpoint(
    api, "GET", "/v1/chain/links/{link_id}", summary="A link of the chain", action=Action.READ_CHAIN,
    response="chain.LinkOut", problems=(NotFound,),
)  # fmt: skip
def get_link(call: Call, link_id: str) -> LinkOut:
    from chalicelib.api.models.chain import LinkOut
    from chalicelib.usecases import keep_links as keep

    ports = call.services
    return LinkOut.model_validate(keep.see_link(link_id, call.person, links=ports.links, registry=ports.registry))


@endpoint(
    api, "DELETE", "/v1/chain/links/{link_id}", summary="Take a link away", action=Action.KEEP_LINK, status=204,
    problems=(NotFound,),
)  # fmt: skip
def delete_link(call: Call, link_id: str) -> None:
    from chalicelib.usecases import keep_links as keep

    keep.delete_link(link_id, call.person, links=call.services.links)


@endpoint(
    api, "GET", "/v1/chain", summary="Who gives what to whom, as data", action=Action.READ_CHAIN,
    query="chain.ChainPageQuery", response="chain.ChainOut", problems=(InvalidCursor,),
)  # fmt: skip
def get_chain(call: Call) -> ChainOut:
    from chalicelib.api.models.chain import ChainOut, LinkOut

    chain = _chain(call, call.query.cursor, call.query.limit)
    return ChainOut(
        nodes=[_node(one) for one in chain.nodes],
        links=[LinkOut.model_validate(one) for one in chain.links],
        next_cursor=chain.cursor,
    )


@endpoint(
    api, "GET", "/v1/chain/picture", summary="Who gives what to whom, as a picture", action=Action.READ_CHAIN,
    query="chain.ChainQuery", response="chain.PictureOut",
)  # fmt: skip
def get_chain_picture(call: Call) -> PictureOut:
    from chalicelib.api.models.chain import PictureOut
    from chalicelib.domain.chain_picture import svg_of

    chain = _chain(call)
    known = {one.place for one in chain.nodes}
    drawn = [one for one in chain.links if known.issuperset(one.ends)]
    return PictureOut(svg=svg_of([_box(one) for one in chain.nodes], list(_arrows(drawn, call))))


@endpoint(
    api, "GET", "/v1/chain/alerts", summary="Alerts of the chain that concern you, newest first", action=Action.READ_CHAIN,
    query=PageQuery, response="chain.ChainAlertsOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_chain_alerts(call: Call) -> ChainAlertsOut:
    from chalicelib.api.models.chain import ChainAlertsOut
    from chalicelib.usecases.read_chain_alerts import list_alerts

    ports = call.services
    page = list_alerts(
        call.person, call.query.cursor, call.query.limit, chain_alerts=ports.chain_alerts, registry=ports.registry
    )
    return ChainAlertsOut(items=[_alert(one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/chain/alerts/{alert_id}", summary="An alert of the chain: what was over, and whom it reaches when",
    action=Action.READ_CHAIN, response="chain.ChainAlertOut", problems=(NotFound,),
)  # fmt: skip
def get_chain_alert(call: Call, alert_id: str) -> ChainAlertOut:
    from chalicelib.usecases.read_chain_alerts import see_alert

    ports = call.services
    return _alert(see_alert(alert_id, call.person, chain_alerts=ports.chain_alerts, registry=ports.registry))


@endpoint(
    api, "POST", "/v1/chain/alerts/{alert_id}/end", summary="End an alert by hand: somebody has looked, and no reading says otherwise",
    action=Action.RELEASE_CHAIN, request="chain.AlertEndIn", response="chain.ChainAlertOut", problems=(NotFound, IllegalTransition),
)  # fmt: skip
def end_chain_alert(call: Call, alert_id: str) -> ChainAlertOut:
    from chalicelib.usecases.release_chain_alert import release_alert

    ports = call.services
    done = release_alert(
        alert_id,
        call.body.reason,
        call.person,
        call.correlation_id,
        chain_alerts=ports.chain_alerts,
        registry=ports.registry,
        catalogues=ports.catalogues,
        clock=ports.clock,
    )
    return _alert(done)


def _alert(alert: ChainAlert) -> ChainAlertOut:
    from chalicelib.api.models.chain import ChainAlertOut, CrossingOut, ExcessOut, PlaceOut, WarnedOut

    return ChainAlertOut(
        id=alert.id,
        at=alert.at_ms,
        ended_at=None if alert.end is None else alert.end.at_ms,
        end_reason=alert.end.reason or None if alert.end else None,
        late=alert.is_late,
        giver=None if alert.giver is None else PlaceOut.model_validate(alert.giver),
        crossings=[
            CrossingOut(
                at=one.at_ms,
                links=sorted(one.links),
                excesses=[ExcessOut.model_validate(excess) for excess in one.excesses],
            )
            for one in alert.crossings
        ],
        warned=[
            WarnedOut(
                enterprise_id=one.place.enterprise_id,
                unit_id=one.place.unit_id,
                delay_min=one.delay_min,
                expected_at=one.expected_at_ms,
                link_id=one.link_id,
                effect=one.effect,
                is_direct=one.is_direct,
                tier=one.tier,
                task_id=one.task_id,
            )
            for one in alert.warned
        ],
        parent_id=alert.parent_id,
    )


def _chain(call: Call, cursor: str | None = None, limit: int | None = None) -> Chain:
    from chalicelib.usecases.keep_links import see_chain

    ports = call.services
    return see_chain(call.person, call.query.region, cursor, limit, links=ports.links, registry=ports.registry)


def _node(one: Node) -> ChainNodeOut:
    from chalicelib.api.models.chain import ChainNodeOut

    node = ChainNodeOut(
        enterprise_id=one.place.enterprise_id, unit_id=one.place.unit_id, enterprise_name=one.enterprise.name
    )
    if one.unit is not None:
        node.unit_name, node.region, node.industry = one.unit.name, one.enterprise.region, one.enterprise.industry
    return node


def _box(one: Node) -> Box:
    from chalicelib.domain.chain_picture import Box

    return Box(_id(one.place), one.enterprise.name, one.place.unit_id if one.unit is None else one.unit.name)


def _arrows(links: Iterable[Link], call: Call) -> Iterator[Arrow]:
    """One for all that a unit gives to another, so that none lies upon another."""
    from chalicelib.domain.chain_picture import Arrow

    comma = text("word.chain.comma", call.language)
    for (giver, receiver), group in groupby(sorted(links, key=lambda one: one.ends), key=lambda one: one.ends):
        own = list(group)
        materials = comma.join(dict.fromkeys(one.material for one in own))
        yield Arrow(_id(giver), _id(receiver), materials, "\n".join(_hint(one, call) for one in own))


def _hint(link: Link, call: Call) -> str:
    indicators = call.services.catalogues.current().indicators
    names = {
        one.indicator: known.name[call.language] for one in link.carries if (known := indicators.get(one.indicator))
    }
    limits = [f"{names.get(one.indicator, one.indicator)} <= {one.upper:g} {one.unit}" for one in link.carries]
    way = text("word.chain.way", call.language, share=f"{link.share:.0%}", minutes=str(link.lead_time_min))
    return f"{link.material} · {way} · {'; '.join(limits)}"


def _id(place: Place) -> str:
    return f"{place.enterprise_id}/{place.unit_id}"
