"""Figures in the operations table, by generation: the facets that were counted, their sums by node, and which node is below which.

A facet and all sums that it is in change in one commit, each at the version that it was read at. The row NOW of an anchor is written in
each commit that counts something of it, so that its version tells whether anything of the anchor has changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.adapters.codec import from_body, to_body
from chalicelib.adapters.dashboard_sheet import Key, Sheet, node_pk, tally_of
from chalicelib.adapters.feeds import feed_page
from chalicelib.adapters.rows import MAX_WRITES, Delete, Expect, Put, Row, RowConflict, Rows
from chalicelib.domain.dashboard import (
    NOW,
    PARK,
    SHARED,
    Branch,
    Counts,
    Facet,
    Generations,
    Home,
    Place,
    StoredFacets,
    Tally,
    Thing,
    changes,
    enterprise_node,
    industry_node,
    region_node,
    rising,
    thing_of,
    unit_node,
)
from chalicelib.domain.errors import WriteConflict
from chalicelib.ports import Page

HEAD = ("DASHBOARD#", "HEAD")
A_PAGE = 100


class RowDashboardRepo:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def generations(self) -> Generations:
        row = self._rows.get(*HEAD)
        return Generations() if row is None else replace(from_body(Generations, row.body), version=row.version)

    def save_generations(self, generations: Generations) -> Generations:
        after = replace(generations, version=generations.version + 1)
        row = Row(*HEAD, to_body(after), version=after.version)
        self._commit([Put(row, Expect.VERSION if generations.version else Expect.ABSENT)])
        return after

    def stored(self, generation: int, anchor: str, things: Sequence[Thing]) -> StoredFacets:
        pk, head = _facets_pk(generation, anchor), (node_pk(generation, anchor), NOW)
        rows = self._rows.get_many([*((pk, one.key) for one in things), head])
        facets = {thing_of(row.sk): (_facet(row), row.version) for row in rows if row.pk == pk}
        now = next((tally_of(row) for row in rows if row.pk == head[0]), Tally())
        return StoredFacets(generation, anchor, facets, now.place)

    def settle(self, stored: StoredFacets, facets: Sequence[Facet], homes: Mapping[str, Home], at_ms: int) -> int:
        fresh = [one for one in facets if one != stored.facet(one.thing)]
        if not fresh:
            return 0
        writes = self._settling(stored, fresh, homes, at_ms)
        if len(writes) <= MAX_WRITES or len(fresh) == 1:
            self._commit(writes)
            return len(fresh)
        half = len(fresh) // 2  # the first half's commit moves rows that the second needs: it reads them anew
        return sum(self.settle(stored, part, homes, at_ms) for part in (fresh[:half], fresh[half:]))

    def _settling(
        self, stored: StoredFacets, fresh: Sequence[Facet], homes: Mapping[str, Home], at_ms: int
    ) -> list[Put | Delete]:
        generation, anchor = stored.generation, stored.anchor
        was = [stored.facet(one.thing) for one in fresh]
        sheet = Sheet(self._rows, generation, at_ms)
        self._post(sheet, stored, changes(was, fresh), homes[anchor].place)
        units = {unit_node(one.unit_id) for one in fresh if one.unit_id}
        sheet.load((unit, NOW) for unit in units)
        shared = self._share(sheet, was, fresh, homes)
        always = [(anchor, NOW), *((unit, NOW) for unit in units if sheet.is_new((unit, NOW)))]
        writes: list[Put | Delete] = [_facet_put(stored, one) for one in fresh]
        fresh_nodes = [node for node in (anchor, *shared) if sheet.is_new((node, NOW))]
        listings = [put for node in fresh_nodes for put in _listings(generation, node, homes[node])]
        writes += {(put.row.pk, put.row.sk): put for put in listings}.values()
        writes += [Put(Row(_under(generation, anchor), unit)) for unit in units if sheet.is_new((unit, NOW))]
        return [*writes, *sheet.puts(always)]

    def _post(self, sheet: Sheet, stored: StoredFacets, deltas: Mapping[tuple[str, str], Counts], home: Place) -> None:
        """Add differences to an anchor, its units and all above. Each row says itself where it is counted: an anchor moves row by row."""
        anchor, guess = stored.anchor, stored.place or home
        nodes = {key: unit_node(key[0]) if key[0] else anchor for key in deltas}
        own: dict[str, Counts] = {NOW: {}} | {sk: counts for (unit_id, sk), counts in deltas.items() if not unit_id}
        above = [(node, sk) for sk in own for node in (anchor, *guess.above)]
        sheet.load([*((node, sk) for (_, sk), node in nodes.items()), *above])
        for key, counts in deltas.items():
            sheet.add((nodes[key], key[1]), counts)
        for sk, counts in own.items():
            stands = sheet[anchor, sk].place or home
            sheet.place((anchor, sk), stands)
            sheet.load((node, sk) for node in stands.above)
            for node in stands.above:
                sheet.add((node, sk), rising(counts))

    def _share(
        self, sheet: Sheet, was: Iterable[Facet], fresh: Iterable[Facet], homes: Mapping[str, Home]
    ) -> list[str]:
        """The enterprises that tasks of a joint group concern, whose number of those changes."""
        change: dict[str, int] = {}
        for sign, facets in ((-1, was), (1, fresh)):
            for enterprise_id in (name for one in facets for name in one.shared):
                node = enterprise_node(enterprise_id)
                change[node] = change.get(node, 0) + sign
        nodes = sorted(node for node, number in change.items() if number and node in homes)
        sheet.load((node, NOW) for node in nodes)
        for node in nodes:
            sheet.place((node, NOW), sheet[node, NOW].place or homes[node].place)
            sheet.add((node, NOW), {SHARED: change[node]})
        return nodes

    def rehome(self, generation: int, anchor: str, home: Home, at_ms: int) -> bool:
        rows = {row.sk: tally_of(row) for row in self._rows.query(node_pk(generation, anchor))}
        if NOW not in rows:
            return False
        listing = _listings(generation, anchor, home)
        mine = listing[-1].row
        known = self._rows.get(mine.pk, mine.sk)
        if known is None or known.body != mine.body:
            self._commit(listing)
        moved = sorted(sk for sk, tally in rows.items() if tally.place != home.place)  # NOW sorts last
        for sk in moved:
            self._move(generation, anchor, sk, home, at_ms)
        return bool(moved)

    def _move(self, generation: int, anchor: str, sk: str, home: Home, at_ms: int) -> None:
        sheet = Sheet(self._rows, generation, at_ms)
        sheet.load([(anchor, sk)])
        stood, counts = sheet[anchor, sk].place or home.place, rising(sheet[anchor, sk].counts)
        for place, sign in ((stood, -1), (home.place, 1)):
            sheet.load((node, sk) for node in place.above)
            for node in place.above:
                sheet.add((node, sk), {name: sign * number for name, number in counts.items()})
        sheet.place((anchor, sk), home.place)
        left = [Delete(_under(generation, stood.group), anchor)] if sk == NOW and stood != home.place else []
        self._commit([*sheet.puts(), *left])

    def tallies(self, generation: int, keys: Iterable[Key]) -> Mapping[Key, Tally]:
        wanted = list(dict.fromkeys(keys))
        sheet = Sheet(self._rows, generation, 0)
        sheet.load(wanted)
        return {key: sheet[key] for key in wanted}

    def months(self, generation: int, node: str) -> tuple[str, ...]:
        return tuple(row.sk for row in self._rows.query(node_pk(generation, node)))

    def children(self, generation: int, node: str, cursor: str | None, limit: int) -> Page[tuple[str, str]]:
        found, onward = feed_page(self._rows, _under(generation, node), cursor, limit, newest_first=False)
        return Page(tuple((row.sk, str(row.body.get("name", ""))) for row in found), onward)

    def branch(self, generation: int, anchor: str) -> Branch | None:
        head = (node_pk(generation, anchor), NOW)
        before = self._rows.get(*head)
        facets = [_facet(row) for row in self._all(_facets_pk(generation, anchor))]
        own = {(anchor, row.sk): tally_of(row) for row in self._rows.query(head[0])}
        below = [row.sk for row in self._all(_under(generation, anchor))]
        units = {*below, *(unit_node(one.unit_id) for one in facets if one.unit_id)}
        of_units = {
            (unit, row.sk): tally_of(row)
            for unit in sorted(units)
            for row in self._rows.query(node_pk(generation, unit))
        }
        after = self._rows.get(*head)
        if (before and before.version) != (after and after.version):
            return None
        return Branch(generation, anchor, tuple(facets), own | of_units, 0 if after is None else after.version)

    def correct(self, generation: int, wanted: Mapping[Key, Counts], versions: Mapping[Key, int], at_ms: int) -> None:
        """Put sums in the place of others, at the versions at which those were read."""
        sheet = Sheet(self._rows, generation, at_ms)
        sheet.load([*wanted, *versions])
        for key, version in versions.items():
            sheet.expect(key, version)
        for key, counts in wanted.items():
            sheet.put(key, counts)
        self._commit(sheet.puts(versions))

    def sweep(self, generation: int, node: str) -> None:
        for pk in (node_pk(generation, node), _facets_pk(generation, node), _under(generation, node)):
            while rows := self._rows.query(pk, limit=A_PAGE):
                self._rows.commit([Delete(row.pk, row.sk) for row in rows])

    def _all(self, pk: str) -> Iterator[Row]:
        after = None
        while rows := self._rows.query(pk, after=after, limit=A_PAGE):
            yield from rows
            after = rows[-1].sk

    def _commit(self, writes: Sequence[Put | Delete]) -> None:
        try:
            self._rows.commit(writes)
        except RowConflict as error:
            raise WriteConflict from error


def _facets_pk(generation: int, anchor: str) -> str:
    return f"DASHBOARD#{generation}#of:{anchor}"


def _under(generation: int, node: str) -> str:
    return f"DASHBOARD#{generation}#under:{node}"


def _listings(generation: int, anchor: str, home: Home) -> list[Put]:
    """A node stands in the lists of those above it. The last is the enterprise's own; what is of a whole group has none."""
    place = home.place
    region, industry = region_node(place.region), industry_node(place.industry)
    above = ((PARK, region), (region, place.group), (industry, place.group))
    body: dict[str, Any] = {"name": home.name} if home.name else {}
    own = Row(_under(generation, place.group), anchor, body)
    listed = [Put(Row(_under(generation, node), child)) for node, child in above]
    return listed if anchor == place.joint else [*listed, Put(own)]


def _facet_put(stored: StoredFacets, one: Facet) -> Put:
    version = stored.version(one.thing)
    body: dict[str, Any] = {"now": dict(one.now), "months": {month: dict(own) for month, own in one.months.items()}}
    body |= {"unit": one.unit_id} if one.unit_id else {}
    body |= {"shared": list(one.shared)} if one.shared else {}
    row = Row(_facets_pk(stored.generation, stored.anchor), one.thing.key, body, version=version + 1)
    return Put(row, Expect.VERSION if version else Expect.ABSENT)


def _facet(row: Row) -> Facet:
    body = row.body
    shared = tuple(body.get("shared", ()))
    return Facet(thing_of(row.sk), body.get("unit", ""), body["now"], body["months"], shared)
