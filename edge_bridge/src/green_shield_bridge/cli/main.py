"""The command `green-shield-bridge`. Each group of subcommands is a module here, and imports what it needs when it runs."""

import argparse
import sys
from collections.abc import Sequence

from green_shield_bridge import __version__
from green_shield_bridge.cli import check as cli_check
from green_shield_bridge.cli import devices as cli_devices
from green_shield_bridge.cli import export as cli_export
from green_shield_bridge.cli import key as cli_key
from green_shield_bridge.cli import status as cli_status
from green_shield_bridge.cli.options import add_config
from green_shield_bridge.errors import BridgeError

EXIT_STATUSES = """exit status:
  0  done; check: all reachable; health: well
  1  any other problem
  2  the command line, the configuration, the key or the CA file
  3  the spool cannot be used
  4  status, health: no bridge answers (status then shows what is in the spool file)
  5  check: a source or the park is not reachable
  6  health: the bridge answers and is not well
  130  ended by Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        status: int | None = options.command(options)
    except BridgeError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as head, has enough
        sys.stderr.close()
        return 0
    return status or 0


def _run(options: argparse.Namespace) -> None:
    import asyncio

    from green_shield_bridge import log
    from green_shield_bridge.bridge import run_bridge  # no other command needs the whole bridge
    from green_shield_bridge.config.child import read_apart

    config = read_apart(options.config)
    log.set_up(options.log_level)
    asyncio.run(run_bridge(config, options.config, options.stats_file))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="green-shield-bridge",
        description="Reads the devices of a plant, keeps the readings on disk and uploads them to Green Shield.",
        epilog=EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    for module in (cli_check, cli_status, cli_devices, cli_export, cli_key):
        module.add(commands)
    return parser


def _add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = commands.add_parser(
        "run",
        help="poll, spool and upload until SIGTERM or SIGINT",
        description="Runs the bridge. SIGTERM or SIGINT: commit, give the park a last chance, end. SIGHUP: read the"
        " configuration again; a file with a mistake is logged and changes nothing. Logs are JSON lines on stderr."
        " Health, metrics and status are served on the socket file SPOOL.sock, and on 127.0.0.1 where monitor.port is set.",
    )
    add_config(run)
    run.add_argument("--stats-file", metavar="PATH", help="write counters to this JSON file every second")
    run.add_argument(
        "--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="default: %(default)s"
    )
    run.set_defaults(command=_run)
