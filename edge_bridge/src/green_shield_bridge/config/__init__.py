"""The configuration: YAML with line numbers, models, and checks that span several fields."""

from green_shield_bridge.config.model import Config, ModbusPoint, ModbusTcpSource, Trigger
from green_shield_bridge.config.problems import ConfigError, Problem
from green_shield_bridge.config.read import parse_config, read_config

__all__ = [
    "Config",
    "ConfigError",
    "ModbusPoint",
    "ModbusTcpSource",
    "Problem",
    "Trigger",
    "parse_config",
    "read_config",
]
