"""GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from identities import allow, make_role, refused, someone

from provider.localcloud import LocalCloud

SOURCE = "def handler(event, context): return 1"
GATEWAY = {"Service": "apigateway.amazonaws.com"}


@pytest.fixture
def mine(cloud: LocalCloud) -> Any:
    """The owner's administrator of functions."""
    return cloud.client("lambda", "owner")


@pytest.fixture
def function(mine: Any, make_function: Callable[..., str]) -> str:
    """A function with an alias `live`."""
    arn = make_function(SOURCE, "owner")
    mine.publish_version(FunctionName=arn)
    mine.create_alias(FunctionName=arn, Name="live", FunctionVersion="1")
    return arn


def statement(arn: str, **more: Any) -> dict[str, Any]:
    one = {"Sid": "s", "Effect": "Allow", "Principal": GATEWAY, "Action": "lambda:InvokeFunction", "Resource": arn}
    return {**one, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def put(client: Any, arn: str, *statements: dict[str, Any], **more: Any) -> Any:
    return client.put_resource_policy(ResourceArn=arn, Policy=document(*statements), **more)


def test_it_is_one_policy_with_add_permission(mine: Any, function: str) -> None:
    """Put replaces what AddPermission added, which adds to what was put; the revision guards both."""
    mine.add_permission(
        FunctionName=function, StatementId="added", Principal="s3.amazonaws.com", Action="lambda:InvokeFunction"
    )
    found = mine.get_resource_policy(ResourceArn=function)
    assert json.loads(found["Policy"]) == json.loads(mine.get_policy(FunctionName=function)["Policy"])
    made = put(mine, function, statement(function), RevisionId=found["RevisionId"])
    assert made["RevisionId"] != found["RevisionId"]
    assert mine.get_policy(FunctionName=function)["RevisionId"] == made["RevisionId"]
    with refused("PreconditionFailedException", status=412):
        put(mine, function, statement(function), RevisionId=found["RevisionId"])
    mine.add_permission(
        FunctionName=function, StatementId="again", Principal="s3.amazonaws.com", Action="lambda:InvokeFunction"
    )
    now = json.loads(mine.get_resource_policy(ResourceArn=function)["Policy"])
    assert [one["Sid"] for one in now["Statement"]] == ["s", "again"]


def test_the_first_policy_has_its_functions_revision(mine: Any, function: str) -> None:
    """Without a policy yet, the precondition is the alias's own RevisionId; a name's policies do not mix."""
    alias = f"{function}:live"
    revision = mine.get_alias(FunctionName=function, Name="live")["RevisionId"]
    with refused("PreconditionFailedException"):
        put(mine, alias, statement(alias), RevisionId="00000000-0000-0000-0000-000000000000")
    made = put(mine, alias, statement(alias), RevisionId=revision)
    assert mine.get_alias(FunctionName=function, Name="live")["RevisionId"] == made["RevisionId"] != revision
    with refused("ResourceNotFoundException"):
        mine.get_resource_policy(ResourceArn=function)


def test_what_is_read_back(cloud: LocalCloud, mine: Any, function: str) -> None:
    """Account ids come back as roots' ARNs, roles as ARNs while they live, all else as it was."""
    role = make_role(cloud, "consumer")
    condition = {
        "ArnLike": {"aws:SourceArn": ["arn:aws:execute-api:*:111111111111:a/*", "arn:aws:execute-api:*:*:b/*"]}
    }
    put(
        mine,
        function,
        statement(function, Condition=condition),
        statement(function, Sid="who", Principal={"AWS": ["111111111111", role]}),
        statement(function, Sid="no", Effect="Deny", Principal="*"),
    )
    first, who, no = json.loads(mine.get_resource_policy(ResourceArn=function)["Policy"])["Statement"]
    assert first == statement(function, Condition=condition)
    assert who["Principal"] == {"AWS": ["arn:aws:iam::111111111111:root", role]}
    assert (no["Effect"], no["Principal"]) == ("Deny", "*")
    cloud.client("iam", "consumer").delete_role(RoleName=role.rsplit("/", 1)[-1])
    stored = mine.get_resource_policy(ResourceArn=function)["Policy"]
    assert json.loads(stored)["Statement"][1]["Principal"]["AWS"][1].startswith("AROA")
    with refused("InvalidParameterValueException", "The provided principal was invalid."):
        mine.put_resource_policy(ResourceArn=function, Policy=stored)


@pytest.mark.parametrize(
    "change",
    [
        {"Resource": "*"},
        {"Resource": "arn:aws:lambda:us-east-1:333333333333:function:another"},
        {"Principal": {"AWS": "arn:aws:iam::111111111111:role/nobody"}},
        {"Principal": {"AWS": "arn:aws:iam::111111111111:role/*"}},
        {"Effect": "allow"},
        {"Action": "s3:GetObject"},
        {"Sid": "two words"},
        {"Unheard": "of"},
        {"Condition": {"Like": {"aws:SourceArn": "x"}}},
        {"Condition": []},
        {"NotPrincipal": {"AWS": "111111111111"}},
    ],
)
def test_what_put_resource_policy_refuses(mine: Any, function: str, change: dict[str, Any]) -> None:
    """Anything malformed is refused, and the policy stays what it is."""
    before = put(mine, function, statement(function))
    with refused("InvalidParameterValueException", status=400):
        put(mine, function, statement(function, **change))
    assert mine.get_resource_policy(ResourceArn=function)["RevisionId"] == before["RevisionId"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"Version":"2012-10-17","Statement":[]}', '{"Statement":["x"]}'])
def test_garbage_is_no_policy(mine: Any, function: str, text: str) -> None:
    """A document must be JSON with statements."""
    with refused("InvalidParameterValueException", status=400):
        mine.put_resource_policy(ResourceArn=function, Policy=text)


def test_statements_have_sids_of_their_own(mine: Any, function: str) -> None:
    """A Sid twice is refused, none at all is not."""
    with refused("InvalidParameterValueException"):
        put(mine, function, statement(function), statement(function))
    bare = {name: value for name, value in statement(function).items() if name != "Sid"}
    put(mine, function, bare, bare)


@pytest.mark.parametrize(
    ("change", "public"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": ["*"]}}, True),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalOrgID": "*"}}}, True),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-x"}}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-localcloud"}}}, False),
        ({"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/*"}}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": GATEWAY}, False),
    ],
)
def test_a_public_policy_is_refused(mine: Any, function: str, change: dict[str, Any], public: bool) -> None:
    """Everyone is allowed only under a condition that says who."""
    if not public:
        put(mine, function, statement(function, **change))
        return
    with refused("PublicPolicyException", status=400):
        put(mine, function, statement(function, **change))


