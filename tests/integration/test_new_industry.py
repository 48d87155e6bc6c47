"""A new industry is data only: published through the API, its plants are registered, judged and worked like any other."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.adapters.catalogue import shipped, shipped_document
from tests.park import Park, credit_code

ROOT = Path(__file__).resolve().parents[2]
INDUSTRY = "battery_recycling"
ADDED = """
industry: {battery_recycling: 0.45}
standards:
  GB 30484-2013: {zh-CN: 电池工业污染物排放标准, en: Emission standard of pollutants for battery industry}
indicators:
  cell_temperature: {name: {zh-CN: 电芯温度, en: Cell temperature}, unit: Cel, dimension: safety, plausible: [-40, 1000]}
  fluoride: {name: {zh-CN: 氟化物, en: Fluorides}, unit: mg/m3, dimension: environment, plausible: [0, 1000], hj212_code: a21018, limit: 3}
  shredder_power: {name: {zh-CN: 破碎机功率, en: Shredder power}, unit: kW, dimension: energy, plausible: [0, 5000]}
unit_types:
  shredder:
    name: {zh-CN: 破碎线, en: Shredder line}
    industries: [battery_recycling]
    safety: [cell_temperature]
    environment: [fluoride]
    energy: [shredder_power]
    roles: {load: shredder_power}
rules:
  - id: cell-temperature-fluoride
    version: 1
    industry: battery_recycling
    unit_type: shredder
    name: {zh-CN: 电芯超温与氟化物耦合, en: Cell temperature with fluorides}
    safety: {indicator: cell_temperature, trigger: {kind: above_threshold_by, amount: 5}}
    response: {indicator: fluoride, trigger: {kind: above_limit}}
    energy: {indicator: shredder_power, trigger: {kind: relative_rise, amount: 0.1}}
    standards: [GB 30484-2013]
    risk_points: {zh-CN: 电芯热失控，含氟烟气外逸, en: Thermal runaway with fluorine-bearing smoke}
    safety_standard: {zh-CN: 停机、充氮、隔离热失控电芯, en: "Stop the line, purge with nitrogen, isolate the cells"}
    environment_requirement: {zh-CN: 启动碱液喷淋，复测氟化物达标, en: Start the caustic scrubber; retest fluorides}
"""


def with_the_industry() -> dict[str, Any]:
    added = yaml.safe_load(ADDED)
    document = deepcopy(shipped_document()) | {"version": "2027.1-battery"}
    document["industry_weights"] |= added["industry"]
    document["warning_thresholds"] |= {INDUSTRY: 35}
    for part in ("standards", "indicators", "unit_types"):
        document[part] |= added[part]
    document["rules"] += added["rules"]
    return document


@pytest.fixture
def park() -> Park:
    return Park().register()


def registers(park: Park, expect: int = 200) -> None:
    admin = park.as_("admin")
    plant = {"name": "电池回收一厂", "credit_code": credit_code("91110000MA01A2B61"), "industry": INDUSTRY}
    answer = admin.put("/v1/enterprises/cells", plant | {"size": "medium", "region": "east"}, expect=expect)
    if expect != 200:
        assert "hydrogen" in answer["errors"][0]["detail"], "it says what there is"
        return
    admin.put("/v1/units/cells-r1", {"enterprise_id": "cells", "name": "1号破碎线", "type": "shredder"})
    points: dict[str, dict[str, Any]] = {
        "temperature": {"indicator": "cell_temperature", "threshold": 60.0},
        "fluoride": {"indicator": "fluoride"},
        "power": {"indicator": "shredder_power", "nominal": 200.0},
    }
    for name, fields in points.items():
        admin.put(f"/v1/points/cells-{name}", {"unit_id": "cells-r1", **fields})
    admin.put("/v1/bridges/cells-bridge", {"enterprise_id": "cells", "public_key_pem": "-----BEGIN PUBLIC KEY-----"})
    for side in ("safety", "environment"):
        group = {"role": "inspector", "dimension": side, "regions": ["east"], "industries": [INDUSTRY]}
        admin.put(f"/v1/people/cells_{side}", {"name": side, **group})


def test_an_industry_that_no_version_in_force_knows_is_refused(park: Park) -> None:
    registers(park, expect=400)
    park.as_("admin").put("/v1/catalogue/versions/2027.1-battery", {"document": with_the_industry()})
    registers(park, expect=400)


@pytest.mark.parametrize(
    ("values", "tier"),
    [
        pytest.param({"temperature": 65.0, "fluoride": 3.0, "power": 200.0}, 1, id="at both triggers: tier 1"),
        pytest.param({"temperature": 70.0, "fluoride": 6.0, "power": 200.0}, 2, id="further: tier 2"),
        pytest.param({"temperature": 90.0, "fluoride": 12.0, "power": 240.0}, 3, id="far: tier 3"),
        pytest.param({"temperature": 64.9, "fluoride": 30.0, "power": 200.0}, None, id="just below: none"),
    ],
)
def test_a_new_industry_goes_from_publication_to_task(park: Park, values: dict[str, float], tier: int | None) -> None:
    admin = park.as_("admin")
    admin.put(
        "/v1/catalogue/versions/2027.1-battery", {"yaml": yaml.safe_dump(with_the_industry(), allow_unicode=True)}
    )
    admin.post("/v1/catalogue/versions/2027.1-battery/publication", {"reason": "新增电池回收行业"})
    registers(park)
    for _ in range(3):
        park.clock.advance(60)
        park.reads(eid="cells", **values)
    warnings = park.as_("committee").get("/v1/warnings")["items"]
    assert [(one["rule_id"], one["tier"]) for one in warnings] == (
        [("cell-temperature-fluoride", tier)] if tier else []
    )
    tasks = park.as_("committee").get("/v1/tasks")["items"]
    assert [(one["unit_name"], one["tier"]) for one in tasks] == ([("1号破碎线", tier)] if tier else [])
    if tier and tier > 1:
        (task,) = park.as_("cells_safety").get("/v1/tasks")["items"]
        assert task["safety_standard"] == "停机、充氮、隔离热失控电芯"


def test_no_code_names_an_industry_a_unit_type_or_an_indicator() -> None:
    known = shipped()
    # "park" is also the word for all of it, "power" and the like may be plain words: only quoted names count.
    names = {*known.industry_weights, *known.unit_types, *known.indicators, *(rule.id for rule in known.rules)} - {
        "park"
    }
    sources = [*(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "edge_bridge" / "src").rglob("*.py"), ROOT / "app.py"]
    named = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources
        for name in names
        if any(f"{quote}{name}{quote}" in path.read_text(encoding="utf-8") for quote in ("'", '"'))
    }
    assert named == set()
