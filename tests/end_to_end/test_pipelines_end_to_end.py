"""Pipelines and stacks ask side by side: `request` and `withdraw` through IAM and the real zips, and what stands in policies."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from identities import Someone, a_name, allow, become, make_role
from rolled_out import TEMPLATES, Organization

from provider.cli.errors import ExitCode
from provider.cli.main import run
from provider.cli.organization import ACCOUNTS

CONSUMER, OWNER = ACCOUNTS["consumer"], ACCOUNTS["owner"]
WISH = TEMPLATES / "wish.yaml"
Crossaccount = Callable[..., dict[str, Any]]


@pytest.fixture
def crossaccount(
    org: Organization, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Crossaccount:
    """The command line with the profiles of the local cloud: what it answers, or the code it ends with and why."""
    for name, value in org.cloud.environment("consumer").items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def call(*arguments: str) -> dict[str, Any]:
        capsys.readouterr()
        code = run([*arguments, "--output", "json"])
        printed = capsys.readouterr()
        return dict(json.loads(printed.out)) if code == ExitCode.OK else {"Code": code, "Said": printed.err}

    return call


def ask(name: str, target: str, *principals: str, kind: str = "InvokeFunction") -> list[str]:
    """The arguments of a request by a pipeline."""
    named = [f"--property=Principals={each}" for each in principals]
    return ["request", name, "--target", target, "--grant-type", kind, *named]


def role(name: str) -> str:
    """A role of the consumer's."""
    return f"arn:aws:iam::{CONSUMER}:role/{name}"


@pytest.fixture
def function(org: Organization) -> tuple[str, str]:
    """A published function: its ARN and the target's name."""
    arn = org.function()
    return arn, org.publish(arn, GrantTypes="InvokeFunction")[1]


def let_in(org: Organization, arn: str) -> set[str]:
    """The roles and accounts that our statements let invoke a function."""
    found: set[str] = set()
    for one in (org.policy(arn) or {"Statement": []})["Statement"]:
        named = one.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn", one["Principal"]["AWS"])
        found |= {named} if isinstance(named, str) else set(named)
    return found


def test_a_pipeline_is_granted_what_it_asks_and_asking_again_changes_nothing(
    org: Organization, function: tuple[str, str], crossaccount: Crossaccount
) -> None:
    arn, target = function
    name = a_name("caller")
    caller = become(org.cloud, make_role(org.cloud, "consumer", allow("lambda:InvokeFunction"), name=name))
    first = crossaccount(*ask("Permission", target, role(name)))
    assert (first["Status"], first["Data"]["TargetArn"]) == ("SUCCESS", arn)
    assert caller.client("lambda").invoke(FunctionName=arn)["StatusCode"] == 200
    policy = org.policy(arn)
    assert crossaccount(*ask("Permission", target, role(name))) == first
    assert org.policy(arn) == policy
    assert crossaccount("withdraw", "Permission")["Status"] == "SUCCESS"
    assert org.policy(arn) is None
    assert crossaccount("withdraw", "Permission")["Status"] == "SUCCESS"


