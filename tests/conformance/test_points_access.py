"""Points of IAM, STS and what asks them."""

import json
from collections.abc import Callable

from botocore.exceptions import ClientError
from identities import a_name, allow, make_role, refused, someone, trust

from provider.localcloud import LocalCloud

OURS = "cross-account-permission"


def test_a_gone_role_is_refused_to_who_may_look_under_a_path(cloud: LocalCloud) -> None:
    below = allow(["iam:GetRole", "iam:UpdateAssumeRolePolicy"], "arn:aws:iam::333333333333:role/cross-account/*")
    who = someone(cloud, "owner", below).client("iam")
    name = make_role(cloud, "owner", path="/cross-account/").rpartition("/")[2]
    assert who.get_role(RoleName=name)["Role"]["Path"] == "/cross-account/"
    cloud.client("iam", "owner").delete_role(RoleName=name)
    with refused("AccessDenied"):
        who.get_role(RoleName=name)


def test_a_session_tag_is_the_callers_own_account(cloud: LocalCloud) -> None:
    """As the trust policies of the request role and the reader role have it."""
    condition = {
        "StringEquals": {
            "aws:PrincipalOrgID": "o-localcloud",
            "aws:RequestTag/account": "${aws:PrincipalAccount}",
            "sts:RoleSessionName": "${aws:PrincipalAccount}",
        }
    }
    actions = ["sts:AssumeRole", "sts:TagSession"]
    role = make_role(cloud, "central", trusting=[trust("*", actions, Condition=condition)])
    caller = someone(cloud, "consumer", allow(actions))

    def tagged(account: str) -> list[dict[str, str]]:
        return [{"Key": "account", "Value": account}]

    caller.assume(role, "111111111111", Tags=tagged("111111111111"))
    for name, tags in (
        ("111111111111", []),
        ("111111111111", tagged("333333333333")),
        ("333333333333", tagged("333333333333")),
        ("333333333333", tagged("111111111111")),
    ):
        with refused("AccessDenied"):
            caller.assume(role, name, Tags=tags)


def test_events_are_told_under_their_source_alone(
    cloud: LocalCloud, record_property: Callable[[str, object], None]
) -> None:
    """As the controller's role has it; whether an operator without a set qualifier would do is noted."""
    bus = "arn:aws:events:us-east-1:222222222222:event-bus/default"
    set_ = {
        "ForAllValues:StringEquals": {"events:source": OURS},
        "Null": {"events:source": "false"},
    }
    client = someone(cloud, "central", allow("events:PutEvents", bus, Condition=set_)).client("events")
    assert client.put_events(Entries=[entry(OURS)])["FailedEntryCount"] == 0
    with refused("AccessDeniedException"):
        client.put_events(Entries=[entry("theirs")])
    plain = allow("events:PutEvents", bus, Condition={"StringEquals": {"events:source": OURS}})
    try:
        someone(cloud, "central", plain).client("events").put_events(Entries=[entry(OURS)])
    except ClientError:
        record_property("seen", "without a qualifier it is refused")
    else:
        record_property("seen", "without a qualifier it is let through")


def entry(source: str) -> dict[str, str]:
    return {"Source": source, "DetailType": "Conformance", "Detail": json.dumps({})}


def test_an_execution_role_that_wants_the_source_account(
    cloud: LocalCloud, zipped: Callable[..., bytes], record_property: Callable[[str, object], None]
) -> None:
    """Nothing depends on it: it is noted."""
    condition = {"StringEquals": {"aws:SourceAccount": "333333333333"}}
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = make_role(cloud, "owner", trusting=[{**service, "Condition": condition}])
    client = cloud.client("lambda", "owner")
    try:
        client.create_function(
            FunctionName=a_name("f"),
            Role=role,
            Runtime="python3.11",
            Handler="index.handler",
            Code={"ZipFile": zipped("def handler(event, context): return 1")},
        )
    except client.exceptions.InvalidParameterValueException:
        record_property("seen", "Lambda does not tell its account when it assumes an execution role")
    else:
        record_property("seen", "Lambda tells its account when it assumes an execution role")
