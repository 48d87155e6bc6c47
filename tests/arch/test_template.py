"""The templates against the rules they must keep: nothing is lost silently, nobody may do more than its code does, any partition."""

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest
from botocore import xform_name

from app import app
from chalicelib.handlers.on_event import COUNTED, TOUCHING
from infra.package import ROOT, merged_overlay
from infra.roles import PRESENCE, grants, is_by_lambda, listed, statements

TEMPLATE = merged_overlay(ROOT)
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]
TEXTS = [ROOT / "infra" / name for name in ("template.yaml", "functions.yaml")]


def of_type(name: str) -> dict[str, dict[str, Any]]:
    return {key: found["Properties"] for key, found in RESOURCES.items() if found.get("Type") == name}


QUEUES = of_type("AWS::SQS::Queue")
ALARMS = of_type("AWS::CloudWatch::Alarm")
TABLES = of_type("AWS::DynamoDB::Table")
LOG_GROUPS = of_type("AWS::Logs::LogGroup")
ROLES = of_type("AWS::IAM::Role")
# functions.yaml lays properties over resources whose type chalice writes.
FUNCTIONS = {
    key: found["Properties"]
    for key, found in RESOURCES.items()
    if "Type" not in found and "Role" in found["Properties"]
}
SOURCES = {
    f"{function}.{event}": (properties, source["Properties"])
    for function, properties in FUNCTIONS.items()
    for event, source in properties.get("Events", {}).items()
}
STREAMS = {name: found for name, found in SOURCES.items() if "Stream" in found[1]}
SQS_SOURCES = {name: found for name, found in SOURCES.items() if "Queue" in found[1]}
# Where something ends up when it keeps failing: nothing reads them but a person.
LAST_STOPS = {
    *(properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for properties in QUEUES.values() if "RedrivePolicy" in properties),
    *(source["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0] for _, source in STREAMS.values()),
}  # fmt: skip


def watched(metric: str, dimension: str) -> set[str]:
    """What alarms watch: the logical names behind one dimension of one metric."""
    return {
        found["Value"].get("Ref") or found["Value"]["Fn::GetAtt"][0]
        for alarm in ALARMS.values()
        for found in alarm["Dimensions"]
        if alarm["MetricName"] == metric and found["Name"] == dimension and isinstance(found["Value"], dict)
    }


def test_a_function_is_set_up_for_each_that_app_py_defines() -> None:
    assert {name.lower() for name in FUNCTIONS} == {"apihandler", *(source.name for source in app.event_sources)}


def test_every_queue_has_a_dead_letter_queue_or_is_one() -> None:
    assert {name for name, properties in QUEUES.items() if "RedrivePolicy" not in properties} == LAST_STOPS


def test_every_dead_letter_queue_rings_as_soon_as_it_holds_something() -> None:
    assert watched("ApproximateNumberOfMessagesVisible", "QueueName") == LAST_STOPS


def test_every_worked_queue_rings_when_it_grows_old() -> None:
    assert watched("ApproximateAgeOfOldestMessage", "QueueName") == QUEUES.keys() - LAST_STOPS


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_rings_on(metric: str) -> None:
    assert watched(metric, "FunctionName") == FUNCTIONS.keys()


def test_every_stream_rings_when_its_function_falls_behind() -> None:
    assert watched("IteratorAge", "FunctionName") == {name.partition(".")[0] for name in STREAMS}


def test_every_alarm_tells_the_topic_and_where_to_read_what_to_do() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    headings = set(re.findall(r"^#+ (.+)$", guide, re.MULTILINE))
    for name, alarm in ALARMS.items():
        section = re.search(r'See docs/operations\.md, "(.+)"', alarm["AlarmDescription"])
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert section and section[1] in headings, f"{name}: {alarm['AlarmDescription']}"


@pytest.mark.parametrize(
    ("_function", "source"), [*STREAMS.values(), *SQS_SOURCES.values()], ids=[*STREAMS, *SQS_SOURCES]
)
def test_only_the_failed_records_of_a_batch_are_tried_again(_function: Any, source: dict[str, Any]) -> None:
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_relays_stream_lets_through_whatever_touches_a_task() -> None:
    filters = SOURCES["Relay.RelayDynamodbEventSource"][1]["FilterCriteria"]["Filters"]
    keys = [json.loads(one["Pattern"])["dynamodb"]["Keys"] for one in filters]
    through = {prefix["prefix"] for one in keys if "pk" in one for prefix in one.get("sk", {"S": []})["S"]}
    through = {prefix["prefix"] for one in keys if {"pk", "sk"} <= one.keys() for prefix in one["sk"]["S"]}
    assert through == set(TOUCHING)


@pytest.mark.parametrize(("_function", "source"), STREAMS.values(), ids=STREAMS)
def test_a_stream_gives_a_poison_record_up_in_the_end_and_alone(_function: Any, source: dict[str, Any]) -> None:
    assert source["BisectBatchOnFunctionError"] is True
    assert 0 < source["MaximumRetryAttempts"] <= 10
    assert 0 < source["MaximumRecordAgeInSeconds"] < 24 * 3600, "a stream forgets after a day"
    assert source["StartingPosition"] == "TRIM_HORIZON", "what was written before the first deployment counts too"


def admits(stream: str, pk: str, sk: str, event: str = "MODIFY") -> bool:
    """Whether a stream's filter lets a changed row through to its function (Lambda's guide: rules `prefix` and equality)."""
    patterns = [json.loads(one["Pattern"]) for one in STREAMS[stream][1]["FilterCriteria"]["Filters"]]
    return any(
        event in one["eventName"]
        and all(
            any(given.startswith(rule["prefix"]) if isinstance(rule, dict) else given == rule for rule in rules["S"])
            for name, given in (("pk", pk), ("sk", sk))
            if (rules := one["dynamodb"]["Keys"].get(name))
        )
        for one in patterns
    )


RELAY = "Relay.RelayDynamodbEventSource"


@pytest.mark.parametrize(
    ("pk", "sk"),
    [
        *(("TASK#t-1", f"{prefix}x" if prefix.endswith("#") else prefix) for prefix in TOUCHING),
        *((f"{name}#x-1", name) for name in COUNTED),
        ("SCORE#acme#2026-03", "t-1:late"),
        ("SCORE#acme#2026-03", "~OBJECTION#t-1:late"),
    ],
)
def test_every_row_that_the_relay_works_on_reaches_it(pk: str, sk: str) -> None:
    assert admits(RELAY, pk, sk)


@pytest.mark.parametrize(
    ("pk", "sk"),
    [("DASHBOARD#1#park", "NOW"), ("DASHBOARD#1#of:enterprise:a", "task:t"), ("TASK#t-1", "PACK"), ("ENT#a", "STATE")],
)
def test_what_the_relay_gathers_does_not_come_back_to_it(pk: str, sk: str) -> None:
    assert not admits(RELAY, pk, sk) and not admits(RELAY, pk, sk, "INSERT")


@pytest.mark.parametrize(("function", "source"), SQS_SOURCES.values(), ids=SQS_SOURCES)
def test_a_message_stays_hidden_for_six_times_the_functions_timeout(
    function: dict[str, Any], source: dict[str, Any]
) -> None:
    queue = QUEUES[source["Queue"]["Fn::GetAtt"][0]]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] > 3, "a channel that fails three times in a row loses nothing"


@pytest.mark.parametrize("properties", TABLES.values(), ids=TABLES)
def test_a_table_is_encrypted_recoverable_paid_by_use_and_lets_rows_expire(properties: dict[str, Any]) -> None:
    assert properties["SSESpecification"] == {"SSEEnabled": True}
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl_s", "Enabled": True}


@pytest.mark.parametrize("name", [*TABLES, *LOG_GROUPS, "PhotoBucket", "ModelBucket"])
def test_data_outlives_the_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("bucket", ["PhotoBucket", "ModelBucket"])
def test_a_bucket_is_closed_to_the_public_and_keeps_versions(bucket: str) -> None:
    properties = RESOURCES[bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}


def test_every_function_writes_to_a_log_group_of_its_own_that_forgets() -> None:
    groups = [properties["LoggingConfig"]["LogGroup"]["Ref"] for properties in FUNCTIONS.values()]
    assert sorted(groups) == sorted(LOG_GROUPS)
    assert all(properties["RetentionInDays"] == {"Ref": "LogRetentionDays"} for properties in LOG_GROUPS.values())


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [properties["Role"]["Fn::GetAtt"] for properties in FUNCTIONS.values()]
    assert sorted(roles) == sorted([role, "Arn"] for role in ROLES)


def test_no_role_grants_a_wildcard_action_or_everything_there_is() -> None:
    for role, statement in statements(TEMPLATE):
        assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}, role
        assert all("*" not in action for action in listed(statement["Action"])), role
        assert all(isinstance(resource, dict) for resource in listed(statement["Resource"])), role


