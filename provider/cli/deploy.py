"""`crossaccount deploy`: the whole roll-out, at first and for every upgrade."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from provider.cli.package import DIRECTORY
from provider.cli.progress import watched
from provider.cli.rolling import Asked, confirmed, options, plan_of, told
from provider.packaging import build
from provider.packaging.artifact import Architecture
from provider.packaging.contents import Checkout
from provider.rollout.plan import TEMPLATES, given, steps
from provider.rollout.sequence import roll_out
from provider.rollout.stacks import parameters_of

_TAG_KEY, _TAG_VALUE = 128, 256  # characters, as CloudFormation takes them


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount deploy --central-profile central --region eu-central-1 --dry-run\n"
    "  crossaccount deploy --central-profile central --region eu-central-1 --account-profile payments \\\n"
    "    --account-profile orders\n"
    "  crossaccount deploy --central-profile central --region eu-central-1 --region us-east-1 \\\n"
    "    --organizational-unit ou-ab12-cdefgh34 --parameter central.AskOrganization=true --yes\n"
    "  crossaccount deploy --central-profile central --region eu-central-1 --revert-drift\n"
)
@options
@click.option(
    "--architecture",
    type=click.Choice([one.value for one in Architecture]),
    default=Architecture.ARM64.value,
    show_default=True,
    help="Processor that the functions run on.",
)
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="TEMPLATE.NAME=VALUE",
    help="A parameter of a template; may be repeated. Those not given keep their value.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY=VALUE",
    help="A tag of every stack, and so of all in them that can have tags; may be repeated. Those not given stay.",
)
@click.option(
    "--revert-drift", is_flag=True, help="Make again as the stacks say what was changed or deleted past them."
)
@DIRECTORY
def command(  # noqa: PLR0913 - one for each option
    *,
    architecture: str,
    parameters: tuple[str, ...],
    tags: tuple[str, ...],
    revert_drift: bool,
    directory: Path,
    yes: bool,
    dry_run: bool,
    **asked: Any,
) -> None:
    """Deploy everything, or upgrade it: artifact buckets, zips, central parts, then the accounts that take part.

    Says first what it is going to do. Whatever stops it, run it again: it goes on where it was. An upgrade interrupts no grant,
    and takes the accounts that are named; others go on as they are. Take part: accounts by profile, or all of organizational units.
    """
    plan, client_for = plan_of(
        Asked(**asked),
        Architecture(architecture),
        parameters_of_templates(parameters),
        lambda: build(directory),
        _tags(tags),
    )
    _check(plan.parameters, {name: set(given(plan, name)) for name in plan.parameters})
    plan = replace(plan, reverts=revert_drift)
    planned = steps(plan)
    told(planned, client_for)
    if dry_run:
        return
    confirmed(f"Do this in organization {plan.organization}?", yes=yes)
    watched(roll_out(plan, client_for), len(planned))
    click.echo(f"Deployed. The centre is account {plan.central} in {plan.home}.")


def parameters_of_templates(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Parameters by template, of texts as --parameter takes them.

    Raises:
        click.UsageError: a text is none, or a template has no such parameter.
    """
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        place, equals, value = text.partition("=")
        template, _, name = place.partition(".")
        if not equals or template not in TEMPLATES:
            names = ", ".join(TEMPLATES)
            raise click.UsageError(f"{text!r} is no parameter. Write TEMPLATE.NAME=VALUE; templates: {names}.")
        if name not in parameters_of(_template(template)):
            raise click.UsageError(f"{template}.yaml has no parameter {name!r}. docs/templates.md lists what it has.")
        found.setdefault(template, {})[name] = value
    return found


def _tags(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (equals and 0 < len(key) <= _TAG_KEY and len(value) <= _TAG_VALUE) or key.startswith("aws:"):
            raise click.UsageError(f"{text[:_TAG_KEY]!r} is no tag. Write KEY=VALUE, such as CostCentre=4711.")
        found[key] = value
    return found


def _check(parameters: Mapping[str, Mapping[str, str]], ours: Mapping[str, set[str]]) -> None:
    for template, named in parameters.items():
        for name in sorted(set(named) & ours[template]):
            raise click.UsageError(f"{template}.{name} follows from the other options. Leave this --parameter out.")


def _template(name: str) -> str:
    return next(path for path in Checkout.here().templates() if path.stem == name).read_text("utf-8")
