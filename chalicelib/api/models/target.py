"""Regional reduction targets on the wire."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from chalicelib.api.models.wire import Id, Instant, Month, Number, OptionalText, ShortText, View, Wire
from chalicelib.domain.messages import text
from chalicelib.domain.target import Baseline, ReductionTarget, SourceDocument, TargetForm, Total

Ucum = Annotated[str, StringConstraints(min_length=1, max_length=20), Field(examples=["mg/m3"], description="UCUM")]


class TargetQuery(Wire):
    region: Id | None = None
    industry: str | None = Field(default=None, max_length=64, description="with those of every industry")


class SourceDocumentModel(Wire):
    title: ShortText = Field(max_length=200)
    number: OptionalText = Field(default="", max_length=100, description="文号")
    url: Annotated[str, StringConstraints(pattern=r"^$|^https?://[^\s]{1,500}$")] = ""


class BaselineModel(Wire):
    value: Number = Field(gt=0, le=1e15)
    unit: Ucum
    period: ShortText = Field(max_length=50, examples=["2025"])


class ReductionTargetIn(Wire):
    name: ShortText = Field(max_length=100)
    region: Id
    industry: Id | None = Field(default=None, description="absent: every industry of the region")
    indicator: Id | None = Field(default=None, description="this, or `total`")
    total: Total | None = Field(default=None, description="a total that the park does not measure itself")
    form: TargetForm = TargetForm.AT_MOST
    value: Number = Field(ge=0, le=1e15)
    unit: Ucum
    baseline: BaselineModel | None = Field(default=None, description="what a reduction is counted from")
    from_month: Month
    to_month: Month
    source: SourceDocumentModel
    note: OptionalText = Field(default="", max_length=500)

    def value_of(self, target_id: str) -> ReductionTarget:
        base = self.baseline
        return ReductionTarget(
            id=target_id,
            name=self.name,
            region=self.region,
            industry=self.industry or "",
            indicator=self.indicator or "",
            total=self.total,
            form=self.form,
            value=self.value,
            unit=self.unit,
            from_month=self.from_month,
            to_month=self.to_month,
            source=SourceDocument(self.source.title, self.source.number, self.source.url),
            baseline=None if base is None else Baseline(base.value, base.unit, base.period),
            note=self.note,
        )


class SourceDocumentOut(View):
    title: str
    number: str
    url: str


class BaselineOut(View):
    value: float
    unit: str
    period: str


class ReductionTargetOut(View):
    id: str
    name: str
    region: str
    industry: str = Field(description="empty: every industry")
    indicator: str = Field(description="empty: a total")
    total: Total | None = None
    total_text: str | None = None
    form: TargetForm
    form_text: str = ""
    value: float
    unit: str
    baseline: BaselineOut | None = None
    from_month: str
    to_month: str
    source: SourceDocumentOut
    note: str

    @classmethod
    def of(cls, one: ReductionTarget, language: str) -> Self:
        view = cls.model_validate(one)
        view.form_text = text(f"word.target.{one.form.value}", language)
        view.total_text = None if one.total is None else text(f"word.total.{one.total.value}", language)
        return view


class ReductionTargetsOut(View):
    items: list[ReductionTargetOut]


class TargetEditionOut(View):
    version: int
    by: str
    at: Instant
    is_removed: bool
    target: ReductionTargetOut


class TargetHistoryOut(View):
    items: list[TargetEditionOut] = Field(description="newest first")


class LevelOut(View):
    enterprise_id: str
    point_id: str
    value: float


class TargetProgressOut(View):
    """Where the points stand now, by the normal level that was learnt of each: no mean over the period."""

    target: ReductionTargetOut
    is_measured: bool = Field(description="false: nothing here measures it, so that only the target is known")
    unit: str | None = None
    goal: float | None = None
    points: int | None = Field(default=None, description="points that you may see, with a level that is known")
    met: int | None = None
    unknown: int | None = Field(default=None, description="points without a level yet")
    mean: float | None = None
    farthest: list[LevelOut] = Field(default=[], description="of those that do not keep to it, at most ten")
