"""What the command `status` does: one look, or one each second, at a running bridge; at its spool file where none runs."""

import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import tzinfo

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape

from green_shield_bridge.errors import SpoolError
from green_shield_bridge.operate.keys import quit_keys
from green_shield_bridge.operate.spool_view import look
from green_shield_bridge.operate.status_client import NoBridge, ask_status
from green_shield_bridge.operate.status_view import console_for, contents_table, whole


@dataclass(frozen=True, slots=True)
class Place:
    """The socket of a bridge, and the zone in which instants are shown. The spool is beside the socket."""

    socket: str
    zone: tzinfo

    @property
    def spool(self) -> str:
        return self.socket.removesuffix(".sock")


def print_json(place: Place) -> int:
    """The snapshot, or what is in the spool file with "running": false. Returns the exit status."""
    try:
        document = {"running": True, **ask_status(place.socket)}
    except NoBridge as error:
        document = {"running": False, "detail": str(error), "spool": _contents_or_none(place)}
    print(json.dumps(document, ensure_ascii=False, indent=1))
    return 0 if document["running"] else NoBridge.exit_status


def print_once(place: Place) -> int:
    console = console_for(sys.stdout.isatty())
    try:
        console.print(whole(ask_status(place.socket), zone=place.zone))
    except NoBridge as error:
        console.print(_at_rest(error, place))
        return NoBridge.exit_status
    return 0


def watch(place: Place, interval_s: float) -> int:
    """Until q or Ctrl-C. A bridge that stops meanwhile is waited for."""
    if (status := _first_look(place)) != 0:
        return status
    console = console_for(is_terminal=True)
    with quit_keys(sys.stdin) as wait_for_quit, Live(console=console, screen=True, auto_refresh=False) as live:
        is_over = False
        while not is_over:
            live.update(_now(place, console.height), refresh=True)
            is_over = wait_for_quit(interval_s)
    return 0


def _first_look(place: Place) -> int:
    try:
        ask_status(place.socket)
    except NoBridge:
        return print_once(place)
    return 0


def _now(place: Place, height: int) -> RenderableType:
    try:
        return whole(ask_status(place.socket), height=height, zone=place.zone)
    except NoBridge as error:
        return f"[red]{escape(str(error))}[/]\n{time.strftime('%H:%M:%S')}  looked again; q ends"


def _contents_or_none(place: Place) -> dict[str, object] | None:
    try:
        return asdict(look(place.spool))
    except SpoolError:
        return None


def _at_rest(error: NoBridge, place: Place) -> RenderableType:
    try:
        contents = contents_table(look(place.spool), place.zone)
    except SpoolError as no_spool:
        return f"[red]{escape(str(error))}[/]\n{escape(str(no_spool))}"
    return Group(f"[red]{escape(str(error))}[/]. What is in the spool file:", contents)
