"""How a filed document looks: paper, font, tables, page numbers, the chart of scores. Of credit files it knows nothing but their colours.

The font is embedded, only the characters that are shown: a reader without Chinese fonts shows the document all the same, in years too.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

FONT = "GreenShieldHei"
FONT_FILE = Path(__file__).parent / "fonts" / "green-shield-hei.ttf"
MARGIN = 18 * mm
FRAME = 6  # points of padding that reportlab gives a page's frame
WIDTH = A4[0] - 2 * MARGIN
INK, SOFT, LINE, BAND = HexColor("#1d2733"), HexColor("#5b6875"), HexColor("#b9c4cc"), HexColor("#eef4f0")
GREEN = HexColor("#1f7a4d")
COLOURS: Mapping[str, Color] = {
    "benchmark": HexColor("#1f9d5b"),
    "compliant": HexColor("#3f7fbf"),
    "rectify": HexColor("#e0962b"),
    "supervised": HexColor("#c8413b"),
}
CELL_SIZE, CELL_LEADING = 8, 1.35
CHART_HEIGHT = 46 * mm


@cache
def register_font() -> None:
    """Once a process. A millisecond-long look at the file: glyphs are read as they are needed."""
    pdfmetrics.registerFont(TTFont(FONT, str(FONT_FILE)))


def style(size: float, *, colour: Color = INK, leading: float = 1.5, language: str = "zh-CN", **more: Any) -> Any:
    """Chinese breaks between any two characters, English between words."""
    wrap = "CJK" if language == "zh-CN" else None
    return ParagraphStyle(
        "p", fontName=FONT, fontSize=size, leading=size * leading, textColor=colour, wordWrap=wrap, **more
    )


def escaped(text: str) -> str:
    """As reportlab's paragraphs take it: no markup of whoever wrote it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Page:
    """The document's parts, gathered in order; `pdf()` lays them out."""

    def __init__(self, language: str, footer: str, page_text: str) -> None:
        register_font()
        self.language = language
        self._footer, self._page_text = footer, page_text
        self._parts: list[Flowable] = []
        self._cell = style(CELL_SIZE, language=language, leading=CELL_LEADING)

    def title(self, text: str, below: str) -> None:
        self._parts.append(Paragraph(escaped(text), style(24, colour=GREEN, alignment=TA_CENTER, leading=1.3)))
        self._parts.append(Paragraph(escaped(below), style(10.5, colour=SOFT, alignment=TA_CENTER, spaceAfter=4)))
        self._parts += [_Rule(GREEN, 1.2), Spacer(1, 4 * mm)]

    def heading(self, text: str) -> None:
        self._parts.append(
            Paragraph(escaped(text), style(12.5, colour=GREEN, spaceBefore=10, spaceAfter=4, keepWithNext=1))
        )

    def subheading(self, text: str, colour: Color = INK) -> None:
        self._parts.append(
            Paragraph(escaped(text), style(9.5, colour=colour, spaceBefore=6, spaceAfter=2, keepWithNext=1))
        )

    def note(self, text: str) -> None:
        self._parts.append(
            Paragraph(escaped(text), style(8.5, colour=SOFT, language=self.language, spaceBefore=3, spaceAfter=4))
        )

    def facts(self, rows: Sequence[tuple[str, str]], *, abreast: int = 1) -> None:
        """Names and what they are, so many a line."""
        label = style(9, colour=SOFT, language=self.language, leading=1.3)
        value = style(9, language=self.language, leading=1.3)
        pairs = [[Paragraph(escaped(name), label), Paragraph(escaped(said), value)] for name, said in rows]
        pairs += [["", ""]] * (-len(pairs) % abreast)
        cells = [[cell for pair in pairs[at : at + abreast] for cell in pair] for at in range(0, len(pairs), abreast)]
        share = (0.22, 0.78) if abreast == 1 else (0.19, 1 / abreast - 0.19)
        widths = [WIDTH * one for one in share * abreast]
        look = [
            *(("BACKGROUND", (column, 0), (column, -1), BAND) for column in range(0, 2 * abreast, 2)),
            ("GRID", (0, 0), (-1, -1), 0.5, LINE),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ]
        self._parts.append(LongTable(cells, colWidths=widths, style=TableStyle(look)))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float]) -> None:
        """Its head stands on each page that it reaches."""
        over = style(8, colour=white, language=self.language, leading=1.3)
        cells = [[Paragraph(escaped(one), over) for one in head]]
        widths = [WIDTH * one / sum(shares) for one in shares]
        cells += [[self._fitted(one, width) for one, width in zip(row, widths, strict=True)] for row in rows]
        look = [
            ("BACKGROUND", (0, 0), (-1, 0), GREEN),
            ("FONT", (0, 1), (-1, -1), FONT, CELL_SIZE, CELL_SIZE * CELL_LEADING),
            ("TEXTCOLOR", (0, 1), (-1, -1), INK),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, BAND]),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 4),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ]
        self._parts.append(LongTable(cells, colWidths=widths, repeatRows=1, style=TableStyle(look)))

    def _fitted(self, text: str, width: float) -> str | Paragraph:
        """What fits into a line stays plain: of a long ledger that takes half the time."""
        is_short = pdfmetrics.stringWidth(text, FONT, CELL_SIZE) <= width - 8 and "\n" not in text
        return text if is_short else Paragraph(escaped(text), self._cell)

    def chart(self, bars: Sequence[tuple[str, float | None, str]], lines: Sequence[tuple[float, str]]) -> None:
        self._parts.append(_Bars(bars, lines))

    def pdf(self, title: str, author: str, keywords: str) -> bytes:
        out = BytesIO()
        document = SimpleDocTemplate(
            out,
            pagesize=A4,
            leftMargin=MARGIN - FRAME,
            rightMargin=MARGIN - FRAME,
            topMargin=16 * mm,
            bottomMargin=20 * mm,
            title=title,
            author=author,
            keywords=keywords,
            lang=self.language,
            invariant=1,
        )
        footer, page_text = self._footer, self._page_text

        class Numbered(Canvas):
            """Pages are kept until their number is known."""

            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **named)
                self._kept: list[dict[str, Any]] = []

            def showPage(self) -> None:  # noqa: N802 - the library calls it so
                self._kept.append(dict(self.__dict__))
                self._startPage()

            def save(self) -> None:
                for number, kept in enumerate(self._kept, 1):
                    self.__dict__.update(kept)
                    _foot(self, footer, page_text.format(page=number, pages=len(self._kept)))
                    super().showPage()
                super().save()

        document.build(self._parts, canvasmaker=Numbered)
        return out.getvalue()


