"""The park that a command works on: a deployed stack's tables and buckets, found by the stack's name."""

import os
from typing import Any

from chalicelib.bootstrap import Services, build
from chalicelib.settings import Settings

# Commands read no tokens and push nothing: what only those need stays unsaid.
UNUSED = {"push_queue_url": "none", "oidc_issuer": "none", "oidc_jwks_url": "https://none.invalid"}
OUTPUTS = {
    "readings_table": "ReadingsTableName",
    "operations_table": "OperationsTableName",
    "registry_table": "RegistryTableName",
    "photo_bucket": "PhotoBucketName",
    "model_bucket": "ModelBucketName",
}


class ParkNotFound(Exception):
    """No such stack, or not with what this version expects of it."""


def park_of(stack: str, cloudformation: Any = None) -> Services:
    """The services of a deployed stack, by the outputs of its template. Raises ParkNotFound."""
    outputs = _outputs(stack, cloudformation or _client())
    if missing := sorted(set(OUTPUTS.values()) - outputs.keys()):
        raise ParkNotFound(f"stack {stack} has no output {', '.join(missing)}: deploy this version first")
    named = {setting: outputs[output] for setting, output in OUTPUTS.items()}
    return build(Settings(**named, **UNUSED))  # type: ignore[arg-type]


def _client() -> Any:
    import boto3

    return boto3.client("cloudformation", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))


def _outputs(stack: str, cloudformation: Any) -> dict[str, str]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise ParkNotFound(f"stack {stack} cannot be read: {error}") from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
