"""A bad day in the yard: eight inspectors, forty tasks, two hundred photos, and a line that loses requests before or after the park
acted on them, doubles and reorders batches, while phones are killed. At its end nothing is lost, and nothing is there twice.
"""

import logging
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.api.models.wire import rfc3339
from chalicelib.domain.errors import GreenShieldError
from chalicelib.domain.task import Task, TaskKind
from chalicelib.handlers.on_clock import on_clock
from chalicelib.ports import UploadTicket
from chalicelib.usecases.open_case import open_case
from chalicelib.usecases.plan_task import Case
from tests.acts import FakeInspector, retest_body
from tests.park import Park
from tests.phone import LineLost, Phone

SEEDS = range(100)
SIDES = ("safety", "environment")
INSPECTORS = [f"{side}-{n}" for side in SIDES for n in range(4)]
TASKS, PHOTOS, ANSWERS = 40, 200, 2
LOSES, DOUBLES, REORDERS, KILLS = 0.15, 0.2, 0.3, 0.1


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A day writes some ten thousand lines."""
    log = logging.getLogger("green-shield")
    level = log.level
    log.setLevel(logging.ERROR)
    yield
    log.setLevel(level)


class Day:
    """The park with its tasks, and eight phones on a line that `is_bad`."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.park = Park(inspector=FakeInspector())
        self.is_bad = True
        self.ids = 0
        self.landed: list[str] = []  # objects of which S3 has not told yet
        self.late: list[Callable[[], object]] = []  # requests that arrive once more, later
        self._open_tasks()
        self.phones = {who: self._phone(who) for who in INSPECTORS}

    def _open_tasks(self) -> None:
        from chalicelib.domain.person import Person, Role

        registry = self.park.services.registry
        registry.put_person(Person("admin", "admin", Role.ADMIN))
        admin = self.park.as_("admin")
        self.park.put_plant(admin, "acme", "91110000MA01A2B34H")
        group = {"role": "inspector", "regions": ["east"], "industries": ["circular_chemical"]}
        for who in INSPECTORS:
            admin.put(f"/v1/people/{who}", {"name": who, "dimension": who.partition("-")[0], **group})
        ports = {
            name: getattr(self.park.services, name) for name in ("tasks", "registry", "catalogues", "duty", "clock")
        }
        for n in range(TASKS):
            open_case(Case(f"t-{n:02d}", TaskKind.HAZARD, "acme-r1", 2, f"隐患{n}"), "acme", **ports)
        self.park.pump()

    def _phone(self, who: str) -> Phone:
        skew_ms = self.chance.randrange(-600_000, 600_000)

        def line(method: str, path: str, body: Any) -> dict[str, Any]:
            self._may_lose()
            caller = self.park.as_(who)
            if self.is_bad and method == "POST" and self.chance.random() < DOUBLES:
                self.late.append(lambda: caller.post(path, body))
            answer = caller.call(method, path, body, 200, {})
            self._may_lose()
            return answer

        return Phone(
            who,
            line,
            self._upload,
            lambda: self.park.clock.now_ms() + skew_ms,
            page=lambda: self.chance.randrange(1, 8) if self.is_bad else 200,
        )

    def _may_lose(self) -> None:
        if self.is_bad and self.chance.random() < LOSES:
            raise LineLost

    def _upload(self, ticket: dict[str, Any], data: bytes) -> None:
        self._may_lose()
        media: Any = self.park.services.media
        leave = UploadTicket(ticket["url"], ticket["fields"], self.park.clock.now_ms() + 900_000)
        key = media.upload(leave, data, now_ms=self.park.clock.now_ms())
        self.landed += [key] * self.chance.choice((1, 1, 1, 2))
        self._may_lose()

    def id(self) -> str:
        self.ids += 1
        return f"0199f3a0-7c1e-7b52-9d53-{self.ids:012d}"

    # what happens in the day

    def works(self, phone: Phone, task: Task, photos: int) -> None:
        """An inspector works the own side of a task without a signal."""
        side = phone.person.partition("-")[0]
        takes = self.chance.choice(("acknowledge", "accept"))
        phone.does(self.id(), takes, task.id, {}, side if takes == "accept" else None)
        media = [self.id() for _ in range(photos)]
        for photo_id in media:
            phone.photographs(self.id(), photo_id, task.id, side, f"picture {photo_id}".encode())
        self.ids += 1
        phone.does(self.id(), "retest", task.id, retest_body(self.ids, side))
        for item in self._items(phone, task, side)[:ANSWERS]:
            answer = {"id": self.id(), "item": item, "answer": "ok", "at": rfc3339(phone.clock_ms())}
            phone.does(self.id(), "checklist_answer", task.id, answer, side)
        phone.does(self.id(), "submission", task.id, {"note": "已处置", "media": media}, side)

    def _items(self, phone: Phone, task: Task, side: str) -> list[str]:
        """Of the side's list as the phone knows it."""
        lists = (phone.saved.checklists[name] for name in phone.saved.tasks[task.id]["checklists"])
        return [item["id"] for one in lists if one["dimension"] == side for item in one["items"]]

    def minute_passes(self) -> None:
        self.park.clock.advance(60)
        self.chance.shuffle(self.landed)
        told = [self.landed.pop() for _ in range(self.chance.randrange(len(self.landed) + 1))]
        for key in told if self.is_bad else [*told, *self.landed]:
            self.park.photo_lands(key)
        self.landed = self.landed if self.is_bad else []
        self.chance.shuffle(self.late)
        while self.late and (not self.is_bad or self.chance.random() < 0.5):
            self.late.pop()()
        on_clock(self.park.services)
        self.park.pump()

    def talks(self, phone: Phone) -> None:
        """A phone has a signal for a moment; whatever happens then, it is not worse off than before."""
        batch = phone.waiting()[: self.chance.randrange(1, 40) if self.is_bad else 100]
        if self.is_bad and self.chance.random() < REORDERS:
            self.chance.shuffle(batch)
        try:
            if batch:
                phone.pushes(batch)
            phone.pulls()
        except LineLost:
            pass
        if self.is_bad and self.chance.random() < KILLS:
            phone.killed()


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_bad_day_the_park_holds_everything_once_and_every_phone_agrees_with_it(seed: int) -> None:
    day = Day(seed)
    tasks = day.park.services.tasks.listing("park", None, TASKS, open_only=True).items
    for phone in day.phones.values():
        while len(phone.saved.tasks) < TASKS // 4:
            day.talks(phone)
    for number, task in enumerate(tasks):
        for side, holder in (("safety", task.safety), ("environment", task.environment)):
            photos = 3 if (number % 2 == 0) == (side == "safety") else 2
            day.works(day.phones[holder.inspector_id or ""], task, photos)
        if number % 8 == 7:
            for phone in day.chance.sample(list(day.phones.values()), 5):
                day.talks(phone)
            day.minute_passes()
    for _ in range(6):
        for phone in day.phones.values():
            day.talks(phone)
        day.minute_passes()
    day.is_bad = False
    for _ in range(20):
        for phone in day.phones.values():
            day.talks(phone)
        day.minute_passes()
        if not any(phone.waiting() for phone in day.phones.values()):
            break
    day.park.clock.advance(120)
    for phone in day.phones.values():
        phone.pulls()
    holds_everything_once(day)
    for phone in day.phones.values():
        agrees(day, phone)


