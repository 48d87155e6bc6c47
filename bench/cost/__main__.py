"""Measure (a minute and a half), work out the bills, and write docs/cost.md; what was measured goes to build/cost.json."""

import argparse
import sys
from pathlib import Path

from bench.cost.measure import dumped, measure
from bench.cost.model import Assumptions
from bench.cost.page import render
from bench.cost.prices import price_list

ROOT = Path(__file__).resolve().parents[2]
PAGE, OUT = ROOT / "docs" / "cost.md", ROOT / "build" / "cost.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--region", default="us-east-1", help="whose table of prices.yaml (default: us-east-1)")
    parser.add_argument("--page", type=Path, default=PAGE, help="where to write the page (default: docs/cost.md)")
    chosen = parser.parse_args()
    prices = price_list(chosen.region)
    measured = measure(lambda step: print(f"measuring: {step}", file=sys.stderr))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(dumped(measured) + "\n", encoding="utf-8")
    chosen.page.write_text(render(measured, prices, Assumptions()), encoding="utf-8")
    print(chosen.page.read_text(encoding="utf-8").split("## What was measured")[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
