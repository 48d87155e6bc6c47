"""Deploys build/package through CloudFormation, as `aws cloudformation package` and `deploy` do: upload, create or update, wait."""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.local.processes import StackError
from infra.package import Package

STACK = "green-shield"
BUCKET = "green-shield-deployments"
REGION = "us-east-1"
WAIT_S = 180
FUNCTION = "AWS::Serverless::Function"


class Clients:
    """boto3 clients of the local stack, as its owner."""

    def __init__(self, endpoint: str) -> None:
        self._session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
        self._endpoint = endpoint

    def __call__(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint)  # type: ignore[call-overload]


def deploy(clients: Clients, endpoint: str, package: Package, parameters: Mapping[str, str]) -> dict[str, str]:
    """Bring the stack to the package and the parameters. Returns its outputs. Nothing is touched when nothing changed."""
    code, template = uploaded(clients, package)
    digest = hashlib.sha256(f"{code}\0{template}\0{json.dumps(dict(parameters), sort_keys=True)}".encode()).hexdigest()
    cloudformation = clients("cloudformation")
    before = described(cloudformation)
    if before and before["StackStatus"] == "ROLLBACK_COMPLETE":
        cloudformation.delete_stack(StackName=STACK)
        wait(cloudformation)
        before = None
    if not before or tags(before).get("deployed") != digest or not before["StackStatus"].endswith("_COMPLETE"):
        change = cloudformation.update_stack if before else cloudformation.create_stack
        try:
            change(
                StackName=STACK,
                TemplateURL=f"{endpoint}/{BUCKET}/{template}",
                Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
                Tags=[{"Key": "deployed", "Value": digest}],
            )
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise StackError(f"CloudFormation refused the template: {error}") from error
        wait(cloudformation)
    found = described(cloudformation) or {}
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def uploaded(clients: Clients, package: Package) -> tuple[str, str]:
    """Put the zip and a template that names it into a bucket. Returns their keys, which follow from their content."""
    s3 = clients("s3")
    s3.create_bucket(Bucket=BUCKET)
    code = put(s3, package.zip.read_bytes(), "zip")
    template = json.loads(package.template.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == FUNCTION:
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{code}"
    return code, put(s3, json.dumps(template, indent=1, sort_keys=True).encode(), "json")


def put(s3: Any, content: bytes, suffix: str) -> str:
    key = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
    if s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["KeyCount"] == 0:
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return key


def described(cloudformation: Any) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def tags(stack: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}


def wait(cloudformation: Any) -> None:
    deadline = time.monotonic() + WAIT_S
    while (found := described(cloudformation)) and found["StackStatus"].endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise StackError(
                f"the deployment still runs after {WAIT_S} s ({found['StackStatus']}); see .local/ministack.log"
            )
        time.sleep(0.2)
    if found and found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StackError(f"the deployment ended in {found['StackStatus']}:\n{failures(cloudformation)}")


def failures(cloudformation: Any) -> str:
    """What CloudFormation says went wrong, first failure first."""
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
    failed.sort(key=lambda event: event["Timestamp"])
    return "\n".join(
        f"  {event['LogicalResourceId']} {event['ResourceStatus']}: {event.get('ResourceStatusReason', '')}"
        for event in failed
    )
