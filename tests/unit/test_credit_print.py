"""The PDF of a credit file, read back: what a person sees is in it, in both languages, on whatever reader."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from chalicelib.adapters.credit_print import PdfCreditPrinter, number_of
from chalicelib.domain.credit_file import CreditRecord, document_of
from chalicelib.domain.messages import TEXTS
from chalicelib.domain.score import Cause
from tests.credit import ENTERPRISE, ZONE, entry, month, year
from tests.park import START_MS, FakeSigner

KEY = FakeSigner().key()
LANGUAGES = ("zh-CN", "en")


def printed(record: CreditRecord, language: str = "zh-CN") -> PdfReader:
    return PdfReader(BytesIO(PdfCreditPrinter(ZONE).print(document_of(record, START_MS), KEY, language)))


def read(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def squeezed(text: str) -> str:
    """Without the breaks of lines."""
    return "".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_whose_it_is_how_they_stand_and_how_it_is_verified(language: str) -> None:
    document = document_of(year(), START_MS)
    said = squeezed(read(printed(year(), language)))
    wanted = [ENTERPRISE.name, ENTERPRISE.credit_code, "94.80", "43.75", "2026.1", "reactor-heat@3"]
    wanted += [number_of(document), document["digest"], KEY.id, TEXTS[language]["credit.title"]]
    wanted += [TEXTS[language][f"word.cause.{cause.value}"] for cause in Cause]
    assert [one for one in wanted if squeezed(one) not in said] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_its_number_of_all(language: str) -> None:
    reader = printed(year(), language)
    count = len(reader.pages)
    assert count > 1
    for number, page in enumerate(reader.pages, 1):
        assert TEXTS[language]["credit.page"].format(page=number, pages=count) in page.extract_text()


def test_what_people_wrote_is_text_and_no_markup() -> None:
    assert "<b>原件</b>&说明" in squeezed(read(printed(year())))


def test_its_font_is_in_it() -> None:
    """A reader without Chinese fonts shows it all the same."""
    fonts = printed(year()).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    embedded = [one.get_object() for one in fonts.values() if "GreenShield" in str(one) or "/FontDescriptor" in one]
    assert embedded
    used = {str(one.get_object()["/BaseFont"]) for one in fonts.values() if "/FontDescriptor" in one.get_object()}
    assert used and all("/FontFile2" in one["/FontDescriptor"] for one in embedded)


def test_the_same_document_is_printed_to_the_same_bytes() -> None:
    document = document_of(year(), START_MS)
    first, second = (PdfCreditPrinter(ZONE).print(document, KEY, "zh-CN") for _ in range(2))
    assert first == second


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "record",
    [
        pytest.param(CreditRecord(ENTERPRISE, ZONE, (month("2026-03", 100.0, is_running=True),)), id="one empty month"),
        pytest.param(CreditRecord(ENTERPRISE, ZONE, tuple(month(f"2024-{n:02d}", 0.0) for n in range(1, 13)) * 2), id="two years at the bottom"),
        pytest.param(replace(year(), enterprise=replace(ENTERPRISE, name="名" * 100, industry="lithium", region="r" * 64)), id="long names, and an industry of the park's own"),
    ],
)  # fmt: skip
def test_whatever_the_record_it_can_be_printed(record: CreditRecord, language: str) -> None:
    assert squeezed(record.enterprise.name) in squeezed(read(printed(record, language)))


def test_a_long_ledger_goes_on_over_pages_with_its_head() -> None:
    entries = [entry("2026-02", number, Cause.LATE, -0.5) for number in range(200)]
    pages = [page.extract_text() for page in printed(CreditRecord(ENTERPRISE, ZONE, (month("2026-02", 60.0, *entries),))).pages]  # fmt: skip
    headed: list[Any] = [one for one in pages if "得分影响" in one]
    assert len(headed) >= 3 and "t-2026-02-199" in pages[-1] + pages[-2]


def test_a_month_before_the_enterprise_was_known_shows_no_score() -> None:
    said = read(printed(replace(year(), begun_ms=START_MS)))
    assert said.count("未接入") == 11 and "43.75" not in said.partition("四、")[0]
