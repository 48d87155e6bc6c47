"""A picture of the chain as SVG: givers left of receivers, each link an arrow with what goes along it.

A place stands in the column of its distance from the nearest source, so cycles need no care: their last link points back. Within a
column places go by the height of those that give to them, which leaves few crossings.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from unicodedata import east_asian_width
from xml.etree import ElementTree

BOX, GAP, MARGIN = (200, 52), (170, 28), 24  # width and height, across and down, in pixels
SVG = "http://www.w3.org/2000/svg"
FONT = "'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
TITLE_PX, SUBTITLE_PX, LABEL_PX = 14, 12, 11
NARROW_EM = 0.6  # of a Latin letter; a Chinese character is as wide as it is high


@dataclass(frozen=True, slots=True)
class Box:
    id: str
    title: str
    subtitle: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another, by their ids. `hint` shows where a pointer rests on it."""

    giver: str
    receiver: str
    label: str
    hint: str


def columns(ids: Iterable[str], arrows: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Boxes by column, from left to right, each from top to bottom. Every id once; the order of what is given makes no difference."""
    ids, arrows = sorted(ids), sorted(set(arrows))
    depth = _depths(ids, arrows)
    height: dict[str, float] = {}
    found = []
    for column in range(max(depth.values(), default=-1) + 1):
        own = [one for one in ids if depth[one] == column]
        givers = {one: [height[a] for a, b in arrows if b == one and a in height] for one in own}
        own.sort(key=lambda one: (sum(givers[one]) / len(givers[one]) if givers[one] else 0.0, one))
        height |= {one: float(at) for at, one in enumerate(own)}
        found.append(tuple(own))
    return tuple(found)


def _depths(ids: Sequence[str], arrows: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The fewest arrows from a box that nobody gives to; of a ring without any, from its first by id."""
    gives: dict[str, list[str]] = {}
    for giver, receiver in arrows:
        gives.setdefault(giver, []).append(receiver)
    fed = {receiver for _, receiver in arrows}
    depth: dict[str, int] = {}
    for starts in ([one for one in ids if one not in fed], *([one] for one in ids)):
        waiting = deque((one, 0) for one in starts if one not in depth)
        while waiting:
            one, at = waiting.popleft()
            if one not in depth:
                depth[one] = at
                waiting.extend((receiver, at + 1) for receiver in gives.get(one, ()))
    return depth


def svg_of(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """The document. ElementTree escapes every text and attribute, so no name can bring markup of its own."""
    grid = columns((box.id for box in boxes), ((one.giver, one.receiver) for one in arrows))
    corners = {
        id: (MARGIN + column * (BOX[0] + GAP[0]), MARGIN + row * (BOX[1] + GAP[1]))
        for column, ids in enumerate(grid)
        for row, id in enumerate(ids)
    }
    width = 2 * MARGIN + len(grid) * (BOX[0] + GAP[0]) - (GAP[0] if grid else 0)
    tall = max(map(len, grid), default=0)
    height = 2 * MARGIN + tall * (BOX[1] + GAP[1]) - (GAP[1] if tall else 0)
    root = ElementTree.Element("svg", {"xmlns": SVG, "viewBox": f"0 0 {width} {height}", "font-family": FONT})
    root.append(_arrowhead())
    root.extend(_arrow(one, corners) for one in arrows)
    root.extend(_box(box, *corners[box.id]) for box in boxes)
    return ElementTree.tostring(root, encoding="unicode")


def _arrowhead() -> ElementTree.Element:
    defs = ElementTree.Element("defs")
    shape = {"id": "head", "viewBox": "0 0 10 10", "refX": "9", "refY": "5", "orient": "auto-start-reverse"}
    marker = ElementTree.SubElement(defs, "marker", shape | {"markerWidth": "7", "markerHeight": "7"})
    ElementTree.SubElement(marker, "path", {"d": "M0 0L10 5L0 10z", "fill": "#456"})
    return defs


def _box(box: Box, x: int, y: int) -> ElementTree.Element:
    group = ElementTree.Element("g")
    _text(group, "title", f"{box.title} · {box.subtitle}", {})
    size = {"width": str(BOX[0]), "height": str(BOX[1])}
    look = {"rx": "6", "fill": "#eef6ee", "stroke": "#2e7d32"}
    ElementTree.SubElement(group, "rect", {"x": str(x), "y": str(y), **size, **look})
    inside_px = BOX[0] - 16
    middle = {"x": str(x + BOX[0] // 2), "text-anchor": "middle"}
    _text(
        group, "text", _short(box.title, TITLE_PX, inside_px), middle | {"y": str(y + 22), "font-size": str(TITLE_PX)}
    )
    below = {"y": str(y + 40), "font-size": str(SUBTITLE_PX), "fill": "#555"}
    _text(group, "text", _short(box.subtitle, SUBTITLE_PX, inside_px), middle | below)
    return group


def _arrow(one: Arrow, corners: Mapping[str, tuple[int, int]]) -> ElementTree.Element:
    """A curve out of the right side into the left one; where it points back it goes around below."""
    (x1, y1), (x2, y2) = corners[one.giver], corners[one.receiver]
    x1, y1, y2 = x1 + BOX[0], y1 + BOX[1] // 2, y2 + BOX[1] // 2
    bend = GAP[0] // 2
    sag = 0 if x2 > x1 else BOX[1] + GAP[1] // 2
    path = f"M{x1} {y1}C{x1 + bend} {y1 + sag} {x2 - bend} {y2 + sag} {x2} {y2}"
    group = ElementTree.Element("g")
    _text(group, "title", one.hint, {})
    line = {"d": path, "fill": "none", "stroke": "#456", "marker-end": "url(#head)"}
    ElementTree.SubElement(group, "path", line)
    at = {"x": str((x1 + x2) // 2), "y": str((y1 + y2) // 2 + 3 * sag // 4 - 6)}
    look = {"text-anchor": "middle", "font-size": str(LABEL_PX), "fill": "#456"}
    _text(group, "text", _short(one.label, LABEL_PX, GAP[0] - 30), at | look)
    return group


def _text(parent: ElementTree.Element, tag: str, text: str, attributes: dict[str, str]) -> None:
    ElementTree.SubElement(parent, tag, attributes).text = "".join(one for one in text if _is_xml(one))


def _is_xml(char: str) -> bool:
    """Control characters have no place in XML, escaped or not. XML 1.0, 2.2."""
    return char in "\t\n\r" or (char >= " " and char not in "\ufffe\uffff")


def _short(text: str, font_px: int, width_px: int) -> str:
    """As much of a text as fits beside what is around it, with an ellipsis where that is not all."""
    sizes = list(accumulate(1.0 if east_asian_width(one) in "WF" else NARROW_EM for one in text))
    fits = width_px / font_px
    if not sizes or sizes[-1] <= fits:
        return text
    return text[: sum(size <= fits - 1 for size in sizes)] + "…"
