"""What the stores of catalogue versions and reviews promise in ports.py, on memory, moto and DynamoDB Local. Refusals first."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from chalicelib.adapters.catalogue import shipped, shipped_document
from chalicelib.adapters.catalogue_repo import MAX_PACKED_BYTES, RowCatalogueRepo
from chalicelib.adapters.review_repo import RowReviewRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.catalogue_version import CatalogueVersion, Change, Move
from chalicelib.domain.errors import ContentConflict, InvalidCursor, InvalidRequest, TooLarge, WriteConflict
from chalicelib.domain.events import CatalogueReviewDue
from chalicelib.domain.review import Review

T0 = 1_772_416_800_000
REVIEW = Review("r-1", "2026-Q1", "east", "无需调整", "admin", T0)
DUE = CatalogueReviewDue("", T0, "", "2026-Q1", "east", T0 - 1000)


class Clock:
    def __init__(self) -> None:
        self.ms = T0

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalogues(rows: Rows, clock: Clock) -> RowCatalogueRepo:
    return RowCatalogueRepo(rows, clock)


def document(name: str, **changes: Any) -> dict[str, Any]:
    return shipped_document() | {"version": name} | changes


def drafted(catalogues: RowCatalogueRepo, name: str, at_ms: int = T0, **changes: Any) -> CatalogueVersion:
    proposal = catalogues.check(document(name, **changes))
    return catalogues.save(CatalogueVersion(name, "admin", at_ms), proposal.document)


def publish(catalogues: RowCatalogueRepo, name: str, from_ms: int) -> None:
    schedule = catalogues.schedule()
    known = catalogues.stored(name)
    assert known is not None
    catalogues.publish(known[0], schedule.publish(Change(Move.PUBLISHED, name, from_ms, T0, "admin")))


# versions


def test_a_draft_of_which_another_was_saved_meanwhile_is_not_replaced(catalogues: RowCatalogueRepo) -> None:
    first = drafted(catalogues, "east")
    catalogues.save(first, document("east", kappa=0.3))
    for stale in (first, replace(first, revision=0)):
        with pytest.raises(WriteConflict):
            catalogues.save(stale, document("east"))


def test_of_two_publications_on_the_same_schedule_one_is_refused(catalogues: RowCatalogueRepo) -> None:
    east, west = drafted(catalogues, "east"), drafted(catalogues, "west")
    seen = catalogues.schedule()
    catalogues.publish(east, seen.publish(Change(Move.PUBLISHED, "east", T0, T0, "admin")))
    with pytest.raises(WriteConflict):
        catalogues.publish(west, seen.publish(Change(Move.PUBLISHED, "west", T0, T0, "admin")))
    assert catalogues.current().version == "east"
    known = catalogues.stored("west")
    assert known is not None and not known[0].is_published, "all or nothing"


def test_a_draft_that_was_replaced_after_it_was_looked_at_is_not_published(catalogues: RowCatalogueRepo) -> None:
    seen = drafted(catalogues, "east")
    catalogues.save(seen, document("east", kappa=0.3))
    with pytest.raises(WriteConflict):
        catalogues.publish(seen, catalogues.schedule().publish(Change(Move.PUBLISHED, "east", T0, T0, "admin")))
    assert catalogues.current() == shipped()


def test_a_document_that_no_row_would_take_is_refused(catalogues: RowCatalogueRepo) -> None:
    noise = Random(1).randbytes(MAX_PACKED_BYTES).hex()
    with pytest.raises(TooLarge):
        catalogues.save(CatalogueVersion("east", "admin", T0), {"noise": noise})
    assert catalogues.stored("east") is None


def test_a_broken_text_is_refused_by_field_and_line(catalogues: RowCatalogueRepo) -> None:
    with pytest.raises(InvalidRequest) as refused:
        catalogues.check("version: east\nkappa: -1\n")
    assert ("kappa", 2) in [(one.field, one.line) for one in refused.value.errors]
    with pytest.raises(InvalidRequest) as refused:
        catalogues.check("version: [east\n")
    assert [(one.field, one.line) for one in refused.value.errors] == [("", 2)]


def test_a_cursor_of_another_making_is_refused(catalogues: RowCatalogueRepo, rows: Rows) -> None:
    for listing in (catalogues.listing, RowReviewRepo(rows).listing):
        with pytest.raises(InvalidCursor):
            listing("nonsense!", 10)


def test_where_nothing_was_published_the_shipped_catalogue_is_in_force(catalogues: RowCatalogueRepo) -> None:
    assert catalogues.current() == catalogues.in_force_at(0) == shipped()
    assert catalogues.version(shipped().version) == shipped()
    assert catalogues.version("nothing") is catalogues.stored("nothing") is None
    known = catalogues.stored(shipped().version)
    assert known is not None and known[0].is_published


def test_a_draft_is_read_but_not_in_force_and_may_be_replaced(catalogues: RowCatalogueRepo) -> None:
    first = drafted(catalogues, "east", kappa=0.3)
    found = catalogues.version("east")
    assert found is not None and found.kappa == 0.3
    catalogues.save(first, catalogues.check(document("east", kappa=0.4)).document)
    found = catalogues.version("east")
    assert found is not None and found.kappa == 0.4
    assert catalogues.current() == shipped()


def test_a_version_is_in_force_from_its_instant_on(catalogues: RowCatalogueRepo, clock: Clock) -> None:
    drafted(catalogues, "east")
    publish(catalogues, "east", T0 + 60_000)
    assert [catalogues.in_force_at(T0 + ms).version for ms in (59_999, 60_000)] == [shipped().version, "east"]
    clock.ms = T0 + 60_000
    assert catalogues.current().version == "east"


def test_the_shipped_version_that_a_park_put_in_force_stays_whatever_the_code_ships_next(
    catalogues: RowCatalogueRepo, rows: Rows
) -> None:
    name = shipped().version
    drafted(catalogues, "east")
    publish(catalogues, "east", T0)
    publish(catalogues, name, T0)
    assert catalogues.current() == shipped()
    assert rows.get(f"CATALOGUE#{name}", "VERSION") is not None
    assert sorted(one.name for one in catalogues.listing(None, 10).items) == sorted((name, "east"))


def test_another_process_follows_within_the_time_of_the_cache(rows: Rows, clock: Clock) -> None:
    mine, other = RowCatalogueRepo(rows, clock), RowCatalogueRepo(rows, clock, cache_s=15)
    assert other.current() == shipped()
    drafted(mine, "east")
    publish(mine, "east", T0)
    assert mine.current().version == "east"
    clock.ms += 15_000
    assert other.current().version == "east"


def test_a_text_and_its_document_are_the_same_proposal(catalogues: RowCatalogueRepo) -> None:
    import yaml

    text = yaml.safe_dump(document("east"), allow_unicode=True)
    assert catalogues.check(text) == catalogues.check(document("east"))


def test_what_is_stored_reads_back_the_same(catalogues: RowCatalogueRepo) -> None:
    saved, proposal = drafted(catalogues, "east"), catalogues.check(document("east"))
    assert catalogues.stored("east") == (saved, proposal.document)
    assert catalogues.check(proposal.document) == proposal, "filling defaults in twice is the same as once"


def test_versions_are_listed_newest_first_with_the_shipped_one_at_the_end(catalogues: RowCatalogueRepo) -> None:
    for n, name in enumerate(("east", "a", "west")):
        drafted(catalogues, name, T0 + n)
    first = catalogues.listing(None, 2)
    second = catalogues.listing(first.cursor, 2)
    assert [one.name for one in (*first.items, *second.items)] == ["west", "a", "east", shipped().version]
    assert second.cursor is None


# reviews


def test_a_review_id_used_for_another_note_is_a_conflict(rows: Rows) -> None:
    reviews = RowReviewRepo(rows)
    reviews.add(REVIEW)
    with pytest.raises(ContentConflict):
        reviews.add(replace(REVIEW, note="other"))


def test_a_repeated_review_is_the_first_one(rows: Rows) -> None:
    reviews = RowReviewRepo(rows)
    assert reviews.add(REVIEW) == reviews.add(replace(REVIEW, at_ms=T0 + 5)) == REVIEW
    assert reviews.listing(None, 10).items == (REVIEW,)


def test_a_quarter_is_settled_once_it_was_announced_or_reviewed(rows: Rows) -> None:
    reviews = RowReviewRepo(rows)
    assert not reviews.is_settled("2026-Q1")
    reviews.announce(DUE)
    reviews.add(replace(REVIEW, quarter="2026-Q2"))
    assert [reviews.is_settled(f"2026-Q{n}") for n in (1, 2, 3)] == [True, True, False]


def test_a_review_is_announced_once_a_quarter(rows: Rows) -> None:
    reviews = RowReviewRepo(rows)
    reviews.announce(DUE)
    reviews.announce(replace(DUE, at_ms=T0 + 60_000))
    assert len(rows.query("ENT#", prefix="EVENT#")) == 1


def test_reviews_are_listed_newest_first(rows: Rows) -> None:
    reviews = RowReviewRepo(rows)
    made = [reviews.add(replace(REVIEW, id=f"r-{n}", at_ms=T0 + n)) for n in range(3)]
    first = reviews.listing(None, 2)
    assert (*first.items, *reviews.listing(first.cursor, 2).items) == tuple(reversed(made))
