"""docs/cost.md from what was measured. The page says nothing that is not worked out here, so that it is as the command prints it."""

import re
from collections.abc import Iterable
from dataclasses import fields, replace

from bench.cost.model import (
    GROUPS,
    ITEM_OVERHEAD_BYTES,
    MONTH_S,
    Assumptions,
    Measured,
    Shape,
    bill,
    duration_s,
    item_per_reading,
    learn_share,
    month,
    sitewise_messages,
)
from bench.cost.prices import PriceList

SIZES = (10, 100, 1_000, 10_000)
SHAPES: tuple[Shape, ...] = ((30, 1), (60, 2), (300, 10), (300, 1))
NUMBER = re.compile(r"[*\d,.]+")
HEAD = "<!-- Made by `make cost`; do not edit. -->\n"


def render(measured: Measured, prices: PriceList, given: Assumptions) -> str:
    """The whole page."""
    parts = (
        _intro(measured, prices, given),
        _bills(measured, prices, given),
        _cadences(measured, prices, given),
        _beside(measured, prices, given),
        _measured(measured, given),
        _assumptions(given),
        _prices(prices),
    )
    return HEAD + "\n".join(parts)


def shape(page: str) -> str:
    """A page without its figures: what must be the same however fast the machine was that measured."""
    plain = re.sub(r"\d[\d,]*(\.\d+)?", "0", page)
    return re.sub(r"\| (" + "|".join(map(re.escape, sorted(set(GROUPS.values())))) + r") (\|[^\n]*)\n", "", plain)


def _intro(measured: Measured, prices: PriceList, given: Assumptions) -> str:
    bills = {n: bill(month(n, measured, given), prices) for n in SIZES}
    largest = bills[SIZES[-1]]
    total = sum(largest.values())
    first, second = list(largest)[:2]
    unseen = sum(not one.seen for one in prices.prices.values())
    return f"""# What a park costs

A month of Green Shield for parks of several sizes, each enterprise with {given.points} points read every {given.reading_s} s, by AWS's list prices in
{prices.region}, in {prices.currency}, without free tiers. Units, durations and bytes are measured by the command that writes this page ([bench/cost](../bench/cost)):
the real app and handlers, on a store that counts as DynamoDB charges. What people do is assumed, and stands below, as do the prices: {unseen} of
{len(prices.prices)} could not be verified.

At {SIZES[-1]:,} enterprises {first} are {largest[first] / total:.0%} of the bill and {second} {largest[second] / total:.0%}; an enterprise costs
{total / SIZES[-1]:.2f} a month there and {sum(bills[SIZES[0]].values()) / SIZES[0]:.2f} at {SIZES[0]} enterprises, where what is fixed weighs more.
"""


def _bills(measured: Measured, prices: PriceList, given: Assumptions) -> str:
    bills = {n: bill(month(n, measured, given), prices) for n in SIZES}
    order = list(bills[SIZES[-1]])
    rows = [(group, *(_money(bills[n][group]) for n in SIZES)) for group in order]
    rows.append(("**all**", *(f"**{_money(sum(bills[n].values()))}**" for n in SIZES)))
    rows.append(("an enterprise", *(_money(sum(bills[n].values()) / n) for n in SIZES)))
    shares = [_share(learn_share(n, measured, given)) for n in SIZES]
    http = [month(n, measured, given)["gateway.rest_request"] for n in SIZES]
    gateway = [_money(prices.cost("gateway.http_request", one)) for one in http]
    return f"""## A month, in {prices.currency}

{_table(("", *(f"{n:,} enterprises" for n in SIZES)), rows)}
Storage is that of a park that has run as long as its data is kept: readings {given.reading_months} months, photos and tasks {given.photo_months}. In the
first month it is a small part of that.

The hourly run (`learn`) has twelve minutes of each hour; of the turns that are due it takes {", ".join(shares)}. What it does not reach comes later,
the stalest first: a park that needs every unit looked at each hour needs more than one such run.

Our routes are a REST API, for which Chalice makes the template. The same requests as an HTTP API would cost {", ".join(gateway)}.

DynamoDB's streams cost nothing here: what Lambda reads of them is not charged
([DynamoDB pricing](https://aws.amazon.com/dynamodb/pricing/on-demand/)).
"""


