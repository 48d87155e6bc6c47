"""What is known of a unit's watch without its numbers: which model is active and what it was trained on. Imports no numpy, so that
a function that only looks whether there is a watch starts fast."""

from dataclasses import dataclass

DEFAULT_INTERVAL_MS = 180_000
LEAST_INTERVAL_MS = 10_000
HOLD = 3  # intervals for which a point's last valid value stands in for the next


@dataclass(frozen=True, slots=True)
class WatchVersion:
    """A trained model of one unit. `far` is the share of rows alarmed in cross-validation; `left_out` are points that never moved."""

    enterprise_id: str
    unit_id: str
    version: str
    points: tuple[str, ...]
    interval_ms: int
    from_ms: int
    to_ms: int
    rows: int
    far: float
    trained_at_ms: int
    left_out: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Of the model in the store. A version is written once and never changed."""
        return f"models/{self.unit_id}/{self.version}.npz"


def version_of(trained_at_ms: int) -> str:
    return f"v{trained_at_ms:013d}"


class TrainingRefused(ValueError):
    """The period does not make a model. `reason` is one of REASONS; `detail` says what of it, `needed` how much it takes."""

    REASONS = (
        "unknown_unit",
        "bad_period",
        "too_few_points",
        "too_few_rows",
        "points_missing",
        "flagged_readings",
        "not_normal",
    )

    def __init__(self, reason: str, detail: str, *, needed: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}" + ("" if needed is None else f"; {needed} needed"))
        self.reason, self.detail, self.needed = reason, detail, needed