def _foot(canvas: Canvas, left: str, right: str) -> None:
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, 14 * mm, A4[0] - MARGIN, 14 * mm)
    canvas.setFont(FONT, 7.5)
    canvas.setFillColor(SOFT)
    canvas.drawString(MARGIN, 10 * mm, left)
    canvas.drawRightString(A4[0] - MARGIN, 10 * mm, right)


class _Rule(Flowable):
    def __init__(self, colour: Color, thickness: float) -> None:
        super().__init__()
        self._colour, self._thickness = colour, thickness
        self.width, self.height = WIDTH, thickness

    def draw(self) -> None:
        self.canv.setStrokeColor(self._colour)
        self.canv.setLineWidth(self._thickness)
        self.canv.line(0, 0, WIDTH, 0)


class _Bars(Flowable):
    """A bar for each (name, value 0 to 100 or none, kind), by the kind's colour; a dashed line for each (value, name)."""

    def __init__(self, bars: Sequence[tuple[str, float | None, str]], lines: Sequence[tuple[float, str]]) -> None:
        super().__init__()
        self._bars, self._lines = bars, lines
        self.width, self.height = WIDTH, CHART_HEIGHT

    def draw(self) -> None:
        canvas = self.canv
        left, right, bottom, top = 8 * mm, WIDTH - 30 * mm, 7 * mm, CHART_HEIGHT - 5 * mm
        high = top - bottom
        self._axes(left, right, bottom, high)
        step = (right - left) / len(self._bars)
        size = 7 if len(self._bars) <= 14 else 5
        for number, (name, value, kind) in enumerate(self._bars):
            x, wide = left + step * number, min(step * 0.56, 12 * mm)
            canvas.setFillColor(SOFT)
            canvas.setFont(FONT, size)
            canvas.drawCentredString(x + step / 2, bottom - 9, name)
            if value is None:
                continue
            canvas.setFillColor(COLOURS.get(kind, SOFT))
            canvas.rect(x + (step - wide) / 2, bottom, wide, high * value / 100, stroke=0, fill=1)
            canvas.setFillColor(INK)
            canvas.drawCentredString(x + step / 2, bottom + high * value / 100 + 2, f"{value:.1f}")

    def _axes(self, left: float, right: float, bottom: float, high: float) -> None:
        canvas = self.canv
        canvas.setFont(FONT, 7)
        canvas.setFillColor(SOFT)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.6)
        canvas.line(left, bottom, right, bottom)
        canvas.drawRightString(left - 4, bottom - 2, "0")
        canvas.drawRightString(left - 4, bottom + high - 2, "100")
        canvas.setDash(2, 2)
        for value, name in self._lines:
            y = bottom + high * value / 100
            canvas.line(left, y, right, y)
            canvas.drawRightString(left - 4, y - 2, f"{value:g}")
            canvas.drawString(right + 4, y - 2, name)
        canvas.setDash()
