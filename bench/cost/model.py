"""From what was measured to a month's bill: arithmetic only. Quantities by the name of their price; nothing is rounded here.

A month has 30 days. Free tiers are left out. Every assumption is a field of Assumptions, so that the page can print it.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from bench.cost.prices import PriceList

MONTH_S = 30 * 86_400
GB = 1e9
VCPU_MB = 1769  # Lambda gives a function one whole processor at this size
ITEM_OVERHEAD_BYTES = 100  # DynamoDB adds so much to each stored item when it bills storage
# Where a quantity's cost belongs on the page.
GROUPS: Mapping[str, str] = {
    "dynamodb.write_unit": "DynamoDB writes",
    "dynamodb.read_unit": "DynamoDB reads",
    "dynamodb.gb_month": "DynamoDB storage and recovery",
    "dynamodb.recovery_gb_month": "DynamoDB storage and recovery",
    "lambda.request": "Lambda",
    "lambda.gb_s": "Lambda",
    "gateway.rest_request": "API Gateway (REST)",
    "transfer.out_gb": "Data transfer out",
    "s3.gb_month": "S3",
    "s3.put": "S3",
    "s3.get": "S3",
    "sqs.request": "SQS",
    "logs.ingested_gb": "CloudWatch logs",
    "logs.gb_month": "CloudWatch logs",
    "metrics.series": "CloudWatch metrics and alarms",
    "metrics.alarm": "CloudWatch metrics and alarms",
    "kms.request": "KMS",
}


@dataclass(frozen=True, slots=True)
class Use:
    """What one thing takes of one function. `cpu_s` is processor time of one whole processor, `calls` go to DynamoDB."""

    runs: float = 0
    write_units: float = 0
    read_units: float = 0
    calls: float = 0
    cpu_s: float = 0
    log_bytes: float = 0
    out_bytes: float = 0

    def __add__(self, other: "Use") -> "Use":
        return Use(*(a + b for a, b in zip(self.values(), other.values(), strict=True)))

    def times(self, factor: float) -> "Use":
        return Use(*(one * factor for one in self.values()))

    def values(self) -> tuple[float, ...]:
        return (
            self.runs, self.write_units, self.read_units, self.calls, self.cpu_s, self.log_bytes, self.out_bytes
        )  # fmt: skip


Uses = Mapping[str, Use]  # by function
Shape = tuple[int, int]
Quantities = defaultdict[str, float]  # by the name of their price


@dataclass(frozen=True, slots=True)
class Photos:
    """A picture as a phone sends it, what is made of it, and the time that judging it takes."""

    bytes: float
    derived_bytes: float
    derived: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """`upload` by shape: seconds between uploads, and readings of each point in one; `item_bytes` of one reading stored by itself; `learn` by job,
    for one of its subjects; `memory_mb` by function."""

    upload: Mapping[Shape, Uses]
    stored_bytes: Mapping[Shape, float]
    item_bytes: float
    report: Uses
    task: Uses
    task_bytes: float
    pushes: float
    look: Uses
    clock: Use
    learn: Mapping[str, Use]
    photo: Photos
    client_cpu_s: float
    memory_mb: Mapping[str, int]
    alarms: int
    metrics: int


@dataclass(frozen=True, slots=True)
class Assumptions:
    points: int = field(default=100, metadata={"is": "points of an enterprise"})
    reading_s: int = field(default=30, metadata={"is": "seconds between two readings of a point that are sent"})
    units: int = field(default=20, metadata={"is": "production units of an enterprise, five points each"})
    upload_s: int = field(
        default=300,
        metadata={
            "is": "seconds between uploads: the sampling interval of a base risk from 0.45 on (circular chemical, hydrogen)"
        },
    )
    report_s: int = field(default=300, metadata={"is": "seconds between a bridge's reports, its sign of life"})
    tasks: float = field(default=4, metadata={"is": "warnings that become a task, an enterprise and month"})
    photos: float = field(default=4, metadata={"is": "photos of a task (12 megapixels, JPEG), each opened twice"})
    looks: float = field(
        default=600,
        metadata={
            "is": "times a month that somebody looks after an enterprise on a phone or screen: tasks, one task, warnings, inbox, sync"
        },
    )
    wait_s: float = field(
        default=0.005, metadata={"is": "seconds that a call to DynamoDB takes beyond our own processor time"}
    )
    platform_log_bytes: float = field(
        default=300, metadata={"is": "bytes of Lambda's own START, END and REPORT lines a run"}
    )
    polls: float = field(
        default=2 * 5 * 3 * 43_200,
        metadata={"is": "empty receives a month: Lambda keeps five long polls of 20 s on each of two queues"},
    )
    key_requests: float = field(
        default=3 * 7 * 12 * 720,
        metadata={"is": "calls of KMS a month: three tables, seven roles, a key fetched every five minutes"},
    )
    photo_months: int = field(
        default=12, metadata={"is": "months of photos, tasks and audit that are kept when the bill is looked at"}
    )
    reading_months: int = field(
        default=36, metadata={"is": "months of readings that are kept (three years, then they expire)"}
    )
    log_months: int = field(default=1, metadata={"is": "months of logs that are kept"})

    @property
    def shape(self) -> Shape:
        return self.upload_s, self.upload_s // self.reading_s


def month(enterprises: int, measured: Measured, given: Assumptions) -> Quantities:
    """The quantities of a month, by the name of their price."""
    per_enterprise = _scaled(measured.upload[given.shape], MONTH_S / given.upload_s)
    per_enterprise += _scaled(measured.report, MONTH_S / given.report_s)
    per_enterprise += _scaled(measured.task, given.tasks)
    per_enterprise += _scaled(measured.look, given.looks)
    per_enterprise["photo"] += Use(
        runs=given.tasks * given.photos, cpu_s=given.tasks * given.photos * measured.photo.cpu_s
    )
    whole = UseSum({name: use.times(enterprises) for name, use in per_enterprise.items()})
    whole["clock"] += measured.clock.times(MONTH_S / 60)
    whole["learn"] += learnt(enterprises, measured, given)
    found = _of_functions(whole, measured, given)
    for part in (_kept(enterprises, measured, given), _fixed(measured, given)):
        for name, quantity in part.items():
            found[name] += quantity
    return found


class UseSum(dict[str, Use]):
    """Uses by function, nothing where there is none."""

    def __missing__(self, name: str) -> Use:
        return Use()

    def __iadd__(self, other: Uses) -> Self:
        for name, use in other.items():
            self[name] += use
        return self


def _scaled(uses: Uses, factor: float) -> UseSum:
    return UseSum({name: use.times(factor) for name, use in uses.items()})


HOURLY = frozenset({"find_sensor_faults", "find_decoupling"})
WEEKLY = frozenset({"renew_watch"})
MONTHLY = frozenset({"count_month", "settle_month"})  # for each enterprise
NIGHTLY = frozenset({"check_enterprise"})  # for each enterprise
OF_THE_PARK = frozenset(
    {"compare_retests", "publish_rankings", "open_visits", "watch_sources", "check_totals", "rebuild_dashboard"}
)
LEARN_BUDGET_S = 12 * 60  # of each hour's run; what is not reached then has its turn later


def learnt(enterprises: int, measured: Measured, given: Assumptions) -> Use:
    """The hourly runs of a month: each job's turns, as far as they fit into the runs."""
    wanted = _wanted(enterprises, measured, given)
    return Use(runs=720) + wanted.times(learn_share(enterprises, measured, given))


