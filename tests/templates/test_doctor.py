"""`crossaccount doctor` finds nothing in an account as the templates make it, and each fault when one thing is broken."""

import copy
import json
import re
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from template_documents import CENTRAL, ROOT, resolved

from provider.cli.checkups.account import POLICIES, Function, Role, of_function, of_role
from provider.cli.checkups.expected import Place
from provider.cli.checkups.faults import KINDS, Fault
from provider.cli.main import run

PREFIX = "cross-account-permission"
AWS = "arn:aws-test"
NUMBER = "111111111111"
HERE = {"AWS::AccountId": NUMBER}
LOGICAL = {"provider": "ProviderRole", "grantor": "GrantorRole", "observer": "ObserverRole", "viewer": "ViewerRole"}
FOREIGN = {"Effect": "Allow", "Principal": {"AWS": f"{AWS}:iam::444444444444:root"}, "Action": "sts:AssumeRole"}


class NoSuchError(Exception):
    """What IAM and Lambda raise for what is not there."""


class Account:
    """IAM, Lambda and STS of one account whose parts are those of the templates, until a test breaks one."""

    region_name = "us-east-1"
    exceptions = SimpleNamespace(NoSuchEntityException=NoSuchError, ResourceNotFoundException=NoSuchError)

    def __init__(self) -> None:
        roles = resolved("account-roles.yaml", **HERE)
        self.roles = {name: copy.deepcopy(roles[logical]["Properties"]) for name, logical in LOGICAL.items()}
        self.attached: dict[str, list[str]] = {name: [] for name in LOGICAL}
        self.function: Any = copy.deepcopy(resolved("account-provider.yaml", **HERE)["ProviderFunction"]["Properties"])
        self.policy: Any = None

    def session(self, **_: Any) -> "Account":
        return self

    def client(self, *_: Any, **__: Any) -> "Account":
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": f"{AWS}:iam::{NUMBER}:user/x", "Account": NUMBER}

    def _named(self, name: str) -> str:
        short = name.removeprefix(f"{PREFIX}-")
        if short not in self.roles:
            raise NoSuchError
        return short

    def get_role(self, *, RoleName: str) -> Any:  # noqa: N803
        return {"Role": {"AssumeRolePolicyDocument": self.roles[self._named(RoleName)]["AssumeRolePolicyDocument"]}}

    def list_role_policies(self, *, RoleName: str) -> Any:  # noqa: N803
        return {"PolicyNames": [one["PolicyName"] for one in self.roles[self._named(RoleName)]["Policies"]]}

    def list_attached_role_policies(self, *, RoleName: str) -> Any:  # noqa: N803
        return {"AttachedPolicies": [{"PolicyArn": arn} for arn in self.attached[self._named(RoleName)]]}

    def get_function_configuration(self, **_: Any) -> Any:
        if self.function is None:
            raise NoSuchError
        return self.function

    def get_policy(self, **_: Any) -> Any:
        if self.policy is None:
            raise NoSuchError
        return {"Policy": json.dumps(self.policy)}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    made = Account()
    monkeypatch.setattr("boto3.Session", made.session)
    return made


def found(capsys: pytest.CaptureFixture[str], code: int = 1, *more: str) -> list[tuple[str, str]]:
    """The faults that the command finds, and where."""
    options = ["--central-account", CENTRAL, "--home-region", "us-east-1", "--output", "json"]
    assert run(["doctor", *options, *more]) == code
    return [(one["kind"], one["where"]) for one in json.loads(capsys.readouterr().out)]


