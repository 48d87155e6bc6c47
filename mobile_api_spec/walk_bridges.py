"""The part of the walk that a plant's bridge and those who watch over it take: reports, commands, completeness."""

from collections.abc import Callable
from typing import Any

from mobile_api_spec.recorder import Walker
from tests.acts import client_id

SPOOL = client_id(900)
SOURCE = {"spool": SPOOL, "rows": [[1, 2], [5, 5]]}
At = Callable[[float], str]


def bridges(w: Walker, at: At) -> None:
    """A command is asked for and carried out; a gap is reported; the day's ledger tells of it."""
    _commands(w)
    _reports(w, at)
    w.call("list_bridges", "committee", expect=200, enterprise_id="acme")
    w.call("get_commands", "enterprise", query={"limit": "20"}, expect=200, enterprise_id="acme")
    w.call("get_command", "department_safety", command_id=client_id(41), expect=200, enterprise_id="acme")
    w.call("get_completeness", "committee", query={"day": "2026-03-02"}, expect=200, enterprise_id="acme")
    w.call("get_data_quality", "committee", query={"day": "2026-03-02"}, expect=200, enterprise_id="acme")
    later = {"block_id": client_id(3), "sent_at": at(4), "source": SOURCE | {"rows": [[8, 9]]}}
    series = [{"point": "acme-voc", "times": [at(4)], "values": [54.0]}]
    w.call("post_readings", "bridge", body=later | {"series": series}, expect=202)


def _commands(w: Walker) -> None:
    asked = {"bridge_id": "acme-bridge", "measure": "start_cooling", "value": 1.0, "reason": "反应釜温度持续升高"}
    for number in (41, 42):
        body = {"id": client_id(number), **asked, "expires_in_s": 900}
        w.call("post_command", "department_safety", enterprise_id="acme", body=body, expect=201)
    other = {"id": client_id(41), **asked, "measure": "stop_feed"}
    w.call("post_command", "department_safety", enterprise_id="acme", body=other, expect=409)


def _reports(w: Walker, at: At) -> None:
    lost: dict[str, Any] = {"id": 1, "spool": SPOOL, "rows": [3, 4], "from": at(1.5), "to": at(1.9), "readings": 12}
    lost |= {"reason": "dropped_oldest", "points": ["acme-temperature", "acme-voc"]}
    never = {
        "id": 2,
        "spool": SPOOL,
        "rows": None,
        "from": at(2.1),
        "to": at(2.2),
        "readings": 3,
        "reason": "disk_full",
    }
    done = {"id": client_id(41), "state": "done", "value": 1.0, "read_back": 1.0, "at": at(3)}
    body = {
        "sent_at": at(3),
        "spool": {"id": SPOOL, "newest": 9, "oldest_waiting": 6, "waiting_readings": 8},
        "gaps": [lost, never],
        "commands": [done],
    }
    w.call("post_report", "bridge", body=body, expect=200)