@pytest.mark.parametrize("text", TEXTS, ids=[path.name for path in TEXTS])
def test_the_template_names_no_partition(text: Path) -> None:
    found = re.findall(r"arn:aws[a-z-]*:|[a-z0-9-]+\.amazonaws\.com(?:\.cn)?", text.read_text())
    # These principals have the same name in every partition.
    assert set(found) <= {"lambda.amazonaws.com", "s3.amazonaws.com"}


# ---- the calls that stand in the code --------------------------------------------------------------------------------

# PynamoDB's methods, where rows.py calls them on a model or a transaction.
PYNAMODB = {
    "get": "dynamodb:GetItem",
    "batch_get": "dynamodb:BatchGetItem",
    "query": "dynamodb:Query",
    "count": "dynamodb:Query",
    "save": "dynamodb:PutItem",
    "delete": "dynamodb:DeleteItem",
    "update": "dynamodb:UpdateItem",
    "condition_check": "dynamodb:ConditionCheckItem",
    "scan": "dynamodb:Scan",
    "refresh": "dynamodb:GetItem",
}
# Where IAM's name of a call is not the call's.
OTHER_NAMES = {
    "s3:HeadObject": "s3:GetObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
}
SIGNED = {"generate_presigned_post": "s3:PutObject"}


