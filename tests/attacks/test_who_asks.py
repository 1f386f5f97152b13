"""Somebody asks as another account: by tags, session names, chains of roles, or namesakes.

IAM stops all of it, before any code of ours has a say.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bad_hands import (
    CENTRAL,
    LAMBDA,
    PROVIDER,
    REQUEST_ROLE,
    Attacker,
    open_doors,
    taken_over,
)
from identities import Someone, allow, become, make_role, refused, trust
from rolled_out import Organization

VICTIM, INTRUDER, STRANGER = "111111111111", "444444444444", "555555555555"
MAY_ASK = allow(["sts:AssumeRole", "sts:TagSession"], REQUEST_ROLE)
PATH = "/cross-account-permission/"

FORGED: dict[str, dict[str, Any]] = {
    "another's tag": {"tags": {"account": VICTIM}},
    "another's name": {"name": VICTIM},
    "another's tag and name": {"tags": {"account": VICTIM}, "name": VICTIM},
    "the centre's tag and name": {"tags": {"account": CENTRAL}, "name": CENTRAL},
    "no tag": {"tags": {}},
    "no tag, and another's name": {"tags": {}, "name": VICTIM},
    "an empty tag": {"tags": {"account": ""}},
    "every account": {"tags": {"account": "*"}, "name": INTRUDER},
    "a tag too many": {"tags": {"account": INTRUDER, "owner": VICTIM}},
    "a tag in another case": {"tags": {"Account": INTRUDER}},
    "another's tag in another case beside the own": {"tags": {"account": INTRUDER, "Accounts": VICTIM}},
    "another tag": {"tags": {"cross-account": INTRUDER}},
    "a tag with spaces": {"tags": {"account": f"{INTRUDER} "}},
    "a name that begins with the account": {"name": f"{INTRUDER}-1"},
    "a tag to hand on": {"more": {"TransitiveTagKeys": ["account"]}},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_no_session_is_had_with_any_tag_or_name_but_the_accounts_own(
    intruder: Attacker, forged: dict[str, Any]
) -> None:
    with refused("AccessDenied"):
        intruder.requesting(name=forged.get("name", ""), tags=forged.get("tags"), **forged.get("more", {}))


def test_the_own_tag_and_name_give_a_session(intruder: Attacker) -> None:
    """So what is refused above and below is refused for what is said there."""
    assert intruder.requesting().client("sts").get_caller_identity()["Account"] == CENTRAL


def test_a_tag_handed_on_by_a_chain_of_roles_makes_nobody_another_account(org: Organization) -> None:
    """The provider role itself is entered from a session that is tagged with the victim's account, for good."""
    first = make_role(org.cloud, "intruder", allow(["sts:AssumeRole", "sts:TagSession"]))
    tagged = {"Tags": [{"Key": "account", "Value": VICTIM}], "TransitiveTagKeys": ["account"]}
    chained = taken_over(org, "intruder", by=become(org.cloud, first, "chain", **tagged))
    for name, tags in ((VICTIM, {}), (INTRUDER, {}), (VICTIM, {"account": VICTIM}), (INTRUDER, {"account": INTRUDER})):
        passed = [{"Key": key, "Value": value} for key, value in tags.items()]
        doors = {name: lambda name=name, passed=passed: chained.assume(REQUEST_ROLE, name, Tags=passed)}
        assert open_doors(doors, "AccessDenied", "InvalidParameterValue") == []


@pytest.fixture
def admitted_stranger(org: Organization) -> Iterator[None]:
    """For so long the account outside is let in as a member would be: where the provider role's name is free."""
    iam, name = org.cloud.client("iam", "central"), REQUEST_ROLE.rpartition("/")[2]
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    admitted = json.loads(json.dumps(before))
    for statement in admitted["Statement"]:
        del statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(admitted))
    yield
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (PROVIDER, "/"),
        (PROVIDER, f"{PATH}deeper/"),
        (PROVIDER, f"/x{PATH}"),
        (PROVIDER, "/cross-account/"),
        (PROVIDER, "/Cross-Account-Permission/"),
        (f"{PROVIDER}-2", PATH),
        (f"x-{PROVIDER}", PATH),
        (PROVIDER.title(), PATH),
        ("cross-account-permission-grantor", PATH),
    ],
)
def test_a_namesake_of_the_provider_role_is_not_the_provider(
    org: Organization, admitted_stranger: None, name: str, path: str
) -> None:
    with stranger(org, name, path) as session:
        assert asks(session, STRANGER) == []


def test_the_provider_role_is_known_by_its_name_and_path(org: Organization, admitted_stranger: None) -> None:
    """So what is refused above is refused for its name or path."""
    with stranger(org) as session:
        tags = [{"Key": "account", "Value": STRANGER}]
        assert session.assume(REQUEST_ROLE, STRANGER, Tags=tags).client("sts").get_caller_identity()


@contextmanager
def stranger(org: Organization, name: str = PROVIDER, path: str = PATH) -> Iterator[Someone]:
    """A session of a role of the account outside, made for so long."""
    trusting = [trust(STRANGER, ["sts:AssumeRole", "sts:TagSession"]), LAMBDA]
    role = make_role(org.cloud, "stranger", MAY_ASK, trusting=trusting, name=name, path=path)
    try:
        yield become(org.cloud, role, "function")
    finally:
        iam = org.cloud.client("iam", "stranger")
        iam.delete_role_policy(RoleName=name, PolicyName="allowed")
        iam.delete_role(RoleName=name)


def test_an_administrator_asks_through_the_provider_or_not_at_all(org: Organization) -> None:
    """Nor does the centre's own, or a user."""
    for account, number in (("intruder", INTRUDER), ("consumer", VICTIM), ("central", CENTRAL)):
        client = org.cloud.client("sts", account)
        tags = [{"Key": "account", "Value": number}]
        doors = {
            account: lambda c=client, n=number, t=tags: c.assume_role(RoleArn=REQUEST_ROLE, RoleSessionName=n, Tags=t)
        }
        assert open_doors(doors, "AccessDenied") == []


def test_an_account_outside_the_organization_does_not_ask(org: Organization) -> None:
    """With a provider role of the right name and path, tagged and named as itself, and as a member."""
    with stranger(org) as session:
        assert asks(session, STRANGER) == []
        assert asks(session, VICTIM) == []


def asks(session: Someone, account: str) -> list[str]:
    """Whether the request role is open to a session: the doors that are."""
    tags = [{"Key": "account", "Value": account}]
    doors = {
        "tagged": lambda: session.assume(REQUEST_ROLE, account, Tags=tags),
        "untagged": lambda: session.assume(REQUEST_ROLE, account),
    }
    return open_doors(doors, "AccessDenied")
