"""One class per problem, one stable code each. docs/errors.md lists them all; a test holds that.

`status` is the HTTP status the API answers with; texts in both languages stand in the message catalogue under the code.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: a dotted path, a stable code, the values the text needs, and the line where it was text."""

    field: str
    code: str
    detail: str
    line: int | None = None


class GreenShieldError(Exception):
    """Base of all problems a caller can do something about. `params` fill the message's placeholders."""

    code = "internal"
    status = 500

    def __init__(self, *, errors: Sequence[FieldError] = (), **params: object) -> None:
        super().__init__(self.code, params)
        self.params = params
        self.errors = tuple(errors)


class InvalidRequest(GreenShieldError):
    code, status = "invalid_request", 400


class NothingUsable(GreenShieldError):
    code, status = "nothing_usable", 400


class InvalidCursor(GreenShieldError):
    code, status = "invalid_cursor", 400


class Unauthenticated(GreenShieldError):
    code, status = "unauthenticated", 401


class Forbidden(GreenShieldError):
    code, status = "forbidden", 403


class ModuleOff(GreenShieldError):
    """The park has this module switched off. What is stored of it stays."""

    code, status = "module_off", 403


class NotFound(GreenShieldError):
    code, status = "not_found", 404


class ContentConflict(GreenShieldError):
    """The same client-made id was used before with other content."""

    code, status = "content_conflict", 409


class IllegalTransition(GreenShieldError):
    code, status = "illegal_transition", 409


class StaleRevision(GreenShieldError):
    code, status = "stale_revision", 409


class EvidenceMissing(GreenShieldError):
    code, status = "evidence_missing", 409


class ChecklistIncomplete(GreenShieldError):
    """Critical items of a side's checklist lack an answer, or failed and nobody follows up."""

    code, status = "checklist_incomplete", 409


class JudgeIsSubmitter(GreenShieldError):
    code, status = "judge_is_submitter", 409


class ReopeningTooLate(GreenShieldError):
    code, status = "reopening_too_late", 409


class ObjectionTooLate(GreenShieldError):
    code, status = "objection_too_late", 409


class SameJudge(GreenShieldError):
    """Who judged a thing first does not judge the objection against it."""

    code, status = "same_judge", 409


class SidePassedOn(GreenShieldError):
    """Who held the side does so no more: somebody else was called meanwhile."""

    code, status = "side_passed_on", 409


class NobodyLeft(GreenShieldError):
    """Everybody of the group has had the side, or is away."""

    code, status = "nobody_left", 409


class SecondPersonNeeded(GreenShieldError):
    """Tier 3 is shelved by two persons, of different departments."""

    code, status = "second_person_needed", 409


class PreconditionFailed(GreenShieldError):
    code, status = "precondition_failed", 412


class SideChanged(GreenShieldError):
    """Others changed the side since the version that the person saw."""

    code, status = "side_changed", 409


class UploadIncomplete(GreenShieldError):
    """Parts of a file have not come yet."""

    code, status = "upload_incomplete", 409


class PrivacyBudgetSpent(GreenShieldError):
    """A release would cost more than what is left of its recipient's budget."""

    code, status = "privacy_budget_spent", 409


class AttemptsSpent(GreenShieldError):
    """A course is tried so often a day, and no more."""

    code, status = "attempts_spent", 409


class TooLarge(GreenShieldError):
    code, status = "too_large", 413


class UnsupportedMediaType(GreenShieldError):
    code, status = "unsupported_media_type", 415


class Busy(GreenShieldError):
    """The store is under more load than it takes now; the same request may be sent again."""

    code, status = "busy", 503


class SigningUnavailable(GreenShieldError):
    """Nothing can be signed: there is no key, or its certificate does not hold now. Nothing is handed out unsigned instead."""

    code, status = "signing_unavailable", 503


class WriteConflict(Exception):
    """Another writer was first. Use cases reload and decide again; it never reaches a caller."""


class RetryLater(Exception):
    """A call that left the process failed in a way that time may heal."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s
