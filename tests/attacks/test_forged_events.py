"""Somebody invokes his own account's provider function with events that CloudFormation would never send."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from bad_hands import ANSWERS, REQUESTS, Attacker
from rolled_out import Organization

VICTIM, INTRUDER, OWNER = "111111111111", "444444444444", "333333333333"
HOST = "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"
MINE = f"arn:aws:cloudformation:us-east-1:{INTRUDER}:stack/mine/0d1c"
THEIRS = MINE.replace(INTRUDER, VICTIM)


@pytest.mark.parametrize(
    "stack",
    [
        THEIRS,
        MINE.replace(INTRUDER, OWNER),
        MINE.replace(INTRUDER, "222222222222"),
        MINE.replace("arn:aws:", "arn:aws-cn:"),
        MINE.replace(INTRUDER, ""),
        MINE.replace(INTRUDER, "*"),
        f"{MINE}|{THEIRS}",
        f"{THEIRS}/{MINE}",
        MINE.upper(),
        "arn:aws:cloudformation:us-east-1:٤٤٤٤٤٤٤٤٤٤٤٤:stack/mine/0d1c",
        f"{MINE}\n",
        f" {THEIRS}",
        "stack/mine",
        None,
        [THEIRS],
        {"Ref": "AWS::StackId"},
    ],
    ids=ascii,
)
def test_an_event_of_another_accounts_stack_is_refused(
    org: Organization, intruder: Attacker, function_for_all: str, stack: Any
) -> None:
    """Also where all the rest would do: this target lets everybody in the organization."""
    answer = intruder.ask("Permission", asked(function_for_all), StackId=stack)
    assert not answer.succeeded
    assert answer.error in ("RequestFailed", "EventMalformed")
    assert org.policy(function_for_all) is None


@pytest.fixture(scope="module")
def function_for_all(org: Organization) -> str:
    """A function that is published for the whole organization; nothing here may open it."""
    arn = org.function()
    properties = {"FunctionArn": arn, "AllowedGrantTypes": ["InvokeFunction"], "AllowOrganization": "true"}
    assert Attacker(org, "owner").publish(name(arn), **properties).succeeded
    return arn


def name(arn: str) -> str:
    """The name under which that function is published."""
    return arn.split(":")[6].lower()


def asked(arn: str) -> dict[str, Any]:
    """What a permission on it says."""
    return {"Target": f"{OWNER}/{name(arn)}", "GrantType": "InvokeFunction"}


def test_nothing_that_an_event_says_of_its_account_is_believed(
    org: Organization, intruder: Attacker, owner: Attacker
) -> None:
    """The key is what IAM has proven; all these are only text, and the grant is the intruder's own."""
    arn = org.function()
    assert owner.publish(
        name(arn), FunctionArn=arn, AllowedGrantTypes=["InvokeFunction"], AllowOrganization="true"
    ).succeeded
    forged = {
        "account": VICTIM,
        "Account": VICTIM,
        "AccountId": VICTIM,
        "aws:PrincipalAccount": VICTIM,
        "issuedAt": "x",
    }
    assert intruder.ask("Permission", asked(arn), **forged).succeeded
    text = json.dumps(org.policy(arn))
    assert set(re.findall(":([0-9]{12}):", text)) == {INTRUDER, OWNER}
    for name_of_one in ("account", "Account", "AccountId", "Principal"):
        assert not intruder.ask("Permission", {**asked(arn), name_of_one: VICTIM}).succeeded


def url(
    host: str = HOST, scheme: str = "https", stack: str = MINE, tail: str = "?X-Amz-Signature=s", **names: str
) -> str:
    """A ResponseURL for the event below, but for what is changed."""
    named = {"LogicalResourceId": "Wish", "RequestId": "r-1", **names}
    path = quote(f"{stack}|{named['LogicalResourceId']}|{named['RequestId']}", safe="")
    return f"{scheme}://{host}/{path}{tail}"


