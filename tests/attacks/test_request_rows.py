"""Somebody writes into the requests table by himself, past the provider function, whatever DynamoDB takes."""

import json
import time
from typing import Any

import pytest
from bad_hands import REQUESTS, Attacker
from rolled_out import Organization

VICTIM, INTRUDER, OWNER = "111111111111", "444444444444", "333333333333"
NOW = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
EVENT = {
    "RequestType": "Create",
    "StackId": f"arn:aws:cloudformation:us-east-1:{INTRUDER}:stack/mine/0d1c",
    "LogicalResourceId": "Wish",
    "ResourceType": "Custom::CrossAccountPermission",
    "ResourceProperties": {"ServiceToken": "t", "Target": f"{OWNER}/none", "GrantType": "InvokeFunction"},
}


def row(**changes: Any) -> dict[str, Any]:
    """A row as the provider writes it, in DynamoDB's notation; a change to None leaves an attribute out."""
    whole = {"event": {"S": json.dumps(EVENT)}, "issuedAt": {"S": NOW}, "providerVersion": {"S": "0"}, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def event(**changes: Any) -> dict[str, Any]:
    """The same with another event."""
    return row(event={"S": json.dumps({**EVENT, **changes})})


ROWS: dict[str, dict[str, Any]] = {
    "no event": row(event=None),
    "no time": row(issuedAt=None),
    "nothing at all": {},
    "an event that is a number": row(event={"N": "1"}),
    "an event of bytes": row(event={"B": json.dumps(EVENT).encode()}),
    "an event as a map": row(event={"M": {"RequestType": {"S": "Create"}}}),
    "an event that is true": row(event={"BOOL": True}),
    "an event that is null": row(event={"NULL": True}),
    "an event of many": row(event={"SS": ["a", "b"]}),
    "an event in a list": row(event={"L": [{"S": json.dumps(EVENT)}]}),
    "an empty event": row(event={"S": ""}),
    "an event of 390 KB": row(event={"S": json.dumps({**EVENT, "x": "x" * 390_000})}),
    "390 KB beside it": row(padding={"B": b"x" * 390_000}),
    "a deep event": row(event={"S": "[" * 60_000}),
    "an event of half a character": event(PhysicalResourceId="grant-\ud800", RequestType="Delete"),
    "properties of half a character": event(ResourceProperties={**EVENT["ResourceProperties"], "Revision": "\udfff"}),
    "another's stack": event(StackId=EVENT["StackId"].replace(INTRUDER, VICTIM)),
    "a time that is a number": row(issuedAt={"N": "20261118000000"}),
    "a time of the future": row(issuedAt={"S": "29990101T000000Z"}),
    "a time of the past": row(issuedAt={"S": "20000101T000000Z"}),
    "no time that there is": row(issuedAt={"S": "20261399T996099Z"}),
    "attempts of its own": row(attempts={"S": "none"}),
    "attempts below nothing": row(attempts={"N": "-1000000"}),
    "more attempts than there are": row(attempts={"N": "9" * 38}),
    "an answer in the request": row(
        status={"S": "SUCCESS"}, physicalResourceId={"S": "x"}, data={"S": "{}"}, reason={"S": ""}
    ),
    "attributes of the ledger": row(
        pk={"S": "NAMES"}, sk={"S": "default#token-service"}, owner={"S": INTRUDER}, version={"N": "7"}
    ),
    "an end of its own": row(expires={"N": "1"}, answeredAt={"N": "1"}),
    "a lease": row(leaseHolder={"S": "me"}, leaseUntil={"N": "9999999999"}, dueAt={"N": "0"}, dueShard={"S": "0"}),
    "strange attributes": row(**{"": {"S": "x"}, "\u202e": {"S": "x"}, "__proto__": {"S": "x"}, "#event": {"S": "x"}}),
    "a request id of a kilobyte": row(request={"S": "r" * 1000}),
    "a request id of other letters": row(request={"S": "../\u202e\n\U0001f600|"}),
}


@pytest.fixture(scope="module")
def filed(intruder: Attacker) -> dict[str, str]:
    """All of them at once; their request ids."""
    found = {}
    for name, item in ROWS.items():
        own = {"request": {"S": f"{time.time_ns()}-{item['request']['S']}"}} if "request" in item else {}
        found[name] = intruder.file({**{key: value for key, value in item.items() if key}, **own})
    return found


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_any_form_is_answered_with_a_refusal(
    org: Organization, intruder: Attacker, filed: dict[str, str], name: str
) -> None:
    """By the stream, or by the schedule; and none of it is left there."""
    answer = waited_for(org, intruder, filed[name])
    assert answer["status"] == {"S": "FAILED"}
    assert answer["reason"]["S"]
    assert is_gone(org, filed[name])


def is_gone(org: Organization, request: str) -> bool:
    """Whether a request is taken away, which happens right after its answer is put."""
    table, key = org.cloud.client("dynamodb", "central"), {"account": {"S": INTRUDER}, "request": {"S": request}}
    for _ in range(100):
        if "Item" not in table.get_item(TableName=REQUESTS, Key=key, ConsistentRead=True):
            return True
        time.sleep(0.05)
    return False


def waited_for(org: Organization, who: Attacker, request: str) -> dict[str, Any]:
    """The answer, when the stream has brought it; or the schedule, which is woken here."""
    for second in range(100):
        answer = who.answer_to(request)
        if answer is not None:
            return answer
        if second % 20 == 19:
            org.cloud.client("lambda", "central").invoke(
                FunctionName="cross-account-permission-controller", Payload="{}"
            )
        time.sleep(0.05)
    raise AssertionError(f"no answer to {request}")


def test_the_controller_serves_others_whatever_lies_there(
    org: Organization, intruder: Attacker, victim: Attacker, target: str, function: str
) -> None:
    """All of those rows at once, and a consumer's request between them; then a round of the schedule."""
    for item in list(ROWS.values())[::3]:
        intruder.file({key: value for key, value in item.items() if key and key != "request"})
    assert victim.wish(target).succeeded
    answer = org.cloud.client("lambda", "central").invoke(
        FunctionName="cross-account-permission-controller", Payload="{}"
    )
    assert "FunctionError" not in answer
    assert str(org.policy(function)).count(VICTIM) >= 1


def test_an_answer_that_was_given_is_not_given_again_to_another_event(
    org: Organization, intruder: Attacker, owner: Attacker
) -> None:
    """A request id is answered once: what is filed under it later changes nothing."""
    arn = org.function()
    published = owner.publish(FunctionArn=arn, AllowedGrantTypes=["InvokeFunction"], AllowOrganization="true")
    request = intruder.file(row())
    first = waited_for(org, intruder, request)
    properties = {"ServiceToken": "t", "Target": published.data["Name"], "GrantType": "InvokeFunction"}
    intruder.file({**event(ResourceProperties=properties), "request": {"S": request}})
    assert is_gone(org, request)
    assert intruder.answer_to(request) == first
    assert org.policy(arn) is None
