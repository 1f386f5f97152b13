"""`call` with the centre's ledger: of each permission that is not in force it says why, from a ledger that it only reads."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from identities import Someone, a_name, allow, become, make_role
from rolled_out import EXAMPLES, TEMPLATES, Organization

from provider.cli.errors import ExitCode
from provider.cli.main import run
from provider.cli.organization import ACCOUNTS
from provider.rollout.stacks import StackFailed

CONSUMER = ACCOUNTS["consumer"]
WISH, REST_API = TEMPLATES / "wish.yaml", TEMPLATES / "rest-api.yaml"


@dataclass(frozen=True)
class Shop:
    """A REST API of the owner's, a role of the consumer's that would call it, and the command that does."""

    org: Organization
    owner: str
    api: str
    target: str
    role: str
    call: Callable[..., tuple[int, str]]

    @property
    def url(self) -> str:
        return f"https://{self.api}.execute-api.us-east-1.amazonaws.com/prod/orders"

    def ask(self, stack: str, **more: str) -> None:
        self.org.deploy("consumer", stack, WISH, Target=self.target, GrantType="ExecuteApi", **more)

    def publish(self, **more: str) -> None:
        """The owner's stack anew, with these parameters."""
        self.org.deploy("owner", self.owner, REST_API, Name=self.owner, **{"Accounts": CONSUMER, **more})


