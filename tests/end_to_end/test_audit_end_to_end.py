"""Whoever makes a rule on the central account's default bus hears what becomes of grants; the ledger keeps it."""

import json
from typing import Any

import pytest
from rolled_out import TEMPLATES, Organization

from provider.cli.organization import ACCOUNTS
from provider.rollout.stacks import StackFailed

CENTRAL, CONSUMER, INTRUDER = ACCOUNTS["central"], ACCOUNTS["consumer"], ACCOUNTS["intruder"]
PERMISSION = TEMPLATES / "permission.yaml"


@pytest.fixture
def heard(org: Organization, stack: str) -> Any:
    """A queue that a rule brings all of our events to; what it has got since."""
    sqs, events = org.cloud.client("sqs", "central"), org.cloud.client("events", "central")
    url = sqs.create_queue(QueueName=stack)["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{CENTRAL}:{stack}"
    allowed = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, "Resource": queue}]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_rule(Name=stack, EventPattern=json.dumps({"source": ["cross-account-permission"]}))
    events.put_targets(Rule=stack, Targets=[{"Id": "queue", "Arn": queue}])

    def received() -> list[tuple[str, dict[str, Any]]]:
        found: list[tuple[str, dict[str, Any]]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages"):
            for one in messages:
                body = json.loads(one["Body"])
                found.append((body["detail-type"], body["detail"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    yield received
    events.remove_targets(Rule=stack, Ids=["queue"])
    events.delete_rule(Name=stack)


def test_a_grant_its_withdrawal_and_a_refusal_are_events_and_history(org: Organization, stack: str, heard: Any) -> None:
    arn = org.function()
    _, target = org.publish(arn)
    granted = org.deploy("consumer", stack, PERMISSION, Target=target)
    with pytest.raises(StackFailed):
        org.deploy("intruder", stack, PERMISSION, Target=target)
    org.delete("consumer", stack)
    found = [(kind, detail) for kind, detail in heard() if detail.get("target") == target]
    kinds = {(kind, detail["account"]) for kind, detail in found}
    expected = {("Grant In Force", CONSUMER), ("Request Refused", INTRUDER), ("Grant Withdrawn", CONSUMER)}
    assert expected <= kinds
    of_grant = [detail for _, detail in found if detail.get("declarationId") == granted["GrantId"]]
    assert all(f":stack/{stack}/" in detail["stackId"] and detail["resources"] == [arn] for detail in of_grant)
    owner, name = target.split("/")
    history = org.cloud.client("dynamodb", "central").query(
        TableName="cross-account-permission-grants",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"HISTORY#{owner}#default#{name}"}},
    )["Items"]
    [removed] = [item for item in history if item["id"]["S"] == granted["GrantId"]]
    assert removed["requestId"]["S"] == next(
        d["askedBy"] for _, d in found if d.get("declarationId") == granted["GrantId"]
    )
    assert "expires" in removed


def test_no_log_of_the_controller_says_that_events_were_lost(org: Organization, stack: str) -> None:
    _, target = org.publish(org.function())
    org.deploy("consumer", stack, PERMISSION, Target=target)
    assert "events lost" not in org.cloud.logs()
