# ruff: noqa: SLF001 - the base's names are private; `emulator` asks for them by name
"""Whom a ServiceToken names, and sending them a custom resource's event."""

import json
import re
from collections.abc import Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.cloudformation import emulator, permissions

_ARN = re.compile(
    r"arn:[\w-]+:(?P<service>lambda|sns):(?P<region>[\w-]+):(?P<account>\d{12}):(?P<resource>(function:)?[\w:$-]+)"
)


class TokenRefusedError(Exception):
    """The ServiceToken names nobody to whom this stack's events can be sent."""


@behaviour(
    call="cloudformation:Custom::*",
    expected="a ServiceToken of another Region, of no function, or no ARN fails the resource; nobody is told",
    source="docs/aws-behaviour.md §5",
    test="tests/localcloud/test_custom_resources.py::test_a_service_token_names_a_function_of_the_stacks_region",
)
def check(token: Any) -> re.Match[str]:
    """Take the ARN apart.

    Raises:
        TokenRefusedError: it is no ARN of a function or topic, or one of another Region.
    """
    named = _ARN.fullmatch(token) if isinstance(token, str) else None
    if named is None:
        raise TokenRefusedError("Invalid service token.")
    here = emulator.scope().get_region()
    if named["region"] != here:
        raise TokenRefusedError(
            f"Functions from '{named['region']}' are not reachable in this region ('{here}') "
            f"(Service: Lambda, Status Code: 404, Request ID: {emulator.scope().new_uuid()})"
        )
    return named


def send(token: Any, event: Mapping[str, Any]) -> None:
    """Send `event` to the function (asynchronously, as its caller) or topic that `token` names.

    Raises:
        TokenRefusedError: there is no such function or topic in reach.
        NotAuthorizedError: the stack's caller may not invoke the function or publish to the topic.
    """
    named = check(token)
    if named["service"] == "sns":
        _publish(token, event)
    else:
        _invoke(token, named, event)


@behaviour(
    call="cloudformation:Custom::*",
    expected="the provider is invoked as the stack's caller or service role, who must be allowed lambda:InvokeFunction",
    source="docs/aws-behaviour.md §5",
    test="tests/localcloud/test_custom_resources.py::test_a_provider_is_invoked_in_the_name_of_the_stacks_caller",
)
def _invoke(token: str, named: re.Match[str], event: Mapping[str, Any]) -> None:
    permissions.authorise("lambda:InvokeFunction", token)
    functions = emulator.part("services.lambda_svc", "_get_func_record_for_ref", "invoke_async_with_retry")
    with emulator.scope().request_scope(named["account"], named["region"]):
        record, configuration, _ = functions._get_func_record_for_ref(token)
        if record is None or configuration is None:
            raise TokenRefusedError(
                f"Function not found: {token} (Service: Lambda, Status Code: 404, "
                f"Request ID: {emulator.scope().new_uuid()})"
            )
        functions.invoke_async_with_retry({**record, "config": {**configuration, "FunctionArn": token}}, dict(event))


@behaviour(
    call="cloudformation:Custom::*",
    expected="a topic may be the ServiceToken; the event is the notification's message",
    source="AWS CloudFormation User Guide, Amazon SNS-backed custom resources",
    test="tests/localcloud/test_custom_resources.py::test_a_topic_can_be_a_service_token",
)
def _publish(token: str, event: Mapping[str, Any]) -> None:
    permissions.authorise("sns:Publish", token)
    topics = emulator.part("services.sns", "_topics", "_fanout")
    if token not in topics._topics:
        raise TokenRefusedError("Topic does not exist (Service: Sns, Status Code: 404)")
    subject = "AWS CloudFormation custom resource request"
    topics._fanout(token, emulator.scope().new_uuid(), json.dumps(event), subject, "", {})
