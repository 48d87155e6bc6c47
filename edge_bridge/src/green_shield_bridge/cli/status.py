"""The commands status and health."""

import argparse
import json
import sys

from green_shield_bridge.cli.options import add_json, add_time_zone, number
from green_shield_bridge.operate.unix_socket import socket_path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    status = commands.add_parser(
        "status",
        help="show sources, lag, spool, upload and gaps of the running bridge, live",
        description="Shows the running bridge, each second anew, until q or Ctrl-C. Once, and without colours, where the output"
        " is no terminal. Where no bridge runs: what is in the spool file, and exit status 4.",
    )
    _add_where(status)
    status.add_argument("--once", action="store_true", help="print once and end")
    add_json(status)
    status.add_argument(
        "--interval-s", type=number(0.2, 3_600), default=1.0, metavar="S", help="time between two looks; default: 1"
    )
    add_time_zone(status)
    status.set_defaults(command=_status)

    health = commands.add_parser(
        "health",
        help="say whether the running bridge is well",
        description="Prints what /health says as JSON. Exit status 0: well; 6: not well; 4: no bridge answers.",
    )
    _add_where(health)
    health.add_argument(
        "--live", action="store_true", help="ask only whether the bridge works at all, not whether the park answers it"
    )
    health.set_defaults(command=_health)


def _add_where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--config", metavar="PATH", help="configuration of the bridge; its spool says where the socket is"
    )
    where.add_argument("--socket", metavar="PATH", help="the bridge's socket file, SPOOL.sock")


def _socket_of(options: argparse.Namespace) -> str:
    if options.socket is not None:
        return str(options.socket)
    from green_shield_bridge.config.child import read_apart

    return socket_path(read_apart(options.config).spool.path)


def _status(options: argparse.Namespace) -> int:
    from green_shield_bridge.operate import status

    place = status.Place(_socket_of(options), options.time_zone)
    if options.json:
        return status.print_json(place)
    if options.once or not sys.stdout.isatty():
        return status.print_once(place)
    return status.watch(place, options.interval_s)


def _health(options: argparse.Namespace) -> int:
    from green_shield_bridge.operate.status_client import ask

    code, document = ask(_socket_of(options), "/live" if options.live else "/health")
    print(json.dumps(document, ensure_ascii=False))
    return 0 if code == 200 else 6
