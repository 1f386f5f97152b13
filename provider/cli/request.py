"""`crossaccount request`: a pipeline asks for a permission, publishes a target, or looks one up."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from provider.cli.errors import CommandError
from provider.cli.pipeline import NAME, OUTPUT, PIPELINE, PROFILE, REGION, Pipeline, show
from provider.core import properties

_TYPES = {"permission": properties.PERMISSION, "target": properties.TARGET, "lookup": properties.LOOKUP}
_OWN = ("ServiceToken", "ServiceTimeout")
_BEGINNINGS = {"Principals": "arn:", "RetiredArns": "arn:", "Paths": "/"}
"""How the items of some lists begin; their commas may also stand within an item."""


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount request OrdersPermission --target 333333333333/orders --grant-type ExecuteApi \\\n"
    "    --property Principals=arn:aws:iam::111111111111:role/buyer --property Methods=GET,POST\n"
    "  crossaccount request OrdersPermission --properties permission.yaml --output json\n"
    "  crossaccount request OrdersTarget --type target --properties target.yaml --pipeline deploy-orders\n"
)
@NAME
@click.option("--target", help="Full name of the target, such as 333333333333/orders, or a reserved name.")
@click.option("--grant-type", help="Authorizer, InvokeFunction, ExecuteApi or AssumeRole.")
@click.option(
    "--property",
    "assigned",
    multiple=True,
    metavar="NAME=VALUE",
    help="A property as templates have it; lists with commas, or the option repeated.",
)
@click.option(
    "--properties",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON or YAML file with properties; what the other options say goes before it.",
)
@click.option(
    "--type", "kind", type=click.Choice(list(_TYPES)), default="permission", show_default=True, help="What NAME is."
)
@PIPELINE
@OUTPUT
@PROFILE
@REGION
def command(  # noqa: PLR0913, PLR0917 - one per option
    name: str,
    target: str | None,
    grant_type: str | None,
    assigned: tuple[str, ...],
    file: Path | None,
    kind: str,
    pipeline: str,
    output: str,
    profile: str | None,
    region: str | None,
) -> None:
    """Ask for the permission (or publish the target) that this pipeline calls NAME, and wait for the answer.

    What NAME stands for is exactly what was asked last: asking again changes nothing, other properties replace it, the new in
    force before the old goes. Exit code 4: refused, with the reason, and what stood still stands.
    """
    asked = _in_file(file) if file else {}
    asked |= _assigned(_TYPES[kind], assigned)
    asked |= {key: value for key, value in (("Target", target), ("GrantType", grant_type)) if value is not None}
    asked = {key: value for key, value in asked.items() if key not in _OWN}
    show(Pipeline.of(pipeline, profile, region).request(name, _TYPES[kind], asked), output)


def _in_file(path: Path) -> dict[str, Any]:
    """The properties in a file, all scalars as text, as CloudFormation sends them (docs/aws-behaviour.md §5).

    So no account id becomes a number, and no time a date.
    """
    try:
        text = path.read_text("utf-8")
        found = _as_text(json.loads(text)) if path.suffix == ".json" else yaml.load(text, yaml.BaseLoader)  # noqa: S506 - texts alone
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        line = " ".join(str(error).split())
        raise CommandError(
            f"{path} cannot be read: {line[:160].rstrip('.')}. Write one JSON or YAML object."
        ) from error
    if not isinstance(found, dict):
        raise CommandError(f"{path} holds no properties. Write one JSON or YAML object, such as GrantType: ExecuteApi.")
    # Before anything looks inside: by aliases a few lines of YAML can stand for a list without end.
    for name, value in found.items():
        if not (isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))):
            raise CommandError(
                f"Property {name[:40]} in {path} is neither text nor a list of texts. Write one of them."
            )
    return found


def _as_text(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_text(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return value if isinstance(value, str) else json.dumps(value)


def _assigned(resource_type: str, assigned: Sequence[str]) -> dict[str, Any]:
    rules = properties.schema(resource_type)["properties"]
    found: dict[str, Any] = {}
    for each in assigned:
        name, equals, text = each.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"{each!r} assigns nothing. Write NAME=VALUE.", param_hint="--property")
        if rules.get(name, {}).get("type") == "array":
            found.setdefault(name, []).extend(_items(name, text))
        elif name in found:
            raise click.BadParameter(f"{name} is no list, and given twice. Give it once.", param_hint="--property")
        else:
            found[name] = text
    return found


def _items(name: str, text: str) -> list[str]:
    return [one.strip() for one in re.split(rf",\s*(?={re.escape(_BEGINNINGS.get(name, ''))})", text)]