ADDRESSES: dict[str, Callable[[], Any]] = {
    "another host": lambda: url("collector.example"),
    "this machine": lambda: url("127.0.0.1"),
    "the metadata service": lambda: url("169.254.169.254"),
    "Lambda's own runtime": lambda: url("127.0.0.1:9001"),
    "a bucket of one's own": lambda: url("cloudformation-custom-resource-response-mine.s3.amazonaws.com"),
    "the bucket of another Region": lambda: url(
        "cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com"
    ),
    "a host behind it": lambda: url(f"{HOST}.collector.example"),
    "a host before it": lambda: url(f"collector.example.{HOST}"),
    "plain HTTP": lambda: url(scheme="http"),
    "a file": lambda: url(scheme="file"),
    "another scheme": lambda: url(scheme="gopher"),
    "a user": lambda: url(f"user@{HOST}"),
    "a user and password": lambda: url(f"user:password@{HOST}"),
    "the host as user": lambda: url(f"{HOST}@collector.example"),
    "a port": lambda: url(f"{HOST}:8443"),
    "an odd port": lambda: url(f"{HOST}:0443"),
    "a fragment": lambda: url(tail="?X-Amz-Signature=s#x"),
    "the host as fragment": lambda: f"https://collector.example#{HOST}/",
    "a backslash": lambda: url(f"collector.example\\@{HOST}"),
    "an IDN lookalike": lambda: url(HOST.replace("amazonaws", "am\u0430zonaws")),
    "its punycode": lambda: url(HOST.replace("amazonaws", "xn--amzonaws-1fg")),
    "full-width letters": lambda: url(HOST.replace("s3", "\uff533")),
    "a full-width dot": lambda: url(HOST.replace(".com", "\uff0ecom")),
    "a root dot": lambda: url(f"{HOST}."),
    "capitals": lambda: url(HOST.upper()),
    "a header in the query": lambda: url(tail="?x=\r\nHost: collector.example"),
    "a header in the host": lambda: url(f"{HOST}\r\nX: y"),
    "another path": lambda: f"https://{HOST}/elsewhere?X-Amz-Signature=s",
    "another stack": lambda: url(stack=THEIRS),
    "another logical id": lambda: url(LogicalResourceId="Other"),
    "another request": lambda: url(RequestId="r-2"),
    "a path that is encoded twice": lambda: url().replace("%", "%25"),
    "a path that goes back": lambda: url().replace(".com/", ".com/x/../"),
    "no text": lambda: ["https://", HOST],
    "nothing": lambda: "",
    "null": lambda: None,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_answer_goes_to_any_address_but_cloudformations_for_the_event(intruder: Attacker, address: str) -> None:
    """The function refuses before it asks or connects, and does not repeat the address."""
    event = intruder.event("Permission", {}, StackId=MINE, RequestId="r-1")
    given = ADDRESSES[address]()
    answer = intruder.send({**event, "ResponseURL": given})
    assert answer.error == "ResponseAddressRefused"
    assert not isinstance(given, str) or len(given) < 20 or given not in answer.reason
    assert "collector.example" not in answer.reason


def test_an_address_of_anothers_stack_leads_nowhere_even_with_its_names_in_the_event(
    org: Organization, intruder: Attacker
) -> None:
    """Whoever has no signed URL cannot have one answered: CloudFormation's own host refuses, and nothing is granted."""
    event = intruder.event("Permission", {"Target": f"{OWNER}/x", "GrantType": "InvokeFunction"}, RequestId="r-1")
    answer = intruder.send({**event, "StackId": THEIRS, "ResponseURL": url(stack=THEIRS)})
    assert answer.error == "AnswerUndelivered"
    table = org.cloud.client("dynamodb", "central")
    for key in (VICTIM, INTRUDER):
        found = table.get_item(TableName=ANSWERS, Key={"account": {"S": key}, "request": {"S": "r-1"}}).get("Item")
        assert found is None or (key == INTRUDER and found["status"] == {"S": "FAILED"})


WRONG: list[Any] = [
    None,
    1,
    "Create",
    [],
    ["a"],
    {},
    {"RequestType": "Create"},
    {"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": {"account": {"S": VICTIM}}}}]},
]


@pytest.mark.parametrize("event", WRONG, ids=lambda one: json.dumps(one)[:30])
def test_what_is_no_event_is_refused_by_name(intruder: Attacker, event: Any) -> None:
    assert intruder.send(event).error == "EventMalformed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("RequestType", "create"),
        ("RequestType", ["Create"]),
        ("ResourceType", "Custom::Other"),
        ("ResourceType", "AWS::IAM::Role"),
        ("LogicalResourceId", "a|b"),
        ("LogicalResourceId", "../x"),
        ("RequestId", "../../answers"),
        ("RequestId", "x" * 600),
        ("ResourceProperties", "Target"),
        ("ResourceProperties", {"Target": "x" * 100_000}),
        ("PhysicalResourceId", "\ud800"),
        ("PhysicalResourceId", "x" * 5_000),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_field_of_another_form_is_refused_and_nothing_lies_there_unanswered(
    org: Organization, intruder: Attacker, field: str, value: Any
) -> None:
    """Also half a character, of which DynamoDB would hold no answer."""
    kind = "Delete" if field == "PhysicalResourceId" else "Create"
    event = {**intruder.event("Permission", {"Target": f"{OWNER}/x", "GrantType": "InvokeFunction"}), field: value}
    answer = intruder.send({"RequestType": kind, **event} if field == "RequestType" else {**event, "RequestType": kind})
    assert answer.error in ("EventMalformed", "EventTooLarge", "RequestFailed")
    table = org.cloud.client("dynamodb", "central")
    lying = table.scan(TableName=REQUESTS, ConsistentRead=True)["Items"]
    assert [one for one in lying if one["account"]["S"] == INTRUDER] == []
