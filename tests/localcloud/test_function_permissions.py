"""AddPermission, RemovePermission, GetPolicy."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from identities import a_name, make_role, refused

from provider.localcloud import LocalCloud

SOURCE = "def handler(event, context): return 1"
S3 = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::bucket"}


@pytest.fixture
def mine(cloud: LocalCloud) -> Any:
    """The owner's administrator of functions."""
    return cloud.client("lambda", "owner")


@pytest.fixture
def function(mine: Any, make_function: Callable[..., str]) -> str:
    """A function with version 1 and an alias `live` of it."""
    arn = make_function(SOURCE, "owner")
    mine.publish_version(FunctionName=arn)
    mine.create_alias(FunctionName=arn, Name="live", FunctionVersion="1")
    return arn


def add(client: Any, function: str, sid: str, **more: Any) -> dict[str, Any]:
    given = {"Principal": "s3.amazonaws.com", "Action": "lambda:InvokeFunction", **more}
    answer = client.add_permission(FunctionName=function, StatementId=sid, **given)
    statement: dict[str, Any] = json.loads(answer["Statement"])
    return statement


def policy_of(client: Any, function: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.get_policy(FunctionName=function, **more)["Policy"])
    return found


def test_the_shape_of_a_statement(mine: Any, function: str) -> None:
    """What is added and read back is JSON in a string, as recorded from AWS."""
    expected = {
        "Sid": "s3",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function,
        "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}},
    }
    assert add(mine, function, "s3", **S3) == expected
    assert policy_of(mine, function) == {"Version": "2012-10-17", "Id": "default", "Statement": [expected]}
    both = add(mine, function, "both", SourceAccount="111111111111", PrincipalOrgID="o-localcloud", Principal="*")
    merged = {"AWS:SourceAccount": "111111111111", "aws:PrincipalOrgID": "o-localcloud"}
    assert (both["Condition"], both["Principal"]) == ({"StringEquals": merged}, "*")
    root = add(mine, function, "account", Principal="111111111111")["Principal"]
    assert root == {"AWS": "arn:aws:iam::111111111111:root"}


def test_a_roles_arn_is_kept(cloud: LocalCloud, mine: Any, function: str) -> None:
    """A role as principal reads back as its ARN."""
    role = make_role(cloud, "consumer", path="/team/")
    assert add(mine, function, "role", Principal=role)["Principal"] == {"AWS": role}
    assert policy_of(mine, function)["Statement"][0]["Principal"] == {"AWS": role}


def test_each_qualifier_has_a_policy_of_its_own(mine: Any, function: str) -> None:
    """Function, version and alias each have theirs, with the same Sid if need be, and their own RevisionId."""
    for qualifier in ("", "1", "live"):
        arn = f"{function}:{qualifier}" if qualifier else function
        named = {"Qualifier": qualifier} if qualifier else {}
        assert add(mine, function, "same", **named)["Resource"] == arn
        assert [one["Resource"] for one in policy_of(mine, arn)["Statement"]] == [arn]
    alias = mine.get_alias(FunctionName=function, Name="live")["RevisionId"]
    assert mine.get_policy(FunctionName=f"{function}:live")["RevisionId"] == alias
    whole = mine.get_function_configuration(FunctionName=function)["RevisionId"]
    assert mine.get_policy(FunctionName=function)["RevisionId"] == whole != alias
    assert mine.publish_version(FunctionName=function)["Version"] == "1"  # a policy is no change of the function


def test_what_is_deleted_takes_its_policy_along(mine: Any, function: str, cloud: LocalCloud) -> None:
    """An alias or a function made again has none."""
    add(mine, function, "s", Qualifier="live")
    add(mine, function, "s")
    mine.delete_alias(FunctionName=function, Name="live")
    mine.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    with refused("ResourceNotFoundException"):
        mine.get_policy(FunctionName=function, Qualifier="live")
    before = mine.get_function(FunctionName=function)["Configuration"]
    mine.delete_function(FunctionName=function)
    kept = {name: before[name] for name in ("FunctionName", "Role", "Runtime", "Handler")}
    mine.create_function(**kept, Code={"ZipFile": _zip()})
    with refused("ResourceNotFoundException"):
        mine.get_policy(FunctionName=function)


def _zip() -> bytes:
    import io  # noqa: PLC0415 - here alone
    import zipfile  # noqa: PLC0415

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.py", SOURCE)
    return buffer.getvalue()


