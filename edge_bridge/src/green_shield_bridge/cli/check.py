"""The command check."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from green_shield_bridge.cli.options import add_config, add_json, number
from green_shield_bridge.errors import BridgeError, KeyFileError

if TYPE_CHECKING:
    from green_shield_bridge.config import Config
    from green_shield_bridge.config.hj212 import Forward, Hj212Station
    from green_shield_bridge.operate.check_sources import Findings

NOT_REACHABLE = 5


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    check = commands.add_parser(
        "check",
        help="check the configuration and the key file, and try each source and the park",
        description="Says what is wrong with the configuration, on which line; then reads each source once, as the bridge would, and"
        " asks the park whether it is up. Exit status 2: configuration or key; 5: a source or the park is not reachable. Devices that take"
        " one connection only do not answer while the bridge runs.",
    )
    add_config(check)
    check.add_argument("--offline", action="store_true", help="only the files: try neither sources nor the park")
    check.add_argument(
        "--timeout-s",
        type=number(0.1, 600),
        default=10.0,
        metavar="S",
        help="for each source, and for the park; default: 10",
    )
    add_json(check)
    check.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> int:
    import asyncio

    from green_shield_bridge.config.problems import ConfigError
    from green_shield_bridge.config.read import read_config  # pydantic, which a running bridge does without
    from green_shield_bridge.operate import check_sources

    try:
        config = read_config(options.config)
        _read_secrets(config)
    except (ConfigError, KeyFileError) as error:
        if not options.json:
            raise
        print(json.dumps({"ok": False, "problems": _problems(error)}, ensure_ascii=False))
        return error.exit_status
    findings = None if options.offline else asyncio.run(check_sources.try_all(config, options.timeout_s))
    print(_as_json(config, findings) if options.json else _as_text(config, findings))
    return 0 if findings is None or findings.are_all_ok else NOT_REACHABLE


def _read_secrets(config: "Config") -> None:
    """Whether each file with a key or password is there, and nobody else's to read. Raises KeyFileError."""
    from green_shield_bridge.config.hj212 import Hj212Source
    from green_shield_bridge.hj212.secret_files import read_password, read_sm4_key
    from green_shield_bridge.upload.identity import read_key

    read_key(config.key_file)
    holders: list[Hj212Station | Forward] = list(config.forward)
    for source in config.sources:
        holders += source.stations if isinstance(source, Hj212Source) else ()
    for holder in holders:
        read_password(holder.password_file)
        if holder.sm4_key_file is not None:
            read_sm4_key(holder.sm4_key_file)


def _problems(error: BridgeError) -> list[dict[str, object]]:
    from green_shield_bridge.config.problems import ConfigError

    if isinstance(error, ConfigError):
        return [asdict(problem) for problem in error.problems]
    return [{"line": None, "field": "key_file", "message": str(error)}]


def _as_json(config: "Config", findings: "Findings | None") -> str:
    tried = {} if findings is None else asdict(findings)
    is_ok = findings is None or findings.are_all_ok
    return json.dumps({"ok": is_ok, "bridge_id": config.bridge_id, **tried}, ensure_ascii=False, indent=1)


def _as_text(config: "Config", findings: "Findings | None") -> str:
    head = f"ok: bridge {config.bridge_id} -> {config.server.url}, {len(config.sources)} source(s)"
    if findings is None:
        return "\n".join([head, *(f"  {source.name}: {source.kind}" for source in config.sources)])
    from green_shield_bridge.operate.check_view import as_text

    return f"{head}\n{as_text(findings)}"
