"""Routes: each is in the table, in the spec and behind the right roles; and the API stays light."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app import app
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.domain.access import ALLOWED, Action
from mobile_api_spec import generate, static

ROOT = Path(__file__).resolve().parents[2]
SPEC = generate.load()
SERVED = {(method, path) for path, methods in app.routes.items() for method in methods}
TABLE = [pytest.param(one, id=f"{one.method} {one.path}") for one in ENDPOINTS]
HEAVY = ("firebase_admin", "PIL", "pillow_heif", "numpy", "grpc", "google.cloud", "reportlab", "pyhanko")
HEALTH = """
import sys
from app import app
request = {"httpMethod": "GET", "resourcePath": "/v1/health", "identity": {}, "path": "/v1/health"}
event = {"requestContext": request, "headers": {}, "multiValueHeaders": {}, "pathParameters": None, "body": None,
         "multiValueQueryStringParameters": None, "stageVariables": None, "isBase64Encoded": False}
answer = app(event, None)
assert answer["statusCode"] == 200, answer
print(*[name for name in sys.argv[1:] if name in sys.modules])
"""


def test_every_route_of_the_app_is_in_the_table_and_the_other_way_round() -> None:
    generate.check_routes(SERVED, {(one.method, one.path) for one in ENDPOINTS})


def test_every_route_is_in_the_spec_and_the_other_way_round() -> None:
    assert {(method.upper(), path) for path, methods in SPEC["paths"].items() for method in methods} == SERVED


@pytest.mark.parametrize("one", TABLE)
def test_a_route_stands_in_the_spec_with_its_roles(one: Endpoint) -> None:
    operation = SPEC["paths"][one.path][one.method.lower()]
    kind = "public" if one.public else "bridge" if one.action is None else "person"
    roles = sorted(role.value for role in ALLOWED[one.action]) if one.action else [kind]
    assert operation["x-roles"] == roles
    assert operation["security"] == ([] if kind == "public" else [{kind: []}])


def test_only_health_is_open_to_everyone_and_only_uploads_and_reports_are_for_bridges() -> None:
    assert [one.path for one in ENDPOINTS if one.public] == ["/v1/health"]
    of_bridges = sorted(one.path for one in ENDPOINTS if one.action is None and not one.public)
    assert of_bridges == ["/v1/bridges/reports", "/v1/bridges/snapshots", "/v1/readings"]


def test_every_action_has_its_roles_and_a_route() -> None:
    assert set(ALLOWED) == set(Action) == {one.action for one in ENDPOINTS if one.action is not None}


def test_operation_ids_are_unique() -> None:
    assert len({one.view.__name__ for one in ENDPOINTS}) == len(ENDPOINTS)


def test_a_blueprint_is_named_by_its_import_path() -> None:
    modules = {one.view.__module__ for one in ENDPOINTS}
    assert all(sys.modules[name].api._import_name == name for name in modules)


def test_the_committed_spec_is_what_the_code_gives(capsys: pytest.CaptureFixture[str]) -> None:
    status = generate.main(["--check"])
    assert (status, capsys.readouterr().err) == (0, "")


def test_a_difference_is_shown_line_by_line() -> None:
    assert "-  limit: 50\n+  limit: 60\n" in generate.compare("a:\n  limit: 50\n", "a:\n  limit: 60\n")


@pytest.mark.parametrize(
    ("routes", "table", "said"),
    [
        pytest.param({("GET", "/a")}, set(), "GET /a: served, but", id="a route that nobody noted is named"),
        pytest.param(set(), {("PUT", "/b")}, "PUT /b: in ENDPOINTS, but", id="a route that nobody serves is named"),
    ],
)
def test_the_spec_is_refused_where_routes_and_table_differ(
    routes: set[generate.Route], table: set[generate.Route], said: str
) -> None:
    with pytest.raises(generate.SpecProblem, match=re.escape(said)):
        generate.check_routes(routes, table)


def test_the_changelog_begins_with_the_version_of_the_spec() -> None:
    changelog = (ROOT / "mobile_api_spec" / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None and newest[1] == static.VERSION == SPEC["info"]["version"]


def test_serving_health_loads_no_library_that_only_other_functions_need() -> None:
    tables = {f"GREENSHIELD_{name}_TABLE": name.lower() for name in ("READINGS", "OPERATIONS", "REGISTRY")}
    places = {
        "PHOTO_BUCKET": "photos",
        "MODEL_BUCKET": "models",
        "PUSH_QUEUE_URL": "queue",
        "OIDC_ISSUER": "https://issuer.test",
    }
    places |= {"OIDC_JWKS_URL": "https://issuer.test/jwks.json"}
    environment = os.environ | tables | {f"GREENSHIELD_{name}": value for name, value in places.items()}
    command = [sys.executable, "-c", HEALTH, *HEAVY]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].split() == []
