"""Every rule that the catalogue ships, from device to tier: a Modbus device, a bridge, and the park in this process.

Each industry is one enterprise with one device and one bridge; each case has a unit for every tier and one for every way to be just short of a
trigger. All run at once, and the tests read off what came of them.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.person import Person, Role
from demo.plant import Device, Plant, RegisterPoint
from green_shield_bridge.upload.identity import make_key_file, public_pem
from tests.integration.edge_bridge.conftest import BridgeThread
from tests.integration.edge_bridge.served_park import ServedPark
from tests.park import Park, credit_code
from tests.rule_cases import CASES, IDS, Case

TIERS = (1, 2, 3)
ENOUGH = 4  # readings of a point: twice the on-delay
WITHIN_S = 40.0
INDUSTRIES = list(dict.fromkeys(case.industry for case in CASES))
BRIDGE = """\
bridge_id: {industry}-bridge
server: {{url: "{url}", timeout_s: 10}}
key_file: {industry}.key
spool: {{path: {industry}.db, commit_interval_s: 0.02}}
upload: {{max_batch_age_s: 0.2, retry_max_s: 0.3}}
shutdown_s: 1
sources:
  - name: {industry}
    kind: modbus_tcp
    host: 127.0.0.1
    port: {port}
    address_base: 0
    poll_interval_s: 0.3
    timeout_s: 5
    forward: all
    points:
{points}
"""
Raised = dict[str, list[tuple[str, int]]]  # unit -> the (rule, tier) of its warnings


def unit_id(case: Case, what: str) -> str:
    return f"u{CASES.index(case)}-{what}"


def units_of(case: Case) -> dict[str, dict[str, float]]:
    """What the device of each unit of a case shows: a unit a tier, and one for each way to be just short."""
    tiers = {unit_id(case, f"tier{tier}"): dict(case.values[tier]) for tier in TIERS}
    return tiers | {
        unit_id(case, f"short{n}"): {**case.values[0], **values} for n, values in enumerate(case.just_short)
    }


def of_industry(industry: str) -> list[Case]:
    return [case for case in CASES if case.industry == industry]


def register(park: Park, industry: str, number: int, key_pem: str) -> None:
    admin = park.as_("admin")
    code = credit_code(f"91110000MA01B{number:04d}")
    about = {"name": industry, "credit_code": code, "industry": industry, "size": "medium", "region": "east"}
    admin.put(f"/v1/enterprises/{industry}", about)
    admin.put(f"/v1/bridges/{industry}-bridge", {"enterprise_id": industry, "public_key_pem": key_pem})
    for case in of_industry(industry):
        for unit in units_of(case):
            admin.put(f"/v1/units/{unit}", {"enterprise_id": industry, "name": unit, "type": case.unit_type})
            for name, fields in case.points.items():
                admin.put(f"/v1/points/{unit}-{name}", {"unit_id": unit, **fields})


def device_of(industry: str) -> Device:
    values = {
        f"{unit}-{name}": value
        for case in of_industry(industry)
        for unit, shown in units_of(case).items()
        for name, value in shown.items()
    }
    points = [
        RegisterPoint(point, 4 * at, "float64", initial=value) for at, (point, value) in enumerate(values.items())
    ]
    return Device(industry, points)


def bridge_of(device: Device, port: int, url: str, folder: Path) -> BridgeThread:
    points = "\n".join(f"      - {{point: {p.point_id}, register: {p.address}, type: float64}}" for p in device.points)
    (folder / "bridge.yaml").write_text(BRIDGE.format(industry=device.name, url=url, port=port, points=points))
    return BridgeThread(folder)


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raised]:
    """What every unit's warnings came to, once every point of every unit was read often enough."""
    devices = [device_of(industry) for industry in INDUSTRIES]
    with ServedPark() as served, Plant(devices) as plant:
        park = served.park
        park.services.registry.put_person(Person("admin", "admin", Role.ADMIN))
        bridges = []
        for number, device in enumerate(devices):
            folder = tmp_path_factory.mktemp(device.name)
            key = public_pem(make_key_file(str(folder / f"{device.name}.key")))
            register(park, device.name, number, key)
            bridges.append(bridge_of(device, plant.port(device.name), served.url, folder))
        for bridge in bridges:
            bridge.start()
        wanted = [point.point_id for device in devices for point in device.points]
        deadline_s = time.monotonic() + WITHIN_S
        while min(served.stored[point] for point in wanted) < ENOUGH:
            assert time.monotonic() < deadline_s, {p: served.stored[p] for p in wanted if served.stored[p] < ENOUGH}
            time.sleep(0.05)
        for bridge in bridges:
            bridge.stop()
        yield warnings_of(park)


def warnings_of(park: Park) -> Raised:
    found: Raised = {}
    path: str | None = "/v1/warnings?limit=100"
    while path:
        page: dict[str, Any] = park.as_("admin").get(path)
        for one in page["items"]:
            found.setdefault(one["unit_id"], []).append((one["rule_id"], one["tier"]))
        path = f"/v1/warnings?limit=100&cursor={page['next_cursor']}" if "next_cursor" in page else None
    return found


def test_every_shipped_rule_has_a_scenario_from_device_to_tier() -> None:
    assert {case.rule for case in CASES} == {rule.id for rule in shipped().rules}
    assert {case.industry for case in CASES} == set(shipped().industry_weights)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_device_just_short_of_a_trigger_raises_nothing(case: Case, raised: Raised) -> None:
    assert [raised.get(unit_id(case, f"short{n}")) for n in range(len(case.just_short))] == [None] * len(
        case.just_short
    )


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_device_past_both_triggers_raises_a_warning_of_its_tier(case: Case, tier: int, raised: Raised) -> None:
    assert raised.get(unit_id(case, f"tier{tier}")) == [(case.rule, tier)]
