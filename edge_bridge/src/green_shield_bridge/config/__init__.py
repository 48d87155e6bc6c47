"""The configuration: plain values for the running bridge; YAML with line numbers, rules and checks for whoever reads the file.

`read.py` needs pydantic and PyYAML; a running bridge reads its file in a child process (`child.py`) and never loads them.
"""

from green_shield_bridge.config.modbus import ModbusPoint, ModbusTcpSource
from green_shield_bridge.config.model import Config, Server, Source, Spool, Upload
from green_shield_bridge.config.points import Point, Trigger
from green_shield_bridge.config.problems import ConfigError, Problem

__all__ = [
    "Config",
    "ConfigError",
    "ModbusPoint",
    "ModbusTcpSource",
    "Point",
    "Problem",
    "Server",
    "Source",
    "Spool",
    "Trigger",
    "Upload",
]
