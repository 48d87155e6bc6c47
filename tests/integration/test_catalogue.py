"""Versions of the catalogue through the API: proposed, compared, published, rolled back; and what is judged by which."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from chalicelib.adapters.catalogue import shipped, shipped_document
from chalicelib.adapters.rows import Put, Rows
from chalicelib.api.models.wire import rfc3339
from tests.park import Park, memory_rows

VERSIONS = "/v1/catalogue/versions"


@pytest.fixture
def park() -> Park:
    return Park().register()


def document(name: str, amount: float = 2.0) -> dict[str, Any]:
    """The shipped catalogue under another name, its first rule firing that many degrees past the threshold."""
    found = deepcopy(shipped_document()) | {"version": name}
    found["rules"][0]["safety"]["trigger"]["amount"] = amount
    return found


def proposes(park: Park, name: str, amount: float = 2.0, **how: Any) -> dict[str, Any]:
    return park.as_("admin").put(f"{VERSIONS}/{name}", {"document": document(name, amount)}, **how)


def publishes(park: Park, name: str, body: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    return park.as_("admin").post(f"{VERSIONS}/{name}/publication", body or {}, **how)


def rolls_back(park: Park, **how: Any) -> dict[str, Any]:
    return park.as_("admin").post("/v1/catalogue/rollback", {"reason": "误报增多"}, **how)


def in_force(park: Park) -> str:
    return str(park.as_("committee").get("/v1/catalogue/schedule")["in_force"])


def fields(answer: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [(one["field"], one.get("line")) for one in answer["errors"]]


def test_a_broken_document_is_refused_with_every_wrong_field_and_nothing_is_kept(park: Park) -> None:
    broken = document("east") | {"kappa": -1, "rules": [{**document("east")["rules"][0], "unit_type": "oven"}]}
    answer = park.as_("admin").put(f"{VERSIONS}/east", {"document": broken}, expect=400)
    assert fields(answer) == [("kappa", None), ("rules.0.unit_type", None)]
    park.as_("admin").get(f"{VERSIONS}/east", expect=404)


def test_a_broken_text_is_refused_with_the_line_of_every_wrong_field(park: Park) -> None:
    lines = yaml.safe_dump(document("east"), allow_unicode=True, sort_keys=False).splitlines()
    kappa = next(n for n, line in enumerate(lines, 1) if line.startswith("kappa:"))
    oven = next(n for n, line in enumerate(lines, 1) if line.strip() == "unit_type: reactor")
    lines[kappa - 1], lines[oven - 1] = "kappa: none", "  unit_type: oven"
    answer = park.as_("admin").put(f"{VERSIONS}/east", {"yaml": "\n".join(lines)}, expect=400)
    assert fields(answer) == [("kappa", kappa), ("rules.0.unit_type", oven)]
    cut = park.as_("admin").put(f"{VERSIONS}/east", {"yaml": "version: [east"}, expect=400)
    assert fields(cut) == [("", 1)]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="neither document nor text"),
        pytest.param({"document": {}, "yaml": "a: 1"}, id="both"),
        pytest.param({"document": document("west")}, id="a document of another version"),
        pytest.param({"document": {}}, id="an empty document"),
    ],
)
def test_what_is_no_proposal_of_this_version_is_refused(park: Park, body: dict[str, Any]) -> None:
    park.as_("admin").put(f"{VERSIONS}/east", body, expect=400)


def test_a_draft_may_be_replaced_by_whoever_saw_it_and_a_published_version_never(park: Park) -> None:
    assert proposes(park, "east")["revision"] == 1
    proposes(park, "east", 3.0, If_Match='"7"', expect=412)
    assert proposes(park, "east", 3.0, If_Match='"1"')["revision"] == 2
    publishes(park, "east")
    proposes(park, "east", 4.0, expect=409)
    assert proposes(park, "east", 3.0)["state"] == "in_force", "the same again is a success"


def test_the_shipped_version_cannot_be_replaced(park: Park) -> None:
    name = shipped().version
    answer = park.as_("admin").put(f"{VERSIONS}/{name}", {"document": document(name, 9.0)}, expect=409)
    assert answer["code"] == "content_conflict"


def test_a_version_nobody_proposed_cannot_be_published(park: Park) -> None:
    publishes(park, "nothing", expect=404)


def test_a_version_is_never_put_in_force_in_the_past(park: Park) -> None:
    proposes(park, "east")
    past = rfc3339(park.clock.ms - 1)
    answer = publishes(park, "east", {"effective_from": past}, expect=400)
    assert [(one["field"], one["code"]) for one in answer["errors"]] == [("effective_from", "time_past")]
    assert in_force(park) == shipped().version


@pytest.mark.parametrize("part", ["indicators", "unit_types"])
def test_a_version_without_what_is_registered_may_be_drafted_and_not_published(park: Park, part: str) -> None:
    draft = document("east")
    names = ("reactor",) if part == "unit_types" else ("reactor_temperature",)
    draft["rules"] = []
    draft["unit_types"] = {"boiler": draft["unit_types"]["boiler"]}
    if part == "indicators":
        draft["unit_types"] = {}
        draft["indicators"] = {key: one for key, one in draft["indicators"].items() if key not in names}
    park.as_("admin").put(f"{VERSIONS}/east", {"document": draft})
    answer = publishes(park, "east", expect=400)
    assert [(one["field"], one["code"]) for one in answer["errors"]] == [(f"{part}.{names[0]}", "in_use")]


def test_a_publication_on_a_schedule_that_has_changed_is_refused(park: Park) -> None:
    proposes(park, "east")
    proposes(park, "west")
    assert publishes(park, "east", If_Match='"0"')["revision"] == 1
    publishes(park, "west", If_Match='"0"', expect=412)
    rolls_back(park, If_Match='"0"', expect=412)
    assert in_force(park) == "east"


def test_of_two_admins_who_publish_at_once_one_is_told_to_look_again() -> None:
    class Raced:
        """The registry of a park in which another admin's publication comes between reading and writing."""

        def __init__(self, rows: Rows) -> None:
            self._rows, self.is_raced = rows, False

        def __getattr__(self, name: str) -> Any:
            return getattr(self._rows, name)

        def commit(self, writes: Any) -> None:
            mine = [w.row for w in writes if isinstance(w, Put) and w.row.sk == "SCHEDULE"]
            if self.is_raced and mine:
                self._rows.commit([Put(row) for row in mine])  # the other one's
            self._rows.commit(writes)

    tables: dict[str, Any] = {}

    def keep(on_insert: Any) -> dict[str, Any]:
        tables.update(memory_rows(on_insert))
        tables["registry"] = Raced(tables["registry"])
        return tables

    park = Park(keep).register()
    proposes(park, "east")
    tables["registry"].is_raced = True
    answer = publishes(park, "east", expect=412)
    assert (answer["given"], answer["current"]) == (0, 1)


