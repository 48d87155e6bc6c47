"""The part of the walk about who gives what to whom, and the joint plans for when something is wrong with it."""

from mobile_api_spec.recorder import Walker
from tests.acts import client_id

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
    w.park.reads(voc=33.0)
    w.park.reads(eid="other", temperature=184.0, voc=41.0, steam=104.0)
    w.call("get_optimisation", "committee", link_id=LINK, expect=200)
    w.call("get_optimisation", "committee", link_id="none", expect=404)
    w.call("get_chain", "committee", query={"region": "east"}, expect=200)
    w.call("get_chain_picture", "committee", query={"region": "east"}, expect=200)
    w.call("get_chain_share", "enterprise", enterprise_id="acme", expect=200)
    w.call("get_chain_share", "enterprise", enterprise_id="other", expect=404)
    w.call("put_link", "committee", link_id=LINK, body=body | {"carries": [limits[0] | {"upper": 35.0}]}, expect=200)
    w.park.clock.advance(60)
    w.park.reads(voc=41.5)
    (alert,) = w.call("list_chain_alerts", "committee", query={"limit": "20"}, expect=200)["items"]
    w.call("get_chain_alert", "committee", alert_id=alert["id"], expect=200)
    w.call("get_chain_alert", "department_safety", alert_id="c-none", expect=404)
    reason = {"reason": "在线仪表停运，现场取样合格"}
    w.call("end_chain_alert", "committee", alert_id=alert["id"], body=reason, expect=409)
    w.call("end_chain_alert", "committee", alert_id="c-none", body=reason, expect=404)
    w.park.clock.advance(1900)
    w.call("end_chain_alert", "committee", alert_id=alert["id"], body=reason, expect=200)
    w.call("delete_link", "committee", link_id=LINK, expect=204)
    w.call("get_link", "enterprise", link_id=LINK, expect=404)
    w.call("delete_link", "committee", link_id=LINK, expect=404)
    plans(w)


def plans(w: Walker) -> None:
    car = {
        "name": "泡沫消防车",
        "amount": "2 台",
        "where": "东门应急库",
        "position": {"latitude": 31.2311, "longitude": 121.4801},
    }
    stop = {
        "id": "stop",
        "text": "停止 1 号反应釜出料",
        "enterprise_id": "acme",
        "unit_id": "acme-r1",
        "within_min": 10,
    }
    check = {"id": "foam", "text": "确认泡沫车可用", "within_min": 15, "resource": car}
    hold = {"id": "hold", "text": "停止接收回收溶剂", "enterprise_id": "other", "after": ["stop"], "within_min": 20}
    body = {"name": "回收溶剂停供预案", "region": "east", "steps": [stop, check, hold]}
    w.call("put_plan", "committee", plan_id="solvent", body=body, expect=200)
    w.call("put_plan", "committee", plan_id="solvent", body=body | {"steps": [hold, stop]}, expect=400)
    w.call("get_plan", "enterprise", plan_id="solvent", expect=200)
    w.call("get_plan", "enterprise", plan_id="none", expect=404)
    w.call("list_plans", "enterprise", expect=200)
    run, incident = client_id(90), {"id": client_id(90), "incident": "回收溶剂 VOC 超限"}
    w.call("post_run", "committee", plan_id="solvent", body=incident, expect=201)
    w.call("post_run", "committee", plan_id="solvent", body=incident | {"incident": "泄漏"}, expect=409)
    w.call("post_run", "committee", plan_id="none", body=incident, expect=404)
    w.park.pump()
    done = {"state": "done", "note": "已关阀"}
    w.call("post_step_answer", "enterprise", run_id=run, step_id="stop", body=done, expect=200)
    w.call("post_step_answer", "enterprise", run_id=run, step_id="stop", body={"state": "cannot"}, expect=409)
    w.call("post_step_answer", "enterprise", run_id=run, step_id="foam", body=done, expect=403)
    w.call("post_step_answer", "enterprise", run_id=run, step_id="none", body=done, expect=404)
    w.call("get_run", "department_safety", run_id=run, expect=200)
    w.call("get_run", "department_safety", run_id="none", expect=404)
    w.call("list_runs", "committee", query={"limit": "20"}, expect=200)
    w.call("end_run", "committee", run_id=run, expect=200)
    w.call("end_run", "committee", run_id="none", expect=404)
    w.park.pump()
