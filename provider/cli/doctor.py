"""`crossaccount doctor`: whether this system's parts in an account are all there, as they should be, and out of others' reach."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import boto3
import click
from botocore.exceptions import NoRegionError

from provider.cli.checkups import POLICIES, PREFIX, AccountState, FunctionState, RoleState, faults
from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import OUTPUT
from provider.cli.tables import show
from provider.core.identifiers import ACCOUNT

_COLUMNS = {"kind": "FAULT", "where": "WHERE", "what": "WHAT"}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount doctor --central-account 222222222222 --home-region eu-central-1 --profile payments\n"
    "  crossaccount doctor --central-account 222222222222 --home-region eu-central-1 --region us-east-1 --output json\n"
)
@click.option(
    "--central-account",
    envvar="CROSSACCOUNT_CENTRAL_ACCOUNT",
    metavar="ID",
    required=True,
    help="Id of the central account that the account's parts are to belong to.",
)
@click.option("--home-region", required=True, help="The centre's home Region.")
@click.option("--profile", help="AWS profile of the account that is looked at; your default one unless told.")
@click.option("--region", help="Region whose provider function is looked at; the profile's unless told.")
@OUTPUT
def command(central_account: str, home_region: str, profile: str | None, region: str | None, output: str) -> None:
    """Look at the roles and the provider function of an account: what is missing, changed, old, or in reach of others.

    It reads by iam:GetRole, iam:ListRolePolicies, iam:ListAttachedRolePolicies, lambda:GetFunctionConfiguration and
    lambda:GetPolicy, and changes nothing. Exit code 1: there is a fault.
    """
    if ACCOUNT.fullmatch(central_account) is None:
        raise click.UsageError(f"{central_account!r} is no account id. Give --central-account 12 digits.")
    session = boto3.Session(profile_name=profile, region_name=region)
    if session.region_name is None:
        raise NoRegionError
    identity = session.client("sts").get_caller_identity()
    iam = session.client("iam")
    roles = {name: role for name in POLICIES if (role := _role(iam, f"{PREFIX}-{name}"))}
    function = _function(session.client("lambda"))
    partition = identity["Arn"].split(":")[1]
    state = AccountState(identity["Account"], partition, session.region_name, roles, function)
    found = list(faults(state, central_account, home_region))
    show(found, _COLUMNS, output, f"Account {state.account} is as it should be in {state.region}.")
    if found:
        number = f"{len(found)} {'fault' if len(found) == 1 else 'faults'}"
        raise CommandError(f"{number}. Each line ends with what to do.", ExitCode.NEGATIVE)


def _role(iam: Any, name: str) -> RoleState | None:
    try:
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        return None
    inline = frozenset(iam.list_role_policies(RoleName=name)["PolicyNames"])
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return RoleState(_document(trust), inline, tuple(one["PolicyArn"] for one in attached))


def _document(found: Any) -> Mapping[str, Any]:
    """A policy as boto3 has it, or as IAM sends it (docs/aws-behaviour.md §4)."""
    document: Mapping[str, Any] = json.loads(unquote(found)) if isinstance(found, str) else found
    return document


def _function(client: Any) -> FunctionState | None:
    try:
        found = client.get_function_configuration(FunctionName=PREFIX)
    except client.exceptions.ResourceNotFoundException:
        return None
    try:
        policy = json.loads(client.get_policy(FunctionName=PREFIX)["Policy"])
    except client.exceptions.ResourceNotFoundException:
        policy = None
    return FunctionState(found["Role"], found.get("Environment", {}).get("Variables", {}), policy)
