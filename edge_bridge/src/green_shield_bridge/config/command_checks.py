"""What `commands` must keep: each measure once, into a register that its Modbus source has and that can hold the value."""

from collections.abc import Iterator

from green_shield_bridge.config.commands import AllowedCommand
from green_shield_bridge.config.modbus import MODBUS_SOURCES, ModbusSource
from green_shield_bridge.config.model import Config
from green_shield_bridge.config.problems import Path
from green_shield_bridge.modbus.codec import encode, words_of

Finding = tuple[Path, str]


def check_commands(config: Config) -> Iterator[Finding]:
    """Findings about the measures that the park may ask for."""
    devices = {source.name: source for source in config.sources if isinstance(source, MODBUS_SOURCES)}
    first_of: dict[str, int] = {}
    for index, command in enumerate(config.commands.allow):
        path: Path = ("commands", "allow", index)
        first = first_of.setdefault(command.measure, index)
        if first != index:
            yield (
                (*path, "measure"),
                f"{command.measure!r} is already allowed by allow[{first}]; a measure has one register",
            )
        yield from _values_fit(path, command)
        device = devices.get(command.source)
        if device is None:
            yield (*path, "source"), f"{command.source!r} is no Modbus source of this file{_known(devices)}"
        else:
            yield from _register_exists(path, command, device)


def _known(devices: dict[str, ModbusSource]) -> str:
    shown = [*list(devices)[:5], *(["..."] if len(devices) > 5 else [])]
    return f"; allowed: {', '.join(shown)}" if shown else ""


def _register_exists(path: Path, command: AllowedCommand, device: ModbusSource) -> Iterator[Finding]:
    base = device.address_base
    end = command.register + words_of(command.type) - 1
    if command.register < base or end > 65_535 + base:
        yield (
            (*path, "register"),
            f"got {command.register}, a {command.type} ends at {end}; "
            f"allowed: {base} to {65_535 + base} (address_base of {device.name} is {base})",
        )
    for number, (first, last) in enumerate(device.holes or ()):
        if command.function == "holding" and command.register <= last and end >= first:
            what = f"is read back after a write, but holes[{number}] of {device.name} says never to read it"
            yield (*path, "register"), what


def _values_fit(path: Path, command: AllowedCommand) -> Iterator[Finding]:
    for field in ("value", "min", "max"):
        value: float | None = getattr(command, field)
        if value is None:
            continue
        if command.type == "bool":
            if value not in (0.0, 1.0):
                yield (*path, field), f"got {value:g}; a coil takes 0 or 1"
            continue
        try:
            encode(value, command.type, command.order, command.scale, command.offset)
        except ValueError as error:
            yield (*path, field), f"{error}, with this scale and offset"