@pytest.fixture
def called(
    org: Organization, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """`crossaccount call` by the profiles of the local cloud: how it ends, and what it says on stderr."""
    for name, value in org.cloud.environment("consumer").items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    def call(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        return run(["call", *arguments]), capsys.readouterr().err

    return call


def shop_of(org: Organization, called: Callable[..., tuple[int, str]], **more: str) -> Shop:
    name = a_name("shop")
    made = org.deploy("owner", name, REST_API, Name=name, Accounts=CONSUMER, **more)
    trusting = [{"Effect": "Allow", "Principal": {"AWS": CONSUMER}, "Action": "sts:AssumeRole"}]
    role = make_role(org.cloud, "consumer", allow("execute-api:Invoke"), trusting=trusting, name=a_name("buyer"))

    def call(*options: str) -> tuple[int, str]:
        url = f"https://{made['ApiId']}.execute-api.us-east-1.amazonaws.com/prod/orders"
        return called(url, "--role-arn", role, "--central-profile", "central", *options)

    return Shop(org, name, made["ApiId"], made["Name"], role, call)


@pytest.fixture
def shop(org: Organization, called: Callable[..., tuple[int, str]]) -> Shop:
    return shop_of(org, called)


def test_a_permission_in_force_lets_the_call_through(shop: Shop, stack: str) -> None:
    shop.ask(stack, Principals=shop.role)
    assert shop.call() == (ExitCode.OK, "")
    shop.org.delete("consumer", stack)
    code, said = shop.call()
    assert code == ExitCode.NEGATIVE
    assert f"Account {CONSUMER} has no permission on target {shop.target}." in said


@pytest.mark.parametrize(
    ("given", "options", "words"),
    [
        ({"Principals": f"arn:aws:iam::{CONSUMER}:role/other"}, [], "see its Principals"),
        ({"Methods": "POST"}, [], "does not cover GET /orders of arn:aws:"),
        ({"Paths": "/other/*"}, [], "see its Paths"),
    ],
)
def test_a_permission_that_does_not_cover_the_call_says_by_what(
    shop: Shop, stack: str, given: dict[str, str], options: list[str], words: str
) -> None:
    shop.ask(stack, **given)
    code, said = shop.call(*options)
    assert code == ExitCode.NEGATIVE
    assert words in said


def test_a_permission_that_no_deployment_has_taken_up(
    org: Organization, called: Callable[..., tuple[int, str]], stack: str
) -> None:
    """Until its owner deploys, which the call then shows."""
    shop = shop_of(org, called, Redeploy="false")
    shop.ask(stack)
    code, said = shop.call()
    assert code == ExitCode.NEGATIVE
    assert (
        "is written into the API's policy, but stage prod was not deployed since. Have the API's owner deploy" in said
    )
    org.cloud.forget_deployments()
    org.cloud.client("apigateway", "owner").create_deployment(restApiId=shop.api, stageName="prod")
    assert shop.call() == (ExitCode.OK, "")


def test_a_permission_that_its_owner_has_suspended(shop: Shop, stack: str) -> None:
    shop.ask(stack)
    shop.publish(Accounts=ACCOUNTS["intruder"])
    code, said = shop.call()
    assert code == ExitCode.NEGATIVE
    assert f"is suspended: target {shop.target} does not offer it to this account at present." in said
    shop.publish()
    assert shop.call() == (ExitCode.OK, "")


def test_a_permission_of_an_account_in_quarantine(shop: Shop, stack: str) -> None:
    """Until it is lifted; that others of the organization are not is seen elsewhere."""
    shop.ask(stack)
    try:
        assert run(["quarantine", CONSUMER, "--reason", "a test", "--profile", "central"]) == ExitCode.OK
        settle(shop)
        code, said = shop.call()
    finally:
        assert run(["quarantine", "--lift", CONSUMER, "--profile", "central"]) == ExitCode.OK
    assert code == ExitCode.NEGATIVE
    assert f"is suspended, as all that account {CONSUMER} holds: it is in quarantine." in said
    settle(shop)
    assert shop.call() == (ExitCode.OK, "")


def settle(shop: Shop) -> None:
    """Let the controller do what is due, as the schedule does within a minute."""
    for _ in range(3):
        shop.org.cloud.client("lambda", "central").invoke(
            FunctionName="cross-account-permission-controller", Payload="{}"
        )
        shop.org.cloud.forget_deployments()


def test_a_permission_whose_time_is_over(shop: Shop, stack: str) -> None:
    """Seen by the ledger's word alone, whenever the schedule takes it out of the policy."""
    ends = datetime.now(UTC) + timedelta(seconds=8)
    shop.ask(stack, ExpiresAt=ends.strftime("%Y-%m-%dT%H:%M:%SZ"))
    controller = shop.org.cloud.client("lambda", "central")
    code, said = shop.call()
    for _ in range(60):
        if code != ExitCode.OK:
            break
        controller.invoke(FunctionName="cross-account-permission-controller", Payload="{}")  # as the schedule does
        code, said = shop.call()
    assert code == ExitCode.NEGATIVE
    assert f"ended by itself at {ends.strftime('%Y-%m-%dT%H:%M:%SZ')}. Ask again with a later ExpiresAt." in said


def test_an_api_that_nobody_has_published(
    org: Organization, called: Callable[..., tuple[int, str]], shop: Shop
) -> None:
    gateway = org.cloud.client("apigateway", "owner")
    rest = gateway.create_rest_api(name="unpublished")
    where = {"restApiId": rest["id"], "resourceId": rest["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="AWS_IAM")
    gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    org.cloud.forget_deployments()
    gateway.create_deployment(restApiId=rest["id"], stageName="prod")
    url = f"https://{rest['id']}.execute-api.us-east-1.amazonaws.com/prod/"
    code, said = called(url, "--role-arn", shop.role, "--central-profile", "central")
    assert code == ExitCode.NEGATIVE
    assert f"nobody has published stage prod of API {rest['id']} as a target" in said


def test_a_policy_that_somebody_has_overwritten(shop: Shop, stack: str) -> None:
    """By the ledger all is well; the sentence says where to look."""
    shop.ask(stack)
    assert shop.call() == (ExitCode.OK, "")
    gateway = shop.org.cloud.client("apigateway", "owner")
    gateway.update_rest_api(restApiId=shop.api, patchOperations=[{"op": "replace", "path": "/policy", "value": ""}])
    shop.org.cloud.forget_deployments()
    gateway.create_deployment(restApiId=shop.api, stageName="prod")
    code, said = shop.call()
    assert code == ExitCode.NEGATIVE
    assert "covers this call and is in force by the ledger, but the deployed policy is without it." in said


def test_an_authorizer_s_missing_permission_is_told_from_a_function_that_fails(
    org: Organization, called: Callable[..., tuple[int, str]], stack: str
) -> None:
    """Both are 500, and the API's own account sees no difference."""
    _, target = org.publish(org.function())
    made = org.deploy("consumer", stack, EXAMPLES / "orders-api.yaml", Target=target)
    options = ["--unsigned", "--header", "Authorization=Bearer demo-token", "--central-profile", "central"]
    code, said = called(made["OrdersUrl"], *options)
    assert code == ExitCode.NEGATIVE  # the test's function answers what no REST API understands
    assert f"{made['GrantId']} on target {target} is in force), so the function itself failed." in said
    other = org.cloud.client("apigateway", "consumer")
    uri = other.get_authorizers(restApiId=made["ApiId"])["items"][0]["authorizerUri"]
    lonely = lonely_api(org, uri)
    code, said = called(f"https://{lonely}.execute-api.us-east-1.amazonaws.com/live/", *options)
    assert code == ExitCode.NEGATIVE
    assert f"could not use the authorizer of API {lonely}, for which nobody has a permission." in said


def lonely_api(org: Organization, uri: str) -> str:
    """An API of the consumer's with that authorizer, for which nobody has asked."""
    gateway = org.cloud.client("apigateway", "consumer")
    rest = gateway.create_rest_api(name=f"lonely-{secrets.token_hex(4)}")
    made = gateway.create_authorizer(
        restApiId=rest["id"],
        name="a",
        type="REQUEST",
        authorizerUri=uri,
        identitySource="method.request.header.Authorization",
        authorizerResultTtlInSeconds=0,
    )["id"]
    where = {"restApiId": rest["id"], "resourceId": rest["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="CUSTOM", authorizerId=made)
    gateway.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    org.cloud.forget_deployments()
    gateway.create_deployment(restApiId=rest["id"], stageName="live")
    return str(rest["id"])


@pytest.fixture
def reader(org: Organization) -> Someone:
    """A session of a role of the central account that may read the ledger and nothing else."""
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNTS['central']}:table/cross-account-permission-grants"
    reading = allow(["dynamodb:GetItem", "dynamodb:Query"], [table, f"{table}/index/due"])
    return become(org.cloud, make_role(org.cloud, "central", reading))


def test_whoever_may_only_read_the_ledger_is_told_as_much(
    org: Organization, shop: Shop, reader: Someone, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    found = reader.session.get_credentials().get_frozen_credentials()
    keys = f"aws_access_key_id = {found.access_key}\naws_secret_access_key = {found.secret_key}\n"
    profile = f"[reader]\n{keys}aws_session_token = {found.token}\n"
    credentials, config = tmp_path / "credentials", tmp_path / "config"
    credentials.write_text(f"{org.cloud.credentials_file.read_text()}\n{profile}")
    settings = f"region = us-east-1\nendpoint_url = {org.cloud.endpoint}\n"
    config.write_text(f"{org.cloud.config_file.read_text()}\n[profile reader]\n{settings}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    code, said = shop.call("--central-profile", "reader")
    assert code == ExitCode.NEGATIVE
    assert "has no permission on target" in said


def test_an_account_without_the_ledger_is_named_with_a_remedy(shop: Shop) -> None:
    code, said = shop.call("--central-profile", "owner")
    assert code == ExitCode.REFUSED
    assert (
        "There is no table cross-account-permission-grants in us-east-1. Name a profile of the central account" in said
    )


def test_without_the_central_profile_the_ledger_is_not_asked(
    shop: Shop, called: Callable[..., tuple[int, str]]
) -> None:
    code, said = called(shop.url, "--role-arn", shop.role)
    assert code == ExitCode.NEGATIVE
    assert "--central-profile tells which of the two is missing" in said


def test_a_stack_that_asks_in_vain_is_told_by_its_own_reason(shop: Shop, stack: str) -> None:
    """The call then says what the ledger has: nothing was granted."""
    with pytest.raises(StackFailed, match="StageName 'beta' is not published"):
        shop.ask(stack, StageName="beta")
    code, said = shop.call()
    assert code == ExitCode.NEGATIVE
    assert "has no permission on target" in said