def test_what_the_templates_make_has_no_fault(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(capsys, 0) == []
    assert run(["doctor", "--central-account", CENTRAL, "--home-region", "us-east-1"]) == 0
    assert capsys.readouterr().err == "The account is as it should be in us-east-1.\n"


@pytest.mark.parametrize("role", POLICIES)
def test_a_role_that_is_not_there(account: Account, role: str, capsys: pytest.CaptureFixture[str]) -> None:
    del account.roles[role]
    assert found(capsys) == [("RoleMissing", f"role {PREFIX}-{role}")]


@pytest.mark.parametrize("role", POLICIES)
def test_a_role_that_lets_others_in(account: Account, role: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By one statement more, or by a condition less."""
    account.roles[role]["AssumeRolePolicyDocument"]["Statement"].append(FOREIGN)
    assert found(capsys) == [("RoleInReach", f"role {PREFIX}-{role}")]


def test_a_grantor_without_its_condition(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    del account.roles["grantor"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
    assert found(capsys) == [("RoleInReach", f"role {PREFIX}-grantor")]


def test_a_role_that_lets_nobody_in(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.roles["grantor"]["AssumeRolePolicyDocument"]["Statement"] = []
    assert found(capsys) == [("RoleShut", f"role {PREFIX}-grantor")]


def _more(account: Account) -> None:
    account.roles["grantor"]["Policies"].append({"PolicyName": "Careless"})


def _attached(account: Account) -> None:
    account.attached["grantor"].append("arn:aws:iam::aws:policy/AdministratorAccess")


@pytest.mark.parametrize("widen", [_more, _attached])
def test_a_role_with_policies_that_are_not_ours(
    account: Account, widen: Callable[[Account], None], capsys: pytest.CaptureFixture[str]
) -> None:
    widen(account)
    assert found(capsys) == [("RoleWidened", f"role {PREFIX}-grantor")]


def test_a_role_of_an_earlier_version(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    account.roles["grantor"]["Policies"].pop()
    assert found(capsys) == [("RoleOutdated", f"role {PREFIX}-grantor")]


def _gone(account: Account) -> None:
    account.function = None


def _other_role(account: Account) -> None:
    account.function["Role"] = f"{AWS}:iam::{CENTRAL}:role/admin"


def _other_centre(account: Account) -> None:
    account.function["Environment"]["Variables"]["REQUEST_ROLE_ARN"] = f"{AWS}:iam::444444444444:role/x"


def _other_home(account: Account) -> None:
    account.function["Environment"]["Variables"]["HOME_REGION"] = "eu-west-1"


def _opened(account: Account) -> None:
    account.policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunction"}]}


@pytest.mark.parametrize(
    ("break_it", "kind"),
    [
        (_gone, "FunctionMissing"),
        (_other_role, "FunctionRole"),
        (_other_centre, "FunctionElsewhere"),
        (_other_home, "FunctionElsewhere"),
        (_opened, "FunctionInReach"),
    ],
)
def test_a_provider_function_that_is_broken(
    account: Account, break_it: Callable[[Account], None], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it(account)
    account.function = account.function and {"Environment": {"Variables": {}}, **account.function}
    assert found(capsys) == [(kind, f"function {PREFIX} in us-east-1")]


def test_the_roles_policies_are_those_of_the_template() -> None:
    """So that a policy more or less there is one here."""
    roles = resolved("account-roles.yaml")
    written = {
        name: frozenset(one["PolicyName"] for one in roles[logical]["Properties"]["Policies"])
        for name, logical in LOGICAL.items()
    }
    assert written == POLICIES


def test_every_fault_ends_with_its_remedy() -> None:
    """Also of an account that has nothing at all."""
    here = Place(CENTRAL, "aws", "us-east-1")
    for name in POLICIES:
        for role in (None, Role({"Statement": [FOREIGN]}, frozenset({"x"}))):
            assert_remedies(of_role(name, role, here, CENTRAL))
    for function in (None, Function("x", {}, {"Statement": [FOREIGN]})):
        assert_remedies(of_function(function, here, CENTRAL, "us-east-1"))


def assert_remedies(faults: Iterable[Fault]) -> None:
    for fault in faults:
        assert any(word in fault.what for word in ("Deploy ", "Run `", "take the statements out")), fault
        assert fault.what.endswith((".", ").")), fault


def test_what_may_not_be_read_is_unknown(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And not as it should be; the rest is looked at."""

    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")

    monkeypatch.setattr(account, "get_role", denied)
    account.function = None
    unknown = [("Unknown", f"role {PREFIX}-{role}") for role in POLICIES]
    assert found(capsys) == [("FunctionMissing", f"function {PREFIX} in us-east-1"), *unknown]


def test_each_region_that_is_named_is_looked_at(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    """The roles, which are the same in every Region, once."""
    account.function = None
    del account.roles["viewer"]
    assert found(capsys, 1, "--region", "us-east-1", "--region", "eu-west-1") == [
        ("RoleMissing", f"role {PREFIX}-viewer"),
        ("FunctionMissing", f"function {PREFIX} in us-east-1"),
        ("FunctionMissing", f"function {PREFIX} in eu-west-1"),
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--central-account", "12", "--home-region", "us-east-1"], "12 digits"),
        (["--home-region", "us-east-1"], "Give --central-account, or --centre"),
        (["--central-account", CENTRAL], "Give its --home-region"),
    ],
)
def test_what_is_not_told_is_asked_for(
    account: Account, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert account.region_name
    assert run(["doctor", *options]) == 2
    assert words in capsys.readouterr().err


def test_the_page_tells_every_kind_of_fault() -> None:
    """And none besides."""
    page = (
        (ROOT / "docs" / "command-line.md").read_text("utf-8").split("## Is it set up: `doctor`")[1].split("\n## ")[0]
    )
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told = [kind for cell in cells for kind in re.findall(r"`(\w+)`", cell)]
    assert sorted(told) == sorted(KINDS)


def test_credentials_that_have_expired_end_the_look(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing else would be told either; another refusal leaves one part unknown."""

    def refused(code: str) -> Callable[..., None]:
        def call(**_: Any) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetPolicy")

        return call

    monkeypatch.setattr(account, "get_policy", refused("ThrottlingException"))
    assert found(capsys) == [("Unknown", f"function {PREFIX} in us-east-1")]
    monkeypatch.setattr(account, "get_policy", refused("ExpiredToken"))
    assert run(["doctor", "--central-account", CENTRAL, "--home-region", "us-east-1"]) == 3
    assert "have expired" in capsys.readouterr().err
