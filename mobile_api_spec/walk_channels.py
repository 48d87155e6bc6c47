"""The walk's part about channels besides the app."""

from typing import Any

from mobile_api_spec.recorder import Walker


def channels(w: Walker) -> None:
    chat: dict[str, Any] = {
        "name": "安监值班群",
        "url": "wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa",
        "audience": {"dimension": "safety"},
        "least_tier": 2,
    }
    w.call("put_channel", "department_safety", channel_id="duty-chat", body=chat, expect=200)
    w.call("put_channel", "department_environment", channel_id="duty-chat", body=chat, expect=404)
    w.call("post_channel_test", "department_safety", channel_id="duty-chat", expect=200)
    w.call("list_channels", "department_safety", expect=200)
    w.call("delete_channel", "department_environment", channel_id="duty-chat", expect=404)
    w.call("put_channel", "department_safety", channel_id="old-chat", body=chat, expect=200)
    w.call("delete_channel", "department_safety", channel_id="old-chat", expect=204)
