"""The demo park of the local stack, registered through the API as an admin would do it. Seeding twice changes nothing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from green_shield_bridge.upload.identity import make_key_file, public_pem, read_key

REGION = "east"
BRIDGE = "lvyuan-bridge-local"
# A role of stack.json -> the person who plays it.
PEOPLE: dict[str, str] = {
    "inspector_safety": "inspector-safety-1",
    "inspector_environment": "inspector-environment-1",
    "enterprise": "enterprise-lvyuan-1",
    "enterprise_other": "enterprise-jiancai-1",
    "enterprise_hydrogen": "enterprise-qingneng-1",
    "department_safety": "department-safety-1",
    "department_environment": "department-environment-1",
    "committee": "committee-1",
    "admin": "admin-1",
}
_GROUP = {"regions": [REGION], "industries": ["circular_chemical", "green_building_materials", "hydrogen"]}
_PERSONS: dict[str, dict[str, Any]] = {
    "inspector_safety": {"name": "安全网格员", "role": "inspector", "dimension": "safety", **_GROUP},
    "inspector_environment": {"name": "环保网格员", "role": "inspector", "dimension": "environment", **_GROUP},
    "enterprise": {"name": "绿源化工安环专员", "role": "enterprise", "enterprise_id": "lvyuan"},
    "enterprise_other": {"name": "新型建材安环专员", "role": "enterprise", "enterprise_id": "jiancai"},
    "enterprise_hydrogen": {"name": "氢能公司安环专员", "role": "enterprise", "enterprise_id": "qingneng"},
    "department_safety": {"name": "安监部门", "role": "department", "dimension": "safety"},
    "department_environment": {"name": "环保部门", "role": "department", "dimension": "environment"},
    "committee": {"name": "园区管委会", "role": "committee"},
    "admin": {"name": "管理员", "role": "admin"},
}
_ENTERPRISES: dict[str, dict[str, Any]] = {
    "lvyuan": {
        "name": "绿源循环化工（演示）", "credit_code": "91330400MA2DEM0019", "industry": "circular_chemical", "size": "medium",
        "region": REGION, "position": {"latitude": 30.7602, "longitude": 121.0214},
    },
    "jiancai": {
        "name": "新型建材（演示）", "credit_code": "91330400MA2DEM0027", "industry": "green_building_materials", "size": "small",
        "region": REGION, "position": {"latitude": 30.7648, "longitude": 121.0302},
    },
    "qingneng": {
        "name": "氢能储运（演示）", "credit_code": "91330400MA2DEM0035", "industry": "hydrogen", "size": "medium",
        "region": REGION, "position": {"latitude": 30.7571, "longitude": 121.0269},
    },
}  # fmt: skip
_UNITS: dict[str, dict[str, Any]] = {
    "lvyuan-r1": {"enterprise_id": "lvyuan", "name": "1号反应釜", "type": "reactor"},
    "lvyuan-r2": {"enterprise_id": "lvyuan", "name": "2号反应釜", "type": "reactor"},
    "lvyuan-b1": {"enterprise_id": "lvyuan", "name": "1号锅炉", "type": "boiler"},
    "lvyuan-te": {"enterprise_id": "lvyuan", "name": "3号反应釜", "type": "reactor"},
    "jiancai-k1": {"enterprise_id": "jiancai", "name": "1号回转窑", "type": "kiln"},
    "qingneng-t1": {"enterprise_id": "qingneng", "name": "1号储氢罐", "type": "storage_tank"},
}
_POINTS: dict[str, dict[str, Any]] = {
    "lvyuan-r1-temperature": {"unit_id": "lvyuan-r1", "indicator": "reactor_temperature", "threshold": 180.0},
    "lvyuan-r1-voc": {"unit_id": "lvyuan-r1", "indicator": "voc", "nominal": 30.0},
    "lvyuan-r1-steam": {"unit_id": "lvyuan-r1", "indicator": "steam_flow", "nominal": 1200.0},
    "lvyuan-r2-pressure": {"unit_id": "lvyuan-r2", "indicator": "reactor_pressure", "threshold": 800.0},
    "lvyuan-r2-cod": {"unit_id": "lvyuan-r2", "indicator": "cod", "limit": 60.0},
    "lvyuan-b1-pressure": {"unit_id": "lvyuan-b1", "indicator": "boiler_pressure", "threshold": 1.25},
    "lvyuan-b1-so2": {"unit_id": "lvyuan-b1", "indicator": "so2", "nominal": 80.0},
    "lvyuan-b1-fuel": {"unit_id": "lvyuan-b1", "indicator": "fuel_flow", "nominal": 500.0},
    # From the normal run of the recorded process: threshold = mean + 3 sd, nominal = mean.
    "lvyuan-te-pressure": {"unit_id": "lvyuan-te", "indicator": "reactor_pressure", "threshold": 2721.0},
    "lvyuan-te-purge": {"unit_id": "lvyuan-te", "indicator": "purge_component", "nominal": 24.02},
    "lvyuan-te-steam": {"unit_id": "lvyuan-te", "indicator": "steam_flow", "nominal": 230.3},
    "jiancai-k1-pressure": {
        "unit_id": "jiancai-k1",
        "indicator": "kiln_pressure",
        "band_low": -60.0,
        "band_high": -20.0,
    },
    "jiancai-k1-dust": {"unit_id": "jiancai-k1", "indicator": "dust"},
    "qingneng-t1-temperature": {"unit_id": "qingneng-t1", "indicator": "tank_temperature", "threshold": 50.0},
    "qingneng-t1-hydrogen": {"unit_id": "qingneng-t1", "indicator": "hydrogen_concentration"},
}


def seed(*, api: str, admin_token: str, aws: dict[str, Any], home: Path) -> dict[str, Any]:
    """Register the demo park and a bridge whose key is kept in `home`. Returns the ids for stack.json.

    `aws` has endpoint, region and registry_table.
    """
    _first_admin(aws)
    headers = {"Authorization": f"Bearer {admin_token}"}
    with httpx.Client(base_url=api, headers=headers, timeout=60) as client:
        for kind, registered in (
            ("enterprises", {eid: {**one, "credit_code": _with_check_digit(one["credit_code"])} for eid, one in _ENTERPRISES.items()}),
            ("units", _UNITS),
            ("points", _POINTS),
            ("people", {PEOPLE[role]: person for role, person in _PERSONS.items()}),
        ):  # fmt: skip
            for one_id, body in registered.items():
                answer = client.put(f"v1/{kind}/{one_id}", json=body)
                if answer.status_code != 200:
                    raise RuntimeError(f"seeding {kind} {one_id}: {answer.status_code} {answer.text}")
    key = home / "bridge-key.pem"
    register_bridge(
        api=api, admin_token=admin_token, bridge_id=BRIDGE, enterprise_id="lvyuan", public_key_pem=_public_key(key)
    )
    return {
        "bridge": BRIDGE,
        "bridge_key_file": str(key),
        "enterprise": "lvyuan",
        "enterprise_other": "jiancai",
        "units": list(_UNITS),
        "points": list(_POINTS),
        "people": PEOPLE,
    }


def _first_admin(aws: dict[str, Any]) -> None:
    """As the deploy guide does it, with the local stack's endpoint and its dummy credentials."""
    local = {"AWS_ENDPOINT_URL": aws["endpoint"], "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    words = ["--table", aws["registry_table"], "--id", PEOPLE["admin"], "--region", aws["region"]]
    done = subprocess.run(
        [sys.executable, "-m", "infra.first_admin", *words],
        env={**os.environ, **local},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"registering the first admin: {done.stderr[-500:]}")


def _public_key(file: Path) -> str:
    """Of the bridge's key, which is made once for each home and readable by its owner only."""
    return public_pem(read_key(str(file)).public_key() if file.is_file() else make_key_file(str(file)))


def register_bridge(*, api: str, admin_token: str, bridge_id: str, enterprise_id: str, public_key_pem: str) -> None:
    """Let a bridge upload for an enterprise."""
    answer = httpx.put(
        f"{api}/v1/bridges/{bridge_id}",
        json={"enterprise_id": enterprise_id, "public_key_pem": public_key_pem},
        headers={"Authorization": f"Bearer {admin_token}"},
        timeout=60,
    )
    answer.raise_for_status()


def _with_check_digit(code: str) -> str:
    from stdnum.cn import uscc

    return code[:17] + str(uscc.calc_check_digit(code[:17]))
