"""The whole chain by which IAM, and no code, proves which account asks.

A role of any account of the organization assumes one central role, tagged with its account; that session
files items under its account's key in one table and reads its account's from another.
"""

from collections.abc import Callable
from typing import Any

import pytest
from identities import Someone, allow, become, make_role, refused, trust

from provider.localcloud import LocalCloud

PATH, NAME = "/asking/", "asking"
OWN_KEY = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/account}"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
TRUST = trust(
    "*",
    ["sts:AssumeRole", "sts:TagSession"],
    Condition={
        "StringEquals": {
            "aws:PrincipalOrgID": "o-localcloud",
            "aws:RequestTag/account": "${aws:PrincipalAccount}",
            "sts:RoleSessionName": "${aws:PrincipalAccount}",
        },
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role{PATH}{NAME}"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["account"]},
    },
)
LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
MAY_ASK = allow(["sts:AssumeRole", "sts:TagSession"], "arn:aws:iam::222222222222:role/central/filing")


@pytest.fixture(scope="module")
def filing(cloud: LocalCloud) -> str:
    """The central role and its two tables, in the central account."""
    tables = {name: f"arn:aws:dynamodb:us-east-1:222222222222:table/{name}" for name in ("requests", "answers")}
    for table in tables:
        cloud.client("dynamodb", "central").create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in ("account", "request")],
            KeySchema=[
                {"AttributeName": "account", "KeyType": "HASH"},
                {"AttributeName": "request", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    return make_role(
        cloud,
        "central",
        allow("dynamodb:PutItem", tables["requests"], Condition=OWN_KEY),
        allow("dynamodb:GetItem", tables["answers"], Condition=OWN_KEY),
        trusting=[TRUST],
        name="filing",
        path="/central/",
    )


@pytest.fixture(scope="module")
def asking(cloud: LocalCloud) -> Callable[..., Someone]:
    """Make, once, the asking role of an account and become it."""
    made: dict[tuple[str, str, str], str] = {}

    def of(account: str, name: str = NAME, path: str = PATH) -> Someone:
        role = made.get((account, name, path))
        if role is None:
            trusting = [trust(cloud.accounts[account]), LAMBDA]
            role = make_role(cloud, account, MAY_ASK, trusting=trusting, name=name, path=path)
            made[account, name, path] = role
        return become(cloud, role, "function")

    return of


FILE = """
import boto3

def handler(event, context):
    account = event.get("account") or context.invoked_function_arn.split(":")[4]
    tags = [{"Key": "account", "Value": account}]
    sts = boto3.client("sts")
    made = sts.assume_role(RoleArn=event["role"], RoleSessionName=account, Tags=tags)["Credentials"]
    dynamodb = boto3.client(
        "dynamodb",
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )
    dynamodb.put_item(TableName="requests", Item={"account": {"S": account}, "request": {"S": event["request"]}})
    return made["AccessKeyId"][:4]
"""


def test_a_function_files_as_its_account(
    cloud: LocalCloud,
    filing: str,
    asking: Callable[..., Someone],
    zipped: Callable[..., bytes],
    invoke: Callable[..., Any],
) -> None:
    """A function under the asking role files as its own account; as another it gets no session."""
    asking("consumer")
    function = cloud.client("lambda", "consumer").create_function(
        FunctionName="asking",
        Role=f"arn:aws:iam::111111111111:role{PATH}{NAME}",
        Runtime="python3.11",
        Handler="index.handler",
        Timeout=30,
        Code={"ZipFile": zipped(FILE)},
    )["FunctionArn"]
    assert invoke(function, {"role": filing, "request": "mine"}) == ("ASIA", "")
    found = cloud.client("dynamodb", "central").get_item(
        TableName="requests", Key={"account": {"S": "111111111111"}, "request": {"S": "mine"}}
    )
    assert "Item" in found
    payload, error = invoke(function, {"role": filing, "request": "theirs", "account": "333333333333"})
    assert error
    assert "is not authorized to perform: sts:AssumeRole" in payload["errorMessage"]


def tagged(account: str, **more: str) -> dict[str, Any]:
    tags = {"account": account, **more}
    return {"name": account, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def key(account: str) -> dict[str, Any]:
    return {"account": {"S": account}, "request": {"S": "r"}}


@pytest.mark.parametrize(("account", "number"), [("consumer", "111111111111"), ("intruder", "444444444444")])
def test_every_member_files_as_itself(
    cloud: LocalCloud, filing: str, asking: Callable[..., Someone], account: str, number: str
) -> None:
    """With its own account as tag and name a member files under its own key and reads its own answers, no more."""
    session = asking(account).assume(filing, **tagged(number)).client("dynamodb")
    other = {"111111111111": "444444444444", "444444444444": "111111111111"}[number]
    session.put_item(TableName="requests", Item=key(number), ConditionExpression="attribute_not_exists(account)")
    cloud.client("dynamodb", "central").put_item(TableName="answers", Item=key(number))
    assert session.get_item(TableName="answers", Key=key(number), ConsistentRead=True)["Item"] == key(number)
    for closed in (
        lambda: session.put_item(TableName="requests", Item=key(other)),
        lambda: session.get_item(TableName="answers", Key=key(other)),
        lambda: session.get_item(TableName="requests", Key=key(number)),
        lambda: session.put_item(TableName="answers", Item=key(number)),
        lambda: session.delete_item(TableName="requests", Key=key(number)),
        lambda: session.batch_get_item(RequestItems={"answers": {"Keys": [key(number)]}}),
        lambda: session.batch_write_item(RequestItems={"requests": [{"PutRequest": {"Item": key(number)}}]}),
        lambda: session.transact_write_items(TransactItems=[{"Put": {"TableName": "requests", "Item": key(other)}}]),
        lambda: session.query(
            TableName="answers", KeyConditionExpression="account = :a", ExpressionAttributeValues={":a": {"S": other}}
        ),
        lambda: session.scan(TableName="answers"),
        lambda: session.execute_statement(Statement="SELECT * FROM answers"),
        lambda: session.describe_table(TableName="answers"),
    ):
        with refused("AccessDeniedException"):
            closed()


@pytest.mark.parametrize(
    "asked",
    [
        tagged("444444444444"),
        {**tagged("444444444444"), "name": "111111111111"},
        {"name": "111111111111"},
        tagged("111111111111", more="x"),
        {**tagged("111111111111"), "name": "222222222222"},
        {"name": "111111111111", "Tags": [{"Key": "Account2", "Value": "111111111111"}]},
        {"name": "111111111111", "Tags": [{"Key": "account", "Value": "*"}]},
    ],
    ids=[
        "another's tag and name",
        "another's tag",
        "no tag",
        "one tag more",
        "another's name",
        "a wrong tag",
        "a star",
    ],
)
def test_nobody_files_as_another(filing: str, asking: Callable[..., Someone], asked: dict[str, Any]) -> None:
    """Any other tag, or name, or none, gets no session."""
    with refused("AccessDenied"):
        asking("consumer").assume(filing, **asked)


def test_only_the_asking_role_files(cloud: LocalCloud, filing: str, asking: Callable[..., Someone]) -> None:
    """Not a role of another name or path, not an administrator, and nobody outside the organization."""
    mine = tagged("333333333333")
    asking("owner").assume(filing, **mine)
    for other in (
        {"name": "asking2"},
        {"path": "/asking/deeper/", "name": "asking3"},
        {"path": "/", "name": "asking4"},
    ):
        with refused("AccessDenied"):
            asking("owner", **other).assume(filing, **mine)
    with refused("AccessDenied"):
        cloud.client("sts", "owner").assume_role(
            RoleArn=filing, RoleSessionName="333333333333", Tags=[{"Key": "account", "Value": "333333333333"}]
        )
    with refused("AccessDenied"):
        asking("stranger").assume(filing, **tagged("555555555555"))


def test_a_role_of_the_same_name_elsewhere_is_not_the_asking_role(
    cloud: LocalCloud, filing: str, asking: Callable[..., Someone]
) -> None:
    """The central session cannot be chained into by what it has become."""
    session = asking("consumer").assume(filing, **tagged("111111111111"))
    with refused("AccessDenied"):
        session.assume(filing, **tagged("111111111111"))
