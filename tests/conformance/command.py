"""The command of a run: refuse, play, take away, report. What it does, costs and leaves: docs/conformance.md."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from cleaning import TAG, clear, tagged
from journal import Journal, Made, unfinished
from outcomes import Outcome
from playing import OTHER_REGION, ROOT, Play
from refusals import Confirmed, confirmed, swept, unused
from report import Line, as_json, as_markdown, counted, lines, shown
from rich.console import Console
from sandboxes import REGION
from selection import Row, chosen
from stand_ins import ACCOUNTS, StandIns

from provider.cli.deploy import parameters_of_templates
from provider.cli.errors import CommandError, ExitCode

_SWEEP = "Take it away by `make conformance SWEEP=1` with the same accounts."


@click.command(epilog="\b\nExample:\n  make conformance CENTRAL=a OWNER=b CONSUMER=c CONFIRM=ID,ID,ID ONLY=point\n")
@click.option("--central", help="AWS profile of the sandbox account that gets the central parts.")
@click.option("--owner", help="AWS profile of the one that publishes.")
@click.option("--consumer", help="AWS profile of the one that asks.")
@click.option("--intruder", help="AWS profile of a fourth one, which no target allows; some tests need it.")
@click.option("--confirm", metavar="ID,ID,ID", help="The ids of these accounts: you say that they are sandboxes.")
@click.option("--organization-id", metavar="ID", help="The organization, where the accounts may not ask for it.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this point, imitation or kind; may be repeated.")
@click.option("--parameter", "parameters", multiple=True, metavar="TEMPLATE.NAME=VALUE", help="As for `deploy`.")
@click.option("--keep", is_flag=True, help="Leave everything standing; a later --sweep takes it away.")
@click.option("--sweep", is_flag=True, help="Only take away what earlier runs in these accounts have left.")
@click.option("--directory", type=click.Path(path_type=Path), default=ROOT / ".local" / "conformance", hidden=True)
def command(
    *,
    confirm: str | None,
    organization_id: str | None,
    only: tuple[str, ...],
    parameters: tuple[str, ...],
    keep: bool,
    sweep: bool,
    directory: Path,
    **profiles: str | None,
) -> int:
    """Check every open point and every imitation of the local cloud against three real sandbox accounts."""
    rows, given = _rows(only), parameters_of_templates(parameters)
    accounts = confirmed(profiles, confirm, REGION, organization_id)
    earlier = [one for one in unfinished(directory) if set(one.accounts.values()) & set(accounts.ids.values())]
    if sweep:
        swept(accounts, (REGION, OTHER_REGION), TAG)
        return _swept([*earlier, *_lost(earlier, accounts, directory)], accounts)
    if earlier:
        fact = f"An earlier run has left {len(earlier[0].standing())} things, which {earlier[0].path} lists."
        raise CommandError(f"{fact} Take them away by `make conformance SWEEP=1` first.", ExitCode.REFUSED)
    unused(accounts, (REGION, OTHER_REGION))
    name = _now()
    journal = Journal.begin(directory / f"{name}.jsonl", accounts.ids)
    stays: Mapping[Made, str] = {}
    try:
        play = Play(name, {key: value for key, value in profiles.items() if value}, accounts, journal, _tell, given)
        cases, interrupted = play.of(sorted({row.test for row in rows if row.test}))
    finally:
        if not keep:
            stays = _cleared(journal, accounts)
    found = lines(rows, cases)
    _report(found, _in_stand_ins(stays, accounts), directory / name)
    if keep:
        click.echo(f"Everything stands. {_SWEEP}")
    return _code(found, stays, interrupted=interrupted)


def _rows(only: Sequence[str]) -> list[Row]:
    try:
        return chosen(only)
    except KeyError as error:
        fact = f"There is no {error} to check."
        raise CommandError(f"{fact} Give ONLY= names of docs/conformance.md.", ExitCode.USAGE) from error


def _lost(earlier: Sequence[Journal], accounts: Confirmed, directory: Path) -> list[Journal]:
    """A journal, anew, of stacks whose own was lost: they have the tag."""
    known = {thing for journal in earlier for thing in journal.standing()}
    found = tagged(accounts.ids.values(), (REGION, OTHER_REGION), accounts.client_for)
    if not (lost := [thing for thing in found if thing not in known]):
        return []
    journal = Journal.begin(directory / f"{_now()}-lost.jsonl", accounts.ids)
    for thing in lost:
        journal.made(thing)
    return [journal]


def _now() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def _swept(journals: Sequence[Journal], accounts: Confirmed) -> int:
    for journal in journals:
        for name, id_ in journal.accounts.items():
            if id_ not in accounts.ids.values():
                fact = f"{journal.path} is of a run that had account {id_} as {name}, too."
                raise CommandError(f"{fact} Give {name.upper()}= its profile.", ExitCode.USAGE)
    stays: dict[Made, str] = {}
    for journal in journals:
        stays |= _cleared(journal, accounts)
    click.echo("Nothing is left of earlier runs." if not stays else f"{len(stays)} things are left.")
    return ExitCode.NEGATIVE if stays else ExitCode.OK


def _cleared(journal: Journal, accounts: Confirmed) -> Mapping[Made, str]:
    """What could not be taken away, which is told as well."""
    try:
        stays = clear(journal, accounts.client_for, _tell)
    except KeyboardInterrupt as error:
        fact = f"Interrupted while things were taken away; {journal.path} lists what stands."
        raise CommandError(f"{fact} {_SWEEP}", ExitCode.INTERRUPTED) from error
    for thing, why in stays.items():
        _tell(f"left: {thing}: {why}. Delete it by hand, or try again by `make conformance SWEEP=1`.")
    return stays


def _in_stand_ins(stays: Mapping[Made, str], accounts: Confirmed) -> dict[str, str]:
    names = StandIns({ACCOUNTS[name]: id_ for name, id_ in accounts.ids.items()})
    return {names.heard(str(thing)): names.heard(why) for thing, why in stays.items()}


def _report(found: Sequence[Line], left: Mapping[str, str], path: Path) -> None:
    path.with_suffix(".json").write_text(as_json(found, left), "utf-8")
    path.with_suffix(".md").write_text(as_markdown(found, left, path.name), "utf-8")
    shown(found, Console(highlight=False, width=None if sys.stdout.isatty() else 10_000))
    click.echo(f"{counted(found)}. Report: {path}.md")


def _code(found: Sequence[Line], stays: Mapping[Made, str], *, interrupted: bool) -> int:
    if interrupted:
        return ExitCode.INTERRUPTED
    bad = stays or any(line.outcome in {Outcome.DIFFERS, Outcome.BROKE} for line in found)
    return ExitCode.NEGATIVE if bad else ExitCode.OK


def _tell(text: str) -> None:
    """Aside of the output; also while pytest holds back what tests print."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.__stderr__, flush=True)
