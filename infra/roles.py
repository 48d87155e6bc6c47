"""What the functions' roles grant, against the calls that the functions make.

Three things hold the two together. tests/arch/test_template.py compares the grants with the calls that stand in the code. The local
stack enforces the roles, so that a missing grant is a refused call. And it writes every call down: `python -m infra.roles .local`
lists grants that no run of that stack has used.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.processes import StackError
from infra.local_stack import CREDIT_SECRET, HOME, ROOT, denied_calls
from infra.package import merged_overlay

# Made by Lambda in the function's name: it reads the source, writes the log and keeps what failed.
BY_LAMBDA = frozenset(
    {
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    }
)
# Never called, and needed all the same.
PRESENCE = {"s3:ListBucket": "lets S3 say that an object is missing"}


@dataclass(frozen=True, order=True, slots=True)
class Grant:
    """One action of one role on one thing of the template (or on a folder of its bucket)."""

    role: str
    action: str
    target: str

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {self.target}"


def grants(template: dict[str, Any]) -> set[Grant]:
    """Everything that the roles of the template grant."""
    return {
        Grant(role, action, target)
        for role, statement in statements(template)
        for action in listed(statement["Action"])
        for target in map(target_of, listed(statement["Resource"]))
    }


def statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(role, statement) for each statement of each role. Of a conditional one the branch that grants."""
    for name, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement["Fn::If"][1] if "Fn::If" in statement else statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def target_of(resource: Any) -> str:
    """`OperationsTable` of a GetAtt, `PhotoBucket/incoming` of a Sub, `FcmSecret` of an ARN that ends in a parameter."""
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0])
    inner = re.findall(r"\$\{([A-Za-z]+)(?:\.Arn)?\}(?:/([a-z]+)/\*)?", resource["Fn::Sub"])
    name, folder = inner[-1]
    return f"{name}/{folder}" if folder and folder != "stream" else str(name)


def used(home: Path, template: dict[str, Any]) -> set[Grant]:
    """The grants that functions of the stack in `home` have used, by its book of calls."""
    try:
        book = json.loads((home / "calls.json").read_text())
    except FileNotFoundError:
        raise StackError(
            f"no calls are written down in {home}: run the demo or the tests on that stack first"
        ) from None
    logical = sorted(template["Resources"], key=len, reverse=True)
    return {
        Grant(logical_of(role, logical), action, resource_of(line.split(" ", 1)[1], logical))
        for role, actions in book.items()
        for action, lines in actions.items()
        for line in lines
    }


def resource_of(arn: str, logical: list[str]) -> str:
    """The template's name of a deployed thing. CloudFormation's names contain it; the buckets and the secret have names of their own."""
    if ":s3:::" in arn:
        bucket, _, folder = arn.partition("/")
        name = "ModelBucket" if "-models-" in bucket else "PhotoBucket"
        return f"{name}/{folder.removesuffix('/*')}" if folder else name
    if ":secretsmanager:" in arn:
        return "CreditSecret" if CREDIT_SECRET in arn else "FcmSecret"
    return logical_of(arn, logical)


def logical_of(name: str, logical: list[str]) -> str:
    return next((known for known in logical if f"-{known}-" in name), name)


def unused(home: Path, template: dict[str, Any]) -> list[Grant]:
    """Grants for a function's own calls that nothing in this stack's life has used."""
    own = {grant for grant in grants(template) if not is_by_lambda(grant) and grant.action not in PRESENCE}
    return sorted(own - used(home, template))


def is_by_lambda(grant: Grant) -> bool:
    return grant.action in BY_LAMBDA or (grant.action == "sqs:SendMessage" and grant.target.endswith("Failures"))


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Grants nobody used and calls that were refused, in a local stack's life."
    )
    parser.add_argument("home", type=Path, nargs="?", default=HOME)
    options = parser.parse_args()
    try:
        idle = unused(options.home, merged_overlay(ROOT))
    except StackError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    refused = denied_calls(options.home)
    for grant in idle:
        print(f"unused   {grant}")
    for call in refused:
        print(f"refused  {call}")
    print(f"{len(idle)} grants unused, {len(refused)} kinds of calls refused")
    return 1 if idle or refused else 0


if __name__ == "__main__":
    sys.exit(main())
