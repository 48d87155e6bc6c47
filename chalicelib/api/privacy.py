"""Statistics for outsiders: what may be asked, budgets of privacy, releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models.wire import PageQuery
from chalicelib.domain.access import Action
from chalicelib.domain.errors import ContentConflict, InvalidCursor, NotFound, PrivacyBudgetSpent
from chalicelib.domain.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.api.models.privacy import BudgetIn, BudgetOut, DataSetOut, DataSetsOut, ReleaseOut, ReleasesOut
    from chalicelib.domain.privacy import Budget, Release
    from chalicelib.domain.statistic import DataSet

api = Blueprint(__name__)


@endpoint(
    api, "GET", "/v1/privacy/data-sets", summary="What may be told to outsiders, and what each recipient has left",
    action=Action.SHARE_STATISTICS, response="privacy.DataSetsOut",
)  # fmt: skip
def list_data_sets(call: Call) -> DataSetsOut:
    from chalicelib.api.models.privacy import DataSetsOut
    from chalicelib.usecases import share_statistics as share

    found = share.list_data_sets(call.person, privacy=call.services.privacy)
    return DataSetsOut(items=[_data_set(call, one, budgets) for one, budgets in found])


@endpoint(
    api, "PUT", "/v1/privacy/budgets/{data_set}/{recipient}", summary="Grant a recipient a budget of privacy",
    action=Action.SHARE_STATISTICS, request="privacy.BudgetIn", response="privacy.BudgetOut", problems=(NotFound,),
)  # fmt: skip
def put_budget(call: Call, data_set: str, recipient: str) -> BudgetOut:
    from fractions import Fraction

    from chalicelib.usecases import share_statistics as share

    body: BudgetIn = call.body
    ports = call.services
    epsilon = Fraction(body.epsilon)
    return _budget(
        share.grant_budget(data_set, recipient, epsilon, call.person, privacy=ports.privacy, clock=ports.clock)
    )


@endpoint(
    api, "POST", "/v1/privacy/releases", summary="Release a statistic to a recipient, with noise",
    action=Action.SHARE_STATISTICS, request="privacy.ReleaseIn", response="privacy.ReleaseOut", status=201,
    problems=(NotFound, ContentConflict, PrivacyBudgetSpent),
)  # fmt: skip
def post_release(call: Call) -> ReleaseOut:
    from chalicelib.usecases import share_statistics as share

    desk = call.services.statistics_desk
    return _release(
        call, share.release_statistic(call.body.id, call.body.value_of(), call.person, statistics_desk=desk)
    )


@endpoint(
    api, "GET", "/v1/privacy/releases", summary="All releases with their parameters, newest first",
    action=Action.SHARE_STATISTICS, query=PageQuery, response="privacy.ReleasesOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_releases(call: Call) -> ReleasesOut:
    from chalicelib.api.models.privacy import ReleasesOut
    from chalicelib.usecases import share_statistics as share

    query = call.query
    page = share.list_releases(query.cursor, query.limit, call.person, privacy=call.services.privacy)
    return ReleasesOut(items=[_release(call, one) for one in page.items], next_cursor=page.cursor)


@endpoint(
    api, "GET", "/v1/privacy/releases/{release_id}", summary="One release", action=Action.SHARE_STATISTICS,
    response="privacy.ReleaseOut", problems=(NotFound,),
)  # fmt: skip
def get_release(call: Call, release_id: str) -> ReleaseOut:
    from chalicelib.usecases import share_statistics as share

    return _release(call, share.see_release(release_id, call.person, privacy=call.services.privacy))


def _data_set(call: Call, one: DataSet, budgets: Sequence[Budget]) -> DataSetOut:
    from chalicelib.api.models.privacy import DataSetOut, StatisticOut
    from chalicelib.domain.privacy import NOTHING, epsilon_text

    return DataSetOut(
        id=one.id,
        title=text(f"word.data_set.{one.id}", call.language),
        is_monthly=one.is_monthly,
        statistics=[
            StatisticOut(
                id=each.id,
                title=text(f"word.statistic.{each.id}", call.language),
                kind=each.kind,
                by=each.by,
                bound=each.bound,
                unit=each.unit,
            )
            for each in one.statistics
        ],
        budgets=[_budget(budget) for budget in budgets],
        granted=epsilon_text(sum((budget.granted for budget in budgets), NOTHING)),
        spent=epsilon_text(sum((budget.spent for budget in budgets), NOTHING)),
    )


def _budget(budget: Budget) -> BudgetOut:
    from chalicelib.api.models.privacy import BudgetOut, GrantOut
    from chalicelib.domain.privacy import epsilon_text
    from chalicelib.domain.statistic import DataSetId

    return BudgetOut(
        data_set=DataSetId(budget.data_set),
        recipient=budget.recipient,
        granted=epsilon_text(budget.granted),
        spent=epsilon_text(budget.spent),
        left=epsilon_text(budget.left),
        grants=[GrantOut(epsilon=epsilon_text(one.epsilon), by=one.by, at=one.at_ms) for one in budget.grants],
    )


def _release(call: Call, release: Release) -> ReleaseOut:
    from chalicelib.api.models.privacy import AnswerOut, NoiseOut, ReleaseOut
    from chalicelib.domain.privacy import epsilon_text
    from chalicelib.domain.statistic import DataSetId

    query, noise = release.query, release.noise
    return ReleaseOut(
        id=release.id,
        title=text(f"word.statistic.{query.statistic}", call.language),
        recipient=query.recipient,
        data_set=DataSetId(release.data_set),
        statistic=query.statistic,
        month=query.month or None,
        epsilon=epsilon_text(query.epsilon),
        unit=release.unit,
        noise=NoiseOut(
            mechanism=noise.mechanism, sensitivity=noise.sensitivity, scale=str(noise.scale), margin=noise.margin
        ),
        answers=[AnswerOut(cell=one.cell or None, value=one.value) for one in release.answers],
        granted=epsilon_text(release.granted),
        spent=epsilon_text(release.spent),
        left=epsilon_text(release.left),
        by=release.by,
        at=release.at_ms,
    )
