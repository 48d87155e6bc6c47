"""A scripted walk over every route: each answer that the spec names, good and bad, as it really is.

`python -m mobile_api_spec.generate --examples` takes the examples from here, and a test holds every answer against the spec.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.adapters.memory_media import MemoryMediaStore
from chalicelib.api.http import MAX_BODY_BYTES, Endpoint
from chalicelib.api.models.wire import rfc3339
from chalicelib.bootstrap import build, use
from chalicelib.domain.access import ALLOWED
from chalicelib.domain.errors import Busy
from chalicelib.domain.park_module import Module
from mobile_api_spec.recorder import Exchange, Walker
from mobile_api_spec.walk_alarms import alarms
from mobile_api_spec.walk_audit import audit
from mobile_api_spec.walk_bridges import SOURCE, bridges
from mobile_api_spec.walk_catalogue import NEXT, catalogues
from mobile_api_spec.walk_chain import chain
from mobile_api_spec.walk_channels import channels
from mobile_api_spec.walk_checklists import checklists, publish
from mobile_api_spec.walk_consequences import consequences
from mobile_api_spec.walk_context import RESOURCE, TARGET, context
from mobile_api_spec.walk_courses import courses
from mobile_api_spec.walk_credit import credit_files
from mobile_api_spec.walk_crew import crew, settled
from mobile_api_spec.walk_dashboard import dashboard
from mobile_api_spec.walk_drills import drills
from mobile_api_spec.walk_laws import laws
from mobile_api_spec.walk_modules import modules
from mobile_api_spec.walk_privacy import privacy
from mobile_api_spec.walk_scores import objections, objects_too_late
from mobile_api_spec.walk_sides import reopening, waiver
from mobile_api_spec.walk_sync import conflicts, sync
from mobile_api_spec.walk_weather import weather
from tests.acts import JPEG, client_id, photo_body, retest_body
from tests.park import PEOPLE, SETTINGS, START_MS

SOMEONE = {"inspector": "inspector_safety", "enterprise": "enterprise", "department": "department_safety", "committee": "committee", "admin": "admin"}  # fmt: skip
NAMES = {
    "inspector_safety": "安全网格员甲",
    "inspector_environment": "环保网格员甲",
    "enterprise": "企业联络员甲",
    "department_safety": "安监审核员甲",
    "department_environment": "环保审核员甲",
    "committee": "管委会值班员甲",
    "admin": "系统管理员甲",
}


def walk() -> list[Exchange]:
    """Every route, from registering the plant to the score, then every way to be refused."""
    walker = Walker()
    for part in (
        _register,
        _upload,
        _read,
        laws,
        _weather,
        _bridges,
        _alarms,
        _work,
        _crew,
        _sync,
        _evidence,
        waiver,
        checklists,
        _judge,
        _close,
        _conflicts,
        _late,
        settled,
        audit,
        channels,
        reopening,
        objects_too_late,
        chain,
        drills,
        courses,
        _context,
        privacy,
        credit_files,
        dashboard,
        modules,
        consequences,
        _refusals,
    ):
        part(walker)
    return walker.exchanges


def at(minutes: float) -> str:
    """An instant of the walk, as the wire spells it."""
    return rfc3339(START_MS + round(minutes * 60_000))


def _register(w: Walker) -> None:
    w.call("get_health", None, expect=200)
    enterprise = {
        "name": "示范化工一厂",
        "credit_code": _credit_code(w),
        "industry": "circular_chemical",
        "size": "medium",
    }
    place = {"region": "east", "position": {"latitude": 31.2304, "longitude": 121.4737}}
    unit = {"enterprise_id": "acme", "name": "1号反应釜", "type": "reactor"}
    point = {"unit_id": "acme-r1", "indicator": "reactor_temperature", "threshold": 180.0}
    bridge = {"enterprise_id": "acme", "public_key_pem": "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n"}
    w.call("put_enterprise", "admin", enterprise_id="acme", body=enterprise | place, expect=200)
    w.call("put_unit", "admin", unit_id="acme-r1", body=unit, expect=200)
    w.call("put_point", "admin", point_id="acme-temperature", body=point, expect=200)
    w.call("put_bridge", "admin", bridge_id="acme-bridge", body=bridge, expect=200)
    for person, name in NAMES.items():
        w.call("put_person", "admin", person_id=person, body={"name": name, **PEOPLE[person]}, expect=200)
    catalogues(w, at)
    publish(w)


def _credit_code(w: Walker) -> str:
    profile = w.park.services.registry.profile("acme")
    assert profile is not None
    return profile.enterprise.credit_code


def _upload(w: Walker) -> None:
    """Three minutes of a reactor running hot, sent as a bridge sends them; one series names a point nobody knows."""
    w.park.clock.advance(180)
    times = [at(1), at(2), at(3)]
    rows = {"temperature": [181.2, 187.9, 188.4], "voc": [33.0, 53.5, 54.1], "steam": [104.0, 111.0, 112.0]}
    series: list[dict[str, Any]] = [{"point": f"acme-{k}", "times": times, "values": v} for k, v in rows.items()]
    series[2] |= {"values": [104.0, None, 112.0], "flags": ["N", "D", "N"]}
    series.append({"point": "acme-presure", "times": times, "values": [1.0, 1.0, 1.0]})
    upload = {"block_id": client_id(1), "sent_at": at(3), "source": SOURCE, "series": series}
    w.call("post_readings", "bridge", body=upload, expect=202)
    w.call("post_readings", "bridge", body=upload, expect=202)
    w.call("post_readings", "bridge", body=upload | {"series": series[:1]}, expect=409)
    w.call("post_readings", "bridge", body={"block_id": client_id(2), "series": series[3:]}, expect=400)
    w.park.pump()


def _read(w: Walker) -> None:
    w.call("get_me", "inspector_safety", expect=200)
    chosen = {"language": "zh-CN", "quiet": {"begins": "22:00", "ends": "07:00"}}
    w.call("put_preferences", "inspector_safety", body=chosen, expect=200)
    w.call("get_preferences", "inspector_safety", expect=200)
    phone = {"token": "fcm-registration-token", "platform": "android"}
    w.call("put_device", "inspector_safety", device_id="phone-1", body=phone, expect=200)
    w.call("list_enterprises", "committee", expect=200)
    w.call("get_enterprise", "committee", enterprise_id="acme", expect=200)
    w.call("list_units", "committee", enterprise_id="acme", expect=200)
    w.call("get_unit", "committee", unit_id="acme-r1", expect=200)
    w.call("get_unit_page", "inspector_safety", unit_id="acme-r1", expect=200)
    w.call("get_unit_code", "enterprise", unit_id="acme-r1", expect=200)
    span = {"from": at(0), "to": at(60), "points": "acme-temperature,acme-steam"}
    w.call("get_readings", "enterprise", unit_id="acme-r1", query=span, expect=200)
    (warning,) = w.call("list_warnings", "department_safety", query={"limit": "20"}, expect=200)["items"]
    w.call("get_warning", "department_safety", warning_id=warning["id"], expect=200)
    w.call("get_why", "inspector_safety", warning_id=warning["id"], expect=200)
    kept = {"If-None-Match": w.exchanges[-1].answer_headers["ETag"]}
    w.call("get_why", "inspector_safety", warning_id=warning["id"], headers=kept, expect=304)
    for _ in range(2):
        w.park.clock.advance(60)
        w.park.reads(eid="other", temperature=186.0, voc=31.0, steam=104.0)
    asked = {"enterprise_id": "acme", "from": at(0), "to": at(60), "version": NEXT}
    w.call("post_what_if", "admin", body=asked, expect=200)
    w.call("post_what_if", "admin", body=asked | {"version": "unheard-of"}, expect=404)
    (seen,) = w.call("list_observations", "department_safety", query={"limit": "20"}, expect=200)["items"]
    w.call("get_observation", "department_safety", observation_id=seen["id"], expect=200)


def _weather(w: Walker) -> None:
    weather(w, at)


def _context(w: Walker) -> None:
    context(w, at)


def _bridges(w: Walker) -> None:
    bridges(w, at)


def _alarms(w: Walker) -> None:
    alarms(w, at)


def _sync(w: Walker) -> None:
    sync(w, at)


def _crew(w: Walker) -> None:
    crew(w, at)


def _late(w: Walker) -> None:
    conflicts(w, at)


def _work(w: Walker) -> None:
    (task,) = w.call("list_tasks", "inspector_safety", query={"state": "open", "limit": "20"}, expect=200)["items"]
    w.task_id = task["id"]
    w.call("get_task", "inspector_safety", task_id=w.task_id, expect=200)
    w.call("acknowledge", "inspector_safety", task_id=w.task_id, expect=200)
    notices = w.call("list_inbox", "inspector_safety", query={"limit": "20"}, expect=200)["items"]
    w.call("mark_seen", "inspector_safety", notice_id=notices[0]["id"], expect=200)
    w.call("post_submission", "inspector_safety", task_id=w.task_id, side="safety", body={"note": "已降温"}, expect=409)


def _evidence(w: Walker) -> None:
    announced = photo_body(11, "safety")
    w.call("post_photo", "inspector_safety", task_id=w.task_id, body=announced, expect=201)
    w.call("post_photo", "inspector_safety", task_id=w.task_id, body=announced | {"size": 9}, expect=409)
    w.call("get_photo", "inspector_safety", task_id=w.task_id, photo_id=client_id(11), expect=200)
    _in_parts(w)
    _lands(w, 11, JPEG)
    w.call("post_photo", "inspector_safety", task_id=w.task_id, body=photo_body(12, "safety"), expect=201)
    _lands(w, 12, b"other bytes")
    w.call("get_photo", "inspector_safety", task_id=w.task_id, photo_id=client_id(12), expect=200)
    measured = retest_body(21, "environment")
    handheld = {
        "name": "便携式PID",
        "kind": "handheld",
        "serial": "PID-8812",
        "relative": 0.05,
        "calibrated_until": at(600_000),
    }
    w.call("put_instrument", "admin", instrument_id="pid-8812", body=handheld, expect=200)
    w.call("get_instrument", "inspector_environment", instrument_id="pid-8812", expect=200)
    w.call("list_instruments", "inspector_environment", expect=200)
    w.call("post_retest", "inspector_environment", task_id=w.task_id, body=measured, expect=201)
    w.call("post_retest", "inspector_environment", task_id=w.task_id, body=measured | {"value": 29.0}, expect=409)
    done = {"id": client_id(31), "text": "已更换冷却水泵，反应釜恢复正常温度", "photos": []}
    w.call("post_photo", "enterprise", task_id=w.task_id, body=photo_body(13, "safety"), expect=201)
    done |= {"photos": [client_id(13)]}
    w.call("post_rectification", "enterprise", task_id=w.task_id, body=done, expect=201)
    w.call("post_rectification", "enterprise", task_id=w.task_id, body=done | {"text": "另一内容"}, expect=409)
    w.call("get_photo", "department_safety", task_id=w.task_id, photo_id=client_id(11), expect=200)
    w.call("get_evidence", "department_safety", task_id=w.task_id, expect=200)


def _in_parts(w: Walker) -> None:
    """The same over a weak line."""
    media = w.park.services.media
    assert isinstance(media, MemoryMediaStore)
    w.call("post_photo", "inspector_safety", task_id=w.task_id, body=photo_body(16, "safety"), expect=201)
    photo = {"task_id": w.task_id, "photo_id": client_id(16)}
    (part,) = w.call("post_parts", "inspector_safety", expect=200, **photo)["missing"]
    w.call("post_completion", "inspector_safety", expect=409, **photo)
    media.put_part(part["url"], JPEG)
    w.call("post_completion", "inspector_safety", expect=200, **photo)
    w.park.photo_lands(f"incoming/{w.task_id}/{client_id(16)}")
    w.call("post_parts", "inspector_safety", expect=409, **photo)
    w.call("post_completion", "inspector_safety", expect=409, **photo)


def _lands(w: Walker, number: int, data: bytes) -> None:
    key = f"incoming/{w.task_id}/{client_id(number)}"
    media = w.park.services.media
    assert isinstance(media, MemoryMediaStore)
    media.write(key, data, content_type="image/jpeg")
    w.park.photo_lands(key)


def _judge(w: Walker) -> None:
    side: dict[str, Any] = {"task_id": w.task_id, "side": "safety"}
    stale = {"If-Match": '"1"'}
    seen = w.call("get_task", "inspector_safety", task_id=w.task_id, expect=200)["version"]
    note = {"note": "已降温并复查联锁"}
    w.call("post_submission", "inspector_safety", body=note, headers=stale, expect=412, **side)
    w.call("post_submission", "inspector_safety", body=note, headers={"If-Match": f'"{seen}"'}, expect=200, **side)
    passed, returned = (
        {"revision": 1, "verdict": "passed"},
        {
            "revision": 1,
            "verdict": "rejected",
            "reason": "证据不足",
            "lacks": [{"what": "缺少冷却水泵照片"}, {"what": "复测时间晚于降温", "evidence_id": client_id(21)}],
            "redo_by": at(240),
        },
    )
    w.call("post_verdict", "department_safety", body=passed, headers=stale, expect=412, **side)
    w.call("post_verdict", "department_environment", body=passed, expect=403, **side)
    w.call("post_verdict", "department_safety", body=returned, expect=200, **side)
    w.call("post_submission", "inspector_safety", body={"note": "已补拍水泵照片"}, expect=200, **side)
    w.call("post_verdict", "department_safety", body=passed, expect=409, **side)
    _judge_own(w)
    accepted = w.call("post_verdict", "department_safety", body=passed | {"revision": 2}, expect=200, **side)
    assert accepted["safety"]["state"] == "passed"
    w.call("post_verdict", "department_safety", body=returned | {"revision": 2}, expect=409, **side)
    w.park.pump()


def _judge_own(w: Walker) -> None:
    """The inspector has moved to the department: what they submitted before is not theirs to judge."""
    inspector = {"name": NAMES["inspector_safety"], **PEOPLE["inspector_safety"]}
    w.call("put_person", "admin", person_id="inspector_safety", body=inspector | {"role": "department"}, expect=200)
    verdict = {"revision": 2, "verdict": "passed"}
    w.call("post_verdict", "inspector_safety", task_id=w.task_id, side="safety", body=verdict, expect=409)
    w.call("put_person", "admin", person_id="inspector_safety", body=inspector, expect=200)


def _close(w: Walker) -> None:
    side: dict[str, Any] = {"task_id": w.task_id, "side": "environment"}
    w.call("post_submission", "inspector_environment", body={"note": "复测达标"}, expect=200, **side)
    task = w.call(
        "post_verdict", "department_environment", body={"revision": 1, "verdict": "passed"}, expect=200, **side
    )
    assert task["state"] == "closed"
    w.park.pump()
    (notice, *_) = w.call("list_inbox", "inspector_safety", expect=200)["items"]
    w.call("post_receipt", "inspector_safety", notice_id=notice["id"], body={"device_id": "phone-1"}, expect=200)
    w.call("get_deliveries", "department_safety", task_id=w.task_id, expect=200)
    w.call("list_inbox", "enterprise", query={"limit": "2"}, headers={"Accept-Language": "en"}, expect=200)
    objections(w)
    w.call("delete_device", "inspector_safety", device_id="phone-1", expect=204)


def _conflicts(w: Walker) -> None:
    """A closed task takes no more, and what belongs to one enterprise stays there."""
    closed: dict[str, Any] = {"task_id": w.task_id}
    w.call("post_photo", "inspector_safety", body=photo_body(14, "safety"), expect=409, **closed)
    w.call("post_retest", "inspector_safety", body=retest_body(22, "safety"), expect=409, **closed)
    w.call("post_rectification", "enterprise", body={"id": client_id(32), "text": "补充"}, expect=409, **closed)
    w.call("post_submission", "inspector_safety", body={"note": "再次提交"}, side="safety", expect=409, **closed)
    unit = {"enterprise_id": "other", "name": "1号反应釜", "type": "reactor"}
    w.call("put_unit", "admin", unit_id="acme-r1", body=unit, expect=409)
    point = {"unit_id": "other-r1", "indicator": "voc"}
    w.call("put_point", "admin", point_id="acme-voc", body=point, expect=409)
    bridge = {"enterprise_id": "other", "public_key_pem": "-----BEGIN PUBLIC KEY-----"}
    w.call("put_bridge", "admin", bridge_id="acme-bridge", body=bridge, expect=409)


def _refusals(w: Walker) -> None:
    """What may befall any route, each tried on all it applies to."""
    first = {exchange.operation: exchange for exchange in reversed(w.exchanges) if exchange.status < 300}
    for operation, one in w.endpoints.items():
        if not one.public:
            for refuse in (_nobody, _wrong_role, _bad_input, _unknown_ids, _bad_body):
                refuse(w, one, first[operation])
    _modules_off(w, first)
    _busy(w, first)


def _modules_off(w: Walker, first: Mapping[str, Exchange]) -> None:
    off = sorted(frozenset(Module) - {Module.CORE})
    w.call("put_modules", "admin", body={"off": off}, expect=200)
    for operation, one in w.endpoints.items():
        if one.module is not Module.CORE:
            _again(w, first[operation], expect=403)
    w.call("put_modules", "admin", body={"off": []}, expect=200)


def _again(w: Walker, known: Exchange, *, expect: int, **changes: Any) -> None:
    """The same request with something changed."""
    same: dict[str, Any] = {"who": known.who, "body": known.body, "query": known.query, "headers": known.headers}
    w.call(known.operation, expect=expect, **(same | dict(known.path) | changes))


def _nobody(w: Walker, one: Endpoint, known: Exchange) -> None:
    _again(w, known, expect=401, who=None)


def _wrong_role(w: Walker, one: Endpoint, known: Exchange) -> None:
    allowed = {role.value for role in ALLOWED[one.action]} if one.action else set(SOMEONE)
    for who in [person for role, person in SOMEONE.items() if role not in allowed][:1]:
        _again(w, known, expect=403, who=who)


def _bad_input(w: Walker, one: Endpoint, known: Exchange) -> None:
    for name in [name for name in known.path if name != "side"][:1]:
        _again(w, known, expect=400, **{name: "no%20id"})
    if one.query is not None and "limit" in one.query.model_fields:
        _again(w, known, expect=400, query={"limit": "0"})
        _again(w, known, expect=400, query={"cursor": "nonsense"})
    elif one.query is not None:
        _again(w, known, expect=400, query={"month": "2026-13"})


NAMED = {
    "post_shelving": {"body": {"id": client_id(62), "unit": "nothing", "reason": "校准", "until": at(120)}},
    "post_what_if": {"body": {"enterprise_id": "nobody", "from": at(0), "to": at(60), "version": NEXT}},
    "post_hazard": {
        "body": {
            "id": client_id(87),
            "enterprise_id": "nobody",
            "dimension": "safety",
            "severity": 1,
            "text": "护栏松动",
            "seen_at": at(5),
        }
    },
    "post_objection": {"body": {"id": client_id(99), "month": "2026-03", "entry": "t-none:late", "reason": "有误"}},
    "post_release": {
        "body": {"id": client_id(91), "recipient": "nobody", "statistic": "enterprises", "epsilon": "0.5"},
    },
    "get_ranking": {"query": {"month": "2020-01"}},
    "put_resource": {"who": "department_elsewhere", "body": RESOURCE | {"region": "west"}},
    "put_target": {"who": "department_elsewhere", "body": TARGET | {"region": "west"}},
    "post_inspection": {
        "body": {
            "id": client_id(98),
            "enterprise_id": "nobody",
            "title": "委托检测",
            "laboratory": "示范检测中心",
            "sampled_at": at(1),
            "content_type": "application/pdf",
            "sha256": "0" * 64,
            "size": 9,
        }
    },
    "post_bridge_snapshot": {
        "body": {
            "id": client_id(95),
            "unit_id": "nothing",
            "camera": "cam-r1",
            "taken_at": at(2),
            "sha256": "0" * 64,
            "size": 9,
        }
    },
    "put_channel": {"who": "department_environment"},
    "delete_channel": {"who": "department_environment", "channel_id": "duty-chat"},
    "put_instrument": {"body": {"name": "FID", "kind": "online", "enterprise_id": "nobody", "point_id": "nothing"}},
    "put_unit": {"body": {"enterprise_id": "nobody", "name": "1号反应釜", "type": "reactor"}},
    "put_point": {"body": {"unit_id": "nothing", "indicator": "voc"}},
    "put_person": {"body": {"name": "企业联络员乙", "role": "enterprise", "enterprise_id": "nobody"}},
    "get_foresight": {"query": {"region": "nothing"}},
    "get_dashboard": {"query": {"region": "nothing"}},
    "get_duty": {"query": {"region": "nothing", "industry": "circular_chemical"}, "who": "inspector_safety"},
    "put_bridge": {"body": {"enterprise_id": "nobody", "public_key_pem": "-----BEGIN PUBLIC KEY-----"}},
}


def _unknown_ids(w: Walker, one: Endpoint, known: Exchange) -> None:
    if "not_found" not in {error.code for error in one.problems}:
        return
    if known.operation in NAMED:
        _again(w, known, expect=404, **NAMED[known.operation])
    else:
        name = next(iter(known.path))
        _again(w, known, expect=404, **{name: "nothing"})


def _bad_body(w: Walker, one: Endpoint, known: Exchange) -> None:
    if one.request is None:
        return
    _again(w, known, expect=400, body={"unheard_of": 1})
    _again(w, known, expect=415, headers={"Content-Encoding": "br"})
    _again(w, known, expect=413, body=None, raw=b" " * (MAX_BODY_BYTES + 1))


class _BusyTokens:
    """Where the store answers no more, nobody gets further than their token."""

    def person_id(self, token: str) -> str:
        raise Busy()

    def key_id(self, token: str) -> str:
        raise Busy()


def _busy(w: Walker, first: Mapping[str, Exchange]) -> None:
    use(build(SETTINGS, tokens=_BusyTokens(), signatures=_BusyTokens()))
    for operation, one in w.endpoints.items():
        if not one.public:
            _again(w, first[operation], expect=503)
    use(w.park.services)
