"""Channels besides the app: group chats, mail, webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.errors import NotFound

if TYPE_CHECKING:
    from chalicelib.api.models.channels import ChannelOut, ChannelsOut, TrialOut
    from chalicelib.domain.channel import Channel

api = Blueprint(__name__)


@endpoint(
    api, "PUT", "/v1/channels/{channel_id}", summary="Register a group chat, a mailbox or a webhook",
    action=Action.MANAGE_CHANNEL, request="channels.ChannelIn", response="channels.ChannelOut", problems=(NotFound,),
)  # fmt: skip
def put_channel(call: Call, channel_id: str) -> ChannelOut:
    from chalicelib.usecases import manage_channels as manage

    ports = call.services
    kept, is_secret_new = manage.put_channel(
        call.body.value_of(channel_id), call.person, channels=ports.channels, sender=ports.sender
    )
    view = _view(kept)
    view.secret = kept.secret if is_secret_new else None
    return view


@endpoint(
    api, "GET", "/v1/channels", summary="The channels that you manage", action=Action.MANAGE_CHANNEL,
    response="channels.ChannelsOut",
)  # fmt: skip
def list_channels(call: Call) -> ChannelsOut:
    from chalicelib.api.models.channels import ChannelsOut
    from chalicelib.usecases import manage_channels as manage

    found = manage.list_channels(call.person, channels=call.services.channels)
    return ChannelsOut(items=[_view(one) for one in found])


@endpoint(
    api, "DELETE", "/v1/channels/{channel_id}", summary="Take a channel away", action=Action.MANAGE_CHANNEL, status=204,
    problems=(NotFound,),
)  # fmt: skip
def delete_channel(call: Call, channel_id: str) -> None:
    from chalicelib.usecases import manage_channels as manage

    manage.delete_channel(channel_id, call.person, channels=call.services.channels)


@endpoint(
    api, "POST", "/v1/channels/{channel_id}/test", summary="Send a test to a channel", action=Action.MANAGE_CHANNEL,
    response="channels.TrialOut", problems=(NotFound,),
)  # fmt: skip
def post_channel_test(call: Call, channel_id: str) -> TrialOut:
    from chalicelib.api.models.channels import TrialOut
    from chalicelib.usecases import manage_channels as manage

    ports = call.services
    outcome = manage.try_channel(
        channel_id, call.person, channels=ports.channels, sender=ports.sender, clock=ports.clock
    )
    return TrialOut.model_validate(outcome)


def _view(channel: Channel) -> ChannelOut:
    """Field by field: whatever is added to a channel stays inside until somebody writes it here."""
    from chalicelib.api.models.channels import AudienceOut, ChannelOut

    audience = channel.audience
    return ChannelOut(
        id=channel.id,
        name=channel.name,
        url=channel.masked_url,
        audience=AudienceOut(
            dimension=audience.dimension,
            regions=list(audience.regions),
            enterprise_id=audience.enterprise_id or None,
            person_id=audience.person_id or None,
        ),
        kinds=list(channel.kinds),
        least_tier=channel.least_tier,
        order=channel.order,
        language=channel.language,
    )
