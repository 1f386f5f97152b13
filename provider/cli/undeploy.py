"""`crossaccount undeploy`: everything away again, unless somebody still rests on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import TABLE
from provider.cli.progress import watched
from provider.cli.reading import whole_ledger
from provider.cli.rolling import Asked, confirmed, options, plan_of, told
from provider.cli.tables import show
from provider.core.records import GrantRecord, Row
from provider.packaging.release import bucket_name
from provider.rollout.plan import CENTRAL, ORGANIZATION, Plan, Removal, stack_name, taken_down
from provider.rollout.sequence import ClientFor, take_down
from provider.rollout.stacks import status


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount undeploy --central-profile central --region eu-central-1 --account-profile payments --dry-run\n"
    "  crossaccount undeploy --central-profile central --region eu-central-1 \\\n"
    "    --organizational-unit ou-ab12-cdefgh34 --yes\n"
)
@options
def command(*, yes: bool, dry_run: bool, **asked: Any) -> None:
    """Delete the accounts' parts and the central parts. Give the options that `deploy` was given.

    Refuses, with exit code 1 and a list, while any stack holds a target or a permission: without the provider it could not be deleted.
    Tables and artifact buckets are kept, and taken up again by the next `deploy`.
    """
    plan, client_for = plan_of(Asked(**asked))
    _refuse_without_stack_sets(plan, client_for)
    removals = taken_down(plan)
    _refuse_while_held(plan, client_for)
    told(removals, client_for)
    if dry_run:
        return
    confirmed(f"Delete this in organization {plan.organization}?", yes=yes)
    watched(_checked(plan, client_for), len(removals))
    buckets = ", ".join(bucket_name(plan.central, region) for region in plan.regions)
    click.echo(
        f"Deleted. Kept in account {plan.central}, {plan.home}: the tables cross-account-permission-requests, -answers"
    )
    click.echo(f"and -grants (protected from deletion). Kept with their stacks: {buckets}.")


def _refuse_without_stack_sets(plan: Plan, client_for: ClientFor) -> None:
    """Their accounts' providers would be left without a centre that answers them."""
    client = client_for("cloudformation", plan.central, plan.home)
    if plan.units is None and status(client, stack_name(ORGANIZATION)) is not None:
        raise click.UsageError("There are StackSets of roles and providers. Give their --organizational-unit as well.")


@dataclass(frozen=True, slots=True)
class Held:
    """What a stack still holds."""

    kind: str
    target: str
    id: str
    account: str
    stack: str


def _checked(plan: Plan, client_for: ClientFor) -> Iterator[Removal]:
    """The removals; the ledger is looked at once more when nobody can ask any more."""
    for step in take_down(plan, client_for):
        if step.name == stack_name(CENTRAL):
            _refuse_while_held(plan, client_for)
        yield step


def _refuse_while_held(plan: Plan, client_for: ClientFor) -> None:
    held = list(_held(client_for("dynamodb", plan.central, plan.home)))
    if not held:
        return
    columns = {"kind": "Kind", "target": "Target", "id": "Id", "account": "Account", "stack": "Stack"}
    show(held, columns, "table", "")
    number = f"{len(held)} {'thing is' if len(held) == 1 else 'things are'} still held by stacks, listed above"
    raise CommandError(f"{number}. Delete those resources first, permissions before targets.", ExitCode.NEGATIVE)


def _held(client: Any) -> Iterator[Held]:
    """Every publication and grant that is not being removed; nothing where there is no ledger."""
    try:
        sight = whole_ledger(client, TABLE, 0.0)
    except client.exceptions.ResourceNotFoundException:
        return
    for view in sight.views.values():
        rows: tuple[Row, ...] = (*view.grants, *view.publications)
        yield from (_line(row) for row in rows if not row.withdrawn)


def _line(row: Row) -> Held:
    what = "permission" if isinstance(row, GrantRecord) else "target"
    return Held(what, row.target.full_name, row.id, row.origin.account, row.origin.stack_id)
