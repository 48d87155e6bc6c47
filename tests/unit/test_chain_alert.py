"""Episodes of what is given over its receivers' limits."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.chain import Place, Step
from chalicelib.domain.chain_alert import (
    GAP_MS,
    KEPT_MS,
    LATE_MS,
    Crossing,
    Excess,
    Giving,
    Over,
    follow,
    warned_of,
)

GIVER, NOW_MS = Place("a", "u"), 1_772_416_800_000


def over(at_ms: int, link: str = "l", unit: str = "u") -> Over:
    return Over(at_ms, Place("a", unit), Excess(link, "voc", "p", 60.0, 50.0))


def followed(*readings: Over, before: Giving | None = None, received_ms: int = NOW_MS) -> tuple[Giving, list[str]]:
    """What is remembered, and the links that were crossed, in order."""
    after, crossings = follow(before or Giving(), readings, received_ms, "b")
    return after, [link for one in crossings for link in sorted(one.links)]


def test_a_link_is_crossed_once_an_episode() -> None:
    after, crossed = followed(over(NOW_MS), over(NOW_MS + 60_000), over(NOW_MS + GAP_MS))
    (episode,) = after.episodes
    assert crossed == ["l"] and (episode.first_ms, episode.last_ms) == (NOW_MS, NOW_MS + GAP_MS)


def test_after_more_than_the_gap_another_episode_begins() -> None:
    after, crossed = followed(over(NOW_MS), over(NOW_MS + GAP_MS + 1))
    assert crossed == ["l", "l"] and len({one.alert_id for one in after.episodes}) == 2


def test_links_that_are_crossed_later_join_the_episode_with_a_number_of_their_own() -> None:
    _, crossings = follow(Giving(), [over(NOW_MS, "l"), over(NOW_MS, "m"), over(NOW_MS + 1, "n")], NOW_MS, "b")
    assert [(one.number, sorted(one.links)) for one in crossings] == [(0, ["l", "m"]), (2, ["n"])]
    assert len({one.alert_id for one in crossings}) == 1


def test_units_have_episodes_of_their_own() -> None:
    after, crossed = followed(over(NOW_MS), over(NOW_MS, "m", unit="v"))
    assert crossed == ["l", "m"] and [one.unit_id for one in after.episodes] == ["u", "v"]


def test_what_comes_late_opens_an_episode_that_what_goes_on_does_not_join() -> None:
    late_ms = NOW_MS - LATE_MS - 1
    before, crossed = followed(over(late_ms))
    assert crossed == ["l"] and before.episodes[0].is_late
    _, again = followed(over(late_ms - 60_000), before=before)
    after, fresh = followed(over(NOW_MS - LATE_MS), before=before)
    assert again == [] and fresh == ["l"] and [one.is_late for one in after.episodes] == [True, False]


def test_late_readings_of_an_episode_that_was_called_for_call_for_nothing() -> None:
    before, _ = followed(over(NOW_MS))
    _, crossed = followed(over(NOW_MS - 60_000), before=before, received_ms=NOW_MS + 2 * LATE_MS)
    assert crossed == []


def test_old_episodes_are_forgotten() -> None:
    before, _ = followed(over(NOW_MS))
    after, _ = followed(over(NOW_MS + 2 * KEPT_MS), before=before, received_ms=NOW_MS + 2 * KEPT_MS)
    assert len(after.episodes) == 1


readings = st.lists(st.tuples(st.integers(0, 3 * GAP_MS), st.sampled_from("lmn")), max_size=20)


@given(readings)
def test_readings_that_come_again_change_nothing(drawn: list[tuple[int, str]]) -> None:
    sent = [over(NOW_MS + at_ms, link) for at_ms, link in drawn]
    after, _ = followed(*sent)
    assert followed(*sent, before=after) == (after, [])


@given(st.lists(st.integers(0, GAP_MS), min_size=1, max_size=20), st.integers())
def test_within_the_gap_any_order_makes_one_episode(times: list[int], seed: int) -> None:
    Random(seed).shuffle(times)
    state, crossed = Giving(), list[str]()
    for at_ms in times:
        state, more = followed(over(NOW_MS + at_ms), before=state)
        crossed += more
    (episode,) = state.episodes
    assert crossed == ["l"]
    assert (episode.first_ms, episode.last_ms) == (NOW_MS + min(times), NOW_MS + max(times))


def test_who_takes_it_is_visited_and_who_is_behind_them_looks_for_themselves() -> None:
    crossing = Crossing("c", 0, GIVER, NOW_MS, False, "b", ())
    direct, farther = (warned_of(Step(Place(one, "u"), 5, "l", 0.5, one == "b"), crossing) for one in "bc")
    assert (direct.tier, farther.tier) == (2, 1) and direct.expected_at_ms == NOW_MS + 300_000
    assert direct.task_id != farther.task_id