def test_a_changed_request_replaces_without_a_gap(
    org: Organization, function: tuple[str, str], crossaccount: Crossaccount
) -> None:
    """Somebody watches the policy all the while: the old or the new stands at every moment."""
    arn, target = function
    crossaccount(*ask("Permission", target, role("old")))
    seen: list[set[str]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.append(let_in(org, arn))

    watcher = threading.Thread(target=watch)
    watcher.start()
    changed = crossaccount(*ask("Permission", target, role("new")))
    over.set()
    watcher.join()
    assert changed["Status"] == "SUCCESS"
    assert {frozenset(one) for one in seen} >= {frozenset({role("old")}), frozenset({role("new")})}
    assert set() not in seen
    assert let_in(org, arn) == {role("new")}
    crossaccount("withdraw", "Permission")


def test_a_refused_change_leaves_what_stands(
    org: Organization, function: tuple[str, str], crossaccount: Crossaccount
) -> None:
    arn, target = function
    crossaccount(*ask("Permission", target, role("old")))
    refused = crossaccount(*ask("Permission", target, f"arn:aws:iam::{OWNER}:role/theirs"))
    assert refused["Code"] == ExitCode.REFUSED
    assert "Principals[0]" in refused["Said"]
    assert crossaccount(*ask("Permission", target, kind="Authorizer"))["Code"] == ExitCode.REFUSED
    assert let_in(org, arn) == {role("old")}
    crossaccount("withdraw", "Permission")


def test_a_change_that_only_the_policy_can_refuse_leaves_what_stands(
    org: Organization, stack: str, crossaccount: Crossaccount
) -> None:
    """Not known before the API is looked at: by then the old must not have been given up."""
    api = org.deploy("owner", stack, TEMPLATES / "rest-api.yaml", Name=stack, Accounts=CONSUMER)
    gateway = org.cloud.client("apigateway", "owner")
    crossaccount(*ask("Permission", api["Name"], role("old"), kind="ExecuteApi"))
    before = gateway.get_rest_api(restApiId=api["ApiId"])["policy"]
    changed = ask("Permission", api["Name"], role("new"), kind="ExecuteApi")
    refused = crossaccount(*changed, "--property", "VpcEndpointIds=vpce-0123456789abcdef0")
    assert refused["Code"] == ExitCode.REFUSED
    assert "VpcEndpointIds are of private APIs only" in refused["Said"]
    assert gateway.get_rest_api(restApiId=api["ApiId"])["policy"] == before
    crossaccount("withdraw", "Permission")
    assert "policy" not in gateway.get_rest_api(restApiId=api["ApiId"])


def test_a_move_to_another_target_has_no_gap_either(
    org: Organization, function: tuple[str, str], crossaccount: Crossaccount
) -> None:
    """One of the two policies lets the role in at every moment; the names of both ARNs sort both ways, to and fro."""
    there, target = function
    here = org.function()
    _, other = org.publish(here, GrantTypes="InvokeFunction")
    crossaccount(*ask("Permission", target, role("mover")))
    for to, gone, left in ((other, there, here), (target, here, there)):
        seen: list[bool] = []
        over = threading.Event()

        def watch(old: str = gone, new: str = left, over: threading.Event = over, seen: list[bool] = seen) -> None:
            while not over.is_set():
                # The old one first: between the two looks it may go, when the new one stands.
                seen.append(bool(let_in(org, old) or let_in(org, new)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert crossaccount(*ask("Permission", to, role("mover")))["Data"]["TargetArn"] == left
        over.set()
        watcher.join()
        assert all(seen)
        assert let_in(org, left) == {role("mover")}
        assert is_closed(org, gone)
    crossaccount("withdraw", "Permission")


def is_closed(org: Organization, arn: str) -> bool:
    """Whether nobody is let in any more, within what a pass takes: what is given up is recorded with the answer, and goes after it."""
    deadline = time.monotonic() + 30
    while let_in(org, arn) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not let_in(org, arn)


def test_what_was_withdrawn_is_granted_again_at_once(
    org: Organization, function: tuple[str, str], crossaccount: Crossaccount
) -> None:
    """Within one second, if it were not that a withdrawal ends with its own."""
    arn, target = function
    for _ in range(3):
        assert crossaccount(*ask("Permission", target))["Status"] == "SUCCESS"
        assert let_in(org, arn) == {f"arn:aws:iam::{CONSUMER}:root"}
        assert crossaccount("withdraw", "Permission")["Status"] == "SUCCESS"
        assert org.policy(arn) is None


def test_stacks_and_pipelines_leave_each_other_s_alone(
    org: Organization, function: tuple[str, str], stack: str, crossaccount: Crossaccount
) -> None:
    """Under the same logical id, and asking the same; two pipelines as well."""
    arn, target = function
    org.deploy("consumer", stack, WISH, Target=target, GrantType="InvokeFunction", Principals=role("shared"))
    one, two = ["--pipeline", "one"], ["--pipeline", "two"]
    assert crossaccount(*ask("Permission", target, role("shared"), role("one")), *one)["Status"] == "SUCCESS"
    assert crossaccount(*ask("Permission", target, role("shared"), role("two")), *two)["Status"] == "SUCCESS"
    assert let_in(org, arn) == {role("shared"), role("one"), role("two")}
    crossaccount("withdraw", "Permission", *one)
    assert let_in(org, arn) == {role("shared"), role("two")}
    org.delete("consumer", stack)
    assert let_in(org, arn) == {role("shared"), role("two")}
    crossaccount("withdraw", "Permission", *two)
    assert org.policy(arn) is None


def test_a_pipeline_publishes_a_target_and_keeps_it_while_it_has_consumers(
    org: Organization, crossaccount: Crossaccount, tmp_path: Path
) -> None:
    arn, name = org.function(), a_name("t")
    file = tmp_path / "target.yaml"
    file.write_text(
        f"Name: {name}\nFunctionArn: {arn}\nAllowedGrantTypes: [InvokeFunction]\nAllowedAccounts: [{CONSUMER}]\n"
    )
    publish = ["request", "Function", "--type", "target", "--properties", str(file), "--profile", "owner"]
    published = crossaccount(*publish)
    assert published["Data"] == {"Name": f"{OWNER}/{name}", "TargetArn": arn, "TargetArns": [arn]}
    looked_up = crossaccount("request", "Lookup", "--type", "lookup", "--target", f"{OWNER}/{name}")
    assert looked_up["Data"]["TargetArn"] == arn
    crossaccount(*ask("Permission", f"{OWNER}/{name}"))
    refused = crossaccount("withdraw", "Function", "--profile", "owner")
    assert refused["Code"] == ExitCode.REFUSED
    assert "still has 1 grant" in refused["Said"]
    assert let_in(org, arn) == {f"arn:aws:iam::{CONSUMER}:root"}
    crossaccount("withdraw", "Permission")
    assert crossaccount("withdraw", "Function", "--profile", "owner")["Status"] == "SUCCESS"
    assert crossaccount(*ask("Permission", f"{OWNER}/{name}"))["Code"] == ExitCode.REFUSED


def test_an_account_that_its_owner_does_not_allow_is_refused_with_the_reason(
    org: Organization, function: tuple[str, str], crossaccount: Crossaccount
) -> None:
    arn, target = function
    refused = crossaccount(*ask("Permission", target), "--profile", "intruder")
    assert refused["Code"] == ExitCode.REFUSED
    assert f"Account {ACCOUNTS['intruder']} is not allowed" in refused["Said"]
    assert org.policy(arn) is None


def test_a_region_without_a_provider_function_is_named_with_a_remedy(crossaccount: Crossaccount) -> None:
    refused = crossaccount(*ask("Permission", "333333333333/x"), "--region", "eu-central-1")
    assert refused["Code"] == ExitCode.REFUSED
    assert "account 111111111111, Region eu-central-1. Deploy templates/account-provider.yaml" in refused["Said"]


def test_the_pipeline_needs_no_other_permission_than_to_invoke_the_function(
    org: Organization, function: tuple[str, str], crossaccount: Crossaccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even for who it is. Without that one it is refused, and the sentence says what was."""
    arn, target = function
    provider = f"arn:aws:lambda:us-east-1:{CONSUMER}:function:cross-account-permission"
    for statements, code in (([allow("lambda:InvokeFunction", provider)], None), ([], ExitCode.REFUSED)):
        job = become(org.cloud, make_role(org.cloud, "consumer", *statements))
        as_job(monkeypatch, job)
        answer = crossaccount(*ask("Permission", target))
        assert answer.get("Code") == code, answer
    assert "AWS denied Invoke" in answer["Said"]
    assert let_in(org, arn) == {f"arn:aws:iam::{CONSUMER}:root"}


def as_job(monkeypatch: pytest.MonkeyPatch, job: Someone) -> None:
    """The credentials as a CI system hands them to a job: in its environment."""
    found = job.session.get_credentials().get_frozen_credentials()
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", job.endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name, value in (("ACCESS_KEY_ID", found.access_key), ("SECRET_ACCESS_KEY", found.secret_key)):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SESSION_TOKEN", found.token)


def test_what_a_pipeline_asks_under_several_names_stands_together(
    org: Organization,
    function: tuple[str, str],
    crossaccount: Crossaccount,
    record_property: Callable[[str, object], None],
) -> None:
    """Each is an invocation and an answer; the figure is of the local cloud."""
    arn, target = function
    began = time.monotonic()
    for number in range(5):
        assert crossaccount(*ask(f"Permission{number}", target, role(f"r{number}")))["Status"] == "SUCCESS"
    record_property("summary", f"a pipeline's request takes {(time.monotonic() - began) / 5:.2f} s on the local cloud")
    assert let_in(org, arn) == {role(f"r{number}") for number in range(5)}
