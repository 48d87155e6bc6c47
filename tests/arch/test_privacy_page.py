"""docs/privacy.md against the code: what it says can be asked, and how far off answers are."""

import re
from fractions import Fraction
from pathlib import Path

from chalicelib.domain.privacy import Noise
from chalicelib.domain.statistic import DATA_SETS, STATISTICS, StatisticId

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")


def test_the_page_lists_the_statistics_with_their_bounds() -> None:
    told = re.findall(r"^\|(?: `(\w+)`( \(month\))?)? \| `(\w+)` \| (\d+)(?: min)? \|", PAGE, re.MULTILINE)
    known = [
        (one.id if number == 0 else "", " (month)" if number == 0 and one.is_monthly else "", each.id, str(each.bound))
        for one in DATA_SETS.values()
        for number, each in enumerate(one.statistics)
    ]
    assert told == known


def test_the_page_says_how_far_off_answers_are() -> None:
    told = re.findall(r"^\| ([\d.]+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    shown = [STATISTICS[id][1] for id in (StatisticId.ENTERPRISES, StatisticId.TASKS, StatisticId.OVERDUE_MINUTES)]
    assert told == [
        (epsilon, *(str(Noise.of(one, Fraction(epsilon)).margin) for one in shown)) for epsilon in ("0.1", "0.5", "1")
    ]
