"""Budgets of privacy and what was released from them, in the operations table. A release is written with the budget that it leaves."""

from dataclasses import replace

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.rows import Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.errors import WriteConflict
from chalicelib.domain.privacy import Budget, Release
from chalicelib.ports import Page

LIST = "RELEASES"
BUDGET = "BUDGET#"


class RowPrivacyRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def budget(self, data_set: str, recipient: str) -> Budget | None:
        row = self._rows.get(f"PRIVACY#{data_set}", f"{BUDGET}{recipient}")
        return None if row is None else from_body(Budget, row.body)

    def budgets(self, data_set: str) -> tuple[Budget, ...]:
        rows = self._rows.query(f"PRIVACY#{data_set}", prefix=BUDGET)
        return tuple(from_body(Budget, row.body) for row in rows)

    def put_budget(self, budget: Budget) -> Budget:
        after = replace(budget, version=budget.version + 1)
        self._commit([_budget_put(after)])
        return after

    def release(self, release_id: str) -> Release | None:
        row = self._rows.get(*_key(release_id))
        return None if row is None else from_body(Release, row.body)

    def add(self, release: Release, budget: Budget) -> Release:
        row = Row(*_key(release.id), to_body(release))
        listed = Row(LIST, f"{release.at_ms:013d}#{release.id}")
        paid = _budget_put(replace(budget, version=budget.version + 1))
        self._commit([Put(row, Expect.ABSENT), Put(listed), paid])
        return release

    def listing(self, cursor: str | None, limit: int) -> Page[Release]:
        feed, onward = feed_page(self._rows, LIST, cursor, limit)
        ids = [row.sk.split("#", 1)[1] for row in feed]
        rows = self._rows.get_many([_key(one) for one in ids]) if ids else []
        known = {one.id: one for one in (from_body(Release, row.body) for row in rows)}
        return Page(tuple(known[one] for one in ids if one in known), onward)

    def _commit(self, puts: list[Put]) -> None:
        try:
            self._rows.commit(puts)
        except RowConflict as error:
            raise WriteConflict from error


def _key(release_id: str) -> tuple[str, str]:
    return f"RELEASE#{release_id}", "RELEASE"


def _budget_put(budget: Budget) -> Put:
    row = Row(f"PRIVACY#{budget.data_set}", f"{BUDGET}{budget.recipient}", to_body(budget), version=budget.version)
    return Put(row, Expect.ABSENT if budget.version == 1 else Expect.VERSION)
