"""What a configuration must keep across fields, sources and points."""

from collections.abc import Iterator

from green_shield_bridge.config.command_checks import check_commands
from green_shield_bridge.config.hj212 import Hj212Source
from green_shield_bridge.config.modbus_checks import check_modbus
from green_shield_bridge.config.model import Config, Source
from green_shield_bridge.config.points import Point
from green_shield_bridge.config.problems import Path, dotted
from green_shield_bridge.hj212.factors import canonical_code

Finding = tuple[Path, str]


def check(config: Config) -> Iterator[Finding]:
    """Yield (path, what is wrong) for everything the models cannot see by themselves."""
    yield from _names_are_unique(config)
    yield from _points_are_unique(config)
    for index, source in enumerate(config.sources):
        if isinstance(source, Hj212Source):
            yield from _stations_are_unique(("sources", index), source)
            yield from _factors_have_one_point(("sources", index), source)
    yield from check_modbus([(i, s) for i, s in enumerate(config.sources) if not isinstance(s, Hj212Source)])
    yield from check_commands(config)
    yield from _forwards_are_right(config)


def _names_are_unique(config: Config) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, source in enumerate(config.sources):
        first = seen.setdefault(source.name, index)
        if first != index:
            yield ("sources", index, "name"), f"{source.name!r} is already the name of sources[{first}]"


def _points_are_unique(config: Config) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    for s, source in enumerate(config.sources):
        for path, point in _points_of(source):
            here: Path = ("sources", s, *path, "point")
            first = seen.setdefault(point.point, here)
            if first != here:
                yield here, f"{point.point!r} is already read by {dotted(first[:-1])}; a point has one source"


def _points_of(source: Source) -> Iterator[tuple[Path, Point]]:
    """Every point with its path within the source."""
    if not isinstance(source, Hj212Source):
        yield from ((("points", p), point) for p, point in enumerate(source.points))
        return
    for s, station in enumerate(source.stations):
        yield from ((("stations", s, "points", p), point) for p, point in enumerate(station.points))


def _stations_are_unique(path: Path, source: Hj212Source) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, station in enumerate(source.stations):
        first = seen.setdefault(station.mn, index)
        if first != index:
            yield (*path, "stations", index, "mn"), f"{station.mn!r} is already the mn of stations[{first}]"


def _factors_have_one_point(path: Path, source: Hj212Source) -> Iterator[Finding]:
    """A value of a message goes to one point: a factor counts once, by its old or its new code."""
    for s, station in enumerate(source.stations):
        seen: dict[tuple[str, str, str], int] = {}
        for index, point in enumerate(station.points):
            first = seen.setdefault((canonical_code(point.factor), point.data, point.sent_as), index)
            if first != index:
                what = f"{point.data} {point.factor}-{point.sent_as} is already what points[{first}] is"
                yield (*path, "stations", s, "points", index, "factor"), what


def _forwards_are_right(config: Config) -> Iterator[Finding]:
    known = {point.point for source in config.sources for _, point in _points_of(source)}
    names: dict[str, int] = {}
    for f, forward in enumerate(config.forward):
        first = names.setdefault(forward.name, f)
        if first != f:
            yield ("forward", f, "name"), f"{forward.name!r} is already the name of forward[{first}]"
        codes: dict[str, int] = {}
        for index, point in enumerate(forward.points):
            if point.point not in known:
                yield (
                    ("forward", f, "points", index, "point"),
                    f"{point.point!r} is no point of any source of this file",
                )
            first = codes.setdefault(point.factor, index)
            if first != index:
                yield ("forward", f, "points", index, "factor"), f"{point.factor!r} is already what points[{first}] is"
