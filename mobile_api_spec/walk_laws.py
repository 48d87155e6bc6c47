"""The walk's part about laws: a reactor that was learnt, and the advice that follows while it runs hot."""

from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import Fit, Law, Measured, NoLaw, Unclaimed, UnitLaws
from mobile_api_spec.recorder import Walker
from tests.park import START_MS

DAY_MS = 86_400_000
TEMPERATURE = Measured("acme-temperature", "reactor_temperature", Dimension.SAFETY)
VOC = Measured("acme-voc", "voc", Dimension.ENVIRONMENT)
STEAM = Measured("acme-steam", "steam_flow", Dimension.ENERGY)
FIT = Fit(
    intercept=-5.18, slope=0.0498, slope_low=0.045, slope_high=0.0545, lag_ms=900_000, step_ms=300_000, n=8123, r2=0.93,
    valid_from=168.2, valid_to=190.4, spread=0.034, sustained=0.071,
)  # fmt: skip


def laws(w: Walker) -> None:
    learnt = UnitLaws(
        "acme", "acme-r1", START_MS, START_MS - 30 * DAY_MS, START_MS,
        (Law(TEMPERATURE, VOC, FIT),), (Unclaimed(TEMPERATURE, STEAM, NoLaw.NO_LINK, 8123),),
    )  # fmt: skip
    w.park.services.laws.add(learnt)
    w.call("get_coupling_law", "enterprise", unit_id="acme-r1", expect=200)
    w.call("get_advice", "enterprise", enterprise_id="acme", expect=200)
