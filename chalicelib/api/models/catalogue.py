"""Versions of the catalogue on the wire."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chalicelib.api.models.wire import ClientId, Id, Instant, InstantIn, OptionalText, ShortText, View, Wire
from chalicelib.domain.catalogue_difference import ChangeKind
from chalicelib.domain.catalogue_version import Move, VersionState

MAX_YAML = 2_000_000
DOCUMENT = "a catalogue document; chalicelib/catalogue shows the shipped one"


class CatalogueIn(BaseModel):
    model_config = ConfigDict(extra="allow")
    version: str = Field(description=DOCUMENT)


class CatalogueOut(View):
    version: str
    rules: list[str]
    indicators: list[str]


class ProposalIn(Wire):
    """One of the two. Errors of a YAML text name its lines."""

    document: dict[str, Any] | None = Field(default=None, description=DOCUMENT)
    yaml: str | None = Field(default=None, max_length=MAX_YAML, description="the same as YAML text")

    @model_validator(mode="after")
    def _is_one_of_them(self) -> "ProposalIn":
        if (self.document is None) == (self.yaml is None):
            raise ValueError("document or yaml, one of them")
        return self

    @property
    def given(self) -> dict[str, Any] | str:
        return self.document if self.document is not None else self.yaml or ""


class PublicationIn(Wire):
    effective_from: InstantIn | None = Field(default=None, description="absent: at once; never in the past")
    reason: OptionalText = ""


class RollbackIn(Wire):
    reason: ShortText


class ReviewIn(Wire):
    id: ClientId
    note: ShortText


class DifferenceQuery(Wire):
    with_: Id = Field(alias="with", description="the older version, with which to compare")


class VersionOut(View):
    """`revision` is also the ETag; send it as If-Match to replace only the draft that you saw."""

    version: str
    state: VersionState
    revision: int
    proposed_by: str
    proposed_at: Instant
    document: dict[str, Any] | None = None


class VersionsOut(View):
    items: list[VersionOut]
    next_cursor: str | None = None


class ChangeOut(View):
    """`version` is what was published, or what a rollback left."""

    move: Move
    version: str
    effective_from: Instant = Field(validation_alias="effective_from_ms")
    at: Instant = Field(validation_alias="at_ms")
    by: str
    reason: str


class ScheduleOut(View):
    """`revision` is also the ETag; send it as If-Match to publish or roll back only on what you saw. `changes`: newest first."""

    in_force: str
    since: Instant | None = Field(default=None, description="absent: the shipped version")
    revision: int
    scheduled: list[ChangeOut]
    changes: list[ChangeOut]


class DifferenceOut(View):
    """`path` names a rule by its id. What was added or removed is given whole. `name` is that of the rule or indicator."""

    path: str
    kind: ChangeKind
    name: str | None = None
    old: Any = None
    new: Any = None


class DifferencesOut(View):
    items: list[DifferenceOut]


class ReviewOut(View):
    id: str
    quarter: str
    version: str
    note: str
    by: str
    at: Instant = Field(validation_alias="at_ms")


class ReviewsOut(View):
    items: list[ReviewOut]
    next_cursor: str | None = None
