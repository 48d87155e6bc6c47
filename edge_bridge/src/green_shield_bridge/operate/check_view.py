"""What `check` found, as text for people."""

from collections.abc import Iterator, Sequence

from green_shield_bridge.operate.check_sources import Findings, PointRead, Tried

_MOST_VALUES = 8


def as_text(findings: Findings) -> str:
    """One line for the park, one for each source with the first of its values, and one for each platform."""
    park, tried = findings.park, (*findings.sources, *findings.platforms)
    width = max(len(one.name) for one in tried)
    lines = [_line("park", width, park.is_ok, park.took_ms, park.problem or park.url)]
    lines += [_line(one.name, width, one.is_ok, one.took_ms, _told(one)) for one in tried]
    passed = sum(source.is_ok for source in findings.sources)
    return "\n".join([*lines, f"{passed} of {len(findings.sources)} sources ok"])


def _line(name: str, width: int, is_ok: bool, took_ms: int, text: str) -> str:
    return f"  {'ok    ' if is_ok else 'FAILED'}  {name:<{width}}  {took_ms:>6} ms  {text}"


def _told(source: Tried) -> str:
    return "; ".join(filter(None, (source.problem, ", ".join(_values(source.points)))))


def _values(points: Sequence[PointRead]) -> Iterator[str]:
    for point in points[:_MOST_VALUES]:
        yield f"{point.point} = {point.flag if point.value is None else f'{point.value:.10g}'}"
    if len(points) > _MOST_VALUES:
        yield f"and {len(points) - _MOST_VALUES} more"
