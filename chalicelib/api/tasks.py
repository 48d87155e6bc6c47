"""Joint tasks: read, acknowledge, bring evidence, submit a side, judge a side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.domain.access import Action
from chalicelib.domain.dimension import SIDES, Dimension
from chalicelib.domain.errors import (
    ChecklistIncomplete,
    ContentConflict,
    EvidenceMissing,
    IllegalTransition,
    InvalidCursor,
    JudgeIsSubmitter,
    NotFound,
    PreconditionFailed,
    ReopeningTooLate,
    SidePassedOn,
    StaleRevision,
    UploadIncomplete,
)
from chalicelib.domain.membership import seen_by
from chalicelib.domain.messages import text
from chalicelib.domain.side import SideAction
from chalicelib.domain.task import TaskKind, TaskState

if TYPE_CHECKING:
    from chalicelib.api.models.emergency import NearResourceOut
    from chalicelib.api.models.evidence import (
        DeliveriesOut,
        EvidenceOut,
        PartsOut,
        PhotoIn,
        PhotoMarkOut,
        PhotoOut,
        RectificationOut,
        RetestOut,
    )
    from chalicelib.api.models.tasks import (
        ProgressOut,
        TaskOut,
        TasksOut,
        VerdictIn,
    )
    from chalicelib.domain.enterprise import Enterprise, Unit
    from chalicelib.domain.evidence import Retest
    from chalicelib.domain.photo import Photo, PhotoMark
    from chalicelib.domain.side import Lack
    from chalicelib.domain.task import Task

api = Blueprint(__name__)
VERDICTS = {"passed": SideAction.PASS, "rejected": SideAction.REJECT}


@endpoint(
    api, "GET", "/v1/tasks", summary="Your tasks, newest first", action=Action.READ_TASK, query="tasks.TaskQuery",
    response="tasks.TasksOut", problems=(InvalidCursor,),
)  # fmt: skip
def list_tasks(call: Call) -> TasksOut:
    from chalicelib.api.models.tasks import TasksOut
    from chalicelib.usecases import work_task as work

    query = call.query
    page = work.list_tasks(
        call.person, query.cursor, query.limit, open_only=query.state == "open", tasks=call.services.tasks
    )
    return TasksOut(items=[view_of(call, task) for task in page.items], next_cursor=page.cursor)


@endpoint(
    api,
    "GET",
    "/v1/tasks/{task_id}",
    summary="One task",
    action=Action.READ_TASK,
    response="tasks.TaskOut",
    problems=(NotFound,),
)
def get_task(call: Call, task_id: str) -> TaskOut:
    from chalicelib.usecases import work_task as work

    return changed(call, work.see_task(task_id, call.person, tasks=call.services.tasks))


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/acknowledgement", summary="Say that you have taken the task",
    action=Action.ACKNOWLEDGE_TASK, response="tasks.TaskOut", problems=(NotFound, SidePassedOn),
)  # fmt: skip
def acknowledge(call: Call, task_id: str) -> TaskOut:
    from chalicelib.usecases import work_task as work

    return changed(call, work.acknowledge(task_id, call.person, tasks=call.services.tasks, clock=call.services.clock))


@endpoint(
    api, "GET", "/v1/tasks/{task_id}/evidence", summary="Photos, retests and rectifications of a task",
    action=Action.READ_TASK, response="evidence.EvidenceOut", problems=(NotFound,),
)  # fmt: skip
def get_evidence(call: Call, task_id: str) -> EvidenceOut:
    from chalicelib.api.models.evidence import EvidenceOut, RectificationOut
    from chalicelib.usecases import submit_evidence as evidence

    photos, retests, rectifications = evidence.see_evidence(
        task_id, call.person, tasks=call.services.tasks, evidence=call.services.evidence
    )
    return EvidenceOut(
        photos=[photo_view(call, photo) for photo in photos],
        retests=[retest_view(call, one) for one in retests],
        rectifications=[RectificationOut.model_validate(one) for one in rectifications],
    )


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/photos", summary="Announce a photo and get leave to upload it",
    action=Action.ADD_EVIDENCE, request="evidence.PhotoIn", response="evidence.PhotoOut", status=201,
    problems=(NotFound, ContentConflict, IllegalTransition),
)  # fmt: skip
def post_photo(call: Call, task_id: str) -> PhotoOut:
    from chalicelib.api.models.evidence import UploadOut
    from chalicelib.usecases import submit_evidence as evidence

    ports = call.services
    photo, ticket = evidence.announce_photo(
        photo_draft(call.body, task_id, ports.clock.now_ms()),
        call.person,
        tasks=ports.tasks,
        evidence=ports.evidence,
        media=ports.media,
        clock=ports.clock,
    )
    view = photo_view(call, photo)
    view.upload = UploadOut.model_validate(ticket) if ticket else None
    return view


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/photos/{photo_id}/parts", summary="Leave to upload a photo in parts, or the rest of them",
    action=Action.ADD_EVIDENCE, response="evidence.PartsOut", problems=(NotFound, IllegalTransition),
)  # fmt: skip
def post_parts(call: Call, task_id: str, photo_id: str) -> PartsOut:
    from chalicelib.api.models.evidence import PartsOut
    from chalicelib.usecases.upload_parts import begin_parts

    ports = call.services
    parts = begin_parts(
        task_id, photo_id, call.person, tasks=ports.tasks, evidence=ports.evidence, media=ports.media, clock=ports.clock
    )
    return PartsOut.model_validate(parts)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/photos/{photo_id}/parts/completion", summary="All parts have come: put them together",
    action=Action.ADD_EVIDENCE, response="evidence.PhotoOut", problems=(NotFound, IllegalTransition, UploadIncomplete),
)  # fmt: skip
def post_completion(call: Call, task_id: str, photo_id: str) -> PhotoOut:
    from chalicelib.usecases.upload_parts import finish_parts

    ports = call.services
    photo = finish_parts(task_id, photo_id, call.person, tasks=ports.tasks, evidence=ports.evidence, media=ports.media)
    return photo_view(call, photo)


@endpoint(
    api, "GET", "/v1/tasks/{task_id}/photos/{photo_id}", summary="One photo: is it verified, and where to see it",
    action=Action.READ_TASK, response="evidence.PhotoOut", problems=(NotFound,),
)  # fmt: skip
def get_photo(call: Call, task_id: str, photo_id: str) -> PhotoOut:
    from chalicelib.usecases import submit_evidence as evidence

    ports = call.services
    photo = evidence.see_photo(task_id, photo_id, call.person, tasks=ports.tasks, evidence=ports.evidence)
    return photo_view(call, photo)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/retests", summary="Enter a value measured by hand", action=Action.ADD_RETEST,
    request="evidence.RetestIn", response="evidence.RetestOut", status=201, problems=(NotFound, ContentConflict, IllegalTransition),
)  # fmt: skip
def post_retest(call: Call, task_id: str) -> RetestOut:
    from chalicelib.usecases.add_retest import add_retest

    retest = add_retest(call.body.value_of(task_id), call.person, retest_desk=call.services.retest_desk)
    return retest_view(call, retest)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/rectifications", summary="Describe what the enterprise has done",
    action=Action.RECTIFY, request="evidence.RectificationIn", response="evidence.RectificationOut", status=201,
    problems=(NotFound, ContentConflict, IllegalTransition),
)  # fmt: skip
def post_rectification(call: Call, task_id: str) -> RectificationOut:
    from chalicelib.api.models.evidence import RectificationOut
    from chalicelib.usecases import submit_evidence as evidence

    ports = call.services
    done = evidence.rectify(
        call.body.value_of(task_id), call.person, tasks=ports.tasks, evidence=ports.evidence, clock=ports.clock
    )
    return RectificationOut.model_validate(done)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/submission", summary="Hand a side in for judgement",
    action=Action.SUBMIT_SIDE, request="tasks.SubmissionIn", response="tasks.TaskOut",
    problems=(NotFound, IllegalTransition, EvidenceMissing, ChecklistIncomplete, PreconditionFailed),
)  # fmt: skip
def post_submission(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases import work_task as work
    from chalicelib.usecases.work_task import SideCommand

    command = SideCommand(task_id, side_named(side), call.body.note, call.if_match, media=tuple(call.body.media))
    ports = call.services
    task = work.submit_side(
        command,
        call.person,
        tasks=ports.tasks,
        evidence=ports.evidence,
        registry=ports.registry,
        checklists=ports.checklists,
        clock=ports.clock,
    )
    return changed(call, task)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/verdict", summary="Accept or return a side",
    action=Action.JUDGE_SIDE, request="tasks.VerdictIn", response="tasks.TaskOut",
    problems=(NotFound, IllegalTransition, StaleRevision, JudgeIsSubmitter, PreconditionFailed),
)  # fmt: skip
def post_verdict(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases import work_task as work
    from chalicelib.usecases.work_task import SideCommand

    given, ports = call.body, call.services
    command = SideCommand(
        task_id, side_named(side), given.reason, call.if_match, lacks=lacks_of(given), redo_by_ms=given.redo_by
    )
    task = work.judge_side(
        command,
        given.revision,
        VERDICTS[given.verdict],
        call.person,
        tasks=ports.tasks,
        evidence=ports.evidence,
        catalogues=ports.catalogues,
        clock=ports.clock,
    )
    return changed(call, task)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/waiver", summary="Propose to do without a side",
    action=Action.JUDGE_SIDE, request="tasks.WaiverIn", response="tasks.TaskOut",
    problems=(NotFound, IllegalTransition, PreconditionFailed),
)  # fmt: skip
def post_waiver(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases.settle_side import propose_waiver
    from chalicelib.usecases.work_task import SideCommand

    ports = call.services
    command = SideCommand(task_id, side_named(side), call.body.reason, call.if_match)
    return changed(call, propose_waiver(command, call.person, tasks=ports.tasks, clock=ports.clock))


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/waiver/decision", summary="Consent to a waiver, or refuse it",
    action=Action.JUDGE_SIDE, request="tasks.ConsentIn", response="tasks.TaskOut",
    problems=(NotFound, IllegalTransition, PreconditionFailed),
)  # fmt: skip
def decide_waiver(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases import settle_side
    from chalicelib.usecases.work_task import SideCommand

    ports = call.services
    command = SideCommand(task_id, side_named(side), call.body.reason, call.if_match)
    task = settle_side.decide_waiver(command, call.body.consent, call.person, tasks=ports.tasks, clock=ports.clock)
    return changed(call, task)


@endpoint(
    api, "POST", "/v1/tasks/{task_id}/sides/{side}/reopening", summary="Open a settled side again, within 30 days",
    action=Action.JUDGE_SIDE, request="tasks.ReopeningIn", response="tasks.TaskOut",
    problems=(NotFound, IllegalTransition, ReopeningTooLate, PreconditionFailed),
)  # fmt: skip
def post_reopening(call: Call, task_id: str, side: str) -> TaskOut:
    from chalicelib.usecases.settle_side import reopen_side
    from chalicelib.usecases.work_task import SideCommand

    ports = call.services
    command = SideCommand(task_id, side_named(side), call.body.reason, call.if_match)
    task = reopen_side(command, call.person, tasks=ports.tasks, catalogues=ports.catalogues, clock=ports.clock)
    return changed(call, task)


@endpoint(
    api, "GET", "/v1/tasks/{task_id}/deliveries", summary="Every push attempt of a task", action=Action.READ_DELIVERIES,
    response="evidence.DeliveriesOut", problems=(NotFound,),
)  # fmt: skip
def get_deliveries(call: Call, task_id: str) -> DeliveriesOut:
    from chalicelib.api.models.evidence import DeliveriesOut, DeliveryOut, DeliveryStepOut
    from chalicelib.usecases.track_delivery import read_deliveries

    ports = call.services
    attempts, course = read_deliveries(task_id, call.person, tasks=ports.tasks, deliveries=ports.deliveries)
    return DeliveriesOut(
        items=[DeliveryOut.model_validate(one) for one in attempts],
        course=[DeliveryStepOut.model_validate(one) for one in course],
    )


def side_named(name: str) -> Dimension:
    if name not in {side.value for side in SIDES}:
        raise NotFound(what="side")
    return Dimension(name)


def changed(call: Call, task: Task) -> TaskOut:
    call.answer_headers["ETag"] = f'"{task.version}"'
    return view_of(call, task)


def view_of(call: Call, task: Task) -> TaskOut:
    profile = call.services.registry.profile(task.enterprise_id)
    if profile is None:
        return task_view(call, task, None, None)
    return task_view(call, task, profile.enterprise, profile.units_by_id.get(task.unit_id))


def task_view(call: Call, task: Task, enterprise: Enterprise | None, unit: Unit | None) -> TaskOut:
    from chalicelib.api.models.tasks import TaskOut

    task = seen_by(task, call.person)
    view = TaskOut.model_validate(task)
    rule = next((rule for rule in call.services.catalogues.current().rules if rule.id == task.rule_id), None)
    if rule is not None:
        view.rule_name = rule.name[call.language]
        view.risk_points = rule.risk_points[call.language]
        view.safety_standard = rule.safety_standard[call.language]
        view.environment_requirement = rule.environment_requirement[call.language]
    if task.kind is TaskKind.SENSOR_FAULT:
        indicator = call.services.catalogues.current().indicators.get(task.about)
        name = task.about if indicator is None else indicator.name[call.language]
        view.about = text("word.about.sensor_fault", call.language, indicator=name)
    if task.kind is TaskKind.CHAIN:
        view.about = text("word.about.chain", call.language, material=task.about)
    view.progress = _progress(call, task)
    for one in view.assignments:
        one.why_text = text(f"word.assignment.{one.why.value}", call.language)
    view.enterprise_name = enterprise.name if enterprise else None
    view.unit_name = unit.name if unit else None
    view.resources = _resources(call, task)
    return view


def _resources(call: Call, task: Task) -> list[NearResourceOut] | None:
    from chalicelib.domain.preferences import URGENT_TIER
    from chalicelib.usecases.keep_resources import nearest_to

    if task.tier < URGENT_TIER or task.state is TaskState.CLOSED:
        return None
    from chalicelib.api.models.emergency import Shown
    from chalicelib.domain.emergency import may_see_phones

    ports, is_called, now_ms = call.services, call.person.id in task.party, call.services.clock.now_ms()
    found = nearest_to(task, call.person, resources=ports.resources, registry=ports.registry, now_ms=now_ms)
    return [
        Shown(call.language, ports.zone, with_phones=is_called or may_see_phones(call.person, one.resource)).near(
            one, now_ms
        )
        for one in found
    ]


def retest_view(call: Call, retest: Retest) -> RetestOut:
    """With the limits that stand beside the value, and what the online instrument had to say."""
    from chalicelib.api.models.evidence import RetestOut

    view = RetestOut.model_validate(retest)
    indicator = call.services.catalogues.current().indicators.get(retest.indicator)
    if indicator is not None:
        view.indicator_name, view.limit = indicator.name[call.language], indicator.limit
        clause = "" if indicator.clause is None else indicator.clause[call.language]
        view.limit_source = f"{indicator.standard or ''} {clause}".strip() or None
    if retest.comparison is not None and view.comparison is not None:
        view.comparison.text = text(f"word.agreement.{retest.comparison.agreement.value}", call.language)
    view.mark_texts = [text(f"word.retest_mark.{mark.value}", call.language) for mark in retest.marks]
    return view


def _progress(call: Call, task: Task) -> ProgressOut:
    from chalicelib.api.models.tasks import ProgressOut, SideProgressOut
    from chalicelib.domain.progress import ORDER, STEPS, progress_of

    found = progress_of(task)
    sides = {
        one.value: SideProgressOut(
            stage=found.stage(one),
            text=text(f"word.stage.{found.stage(one).value}", call.language),
            share=ORDER[found.stage(one)] / STEPS,
        )
        for one in SIDES
    }
    behind = found.laggard
    words = None if behind is None else text(f"word.laggard.{behind.value}", call.language)
    return ProgressOut(**sides, laggard=behind, laggard_text=words)


def lacks_of(given: VerdictIn) -> tuple[Lack, ...]:
    from chalicelib.domain.side import Lack

    return tuple(Lack(one.what, one.evidence_id) for one in given.lacks)


def photo_draft(given: PhotoIn, task_id: str, now_ms: int | None) -> Photo:
    """What a phone says of a photo; who announces it, and when, is filled in by whoever takes it. `now_ms` None: it is not known when the
    phone said so, and its clock is judged otherwise."""
    from chalicelib.domain.photo import Claim, Photo, Position

    where = None if given.position is None else Position(given.position.latitude, given.position.longitude)
    skew_ms = None if given.device_time is None or now_ms is None else given.device_time - now_ms
    claim = Claim(given.taken_at, where, given.accuracy_m, given.is_mock_location, skew_ms)
    return Photo(
        id=given.id,
        task_id=task_id,
        enterprise_id="",
        dimension=given.dimension,
        uploaded_by="",
        announced_at_ms=0,
        sha256=given.sha256,
        size_bytes=given.size,
        content_type=given.content_type,
        claim=None if claim == Claim() else claim,
    )


def photo_view(call: Call, photo: Photo) -> PhotoOut:
    from chalicelib.api.models.evidence import PhotoOut
    from chalicelib.domain.access import may_see_original
    from chalicelib.domain.photo import DERIVATIVE_EDGES_PX, MediaKind, PhotoState
    from chalicelib.usecases import submit_evidence as evidence

    view = PhotoOut.model_validate(photo)
    if not may_see_original(call.person, photo.uploaded_by):
        view.position = None
    view.marks = [_mark(call, one) for one in photo.marks]
    if photo.reason is not None:
        view.reason_text = text(f"word.reason.{photo.reason.value}", call.language)
    media = call.services.media
    if photo.state is not PhotoState.VERIFIED:
        return view
    edges = DERIVATIVE_EDGES_PX if photo.kind is MediaKind.PICTURE else ()
    view.links = {str(edge): media.download_url(evidence.derivative_key(photo, edge)) for edge in edges}
    if photo.kind is not MediaKind.PICTURE or may_see_original(call.person, photo.uploaded_by):
        view.links["original"] = media.download_url(evidence.original_key(photo), version=photo.version)
    return view


def _mark(call: Call, mark: PhotoMark) -> PhotoMarkOut:
    from chalicelib.api.models.evidence import PhotoMarkOut
    from chalicelib.domain.access import may_know_others

    view = PhotoMarkOut(kind=mark.kind, value=mark.value, limit=mark.limit)
    amounts = {"value": f"{mark.value or 0:g}", "limit": f"{mark.limit or 0:g}", "text": mark.text}
    view.text = text(f"word.photo_mark.{mark.kind.value}", call.language, **amounts)
    if mark.photo_id and may_know_others(call.person):
        view.other_task, view.other_photo = mark.task_id, mark.photo_id
    return view
