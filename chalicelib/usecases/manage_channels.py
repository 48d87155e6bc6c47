"""Channels: put, listed, tried, taken away. Whoever may not manage one does not learn that it exists."""

from dataclasses import replace

from chalicelib.domain.access import Action, require
from chalicelib.domain.channel import WEBHOOK, Channel, ChannelFault, may_manage
from chalicelib.domain.errors import FieldError, Forbidden, InvalidRequest, NotFound
from chalicelib.domain.messages import text
from chalicelib.domain.notice import PushMessage, PushOutcome
from chalicelib.domain.person import Person
from chalicelib.ports import ChannelRepo, ChannelSender, Clock

FAULTS = {
    ChannelFault.UNSUPPORTED: FieldError(
        "url", "unsupported_channel", "wecombot, dingtalk, feishu, mailto, mailtos, https"
    ),
    ChannelFault.UNREADABLE: FieldError("url", "bad_channel_url", ""),
    ChannelFault.INTERNAL: FieldError("url", "internal_address", ""),
}


def put_channel(
    channel: Channel, person: Person, *, channels: ChannelRepo, sender: ChannelSender
) -> tuple[Channel, bool]:
    """The channel, and whether its secret is new, which is the one time that it is shown: a webhook's, at first and for a new URL.

    Raises InvalidRequest for a URL that cannot be a channel's, Forbidden for an audience that is not theirs, NotFound.
    """
    require(person, Action.MANAGE_CHANNEL)
    known = _known(channel.id, person, channels)
    if not may_manage(person, channel.audience):
        raise Forbidden(action=Action.MANAGE_CHANNEL.value)
    if (fault := sender.check(channel.url)) is not None:
        raise InvalidRequest(errors=[FAULTS[fault]])
    is_same = known is not None and known.url == channel.url
    is_new = channel.scheme == WEBHOOK and not is_same
    secret = sender.new_secret() if is_new else known.secret if known is not None and is_same else ""
    kept = replace(channel, secret=secret)
    channels.put(kept)
    return kept, is_new


def list_channels(person: Person, *, channels: ChannelRepo) -> tuple[Channel, ...]:
    require(person, Action.MANAGE_CHANNEL)
    return tuple(one for one in channels.all() if may_manage(person, one.audience))


def delete_channel(channel_id: str, person: Person, *, channels: ChannelRepo) -> None:
    require(person, Action.MANAGE_CHANNEL)
    if _known(channel_id, person, channels) is not None:
        channels.delete(channel_id)


def try_channel(
    channel_id: str, person: Person, *, channels: ChannelRepo, sender: ChannelSender, clock: Clock
) -> PushOutcome:
    """Send a line that says it is a test, at once, and tell what came of it. Raises NotFound."""
    require(person, Action.MANAGE_CHANNEL)
    channel = _known(channel_id, person, channels)
    if channel is None:
        raise NotFound(what="channel")
    now_ms = clock.now_ms()
    title, body = text("channel.test.title", channel.language), text("channel.test.body", channel.language)
    message = PushMessage(title, body, (("kind", "test"),), collapse_key="test", urgent=False)
    return sender.send(message, channel, f"test-{channel.id}-{now_ms}", now_ms)


def _known(channel_id: str, person: Person, channels: ChannelRepo) -> Channel | None:
    found = channels.get(channel_id)
    if found is not None and not may_manage(person, found.audience):
        raise NotFound(what="channel")
    return found
