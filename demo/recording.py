"""Recorded runs of the Tennessee Eastman process: 41 measured and 11 manipulated variables, 3 minutes a row.

Most files are rows of 52 numbers; `d00.dat` is the same turned on its side (52 lines of one column each). Anything
else is refused with the line.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MEASURED, MANIPULATED = 41, 11
COLUMNS = tuple(f"XMEAS({n})" for n in range(1, MEASURED + 1)) + tuple(f"XMV({n})" for n in range(1, MANIPULATED + 1))
ROW_PERIOD_S = 180.0
MAX_BYTES = 64 * 1024 * 1024


class RecordingError(ValueError):
    """The file is not a recorded run."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Rows of 52 numbers, oldest first."""

    file: str
    rows: tuple[tuple[float, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def named(self) -> Iterator[Mapping[str, float]]:
        """Each row as a mapping from column name, such as XMEAS(7), to value."""
        return (dict(zip(COLUMNS, row, strict=True)) for row in self.rows)


def load_recording(path: str | Path) -> Recording:
    """Read a `.dat` file. Raises RecordingError: absent, not numbers, ragged, or neither side has 52."""
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise RecordingError(f"{file}: larger than {MAX_BYTES // 2**20} MB, not a recorded run")
        lines = file.read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise RecordingError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"{file}: not a text of numbers (byte {error.start})") from error
    rows = [_numbers(file, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    return Recording(str(file), _upright(file, rows))


def _numbers(file: Path, number: int, line: str) -> tuple[float, ...]:
    values = []
    for text in line.split():
        try:
            value = float(text)
        except ValueError:
            raise RecordingError(f"{file}:{number}: {text[:40]!r} is not a number") from None
        if not math.isfinite(value):
            raise RecordingError(f"{file}:{number}: {text[:40]!r} is not a finite number")
        values.append(value)
    return tuple(values)


def _upright(file: Path, rows: list[tuple[float, ...]]) -> tuple[tuple[float, ...], ...]:
    if not rows:
        raise RecordingError(f"{file}: no rows")
    width = len(rows[0])
    ragged = next((index for index, row in enumerate(rows) if len(row) != width), None)
    if ragged is not None:
        raise RecordingError(f"{file}: row {ragged + 1} has {len(rows[ragged])} numbers, the first has {width}")
    if width == len(COLUMNS):
        return tuple(rows)
    if len(rows) == len(COLUMNS):
        return tuple(zip(*rows, strict=True))
    raise RecordingError(
        f"{file}: {len(rows)} rows of {width} numbers; a recorded run has {len(COLUMNS)} columns (or rows)"
    )