def test_there_is_nothing_to_roll_back_to_before_the_first_publication(park: Park) -> None:
    assert rolls_back(park, expect=409)["state"] == "shipped"


def test_a_rollback_brings_the_version_before_and_is_on_record(park: Park) -> None:
    for name in ("east", "west"):
        proposes(park, name)
        publishes(park, name, {"reason": f"publish {name}"})
        park.clock.advance(60)
    schedule = rolls_back(park)
    assert (schedule["in_force"], in_force(park)) == ("east", "east")
    newest = schedule["changes"][0]
    assert (newest["move"], newest["version"], newest["by"], newest["reason"]) == (
        "rolled_back",
        "west",
        "admin",
        "误报增多",
    )
    assert [one["version"] for one in schedule["changes"]] == ["west", "west", "east"]


def test_all_versions_are_listed_with_their_states(park: Park) -> None:
    for name in ("draft", "first", "second", "later"):
        proposes(park, name)
        park.clock.advance(1)
    publishes(park, "first")
    publishes(park, "second")
    publishes(park, "later", {"effective_from": rfc3339(park.clock.ms + 60_000)})
    listed = park.as_("department_safety").get(VERSIONS)["items"]
    assert [(one["version"], one["state"]) for one in listed] == [
        ("later", "scheduled"),
        ("second", "in_force"),
        ("first", "past"),
        ("draft", "draft"),
        (shipped().version, "past"),
    ]


def test_what_changed_is_told_by_rule_and_in_the_reader_s_language(park: Park) -> None:
    proposes(park, "east", 3.0)
    path = f"{VERSIONS}/east/difference?with={shipped().version}"
    found = {one["path"]: one for one in park.as_("committee").get(path, Accept_Language="en")["items"]}
    assert found["rules.reactor-temperature-voc.safety.trigger.amount"] == {
        "path": "rules.reactor-temperature-voc.safety.trigger.amount",
        "kind": "changed",
        "name": "Reactor temperature with off-gas VOC",
        "old": 2.0,
        "new": 3.0,
    }
    assert set(found) == {"version", "rules.reactor-temperature-voc.safety.trigger.amount"}
    park.as_("committee").get(f"{VERSIONS}/east/difference?with=nothing", expect=404)
    park.as_("committee").get(f"{VERSIONS}/east/difference", expect=400)


def test_readings_are_judged_under_the_version_in_force_and_the_why_card_names_it(park: Park) -> None:
    proposes(park, "mild", 5.0)
    publishes(park, "mild", {"effective_from": rfc3339(park.clock.ms + 3_600_000)})
    park.runs_hot(temperature=184.0)
    (warning,) = park.as_("committee").get("/v1/warnings")["items"]
    assert warning["why"]["catalogue_version"] == shipped().version


def test_under_a_milder_version_the_same_readings_raise_no_warning(park: Park) -> None:
    proposes(park, "mild", 5.0)
    publishes(park, "mild")
    park.runs_hot(temperature=184.0)
    assert park.as_("committee").get("/v1/warnings")["items"] == []
    park.runs_hot(temperature=186.0)
    (warning,) = park.as_("committee").get("/v1/warnings")["items"]
    assert warning["why"]["catalogue_version"] == "mild"


def test_a_document_put_whole_is_in_force_at_once_and_on_record(park: Park) -> None:
    for _ in range(2):
        park.as_("admin").put("/v1/catalogue", document("east"))
    schedule = park.as_("committee").get("/v1/catalogue/schedule")
    assert (schedule["in_force"], [one["version"] for one in schedule["changes"]]) == ("east", ["east"])
    park.as_("admin").put("/v1/catalogue", document("east", 4.0), expect=409)
