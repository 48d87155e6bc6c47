"""What training does to a score follows from passes and missed deadlines alone."""

from datetime import UTC
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters.catalogue import shipped
from chalicelib.domain.course import DAY_MS, Miss, Pass
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.score import ScoreEntry, total
from chalicelib.domain.times import months_later
from chalicelib.domain.training_score import RENEWAL_MS, earning, training_entries

TERM_MS = 365 * DAY_MS
POLICY = shipped().score
WEIGHTS = dict.fromkeys(Dimension, 1 / 3)


def passed(number: int, at_ms: int, person: str = "p", course: str = "c@1") -> Pass:
    return Pass(f"a-{number}", course, person, "acme", at_ms, at_ms + TERM_MS)


def counted(passes: list[Pass], misses: list[Miss] | None = None) -> tuple[ScoreEntry, ...]:
    return training_entries("acme", passes, misses or [], lambda _at_ms: (POLICY, "v"), UTC)


def test_passing_again_earns_when_the_term_is_nearly_over() -> None:
    passes = [passed(1, 0), passed(2, DAY_MS), passed(3, TERM_MS - RENEWAL_MS - 1), passed(4, TERM_MS - RENEWAL_MS)]
    assert [one.attempt_id for one in earning(passes)] == ["a-1", "a-4"]


@given(
    st.lists(
        st.tuples(st.integers(0, 5 * TERM_MS), st.sampled_from("pq"), st.sampled_from(["c@1", "d@1"])), max_size=40
    )
)
def test_however_often_somebody_passes_they_earn_once_a_term(drawn: list[tuple[int, str, str]]) -> None:
    passes = [passed(n, at_ms, person, course) for n, (at_ms, person, course) in enumerate(drawn)]
    found = counted(passes)
    assert found == counted(passes[::-1]) and len({one.key for one in found}) == len(found)
    for person in "pq":
        for course in ("c@1", "d@1"):
            times = sorted(p.at_ms for p in passes if (p.person_id, p.course) == (person, course) and _is_in(p, found))
            assert all(b - a >= TERM_MS - RENEWAL_MS for a, b in pairwise(times))


def _is_in(one: Pass, found: tuple[ScoreEntry, ...]) -> bool:
    return any(entry.key.endswith(f":{one.attempt_id}") for entry in found)


def test_what_passes_earn_in_a_month_has_a_bound_and_what_is_missed_has_none() -> None:
    passes = [passed(n, n, person=f"p-{n}") for n in range(20)]
    misses = [Miss("acme", f"c-{n}@1", "1970-01-01", ("p",), n) for n in range(4)]
    score = total("acme", "1970-01", POLICY, WEIGHTS, counted(passes, misses))
    assert score.parts[Dimension.SAFETY] == POLICY.base - 4 * 2 + POLICY.training_most
    assert score.parts[Dimension.ENERGY] == POLICY.base


def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month() -> None:
    january_31 = 1_769_817_600_000  # 2026-01-31T00:00:00Z
    assert months_later(january_31, 1, UTC) == 1_772_236_800_000  # 2026-02-28
    assert months_later(january_31, 12, UTC) == january_31 + TERM_MS
