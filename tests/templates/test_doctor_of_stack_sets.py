"""`crossaccount doctor` on the StackSets of an organization: whole ones have no fault, and each that is broken has its own.

The local cloud has no StackSets. What they answer here has the members of botocore's model of CloudFormation and Organizations
(docs/aws-behaviour.md §5, §7).
"""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from template_documents import FOLDER

from provider.cli.checkups.expected import parsed
from provider.cli.checkups.faults import examined
from provider.cli.checkups.stack_sets import checks
from provider.cli.main import run

MANAGEMENT, CENTRAL = "999999999999", "222222222222"
NAMES = ("account-roles", "account-provider")
TEXTS = {name: (FOLDER / f"{name}.yaml").read_text("utf-8") for name in NAMES}
UNITS = {"ou-ab12-bankbank": ["111111111111"], "ou-ab12-payments": ["333333333333", CENTRAL, MANAGEMENT]}
BELOW = {"ou-ab12-bankbank": ["ou-ab12-payments"], "ou-ab12-payments": []}


class StackSetNotFoundError(Exception):
    """What CloudFormation raises for a StackSet that is not there."""


class AdministratorTwin:
    """CloudFormation and Organizations as the account sees them that StackSets belong to."""

    exceptions = SimpleNamespace(StackSetNotFoundException=StackSetNotFoundError)

    def __init__(self) -> None:
        accounts = ("111111111111", "333333333333", CENTRAL)
        self.texts = dict(TEXTS)
        self.instances = {name: [_instance(account) for account in accounts] for name in NAMES}
        self.states: dict[str, str] = {}
        self.asked_as: set[str] = set()

    def client(self, _: str) -> "AdministratorTwin":
        return self

    def describe_organization(self) -> Any:
        return {"Organization": {"Id": "o-localcloud", "MasterAccountId": MANAGEMENT}}

    def describe_stack_set(self, *, StackSetName: str, CallAs: str) -> Any:  # noqa: N803
        self.asked_as.add(CallAs)
        name = StackSetName.removeprefix("cross-account-permission-")
        if name not in self.texts:
            raise StackSetNotFoundError
        return {"StackSet": {"TemplateBody": self.texts[name], "OrganizationalUnitIds": ["ou-ab12-bankbank"]}}

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=getattr(self, f"_{operation}"))

    def _list_stack_instances(self, *, StackSetName: str, CallAs: str) -> Iterator[Any]:  # noqa: N803
        self.asked_as.add(CallAs)
        for one in self.instances[StackSetName.removeprefix("cross-account-permission-")]:
            yield {"Summaries": [one]}  # a page each

    def _list_accounts_for_parent(self, *, ParentId: str) -> Iterator[Any]:  # noqa: N803
        yield {"Accounts": [{"Id": one, "State": self.states.get(one, "ACTIVE")} for one in UNITS[ParentId]]}

    def _list_organizational_units_for_parent(self, *, ParentId: str) -> Iterator[Any]:  # noqa: N803
        yield {"OrganizationalUnits": [{"Id": one} for one in BELOW[ParentId]]}


def _instance(account: str, status: str = "CURRENT", detail: str = "SUCCEEDED", reason: str = "") -> dict[str, Any]:
    told = {"Account": account, "Region": "eu-central-1", "Status": status, "StatusReason": reason}
    return {**told, "StackInstanceStatus": {"DetailedStatus": detail}}


@pytest.fixture
def twin() -> AdministratorTwin:
    return AdministratorTwin()


def found(twin: AdministratorTwin, account: str = CENTRAL) -> list[tuple[str, str]]:
    told = list(examined(checks(twin.client, account, {name: parsed(text) for name, text in TEXTS.items()})))
    assert all(one.what.endswith(".") for one in told)
    return [(one.kind, one.what) for one in told]


def test_stack_sets_as_they_are_deployed_have_no_fault(twin: AdministratorTwin) -> None:
    """As a delegated administrator sees them, or the management account, in which no StackSet deploys."""
    assert found(twin) == []
    assert twin.asked_as == {"DELEGATED_ADMIN"}
    twin.asked_as.clear()
    assert found(twin, MANAGEMENT) == []
    assert twin.asked_as == {"SELF"}


@pytest.mark.parametrize("name", NAMES)
def test_a_stack_set_that_is_not_there(twin: AdministratorTwin, name: str) -> None:
    del twin.texts[name]
    [(kind, _)] = found(twin)
    assert kind == "StackSetMissing"


@pytest.mark.parametrize("name", NAMES)
def test_a_stack_set_of_another_version(twin: AdministratorTwin, name: str) -> None:
    twin.texts[name] = f"{twin.texts[name]}\nMetadata: {{Version: before}}\n"
    assert [kind for kind, _ in found(twin)] == ["StackSetOutdated"]


@pytest.mark.parametrize(
    "behind",
    [
        _instance("333333333333", "OUTDATED", "FAILED", "Role exists already"),
        _instance("333333333333", "OUTDATED"),
        _instance("333333333333", "INOPERABLE", "INOPERABLE"),
        _instance("333333333333", "CURRENT", "CANCELLED"),
    ],
    ids=lambda one: f"{one['Status']}-{one['StackInstanceStatus']['DetailedStatus']}",
)
def test_an_account_whose_stack_is_not_as_the_stack_set_says(twin: AdministratorTwin, behind: dict[str, Any]) -> None:
    """Told by its account, Region, status and reason."""
    twin.instances["account-provider"][1] = behind
    [(kind, what)] = found(twin)
    assert kind == "StackSetBehind"
    assert "1 of its 3 stacks" in what
    assert "333333333333 in eu-central-1 (" in what
    assert (behind["StatusReason"] or "no reason is told") in what


@pytest.mark.parametrize("detail", ["PENDING", "RUNNING", "SKIPPED_SUSPENDED_ACCOUNT"])
def test_an_operation_under_way_is_no_fault(twin: AdministratorTwin, detail: str) -> None:
    twin.instances["account-roles"][0] = _instance("111111111111", "OUTDATED", detail)
    assert found(twin) == []


def test_an_account_of_the_units_that_has_no_roles(twin: AdministratorTwin) -> None:
    """Also of a unit below; a closed account needs none."""
    twin.instances["account-roles"].pop(1)
    [(kind, what)] = found(twin)
    assert (kind, "1 account has no roles: 333333333333." in what) == ("AccountsMissing", True)
    twin.states["333333333333"] = "SUSPENDED"
    assert found(twin) == []


def test_of_many_some_are_told(twin: AdministratorTwin) -> None:
    twin.instances["account-roles"] += [_instance(f"{number:012}", "OUTDATED", "FAILED") for number in range(3000)]
    [(_, what)] = found(twin)
    assert "and 2995 more" in what
    assert len(what) < 500


def test_what_the_profile_may_not_ask_is_unknown(twin: AdministratorTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delegated administrator of StackSets alone does not see the organization's units."""

    def denied(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListAccountsForParent")

    monkeypatch.setattr(twin, "_list_accounts_for_parent", denied)
    assert [kind for kind, _ in found(twin)] == ["Unknown"]


def test_stack_sets_are_looked_at_with_the_centre(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    options: Callable[..., list[str]] = lambda *more: ["doctor", "--stack-sets-profile", "management", *more]  # noqa: E731
    assert run(options("--central-account", CENTRAL, "--home-region", "eu-central-1")) == 2
    assert "Give --centre" in capsys.readouterr().err
