"""Asking for many points at once keeps exactly what asking for each would keep."""

from hypothesis import given
from hypothesis import strategies as st

from green_shield_bridge.frames import unpack
from green_shield_bridge.intake import Intake
from green_shield_bridge.sampling import ROUTINE, Decision, PointSampler

POINTS = 4
POLL_MS = 1_000


class Frames:
    """Stands in for the writer: keeps what is added."""

    def __init__(self):
        self.frames = []

    def add(self, frame):
        self.frames.append(frame)

    def kept(self):
        return [(frame.time_ms, *reading) for frame in self.frames for reading in unpack(frame)]


def samplers(kind):
    high = [float("inf"), 10.0, float("inf"), 5.0]
    return [
        PointSampler(interval_ms=interval, poll_ms=POLL_MS, keeps_all=kind == "all", high=high[at])
        for at, interval in enumerate([3_000, 3_000, 5_000, 1_000])
    ]


def intake(kind, frames, priorities=(1,) * POINTS):
    return Intake([10 + at for at in range(POINTS)], samplers(kind), priorities, frames)


group = st.sampled_from([(0, 1), (2, 3), (0, 1, 2, 3), (1,), (3, 0)])
value = st.sampled_from([1.0, 4.0, 7.0, 12.0])
flag = st.sampled_from("NNNNNNBD")
poll = group.flatmap(
    lambda points: st.tuples(
        st.just(points), st.lists(st.tuples(value, flag), min_size=len(points), max_size=len(points))
    )
)


@given(
    st.sampled_from(["all", "sampled"]), st.lists(st.tuples(poll, st.sampled_from([-2_000, 500, 1_000])), max_size=40)
)
def test_groups_keep_what_points_one_by_one_would_keep(kind, polls):
    frames, reference, expected, urgent = Frames(), samplers(kind), [], []
    sink, now_ms = intake(kind, frames), 1_000_000
    for (points, read), step_ms in polls:
        now_ms += step_ms
        values = [None if flag != "N" else number for number, flag in read]
        flags = "".join(flag for _, flag in read)
        sink.take(now_ms, points, values, flags)
        decided = [
            (reference[p].decide(v, f, now_ms), 10 + p, v, f) for p, v, f in zip(points, values, flags, strict=True)
        ]
        kept = [one for one in decided if one[0] is not Decision.NOT_DUE]
        expected += [(now_ms, *one[1:]) for one in kept]
        urgent += [now_ms] * any(one[0] not in ROUTINE for one in kept)

    def by_text(reading):
        return tuple(map(str, reading))

    assert sorted(frames.kept(), key=by_text) == sorted(expected, key=by_text)
    assert [frame.time_ms for frame in frames.frames if frame.is_urgent] == urgent


def test_an_interval_the_park_shortens_counts_from_the_next_poll():
    frames = Frames()
    own = samplers("sampled")
    sink = Intake([10, 11, 12, 13], own, (1,) * POINTS, frames)
    for now_ms in (0, 1_000):
        sink.take(now_ms, (0, 2), [1.0, 1.0], "NN")
    own[2].interval_ms = 1_000
    sink.intervals_changed()
    sink.take(2_000, (0, 2), [1.0, 1.0], "NN")
    assert [(frame.time_ms, frame.count) for frame in frames.frames] == [(0, 2), (2_000, 1)]


def test_what_is_worth_more_stands_in_a_frame_of_its_own():
    frames = Frames()
    intake("all", frames, priorities=(0, 2, 0, 1)).take(0, (0, 1, 2, 3), [1.0, 2.0, 3.0, 4.0], "NNNN")
    assert [(frame.priority, [r[0] for r in unpack(frame)]) for frame in frames.frames] == [
        (0, [10, 12]),
        (1, [13]),
        (2, [11]),
    ]
