"""`crossaccount explain`: whether a use of a target would be allowed, by which statement, and what is missing on which side."""

import json
from dataclasses import asdict, replace
from typing import Any

import boto3
import click

from provider.calling.explaining import Simulated, Sought, Step, Use, asked_of_iam, explained, verdict
from provider.calling.standing import Caller
from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import CENTRAL, OUTPUT, READER, REGION, centre_of, seen
from provider.cli.reading import Sight
from provider.cli.tables import show
from provider.core.identifiers import ACCOUNT, AccountId, Target
from provider.core.records import TargetView
from provider.core.specifications import GrantType

_COLUMNS = {"part": "PART", "found": "STATE", "what": "WHAT"}


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount explain 111111111111 333333333333/token-service --profile auditor\n"
    "  crossaccount explain arn:aws:iam::111111111111:role/buyer 333333333333/orders --type ExecuteApi \\\n"
    "    --method GET --path /orders --profile auditor --caller-profile buyer\n"
    "  crossaccount explain 111111111111 333333333333/token-service --api a1b2c3d4e5 \\\n"
    "    --central-account 222222222222 --region eu-central-1 --profile payments\n"
)
@click.argument("consumer", metavar="ACCOUNT|ARN")
@click.argument("target", metavar="[ID/]NAME")
@click.option("--environment", default="default", show_default=True, help="The target's environment.")
@click.option("--type", "grant_type", type=click.Choice([one.value for one in GrantType]), help="As what it is used.")
@click.option("--api", default="", help="The API whose authorizer it would be.")
@click.option("--method", default="", help="HTTP method of the call of a REST API.")
@click.option("--path", default="", help="Path of the call of a REST API, such as /orders.")
@click.option("--vpc-endpoint", default="", metavar="ID", help="VPC endpoint that the call comes through.")
@click.option(
    "--caller-profile", help="AWS profile of the caller's account, to ask IAM about the caller's own policies."
)
@CENTRAL
@OUTPUT
@READER
@REGION
def command(  # noqa: PLR0913 - one for each option
    *,
    consumer: str,
    target: str,
    environment: str,
    grant_type: str | None,
    api: str,
    method: str,
    path: str,
    vpc_endpoint: str,
    caller_profile: str | None,
    central_account: str | None,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """Say whether ACCOUNT, or the role or user ARN of it, would be let use a target; if not, what is missing and whose turn it is.

    Exit code 0: it would be. 1: it would not, or something that decides it is not shown to you.
    """
    caller = _caller(consumer)
    with seen(profile, region, central_account) as sight:
        view = sight.view(_target(target, environment, sight))
    use = Use(caller, _type(grant_type, view, caller), api, method.upper(), path, vpc_endpoint)
    sought = Sought(view, use, sight.is_whole(view.target), centre=centre_of(profile, region, central_account))
    asked = asked_of_iam(view, use)
    if caller_profile and asked and caller.arn:
        sought = replace(sought, simulated=_simulated(caller_profile, caller.arn, *asked))
    steps = explained(sought)
    _show(sought, steps, output)
    if verdict(steps) != "Allowed":
        raise CommandError(_summary(sought, steps), ExitCode.NEGATIVE)
    if output == "table":
        click.echo(f"Allowed: {_who(sought.use)} would be let use {sought.view.target.full_name}.", err=True)


def _caller(text: str) -> Caller:
    if ACCOUNT.fullmatch(text):
        return Caller(text)
    parts = text.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and parts[2] in ("iam", "sts") and ACCOUNT.fullmatch(parts[4]):
        return Caller.of(text)
    raise click.UsageError(f"{text!r} is no account, role or user. Give 12 digits, or the ARN of a role or user.")


def _target(text: str, environment: str, sight: Sight) -> Target:
    owner, slash, name = text.rpartition("/")
    if slash and ACCOUNT.fullmatch(owner):
        return Target(AccountId(owner), environment, name)
    reserved = sight.reservations.get((environment, text))
    known = {target for target in sight.views if (target.environment, target.name) == (environment, text)}
    if not slash and reserved is not None:
        return Target(reserved, environment, text)
    if not slash and len(known) == 1:
        return known.pop()
    raise click.UsageError(f"{text!r} is no target that can be told apart from others. Give ACCOUNT/NAME.")


def _type(told: str | None, view: TargetView, caller: Caller) -> GrantType:
    """The type that is told, or the only one that may be meant."""
    if told:
        return GrantType(told)
    held = {row.grant.grant_type for row in view.grants if row.grant.origin.account == caller.account}
    offered = view.current.grant_types if view.current else frozenset()
    meant = held if len(held) == 1 else offered or held
    if len(meant) == 1:
        return next(iter(meant))
    words = ", ".join(sorted(meant or set(GrantType)))
    raise click.UsageError(f"As what is {view.target.full_name} used? Give --type, one of {words}.")


def _simulated(profile: str, principal: str, action: str, resource: str) -> Simulated:
    """What IAM's policy simulator says of the principal's own policies (IAM API Reference, SimulatePrincipalPolicy)."""
    iam = boto3.Session(profile_name=profile).client("iam")
    asked = {"PolicySourceArn": principal, "ActionNames": [action], "ResourceArns": [resource]}
    found = iam.simulate_principal_policy(**asked)["EvaluationResults"][0]
    return Simulated(str(found["EvalDecision"]), action, resource)


def _show(sought: Sought, steps: list[Step], output: str) -> None:
    if output == "json":
        said: dict[str, Any] = {
            "verdict": verdict(steps),
            "consumer": sought.use.caller.arn or sought.use.caller.account,
            "target": sought.view.target.full_name,
            "type": sought.use.grant_type.value,
            "parts": [asdict(step) for step in steps],
        }
        click.echo(json.dumps(said, indent=2))
        return
    show(steps, _COLUMNS, output, "")


def _summary(sought: Sought, steps: list[Step]) -> str:
    name, use = sought.view.target.full_name, sought.use
    who = _who(use)
    parts = [step.part.value for step in steps if step.found != "Present"]
    missing = verdict(steps) == "NotAllowed"
    fact = f"{who} would not be let use {name}" if missing else f"It is not known whether {who} would be let use {name}"
    return f"{fact}. See {', '.join(parts)} above."


def _who(use: Use) -> str:
    return use.caller.arn or f"account {use.caller.account}"
