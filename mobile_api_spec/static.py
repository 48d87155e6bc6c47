"""What the spec says that no code knows: who it is for, how tokens are made, what headers mean."""

from typing import Any

from chalicelib.api.http import ID, KEEP

VERSION = "0.2.0"

INFO: dict[str, Any] = {
    "title": "Green Shield API",
    "version": VERSION,
    "summary": "Coupled safety and environment risks of an eco-industrial park, worked as joint tasks.",
    "description": (
        "Bridges upload readings; people see warnings, work joint tasks on their phones, and judge them.\n\n"
        "- Instants are RFC 3339 with an offset; send them percent-encoded in queries (`+` is `%2B`).\n"
        "- Ids of what a client makes are UUIDs (version 7 preferred) or ULIDs: the same id with the same content is one "
        "thing, however often it is sent.\n"
        "- Lists are paged by `cursor`; `next_cursor` is absent on the last page. A page may hold fewer items than `limit`.\n"
        "- Fields without a value are left out, never null. New fields may be added to answers at any time.\n"
        "- Every problem is `application/problem+json` (RFC 9457) with a stable `code`; docs/errors.md lists them all. A fault "
        "of the server itself is 500 with the code `internal`.\n"
        "- In a drill the routes of warnings, tasks, evidence and sync are called with the header `X-Drill: <drill>`; a notice of a drill says which "
        "(`drill_id`). Whoever takes no part gets 404, what is no part of drills 403, and a change while it does not run 409.\n"
        "- Texts are in zh-CN unless Accept-Language or the person's own setting asks for English.\n"
        "- A path or method that is not in this document is answered by the gateway, not by the application."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}

SERVERS: list[dict[str, Any]] = [
    {
        "url": "https://{api_id}.execute-api.{region}.{domain}/api",
        "description": "A deployment on AWS or AWS China",
        "variables": {
            "api_id": {"default": "api-id", "description": "output ApiId of the stack"},
            "region": {"default": "cn-north-1"},
            "domain": {"default": "amazonaws.com.cn", "enum": ["amazonaws.com.cn", "amazonaws.com"]},
        },
    },
    {
        "url": "{base}",
        "description": "The local stack: `api` of .local/stack.json",
        "variables": {"base": {"default": "http://127.0.0.1:4566"}},
    },
]

TAGS = [
    {"name": "bridges", "description": "What bridges report of themselves, and how they are"},
    {
        "name": "catalogue",
        "description": "Versions of the risk catalogue: proposed, compared, published, rolled back, reviewed",
    },
    {"name": "commands", "description": "Measures asked of a plant, and what came of them"},
    {"name": "completeness", "description": "What arrived, what did not, and why"},
    {"name": "credit_files", "description": "The green credit file of an enterprise, signed, to be filed and verified"},
    {"name": "dashboard", "description": "Figures of the park that are kept up to date, from the whole down to a unit"},
    {"name": "data_quality", "description": "How much of what arrived is fit to be judged"},
    {
        "name": "emergency",
        "description": "Emergency resources: what stands where, who answers for it, when it was checked",
    },
    {"name": "enterprises", "description": "Enterprises, their units and their score"},
    {"name": "exchange", "description": "Every list, to take away and to bring, as CSV and JSON"},
    {"name": "foresight", "description": "What is ahead: risk by hour and region, freeze checks"},
    {"name": "inbox", "description": "What you were told, whether or not a push arrived"},
    {"name": "me", "description": "Yourself and your phones; is the service up"},
    {"name": "courses", "description": "Training: courses, attempts at their questions, and who has passed what"},
    {"name": "drills", "description": "Practising a coupled risk: what is done in a drill is real to nobody else"},
    {"name": "modules", "description": "What the park has switched on, and what it does without"},
    {"name": "privacy", "description": "Statistics for outsiders, with noise and a budget"},
    {"name": "readings", "description": "Uploads from bridges, and reading them back"},
    {"name": "registry", "description": "What an admin registers"},
    {
        "name": "inspections",
        "description": "Reports of laboratories as documents, and the values that a person confirmed",
    },
    {"name": "instruments", "description": "What is measured with, and until when it is calibrated"},
    {"name": "hazards", "description": "What people see that no sensor sees"},
    {"name": "crew", "description": "Sides that change hands, the rota, leave"},
    {"name": "chain", "description": "Who gives what to whom, and whom it reaches when something is wrong with it"},
    {"name": "chain_plans", "description": "Joint plans: who stops what in which order, started by an incident"},
    {"name": "channels", "description": "Ways to people besides the app: group chats, mail, webhooks"},
    {"name": "audit", "description": "Who changed what, when and from where, in chains that show any tampering"},
    {"name": "snapshots", "description": "What cameras saw of a unit"},
    {"name": "sync", "description": "Phones without a signal: what changed, what was done, what came too late"},
    {"name": "checklists", "description": "What is looked at on site, and the answers"},
    {"name": "targets", "description": "What a region is to come down to, and how far its points are"},
    {"name": "tasks", "description": "Joint tasks: evidence, submissions, verdicts"},
    {"name": "units", "description": "A unit's page, and the code on its door"},
    {"name": "visits", "description": "Several tasks of one enterprise in one visit"},
    {"name": "warnings", "description": "Coupled risks with their why-cards"},
    {"name": "weather", "description": "Regions, their weather, and what lies downwind"},
]

SECURITY_SCHEMES = {
    "person": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "An OIDC token of the park's issuer (RS256, ES256 or EdDSA), verified by the issuer's JWKS: iss, aud and exp are "
            "checked, `sub` is the person's id. Role and tenancy come from the registry, never from claims."
        ),
    },
    "bridge": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "A JWT that the bridge signs with its own Ed25519 key, fresh for each upload. Header: alg EdDSA, kid the bridge's "
            "id. Claims: iss and sub the bridge's id, aud green-shield, iat, exp at most iat + 300, jti a UUID, and body_sha256, "
            "the lower-case hex SHA-256 of the body exactly as sent (after gzip)."
        ),
    },
}

