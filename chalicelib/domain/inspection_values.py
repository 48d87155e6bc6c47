"""Find the values of a laboratory's report: which words name an indicator, which number beside them is its result, in which unit.

It finds what a person then confirms: what is doubtful is found with what it may be, and what is no result of a known indicator is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.catalogue import Indicator
from chalicelib.domain.inspection_report import MOST_VALUES, ExtractedValue, Measured
from chalicelib.domain.inspection_words import (
    ALIASES,
    BELOW,
    DETECTION_HEADS,
    LABEL_HEADS,
    LIMIT_HEADS,
    RESULT_HEADS,
    UNIT_HEADS,
    folded,
    is_head,
    unit_in,
    without_units,
)
from chalicelib.domain.ucum import NotConvertible, converted

CONTEXT = 120
_NUMBER = re.compile(
    r"(?<![a-z\d.-])(?P<below>[<≤]?)(?P<value>[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+|[x×*]10\^?[-+]?\d+)?)(?P<l>l?)"
)
_STANDARD = re.compile(r"(?:gbz?|hj|db\d*|cj|qb|ny|sl)(?:/?t)?\s*[\d.]+(?:\.\d+)?(?:-\d{4})?")
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?|\d{1,2}:\d{2}(?::\d{2})?")
_POWER = re.compile(r"[x×*]10\^?")


@dataclass(frozen=True, slots=True)
class Cell:
    """`ref` as a spreadsheet names it: "C7"."""

    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet, row by row; empty cells are left out."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class TextPage:
    number: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What stands in a document. `is_cut`: there was more."""

    tables: tuple[Table, ...] = ()
    pages: tuple[TextPage, ...] = ()
    is_cut: bool = False


