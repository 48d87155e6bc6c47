"""What is kept of the chain, on every store."""

from dataclasses import replace

import pytest

from chalicelib.adapters.link_repo import RowLinkRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.chain import Carried, Link, Place
from chalicelib.domain.errors import ContentConflict
from tests.park import FakeClock

LINK = Link("l-1", Place("a", "a1"), Place("b", "b1"), "溶剂", (Carried("voc", 50.0, "mg/m3"),), 0.6, 0.9, 30)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def links(rows: Rows, clock: FakeClock) -> RowLinkRepo:
    return RowLinkRepo(rows, clock)


def test_a_link_is_found_by_its_id_and_with_either_partner(links: RowLinkRepo) -> None:
    assert links.of_enterprise("a") == ()
    links.put(LINK)
    assert links.get("l-1") == LINK and links.all() == (LINK,)
    assert links.of_enterprise("a") == links.of_enterprise("b") == (LINK,)
    assert links.of_enterprise("c") == () and links.get("l-2") is None


def test_a_link_that_is_put_again_is_changed_everywhere(links: RowLinkRepo) -> None:
    links.put(LINK)
    links.put(LINK)
    changed = replace(LINK, share=0.2)
    links.put(changed)
    assert links.all() == links.of_enterprise("a") == links.of_enterprise("b") == (changed,)


def test_the_id_of_a_link_is_taken_by_its_partners(links: RowLinkRepo) -> None:
    links.put(LINK)
    with pytest.raises(ContentConflict):
        links.put(replace(LINK, receiver=Place("c", "c1")))
    assert links.of_enterprise("c") == () and links.all() == (LINK,)


def test_a_link_that_is_deleted_is_gone_everywhere_and_twice_is_once(links: RowLinkRepo) -> None:
    links.put(LINK)
    for _ in range(2):
        links.delete(LINK)
    assert links.get("l-1") is None and links.all() == links.of_enterprise("a") == links.of_enterprise("b") == ()


def test_what_another_process_registers_is_seen_after_a_while(rows: Rows, clock: FakeClock) -> None:
    mine, another = RowLinkRepo(rows, clock), RowLinkRepo(rows, clock)
    assert mine.of_enterprise("a") == ()
    another.put(LINK)
    assert mine.of_enterprise("a") == ()
    clock.advance(61)
    assert mine.of_enterprise("a") == (LINK,)
