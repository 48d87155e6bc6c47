"""Who feeds a unit and whom it feeds, and how they stand."""

from chalicelib.domain.enterprise import Point, Profile, Unit
from chalicelib.domain.neighbour import neighbours_of
from chalicelib.domain.state import EnterpriseState, Phase, PointState, RuleState
from tests.plant import enterprise


def unit(name: str, *feeds: str) -> Unit:
    return Unit(name, "acme", name, "reactor", feeds)


UNITS = (unit("tank", "reactor"), unit("boiler", "reactor"), unit("reactor", "treatment"), unit("treatment"))
PROFILE = Profile(enterprise(), UNITS, (Point("t", "acme", "boiler", "boiler_pressure"), Point("x", "acme", "boiler", "so2")))  # fmt: skip


def test_a_unit_that_is_gone_or_stands_alone_has_no_neighbours() -> None:
    assert neighbours_of("gone", PROFILE, EnterpriseState()) == ()
    alone = Profile(enterprise(), (unit("reactor", "gone"),), ())
    assert neighbours_of("reactor", alone, EnterpriseState()) == ()


def test_upstream_comes_before_downstream() -> None:
    found = neighbours_of("reactor", PROFILE, EnterpriseState())
    assert [(one.unit.id, one.is_upstream) for one in found] == [("tank", True), ("boiler", True), ("treatment", False)]


def test_the_highest_open_tier_comes_first_and_what_is_not_open_does_not_count() -> None:
    rules = {
        ("treatment", "a"): RuleState(Phase.OPEN, tier=1, warning_id="w-1"),
        ("treatment", "b"): RuleState(Phase.OPEN, tier=3, warning_id="w-2"),
        ("tank", "a"): RuleState(Phase.OBSERVED, tier=1, warning_id="w-3"),
        ("reactor", "a"): RuleState(Phase.OPEN, tier=3, warning_id="w-4"),
    }
    found = neighbours_of("reactor", PROFILE, EnterpriseState({}, rules))
    assert [(one.unit.id, one.warnings) for one in found] == [
        ("treatment", (("w-2", 3), ("w-1", 1))),
        ("tank", ()),
        ("boiler", ()),
    ]


def test_values_are_those_last_judged() -> None:
    seen = PointState(1, True, 1.2)
    boiler = neighbours_of("reactor", PROFILE, EnterpriseState({"t": seen}))[1]
    assert [(point.id, state) for point, state in boiler.values] == [("t", seen)]


def test_in_a_loop_a_unit_stands_on_both_sides() -> None:
    loop = Profile(enterprise(), (unit("a", "b"), unit("b", "a")), ())
    assert [(one.unit.id, one.is_upstream) for one in neighbours_of("a", loop, EnterpriseState())] == [
        ("b", True),
        ("b", False),
    ]
