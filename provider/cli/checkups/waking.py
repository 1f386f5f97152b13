"""What wakes the controller: the mapping of the requests' stream, the schedule, and the queue for what could not be taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provider.cli.checkups.expected import PREFIX
from provider.cli.checkups.faults import REVERT, Fault, fault

MAPPING, SCHEDULE, QUEUE = "mapping of the requests' stream", "schedule", f"queue {PREFIX}-dead-letters"


@dataclass(frozen=True, slots=True)
class Mapping:
    """The event source mapping: from which stream to which function, its state, and how the last batch ended."""

    uuid: str
    stream: str
    function: str
    state: str
    last: str


def read_mapping(client: Any, uuid: str) -> Mapping | None:
    """The mapping; None where there is none."""
    if not uuid:
        return None
    try:
        found = client.get_event_source_mapping(UUID=uuid)
    except client.exceptions.ResourceNotFoundException:
        return None
    last = str(found.get("LastProcessingResult", ""))
    return Mapping(uuid, found["EventSourceArn"], found["FunctionArn"], found["State"], last)


def of_mapping(mapping: Mapping | None, stream: str | None, function: str) -> Iterator[Fault]:
    """What is wrong with the mapping; `stream` is the requests table's at present, "" where it is off, None without a table.

    Without the mapping, the schedule alone wakes the controller.
    """
    late = "Requests wait for the schedule, a minute at most."
    if mapping is None:
        yield fault("MappingMissing", MAPPING, f"It is not there. {late} {REVERT}")
        return
    if stream not in (None, mapping.stream) or mapping.function != function:
        said = f"It leads from {mapping.stream} to {mapping.function}"
        yield fault("MappingElsewhere", MAPPING, f"{said}, not from {stream or 'any stream'} to {function}. {REVERT}")
    if mapping.state not in ("Enabled", "Enabling", "Updating", "Creating"):
        remedy = f"Run `aws lambda update-event-source-mapping --uuid {mapping.uuid} --enabled`."
        yield fault("MappingDisabled", MAPPING, f"It is {mapping.state}. {late} {remedy}")
    elif mapping.last.startswith("PROBLEM"):
        remedy = "Look at the controller's log and at its role's policies."
        yield fault("MappingFailing", MAPPING, f"Its last batch ended with {mapping.last!r}. {late} {remedy}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The rule: its state, how often it comes, and the ARNs that it invokes."""

    name: str
    state: str
    rate: str
    targets: frozenset[str]


def read_schedule(client: Any, name: str) -> Schedule | None:
    """The rule; None where there is none."""
    if not name:
        return None
    try:
        found = client.describe_rule(Name=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    targets = client.list_targets_by_rule(Rule=name)["Targets"]
    rate = str(found.get("ScheduleExpression", ""))
    return Schedule(name, found["State"], rate, frozenset(one["Arn"] for one in targets))


def of_schedule(schedule: Schedule | None, function: str, rate: str) -> Iterator[Fault]:
    """What is wrong with the schedule, which should come at `rate`; without it nothing is looked after."""
    idle = "Drift, expiry, and requests that the stream has missed are not looked at."
    if schedule is None:
        yield fault("ScheduleMissing", SCHEDULE, f"It is not there. {idle} {REVERT}")
        return
    if schedule.state != "ENABLED":
        remedy = f"Run `aws events enable-rule --name {schedule.name}`."
        yield fault("ScheduleDisabled", SCHEDULE, f"It is {schedule.state}. {idle} {remedy}")
    if function not in schedule.targets:
        yield fault("ScheduleIdle", SCHEDULE, f"It does not invoke {function}. {idle} {REVERT}")
    if schedule.rate != rate:
        late = "What it looks after waits as long."
        yield fault("ScheduleIdle", SCHEDULE, f"It comes at {schedule.rate or 'no time'}, not {rate}. {late} {REVERT}")


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of dead letters: how many lie in it, seen or unseen, and whether others are let in."""

    letters: int
    shared: bool


def read_queue(client: Any, url: str) -> Queue | None:
    """The queue; None where there is none."""
    if not url:
        return None
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "Policy"]
    try:
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=names).get("Attributes", {})
    except client.exceptions.QueueDoesNotExist:
        return None
    return Queue(sum(int(found.get(name, 0)) for name in names[:2]), bool(found.get("Policy")))


def of_queue(queue: Queue | None) -> Iterator[Fault]:
    """What is wrong with the queue, or lies in it."""
    if queue is None:
        yield fault("QueueMissing", QUEUE, f"It is not there: what the stream sets aside is lost. {REVERT}")
        return
    if queue.letters:
        number = f"{queue.letters} {'letter lies' if queue.letters == 1 else 'letters lie'} in it."
        yield fault("DeadLetters", QUEUE, f"{number} Run `crossaccount redrive`.")
    if queue.shared:
        yield fault("QueueInReach", QUEUE, f"It has a policy, which the template does not give it. {REVERT}")