def _cadences(measured: Measured, prices: PriceList, given: Assumptions) -> str:
    rows = []
    for every_s, each in SHAPES:
        chosen = replace(given, upload_s=every_s, reading_s=every_s // each)
        costs = [sum(bill(month(n, measured, chosen), prices).values()) for n in SIZES]
        rows.append((_span(every_s), str(each), *map(_money, costs), _money(costs[-1] / SIZES[-1])))
    head = (
        "an upload every",
        "of each point",
        *(f"{n:,} enterprises" for n in SIZES),
        f"an enterprise of {SIZES[-1]:,}",
    )
    return f"""## How often a bridge uploads

The first three send the same readings, one in {given.reading_s} s of each point, in fewer or more uploads. A bridge left to itself thins out: it sends one
reading of each point for each sampling interval that the park answers, as in the last line, and a value that crosses its trigger at once. Intervals are
30 s under an open tier 3, 60 s under tier 2, 5 min under tier 1 and from a base risk of 0.45 on, else 15 min or 1 h, which is cheaper than
anything here.

{_table(head, rows)}"""


def _beside(measured: Measured, prices: PriceList, given: Assumptions) -> str:
    rows = []
    for n in SIZES:
        ours = sum(bill(month(n, measured, given), prices).values())
        other = sum(bill(item_per_reading(n, measured, given), prices).values())
        messages = sitewise_messages(n, given)
        costs = [_money(prices.cost("sitewise.message", one)) for one in messages.values()]
        rows.append((f"{n:,}", _money(ours), _money(other), f"{other / ours:.1f}", *costs))
    quick, buffered = (one / 1e6 for one in sitewise_messages(1, given).values())
    ingest = _ingest_cost(measured, prices, given)
    return f"""## Beside other designs

{_table(("enterprises", "ours", "an item for each reading", "times ours", "SiteWise, near real time", "SiteWise, buffered"), rows)}
**An item for each reading**: the same bill with each reading as an item of its measured {measured.item_bytes:.0f} bytes (one write unit, and {ITEM_OVERHEAD_BYTES} bytes more in
storage) instead of blocks of {measured.stored_bytes[given.shape]:,.0f} bytes for {given.points * given.upload_s // given.reading_s:,} readings.

**AWS IoT SiteWise**: its messages for the same readings and nothing else: no storage, no computations, no tasks. It meters ten values of one stream, or
1 KB, as a message near real time, and sixty values or 5 KB when they are buffered ([its page](https://aws.amazon.com/iot-sitewise/pricing/)). The price of a
million messages could not be verified; the amounts are at {prices.prices["sitewise.message"].tiers[0][1]:.2f}. An enterprise has {quick:.3f} million messages
near real time and {buffered:.3f} million buffered. Taking in and judging the same readings costs {ingest:.2f} here, so the two are even at
{ingest / quick:.2f} or {ingest / buffered:.2f} a million.
"""


def _ingest_cost(measured: Measured, prices: PriceList, given: Assumptions) -> float:
    """What an enterprise's uploads cost of a month, from the gateway to the judged state, without storage."""
    count = MONTH_S / given.upload_s
    cost = prices.cost("gateway.rest_request", count)
    for name, use in measured.upload[given.shape].items():
        gb_s = duration_s(use, name, measured, given) * measured.memory_mb[name] / 1024
        cost += prices.cost("lambda.gb_s", gb_s * count) + prices.cost("lambda.request", use.runs * count)
        cost += prices.cost("dynamodb.write_unit", use.write_units * count)
        cost += prices.cost("dynamodb.read_unit", use.read_units * count)
        cost += prices.cost("logs.ingested_gb", (use.log_bytes + use.runs * given.platform_log_bytes) * count / 1e9)
        cost += prices.cost("transfer.out_gb", use.out_bytes * count / 1e9)
    return cost


def _measured(measured: Measured, given: Assumptions) -> str:
    things = {
        **{f"{given.points} points x {each}, every {_span(s)}": measured.upload[s, each] for s, each in SHAPES},
        "a bridge's report": measured.report,
        "a tier 3 task, from warning to end": measured.task,
        "a look": measured.look,
        "a minute's run": {"clock": measured.clock},
        **{f"`{job}`, a subject": {"learn": use} for job, use in measured.learn.items()},
    }
    rows = [
        (
            thing if n == 0 else "",
            f"`{name}`",
            _short(use.runs),
            _short(use.write_units),
            _short(use.read_units),
            _short(use.calls),
            f"{use.cpu_s * 1000:.1f}",
            f"{duration_s(use, name, measured, given) * 1000:.0f}",
            f"{use.log_bytes:.0f}",
            f"{use.out_bytes:.0f}",
        )
        for thing, uses in things.items()
        for n, (name, use) in enumerate(sorted(uses.items()))
    ]
    head = ("what", "function", "runs", "write units", "read units", "calls", "CPU ms", "billed ms", "log B", "out B")
    photo = measured.photo
    return f"""## What was measured

{_table(head, rows)}
An upload is that of a calm plant whose baselines are learnt, on average over an hour, with the checkpoints that fall into it; registry and catalogue are
read anew as by a process whose cache of 15 s has run out. Billed time is processor time at the share of a processor that the function's memory buys, plus
{measured.client_cpu_s * 1000:.1f} ms of our own (measured) and {given.wait_s * 1000:.0f} ms of waiting (assumed) for each call to DynamoDB. A run takes one record
of a stream; under load it takes up to fifty, which is cheaper. Cold starts are left out: at these rates processes stay warm.

A photo of 12 megapixels has {photo.bytes / 1e6:.1f} MB, its {photo.derived} pictures {photo.derived_bytes / 1e6:.1f} MB together, and is judged in
{photo.cpu_s * 1000:.0f} ms of processor time. A task leaves {measured.task_bytes / 1000:.0f} KB in the tables, and {measured.pushes:.0f} pushes go out.
The template has {measured.alarms} alarms; {measured.metrics} metrics are counted as one series each.
"""


def _assumptions(given: Assumptions) -> str:
    rows = [(f"`{one.name}`", f"{getattr(given, one.name):,}", str(one.metadata["is"])) for one in fields(given)]
    return f"""## What is assumed

{_table(("field", "value", "what it is"), rows)}
They are the fields of `Assumptions` in [bench/cost/model.py](../bench/cost/model.py): change one and run `make cost`. A GB is taken as 10^9 bytes,
which says up to 7 % too much where AWS means 2^30. Left out: support, taxes, the identity provider, FCM (free) and what a group chat's provider asks.
"""


def _prices(prices: PriceList) -> str:
    rows = []
    for name, one in prices.prices.items():
        tiers = ", then ".join(f"{price:g}" for _, price in one.tiers)
        where = "not verified" if not one.seen else f"[{'AWS' if one.is_official else 'third party'}]({one.seen})"
        rows.append((f"`{name}`", tiers, f"{one.per:,}", f"[page]({one.page})", where))
    return f"""## Prices

{prices.region}, as read on {prices.read}, from [bench/cost/prices.yaml](../bench/cost/prices.yaml). "Third party": read on somebody else's page, not on
AWS's own.

{_table(("price", prices.currency, "for so many", "AWS's list", "read at"), rows)}
AWS China (cn-north-1, cn-northwest-1) has prices of its own, in yuan. They could not be read in full (of DynamoDB's page only ¥11.1538 for on-demand
writes, cut off before its unit), so no bill is worked out for them: put a table for the region into that file and run `make cost REGION=cn-north-1`.
"""


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names, body = tuple(head), [tuple(row) for row in rows]
    figures = [all(NUMBER.fullmatch(row[at]) for row in body) for at in range(len(names))]
    lines = [names, tuple("---:" if is_figure else "---" for is_figure in figures), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _money(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:,.2f}"


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _share(share: float) -> str:
    return f"{share:.0%}"


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
