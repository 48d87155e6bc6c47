"""However the line cuts, doubles and reorders what was done offline, the park ends as if all had come once and in order."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api.models.wire import rfc3339
from chalicelib.handlers.on_clock import on_clock
from tests.acts import JPEG, FakeInspector, answer_body, client_id, photo_body, retest_body
from tests.offline import brings, operation
from tests.park import Park

OWNER = "inspector_safety"
HAZARD = client_id(900)
TASK = f"t-{HAZARD}"
PHOTOS = (501, 502)
COUNT = 8  # operations of the afternoon
MINUTES_LATER = 70  # by then whatever is held has been tried once more


def operations(park: Park) -> list[dict[str, Any]]:
    """An inspector's afternoon without a signal: a hazard is found, looked at and handed in."""
    seen = {"dimension": "safety", "severity": 2, "text": "护栏松动", "seen_at": rfc3339(park.clock.ms)}
    hazard = {"id": HAZARD, "enterprise_id": "acme", "unit_id": "acme-r1"} | seen
    handed_in = {"note": "已处置", "media": [client_id(one) for one in PHOTOS]}
    done: list[tuple[str, dict[str, Any], bool]] = [
        ("hazard", hazard, False),
        ("accept", {}, True),
        *(("photo", photo_body(one, "safety"), False) for one in PHOTOS),
        ("retest", retest_body(1, "safety"), False),
        *(("checklist_answer", answer_body(700 + n, item=item), True) for n, item in enumerate(("cooling", "relief"))),
        ("submission", handed_in, True),
    ]
    return [
        operation(park, number, kind, payload, task_id=TASK, **({"side": "safety"} if has_side else {}))
        for number, (kind, payload, has_side) in enumerate(done, start=1)
    ]


class Afternoon:
    def __init__(self) -> None:
        self.park = Park(inspector=FakeInspector()).register()
        self.operations = operations(self.park)
        self.outcomes: dict[str, str] = {}
        self.keys: dict[str, str] = {}

    def brings(self, numbers: list[int]) -> None:
        for result in brings(self.park, OWNER, *(self.operations[number] for number in numbers)):
            self.outcomes[result["id"]] = result["outcome"]
            if "upload" in result:
                self.keys[result["id"]] = result["upload"]["fields"]["key"]

    def uploads(self) -> None:
        """What may be uploaded is; the storage tells of it, once."""
        while self.keys:
            _, key = self.keys.popitem()
            self.park.services.media.write(key, JPEG, content_type="image/jpeg")
            self.park.photo_lands(key)

    def ends(self) -> dict[str, Any]:
        """All has come at least once. What the park holds then, without instants and versions: these are of the way, not of the end."""
        everything = list(range(COUNT))
        self.brings(everything)
        self.uploads()
        self.park.clock.advance(MINUTES_LATER * 60)
        on_clock(self.park.services)
        self.park.pump()
        self.brings(everything)
        services = self.park.services
        task = services.tasks.get(TASK)
        assert task is not None and self.park.failures == 0
        photos, retests, _ = services.evidence.of_task(TASK)
        return {
            "side": (
                task.safety.state,
                task.safety.revision,
                task.safety.inspector_id,
                task.safety.submission.media if task.safety.submission else (),
            ),
            "acknowledged": [one.by for one in task.acknowledgements],
            "photos": sorted((one.id, one.state) for one in photos),
            "retests": sorted(one.id for one in retests),
            "answers": sorted(one.id for one in services.checklists.answers(TASK)),
            "receipts": sorted(services.operations.receipts(OWNER, TASK)),
            "held": services.operations.due(self.park.clock.ms + 10**9, 10),
            "conflicts": services.operations.conflicts("park", None, 10).items,
            "is_done": {outcome in ("applied", "merged") for outcome in self.outcomes.values()},
        }


def in_order() -> dict[str, Any]:
    day = Afternoon()
    for number in range(len(day.operations)):
        day.brings([number])
        day.uploads()
    return day.ends()


EXPECTED = in_order()


def test_in_order_all_of_it_is_done() -> None:
    assert EXPECTED["is_done"] == {True}
    assert (len(EXPECTED["photos"]), len(EXPECTED["retests"]), len(EXPECTED["answers"])) == (2, 1, 2)
    assert (EXPECTED["held"], EXPECTED["conflicts"]) == ((), ())
    assert EXPECTED["side"][:2] == ("submitted", 1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(range(COUNT)),
    again=st.lists(st.tuples(st.integers(0, COUNT), st.integers(0, COUNT - 1)), max_size=8),
    cuts=st.sets(st.integers(1, 2 * COUNT)),
    uploads=st.lists(st.booleans(), min_size=2 * COUNT, max_size=2 * COUNT),
)
def test_any_order_doubling_and_split_ends_the_same(
    order: list[int], again: list[tuple[int, int]], cuts: set[int], uploads: list[bool]
) -> None:
    sent = list(order)
    for at, number in again:
        sent.insert(at, number)
    day, start = Afternoon(), 0
    for batch, end in enumerate([*sorted(cut for cut in cuts if cut < len(sent)), len(sent)]):
        day.brings(sent[start:end])
        if uploads[batch % len(uploads)]:
            day.uploads()
        start = end
    assert day.ends() == EXPECTED