def learn_share(enterprises: int, measured: Measured, given: Assumptions) -> float:
    """The share of its turns that the hourly run has time for; below 1 each comes later than it is due."""
    whole_s = duration_s(_wanted(enterprises, measured, given), "learn", measured, given)
    return min(1.0, 720 * LEARN_BUDGET_S / whole_s) if whole_s else 1.0


def _wanted(enterprises: int, measured: Measured, given: Assumptions) -> Use:
    whole = Use()
    for job, use in measured.learn.items():
        turns = 720 if job in HOURLY | OF_THE_PARK else 30 / 7 if job in WEEKLY else 1 if job in MONTHLY else 30
        whole += use.times(turns * _subjects(job, enterprises, given))
    return whole


def _subjects(job: str, enterprises: int, given: Assumptions) -> float:
    if job in OF_THE_PARK:
        return 1
    if job == "verify_audit":  # a chain for each task and each warning that is kept
        return enterprises * given.tasks * given.photo_months * 2
    return enterprises * (1 if job in MONTHLY | NIGHTLY else given.units)


def duration_s(use: Use, function: str, measured: Measured, given: Assumptions) -> float:
    """Billed seconds: processor time at what the function's memory gives it, and waiting for DynamoDB."""
    cpu_s = use.cpu_s + use.calls * measured.client_cpu_s
    return cpu_s * max(1.0, VCPU_MB / measured.memory_mb[function]) + use.calls * given.wait_s


