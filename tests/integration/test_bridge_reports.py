"""Sources of blocks, reports of bridges, and how bridges are: what is refused, what stands, and whose it is."""

from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from tests.acts import client_id
from tests.park import START_MS, Park

SPOOL, OTHER_SPOOL = client_id(900), client_id(901)


@pytest.fixture
def park() -> Park:
    return Park().register()


def series(value: float = 30.0, times: tuple[int, ...] = (START_MS,)) -> list[dict[str, Any]]:
    return [{"point": "acme-voc", "times": list(times), "values": [value] * len(times)}]


def source(*rows: Any, spool: Any = SPOOL) -> dict[str, Any]:
    return {"spool": spool, "rows": [list(one) if isinstance(one, tuple) else one for one in rows]}


def gap(number: Any = 1, **changes: Any) -> dict[str, Any]:
    told = {"id": number, "spool": SPOOL, "rows": [5, 9], "readings": 50, "reason": "dropped_oldest", "detail": None}
    times = {"from": rfc3339(START_MS - 60_000), "to": rfc3339(START_MS)}
    return told | times | {"points": ["acme-voc"]} | changes


def report(*gaps: dict[str, Any], commands: list[Any] | None = None, **spool: Any) -> dict[str, Any]:
    state = {"id": SPOOL, "newest": 20, "oldest_waiting": 11, "waiting_readings": 90} | spool
    return {"sent_at": rfc3339(START_MS), "spool": state, "gaps": list(gaps), "commands": commands or []}


# where a block's readings came from


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param(source((1, 2), spool="spool-1"), "source.spool", id="a spool that is no UUID"),
        pytest.param(source((5, 4)), "source.rows", id="a range that ends before it begins"),
        pytest.param(source((1, 5), (5, 9)), "source.rows", id="ranges that share a row"),
        pytest.param(source((6, 9), (1, 2)), "source.rows", id="ranges that fall"),
        pytest.param(source(), "source.rows", id="no rows"),
        pytest.param(source(*((2 * n, 2 * n) for n in range(1, 1002))), "source.rows", id="more than a thousand ranges"),
        pytest.param(source((0, 2)), "source.rows.0.0", id="a row before the first"),
        pytest.param(source((1, 2**53)), "source.rows.0.1", id="a row beyond what JSON carries"),
        pytest.param(source(("1", "2")), "source.rows.0.0", id="rows as text"),
        pytest.param(source([1]), "source.rows.0.1", id="a range with one end"),
        pytest.param({"spool": SPOOL}, "source.rows", id="a spool alone"),
    ],
)  # fmt: skip
def test_a_bad_source_is_refused_by_its_field_and_nothing_is_stored(park: Park, given: Any, field: str) -> None:
    problem = park.upload(series(), source=given, expect=400)
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_request", field)
    assert not park.stream


def test_the_same_block_with_other_rows_is_refused_and_the_first_stands(park: Park) -> None:
    block = client_id(1)
    park.upload(series(), block_id=block, source=source((1, 5)))
    for other in (source((1, 6)), source((1, 5), spool=OTHER_SPOOL), None):
        assert park.upload(series(), block_id=block, source=other, expect=409)["code"] == "content_conflict"
    assert park.upload(series(), block_id=block, source=source((1, 5)))["source"] == source([1, 5])


def test_a_block_is_answered_with_its_rows_as_stored_also_the_second_time(park: Park) -> None:
    sent = source((1, 5), (6, 6), (9, 30))
    first = park.upload(series(), block_id=client_id(1), source=sent)
    park.clock.advance(30)
    again = park.upload(series(), block_id=client_id(1), source=sent)
    assert first == again and first["source"] == sent and first["commands"] == []
    assert sum(row.sk.startswith("B#") for row in park.stream) == 1


def test_a_bridge_that_numbers_nothing_is_answered_without_rows(park: Park) -> None:
    assert "source" not in park.upload(series())


