"""Who stands before a unit opens its page by the code on its door."""

from xml.etree import ElementTree

import pytest

from tests.acts import FakeInspector
from tests.park import Park


@pytest.fixture
def park() -> Park:
    park = Park(inspector=FakeInspector()).register()
    park.runs_hot(temperature=190.0, voc=70.0)
    return park


@pytest.mark.parametrize("route", ["page", "code"])
@pytest.mark.parametrize(
    ("person", "status"), [("enterprise_other", 404), ("inspector_elsewhere", 404), ("enterprise", 200)]
)
def test_a_unit_is_seen_by_who_sees_its_enterprise(park: Park, route: str, person: str, status: int) -> None:
    park.as_(person).get(f"/v1/units/acme-r1/{route}", expect=status)
    park.as_(person).get(f"/v1/units/nothing/{route}", expect=404)


def test_its_page_has_what_is_open_there(park: Park) -> None:
    page = park.as_("inspector_safety").get("/v1/units/acme-r1/page")
    assert (page["unit_name"], page["enterprise_name"]) == ("R1", "acme chemicals")
    assert [one["unit_id"] for one in page["tasks"]] == ["acme-r1"]
    assert [one["state"] for one in page["warnings"]] == ["open"]
    assert park.as_("inspector_safety").get("/v1/units/other-r1/page")["tasks"] == []


def test_its_code_says_where_the_app_finds_it(park: Park) -> None:
    code = park.as_("enterprise").get("/v1/units/acme-r1/code")
    assert code["link"] == "greenshield://open/units/acme-r1"
    picture = ElementTree.fromstring(code["svg"])  # noqa: S314 - our own answer
    assert picture.tag.endswith("svg")
    assert int(picture.attrib["width"]) >= 200
