"""The walk's part about the dashboard: from the whole park down to a unit, and counting anew."""

from mobile_api_spec.recorder import Walker

GROUP = {"region": "east", "industry": "circular_chemical"}


def dashboard(w: Walker) -> None:
    w.park.pump()
    w.call("get_dashboard", "committee", expect=200)
    w.call("get_dashboard", "committee", query=GROUP | {"month": "2026-03", "limit": "20"}, expect=200)
    w.call("get_dashboard", "committee", query=GROUP | {"limit": "1"}, expect=200)
    w.call("get_dashboard", "enterprise", query={"enterprise": "acme"}, expect=200)
    w.call("get_dashboard", "inspector_safety", expect=200)
    w.call("get_dashboard", "committee", query={"region": "nowhere"}, expect=404)
    w.call("get_dashboard", "committee", query={"cursor": "nothing"}, expect=400)
    w.call("post_rebuild", "admin", expect=202)
    w.call("post_rebuild", "admin", expect=202)