# reports


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param(report(gap(rows=[9, 5])), "gaps.0.rows", id="rows that fall"),
        pytest.param(report(gap(reason="source_fault")), "gaps.0.reason", id="a reason that the ledger does not have"),
        pytest.param(report(gap(readings=-1)), "gaps.0.readings", id="fewer readings than none"),
        pytest.param(report(gap(to="later")), "gaps.0.to", id="an instant that is none"),
        pytest.param(report(gap(**{"from": "1901-01-01T00:00:00Z"})), "gaps.0.from", id="an instant before all clocks"),
        pytest.param(report(gap(detail="x" * 501)), "gaps.0.detail", id="an endless detail"),
        pytest.param(report(gap(points=["p"] * 2001)), "gaps.0.points", id="thousands of points"),
        pytest.param(report(*(gap(n) for n in range(501))), "gaps", id="more than 500 gaps"),
        pytest.param(report(gap(spool="s")), "gaps.0.spool", id="a spool that is no UUID"),
        pytest.param(report(waiting_readings=-1), "spool.waiting_readings", id="a spool with fewer readings than none"),
        pytest.param(report(commands=[{"id": "c", "state": "delivered", "at": rfc3339(START_MS)}]), "commands.0.state", id="an outcome that is none"),
        pytest.param({"sent_at": rfc3339(START_MS)}, "spool", id="no spool"),
    ],
)  # fmt: skip
def test_a_bad_report_is_refused_by_its_field_and_nothing_of_it_is_kept(park: Park, body: Any, field: str) -> None:
    problem = park.report(body, expect=400)
    assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_request", field)
    assert "report" not in park.as_("admin").get("/v1/enterprises/acme/bridges")["items"][0]
    assert list(park.services.gaps.between("acme", START_MS - 10**6, START_MS + 10**6)) == []


def test_a_report_may_come_again(park: Park) -> None:
    body = report(gap(), gap(2, rows=None, points=None, reason="disk_full"))
    first = park.report(body)
    assert first == {
        "gaps": [1, 2],
        "gaps_differing": [],
        "commands_reported": [],
        "commands_unknown": [],
        "commands": [],
    }
    park.clock.advance(30)
    assert park.report(body) == first
    assert len(list(park.services.gaps.between("acme", START_MS - 10**6, START_MS))) == 2


def test_a_gap_told_otherwise_the_second_time_stands_as_first_told_and_is_named(park: Park) -> None:
    park.report(report(gap()))
    answer = park.report(report(gap(readings=70), gap(2)))
    assert (answer["gaps"], answer["gaps_differing"]) == ([1, 2], [1])
    known = {one.id: one.readings for one in park.services.gaps.between("acme", START_MS - 10**6, START_MS)}
    assert known == {1: 50, 2: 50}


def test_a_bridge_speaks_of_its_own_points_and_enterprise_only(park: Park) -> None:
    park.report(report(gap(points=["acme-voc", "other-voc", "nowhere"])))
    (own,) = park.services.gaps.between("acme", START_MS - 10**6, START_MS)
    assert own.point_ids == ("acme-voc",) and (own.enterprise_id, own.bridge_id) == ("acme", "acme-bridge")
    assert park.report(report(gap(readings=70)), bridge="other-bridge")["gaps_differing"] == []
    assert len(list(park.services.gaps.between("other", START_MS - 10**6, START_MS))) == 1


# how bridges are


def test_a_bridge_is_shown_with_its_last_report_and_upload(park: Park) -> None:
    bridges = "/v1/enterprises/acme/bridges"
    (never,) = park.as_("enterprise").get(bridges)["items"]
    assert never == {"id": "acme-bridge", "enterprise_id": "acme", "revoked": False}
    park.report(report(), expect=200)
    park.clock.advance(60)
    park.report(report(newest=30, oldest_waiting=None, waiting_readings=0) | {"sent_at": rfc3339(START_MS + 50_000)})
    park.report(report())  # the first once more
    park.upload(series(), block_id=client_id(1))
    (one,) = park.as_("enterprise").get(bridges)["items"]
    now = rfc3339(START_MS + 60_000)
    spool = {"id": SPOOL, "newest": 30, "waiting_readings": 0}
    assert one["report"] == {"received_at": now, "sent_at": rfc3339(START_MS + 50_000), "spool": spool}
    assert one["last_upload_at"] == now
