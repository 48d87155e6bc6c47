"""A snapshot as tables for a terminal. The only module that imports rich; the running bridge never loads it.

What is wrong stands first. Values of readings are not shown: this is about how they travel.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table

from green_shield_bridge.operate.health import reasons
from green_shield_bridge.operate.spans import bytes_in_words, span
from green_shield_bridge.operate.spool_view import Contents
from green_shield_bridge.operate.status_model import GapRow, Snapshot, SourceRow

_COLOURS = {"ok": "green", "starting": "yellow", "lost": "red", "suspended": "red"}
PLAIN_WIDTH = 160
_ROWS_BESIDE_SOURCES = 22


def console_for(is_terminal: bool) -> Console:
    return Console() if is_terminal else Console(width=PLAIN_WIDTH, no_color=True, highlight=False)


def whole(now: Snapshot, *, height: int | None = None, zone: tzinfo = UTC) -> RenderableType:
    """Everything `status` shows. `height`: rows of the terminal, where sources beyond it are counted and not listed."""
    most = None if height is None else max(height - _ROWS_BESIDE_SOURCES, 3)
    parts: list[Table | str] = [_head(now), _sources(now, most), _flow(now)]
    if now["spool"]["gaps"]:
        parts.append(gaps_table(now["spool"]["gaps"], zone))
    return Group(*parts)


def gaps_table(gaps: Sequence[GapRow], zone: tzinfo) -> Table:
    table = _table("Gaps (newest first)", "id", "from", "to", "readings", "reason", "detail")
    for gap in sorted(gaps, key=lambda row: -row["id"]):
        cells = (str(gap["id"]), _instant(gap["from_ms"], zone), _instant(gap["to_ms"], zone), str(gap["readings"]))
        table.add_row(*cells, gap["reason"], escape(gap["detail"] or ""))
    return table


def contents_table(contents: Contents, zone: tzinfo) -> RenderableType:
    """What a spool file holds, where no bridge runs."""
    oldest, newest = (
        "-" if at_ms is None else _instant(at_ms, zone) for at_ms in (contents.oldest_waiting_ms, contents.newest_ms)
    )
    lifetime = ", ".join(f"{getattr(contents, key)} {key}" for key in _LIFETIME)
    rows = {
        "spool": f"{contents.waiting} readings wait, {bytes_in_words(contents.bytes)}, {escape(contents.path)}",
        "from": f"{oldest} to {newest}",
        "lifetime": lifetime,
        "gaps": f"{contents.gaps_open} not reported yet",
    }
    return Group(_grid(rows), *([gaps_table(contents.gaps, zone)] if contents.gaps else []))


def _grid(rows: Mapping[str, str]) -> Table:
    grid = Table.grid(padding=(0, 2))
    for name, text in rows.items():
        grid.add_row(f"[bold]{name}[/]", text)
    return grid


def _head(now: Snapshot) -> str:
    found = reasons(now)
    state = "[green]well[/]" if not found else "[red]" + escape("; ".join(r["detail"] for r in found)) + "[/]"
    uptime = span(now["now_ms"] - now["started_ms"])
    return f"[bold]{escape(now['bridge_id'])}[/]  green-shield-bridge {escape(now['version'])}  up {uptime}  {state}"


def _sources(now: Snapshot, most: int | None) -> Table:
    rows = sorted(now["sources"], key=lambda row: (row["state"] == "ok", row["name"]))
    shown = rows if most is None else rows[:most]
    hidden = len(rows) - len(shown)
    title = f"Sources ({len(rows)})" if not hidden else f"Sources ({len(shown)} of {len(rows)}, those in trouble first)"
    table = _table(
        title, "source", "kind", "address", "state", "points", "last value", "polls", "failed", "late", "detail"
    )
    for row in shown:
        table.add_row(*_source_cells(row, now["now_ms"]))
    return table


def _source_cells(row: SourceRow, now_ms: int) -> list[str]:
    colour = _COLOURS.get(row["state"], "red")
    numbers = [str(row["points"]), _ago(row["last_value_ms"], now_ms)]
    numbers += [str(row["polls"]), str(row["failed"]), str(row["late"])]
    names = [escape(row["name"]), escape(row["kind"]), escape(row["address"]), f"[{colour}]{escape(row['state'])}[/]"]
    return [*names, *numbers, escape(row["detail"] or "")]


def _flow(now: Snapshot) -> Table:
    spool, upload, counters, at_ms = now["spool"], now["upload"], now["counters"], now["now_ms"]
    lifetime = ", ".join(f"{counters[key]} {key}" for key in _LIFETIME if key in counters)
    refusing = f"[red]refuses readings: {escape(spool['refusing'])}[/], " if spool["refusing"] else ""
    rows = {
        "spool": f"{refusing}{spool['waiting']} readings wait, {bytes_in_words(spool['bytes'])}, {escape(spool['path'])}",
        "lag": f"oldest waiting reading is from {_ago(spool['oldest_waiting_ms'], at_ms)}",
        "upload": f"last yes {_ago(upload['last_ack_ms'], at_ms)}; {upload['live']} live, {upload['backlog']} backlog",
        "line": _line(now),
        "lifetime": lifetime,
        "gaps": f"{spool['gaps_open']} not reported yet",
        "clock": f"{now['clock']['offset_ms'] / 1000:+.1f} s, {now['clock']['jumps']} jumps",
    }
    return _grid(rows)


_LIFETIME = ("produced", "acked", "quarantined", "dropped", "refused")


def _line(now: Snapshot) -> str:
    upload = now["upload"]
    if upload["retrying_since_ms"] is None:
        return "ok"
    since = _ago(upload["retrying_since_ms"], now["now_ms"])
    return f"[red]no answer since {since}: {escape(upload['last_error'] or '')}[/]"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        is_number = name in ("points", "last value", "polls", "failed", "late", "readings", "id")
        table.add_column(name, justify="right" if is_number else "left", no_wrap=name not in ("detail", "address"))
    return table


def _ago(instant_ms: int | None, now_ms: int) -> str:
    return "-" if instant_ms is None else f"{span(now_ms - instant_ms)} ago"


def _instant(instant_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S%z")
