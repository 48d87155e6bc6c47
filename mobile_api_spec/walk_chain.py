"""The part of the walk about who gives what to whom."""

from mobile_api_spec.recorder import Walker

LINK = "acme-solvent"


def chain(w: Walker) -> None:
    ends = {
        name: {"enterprise_id": eid, "unit_id": f"{eid}-r1"} for name, eid in (("giver", "acme"), ("receiver", "other"))
    }
    limits = [{"indicator": "voc", "upper": 90.0, "unit": "mg/m3"}]
    body = {**ends, "material": "回收溶剂", "carries": limits, "share": 0.6, "damping": 0.8, "lead_time_min": 30}
    w.call("put_link", "committee", link_id=LINK, body=body, expect=200)
    turned = {"giver": ends["receiver"], "receiver": ends["giver"]}
    w.call("put_link", "committee", link_id=LINK, body=body | turned, expect=409)
    w.call("put_link", "committee", link_id=LINK, body=body | {"share": 2}, expect=400)
    w.call("get_link", "enterprise", link_id=LINK, expect=200)
    w.call("get_chain", "committee", query={"region": "east"}, expect=200)
    w.call("get_chain_picture", "committee", query={"region": "east"}, expect=200)
    w.call("put_link", "committee", link_id=LINK, body=body | {"carries": [limits[0] | {"upper": 35.0}]}, expect=200)
    w.park.clock.advance(60)
    w.park.reads(voc=41.5)
    (alert,) = w.call("list_chain_alerts", "committee", query={"limit": "20"}, expect=200)["items"]
    w.call("get_chain_alert", "committee", alert_id=alert["id"], expect=200)
    w.call("get_chain_alert", "department_safety", alert_id="c-none", expect=404)
    w.call("delete_link", "committee", link_id=LINK, expect=204)
    w.call("get_link", "enterprise", link_id=LINK, expect=404)
    w.call("delete_link", "committee", link_id=LINK, expect=404)
