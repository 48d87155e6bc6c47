"""The shape of a configuration. Unknown keys are refused: a misspelt option must not be a silent default.

A further kind of source is a further dataclass in a module of its own, joined to `Source` by its `kind`.
"""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from green_shield_bridge.config.commands import Commands
from green_shield_bridge.config.hj212 import Forward, Hj212Source
from green_shield_bridge.config.modbus import ModbusRtuSource, ModbusRtuTcpSource, ModbusTcpSource
from green_shield_bridge.config.rules import STRICT, ByKind, Checked, Name, Port, Rule, Seconds, Text

Source = Annotated[ModbusTcpSource | ModbusRtuTcpSource | ModbusRtuSource | Hj212Source, ByKind()]


def _https_or_loopback(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("allowed: https://host[:port][/path], without user, query or fragment")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("http is allowed to this machine (127.0.0.1, ::1, localhost) only; use https")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the park is. `/v1/readings` is added to the URL."""

    __pydantic_config__ = STRICT

    url: Annotated[str, Checked(_https_or_loopback), Rule("the park's API, such as https://park.example")]
    ca_file: str | None = None
    timeout_s: Annotated[float, Rule(ge=0.1, le=300)] = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """The file on disk. `when_full`: of the disk, and of `max_mb`."""

    __pydantic_config__ = STRICT

    path: Text
    commit_interval_s: Annotated[float, Rule(ge=0, le=10)] = 0.1
    memory_readings: Annotated[int, Rule(ge=1_000, le=10_000_000)] = 200_000
    when_full: Literal["refuse_new", "drop_oldest"] = "refuse_new"
    max_mb: Annotated[float, Rule(ge=1, le=1_000_000)] = 2_000.0
    keep_days: Annotated[float, Rule(gt=0, le=3_660)] = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """When what is on disk goes to the park."""

    __pydantic_config__ = STRICT

    max_batch_age_s: Seconds = 60.0
    max_batch_readings: Annotated[int, Rule(ge=1, le=20_000)] = 20_000
    default_interval_s: Seconds = 60.0
    retry_max_s: Seconds = 60.0
    live_window_s: Seconds = 120.0
    backlog_readings_per_s: Annotated[float, Rule(gt=0, le=10_000_000)] = 20_000.0
    report_interval_s: Seconds = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Health and Prometheus metrics over HTTP on 127.0.0.1; no port: on the socket file beside the spool only."""

    __pydantic_config__ = STRICT

    port: Port | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One bridge."""

    __pydantic_config__ = STRICT

    bridge_id: Annotated[Name, Rule("the id under which the park registered this bridge")]
    server: Server
    key_file: Annotated[Text, Rule("made by `green-shield-bridge keygen`")]
    spool: Spool
    upload: Upload = field(default_factory=Upload)
    monitor: Monitor = field(default_factory=Monitor)
    commands: Commands = field(default_factory=Commands)
    shutdown_s: Annotated[float, Rule(ge=0.1, le=120)] = 5.0
    sources: Annotated[list[Source], Rule(min_length=1, max_length=1_000)]
    forward: Annotated[list[Forward], Rule("platforms that get readings by HJ 212", max_length=20)] = field(
        default_factory=list
    )