def holds_everything_once(day: Day) -> None:
    services = day.park.services
    photos = [photo for n in range(TASKS) for photo in services.evidence.of_task(f"t-{n:02d}")[0]]
    retests = [retest for n in range(TASKS) for retest in services.evidence.of_task(f"t-{n:02d}")[1]]
    tasks = [services.tasks.get(f"t-{n:02d}") for n in range(TASKS)]
    assert len({photo.id for photo in photos}) == len(photos) == PHOTOS
    assert {photo.state.value for photo in photos} == {"verified"}
    answers = [answer for n in range(TASKS) for answer in services.checklists.answers(f"t-{n:02d}")]
    assert len(retests) == 2 * TASKS
    assert len({answer.id for answer in answers}) == len(answers) == 2 * TASKS * ANSWERS
    sides = [side for task in tasks if task for side in (task.safety, task.environment)]
    assert {(side.state.value, side.revision) for side in sides} == {("submitted", 1)}
    assert all(len({one.by for one in task.acknowledgements}) == 2 for task in tasks if task)
    outcomes = [outcome for phone in day.phones.values() for outcome in phone.saved.outcomes.values()]
    assert len(outcomes) == PHOTOS + 2 * TASKS * (3 + ANSWERS)
    assert set(outcomes) <= {"applied", "merged"}
    assert services.operations.due(day.park.clock.ms + 10**9, 10) == ()
    assert day.park.failures == 0


def agrees(day: Day, phone: Phone) -> None:
    fresh = Phone(phone.person, phone.line, phone.upload, phone.clock_ms)
    fresh.pulls()
    assert len(fresh.saved.tasks) == TASKS // 4
    assert without_links(phone) == without_links(fresh)
    assert not phone.saved.outbox
    assert not phone.saved.uploads


def without_links(phone: Phone) -> dict[str, Any]:
    return {
        task_id: {**one, "photos": [{**photo, "links": None} for photo in one["photos"]]}
        for task_id, one in phone.saved.tasks.items()
    }


def test_the_line_of_these_days_is_a_bad_one() -> None:
    """The day would prove nothing if nothing were lost in it."""
    day = Day(1)
    lost = 0
    for _ in range(50):
        try:
            day.phones[INSPECTORS[0]].pulls()
        except (LineLost, GreenShieldError):
            lost += 1
    assert lost > 5
