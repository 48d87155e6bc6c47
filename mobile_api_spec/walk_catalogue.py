"""The walk through the versions of the catalogue, on a small one."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from chalicelib.adapters.catalogue import shipped_document
from mobile_api_spec.recorder import Walker
from tests.acts import client_id

VERSION = "2026.2-park"
NEXT = "2026.4-park"
RULE = "reactor-temperature-voc"
LEGS = {"safety": "safety", "environment": "response", "energy": "energy"}


def small_catalogue() -> dict[str, Any]:
    """The shipped catalogue with one rule and what that rule needs."""
    shipped = shipped_document()
    (rule,) = (one for one in shipped["rules"] if one["id"] == RULE)
    legs = {dimension: rule[leg]["indicator"] for dimension, leg in LEGS.items()}
    indicators = {key: shipped["indicators"][key] for key in sorted(legs.values())}
    standards = {*rule["standards"], *(one["standard"] for one in indicators.values() if "standard" in one)}
    unit_type = shipped["unit_types"][rule["unit_type"]] | {dimension: [one] for dimension, one in legs.items()}
    return shipped | {
        "version": VERSION,
        "rules": [rule],
        "indicators": indicators,
        "unit_types": {rule["unit_type"]: unit_type},
        "standards": {key: shipped["standards"][key] for key in sorted(standards)},
    }


def next_catalogue() -> dict[str, Any]:
    """The same with a trigger that comes sooner."""
    document = deepcopy(small_catalogue()) | {"version": NEXT}
    document["rules"][0]["safety"]["trigger"]["amount"] = 1.5
    document["rules"][0]["version"] = 2
    return document


def catalogues(w: Walker, at: Callable[[float], str]) -> None:
    """Proposed, compared, scheduled, rolled back and reviewed; what the walk goes on with is in force from the start."""
    w.call("post_rollback", "admin", body={"reason": "无可回退"}, expect=409)
    w.call("put_catalogue", "admin", body=small_catalogue(), expect=200)
    w.call("put_catalogue", "admin", body=small_catalogue() | {"kappa": 0.3}, expect=409)
    draft: dict[str, Any] = {"version": NEXT, "body": {"document": next_catalogue()}}
    w.call("put_version", "admin", expect=200, **draft)
    stale = {"If-Match": '"7"'}
    changed = {"version": NEXT, "body": {"document": next_catalogue() | {"kappa": 0.25}}}
    w.call("put_version", "admin", headers=stale, expect=412, **changed)
    w.call("get_version", "committee", version=NEXT, expect=200)
    w.call("get_difference", "committee", version=NEXT, query={"with": VERSION}, expect=200)
    _schedule(w, at)
    w.call("put_version", "admin", expect=409, **changed)
    w.call("put_catalogue", "admin", body=next_catalogue(), expect=409)
    w.call("list_versions", "department_safety", query={"limit": "20"}, expect=200)
    w.call("post_rollback", "admin", body={"reason": "误报增多"}, headers=stale, expect=412)
    w.call("post_rollback", "admin", body={"reason": "误报增多"}, headers={"If-Match": '"2"'}, expect=200)
    w.call("put_catalogue", "admin", body=small_catalogue(), headers=stale, expect=412)
    w.call("put_catalogue", "admin", body=small_catalogue(), expect=200)
    w.call("get_schedule", "committee", expect=200)
    review = {"id": client_id(60), "note": "规则、限值与标准均已核对，无需调整"}
    w.call("post_review", "admin", body=review, expect=201)
    w.call("post_review", "admin", body=review | {"note": "另一内容"}, expect=409)
    w.call("list_reviews", "committee", query={"limit": "20"}, expect=200)


def _schedule(w: Walker, at: Callable[[float], str]) -> None:
    planned = {"effective_from": at(1440), "reason": "按季度复核结论收紧触发条件"}
    publication: dict[str, Any] = {"version": NEXT, "body": planned}
    w.call("post_publication", "admin", headers={"If-Match": '"7"'}, expect=412, **publication)
    w.call("post_publication", "admin", headers={"If-Match": '"1"'}, expect=200, **publication)
    later = planned | {"effective_from": at(2880)}
    w.call("post_publication", "admin", version=NEXT, body=later, expect=409)
