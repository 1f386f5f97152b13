"""`make conformance` against accounts of a local cloud: from the first question to the last thing taken away.

These accounts have other ids than the tests name, and in them a function's tags do not count for its alias: so AWS may be.
"""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cleaning import clear
from command import command
from grounds import IDS, ORGANIZATION, Ground
from journal import Journal, Made
from refusals import Confirmed, unused
from stacks import PROVIDER, of, thing

from provider.cli.errors import CommandError, ExitCode
from provider.localcloud import LocalCloud, process


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Three accounts of an organization, whose management account is a fourth."""
    directory = tmp_path_factory.mktemp("sandboxes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "_BASE", {**process._BASE, "LOCALCLOUD_ALIAS_TAGS": "none"})
        accounts, outside = {"management": "790000000009", **IDS}, {"stranger": "750000000005"}
        options = {"organization": ORGANIZATION, "outside": outside, "seconds_between_deployments": 0}
        with LocalCloud.start(directory, accounts, **options) as cloud:
            yield cloud


@pytest.fixture
def ground(sandboxes: LocalCloud, tmp_path: Path) -> Ground:
    return Ground(sandboxes, tmp_path / "runs")


def test_a_run_deploys_asks_reports_and_leaves_nothing(ground: Ground) -> None:
    """One kind of each row: the system, points that are so and are not, imitations asked and left out."""
    names = {
        "propagation": "same",
        "list-streams-on-the-stream": "same",
        "function-policy-read-back": "same",
        "tags-of-an-alias": "differs",
        "condition-check-conflicts": "not checked",
        "test_a_closed_account_is_suspended_and_an_unknown_one_not_found": "not checked",
        "test_no_policy_and_no_function_look_alike": "same",
        "test_reading_an_alias_is_an_action_of_its_own": "same",
    }
    options = [text for name in names for text in ("--only", name)]
    code, said = ground.run(*options, "--parameter", "account-roles.AliasTargetsConsent=Publication")
    assert ground.outcomes() == names, said
    assert code == 1, said  # something differs
    lines = {line["name"]: line for line in ground.report()["lines"]}
    assert "PutResourcePolicy" in lines["tags-of-an-alias"]["detail"]
    assert "in force after" in lines["propagation"]["seen"]
    assert "organization" in lines["test_a_closed_account_is_suspended_and_an_unknown_one_not_found"]["detail"]
    assert f"Report: {ground.directory}" in said
    assert ground.what_stands() == {}
    assert ground.journal().standing() == []
    page = max(ground.directory.glob("*.md")).read_text("utf-8")
    assert not [id_ for id_ in (*IDS.values(), ORGANIZATION) if id_ in page + json.dumps(ground.report())]


def test_an_interrupted_run_takes_away_what_it_has_made(ground: Ground) -> None:
    running = ground.begin("--only", "test_what_put_resource_policy_refuses")
    try:
        wait_until_made(ground)
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 130, said
    assert "the run ended before" in said or "same" in said
    assert ground.what_stands() == {}
    assert ground.journal().standing() == []


def wait_until_made(ground: Ground) -> None:
    """Until a function has been made."""
    end = time.monotonic() + 120
    while not any('"lambda.CreateFunction"' in path.read_text("utf-8") for path in ground.directory.glob("*.jsonl")):
        assert time.monotonic() < end, "nothing was made"
        time.sleep(0.05)


@pytest.fixture
def asked(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command in this process, for what comes to no test; its exit code."""
    for name, value in ground.environment().items():
        monkeypatch.setenv(name, value)

    def ask(*options: str, **profiles: str) -> int:
        return int(command.main([*ground.options(**profiles), *options], standalone_mode=False))

    return ask


def test_what_was_kept_is_in_the_way_until_it_is_swept(ground: Ground, asked: Callable[..., int]) -> None:
    code, said = ground.run("--only", "gone-role-under-a-path", "--keep")
    assert (code, "make conformance SWEEP=1" in said) == (0, True), said
    assert list(ground.what_stands()) == ["owner"]
    with pytest.raises(
        CommandError, match=r"An earlier run has left \d things, .* `make conformance SWEEP=1` first\."
    ) as no:
        asked("--only", "gone-role-under-a-path")
    assert no.value.code is ExitCode.REFUSED
    assert asked("--sweep") == ExitCode.OK
    assert ground.what_stands() == {}


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


def a_stack(cloud: LocalCloud, name: str, **more: Any) -> Callable[[], Any]:
    client = cloud.client("cloudformation", "consumer")
    body = json.dumps(of(Topic={"Type": "AWS::SNS::Topic"}))
    client.create_stack(StackName=name, TemplateBody=body, **more)

    def remove() -> None:
        client.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        client.delete_stack(StackName=name)

    return remove


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


def test_taking_away_goes_on_where_it_was_stopped(
    ground: Ground, make_role_for: str, zipped: Callable[..., bytes]
) -> None:
    """A stack that cannot be deleted is forced; the table that it retains goes although the reader died in between."""
    cloud, place = ground.cloud, (IDS["owner"], "us-east-1")
    functions, stacks = cloud.client("lambda", "owner"), cloud.client("cloudformation", "owner")
    token = functions.create_function(
        FunctionName="stubborn",
        Role=make_role_for,
        Runtime="python3.11",
        Handler="index.handler",
        Code={"ZipFile": zipped(PROVIDER)},
    )["FunctionArn"]
    table = {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "Properties": {
            "TableName": "kept",
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "DeletionProtectionEnabled": True,
        },
    }
    never = {"Delete": {"status": "FAILED", "reason": "never"}}
    stacks.create_stack(StackName="whole", TemplateBody=json.dumps(of(Kept=table, Thing=thing(token, never))))
    journal = Journal.begin(ground.directory / "one.jsonl", IDS)
    for operation, name in (
        ("iam.CreateRole", "stubborn"),
        ("lambda.CreateFunction", "stubborn"),
        ("cloudformation.CreateStack", "whole"),
    ):
        journal.made(Made(*place, operation, name))
    said: list[str] = []

    def dies(service: str, account: str, region: str) -> Any:
        if service == "dynamodb":
            raise KeyboardInterrupt
        return cloud.client(service, account, region)

    with pytest.raises(KeyboardInterrupt):
        clear(journal, dies, said.append)
    assert ground.what_stands()["owner"] == ["stubborn", "stubborn", "kept"]
    assert clear(journal, cloud.client, said.append) == {}
    assert ground.what_stands() == {}


@pytest.fixture
def make_role_for(ground: Ground) -> str:
    """The role of a function `stubborn`."""
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [service]})
    made = ground.cloud.client("iam", "owner").create_role(RoleName="stubborn", AssumeRolePolicyDocument=document)
    return str(made["Role"]["Arn"])
