"""DynamoDB tables of stacks are made, changed and deleted by DynamoDB's own operations.

The base writes a table's record itself, without checks, encryption, expiry or backups, and deletes protected tables.
"""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
import json
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require

_PROVISIONERS = "services.cloudformation.provisioners"
_DYNAMODB = "services.dynamodb"
_TEST = "tests/localcloud/test_resource_types.py"
_TYPE = "AWS::DynamoDB::Table"
_Made = tuple[str, Mapping[str, Any]]
_Properties = Mapping[str, Any]

_AS_THEY_ARE = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
)
_NUMBERS = ("ReadCapacityUnits", "WriteCapacityUnits", "MaxReadRequestUnits", "MaxWriteRequestUnits")


class TableRefusedError(ValueError):
    """DynamoDB refuses; in the words of CloudFormation's handler."""

    def __init__(self, status: int, body: bytes) -> None:
        said = json.loads(body)
        text = said.get("message") or said.get("Message") or said.get("__type")
        token = part("core.responses").new_uuid()
        super().__init__(
            f'Resource handler returned message: "{text} (Service: DynamoDb, Status Code: {status})" '
            f"(RequestToken: {token}, HandlerErrorCode: InvalidRequest)"
        )


def apply() -> None:
    """Put the operations in the place of the base's handlers."""
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS", "_physical_name", "_ddb_attrs", "_tag_map")
    require(
        _DYNAMODB, "_create_table", "_delete_table", "_update_ttl", "_update_continuous_backups", "_tables", "_tags"
    )
    handlers = base._RESOURCE_HANDLERS[_TYPE]
    base._RESOURCE_HANDLERS[_TYPE] = {
        **handlers,
        "create": _create,
        "update": _updating(handlers["update"]),
        "delete": _delete,
    }


@behaviour(
    call=f"cloudformation:{_TYPE}",
    expected="keys, indexes, stream, encryption, expiry, backups, protection and tags take effect; DynamoDB's checks apply",
    source="AWS CloudFormation User Guide, AWS::DynamoDB::Table",
    test=f"{_TEST}::test_a_tables_properties_take_effect",
)
def _create(logical_id: str, properties: _Properties, stack_name: str) -> _Made:
    base, dynamodb = part(_PROVISIONERS), part(_DYNAMODB)
    name = properties.get("TableName") or base._physical_name(stack_name, logical_id, max_len=255)
    _checked(dynamodb._create_table({"TableName": name, **_request(properties)}))
    table = dynamodb._tables[name]
    tags = base._tag_map(properties.get("Tags"))
    dynamodb._tags[table["TableArn"]] = [{"Key": key, "Value": value} for key, value in tags.items()]
    _set_expiry_and_backups(name, {}, properties)
    return name, base._ddb_attrs(table)


def _updating(old: Callable[..., _Made]) -> Callable[..., _Made]:
    """Let the base update, with values in DynamoDB's form, and add what it leaves out."""

    def update(physical_id: str, before: _Properties, properties: _Properties, *given: Any, **named: Any) -> _Made:
        made = old(physical_id, _normal(before), _normal(properties), *given, **named)
        _set_expiry_and_backups(made[0], before, properties)
        return made

    return update


@behaviour(
    call=f"cloudformation:{_TYPE}",
    expected="a table with DeletionProtectionEnabled is not deleted: DELETE_FAILED",
    source="Amazon DynamoDB Developer Guide, deletion protection",
    test=f"{_TEST}::test_a_protected_table_is_not_deleted",
)
def _delete(physical_id: str, properties: _Properties) -> None:  # noqa: ARG001 - the base's signature
    dynamodb = part(_DYNAMODB)
    if physical_id in dynamodb._tables:
        _checked(dynamodb._delete_table({"TableName": physical_id}))


def _request(properties: _Properties) -> dict[str, Any]:
    """Properties as CreateTable wants them."""
    wanted = {name: _numbers(properties.get(name)) for name in _AS_THEY_ARE if properties.get(name) is not None}
    stream = properties.get("StreamSpecification")
    if stream:
        wanted["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    if properties.get("SSESpecification"):
        wanted["SSESpecification"] = _encryption(properties["SSESpecification"])
    wanted["DeletionProtectionEnabled"] = _is_true(properties.get("DeletionProtectionEnabled"))
    return wanted


def _normal(properties: _Properties) -> dict[str, Any]:
    changed = dict(properties)
    if changed.get("SSESpecification"):
        changed["SSESpecification"] = _encryption(changed["SSESpecification"])
    changed["DeletionProtectionEnabled"] = _is_true(changed.get("DeletionProtectionEnabled"))
    return {name: _numbers(value) for name, value in changed.items()}


def _encryption(specification: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in specification.items() if name != "SSEEnabled"}
    return {**rest, "Enabled": _is_true(specification.get("SSEEnabled"))}


def _set_expiry_and_backups(name: str, before: _Properties, properties: _Properties) -> None:
    dynamodb = part(_DYNAMODB)
    expiry = properties.get("TimeToLiveSpecification")
    if expiry != before.get("TimeToLiveSpecification"):
        wanted = {**(expiry or before["TimeToLiveSpecification"]), "Enabled": _is_true((expiry or {}).get("Enabled"))}
        _checked(dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": wanted}))
    backups = properties.get("PointInTimeRecoverySpecification") or {}
    if backups != (before.get("PointInTimeRecoverySpecification") or {}):
        on = _is_true(backups.get("PointInTimeRecoveryEnabled"))
        wanted = {"PointInTimeRecoveryEnabled": on}
        _checked(dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": wanted}))


def _checked(answer: tuple[int, Any, bytes]) -> None:
    if answer[0] >= 400:  # HTTP's errors
        raise TableRefusedError(answer[0], answer[2])


def _numbers(value: Any) -> Any:
    """Turn capacity units that a template carries as text into numbers, at any depth."""
    if isinstance(value, dict):
        return {name: int(item) if name in _NUMBERS else _numbers(item) for name, item in value.items()}
    return [_numbers(item) for item in value] if isinstance(value, list) else value


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
