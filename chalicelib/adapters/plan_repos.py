"""Joint plans in the registry, and their runs among the operations."""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.operations_repos import event_puts
from chalicelib.adapters.rows import Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.chain_plan import ChainPlan, PlanRun
from chalicelib.domain.errors import ContentConflict, WriteConflict
from chalicelib.domain.events import Event
from chalicelib.ports import Page

LIST, RUNNING = "PLANS", "RUNNING"


class RowPlanRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def put(self, plan: ChainPlan) -> None:
        self._rows.commit([Put(Row(LIST, plan.id, to_body(plan)))])

    def get(self, plan_id: str) -> ChainPlan | None:
        row = self._rows.get(LIST, plan_id)
        return None if row is None else from_body(ChainPlan, row.body)

    def all(self) -> tuple[ChainPlan, ...]:
        return tuple(from_body(ChainPlan, row.body) for row in self._rows.query(LIST))


class RowPlanRunRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, run: PlanRun, events: Sequence[Event]) -> PlanRun:
        sk = f"{run.started_at_ms:013d}#{run.id}"
        scopes = ["park", *(f"enterprise:{one}" for one in sorted(run.plan.enterprises))]
        feeds = [Put(Row(f"RUNS#{scope}", sk)) for scope in scopes]
        try:
            writes = [Put(_row(run, 1), Expect.ABSENT), *feeds, Put(Row(RUNNING, run.id)), *event_puts(events)]
            self._rows.commit(writes)
        except RowConflict:
            known = self.get(run.id)
            if known is None:
                raise WriteConflict from None
            if _content(known) != _content(run):
                raise ContentConflict(id=run.id) from None
            return known
        return _versioned(run, 1)

    def get(self, run_id: str) -> PlanRun | None:
        row = self._rows.get(f"RUN#{run_id}", "RUN")
        return None if row is None else _of(row)

    def save(self, run: PlanRun, events: Sequence[Event]) -> PlanRun:
        over = [] if run.ended_at_ms is None else [Delete(RUNNING, run.id)]
        try:
            self._rows.commit([Put(_row(run, run.version + 1), Expect.VERSION), *over, *event_puts(events)])
        except RowConflict as error:
            raise WriteConflict from error
        return _versioned(run, run.version + 1)

    def running(self) -> tuple[PlanRun, ...]:
        found = (self.get(row.sk) for row in self._rows.query(RUNNING))
        return tuple(one for one in found if one is not None)

    def listing(self, enterprise_id: str | None, cursor: str | None, limit: int) -> Page[PlanRun]:
        scope = "park" if enterprise_id is None else f"enterprise:{enterprise_id}"
        feed, onward = feed_page(self._rows, f"RUNS#{scope}", cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([(f"RUN#{one}", "RUN") for one in ids]) if ids else []
        known = {one.id: one for one in map(_of, rows)}
        return Page(tuple(known[one] for one in ids if one in known), onward)


def _content(run: PlanRun) -> tuple[str, str, str, str]:
    """What whoever starts it again must say again."""
    return run.plan.id, run.incident, run.alert_id, run.started_by


def _row(run: PlanRun, version: int) -> Row:
    return Row(f"RUN#{run.id}", "RUN", to_body(run), version=version)


def _of(row: Row) -> PlanRun:
    return _versioned(from_body(PlanRun, row.body), row.version)


def _versioned(run: PlanRun, version: int) -> PlanRun:
    return replace(run, version=version)
