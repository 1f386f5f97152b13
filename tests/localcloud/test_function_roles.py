"""A function's role must trust Lambda."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provider.localcloud import LocalCloud

TEMPLATE = """
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: %s
      Code: {ZipFile: "def handler(event, context): return 1"}
"""


def _trust(**principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def other_role(cloud: LocalCloud) -> str:
    """A role that trusts another service than Lambda."""
    made = cloud.client("iam", "consumer").create_role(
        RoleName=f"r-{secrets.token_hex(4)}", AssumeRolePolicyDocument=_trust(Service="ec2.amazonaws.com")
    )
    return str(made["Role"]["Arn"])


def test_a_role_that_does_not_trust_lambda_is_refused(cloud: LocalCloud, other_role: str, zipped: Any) -> None:
    """CreateFunction says so."""
    with pytest.raises(ClientError, match="cannot be assumed by Lambda") as refused:
        cloud.client("lambda", "consumer").create_function(
            FunctionName="untrusted",
            Role=other_role,
            Runtime="python3.12",
            Handler="index.handler",
            Code={"ZipFile": zipped("def handler(event, context): return 1")},
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_stack_with_such_a_role_rolls_back(cloud: LocalCloud, other_role: str) -> None:
    """CloudFormation's reason is Lambda's."""
    cloudformation = cloud.client("cloudformation", "consumer")
    cloudformation.create_stack(StackName="untrusted", TemplateBody=TEMPLATE % other_role)
    assert cloudformation.describe_stacks(StackName="untrusted")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="untrusted")["StackEvents"]
    assert any("cannot be assumed by Lambda" in event.get("ResourceStatusReason", "") for event in events)


def test_a_function_whose_role_no_longer_trusts_lambda_is_not_run(
    cloud: LocalCloud, make_function: Callable[..., str], invoke: Callable[..., tuple[Any, str]]
) -> None:
    """Taking Lambda out of the trust policy stops the function."""
    arn = make_function("def handler(event, context): return 1")
    assert invoke(arn) == (1, "")
    name = arn.rsplit(":", 1)[-1]
    trust = _trust(Service="ec2.amazonaws.com")
    cloud.client("iam", "consumer").update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    payload, error = invoke(arn)
    assert (error, payload["errorType"]) == ("Unhandled", "AccessDeniedException")
