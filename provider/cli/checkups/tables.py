"""The three tables: there, protected, recoverable, encrypted as asked, forgetting what has expired, and shared with nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provider.cli.checkups.expected import PREFIX, Expected
from provider.cli.checkups.faults import REVERT, Fault, fault

_RESTORE = "docs/operations.md#restoring-the-ledger says how it is restored."


@dataclass(frozen=True, slots=True)
class Table:
    """A table as DynamoDB tells it; `key` is the ARN of a customer's key, `expiry` the attribute by which items expire."""

    protected: bool
    recoverable: bool
    key: str = ""
    expiry: str = ""
    shared: bool = False


def where(name: str) -> str:
    """How a table is called in faults."""
    return f"table {PREFIX}-{name}"


def read(client: Any, name: str) -> Table | None:
    """A table by its short name; None where there is none."""
    named = {"TableName": f"{PREFIX}-{name}"}
    try:
        found = client.describe_table(**named)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None
    backups = client.describe_continuous_backups(**named)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    life = client.describe_time_to_live(**named)["TimeToLiveDescription"]
    lives = life.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    return Table(
        protected=bool(found.get("DeletionProtectionEnabled")),
        recoverable=recovery == "ENABLED",
        key=str(found.get("SSEDescription", {}).get("KMSMasterKeyArn", "")),
        expiry=str(life.get("AttributeName", "")) if lives else "",
        shared=_is_shared(client, found["TableArn"]),
    )


def read_stream(client: Any, name: str) -> str | None:
    """The ARN of a table's stream, "" where it has none; None where there is no table."""
    try:
        found = client.describe_table(TableName=f"{PREFIX}-{name}")["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None
    is_on = found.get("StreamSpecification", {}).get("StreamEnabled")
    return str(found.get("LatestStreamArn", "")) if is_on else ""


def _is_shared(client: Any, arn: str) -> bool:
    try:
        client.get_resource_policy(ResourceArn=arn)
    except client.exceptions.PolicyNotFoundException:
        return False
    return True


def faults(name: str, table: Table | None, expected: Expected) -> Iterator[Fault]:
    """What is wrong with a table."""
    place = where(name)
    if table is None:
        yield fault("TableMissing", place, f"It is not there. {_RESTORE}")
        return
    wanted = expected.properties(f"{name.capitalize()}Table")
    if not table.protected:
        yield fault("TableUnprotected", place, f"It is not protected from deletion. {REVERT}")
    if not table.recoverable:
        yield fault("TableUnrecoverable", place, f"It cannot be recovered to a point in time. {REVERT}")
    key = str(wanted.get("SSESpecification", {}).get("KMSMasterKeyId", ""))
    if table.key != key:
        has, wants = table.key or "DynamoDB's own key", key or "DynamoDB's own"
        yield fault("TableEncryption", place, f"It is encrypted with {has}, not {wants}. {REVERT}")
    expiry = str(wanted.get("TimeToLiveSpecification", {}).get("AttributeName", ""))
    if table.expiry != expiry:
        has, wants = table.expiry or "nothing", expiry or "nothing"
        yield fault("TableExpiry", place, f"Its items expire by {has}, not by {wants}. {REVERT}")
    if table.shared:
        remedy = "Run `aws dynamodb delete-resource-policy`, and find out who has written it."
        yield fault("TableInReach", place, f"It has a resource policy, which the template does not give it. {remedy}")
