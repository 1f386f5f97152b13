"""`crossaccount diff`: what deploying a template would change of permissions."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import NoRegionError

from provider.cli.differences import Difference, Place, Verdict, Wish, differences
from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import CENTRAL, OUTPUT, REGION, seen
from provider.cli.tables import show
from provider.cli.template_values import NO_VALUE, Unknown, Values, text
from provider.core.identifiers import ACCOUNT, AccountId
from provider.core.properties import RESOURCE_TYPES

_COLUMNS = {"verdict": "VERDICT", "resource": "RESOURCE", "type": "TYPE", "target": "TARGET", "why": "WHY"}
_LARGEST = 1_048_576
"""Bytes of a template that CloudFormation takes (Developer Guide, quotas)."""


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount diff template.yaml --stack-name orders --profile payments \\\n"
    "    --central-account 222222222222 --region eu-central-1\n"
    "  crossaccount diff template.yaml --stack-name orders --account 111111111111 \\\n"
    "    --parameter Target=333333333333/token-service --profile auditor\n"
    "  crossaccount diff template.yaml --stack-name orders || [ $? -eq 1 ]   # in a pipeline: let changes pass\n"
)
@click.argument("template", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--stack-name", required=True, help="The stack that it is deployed as.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter; may be repeated.")
@click.option("--account", metavar="ID", help="The stack's account; the profile's unless told.")
@click.option("--stack-region", help="The stack's Region; the profile's unless told.")
@CENTRAL
@OUTPUT
@click.option("--profile", help="AWS profile to read as; your default one unless told.")
@REGION
def command(  # noqa: PLR0913 - one for each option
    *,
    template: Path,
    stack_name: str,
    parameters: tuple[str, ...],
    account: str | None,
    stack_region: str | None,
    central_account: str | None,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """Say what deploying TEMPLATE would change of permissions, before it is deployed.

    By the rules by which the controller decides, over what you may see of the ledger; what only the deployment tells, or
    is not shown to you, is said to be Unknown. Nothing is changed.

    Exit code 0: nothing changes. 1: something does, or is Unknown. 5: something would be refused.
    """
    document = _loaded(template)
    given = dict(_given(one, document) for one in parameters)
    place = _place(profile, stack_region or region, account, stack_name)
    wishes = list(_wishes(document, given, place))
    with seen(profile, region, central_account) as sight:
        found = list(differences(wishes, place, sight))
    show(found, _COLUMNS, output, "The template has no target, permission or lookup, and its stack holds none.")
    code = _code(found)
    if code is not ExitCode.OK:
        raise CommandError(_summary(found), code)


def _code(found: list[Difference]) -> ExitCode:
    verdicts = {one.verdict for one in found}
    if Verdict.REFUSED in verdicts:
        return ExitCode.WOULD_BE_REFUSED
    return ExitCode.NEGATIVE if verdicts - {Verdict.UNCHANGED} else ExitCode.OK


def _summary(found: list[Difference]) -> str:
    counts = {verdict: sum(1 for one in found if one.verdict is verdict) for verdict in Verdict}
    said = ", ".join(f"{number} {verdict.lower()}" for verdict, number in counts.items() if number)
    remedy = "Correct what is refused." if counts[Verdict.REFUSED] else "Deploy it to have it so."
    return f"{said}. {remedy}"


def _loaded(path: Path) -> Mapping[str, Any]:
    """A template, read as cfn-lint reads it: it knows CloudFormation's short forms, duplicate keys and bad YAML by line."""
    from cfnlint.decode import decode  # noqa: PLC0415 - a second to import, which no other command pays

    if path.stat().st_size > _LARGEST:
        raise CommandError(f"{path} has more than 1 MB, which CloudFormation takes at most. Split it.", ExitCode.USAGE)
    try:
        document, problems = decode(str(path))
    except (RecursionError, UnicodeDecodeError) as error:
        problem = "is nested too deeply" if isinstance(error, RecursionError) else "is not UTF-8"
        raise CommandError(f"{path} {problem}. Give a template in YAML or JSON.", ExitCode.USAGE) from error
    for problem in problems:
        message = " ".join(str(problem.message).split()).rstrip(".")
        raise CommandError(f"{path}, line {problem.linenumber}: {message}. Correct the template.", ExitCode.USAGE)
    if not isinstance(document, Mapping) or not isinstance(document.get("Resources"), Mapping):
        raise CommandError(f"{path} has no Resources. Give a CloudFormation template.", ExitCode.USAGE)
    found: Mapping[str, Any] = document
    return found


def _given(option: str, document: Mapping[str, Any]) -> tuple[str, str]:
    name, separator, value = option.partition("=")
    declared = document.get("Parameters")
    if not separator or not isinstance(declared, Mapping) or name not in declared:
        known = ", ".join(sorted(map(str, declared))) if isinstance(declared, Mapping) else "none"
        raise click.UsageError(
            f"--parameter {option!r} gives none of the template's parameters ({known}). Write NAME=VALUE."
        )
    return name, value


def _place(profile: str | None, region: str | None, account: str | None, stack: str) -> Place:
    session = boto3.Session(profile_name=profile, region_name=region)
    if session.region_name is None:
        raise NoRegionError
    if account is not None and ACCOUNT.fullmatch(account) is None:
        raise click.UsageError(f"{account!r} is no account id. Give --account 12 digits.")
    identity = session.client("sts").get_caller_identity()
    return Place(AccountId(account or identity["Account"]), identity["Arn"].split(":")[1], session.region_name, stack)


def _wishes(document: Mapping[str, Any], given: Mapping[str, str], place: Place) -> Iterator[Wish]:
    """The resources of our types, with their values as far as they are known; those whose condition does not hold are none."""
    values = Values(document, given, _pseudo(place))
    for logical_id, resource in document["Resources"].items():
        if str(logical_id).startswith("Fn::ForEach"):
            raise CommandError(
                f"{logical_id} is not worked out here. Write its resources out, or see what it makes in a change set.",
                ExitCode.USAGE,
            )
        if not isinstance(resource, Mapping) or resource.get("Type") not in RESOURCE_TYPES:
            continue
        holds = values.holds(resource["Condition"]) if "Condition" in resource else True
        if holds is False:
            continue
        properties = resource.get("Properties")
        found = {name: values.of(one) for name, one in (properties if isinstance(properties, Mapping) else {}).items()}
        sent = {str(name): _sent(value) for name, value in found.items() if value is not NO_VALUE}
        sent.pop("ServiceTimeout", None)
        yield Wish(str(logical_id), resource["Type"], sent, holds if isinstance(holds, Unknown) else None)


def _sent(value: Any) -> Any:
    """A property as CloudFormation sends it to a custom resource (docs/aws-behaviour.md §5)."""
    return [text(one) for one in value] if isinstance(value, list) else text(value)


def _pseudo(place: Place) -> Mapping[str, str]:
    suffix = "amazonaws.com.cn" if place.partition == "aws-cn" else "amazonaws.com"
    return {
        "AWS::AccountId": place.account,
        "AWS::Partition": place.partition,
        "AWS::Region": place.region,
        "AWS::StackName": place.stack,
        "AWS::URLSuffix": suffix,
    }
