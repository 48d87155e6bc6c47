"""What a configuration must keep across fields, sources and points."""

from collections.abc import Iterator

from green_shield_bridge.codec import words_of
from green_shield_bridge.config.model import Config, ModbusPoint, ModbusTcpSource
from green_shield_bridge.config.problems import Path, dotted

Finding = tuple[Path, str]


def check(config: Config) -> Iterator[Finding]:
    """Yield (path, what is wrong) for everything the models cannot see by themselves."""
    yield from _names_are_unique(config)
    yield from _points_are_unique(config)
    for index, source in enumerate(config.sources):
        yield from _registers_exist(("sources", index), source)
        yield from _registers_have_one_meaning(("sources", index), source)


def _names_are_unique(config: Config) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, source in enumerate(config.sources):
        first = seen.setdefault(source.name, index)
        if first != index:
            yield ("sources", index, "name"), f"{source.name!r} is already the name of sources[{first}]"


def _points_are_unique(config: Config) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    for s, source in enumerate(config.sources):
        for p, point in enumerate(source.points):
            here: Path = ("sources", s, "points", p, "point")
            first = seen.setdefault(point.point, here)
            if first != here:
                yield here, f"{point.point!r} is already read by {dotted(first[:-1])}; a point has one source"


def _registers_exist(path: Path, source: ModbusTcpSource) -> Iterator[Finding]:
    first, last = source.address_base, 65_535 + source.address_base
    for index, point in enumerate(source.points):
        end = point.register_ + words_of(point.type) - 1
        if point.register_ < first or end > last:
            what = f"got {point.register_}, a {point.type} ends at {end}; "
            yield (
                (*path, "points", index, "register"),
                (f"{what}allowed: {first} to {last} (address_base is {source.address_base})"),
            )


def _registers_have_one_meaning(path: Path, source: ModbusTcpSource) -> Iterator[Finding]:
    """Two points may read the very same value, but not overlap with a different type, order or start."""
    taken: dict[tuple[str, int], tuple[int, ModbusPoint]] = {}
    for index, point in enumerate(source.points):
        for register in range(point.register_, point.register_ + words_of(point.type)):
            other_index, other = taken.setdefault((point.function, register), (index, point))
            if _meaning(other) != _meaning(point):
                yield (
                    (*path, "points", index, "register"),
                    (
                        f"{_told(point)} overlaps {_told(other)} (points[{other_index}])"
                        f" in {point.function} register {register}"
                    ),
                )
                break


def _meaning(point: ModbusPoint) -> tuple[int, str, str]:
    return point.register_, point.type, point.order


def _told(point: ModbusPoint) -> str:
    return f"{point.point} ({point.type} {point.order} at {point.register_})"
