"""Training in the operations table: what each person has tried and passed, and what of it counts for their enterprise."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.course import Attempt, Course, Duty, Miss, Pass
from chalicelib.domain.errors import AttemptsSpent, ContentConflict
from chalicelib.domain.events import CoursePublished, Event, TrainingAssigned, TrainingDue

LOOKED = "TRAINING"
KEYS_A_READ = 100


class RowTrainingRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def announce(self, event: CoursePublished) -> None:
        with suppress(RowConflict):  # it was announced
            said = Put(Row(f"COURSE#{event.course}", "PUBLISHED"), Expect.ABSENT)
            self._rows.commit([said, *event_puts([event])])

    def assign(self, event: TrainingAssigned) -> bool:
        return self._once(Row(_own(event.person_id), f"ASSIGNED#{event.course}", {"at_ms": event.at_ms}), event)

    def remind(self, event: TrainingDue) -> bool:
        return self._once(Row(_own(event.person_id), f"REMINDED#{event.course}#{event.due_day}"), event)

    def _once(self, row: Row, event: Event) -> bool:
        """Whether the row was new; with it, and only then, the event is announced."""
        try:
            self._rows.commit([Put(row, Expect.ABSENT), *event_puts([event])])
        except RowConflict:
            return False
        return True

    def duties(self, wanted: Iterable[tuple[Course, str]], now_ms: int) -> tuple[Duty, ...]:
        pairs = list(wanted)
        keys = [(_own(person), f"{what}#{course.name}") for course, person in pairs for what in ("ASSIGNED", "PASSED")]
        found: dict[tuple[str, str], Row] = {}
        for start in range(0, len(keys), KEYS_A_READ):
            found |= {(row.pk, row.sk): row for row in self._rows.get_many(keys[start : start + KEYS_A_READ])}
        return tuple(_duty(course, person, found, now_ms) for course, person in pairs)

    def add_attempt(
        self, attempt: Attempt, day: str, most: int, passed: Pass | None, events: Sequence[Event]
    ) -> Attempt:
        """The n-th attempt of a day stands under its number, so there are never more than `most`, however many come at once."""
        pk = _own(attempt.person_id)
        for number in range(most):
            sk = f"ATTEMPT#{attempt.course}#{day}#{number:02d}"
            if self._rows.get(pk, sk) is not None and self.attempt(attempt.person_id, attempt.id) is None:
                continue
            pointer = Put(Row(pk, f"TRIED#{attempt.id}", {"sk": sk}), Expect.ABSENT)
            more = [] if passed is None else _pass_puts(passed)
            try:
                self._rows.commit(
                    [pointer, Put(Row(pk, sk, to_body(attempt)), Expect.ABSENT), *more, *event_puts(events)]
                )
            except RowConflict:
                known = self.attempt(attempt.person_id, attempt.id)
                if known is None:
                    continue
                if (known.course, known.answers) != (attempt.course, attempt.answers):
                    raise ContentConflict(id=attempt.id) from None
                return known
            return attempt
        raise AttemptsSpent(allowed=most)

    def attempt(self, person_id: str, attempt_id: str) -> Attempt | None:
        pointer = self._rows.get(_own(person_id), f"TRIED#{attempt_id}")
        row = None if pointer is None else self._rows.get(_own(person_id), str(pointer.body["sk"]))
        return None if row is None else from_body(Attempt, row.body)

    def attempts(self, person_id: str, course: str) -> tuple[Attempt, ...]:
        rows = self._rows.query(_own(person_id), prefix=f"ATTEMPT#{course}#", newest_first=True)
        return tuple(from_body(Attempt, row.body) for row in rows)

    def passes(self, enterprise_id: str) -> tuple[Pass, ...]:
        rows = self._rows.query(_of_enterprise(enterprise_id), prefix="PASS#")
        return tuple(from_body(Pass, row.body) for row in rows)

    def misses(self, enterprise_id: str) -> tuple[Miss, ...]:
        rows = self._rows.query(_of_enterprise(enterprise_id), prefix="MISS#")
        return tuple(from_body(Miss, row.body) for row in rows)

    def miss(self, missed: Miss, event: Event) -> bool:
        sk = f"MISS#{missed.course}#{missed.due_day}"
        return self._once(Row(_of_enterprise(missed.enterprise_id), sk, to_body(missed)), event)

    def was_looked_at(self, day: str) -> bool:
        return self._rows.get(f"DAY#{day}", LOOKED) is not None

    def look_at(self, day: str, ttl_s: int) -> None:
        self._rows.commit([Put(Row(f"DAY#{day}", LOOKED, ttl_s=ttl_s))])


def _own(person_id: str) -> str:
    return f"TRAINING#person:{person_id}"


def _of_enterprise(enterprise_id: str) -> str:
    return f"TRAINING#enterprise:{enterprise_id}"


def _pass_puts(passed: Pass) -> list[Put]:
    """The newest pass of a person, and the list of all that an enterprise's people have."""
    body = to_body(passed)
    own = Put(Row(_own(passed.person_id), f"PASSED#{passed.course}", body))
    if not passed.enterprise_id:
        return [own]
    sk = f"PASS#{passed.at_ms:013d}#{passed.attempt_id}"
    return [own, Put(Row(_of_enterprise(passed.enterprise_id), sk, body))]


def _duty(course: Course, person_id: str, found: dict[tuple[str, str], Row], now_ms: int) -> Duty:
    """Who was not assigned it yet is from now on."""
    assigned = found.get((_own(person_id), f"ASSIGNED#{course.name}"))
    passed = found.get((_own(person_id), f"PASSED#{course.name}"))
    at_ms = now_ms if assigned is None else int(assigned.body["at_ms"])
    return Duty(course, person_id, at_ms, None if passed is None else from_body(Pass, passed.body))
