"""`crossaccount redrive`: have the requests answered that dead letters point to, and take the settled letters away."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import click

from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import OUTPUT, PROFILE, REGION
from provider.cli.tables import show
from provider.controller import dead_letters
from provider.controller.dead_letters import Letter
from provider.controller.dynamodb_desk import DynamoDBDesk
from provider.core.requests import RequestKey

PREFIX = "cross-account-permission"
ANSWERED, UNANSWERED = "Answered", "Unanswered"

_COLUMNS = {"state": "STATE", "account": "ACCOUNT", "request": "REQUEST"}
_PAUSE = 1.0  # between two looks into the requests table


class SystemClock:
    """This machine's time; see `provider.controller.ports.Clock`."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A request that a dead letter points to."""

    state: str
    account: str
    request: str


@dataclass(frozen=True, slots=True)
class Centre:
    """What the command works on: clients of the central account in the home Region, and the queue's URL."""

    queues: Any
    streams: Any
    functions: Any
    desk: DynamoDBDesk
    queue: str

    @classmethod
    def of(cls, profile: str | None, region: str | None) -> "Centre":
        """The centre that a profile reaches.

        Raises:
            CommandError: there is no centre there.
        """
        session = boto3.Session(profile_name=profile, region_name=region)
        queues = session.client("sqs")
        try:
            queue = queues.get_queue_url(QueueName=f"{PREFIX}-dead-letters")["QueueUrl"]
        except queues.exceptions.QueueDoesNotExist as error:
            raise CommandError(_no_queue(queues.meta.region_name), ExitCode.REFUSED) from error
        database = session.client("dynamodb")
        desk = DynamoDBDesk(database, f"{PREFIX}-requests", f"{PREFIX}-answers", SystemClock())
        return cls(queues, session.client("dynamodbstreams"), session.client("lambda"), desk, queue)

    def wake(self) -> None:
        """Have the controller do a round, as its schedule does."""
        self.functions.invoke(FunctionName=f"{PREFIX}-controller", InvocationType="Event", Payload=b"{}")


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount redrive --profile central\n"
    "  crossaccount redrive --dry-run --output json --profile central\n"
)
@click.option("--dry-run", is_flag=True, help="Only say which requests the letters point to, and which are unanswered.")
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for answers.",
)
@OUTPUT
@PROFILE
@REGION
def command(*, dry_run: bool, wait: int, output: str, profile: str | None, region: str | None) -> None:
    """Have the controller answer what dead letters point to, and delete the letters that are settled.

    A dead letter is what Lambda sets aside when the controller has failed on a batch of the requests' stream. Nothing is lost by
    it: a request stands in its table until it is answered, and the schedule looks there every minute. The command lists the
    requests of all letters, wakes the controller, and waits. Exit code 1: some are unanswered still, and their letters stay.
    """
    centre = Centre.of(profile, region)
    pointed: dict[Letter, tuple[RequestKey, ...]] = {}
    for letter in dead_letters.letters(centre.queues, centre.queue):
        pointed[letter] = (
            dead_letters.pointed_to(centre.streams, centre.desk, letter.batch) if letter.batch is not None else ()
        )
    keys = sorted({key for each in pointed.values() for key in each}, key=lambda key: (key.account, key.request_id))
    lying = _lying(centre, keys)
    if lying and not dry_run:
        centre.wake()
        lying = _waited(centre, lying, wait)
    settled = [letter for letter, of in pointed.items() if letter.batch is not None and not lying.intersection(of)]
    for letter in pointed:
        if letter in settled and not dry_run:
            dead_letters.delete(centre.queues, centre.queue, letter)
        else:
            dead_letters.give_back(centre.queues, centre.queue, letter)
    lines = [Line(UNANSWERED if key in lying else ANSWERED, key.account, key.request_id) for key in keys]
    show(sorted(lines, reverse=True), _COLUMNS, output, "No dead letter points to a request.")
    _conclude(len(settled), list(pointed), len(lying), dry_run=dry_run)


def _lying(centre: Centre, keys: Iterable[RequestKey]) -> set[RequestKey]:
    return {key for key in keys if centre.desk.lies(key)}


def _waited(centre: Centre, lying: set[RequestKey], seconds: int) -> set[RequestKey]:
    """Which requests still lie there when all are answered or the time is up."""
    until = time.monotonic() + seconds
    while (lying := _lying(centre, lying)) and time.monotonic() < until:
        time.sleep(_PAUSE)
    return lying


def _conclude(settled: int, letters: Sequence[Letter], unanswered: int, *, dry_run: bool) -> None:
    done = "would be deleted" if dry_run else "deleted"
    click.echo(f"{settled} of {len(letters)} letters settled and {done}.", err=True)
    if strange := sum(letter.batch is None for letter in letters):
        click.echo(
            f"{strange} are none of Lambda's and stay: look at them in the queue, and who may send to it.", err=True
        )
    if unanswered:
        raise CommandError(
            f"{unanswered} {'request is' if unanswered == 1 else 'requests are'} unanswered. "
            "Look for their ids in the controller's log, and run the command again.",
            ExitCode.NEGATIVE,
        )


def _no_queue(region: str) -> str:
    return (
        f"There is no queue {PREFIX}-dead-letters in {region}. "
        "Use a profile of the central account and its home Region, or deploy templates/central.yaml there."
    )
