"""The stacks of the accounts that ask, through each account's observer role, narrowed to the one stack at hand.

Read-only, and of each stack nothing but the one resource: docs/aws-behaviour.md §5.
"""

import json
import re
from collections.abc import Container
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from provider.controller.sessions import assumed
from provider.core.absences import Seen, Sight
from provider.core.identifiers import Origin

_ACTION = "cloudformation:DescribeStackResource"
_NO_RESOURCE = re.compile(r"Resource .* does not exist for stack")
_NO_STACK = re.compile(r"Stack .* does not exist")
_STATUSES = {"DELETE_COMPLETE": Seen.DELETED, "DELETE_SKIPPED": Seen.LET_GO}


class AccountStacks:
    """See `ports.Stacks`.

    `role` is the observer role's path and name, `regions` those that AWS's library knows, `sts` an STS client of ours.
    """

    def __init__(self, session: botocore.session.Session, role: str, regions: Container[str], sts: Any) -> None:
        self._session = session
        self._role = role
        self._regions = regions
        self._sts = sts

    def look(self, origin: Origin) -> Sight:
        """See `ports.Stacks.look`."""
        stack = origin.stack
        if stack.region not in self._regions:  # a claim of whoever asked, where nobody would answer
            return Sight(Seen.NOT_TOLD)
        role = f"arn:{stack.partition}:iam::{stack.account}:role/{self._role}"
        try:
            client = assumed(
                self._session, self._sts, role, session_policy(origin.stack_id), "cloudformation", stack.region
            )
        except ClientError as error:
            return Sight(Seen.SHUT_OUT if error.response["Error"]["Code"] == "AccessDenied" else Seen.NOT_TOLD)
        except BotoCoreError:
            return Sight(Seen.NOT_TOLD)
        return seen_by(client, origin)


def session_policy(stack_id: str) -> str:
    """What a session keeps of the observer role's power: to look at one stack."""
    statement = {"Effect": "Allow", "Action": _ACTION, "Resource": stack_id}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def seen_by(client: Any, origin: Origin) -> Sight:
    """What a CloudFormation client is told of an origin's resource.

    A deleted stack is known by its id for 90 days. Whatever is under way, is not allowed or fails tells nothing.
    """
    try:
        answer = client.describe_stack_resource(StackName=origin.stack_id, LogicalResourceId=origin.logical_id)
    except ClientError as error:
        return Sight(_told(error.response["Error"]))
    except BotoCoreError:
        return Sight(Seen.NOT_TOLD)
    found = answer["StackResourceDetail"]
    status, physical_id = found["ResourceStatus"], found.get("PhysicalResourceId", "")
    if status.endswith("_IN_PROGRESS"):
        return Sight(Seen.NOT_TOLD)
    return Sight(_STATUSES.get(status, Seen.STANDS), physical_id)


def _told(error: dict[str, str]) -> Seen:
    if error.get("Code") != "ValidationError":
        return Seen.NOT_TOLD
    message = error.get("Message", "")
    if _NO_RESOURCE.match(message):
        return Seen.NOT_IN_STACK
    return Seen.NO_STACK if _NO_STACK.match(message) else Seen.NOT_TOLD
