"""The command `green-shield-bridge`: run, check, keygen, token.

Exit status: 0 done, 1 any other problem, 2 configuration or key, 3 spool.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from green_shield_bridge import __version__, log
from green_shield_bridge.config import Config, read_config
from green_shield_bridge.errors import BridgeError
from green_shield_bridge.identity import Identity, make_key_file, public_jwk, public_pem, read_key


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except BridgeError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


def _run(options: argparse.Namespace) -> None:
    from green_shield_bridge.bridge import run_bridge  # `check` and `keygen` need neither Modbus nor HTTP

    config = read_config(options.config)
    log.set_up(options.log_level)
    asyncio.run(run_bridge(config, options.stats_file))


def _check(options: argparse.Namespace) -> None:
    config = read_config(options.config)
    read_key(config.key_file)
    print(_summary(config))


def _keygen(options: argparse.Namespace) -> None:
    key = make_key_file(options.out)
    print(public_jwk(key, options.bridge_id) if options.jwk else public_pem(key).rstrip())


def _token(options: argparse.Namespace) -> None:
    try:
        body = Path(options.body_file).read_bytes()
    except OSError as error:
        raise BridgeError(f"body file {options.body_file}: {error.strerror}") from error
    identity = Identity(options.bridge_id, read_key(options.key_file))
    print(identity.token_for(body, int(time.time())))


def _summary(config: Config) -> str:
    lines = [f"ok: bridge {config.bridge_id} -> {config.server.url}, {len(config.sources)} source(s)"]
    lines += [
        f"  {s.name}: {s.kind} {s.host}:{s.port} device {s.device_id},"
        f" {len(s.points)} point(s) every {s.poll_interval_s:g} s"
        for s in config.sources
    ]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="green-shield-bridge", description="Reads the devices of a plant and uploads to Green Shield."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="poll, spool and upload until SIGTERM or SIGINT")
    _add_config(run)
    run.add_argument("--stats-file", metavar="PATH", help="write counters to this JSON file every second")
    run.add_argument(
        "--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="default: %(default)s"
    )
    run.set_defaults(command=_run)

    check = commands.add_parser(
        "check", help="check the configuration and the key file, and say what is wrong on which line"
    )
    _add_config(check)
    check.set_defaults(command=_check)

    keygen = commands.add_parser(
        "keygen", help="make the bridge's key; prints the public half, which the park's administrator registers"
    )
    keygen.add_argument(
        "--out", required=True, metavar="PATH", help="new key file, mode 0600; an existing file is never overwritten"
    )
    keygen.add_argument("--jwk", action="store_true", help="print the public key as a JWK instead of PEM")
    keygen.add_argument("--bridge-id", metavar="ID", help="put this id into the JWK as kid")
    keygen.set_defaults(command=_keygen)

    token = commands.add_parser(
        "token", help="print a token for one upload by hand, good for five minutes and for exactly the bytes of a file"
    )
    token.add_argument("--bridge-id", required=True, metavar="ID", help="the bridge's id in the park's registry")
    token.add_argument("--key-file", required=True, metavar="PATH", help="the bridge's key, as keygen made it")
    token.add_argument("body_file", metavar="BODY_FILE", help="the upload, exactly as it will be sent")
    token.set_defaults(command=_token)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", required=True, metavar="PATH", help="YAML configuration; examples/bridge.yaml explains every key"
    )
