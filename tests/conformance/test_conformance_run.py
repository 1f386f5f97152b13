"""`make conformance` against accounts of a local cloud: from the first question to the last thing taken away.

These accounts have other ids than the tests name, and in them a function's tags do not count for its alias: so AWS may be.
"""

import json
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from boto3.session import Session
from cleaning import TAG, clear
from every_call import Wire
from grounds import IDS, ORGANIZATION, Ground, a_stack
from journal import Journal, Made
from outcomes import Case, Outcome
from playing import Play
from stacks import PROVIDER, of, thing
from stand_ins import StandIns
from undoing import NotRemoved

from provider.cli.errors import CommandError, ExitCode


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


def service_trust() -> str:
    """A trust policy that lets Lambda in."""
    service = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [service]})


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Runs make a role, and find one point to be so; or they fail by what is put here."""
    fails: list[Exception] = []

    class Makes(Play):
        def of(self, tests: Sequence[str]) -> tuple[list[Case], bool]:
            self.journal.made(Made(self.accounts.ids["owner"], "us-east-1", "iam.CreateRole", "made"))
            client = self.accounts.client_for("iam", self.accounts.ids["owner"], "us-east-1")
            client.create_role(RoleName="made", AssumeRolePolicyDocument=service_trust())
            for error in fails:
                raise error
            return [Case(test, Outcome.SAME) for test in tests], False

    monkeypatch.setattr("command.Play", Makes)
    return fails


ONE = ("--only", "gone-role-under-a-path")


def test_what_was_kept_is_in_the_way_until_it_is_swept(
    ground: Ground, asked: Callable[..., int], making: list[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(*ONE, "--keep") == ExitCode.OK
    assert "Take it away by `make conformance SWEEP=1`" in capsys.readouterr().out
    assert ground.what_stands() == {"owner": ["made"]}
    with pytest.raises(CommandError, match=r"has left 1 things, .* by `make conformance SWEEP=1` first\.") as no:
        asked(*ONE)
    assert no.value.code is ExitCode.REFUSED
    assert asked("--sweep") == ExitCode.OK
    assert ground.what_stands() == {}


def test_a_run_that_fails_in_the_middle_takes_away_what_it_has_made(
    ground: Ground, asked: Callable[..., int], making: list[Exception]
) -> None:
    making.append(RuntimeError("in the middle"))
    with pytest.raises(RuntimeError, match="in the middle"):
        asked(*ONE)
    assert ground.what_stands() == {}
    assert ground.journal().standing() == []


def test_what_cannot_be_taken_away_is_told_and_is_no_success(
    ground: Ground,
    asked: Callable[..., int],
    making: list[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With AWS's reason, in the report too, in which ids are stand-ins."""

    def refuses(thing: Made, _: object) -> None:
        raise NotRemoved(f"{thing.account} says no")

    monkeypatch.setattr("cleaning.undo", refuses)
    monkeypatch.setattr("cleaning.AGAIN", 0.0)
    assert asked(*ONE) == ExitCode.NEGATIVE
    assert ground.report()["left"] == {"iam.CreateRole made in 333333333333, us-east-1": "333333333333 says no"}
    monkeypatch.undo()
    clear(ground.journal(), ground.cloud.client, lambda _: None)
    assert ground.what_stands() == {}


def test_a_sweep_needs_all_accounts_of_the_run(ground: Ground, asked: Callable[..., int]) -> None:
    journal = Journal.begin(ground.directory / "one.jsonl", {**IDS, "intruder": "740000000004"})
    journal.made(Made(IDS["owner"], "us-east-1", "iam.CreateRole", "one"))
    with pytest.raises(CommandError, match=r"had account 740000000004 as intruder, too\. Give INTRUDER= its profile\."):
        asked("--sweep")
    assert len(journal.standing()) == 1


def test_a_stack_with_the_runs_tag_is_swept_without_its_journal(ground: Ground, asked: Callable[..., int]) -> None:
    """And no other."""
    a_stack(ground.cloud, "lost", Tags=[{"Key": TAG, "Value": "x"}])
    theirs = a_stack(ground.cloud, "theirs")
    assert asked("--sweep") == ExitCode.OK
    standing = ground.what_stands()["consumer"]
    theirs()
    assert standing[0] == "theirs"
    assert "lost" not in standing
    assert ground.what_stands() == {}


def test_taking_away_goes_on_where_it_was_stopped(
    ground: Ground, role_of_stubborn: str, zipped: Callable[..., bytes]
) -> None:
    """A stack that cannot be deleted is forced; the table that it retains goes although the reader died in between."""
    cloud, place = ground.cloud, (IDS["owner"], "us-east-1")
    functions, stacks = cloud.client("lambda", "owner"), cloud.client("cloudformation", "owner")
    token = functions.create_function(
        FunctionName="stubborn",
        Role=role_of_stubborn,
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
def role_of_stubborn(ground: Ground) -> str:
    """The role of a function `stubborn`."""
    iam = ground.cloud.client("iam", "owner")
    made = iam.create_role(RoleName="stubborn", AssumeRolePolicyDocument=service_trust())
    return str(made["Role"]["Arn"])


def test_a_call_is_over_when_its_effect_is_there(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stacks, change sets, tables and functions have settled; what follows a change of IAM waits until it is old enough."""
    cloud, owner = ground.cloud, IDS["owner"]
    journal = Journal.begin(ground.directory / "one.jsonl", IDS)
    wire = Wire(StandIns({"333333333333": owner}), journal, cloud.client, lambda _: owner)
    wire.pause = 0.2
    looks = iter([True, True, False])
    monkeypatch.setattr("every_call._is_under_way", lambda *_: next(looks, False))
    monkeypatch.setattr("every_call._BETWEEN_LOOKS", 0)
    with wire.tapped():
        session = Session(*cloud.settings.administrators[owner], region_name="us-east-1")
        client = {name: session.client(name, endpoint_url=cloud.endpoint) for name in ("iam", "sts", "cloudformation")}
        client["iam"].create_role(RoleName="new", AssumeRolePolicyDocument=service_trust())
        began = time.monotonic()
        assert client["sts"].get_caller_identity()["Account"] == "333333333333"
        assert time.monotonic() - began > 0.15
        body = json.dumps(of(Topic={"Type": "AWS::SNS::Topic"}))
        given = {"StackName": "settles", "ChangeSetName": "one", "ChangeSetType": "CREATE", "TemplateBody": body}
        made = client["cloudformation"].create_change_set(**given)
        client["cloudformation"].execute_change_set(ChangeSetName=made["Id"])
        assert list(looks) == []
        client["cloudformation"].delete_stack(StackName="settles")
    assert {thing.operation for thing in journal.standing()} == {
        "iam.CreateRole",
        "cloudformation.CreateChangeSet",
        "sns.CreateTopic",  # which the stack might have left
    }
    assert clear(journal, cloud.client, lambda _: None) == {}
    assert ground.what_stands() == {}
