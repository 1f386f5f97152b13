"""What the controller reads of a role: gone or shut, and in IAM's own forms, in as few calls as it takes (docs/aws-behaviour.md §4)."""

from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from centre import CONSUMER, OWNER, Centre
from iam_twin import CONSENT, DENIED, THROTTLED, IamTwin, Role, no_such_role
from lambda_twin import error
from published_role import create, delete, ours, published_on, states, time_passes
from resources import BUYER, OWN_TRUST, ROLE, SELLER, asked, published

from provider.controller.role_policies import RolePolicies
from provider.core.errors import ResourceGone, ShutOut, WriteUnsettled
from provider.core.identifiers import Arn
from provider.core.records import GrantState

ARN = Arn(ROLE)


@pytest.fixture
def aws() -> IamTwin:
    return IamTwin()


@pytest.fixture
def role(aws: IamTwin) -> Role:
    return aws.create(ROLE, OWN_TRUST)


@pytest.fixture
def centre(aws: IamTwin, role: Role) -> Centre:
    return published_on(aws)


# --- gone, untagged, shut out ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "expected", "state"),
    [
        ("gone", ResourceGone, None),
        ("untagged", ShutOut, GrantState.ORPHANED),
        ("refused", ShutOut, GrantState.ORPHANED),
        ("a namesake", ResourceGone, None),
    ],
)
def test_a_role_that_is_gone_is_told_from_one_that_is_not_tagged(
    centre: Centre, aws: IamTwin, role: Role, how: str, expected: type[Exception], state: GrantState | None
) -> None:
    """IAM lets us look at any role under the path; names are unique in an account, whatever the path."""
    first = create(centre).physical_id
    match how:
        case "gone":
            del aws.roles["orders"]
        case "untagged":
            role.tags = [{"Key": "CrossAccountPermission", "Value": "no"}]
        case "refused":
            aws.faults["get_role"] = [error(DENIED, "GetRole")] * 100
        case "a namesake":
            aws.create(ROLE.replace("/cross-account/", "/cross-account/shop/"), OWN_TRUST)
    with pytest.raises(expected):
        centre.policies.read(ARN)
    assert delete(centre, first).status == "SUCCESS"
    assert states(centre) == ([state] if state else [])
    if how == "a namesake":
        assert aws.roles["orders"].policy["Statement"] == [OWN_TRUST]


def test_an_orphan_goes_when_the_account_lets_us(centre: Centre, role: Role) -> None:
    first = create(centre).physical_id
    role.tags = []
    delete(centre, first)
    assert len(ours(centre, role)) == 1
    role.tags = list(CONSENT)
    time_passes(centre)
    assert (role.policy["Statement"], states(centre)) == ([OWN_TRUST], [])


@pytest.mark.parametrize(("how", "words"), [("gone", "does not exist"), ("untagged", "CrossAccountPermission=allowed")])
def test_what_is_gone_or_not_tagged_is_not_published(centre: Centre, aws: IamTwin, how: str, words: str) -> None:
    if how == "untagged":
        aws.create(f"{ROLE}-2").tags = []
    answer = centre.ask(OWNER, published("role", Name="other", RoleArn=f"{ROLE}-2").event("Create"))
    assert (answer.status, words in answer.reason) == ("FAILED", True)


# --- what is read back, and the calls ---------------------------------------------------------------


def as_iam_keeps(document: dict[str, Any]) -> dict[str, Any]:
    """Lists of one as scalars, other orders, another case of keys."""
    kept = []
    for one in document["Statement"]:
        tests = {
            operator: {
                key.lower(): values[0] if len(values) == 1 else values[::-1] if isinstance(values, list) else values
                for key, values in keys.items()
            }
            for operator, keys in one.get("Condition", {}).items()
        }
        named = one["Principal"]["AWS"]
        principal = {"AWS": named[0] if isinstance(named, list) and len(named) == 1 else named}
        kept.append(
            {"Condition": tests, **{key: one[key] for key in ("Effect", "Sid", "Action")}, "Principal": principal}
        )
    return {
        "Statement": [{key: one[key] for key in one if one[key] != {}} for one in kept[::-1]],
        "Version": "2012-10-17",
    }


@pytest.mark.parametrize(
    "given",
    [{}, {"Principals": [BUYER]}, {"Principals": [BUYER, SELLER]}, {"Principals": [BUYER], "ExternalId": "shop-1"}],
)
@pytest.mark.parametrize("account", [CONSUMER, OWNER])
def test_what_is_read_back_in_another_form_is_what_was_written(
    centre: Centre, aws: IamTwin, account: str, given: dict[str, Any]
) -> None:
    """The owner's own account is a consumer like others, but for its root as principal."""
    aws.normalised = as_iam_keeps
    found = {
        **given,
        **({"Principals": [one.replace(CONSUMER, account) for one in given["Principals"]]} if given else {}),
    }
    assert create(centre, account=account, **found).status == "SUCCESS"
    for _ in range(3):
        time_passes(centre)
    assert aws.count("update_assume_role_policy") == 1


WRITE = ["get_role", "update_assume_role_policy", "get_role"]


def test_a_pass_calls_iam_as_little_as_it_can(centre: Centre, aws: IamTwin) -> None:
    first = create(centre).physical_id
    assert aws.calls == WRITE
    aws.calls.clear()
    time_passes(centre)
    assert aws.calls == ["get_role"]
    aws.calls.clear()
    delete(centre, first)
    assert aws.calls == WRITE
    aws.calls.clear()
    centre.ask(OWNER, published("role", AllowedAccounts=[CONSUMER]).event("Create"))
    assert aws.calls == ["get_role"]


def test_fifty_grants_at_once_are_one_write(centre: Centre, aws: IamTwin, role: Role) -> None:
    aws.limit = 8_192
    keys = [
        centre.file(
            CONSUMER, asked("role", "AssumeRole", f"P{number}", Principals=[f"{BUYER}{number}"]).event("Create")
        )
        for number in range(50)
    ]
    centre.handle(*keys)
    assert aws.calls == WRITE
    assert len(ours(centre, role)[0]["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == 50


def test_a_role_is_never_left_without_a_policy(centre: Centre, role: Role) -> None:
    """IAM takes no empty one; where its owner has taken his own statement away, one stays that lets nobody in."""
    first = create(centre).physical_id
    role.policy["Statement"].remove(OWN_TRUST)
    assert delete(centre, first).status == "SUCCESS"
    (left,) = role.policy["Statement"]
    assert left["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "none"}}


def stubbed(*answers: tuple[str, Any]) -> tuple[RolePolicies, Stubber]:
    """A client that never sends anything, and checks arguments and answers against IAM's own model."""
    client: Any = botocore.session.Session().create_client(
        "iam", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    stubber = Stubber(client)
    for operation, answer in answers:
        if isinstance(answer, tuple):
            stubber.add_client_error(operation, answer[0], answer[2], answer[1])
        else:
            stubber.add_response(operation, answer)
    return RolePolicies(lambda _arn: client), stubber


def test_the_calls_are_as_iam_describes_them() -> None:
    policies, stubber = stubbed(("update_assume_role_policy", {}), ("get_role", no_such_role("orders")))
    with stubber:
        policies.write(ARN, {"Version": "2012-10-17", "Statement": [OWN_TRUST]}, None)
        with pytest.raises(ResourceGone):
            policies.read(ARN)
        stubber.assert_no_pending_responses()


def test_throttling_of_a_look_is_no_refusal() -> None:
    policies, stubber = stubbed(("get_role", THROTTLED))
    with stubber, pytest.raises(WriteUnsettled):
        policies.read(ARN)