@cache
def client_calls() -> dict[str, str]:
    """snake_case method of a boto3 client -> IAM action, for the services that the package carries."""
    loader = botocore.loaders.create_loader()
    named = {
        xform_name(operation): f"{service}:{operation}"
        for service in ("s3", "sqs", "secretsmanager")
        for operation in loader.load_service_model(service, "service-2")["operations"]
    }
    return {method: OTHER_NAMES.get(action, action) for method, action in named.items()} | SIGNED


def calls_in(path: Path) -> set[str]:
    """The AWS calls that a module makes, by name. A method name given as text counts: that is how links are signed."""
    is_rows = path.match("adapters/dynamo/rows.py")
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method, owner = node.func.attr, ast.unparse(node.func.value)
            texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if is_rows and method in PYNAMODB and re.search(r"_model|transaction|_item\(", owner):
                found.add(PYNAMODB[method])
            found |= {client_calls()[name] for name in (method, *texts) if name in client_calls()}
        if isinstance(node, ast.Dict) and any(ast.unparse(key) == "'VersionId'" for key in node.keys if key):
            found.add("s3:GetObjectVersion")  # the same call, and a right of its own
    return found


def test_the_roles_grant_the_calls_that_stand_in_the_code_and_no_other() -> None:
    # Which function makes which is held by the local stack, which enforces the roles: see infra/roles.py.
    modules = [
        path for path in (ROOT / "chalicelib").rglob("*.py") if "adapters" in path.parts or path.name == "bootstrap.py"
    ]
    in_code = set().union(*map(calls_in, modules))
    granted = {grant.action for grant in grants(TEMPLATE) if not is_by_lambda(grant)}
    assert granted - PRESENCE.keys() == in_code
