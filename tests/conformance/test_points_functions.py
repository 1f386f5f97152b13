"""Points of Lambda's resource policies: what AWS does has consequences for how the controller writes them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from identities import allow, refused, someone

from provider.core.documents import meaning
from provider.localcloud import LocalCloud

SOURCE = "def handler(event, context): return 1"
TAGGED = {"CrossAccountPermission": "allowed"}
IF_TAGGED = {"StringEquals": {"aws:ResourceTag/CrossAccountPermission": "allowed"}}


@pytest.fixture
def mine(cloud: LocalCloud) -> Any:
    """The owner's administrator of functions."""
    return cloud.client("lambda", "owner")


def statements(arn: str) -> list[dict[str, Any]]:
    """Statements of every form that the controller writes on functions."""
    one = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    apis = [f"arn:aws:execute-api:us-east-1:111111111111:{api}/authorizers/*" for api in ("a1", "b2")]
    gateway = {"Principal": {"Service": "apigateway.amazonaws.com"}}
    roles = {"ArnLike": {"aws:PrincipalArn": ["arn:aws:iam::111111111111:role/one"]}}
    return [
        {"Sid": "apis", **one, **gateway, "Condition": {"ArnLike": {"AWS:SourceArn": apis}}},
        {"Sid": "api", **one, **gateway, "Condition": {"ArnLike": {"AWS:SourceArn": apis[0]}}},
        {"Sid": "accounts", **one, "Principal": {"AWS": ["111111111111", "222222222222"]}},
        {"Sid": "account", **one, "Principal": {"AWS": ["111111111111"]}, "Condition": roles},
    ]


def document(*given: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(given)})


def test_a_functions_deployment_moves_its_policys_revision(mine: Any, make_function: Callable[..., str]) -> None:
    arn = make_function(SOURCE, "owner")
    text = document(statements(arn)[0])
    read = mine.put_resource_policy(ResourceArn=arn, Policy=text)["RevisionId"]
    mine.update_function_configuration(FunctionName=arn, Description="deployed anew")
    with refused("PreconditionFailedException"):
        mine.put_resource_policy(ResourceArn=arn, Policy=text, RevisionId=read)
    again = mine.get_resource_policy(ResourceArn=arn)["RevisionId"]
    mine.put_resource_policy(ResourceArn=arn, Policy=text, RevisionId=again)


def test_a_written_policy_leaves_nothing_to_write(
    mine: Any, make_function: Callable[..., str], record_property: Callable[[str, object], None]
) -> None:
    """In meaning; whether the text is another is noted."""
    arn = make_function(SOURCE, "owner")
    written = statements(arn)
    mine.put_resource_policy(ResourceArn=arn, Policy=document(*written))
    text = mine.get_resource_policy(ResourceArn=arn)["Policy"]
    read = json.loads(text)["Statement"]
    assert [meaning(one) for one in read] == [meaning(one) for one in written]
    other = sorted(key for one, had in zip(read, written, strict=True) for key in one if one[key] != had.get(key))
    record_property("seen", f"written otherwise: {', '.join(dict.fromkeys(other)) or 'nothing'}")


def test_a_functions_tag_decides_about_its_policy(
    cloud: LocalCloud, mine: Any, make_function: Callable[..., str]
) -> None:
    tagged, plain = make_function(SOURCE, "owner", Tags=TAGGED), make_function(SOURCE, "owner")
    actions = ["lambda:GetResourcePolicy", "lambda:PutResourcePolicy"]
    who = someone(cloud, "owner", allow(actions, Condition=IF_TAGGED)).client("lambda")
    who.put_resource_policy(ResourceArn=tagged, Policy=document(statements(tagged)[0]))
    assert "apis" in who.get_resource_policy(ResourceArn=tagged)["Policy"]
    with refused("AccessDeniedException"):
        who.put_resource_policy(ResourceArn=plain, Policy=document(statements(plain)[0]))
    mine.put_resource_policy(ResourceArn=plain, Policy=document(statements(plain)[0]))
    with refused("AccessDeniedException"):
        who.get_resource_policy(ResourceArn=plain)
