"""What people read, in both languages: problems, refusals, notices, words. zh-CN is the default; code and logs are English.

Placeholders are str.format fields. A test holds that both languages have every key with the same placeholders.
"""

from collections.abc import Mapping, Sequence

from chalicelib.domain.catalogue import Catalogue
from chalicelib.domain.notice import Notice
from chalicelib.domain.observation import Finding
from chalicelib.domain.why_texts import WHY_TEXTS

DEFAULT = "zh-CN"
LANGUAGES = ("zh-CN", "en")
GROUP_UNITS = 3  # named in a push for several notices

TEXTS: Mapping[str, Mapping[str, str]] = {
    "zh-CN": {
        "problem.internal": "服务器出错，请稍后重试",
        "problem.invalid_request": "请求内容有误，请按提示修改",
        "problem.nothing_usable": "本次上传没有可用数据，请按每个序列的原因修改",
        "problem.invalid_cursor": "翻页标记无效，请从第一页重新开始",
        "problem.unauthenticated": "身份验证失败，请重新登录",
        "problem.forbidden": "您的角色不能进行此操作",
        "problem.not_found": "找不到该内容，或您无权查看",
        "problem.content_conflict": "该编号已用于其他内容，请使用新的编号",
        "problem.illegal_transition": "当前状态不能进行此操作",
        "problem.stale_revision": "内容已有更新的提交，请刷新后再审核",
        "problem.evidence_missing": "该侧还没有通过校验的照片或复测值，不能提交",
        "problem.judge_is_submitter": "提交人不能审核自己的提交",
        "problem.precondition_failed": "内容已被他人更新，请刷新后重试",
        "problem.second_person_needed": "三级预警须由另一部门或管委会的人员确认后才能搁置",
        "problem.too_large": "内容超出允许的大小",
        "problem.unsupported_media_type": "不支持的内容类型或编码",
        "problem.busy": "系统繁忙，请稍后用同样的请求重试",
        "field.missing": "必填项",
        "field.unknown": "不支持的字段",
        "field.invalid": "值不符合要求：{detail}",
        "field.unknown_indicator": "未知指标，可用：{detail}",
        "field.unknown_unit": "本企业没有登记该单元：{detail}",
        "field.feeds_itself": "单元不能供给自身：{detail}",
        "field.in_use": "已登记的企业或点位仍在使用，不能删除：{detail}",
        "field.wrong_unit": "单位应为 {detail}",
        "field.implausible": "数值应在 {detail} 之间",
        "field.time_ahead": "时间比服务器时间超前过多，最多允许 {detail}",
        "field.unknown_photo": "照片未在本任务登记",
        "field.rejection_needs_reason": "退回时必须填写原因",
        "field.range": "时间范围应为正，且不超过 {detail} 天",
        "field.time_past": "时间不能早于现在",
        "field.too_much": "数据过多，一次最多返回 {detail}；请用 hour 按小时查询",
        "field.ahead": "须晚于当前时间，且不超过 {detail}",
        "field.past": "不得早于当前时间 {detail} 以上",
        "field.too_long": "最多 {detail} 个字符",
        "field.too_short": "至少 {detail} 个字符",
        "field.too_many": "最多 {detail} 项",
        "field.too_few": "至少 {detail} 项",
        "field.at_most": "不得大于 {detail}",
        "field.at_least": "不得小于 {detail}",
        "field.one_of": "只能是以下之一：{detail}",
        "field.pattern": "格式应符合：{detail}",
        "refusal.unknown_point": "未登记的点位：{point}",
        "refusal.wrong_enterprise": "点位 {point} 不属于本企业",
        "refusal.duplicate_series": "点位 {point} 在同一次上传中出现多次",
        "refusal.refused_before": "该序列在本数据块首次上传时已被拒收，请放入新的数据块再次上传",
        "refusal.malformed_series": "序列应包含等长的 times、values 列表（flags 可选）",
        "refusal.empty_series": "序列没有数据",
        "refusal.length_mismatch": "times（{times} 个）与 values（{values} 个）或 flags 长度不一致",
        "refusal.unknown_flag": "第 {at} 个数据标记未知，允许：{allowed}",
        "refusal.malformed_time": "第 {at} 个时间无法识别",
        "refusal.duplicate_times": "第 {at} 个时间与前一个重复",
        "refusal.times_not_increasing": "第 {at} 个时间早于前一个",
        "refusal.time_ahead": "第 {at} 个时间比服务器超前 {allowed_s} 秒以上",
        "refusal.not_a_number": "第 {at} 个值不是有限数字",
        "refusal.value_missing": "第 {at} 个值为空，但标记为正常（N）",
        "notice.task_dispatched.title": "【{tier}级预警】{enterprise} {unit}",
        "notice.task_dispatched.body": "{rule}。请按要求开展安全、环保联合处置。",
        "group.title": "{enterprise}：{count}项预警",
        "group.body": "最高{tier}级，涉及{units}。请打开收件箱逐项查看任务。",
        "word.kind.regional": "区域联合任务",
        "word.course.own_task": "已派发任务",
        "word.course.under_parent": "由上级预警引起，并入其任务",
        "word.course.chattering": "反复报警，并入已有任务",
        "word.course.flood": "报警集中，并入区域联合任务",
        "word.course.shelved": "已搁置",
        "word.course.suppressed": "检修期间抑制",
        "notice.task_escalated.title": "【升至{tier}级】{enterprise} {unit}",
        "notice.task_escalated.body": "{rule}风险升级，处置时限已调整，请立即查看任务。",
        "notice.warning_cleared.title": "指标恢复：{enterprise} {unit}",
        "notice.warning_cleared.body": "{rule}相关指标已回落，任务仍需完成双维度验收。",
        "notice.side_submitted.title": "待审核：{enterprise} {unit}",
        "notice.side_submitted.body": "{side}侧已提交整改结果，请审核。",
        "notice.side_rejected.title": "已退回：{enterprise} {unit}",
        "notice.side_rejected.body": "{side}侧被退回，原因：{reason}",
        "notice.task_closed.title": "任务办结：{enterprise} {unit}",
        "notice.task_closed.body": "安全、环保两侧均已通过验收。",
        "notice.task_overdue.title": "超时提醒：{enterprise} {unit}",
        "notice.task_overdue.body": "任务已超过{deadline}时限，请尽快处理。",
        "notice.photo_refused.title": "照片未通过：{enterprise} {unit}",
        "notice.photo_refused.body": "照片被拒绝，原因：{reason}。请重新拍摄上传。",
        "notice.late_warnings.title": "补传数据：{enterprise} 有历史预警",
        "notice.late_warnings.body": "补传数据判出 {count} 项当时未能发出的预警，最早一项本应于 {first} 发出，请在预警列表查看。",
        "notice.observation_opened.title": "【观察】{enterprise} {unit}",
        "notice.observation_opened.body": "{subject}：{observation}",
        "notice.catalogue_review_due.title": "风险目录待复核（{quarter}）",
        "notice.catalogue_review_due.body": "现行版本 {version} 已施行 {days} 天。请核对规则、限值和所依据的标准，并记录复核结论。",
        "word.side.safety": "安全",
        "word.side.environment": "环保",
        "word.deadline.acknowledge": "接单",
        "word.deadline.finish": "办结",
        "word.reason.hash_mismatch": "文件与登记的校验值不符",
        "word.reason.size_mismatch": "文件大小与登记的不符",
        "word.reason.type_mismatch": "文件真实类型与登记的不符",
        "word.reason.unsupported_type": "文件类型不支持",
        "word.reason.too_many_pixels": "像素过多",
        "word.reason.unreadable": "文件损坏或不完整",
        "word.grade.benchmark": "绿色标杆",
        "word.grade.compliant": "合规达标",
        "word.grade.rectify": "限期整改",
        "word.grade.supervised": "重点督办",
        "word.cause.warning": "耦合风险预警",
        "word.cause.timely": "按时办结",
        "word.cause.late": "超时办结",
        "word.cause.returned": "整改被退回",
        "word.observation.single_safety": "安全指标异常，已联动核查同单元环保、能耗指标，尚未形成耦合风险",
        "word.observation.single_environment": "环保指标超标，已联动分析同单元能耗，安全指标尚无异常",
        "word.observation.single_energy": "能效指标异常，安全、环保指标尚无异常",
        "word.observation.sensor_fault": "监测数据可疑，可能为仪表或采集故障，请核查",
        "word.observation.early_coupled": "安全、环保工况同时偏离正常，尚未达到预警值，请提前核查",
        "word.observation.decoupled": "排放上升但工况未变，治理设施可能失效，请核查",
        "word.observation.chattering": "预警反复触发，请核查阈值、仪表与工况",
        "word.observation.stale": "预警长时间未解除，请核查处置进展",
        "word.finding.exceeds": "{name} {value} {unit}，已达触发值的 {deviation} 倍",
        "word.finding.rises": "{name} {value} {unit}，较 {reference} 上升 {change}",
        "word.finding.falls": "{name} {value} {unit}，较 {reference} 下降 {change}",
        "word.finding.steady": "{name} {value} {unit}，基本平稳",
        "word.finding.unknown": "{name} 近期无有效数据",
        "word.gap.disk_full": "现场磁盘已满，新数据未能保存",
        "word.gap.dropped_oldest": "现场磁盘已满，按策略丢弃了最早的数据",
        "word.gap.retention_age": "超过现场保存期限，已删除",
        "word.gap.memory_full": "现场缓存已满，新数据未能保存",
        "word.gap.spool_damaged": "现场存储文件损坏",
        "word.gap.refused": "平台拒收",
        "word.gap.clock_jump": "现场时钟跳变（无数据丢失）",
        "word.gap.waiting": "仍在现场等待上传",
        "word.gap.unknown": "原因不明",
        "word.command.requested": "已下发，等待现场接收",
        "word.command.delivered": "现场已接收",
        "word.command.done": "已执行",
        "word.command.refused": "现场拒绝执行",
        "word.command.failed": "执行失败",
        "word.command.expired": "已过期",
        "word.command.interrupted": "执行中断，结果不明",
        **WHY_TEXTS["zh-CN"],
        "notice.risk_upwind.title": "【{tier}级预警】上风向存在耦合风险：{place}",
        "notice.risk_upwind.body": "上风向约 {distance} 公里处发生{tier}级耦合风险预警，按当前风速约 {minutes} 分钟可影响到{place}。请关注异味和监测数据，做好防护准备。",
        "notice.risk_nearby.title": "【{tier}级预警】附近存在耦合风险：{place}",
        "notice.risk_nearby.body": "距{place}约 {distance} 公里处发生{tier}级耦合风险预警，当前静风或风况不明，四周均可能受影响。请关注异味和监测数据，做好防护准备。",
        "word.wind.blowing": "有风，影响下风向",
        "word.wind.calm": "静风，四周均可能受影响",
        "word.wind.unknown": "缺少风况数据，按四周均可能受影响处理",
        "word.foresight.skilful": "回测优于历史平均，概率可供参考",
        "word.foresight.no_skill": "回测未优于历史平均，仅显示历史平均",
        "word.foresight.thin": "历史数据不足（至少需要 {days} 天天气观测和 {events} 个出现预警的小时），仅显示历史平均",
        "word.foresight.unfitted": "尚未建立预测模型",
        "word.check.freeze": "预计最低气温 {minimum} ℃，低于 0 ℃ 共 {hours} 小时：请检查保温、伴热和排空，防止管道、设备冻裂后废水泄漏",
    },
    "en": {
        "problem.internal": "The server failed; please try again later",
        "problem.invalid_request": "The request has errors; see each field",
        "problem.nothing_usable": "Nothing in this upload could be used; see the reason of each series",
        "problem.invalid_cursor": "The cursor is not valid; start again from the first page",
        "problem.unauthenticated": "Authentication failed; please sign in again",
        "problem.forbidden": "Your role may not do this",
        "problem.not_found": "Not found, or not visible to you",
        "problem.content_conflict": "This id was used before for other content; use a new id",
        "problem.illegal_transition": "This cannot be done in the current state",
        "problem.stale_revision": "There is a newer submission; reload and judge that",
        "problem.evidence_missing": "This side has no verified photo or retest yet",
        "problem.judge_is_submitter": "Nobody judges their own submission",
        "problem.precondition_failed": "This was changed by someone else; reload and try again",
        "problem.second_person_needed": "Shelving tier 3 needs a second person, of the other department or the committee",
        "problem.too_large": "The content is larger than allowed",
        "problem.unsupported_media_type": "Content type or encoding not supported",
        "problem.busy": "The system is busy; send the same request again later",
        "field.missing": "This field is required",
        "field.unknown": "This field is not known",
        "field.invalid": "The value is not valid: {detail}",
        "field.unknown_indicator": "Unknown indicator; allowed: {detail}",
        "field.unknown_unit": "The enterprise has no such unit: {detail}",
        "field.feeds_itself": "A unit cannot feed itself: {detail}",
        "field.in_use": "Registered enterprises or points still use it: {detail}",
        "field.wrong_unit": "The unit must be {detail}",
        "field.implausible": "The value must be within {detail}",
        "field.time_ahead": "The time is too far ahead of the server; at most {detail}",
        "field.unknown_photo": "No such photo was announced for this task",
        "field.rejection_needs_reason": "A rejection needs a reason",
        "field.range": "The range must be positive and at most {detail} days",
        "field.time_past": "The time must not be in the past",
        "field.too_much": "Too much for one answer (at most {detail}); ask hour by hour",
        "field.ahead": "Must be later than now, by at most {detail}",
        "field.past": "Must not be in the past by more than {detail}",
        "field.too_long": "At most {detail} characters",
        "field.too_short": "At least {detail} characters",
        "field.too_many": "At most {detail} items",
        "field.too_few": "At least {detail} items",
        "field.at_most": "At most {detail}",
        "field.at_least": "At least {detail}",
        "field.one_of": "One of: {detail}",
        "field.pattern": "Must match {detail}",
        "refusal.unknown_point": "Point {point} is not registered",
        "refusal.wrong_enterprise": "Point {point} belongs to another enterprise",
        "refusal.duplicate_series": "Point {point} stands in this upload more than once",
        "refusal.refused_before": "This series was refused when its block was first stored; send it again in a new block",
        "refusal.malformed_series": "A series has lists times and values of equal length (flags optional)",
        "refusal.empty_series": "The series has no readings",
        "refusal.length_mismatch": "times ({times}) and values ({values}) or flags differ in length",
        "refusal.unknown_flag": "Flag {at} is unknown; allowed: {allowed}",
        "refusal.malformed_time": "Time {at} cannot be read",
        "refusal.duplicate_times": "Time {at} repeats the one before",
        "refusal.times_not_increasing": "Time {at} is earlier than the one before",
        "refusal.time_ahead": "Time {at} is more than {allowed_s} s ahead of the server",
        "refusal.not_a_number": "Value {at} is not a finite number",
        "refusal.value_missing": "Value {at} is missing though its flag says normal (N)",
        "notice.task_dispatched.title": "[Tier {tier}] {enterprise} {unit}",
        "notice.task_dispatched.body": "{rule}. Joint safety and environment action is needed.",
        "group.title": "{enterprise}: {count} warnings",
        "group.body": "Up to tier {tier}, at {units}. Open the inbox to see each task.",
        "word.kind.regional": "joint task of the region",
        "word.course.own_task": "has a task of its own",
        "word.course.under_parent": "follows from another warning, in that one's task",
        "word.course.chattering": "opens again and again, in the task that is open",
        "word.course.flood": "one of many, in the joint task of the region",
        "word.course.shelved": "shelved",
        "word.course.suppressed": "suppressed during maintenance",
        "notice.task_escalated.title": "[Now tier {tier}] {enterprise} {unit}",
        "notice.task_escalated.body": "{rule}: the risk has risen and deadlines have changed. Open the task now.",
        "notice.warning_cleared.title": "Back to normal: {enterprise} {unit}",
        "notice.warning_cleared.body": "{rule}: the readings are back; both sides of the task still need acceptance.",
        "notice.side_submitted.title": "To judge: {enterprise} {unit}",
        "notice.side_submitted.body": "The {side} side was submitted for acceptance.",
        "notice.side_rejected.title": "Returned: {enterprise} {unit}",
        "notice.side_rejected.body": "The {side} side was returned: {reason}",
        "notice.task_closed.title": "Closed: {enterprise} {unit}",
        "notice.task_closed.body": "Both the safety and the environment side were accepted.",
        "notice.task_overdue.title": "Overdue: {enterprise} {unit}",
        "notice.task_overdue.body": "The task has passed its deadline to {deadline}.",
        "notice.photo_refused.title": "Photo refused: {enterprise} {unit}",
        "notice.photo_refused.body": "A photo was refused: {reason}. Please take it again.",
        "notice.late_warnings.title": "Late data: {enterprise} had warnings",
        "notice.late_warnings.body": "Data that came late hold {count} warnings that could not be raised in time, the first at {first}; see the list of warnings.",
        "notice.observation_opened.title": "[Observation] {enterprise} {unit}",
        "notice.observation_opened.body": "{subject}: {observation}",
        "notice.catalogue_review_due.title": "Review the risk catalogue ({quarter})",
        "notice.catalogue_review_due.body": "Version {version} has been in force for {days} days. Check rules, limits and standards, and record the review.",
        "word.side.safety": "safety",
        "word.side.environment": "environment",
        "word.deadline.acknowledge": "acknowledge",
        "word.deadline.finish": "finish",
        "word.reason.hash_mismatch": "the file differs from the announced checksum",
        "word.reason.size_mismatch": "the file differs from the announced size",
        "word.reason.type_mismatch": "the file's real type differs from the announced one",
        "word.reason.unsupported_type": "this file type is not supported",
        "word.reason.too_many_pixels": "too many pixels",
        "word.reason.unreadable": "the file is damaged or incomplete",
        "word.grade.benchmark": "green benchmark",
        "word.grade.compliant": "compliant",
        "word.grade.rectify": "rectification required",
        "word.grade.supervised": "key supervision",
        "word.cause.warning": "coupled-risk warning",
        "word.cause.timely": "closed in time",
        "word.cause.late": "closed late",
        "word.cause.returned": "returned by a department",
        "word.observation.single_safety": "safety is off; environment and energy of the unit were looked up and are no coupled risk yet",
        "word.observation.single_environment": "the environment limit is exceeded; energy was compared, and safety is not off",
        "word.observation.single_energy": "energy is off; safety and environment are not",
        "word.observation.sensor_fault": "the data are doubtful: an instrument or its connection may be faulty",
        "word.observation.early_coupled": "safety and environment leave normal operation together, before any trigger; have a look early",
        "word.observation.decoupled": "emission rises though operation did not change: treatment may be failing",
        "word.observation.chattering": "the warning comes and goes; check its threshold, the instrument and the operation",
        "word.observation.stale": "the warning has been open for long; check what is being done",
        "word.finding.exceeds": "{name} {value} {unit}, {deviation} times its trigger",
        "word.finding.rises": "{name} {value} {unit}, up {change} from {reference}",
        "word.finding.falls": "{name} {value} {unit}, down {change} from {reference}",
        "word.finding.steady": "{name} {value} {unit}, steady",
        "word.finding.unknown": "{name}: nothing valid lately",
        "word.gap.disk_full": "the plant's disk was full: new readings could not be kept",
        "word.gap.dropped_oldest": "the plant's disk was full: the oldest readings were dropped by policy",
        "word.gap.retention_age": "older than the plant keeps readings",
        "word.gap.memory_full": "the plant's buffer was full: new readings could not be kept",
        "word.gap.spool_damaged": "the plant's storage file was damaged",
        "word.gap.refused": "refused by the park",
        "word.gap.clock_jump": "the plant's clock jumped (nothing was lost)",
        "word.gap.waiting": "still at the plant, waiting to be sent",
        "word.gap.unknown": "not known",
        "word.command.requested": "asked for, not fetched yet",
        "word.command.delivered": "fetched by the plant",
        "word.command.done": "carried out",
        "word.command.refused": "refused by the plant",
        "word.command.failed": "failed",
        "word.command.expired": "expired",
        "word.command.interrupted": "interrupted: the result is not known",
        **WHY_TEXTS["en"],
        "notice.risk_upwind.title": "[Tier {tier}] coupled risk upwind of {place}",
        "notice.risk_upwind.body": "A coupled risk of tier {tier} was raised {distance} km upwind; at the present wind it may reach {place} in about {minutes} min. Watch for odours and your own readings, and be ready to protect people.",
        "notice.risk_nearby.title": "[Tier {tier}] coupled risk near {place}",
        "notice.risk_nearby.body": "A coupled risk of tier {tier} was raised {distance} km from {place}; it is calm or the wind is not known, so all around may be concerned. Watch for odours and your own readings, and be ready to protect people.",
        "word.wind.blowing": "the wind blows: what lies downwind is concerned",
        "word.wind.calm": "calm: all around may be concerned",
        "word.wind.unknown": "the wind is not known: all around may be concerned",
        "word.foresight.skilful": "better than the base rate in the back-test",
        "word.foresight.no_skill": "no better than the base rate in the back-test: only the base rate is shown",
        "word.foresight.thin": "not enough history (at least {days} days of observed weather and {events} hours with a warning): only the base rate is shown",
        "word.foresight.unfitted": "nothing was learnt yet",
        "word.check.freeze": "down to {minimum} degC, {hours} hours below 0 degC: check insulation, heat tracing and draining, so that no pipe or vessel bursts and leaks waste water",
    },
}