class Vocabulary:
    """What indicators are called: by id, name, HJ 212 code and the usual words of reports. `own` are those that the enterprise measures: where a
    word may mean several, one of those is meant."""

    def __init__(self, indicators: Mapping[str, Indicator], own: frozenset[str]) -> None:
        self._indicators, self._own = indicators, own
        words: dict[str, set[str]] = {}
        for one in indicators.values():
            code = one.hj212_code
            names = [one.id, *one.name.values(), *([code, *ALIASES.get(code, ())] if code else [])]
            for name in names:
                words.setdefault(folded(name), set()).add(one.id)
        self._words = {word: tuple(sorted(ids)) for word, ids in words.items()}
        longest = sorted(self._words, key=lambda word: (-len(word), word))
        self._any = re.compile("|".join(map(_whole, longest)))

    def named(self, text: str) -> tuple[str, tuple[str, ...]]:
        """(the word, what it may mean), the longest word that stands first; ("", ()) where there is none."""
        found = self._any.search(folded(text))
        return ("", ()) if found is None else (found[0], self._meant(self._words[found[0]]))

    def _meant(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        own = tuple(one for one in ids if one in self._own)
        return own or ids

    def without_names(self, text: str) -> str:
        """A text, folded before, without the names of indicators, whose digits are no values."""
        return self._any.sub(" ", text)

    def measured(self, candidates: tuple[str, ...], value: float, unit: str, *, is_below: bool) -> Measured | None:
        """In the indicator's unit, where it is one and the unit can be turned into it."""
        if len(candidates) != 1 or not unit:
            return None
        indicator = self._indicators[candidates[0]]
        try:
            return Measured(indicator.id, converted(value, unit, indicator.unit), indicator.unit, is_below)
        except NotConvertible:
            return None


def _whole(word: str) -> str:
    """Not within another Latin word; Chinese words have no blanks between them."""
    before = r"(?<![a-z0-9])" if word[0].isascii() else ""
    return rf"{before}{re.escape(word)}{'(?![a-z0-9])' if word[-1].isascii() else ''}"


@dataclass(frozen=True, slots=True)
class Found:
    source: str
    context: str
    label: str
    written: str
    unit: str
    unit_written: str
    candidates: tuple[str, ...]
    value: float
    is_below: bool


@dataclass(frozen=True, slots=True)
class Heads:
    """Where the columns of a table are, by letters; a table without headings has none."""

    results: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    detection: tuple[str, ...] = ()
    unit_of: tuple[tuple[str, str], ...] = ()


def find_values(document: DocumentText, vocabulary: Vocabulary) -> tuple[tuple[ExtractedValue, ...], bool]:
    """Values in the order in which they stand, and whether there were more than are kept."""
    found = [*(one for table in document.tables for one in _in_table(table, vocabulary))]
    found += [one for page in document.pages for one in _in_page(page, vocabulary)]
    kept = tuple(_extracted(number, one, vocabulary) for number, one in enumerate(found[:MOST_VALUES], start=1))
    return kept, document.is_cut or len(found) > MOST_VALUES


def _extracted(number: int, one: Found, vocabulary: Vocabulary) -> ExtractedValue:
    return ExtractedValue(
        number=number,
        source=one.source,
        context=one.context[:CONTEXT],
        label=one.label,
        written=one.written[:40],
        unit_written=one.unit_written,
        candidates=one.candidates,
        measured=vocabulary.measured(one.candidates, one.value, one.unit, is_below=one.is_below),
    )


def _in_table(table: Table, vocabulary: Vocabulary) -> Iterator[Found]:
    heads = Heads()
    for row in table.rows:
        if (headed := _heads(row)) is not None:
            heads = headed
            continue
        yield from _in_row(table.name, row, heads, vocabulary)


def _heads(row: Sequence[Cell]) -> Heads | None:
    """The headings of a table, where this row has a result's and one more."""
    results = tuple(_column(one) for one in row if is_head(one.text, RESULT_HEADS))
    units = tuple(_column(one) for one in row if is_head(one.text, UNIT_HEADS))
    labels = [one for one in row if is_head(one.text, LABEL_HEADS)]
    over = tuple(_column(one) for one in row if _column(one) not in results and _has(one, LIMIT_HEADS))
    detection = tuple(_column(one) for one in row if _has(one, DETECTION_HEADS))
    if not results or not (units or labels or over):
        return None
    return Heads(
        results, units, over, detection, tuple((_column(one), one.text) for one in row if unit_in(one.text)[0])
    )


def _has(cell: Cell, words: tuple[str, ...]) -> bool:
    return any(folded(word) in folded(cell.text) for word in words)


def _column(cell: Cell) -> str:
    return cell.ref.rstrip("0123456789")


def _in_row(sheet: str, row: Sequence[Cell], heads: Heads, vocabulary: Vocabulary) -> Iterator[Found]:
    named = next(((at, *known) for at, cell in enumerate(row) if (known := vocabulary.named(cell.text))[1]), None)
    if named is None:
        return
    at, word, candidates = named
    beside = [one for one in row[at + 1 :] if _column(one) not in heads.passed_over]
    headed = [one for one in beside if _column(one) in heads.results]
    results = [(one, number) for one in headed or beside if (number := _result(one, row, heads)) is not None]
    context = " | ".join(one.text for one in row)
    for cell, (written, value, is_below) in results if headed else results[:1]:
        unit, unit_written = _unit_for(cell, row[at], row, heads)
        source = f"{sheet}!{cell.ref}"
        yield Found(source, context, word, written, unit, unit_written, candidates, value, is_below)


def _unit_for(value: Cell, label: Cell, row: Sequence[Cell], heads: Heads) -> tuple[str, str]:
    """Beside the number, in the column of units, with the label, in the heading; wherever else in the row."""
    column = [one.text for one in row if _column(one) in heads.units]
    heading = [text for letters, text in heads.unit_of if letters == _column(value)]
    for text in (value.text, *column, label.text, *heading, *(one.text for one in row)):
        if (found := unit_in(text))[0]:
            return found
    return "", ""


def _result(cell: Cell, row: Sequence[Cell], heads: Heads) -> tuple[str, float, bool] | None:
    """Where nothing was seen, it is less than the detection limit that the row gives."""
    if folded(cell.text) not in BELOW:
        return _number(cell.text)
    limits = (number for one in row if _column(one) in heads.detection and (number := _number(one.text)) is not None)
    return next(((cell.text, value, True) for _, value, _ in limits), None)


def _number(text: str) -> tuple[str, float, bool] | None:
    """(as written, value, is it an upper bound) of a cell that is a number and no more, a unit aside. "0.5L" is less than 0.5: so laboratories
    in China write what they cannot see."""
    bare = without_units(folded(text)).strip()
    found = _NUMBER.fullmatch(bare.replace(" ", ""))
    if found is None:
        return None
    return bare, _value(found["value"]), bool(found["below"] or found["l"])


def _value(written: str) -> float:
    return float(_POWER.sub("e", written))


def _in_page(page: TextPage, vocabulary: Vocabulary) -> Iterator[Found]:
    for at, line in enumerate(page.lines):
        word, candidates = vocabulary.named(line)
        if not candidates:
            continue
        rest = vocabulary.without_names(without_units(folded(line).partition(word)[2]))
        found = _NUMBER.search(_STANDARD.sub(" ", _DATE.sub(" ", rest)))
        if found is None:
            continue
        unit, unit_written = unit_in(line)
        context = " / ".join(page.lines[max(0, at - 1) : at + 2])
        is_below = bool(found["below"] or found["l"])
        written = found[0]
        yield Found(
            f"page {page.number}",
            context,
            word,
            written,
            unit,
            unit_written,
            candidates,
            _value(found["value"]),
            is_below,
        )