PATH_ID = {"type": "string", "pattern": f"^{ID.pattern}$"}
FILE = {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.4 …"}  # an answer of bytes
SIDE = {"type": "string", "enum": ["safety", "environment"]}
CORRELATION = {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$", "minLength": 8, "maxLength": 64}

PARAMETERS: dict[str, Any] = {
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "zh-CN or en; without it the person's own language, else zh-CN",
        "schema": {"type": "string"},
        "example": "zh-CN",
    },
    "CorrelationId": {
        "name": "X-Correlation-Id",
        "in": "header",
        "description": "Goes from this request to every log line and push that follows from it; made here if absent or not fit",
        "schema": {"type": "string"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The version you saw (the ETag of the task, draft or schedule). Another version now: 412 precondition_failed. Without it: no check",
        "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,15}")$'},
        "example": '"3"',
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of the answer you keep. 304 without a body where it is still the same",
        "schema": {"type": "string"},
    },
    "ContentEncoding": {
        "name": "Content-Encoding",
        "in": "header",
        "description": "gzip, where the body is. At most 6 MiB as sent and 16 MiB unpacked",
        "schema": {"type": "string", "enum": ["gzip", "identity"]},
    },
}

HEADERS: dict[str, Any] = {
    "X-Correlation-Id": {
        "description": "Of this request; name it when asking for help",
        "required": True,
        "schema": CORRELATION,
    },
    "Content-Language": {
        "description": "Of the texts in this answer",
        "required": True,
        "schema": {"enum": ["zh-CN", "en"]},
    },
    "ETag": {
        "description": "The version, for If-Match",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
        "example": '"3"',
    },
    "ContentTag": {
        "description": "Of this content, for If-None-Match",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    },
    "Kept": {
        "description": "A device may keep the answer and show it while it is offline",
        "required": True,
        "schema": {"const": KEEP},
    },
    "Retry-After": {
        "description": "Seconds to wait before the same request",
        "required": True,
        "schema": {"type": "integer"},
    },
    "WWW-Authenticate": {"description": "The scheme to sign in with", "required": True, "schema": {"const": "Bearer"}},
}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


ANSWER_HEADERS = _headers("X-Correlation-Id", "Content-Language")
TAGGED = _headers("ETag")
KEPT = {
    "ETag": {"$ref": "#/components/headers/ContentTag"},
    "Cache-Control": {"$ref": "#/components/headers/Kept"},
}
PROBLEM_HEADERS = {401: _headers("WWW-Authenticate"), 503: _headers("Retry-After")}

CLIENT_ID = (
    "`{name}` is made by the client: the same `{name}` with the same content is answered as the first time, with other content "
    "it is 409 content_conflict."
)
REPEATS = {
    "PUT": "The same again changes nothing.",
    "POST": "The same again changes nothing.",
    "DELETE": "Deleting what is not there is a success.",
}
NOTES = {
    "post_report": (
        "Sent when there is something new, and from time to time as a sign of life. A gap stands as it was first reported, by spool "
        "and id; so does the outcome of a command. The answer names what need not be sent again, and brings commands that wait."
    ),
    "list_bridges": "`last_upload_at` is told where it is among the enterprise's newest 25 uploads.",
    "post_receipt": (
        "Sent by the app when a push arrives, whether or not the person looks at it: the ledger then knows it as delivered. Sending it "
        "again changes nothing."
    ),
    "get_deliveries": (
        "`items` are attempts, one for each time that a device was sent to. `course` are states: queued, sent or failed, delivered, seen, "
        "acknowledged."
    ),
    "put_channel": (
        "An admin puts any; a department those of its own dimension within its regions, and each person of them their own. The answer to "
        "the first PUT of a webhook, and of a new URL, has the secret that its messages are signed with; no other answer has it."
    ),
    "post_channel_test": "The message goes out before the answer. `sent`: the channel took it.",
    "post_command": (
        "What the plant does is up to its own bridge: it carries out only what its local configuration allows, within its limits, "
        "once, before the command expires. An enterprise and its inspectors follow commands and ask for none."
    ),
    "get_completeness": (
        "A spool numbers its rows without holes, so that what is missing between stored rows is known, and why: from the gap "
        "ledger, `waiting` where the bridge still has it, else `unknown`. A range is listed on every day that it may be of: `from` "
        "and `to` may reach beyond the day. Where a day has more than 4,000,000 readings, 400,000 series, 10,000 blocks, 5,000 gaps or 20,000 "
        "entries in the answer, 400 with the code `too_much`: ask hour by hour. A bridge that was never heard of is not waited for."
    ),
    "get_data_quality": (
        "A reading is fit if its source did not flag it and nothing else speaks against it. Marks are worked out when asked for, from the day "
        "and the 24 hours before it; `flags_with_load` doubts the source and counts no reading as unfit. `marks` has the first `limit` by "
        "time, `more` how many were left out. Where there is too much to be judged at once, 400 with the code `too_much_for_units`: ask unit by unit."
    ),
    "post_readings": (
        "Each series is judged by itself: good ones are stored although others are refused, and `results` says which. 400 only "
        "where nothing is usable. At most 20,000 readings and 24 hours in one upload. `source` "
        "is part of the content; the answer says what rows the park has with this block. `commands` come again until reported. "
        "With `Prefer: return=minimal` (RFC 7240) `results` speaks of refused series only, and `Preference-Applied` says so."
    ),
    "get_readings": "Readings of from <= t < to, at most 7 days and 50,000 readings; where `next_from` is given, go on from there.",
    "get_why": (
        "At most 4096 bytes; where there is no room, sparklines get coarser first, then neighbours, who lies downwind, and texts are cut: "
        "`shortened` says which. `ways` are what brings the coefficient under 0.6 and 0.3; the tier of an open warning falls by clearing only."
    ),
    "post_photo": (
        "Then send `upload.fields` and the file as multipart/form-data to `upload.url` before it expires; the photo is `verified` "
        "or `refused` within seconds of landing."
    ),
    "post_submission": "Tier 1: the enterprise submits both sides. Tiers 2 and 3: each side's own inspector.",
    "post_verdict": "A department judges its own side only, and nobody judges what they submitted or brought evidence for.",
    "put_checklist": (
        "Tasks opened from then on have it. For a type of unit the newest version counts, whatever its id; the shipped lists stay for tasks "
        "that were opened before."
    ),
    "answer_item": (
        "By whoever hands the side in, until the side is settled. All answers are kept; of an item the newest by `at` stands. In tier 1 the "
        "list is an offer; in tiers 2 and 3 its critical items must be answered before the side is handed in."
    ),
    "acknowledge": "Tier 1: the enterprise. Tiers 2 and 3: the two inspectors.",
    "list_tasks": "Inspectors: the tasks given to them. Enterprises: their own. Others: all in their field of sight.",
    "put_catalogue": "The whole catalogue at once; chalicelib/catalogue holds the shipped one. If-Match: the schedule's revision.",
    "put_version": (
        "The whole document, as JSON or as YAML text; every wrong field is named at once, with its line in a text. What was published "
        "never changes."
    ),
    "get_difference": "From the version in `with` to this one, their defaults filled in. Rules are told apart by id; their order does not count.",
    "post_publication": (
        "A version that leaves out what is registered is refused. If-Match: the schedule's revision. Other processes follow within 15 "
        "seconds."
    ),
    "post_rollback": "What was to take effect later is withdrawn too. If-Match: the schedule's revision.",
    "post_what_if": (
        "Both versions judge the stored readings of the span from the same baselines, with nothing open at its start. Nothing is changed "
        "and nobody is called. At most 31 days and 400,000 readings."
    ),
    "post_waiver": "The side stays open until the other department consents. Handing it in ends the proposal.",
    "post_reopening": "Who held the side holds it again, and the task's time runs anew. What its first closing scored stands.",
    "post_retest": (
        "Turned into the indicator's unit and held against the mean of the online readings of the same minute. Where both agree within "
        "their accuracies it is evidence; where not, a task about the instrument opens. Readings that have not come yet are awaited a day."
    ),
    "post_parts": "For lines too weak for a file at once. Put each part to its `url`; after a break ask again: only what has not come is named.",
    "post_hazard": "An enterprise reports its own, which it then works as tier 1. The task's id is `t-` and the hazard's.",
    "post_transfer": "By the side's holder, the group's chief, or the side's department.",
    "post_decline": "The least loaded of those who have not had it gets it, the chief last.",
    "put_shift": "Where anybody of a group has a shift just then, only those on shift are called. By the side's department or the admin.",
    "put_leave": "Inspectors enter their own.",
    "get_audit": (
        "`object` is `task:<id>`, `warning:<id>`, `score:<enterprise>:<month>`, `catalogue` or `privacy:<data set>`; whoever sees it sees its audit. `intact` is of "
        "the entries in this answer."
    ),
    "export_audit": "docs/verify_audit.py, 30 lines that need nothing of this software, checks it. Keep `head` elsewhere to prove it later.",
    "get_sync": (
        "Keep `next_cursor` and send it next time; ask again at once while `more`. What changed in the last minute comes again: ignore "
        "a version that you have. A cursor older than 30 days, or of another enterprise or role, begins anew (`reset`). Send "
        "Accept-Encoding: gzip."
    ),
    "post_sync": (
        "Each operation has an outcome of its own. `applied`, `merged`, `refused`, `discarded` and `conflict` stay: forget the operation. "
        "`held` waits for what it needs, at most five days, and can be sent again. The same id with other content is refused. A photo "
        "that has not arrived has an `upload` each time that it is sent again."
    ),
    "list_conflicts": "A side's department and the admin see what they may decide; others see their own.",
    "post_decision": "By the side's department, and never by who did it. What still cannot be applied stays a conflict.",
    "post_review": "Silences the reminder of this quarter.",
    "put_region_weather": (
        "Hours of one issue, at most 32 days. Observed and forecast stay apart; of each hour the newest issue stands, whatever the "
        "order they come in."
    ),
    "get_foresight": (
        "A probability is never shown without its base rate (climatology of the month and hour) and its back-test against it; where that "
        "found no skill, or history is thin, the base rates stand alone and the verdict says so. Learnt once a day."
    ),
    "put_resource": (
        "When it was last checked is not part of it: checks say so. Departments, committee and admin read telephone numbers, an enterprise "
        "those of its own resources; others read them masked, until they are called to a task of tier 3. Every change is kept as an edition."
    ),
    "post_resource_check": "A check that is older than the newest one known is refused. The same check again changes nothing.",
    "put_target": (
        "Of an indicator (in a unit that it can be told in), or of a total of energy, carbon, water or waste. `reduce_by` is a share of its "
        "`baseline`. Every change is kept as an edition."
    ),
    "get_target_progress": (
        "By the normal level that was learnt of each point (half-life 24 h, without open warnings) where that is from thirty readings at least: "
        "where they stand now, which is no mean over the period. Totals are not measured here."
    ),
    "get_export": (
        "Lists: enterprises, units, points, people, links, plans, resources, targets, instruments, rota, warnings, tasks, scores, observations, "
        "hazards, visits, chain_alerts, audits. Each person gets what they may see, an enterprise its own rows. Cells that a spreadsheet would "
        "take for a formula have an apostrophe before them. Columns: docs/exchange.md."
    ),
    "post_import": (
        "enterprises, units, points, people, links, resources and targets, in that order, at most 200 rows at once. Without `apply` nothing is "
        "written and every wrong cell is named. With it each right row is registered as a whole; wrong ones are reported and hold up no other. "
        "The same rows again change nothing. Nothing is ever deleted."
    ),
    "post_inspection": (
        "Then post the file to `upload`, as with photos. It is read within a minute: values with their source, matched to indicators by name and "
        "code of HJ 212 and turned into their units. Encrypted files, files with macros, and what unpacks into too much are refused (`reason`)."
    ),
    "decide_value": (
        "Nothing counts before that. What counts stands in `/v1/enterprises/{enterprise_id}/lab-values`; it is no reading, and nothing judges it. "
        "The last decision stands; earlier ones are kept."
    ),
    "post_snapshot": "Then post the file to `upload`, as with photos. It is no evidence of a task, and nothing judges it.",
    "put_link": (
        "A link stays between its partners; everything else of it may change. The giver's readings of `carries` are held against the "
        "receiver's limits from then on, within a minute."
    ),
    "get_chain": "A link is there for whoever may see one of its ends; of the other end they then learn the enterprise's name.",
    "put_plan": "Steps stand in an order in which they can be done. Runs that have begun keep the steps that they began with.",
    "get_plan": "Whoever has a step of it sees the whole of it.",
    "post_run": "Those whose steps come after no other are called at once.",
    "post_step_answer": (
        "By the enterprise whose step it is, or by the committee for anybody. What cannot be done is told to the committee and to who "
        "started the plan, and holds up what comes after it until the committee answers `done`."
    ),
    "list_chain_alerts": "An enterprise reads of what it gave and of what reaches it. A page may have fewer items than its limit.",
    "get_chain_alert": (
        "By expected arrival: the shortest way in minutes, and how much arrives by the strongest, each link's `share` times its `damping`. "
        "Who takes from the giver is warned however little that is, others from 0.05 on; nobody twice. An enterprise reads of itself and "
        "of its partners, and a receiver farther along does not learn whose excess it is."
    ),
    "get_chain_picture": "The links of `GET /v1/chain`, and no other, as an SVG document without scripts or links.",
    "list_data_sets": (
        "`bound` is the most that one enterprise adds to an answer. Recipients who put their answers together have the sum of their budgets."
    ),
    "put_course": "While it is a draft it may be written anew; once it is published, the same content is a success and other content a 409.",
    "publish_course": "From now on it is assigned to everyone of its roles and industries, and its days count. A newer version takes the place of the one before.",
    "post_attempt": (
        "What is not answered is wrong. The same id with the same answers gives the attempt as it was marked. A pass of an enterprise's person is an entry of its "
        "score, once a person and term; a deadline that is missed is one too, once an enterprise."
    ),
    "list_training": "A page has the enterprises that you see by their ids; the cursor is the last id.",
    "post_drill": (
        "Its test data come from what each unit's triggers compare with, by the scenario's deviations. Nobody is told but those who take part. "
        "The same id with the same content is answered by the drill as it stands."
    ),
    "start_drill": (
        "From here on the drill goes its ordinary way in a room of its own: who takes part reads its warnings and tasks, and works them, by the "
        "ordinary routes with the header `X-Drill`. Without that header nothing of it is there."
    ),
    "get_drill_report": "While the drill runs, as things stand. Of one that was called off or has not begun there is none.",
    "put_budget": "In the place of what was granted before; what was spent stays spent.",
    "post_release": (
        "The same id with the same content is answered by the very release that was made, and costs nothing. With a budget of 10 the eleventh "
        "release at 1 is refused. docs/privacy.md says what is promised, and what is not."
    ),
    "get_dashboard": (
        "What is right below: regions of the park, industries of a region, enterprises of a region's industry, units of an enterprise; of an industry "
        "alone, its regions. An enterprise reads its own branch; inspectors, and departments of some regions, read the sum of what is theirs. "
        "Figures follow a change with the record of the stream that brings it, as a rule within two seconds; `month` chooses the figures of a month and the scores, all else is as it stands. "
        "A page may have fewer items than its limit."
    ),
    "post_rebuild": "Figures stay right meanwhile. Asking again while it is under way says how far it has come.",
    "get_downwind": (
        "By the wind of that hour, else of the newest of the three hours before. In a calm (below 0.5 m/s), or where the wind is "
        "not known, all within 1800 m are named. Departments, committee and admin read every name; others learn of an enterprise that they "
        "may not see only that it is there, and how far. Pasquill-Gifford classes by Turner's method, spreads by Briggs (1973)."
    ),
}