def test_the_limit_is_20480_characters(mine: Any, function: str) -> None:
    """A document of exactly that many is taken, one more is not."""
    bare = len(document(statement(function, Condition={"ArnLike": {"aws:SourceArn": ""}})))

    def sized(length: int) -> dict[str, Any]:
        return statement(function, Condition={"ArnLike": {"aws:SourceArn": "x" * (length - bare)}})

    put(mine, function, sized(20480))
    with refused("PolicyLengthExceededException", "The final policy size (20481) is bigger than the limit (20480)."):
        put(mine, function, sized(20481))


def test_what_is_not_there(mine: Any, function: str) -> None:
    """No function, no qualifier, no policy: 404; $LATEST has no policy."""
    for arn in (f"{function}x", f"{function}:gone"):
        with refused("ResourceNotFoundException", f"Function not found: {arn}", 404):
            put(mine, arn, statement(arn))
    for call in (mine.get_resource_policy, mine.delete_resource_policy):
        for arn in (function, f"{function}:live", f"{function}x"):
            with refused("ResourceNotFoundException", "The resource you requested does not exist.", 404):
                call(ResourceArn=arn)
    with refused("InvalidParameterValueException", "$LATEST"):
        put(mine, f"{function}:$LATEST", statement(f"{function}:$LATEST"))


def test_deleting_it_takes_it_all(mine: Any, function: str) -> None:
    """Delete removes the policy, under a revision if told, and leaves another revision."""
    made = put(mine, function, statement(function))
    with refused("PreconditionFailedException"):
        mine.delete_resource_policy(ResourceArn=function, RevisionId="00000000-0000-0000-0000-000000000000")
    mine.delete_resource_policy(ResourceArn=function, RevisionId=made["RevisionId"])
    with refused("ResourceNotFoundException"):
        mine.get_policy(FunctionName=function)
    assert mine.get_function_configuration(FunctionName=function)["RevisionId"] != made["RevisionId"]


def test_each_operation_is_an_action_on_the_arn(cloud: LocalCloud, function: str) -> None:
    """IAM is asked for the operation's own action, on the ARN with its qualifier."""
    alias = f"{function}:live"
    who = someone(cloud, "owner", allow("lambda:PutResourcePolicy", alias)).client("lambda")
    put(who, alias, statement(alias))
    with refused("AccessDeniedException", f"lambda:GetResourcePolicy on resource: {alias}"):
        who.get_resource_policy(ResourceArn=alias)
    with refused("AccessDeniedException", f"lambda:DeleteResourcePolicy on resource: {alias}"):
        who.delete_resource_policy(ResourceArn=alias)
    with refused("AccessDeniedException", f"lambda:PutResourcePolicy on resource: {function} "):
        put(who, function, statement(function))
    with refused("AccessDeniedException", "no resource-based policy"):
        cloud.client("lambda", "intruder").put_resource_policy(ResourceArn=alias, Policy=document(statement(alias)))
