"""The part of the walk about the park's context: emergency resources, targets, lists that come and go, reports."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from mobile_api_spec.recorder import Walker
from tests.acts import JPEG, client_id
from tests.documents import LINES, pdf_of

At = Callable[[float], str]
RESOURCE: dict[str, Any] = {
    "name": "泡沫消防车",
    "kind": "firefighting",
    "region": "east",
    "where": "东门应急库",
    "position": {"latitude": 31.2311, "longitude": 121.4801},
    "quantity": 2,
    "unit": "台",
    "least": 1,
    "on_call": [{"name": "应急值班员甲", "phone": "13800001234", "hours": {"begins": "20:00", "ends": "08:00"}}],
}

TARGET: dict[str, Any] = {
    "name": "东区化工挥发性有机物削减",
    "region": "east",
    "industry": "circular_chemical",
    "indicator": "voc",
    "form": "reduce_by",
    "value": 10,
    "unit": "%",
    "baseline": {"value": 40, "unit": "mg/m3", "period": "2025"},
    "from_month": "2026-01",
    "to_month": "2026-12",
    "source": {"title": "东区挥发性有机物综合治理方案", "number": "园环〔2026〕3号"},
}


def context(w: Walker, at: At) -> None:
    resources(w, at)
    targets(w)
    exchange(w)
    inspections(w, at)
    snapshots(w, at)


def resources(w: Walker, at: At) -> None:
    foam = {"resource_id": "foam-east"}
    w.call("put_resource", "department_safety", body=RESOURCE, expect=200, **foam)
    w.call("put_resource", "department_elsewhere", body=RESOURCE, expect=403, **foam)
    found = {"checked_at": at(20), "quantity": 2, "is_usable": True, "note": "泡沫液在有效期内"}
    w.call("post_resource_check", "department_safety", body=found, expect=200, **foam)
    w.call("post_resource_check", "department_safety", body=found | {"checked_at": at(10)}, expect=400, **foam)
    w.call("get_resource", "inspector_safety", expect=200, **foam)
    w.call("list_resources", "enterprise", expect=200)
    spare = {"resource_id": "boom-east"}
    boom = {"name": "围油栏", "kind": "containment", "quantity": 300, "unit": "m", "on_call": []}
    w.call("put_resource", "committee", body=RESOURCE | boom, expect=200, **spare)
    w.call("delete_resource", "committee", expect=204, **spare)
    w.call("delete_resource", "committee", expect=404, **spare)
    w.call("get_resource_history", "committee", expect=200, **spare)


def targets(w: Walker) -> None:
    voc = {"target_id": "voc-east"}
    w.call("put_target", "committee", body=TARGET, expect=200, **voc)
    w.call("put_target", "committee", body=TARGET | {"unit": "kPa"}, expect=400, **voc)
    w.call("put_target", "department_elsewhere", body=TARGET, expect=403, **voc)
    w.call("get_target", "enterprise", expect=200, **voc)
    w.call("list_targets", "committee", query={"region": "east", "industry": "circular_chemical"}, expect=200)
    w.call("get_target_progress", "committee", expect=200, **voc)
    carbon = {"indicator": None, "total": "carbon", "form": "at_most", "value": 120000, "unit": "t", "baseline": None}
    total = {"target_id": "carbon-east"}
    w.call("put_target", "committee", body=TARGET | carbon | {"name": "东区碳排放总量控制"}, expect=200, **total)
    w.call("delete_target", "committee", expect=204, **total)
    w.call("get_target_history", "committee", expect=200, **total)


def exchange(w: Walker) -> None:
    w.call("get_export", "committee", list_name="enterprises", query={"format": "csv", "headings": "zh"}, expect=200)
    w.call("get_export", "enterprise", list_name="warnings", query={"limit": "2"}, expect=200)
    w.call("get_export", "inspector_safety", list_name="audits", expect=403)
    w.call("get_export", "committee", list_name="warnings", query={"cursor": "nonsense"}, expect=400)
    rows = "单元编号,企业编号,单元名称,单元类型,下游单元\r\nacme-r2,acme,2号反应釜,reactor,acme-r1\r\nacme-r3,nobody,3号反应釜,reactor,\r\n"
    w.call("post_import", "admin", list_name="units", body={"format": "csv", "content": rows}, expect=200)
    w.call("post_import", "admin", list_name="warnings", body={"format": "csv", "content": rows}, expect=404)
    unit = {"id": "acme-r2", "enterprise_id": "acme", "name": "2号反应釜", "type": "reactor", "feeds": ["acme-r1"]}
    w.call(
        "post_import", "admin", list_name="units", body={"format": "json", "rows": [unit], "apply": True}, expect=200
    )


def inspections(w: Walker, at: At) -> None:
    data, report = pdf_of(("检测报告",), LINES), {"report_id": client_id(96)}
    body = {
        "id": client_id(96),
        "enterprise_id": "acme",
        "unit_id": "acme-r1",
        "title": "2026年3月委托检测",
        "laboratory": "示范检测中心",
        "sampled_at": at(1),
        "content_type": "application/pdf",
        "sha256": sha256(data).hexdigest(),
        "size": len(data),
    }
    announced = w.call("post_inspection", "enterprise", body=body, expect=201)
    w.call("post_inspection", "enterprise", body=body | {"title": "另一份报告"}, expect=409)
    confirmed = {"decision": "confirmed", "note": "与原件一致"}
    w.park.services.media.write(announced["upload"]["fields"]["key"], data, content_type="application/pdf")
    w.park.photo_lands(announced["upload"]["fields"]["key"])
    read = w.call("get_inspection", "inspector_safety", expect=200, **report)
    voc = next(str(one["number"]) for one in read["values"] if one["candidates"] == ["voc"])
    w.call("decide_value", "inspector_safety", body=confirmed, number=voc, expect=200, **report)
    w.call("list_inspections", "committee", query={"limit": "20"}, expect=200)
    w.call("list_lab_values", "enterprise", enterprise_id="acme", query={"limit": "20"}, expect=200)
    late = {"report_id": client_id(97)}
    w.call("post_inspection", "enterprise", body=body | {"id": client_id(97)}, expect=201)
    w.call("decide_value", "inspector_safety", body=confirmed, number="1", expect=409, **late)


def snapshots(w: Walker, at: At) -> None:
    seen = {"camera": "cam-r1", "taken_at": at(2), "sha256": sha256(JPEG).hexdigest(), "size": len(JPEG)}
    mine = seen | {"id": client_id(93)}
    announced = w.call("post_snapshot", "enterprise", unit_id="acme-r1", body=mine, expect=201)
    w.call("post_snapshot", "enterprise", unit_id="acme-r1", body=mine | {"camera": "cam-r2"}, expect=409)
    w.park.services.media.write(announced["upload"]["fields"]["key"], JPEG, content_type="image/jpeg")
    w.park.photo_lands(announced["upload"]["fields"]["key"])
    w.call("get_snapshot", "department_safety", unit_id="acme-r1", snapshot_id=client_id(93), expect=200)
    w.call("get_snapshot", "department_safety", unit_id="acme-r1", snapshot_id=client_id(89), expect=404)
    w.call("list_snapshots", "inspector_safety", unit_id="acme-r1", query={"limit": "20"}, expect=200)
    theirs = seen | {"id": client_id(94), "unit_id": "acme-r1"}
    w.call("post_bridge_snapshot", "bridge", body=theirs, expect=201)
    w.call("post_bridge_snapshot", "bridge", body=theirs | {"camera": "cam-r2"}, expect=409)
    w.call("post_bridge_snapshot", "bridge", body=theirs | {"unit_id": "other-r1"}, expect=404)
