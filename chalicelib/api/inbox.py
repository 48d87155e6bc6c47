"""The inbox: what a person was told, whether or not a push arrived."""

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.people import InboxOut, NoticeOut
from chalicelib.api.models.wire import PageQuery
from chalicelib.bootstrap import Services
from chalicelib.domain.access import Action
from chalicelib.domain.errors import InvalidCursor, NotFound
from chalicelib.domain.messages import render_notice
from chalicelib.domain.notice import Notice

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/inbox", summary="Your notices, newest first", action=Action.READ_SELF, query=PageQuery,
    response=InboxOut, problems=(InvalidCursor,),
)  # fmt: skip
def list_inbox(call: Call) -> InboxOut:
    page = call.services.inbox.listing(call.person.id, call.query.cursor, call.query.limit)
    return InboxOut(items=[_view(call, notice) for notice in page.items], next_cursor=page.cursor)


@endpoint(
    api, "POST", "/v1/inbox/{notice_id}/seen", summary="Mark a notice as seen", action=Action.READ_SELF,
    response=NoticeOut, problems=(NotFound,),
)  # fmt: skip
def mark_seen(call: Call, notice_id: str) -> NoticeOut:
    from chalicelib.usecases.track_delivery import see_notice

    ports = _home(call, notice_id)
    seen = see_notice(notice_id, call.person, inbox=ports.inbox, deliveries=ports.deliveries, clock=ports.clock)
    return _view(call, seen)


@endpoint(
    api, "POST", "/v1/inbox/{notice_id}/receipt", summary="Say that a push arrived on a phone", action=Action.READ_SELF,
    request="people.ReceiptIn", response=NoticeOut, problems=(NotFound,),
)  # fmt: skip
def post_receipt(call: Call, notice_id: str) -> NoticeOut:
    from chalicelib.usecases.track_delivery import receive_notice

    ports, device_id = _home(call, notice_id), call.body.device_id
    received = receive_notice(
        notice_id, device_id, call.person, inbox=ports.inbox, deliveries=ports.deliveries, clock=ports.clock
    )
    return _view(call, received)


def _home(call: Call, notice_id: str) -> Services:
    """Where the deliveries of a notice are kept."""
    known = call.services.inbox.get(call.person.id, notice_id)
    return call.services.in_drill("" if known is None else known.drill_id)


def _view(call: Call, notice: Notice) -> NoticeOut:
    title, body = render_notice(notice, call.language, call.services.catalogues.current())
    return NoticeOut(
        id=notice.id,
        kind=notice.kind,
        task_id=notice.task_id,
        observation_id=notice.observation_id or None,
        drill_id=notice.drill_id or None,
        tier=notice.tier,
        title=title,
        body=body,
        count=notice.count,
        created_at=notice.created_at_ms,
        seen_at=notice.seen_at_ms,
    )
