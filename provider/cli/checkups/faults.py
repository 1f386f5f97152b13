"""What a check finds: faults by their kind, each with its weight, and what could not be looked at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from provider.cli.errors import ExitCode
from provider.cli.failures import explained


class Severity(StrEnum):
    """How much a fault matters."""

    CRITICAL = "critical"
    """Something does not work, or is in reach of others."""
    WARNING = "warning"
    """All works; something that protects it or tells of it is missing, or somebody has to decide."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


_CRITICAL, _WARNING, _UNKNOWN = Severity.CRITICAL, Severity.WARNING, Severity.UNKNOWN

KINDS = {
    "AccountsMissing": _WARNING,
    "AlarmMissing": _WARNING,
    "AlarmRinging": _WARNING,
    "AlarmSilent": _WARNING,
    "BucketInReach": _CRITICAL,
    "BucketMissing": _CRITICAL,
    "BucketPublic": _CRITICAL,
    "BucketUnversioned": _WARNING,
    "BucketWeakened": _CRITICAL,
    "CentreMissing": _CRITICAL,
    "DeadLetters": _WARNING,
    "Drift": _WARNING,
    "FunctionCode": _CRITICAL,
    "FunctionConcurrency": _CRITICAL,
    "FunctionElsewhere": _CRITICAL,
    "FunctionInReach": _CRITICAL,
    "FunctionInactive": _CRITICAL,
    "FunctionMissing": _CRITICAL,
    "FunctionRole": _CRITICAL,
    "FunctionUnsigned": _WARNING,
    "MappingDisabled": _CRITICAL,
    "MappingElsewhere": _CRITICAL,
    "MappingFailing": _CRITICAL,
    "MappingMissing": _CRITICAL,
    "QueueInReach": _CRITICAL,
    "QueueMissing": _CRITICAL,
    "RoleInReach": _CRITICAL,
    "RoleMissing": _CRITICAL,
    "RoleOutdated": _CRITICAL,
    "RoleShut": _CRITICAL,
    "RoleUnbounded": _WARNING,
    "RoleWidened": _CRITICAL,
    "ScheduleDisabled": _CRITICAL,
    "ScheduleIdle": _CRITICAL,
    "ScheduleMissing": _CRITICAL,
    "StackDrifted": _WARNING,
    "StackOutdated": _WARNING,
    "StackSetBehind": _WARNING,
    "StackSetMissing": _WARNING,
    "StackSetOutdated": _WARNING,
    "StackUnfinished": _WARNING,
    "StackUnprotected": _WARNING,
    "TableEncryption": _WARNING,
    "TableExpiry": _WARNING,
    "TableInReach": _CRITICAL,
    "TableMissing": _CRITICAL,
    "TableUnprotected": _WARNING,
    "TableUnrecoverable": _WARNING,
    "Unknown": _UNKNOWN,
    "ZipMissing": _CRITICAL,
}
"""Every kind of fault, and how much it matters."""


REVERT = "Run `crossaccount deploy --revert-drift`, and find out who has changed it."
"""The remedy for what is not as its stack says: deploying the same template again would change nothing (docs/aws-behaviour.md §5)."""
UPGRADE = "Run `crossaccount deploy` of this version."
"""The remedy for what an earlier version has made."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: of what, of which kind, how much it matters, and in words that end with the remedy."""

    kind: str
    where: str
    what: str
    severity: Severity


def fault(kind: str, where: str, what: str) -> Fault:
    """A fault of one of the `KINDS`."""
    return Fault(kind, where, what, KINDS[kind])


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at: `read` asks AWS, `judge` says what is wrong with the answer."""

    where: str
    read: Callable[[], Any]
    judge: Callable[[Any], Iterable[Fault]]


def unknown(where: str, error: ClientError) -> Fault:
    """What AWS refused to tell, as a fault.

    Raises:
        ClientError: it is the credentials, with which nothing else would be told either.
    """
    failure = explained(error)
    if failure.code is ExitCode.ENVIRONMENT:
        raise error
    return fault("Unknown", where, f"It could not be looked at. {failure.sentence}")


def examined(checks: Iterable[Check]) -> Iterator[Fault]:
    """What the checks find; what may not be read is `Unknown`, and the others go on.

    Raises:
        ClientError: as `unknown`.
    """
    for check in checks:
        try:
            found = check.read()
        except ClientError as error:
            yield unknown(check.where, error)
        else:
            yield from check.judge(found)
