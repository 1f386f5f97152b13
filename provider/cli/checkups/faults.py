"""What a check finds: faults by their kind, each with its weight, and what could not be looked at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from provider.cli.failures import DENIED


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
    """What may not be looked at, as a finding.

    Raises:
        ClientError: AWS refused for another reason than missing rights.
    """
    if error.response["Error"]["Code"] not in DENIED:
        raise error
    what = f"It is not known: this profile may not call {error.operation_name} on it."
    return fault("Unknown", where, f"{what} Have that allowed, or use a profile that may.")


def examined(checks: Iterable[Check]) -> Iterator[Fault]:
    """What the checks find; what may not be read is `Unknown`, and the others go on.

    Raises:
        ClientError: AWS refused for another reason than missing rights.
    """
    for check in checks:
        try:
            found = check.read()
        except ClientError as error:
            yield unknown(check.where, error)
        else:
            yield from check.judge(found)
