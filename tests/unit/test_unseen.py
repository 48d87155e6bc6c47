"""Which channel is tried next for a call that nobody has seen, and when there is no more to do."""

from dataclasses import replace

import pytest

from chalicelib.domain.channel import Audience, Channel
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.notice import Notice, NoticeKind
from chalicelib.domain.person import Person, Role
from chalicelib.domain.side import SideState
from chalicelib.domain.task import Acknowledgement, Task
from chalicelib.domain.unseen import Ending, UnseenCall, next_channel, watched
from tests.unit.test_task import TASK

T0 = 1_772_416_800_000
LI = Person(
    "li", "李", Role.INSPECTOR, dimension=Dimension.SAFETY, regions=("east",), industries=("circular_chemical",)
)
BOSS = Person("boss", "厂长", Role.ENTERPRISE, enterprise_id=TASK.enterprise_id)
NOTICE = Notice("n-1", "li", NoticeKind.TASK_DISPATCHED, TASK.id, TASK.enterprise_id, 2, T0)
CALL = UnseenCall("li", "n-1", 2, T0 + 300_000)
MAIL = Channel("a-mail", "mail", "mailtos://x", Audience(person_id="li"), order=2)
CHAT = Channel("b-chat", "chat", "wecombot://x", Audience(person_id="li"), order=1)
SAFETY = Channel("c-safety", "群", "wecombot://x", Audience(Dimension.SAFETY, (TASK.region,)))
OTHERS = (
    Channel("d-environment", "群", "wecombot://x", Audience(Dimension.ENVIRONMENT)),
    Channel("e-elsewhere", "群", "wecombot://x", Audience(Dimension.SAFETY, ("nowhere",))),
    Channel("f-wang", "chat", "wecombot://x", Audience(person_id="wang")),
    Channel("g-plant", "群", "wecombot://x", Audience(enterprise_id=TASK.enterprise_id)),
)
CLOSED = replace(
    TASK,
    safety=replace(TASK.safety, state=SideState.PASSED),
    environment=replace(TASK.environment, state=SideState.PASSED),
)
ALL = (MAIL, CHAT, SAFETY, *OTHERS)


def test_one_s_own_channels_come_in_their_order_and_then_the_department_s() -> None:
    call, seen = CALL, list[str]()
    while isinstance(found := next_channel(call, NOTICE, LI, TASK, ALL), Channel):
        seen.append(found.id)
        call = call.later(call.due_at_ms + 1, found.id)
    assert (seen, found) == (["b-chat", "a-mail", "c-safety"], Ending.NOTHING_LEFT)


def test_an_enterprise_s_people_have_the_enterprise_s_channels_and_no_department_s() -> None:
    found = next_channel(replace(CALL, person_id="boss"), NOTICE, BOSS, TASK, ALL)
    assert isinstance(found, Channel) and found.id == "g-plant"


def test_what_is_no_task_goes_to_one_s_own_channels_only() -> None:
    upwind = replace(NOTICE, kind=NoticeKind.RISK_UPWIND, task_id="")
    assert next_channel(CALL.later(T0, "a-mail", "b-chat"), upwind, LI, None, ALL) is Ending.NOTHING_LEFT


@pytest.mark.parametrize(
    ("notice", "task", "ending"),
    [
        pytest.param(replace(NOTICE, seen_at_ms=T0), TASK, Ending.SEEN, id="seen"),
        pytest.param(NOTICE, CLOSED, Ending.TASK_CLOSED, id="closed"),
        pytest.param(
            NOTICE, replace(TASK, acknowledgements=(Acknowledgement("li", T0),)), Ending.ACKNOWLEDGED, id="acknowledged"
        ),
    ],
)
def test_a_call_ends_when_it_is(notice: Notice, task: Task, ending: Ending) -> None:
    assert next_channel(CALL, notice, LI, task, ALL) is ending


def test_another_s_acknowledgement_ends_nothing() -> None:
    task = replace(TASK, acknowledgements=(Acknowledgement("wang", T0),))
    assert next_channel(CALL, NOTICE, LI, task, ALL) is CHAT


@pytest.mark.parametrize(
    ("kind", "tier", "wait_s"),
    [
        pytest.param(NoticeKind.TASK_DISPATCHED, 3, 120, id="tier 3 for two minutes"),
        pytest.param(NoticeKind.SIDE_ASSIGNED, 2, 300, id="tier 2 for five"),
        pytest.param(NoticeKind.TASK_DISPATCHED, 1, None, id="tier 1 not at all"),
        pytest.param(NoticeKind.TASK_CLOSED, 3, None, id="what calls nobody not at all"),
    ],
)
def test_a_notice_is_watched(kind: NoticeKind, tier: int, wait_s: int | None) -> None:
    found = watched(replace(NOTICE, kind=kind, tier=tier), T0)
    assert (None if found is None else found.due_at_ms - T0) == (None if wait_s is None else wait_s * 1000)
