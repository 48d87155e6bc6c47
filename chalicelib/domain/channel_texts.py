"""What people read about channels, in both languages."""

from collections.abc import Mapping

CHANNEL_TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "field.unsupported_channel": "仅支持以下渠道：{detail}",
        "field.bad_channel_url": "渠道地址有误或无法解析，请按渠道说明核对",
        "field.internal_address": "不允许使用内网地址",
        "channel.test.title": "绿盾渠道测试",
        "channel.test.body": "收到本条消息，说明渠道已接通。",
    },
    "en": {
        "field.unsupported_channel": "Only these channels are supported: {detail}",
        "field.bad_channel_url": "The channel's URL is wrong or its host is not found; compare it with the guide",
        "field.internal_address": "Addresses of an internal network are not allowed",
        "channel.test.title": "Green Shield: test of a channel",
        "channel.test.body": "If you read this, the channel works.",
    },
}
