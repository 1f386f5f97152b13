"""Accounts that no run touches: one sentence, with its remedy, before anything is made."""

from collections.abc import Callable
from typing import Any

import click
import pytest
from grounds import IDS, ORGANIZATION, Ground, a_stack
from journal import Journal, Made
from refusals import Confirmed, unused

from provider.cli.errors import CommandError, ExitCode
from provider.localcloud import LocalCloud


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"owner": ""}, ExitCode.USAGE, "No AWS profile of account 'owner' is given. Say `make conformance CENTRAL="),
        ({"owner": "central"}, ExitCode.USAGE, "Profiles central and central lead to one account, 720000000002. Give"),
        ({"confirm": ""}, ExitCode.USAGE, f"If they are, add CONFIRM={','.join(IDS.values())}."),
        (
            {"confirm": "710000000001"},
            ExitCode.USAGE,
            "CONFIRM=710000000001 is not the accounts that the profiles lead",
        ),
        ({"owner": "stranger"}, ExitCode.REFUSED, "Account 750000000005 belongs to no organization."),
        ({"owner": "management"}, ExitCode.REFUSED, "is the management account of o-a1b2c3d4e5. Name three sandbox"),
    ],
)
def test_accounts_that_nobody_has_confirmed_are_refused(
    ground: Ground, asked: Callable[..., int], given: dict[str, str], code: ExitCode, words: str
) -> None:
    """In one sentence with its remedy; nothing is made, and no run is begun."""
    leads_to = {**{name: name for name in IDS}, **given}
    ids = [ground.cloud.accounts.get(leads_to[name], "") for name in IDS]
    with pytest.raises(CommandError) as no:
        asked(**{"confirm": ",".join(ids), **given})
    assert no.value.code is code
    assert words in no.value.message
    assert no.value.message.endswith(".")
    assert not ground.directory.exists()


def an_alias(cloud: LocalCloud) -> Callable[[], Any]:
    client = cloud.client("iam", "owner")
    client.create_account_alias(AccountAlias="payments-prod")
    return lambda: client.delete_account_alias(AccountAlias="payments-prod")


def a_table(cloud: LocalCloud) -> Callable[[], Any]:
    client, name = cloud.client("dynamodb", "central"), "cross-account-permission-grants"
    keys = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    client.create_table(TableName=name, AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}], **keys)
    return lambda: client.delete_table(TableName=name)


def a_bucket(cloud: LocalCloud) -> Callable[[], Any]:
    client, name = cloud.client("s3", "central"), "cross-account-permission-720000000002-us-east-1"
    client.create_bucket(Bucket=name)
    return lambda: client.delete_bucket(Bucket=name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (an_alias, "Account 730000000003 is called 'payments-prod', which sounds like production. Name three sandbox"),
        (
            lambda cloud: a_stack(cloud, "cross-account-permission-account-roles"),
            "an installation is not touched. Take",
        ),
        (
            lambda cloud: a_stack(cloud, "StackSet-cross-account-permission-account-provider-0d1c"),
            "an installation is not touched. Take",
        ),
        (
            lambda cloud: a_stack(cloud, "shop", EnableTerminationProtection=True),
            "is protected from deletion: somebody",
        ),
        (a_table, "Table cross-account-permission-grants of a centre is in 720000000002, us-east-1: its data are not"),
        (a_bucket, "Artifact bucket cross-account-permission-720000000002-us-east-1 is in 720000000002: accounts may"),
    ],
)
def test_accounts_in_use_are_refused(
    ground: Ground, make: Callable[[LocalCloud], Callable[[], Any]], words: str
) -> None:
    remove = make(ground.cloud)
    try:
        with pytest.raises(CommandError) as no:
            unused(Confirmed(IDS, ORGANIZATION, ground.cloud.client), ("us-east-1", "eu-west-1"))
    finally:
        remove()
    assert no.value.code is ExitCode.REFUSED
    assert words in no.value.message


def test_a_run_in_accounts_in_use_makes_nothing(ground: Ground, asked: Callable[..., int]) -> None:
    remove = a_stack(ground.cloud, "shop", EnableTerminationProtection=True)
    before = ground.what_stands()
    try:
        with pytest.raises(CommandError, match="Stack shop in 710000000001, us-east-1 is protected from deletion"):
            asked()
        assert ground.what_stands() == before
    finally:
        remove()
    assert not ground.directory.exists()


def test_an_installation_that_no_run_has_deployed_is_not_swept(ground: Ground, asked: Callable[..., int]) -> None:
    """Whatever a journal says: somebody may have deployed it since."""
    name = "cross-account-permission-account-roles"
    remove = a_stack(ground.cloud, name)
    journal = Journal.begin(ground.directory / "one.jsonl", IDS)
    journal.made(Made(IDS["consumer"], "us-east-1", "cloudformation.CreateChangeSet", name))
    try:
        with pytest.raises(CommandError, match=f"Stack {name} in 710000000001, us-east-1 is of no run: an") as no:
            asked("--sweep")
        assert name in ground.what_stands()["consumer"]
    finally:
        remove()
    assert no.value.code is ExitCode.REFUSED


def test_what_there_is_not_cannot_be_checked(ground: Ground, asked: Callable[..., int]) -> None:
    with pytest.raises(
        CommandError, match=r"There is no 'nothing' to check\. Give ONLY= names of docs/conformance\.md\."
    ):
        asked("--only", "nothing")
    with pytest.raises(click.UsageError, match=r"central\.yaml has no parameter 'Nothing'\."):
        asked("--parameter", "central.Nothing=1")
