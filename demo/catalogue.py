"""What the demo park changes in the shipped catalogue, as a park would: data only.

It samples every second or two, since nobody watches a demo for an hour, and for a recorded run it adds the rule of that process
and divides every duration of event time by the replay's speed.
"""

from typing import Any

from chalicelib.adapters.catalogue import shipped_document

FAST_SAMPLING = {"tier_s": {1: 1, 2: 1, 3: 1}, "base_risk_s": [[0.0, 2]]}
# Amounts from the normal run alone: six standard deviations past the mean where three are the alarm threshold.
PURGE_RULE: dict[str, Any] = {
    "id": "reactor-pressure-purge",
    "version": 1,
    "industry": "circular_chemical",
    "unit_type": "reactor",
    "name": {"zh-CN": "反应釜超压与弛放气组分耦合", "en": "Reactor pressure with purge gas composition"},
    "safety": {"indicator": "reactor_pressure", "trigger": {"kind": "above_threshold_by", "amount": 16}},
    "response": {"indicator": "purge_component", "trigger": {"kind": "relative_rise", "amount": 0.08}},
    "energy": {"indicator": "steam_flow", "trigger": {"kind": "relative_rise", "amount": 0.21}},
    "risk_points": {
        "zh-CN": "反应釜压力超过阈值，弛放气组分同时上升，反应失衡，存在超压泄放与废气异常排放风险",
        "en": "The reactor is over its pressure threshold while a purge gas component rises - the reaction is out of balance",
    },
    "safety_standard": {
        "zh-CN": "按TSG 21核查：调整进料至压力回落，检查安全阀、进料配比与联锁",
        "en": "Adjust the feed until the pressure falls; check relief valve, feed ratio and interlocks (TSG 21)",
    },
    "environment_requirement": {
        "zh-CN": "弛放气改送火炬或回收装置，复测组分恢复正常，核对废气治理记录",
        "en": "Send the purge gas to flare or recovery; retest until the component is back; check the treatment log",
    },
}


def demo_catalogue(*, speed: float = 1.0) -> dict[str, Any]:
    """The demo park's catalogue; at `speed` > 1 event time runs that much faster than the process's own time."""
    document = shipped_document()
    rules = [*document["rules"], PURGE_RULE]
    return {
        **document,
        "version": f"{document['version']}-demo",
        "sampling": FAST_SAMPLING,
        "rules": [{**rule, "window_s": rule.get("window_s", 600) / speed} for rule in rules],
        "baseline": {**document["baseline"], "half_life_s": document["baseline"]["half_life_s"] / speed},
    }