def test_what_add_permission_refuses(mine: Any, function: str) -> None:
    """Duplicates, functions and qualifiers that are not there, and $LATEST."""
    add(mine, function, "s3")
    duplicate = (
        "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing "
        "statement."
    )
    with refused("ResourceConflictException", duplicate, 409):
        add(mine, function, "s3")
    with refused("ResourceNotFoundException", f"Function not found: {function}x", 404):
        add(mine, f"{function}x", "s3")
    with refused("ResourceNotFoundException", f"Function not found: {function}:gone", 404):
        add(mine, function, "s3", Qualifier="gone")
    with refused("InvalidParameterValueException", "We currently do not support adding policies for $LATEST.", 400):
        add(mine, function, "s3", Qualifier="$LATEST")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("sid", "no spaces"),
        ("sid", "x" * 101),
        ("Action", "s3:GetObject"),
        ("Principal", "two words"),
        ("SourceArn", "bucket"),
        ("SourceAccount", "1234"),
        ("PrincipalOrgID", "organization"),
    ],
)
def test_parameters_are_validated(mine: Any, function: str, parameter: str, value: str) -> None:
    """Each parameter has AWS's pattern."""
    given = {"sid": "s", parameter: value}
    with refused("ValidationException", "failed to satisfy constraint", 400):
        add(mine, function, **given)


@pytest.mark.parametrize(
    "principal",
    ["arn:aws:iam::111111111111:role/nobody", "arn:aws:iam::111111111111:user/nobody", "1234", "somebody"],
)
def test_a_principal_must_exist(mine: Any, function: str, principal: str) -> None:
    """A role or user that is not there, and what is no principal at all, are invalid."""
    with refused("InvalidParameterValueException", "The provided principal was invalid.", 400):
        add(mine, function, "s", Principal=principal)


def test_a_dead_principal_makes_every_addition_fail(cloud: LocalCloud, mine: Any, function: str) -> None:
    """Once a role in the policy is deleted it reads back as AROA…, and nothing can be added until it is removed."""
    role = make_role(cloud, "consumer")
    add(mine, function, "role", Principal=role)
    cloud.client("iam", "consumer").delete_role(RoleName=role.rsplit("/", 1)[-1])
    assert policy_of(mine, function)["Statement"][0]["Principal"]["AWS"].startswith("AROA")
    with refused("InvalidParameterValueException", "The provided principal was invalid."):
        add(mine, function, "another")
    mine.remove_permission(FunctionName=function, StatementId="role")
    add(mine, function, "another")


def test_a_stale_revision_is_refused(mine: Any, function: str) -> None:
    """RevisionId is a precondition of both, and each change makes a new one."""
    first = mine.get_function_configuration(FunctionName=function)["RevisionId"]
    add(mine, function, "one", RevisionId=first)
    with refused("PreconditionFailedException", status=412):
        add(mine, function, "two", RevisionId=first)
    with refused("PreconditionFailedException", status=412):
        mine.remove_permission(FunctionName=function, StatementId="one", RevisionId=first)
    second = mine.get_policy(FunctionName=function)["RevisionId"]
    mine.remove_permission(FunctionName=function, StatementId="one", RevisionId=second)
    assert mine.get_function_configuration(FunctionName=function)["RevisionId"] not in {first, second}


def test_a_policy_has_20480_characters_at_most(mine: Any, function: str) -> None:
    """Statements fit as long as the whole is within the limit; the one over it is refused and not added."""
    sids = [f"{number:0100d}" for number in range(10)]
    source = "arn:aws:s3:::" + "b" * 2000
    for sid in sids[:8]:
        add(mine, function, sid, SourceArn=source)
    with refused("PolicyLengthExceededException", "is bigger than the limit (20480).", 400):
        for sid in sids[8:]:
            add(mine, function, sid, SourceArn=source)
    assert len(policy_of(mine, function)["Statement"]) in {8, 9}


def test_what_remove_permission_refuses(mine: Any, function: str) -> None:
    """A Sid that is not there, and a function without policy, are told apart."""
    with refused("ResourceNotFoundException", "No policy is associated with the given resource.", 404):
        mine.remove_permission(FunctionName=function, StatementId="s")
    add(mine, function, "s")
    with refused("ResourceNotFoundException", "Statement t is not found in resource policy.", 404):
        mine.remove_permission(FunctionName=function, StatementId="t")
    with refused("ResourceNotFoundException", "No policy is associated", 404):
        mine.remove_permission(FunctionName=function, StatementId="s", Qualifier="live")


def test_no_policy_and_no_function_look_alike(mine: Any, function: str) -> None:
    """GetPolicy says the same of both, and after the last statement went."""
    words = "The resource you requested does not exist."
    for name in (function, f"{function}:live", a_name("nothing")):
        with refused("ResourceNotFoundException", words, 404):
            mine.get_policy(FunctionName=name)
    add(mine, function, "s")
    mine.remove_permission(FunctionName=function, StatementId="s")
    with refused("ResourceNotFoundException", words, 404):
        mine.get_policy(FunctionName=function)
