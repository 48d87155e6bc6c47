"""Times and sizes as people read them."""

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def span(duration_ms: int) -> str:
    """1500 -> "1.5 s", 90000 -> "1.5 min"; below zero, where a clock was set back, as it is."""
    seconds = duration_ms / 1000
    for size_s, unit in _STEPS:
        if abs(seconds) >= size_s:
            return f"{seconds / size_s:.1f} {unit}"
    return f"{seconds:.1f} s"


def bytes_in_words(size: int) -> str:
    """In decimal units, as disks are sold: 1234567 -> "1.2 MB"."""
    if size < 1_000:
        return f"{size} B"
    for limit, unit in ((10**6, "kB"), (10**9, "MB")):
        if size < limit:
            return f"{size / (limit // 1000):.1f} {unit}"
    return f"{size / 10**9:.1f} GB"
