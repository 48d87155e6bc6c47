"""What changed between two catalogue documents, in terms of rules and indicators."""

from copy import deepcopy
from typing import Any

from chalicelib.adapters.catalogue import read, shipped_document
from chalicelib.domain.catalogue_difference import ChangeKind, Difference, difference

SHIPPED: dict[str, Any] = read(shipped_document()).model_dump(mode="json")


def changed() -> dict[str, Any]:
    return deepcopy(SHIPPED)


def told(found: tuple[Difference, ...]) -> list[tuple[str, str, Any, Any]]:
    return [(".".join(one.path), one.kind.value, one.old, one.new) for one in found]


def test_a_document_does_not_differ_from_itself_nor_by_the_order_of_its_rules() -> None:
    turned = changed()
    turned["rules"].reverse()
    assert difference(SHIPPED, turned) == ()


def test_a_changed_value_is_named_by_its_rule_with_old_and_new() -> None:
    new = changed()
    new["rules"][3]["safety"]["trigger"]["kind"] = "above_limit"
    rule_id = new["rules"][3]["id"]
    (one,) = difference(SHIPPED, new)
    assert told((one,)) == [
        (
            f"rules.{rule_id}.safety.trigger.kind",
            "changed",
            SHIPPED["rules"][3]["safety"]["trigger"]["kind"],
            "above_limit",
        )
    ]
    assert one.name == new["rules"][3]["name"]


def test_what_is_added_or_removed_is_told_whole() -> None:
    new = changed()
    gone = new["rules"].pop(0)
    new["indicators"]["heat"] = {"unit": "J"}
    assert told(difference(SHIPPED, new)) == [
        ("indicators.heat", "added", None, {"unit": "J"}),
        (f"rules.{gone['id']}", "removed", gone, None),
    ]


def test_the_way_back_is_the_same_turned_round() -> None:
    new = changed()
    new["kappa"], new["indicators"]["voc"]["limit"] = 0.3, 80.0
    del new["measures"]["start_cooling"]
    turn = {
        ChangeKind.ADDED: ChangeKind.REMOVED,
        ChangeKind.REMOVED: ChangeKind.ADDED,
        ChangeKind.CHANGED: ChangeKind.CHANGED,
    }
    back = {(one.path, turn[one.kind], one.new) for one in difference(new, SHIPPED) if not isinstance(one.new, dict)}
    there = {(one.path, one.kind, one.old) for one in difference(SHIPPED, new) if not isinstance(one.old, dict)}
    assert there and back == there


def test_a_number_written_otherwise_and_a_default_written_out_are_no_difference() -> None:
    document = shipped_document()
    document["kappa"] = float(document["kappa"])
    document["stale_after_s"] = 86_400.0
    document["rules"] = [rule | {"window_s": 600.0} for rule in document["rules"]]
    assert difference(SHIPPED, read(document).model_dump(mode="json")) == ()