def _of_functions(uses: Uses, measured: Measured, given: Assumptions) -> Quantities:
    found: Quantities = defaultdict(float)
    for name, use in uses.items():
        found["lambda.request"] += use.runs
        found["lambda.gb_s"] += duration_s(use, name, measured, given) * measured.memory_mb[name] / 1024
        found["dynamodb.write_unit"] += use.write_units
        found["dynamodb.read_unit"] += use.read_units
        logged = (use.log_bytes + use.runs * given.platform_log_bytes) / GB
        found["logs.ingested_gb"] += logged
        found["logs.gb_month"] += logged * given.log_months
        found["transfer.out_gb"] += use.out_bytes / GB
    found["gateway.rest_request"] = uses["api"].runs
    return found


def _kept(enterprises: int, measured: Measured, given: Assumptions) -> dict[str, float]:
    """What is stored once the park has run as long as things are kept, and what goes through queue and bucket."""
    uploads = MONTH_S / given.upload_s
    table_gb = measured.stored_bytes[given.shape] * uploads * given.reading_months / GB
    table_gb += measured.task_bytes * given.tasks * given.photo_months / GB
    photos = given.tasks * given.photos
    bucket_gb = photos * (measured.photo.bytes + measured.photo.derived_bytes) * given.photo_months / GB
    seen_gb = photos * 2 * measured.photo.derived_bytes / max(1, measured.photo.derived) / GB
    found = {
        "dynamodb.gb_month": table_gb,
        "dynamodb.recovery_gb_month": table_gb,
        "s3.gb_month": bucket_gb,
        "s3.put": photos * (1 + measured.photo.derived),
        "s3.get": photos * (1 + 2),
        "sqs.request": 3 * (measured.pushes * given.tasks + photos),  # sent, received, deleted
        "transfer.out_gb": seen_gb,
    }
    return {name: quantity * enterprises for name, quantity in found.items()}


def _fixed(measured: Measured, given: Assumptions) -> dict[str, float]:
    return {
        "sqs.request": given.polls,
        "kms.request": given.key_requests,
        "metrics.alarm": measured.alarms,
        "metrics.series": measured.metrics,
    }


def bill(quantities: Mapping[str, float], prices: PriceList) -> dict[str, float]:
    """What a month costs, by group, the dearest first."""
    found: Quantities = defaultdict(float)
    for name, quantity in quantities.items():
        found[GROUPS[name]] += prices.cost(name, quantity)
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def item_per_reading(enterprises: int, measured: Measured, given: Assumptions) -> Quantities:
    """The same month, had each reading an item of its own: one write each, its own key each, and no block. Everything else is as it is."""
    found = month(enterprises, measured, given)
    readings = given.points * MONTH_S / given.reading_s * enterprises
    uploads = MONTH_S / given.upload_s * enterprises
    block_bytes = measured.stored_bytes[given.shape]
    found["dynamodb.write_unit"] += readings * units(measured.item_bytes) - uploads * units(block_bytes)
    each_gb = (readings * (measured.item_bytes + ITEM_OVERHEAD_BYTES) - uploads * block_bytes) / GB
    for name in ("dynamodb.gb_month", "dynamodb.recovery_gb_month"):
        found[name] += each_gb * given.reading_months
    return found


def units(size_bytes: float) -> int:
    """Write units of an item: one for each KB begun."""
    return max(1, -int(-size_bytes // 1024))


def sitewise_messages(enterprises: int, given: Assumptions) -> dict[str, float]:
    """Messages that AWS IoT SiteWise meters for the same readings: near real time, ten values of one stream are one; buffered, sixty of any
    streams are (its minimum of 2,000 messages for each ingestion is not reached by one upload, and is left out)."""
    uploads = MONTH_S / given.upload_s * enterprises
    each = given.upload_s / given.reading_s
    return {
        "near real time": uploads * given.points * -(-each // 10),
        "buffered": uploads * -(-given.points * each // 60),
    }
