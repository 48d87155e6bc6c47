"""What a case measured, and the file that says so."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from green_shield_bridge import __version__

OUT = Path(__file__).resolve().parent.parent.parent / "build" / "edge_faults.json"


@dataclass(frozen=True, slots=True)
class Figures:
    """Readings, except `seconds`. `lost` takes the larger of what is missing by value and by the spool's counters.

    `unaccounted`: what the spool's counters say that should be at the park and is not (negative: the other way); None where the spool was
    replaced. `done`: what was done to the bridge and what else was seen. `evidence`: for people, when something is not as it should be.
    """

    answered: int = 0
    produced: int = 0
    stored: int = 0
    lost: int = 0
    duplicates: int = 0
    repeats: int = 0
    conflicts: int = 0
    wrong: int = 0
    dropped: int = 0
    refused: int = 0
    ledger: int = 0
    in_ledger: int = 0
    quarantined: int = 0
    unaccounted: int | None = 0
    unstored_at_kill: int = 0
    cut_at_stop: int = 0
    given_up: int = 0
    seconds: float = 0.0
    done: Mapping[str, float] = field(default_factory=dict)
    evidence: Sequence[str] = ()
    error: str | None = None

    def entry(self) -> dict[str, Any]:
        """As it stands in the file: without evidence and error where there is none."""
        entry = asdict(self)
        entry["seconds"] = round(self.seconds, 1)
        entry["done"] = {name: round(number, 3) for name, number in sorted(self.done.items())}
        return {name: value for name, value in entry.items() if value or name not in ("evidence", "error")}


Outcome = Callable[[str], Figures]


def combined(parts: Sequence[Figures]) -> Figures:
    """Several bridges of one case: counts add up, `done` too; the longest counts as the time."""
    if len(parts) == 1:
        return parts[0]
    added = {
        f.name: sum(getattr(p, f.name) or 0 for p in parts) for f in fields(Figures) if f.type in (int, int | None)
    }
    names = {name for part in parts for name in part.done}
    done = {name: _joined(name, [part.done.get(name, 0) for part in parts]) for name in names}
    errors = [part.error for part in parts if part.error]
    return Figures(
        **added,
        seconds=max((part.seconds for part in parts), default=0.0),
        done=done,
        evidence=[line for part in parts for line in part.evidence],
        error="; ".join(errors) or None,
    )


def _joined(name: str, numbers: Sequence[float]) -> float:
    return max(numbers) if name.endswith("_max") else sum(numbers)


def write(figures: Mapping[str, Figures], out: Path, *, keep_others: bool) -> None:
    """Replace the file as a whole. `keep_others`: only some cases ran, so the others of the same version stay."""
    cases = {name: one.entry() for name, one in figures.items()}
    if keep_others and out.is_file():
        before = json.loads(out.read_text(encoding="utf-8"))
        cases = (before["cases"] if before.get("version") == __version__ else {}) | cases
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f"{out.name}.{os.getpid()}.tmp")
    text = json.dumps({"version": __version__, "cases": cases}, indent=2, sort_keys=True, ensure_ascii=False)
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(out)