def text(key: str, language: str, **params: object) -> str:
    """The text of a key in a language, with its placeholders filled."""
    return TEXTS[language if language in TEXTS else DEFAULT][key].format(**params)


def choose_language(accept_language: str | None, preferred: str | None = None) -> str:
    """By the request's Accept-Language if it names one of ours (RFC 9110, 12.5.4), else the person's, else zh-CN."""
    ranked: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.replace(" ", "").partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        match = next((known for known in LANGUAGES if tag.lower().split("-")[0] == known.split("-")[0]), None)
        if match and quality > 0:
            ranked.append((-quality, match))
    return min(ranked, key=lambda one: one[0])[1] if ranked else preferred or DEFAULT


def render_notice(notice: Notice, language: str, catalogue: Catalogue) -> tuple[str, str]:
    """(title, body) of a notice in the reader's language."""
    params = dict(notice.params)
    rule = next((rule for rule in catalogue.rules if rule.id == params.get("rule")), None)
    if rule is not None:
        params["rule"] = rule.name[language if language in TEXTS else DEFAULT]
    language = language if language in TEXTS else DEFAULT
    if (indicator := catalogue.indicators.get(params.get("subject", ""))) is not None:
        params["subject"] = indicator.name[language]
    elif (subject := next((r for r in catalogue.rules if r.id == params.get("subject")), None)) is not None:
        params["subject"] = subject.name[language]
    for word in ("side", "deadline", "reason", "observation", "kind"):
        key = f"word.{word}.{params.get(word)}"
        if key in TEXTS[DEFAULT]:
            params[word] = text(key, language)
    params["unit"] = params.get("kind") or params.get("unit", "")
    head = f"notice.{notice.kind.value}"
    return text(f"{head}.title", language, **params), text(f"{head}.body", language, **params)


def render_group(notices: Sequence[Notice], language: str) -> tuple[str, str]:
    """(title, body) of one push for several notices of one enterprise."""
    params = [dict(notice.params) for notice in notices]
    units = list(dict.fromkeys(one.get("unit", "") for one in params))
    named = ("、" if language != "en" else ", ").join(units[:GROUP_UNITS]) + ("…" if len(units) > GROUP_UNITS else "")
    enterprise, tier = params[0].get("enterprise", ""), max(notice.tier for notice in notices)
    title = text("group.title", language, enterprise=enterprise, count=len(notices))
    return title, text("group.body", language, tier=tier, units=named)


def finding_text(finding: Finding, catalogue: Catalogue, language: str) -> str:
    """What a point did, in words."""
    indicator = catalogue.indicators.get(finding.indicator)
    known = {"value": finding.value, "reference": finding.reference, "deviation": finding.deviation}
    numbers = {name: "" if value is None else f"{value:.4g}" for name, value in known.items()}
    return text(
        f"word.finding.{finding.verdict.value}",
        language,
        name=finding.indicator if indicator is None else indicator.name[language],
        unit=finding.unit,
        change="" if finding.change is None else f"{abs(finding.change):.1%}",
        **numbers,
    )
