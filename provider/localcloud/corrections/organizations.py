"""The organization: one, whose members and management account the cloud's settings name."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from provider.localcloud import settings
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_TEST = "tests/localcloud/test_organizations.py"
_ROOT = "r-root"
_OF_EVERY_MEMBER = {"DescribeOrganization"}

_Answer = tuple[int, dict[str, str], bytes]
_Handler = Callable[..., Awaitable[_Answer]]


def apply() -> None:
    """Replace the base's one organization per account."""
    require(
        "services.organizations",
        "_orgs",
        "_roots",
        "_ous",
        "_accounts",
        "_policies",
        "_attachments",
        "_describe_account",
    )
    supplant("services.organizations", "_ensure_org", lambda _: _ensure)
    supplant("services.organizations", "handle_request", _for_members)


def organization_of(account: str | None) -> str | None:
    """The id of the organization that an account belongs to; None for one outside."""
    told = settings.current()
    return told.organization if account in told.accounts.values() else None


@behaviour(
    call="organizations:DescribeOrganization",
    expected="every member sees the one organization; another account gets AWSOrganizationsNotInUseException",
    source="AWS Organizations API Reference, DescribeOrganization",
    test=f"{_TEST}::test_every_member_sees_the_organization",
)
@behaviour(
    call="organizations:ListAccounts",
    expected="only the management account lists and describes accounts; a member gets AccessDeniedException",
    source="AWS Organizations API Reference, ListAccounts",
    test=f"{_TEST}::test_only_the_management_account_lists_accounts",
)
@behaviour(
    call="organizations:CloseAccount",
    expected="a closed account is SUSPENDED, in State and in Status; one that is no member is AccountNotFoundException",
    source="AWS Organizations API Reference, CloseAccount, DescribeAccount; docs/aws-behaviour.md §7",
    test=f"{_TEST}::test_a_closed_account_is_suspended_and_an_unknown_one_not_found",
)
@behaviour(
    call="organizations:DescribeAccount",
    expected="Paths leads from the organization over root and units to the account, wherever it was moved",
    source="AWS Organizations API Reference, Account",
    test=f"{_TEST}::test_an_account_is_told_with_its_path",
)
def _for_members(old: _Handler) -> _Handler:
    responses = part("core.responses")

    async def handle(method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any) -> _Answer:
        account, told = responses.get_account_id(), settings.current()
        if organization_of(account) is None:
            return _refusal("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
        operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        if account != told.management_account and operation not in _OF_EVERY_MEMBER:
            return _refusal("AccessDeniedException", "You don't have permissions to access this resource.")
        with responses.request_scope(told.management_account, responses.get_region()):
            answer = await old(method, path, headers, body, query)
            _as_states()
            return answer

    return handle


def _as_states() -> None:
    """The base changes an account's Status, which State has taken the place of, and its parent, which its path follows from."""
    store = part("services.organizations")
    accounts = store._accounts  # noqa: SLF001 - the base's store
    for number, account in list(accounts.items()):
        told = {"State": account["Status"], "Paths": [_path(number, account["_ParentId"], store._ous)]}  # noqa: SLF001
        if any(account.get(name) != value for name, value in told.items()):
            accounts[number] = {**account, **told}


def _path(account: str, parent: str, units: Mapping[str, Mapping[str, Any]]) -> str:
    """`<organization>/<root>/<units>/<account>/`, from the top."""
    on_it = [account]
    while parent != _ROOT:
        on_it.insert(0, parent)
        parent = str(units[parent]["_ParentId"])
    return "/".join([settings.current().organization, _ROOT, *on_it, ""])


def _refusal(code: str, message: str) -> _Answer:
    body = json.dumps({"__type": code, "Message": message, "message": message}).encode()
    return 400, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, body


def _ensure() -> None:
    """Fill the management account's stores, in whose scope every request is answered, once."""
    store = part("services.organizations")
    if "self" in store._orgs:  # noqa: SLF001 - the base's stores
        return
    told = settings.current()
    store._orgs["self"] = _organization(told)  # noqa: SLF001
    store._roots[_ROOT] = {  # noqa: SLF001
        "Id": _ROOT,
        "Arn": f"arn:aws:organizations::{told.management_account}:root/{told.organization}/{_ROOT}",
        "Name": "Root",
        "PolicyTypes": [],
    }
    for name, account in told.accounts.items():
        store._accounts[account] = _account(name, account, told)  # noqa: SLF001


def _organization(told: settings.Settings) -> dict[str, Any]:
    management = told.management_account
    return {
        "Id": told.organization,
        "Arn": f"arn:aws:organizations::{management}:organization/{told.organization}",
        "FeatureSet": "ALL",
        "MasterAccountArn": _account_arn(management, told),
        "MasterAccountId": management,
        "MasterAccountEmail": f"{management}@example.com",
        "AvailablePolicyTypes": [],
    }


def _account(name: str, account: str, told: settings.Settings) -> dict[str, Any]:
    return {
        "Id": account,
        "Arn": _account_arn(account, told),
        "Email": f"{account}@example.com",
        "Name": name,
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": 0,
        "Paths": [_path(account, _ROOT, {})],
        "_ParentId": _ROOT,
    }


def _account_arn(account: str, told: settings.Settings) -> str:
    return f"arn:aws:organizations::{told.management_account}:account/{told.organization}/{account}"
