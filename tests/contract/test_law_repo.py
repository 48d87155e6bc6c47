"""The repository of coupling laws, on every store."""

from dataclasses import replace

from chalicelib.adapters.law_repo import KEPT, RowLawRepo
from chalicelib.adapters.rows import Rows
from chalicelib.domain.dimension import Dimension
from chalicelib.domain.law import Fit, Law, Measured, NoLaw, Unclaimed, UnitLaws

T0 = 1_772_416_800_000
TEMPERATURE = Measured("acme-temperature", "reactor_temperature", Dimension.SAFETY)
VOC = Measured("acme-voc", "voc", Dimension.ENVIRONMENT)
STEAM = Measured("acme-steam", "steam_flow", Dimension.ENERGY)
FIT = Fit(-5.1, 0.0488, 0.0466, 0.051, 900_000, 300_000, 8123, 0.93, 168.2, 182.4, 0.034, 0.071)
LEARNT = UnitLaws(
    "acme", "acme-r1", T0, T0 - 9, T0, (Law(TEMPERATURE, VOC, FIT),),
    (Unclaimed(TEMPERATURE, STEAM, NoLaw.TOO_FEW, 12),),
)  # fmt: skip


def test_a_unit_that_was_never_learnt_has_no_laws(rows: Rows) -> None:
    laws = RowLawRepo(rows)
    laws.add(LEARNT)
    assert laws.latest("other-r1") is None and laws.versions("other-r1") == ()


def test_laws_come_back_as_they_were_learnt(rows: Rows) -> None:
    laws = RowLawRepo(rows)
    laws.add(LEARNT)
    laws.add(LEARNT)
    assert laws.latest("acme-r1") == LEARNT and laws.versions("acme-r1") == (LEARNT,)


def test_the_version_that_stood_at_an_instant_is_found(rows: Rows) -> None:
    laws = RowLawRepo(rows)
    later = replace(LEARNT, fitted_at_ms=T0 + 10, laws=())
    laws.add(later)
    laws.add(LEARNT)
    assert laws.latest("acme-r1") == later
    assert laws.latest("acme-r1", T0 + 9) == LEARNT and laws.latest("acme-r1", T0 + 10) == later
    assert laws.latest("acme-r1", T0 - 1) is None


def test_the_newest_versions_stay(rows: Rows) -> None:
    laws = RowLawRepo(rows)
    for n in range(KEPT + 3):
        laws.add(replace(LEARNT, fitted_at_ms=T0 + n))
    assert [one.fitted_at_ms - T0 for one in laws.versions("acme-r1")] == list(range(KEPT + 2, 2, -1))
