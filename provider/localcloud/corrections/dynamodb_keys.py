# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""DynamoDB's fine-grained access: the partition keys that a request touches, and tables of other accounts."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.iam_enforcement import narrowing, policies_of
from provider.localcloud.corrections.ministack_names import part, require, supplant

_TEST = "tests/localcloud/test_dynamodb_keys.py"
_REQUEST = "localcloud:request"
_KEYS = "dynamodb:leadingkeys"
_TABLE = re.compile(r"arn:aws[\w-]*:dynamodb:([a-z0-9-]+):(\d{12}):table/([^/]+)(?:/index/([^/]+))?")
_EQUALS = re.compile(r"([\w#.-]+)\s*=\s*(:\w+)|(:\w+)\s*=\s*([\w#.-]+)")
_PARTIQL = re.compile(
    r"\s*(?:(SELECT)\s[^']*?\sFROM|(DELETE)\s+FROM|(INSERT)\s+INTO|(UPDATE))\s+\"?([\w.-]+)\"?",
    re.IGNORECASE,
)

_Item = Mapping[str, Any]


def apply() -> None:
    """Give IAM the request's keys, and tables their own policies across accounts."""
    require("services.dynamodb", "_tables", "_resource_policies")
    supplant("core.iam_actions", "dynamodb_service_context", _with_request)
    supplant("core.iam_actions", "extract_iam_action", _naming_partiql)
    supplant("core.iam_actions", "dynamodb_resource_arns", _naming_partiql_table)
    supplant("services.dynamodb", "handle_request", _in_the_owners_account)
    narrowing["dynamodb"] = _with_leading_keys
    policies_of["dynamodb"] = _policy_of_table


def _with_request(old: Callable[[bytes], dict[str, Any]]) -> Callable[[bytes], dict[str, Any]]:
    return lambda body: {**old(body), _REQUEST: _read(body)}


def _read(body: bytes) -> _Item:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@behaviour(
    call="dynamodb:*",
    expected="dynamodb:LeadingKeys holds the partition keys of GetItem, PutItem, UpdateItem, DeleteItem, Query "
    "(of the index it reads), batches and transactions; absent for Scan and PartiQL",
    source="docs/aws-behaviour.md §7; DynamoDB Developer Guide, fine-grained access control",
    test=f"{_TEST}::test_a_request_reaches_only_its_leading_keys",
)
def _with_leading_keys(action: str, arn: str, context: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in context.items() if name != _REQUEST}
    try:
        found = list(leading_keys(action.partition(":")[2], arn, context.get(_REQUEST) or {}))
    except (AttributeError, KeyError, TypeError):
        found = []  # not a request that DynamoDB would take; it says so itself
    return {**kept, _KEYS: found} if found else kept


def leading_keys(operation: str, arn: str, request: _Item) -> Iterator[str]:
    """The partition key values by which `operation` reaches the table or index `arn`, as texts."""
    name = _partition_key(arn)
    if name is None:
        return
    for key in _touched(operation, arn, request, name):
        value = key.get(name)
        if isinstance(value, dict) and len(value) == 1:
            yield str(next(iter(value.values())))


def _touched(operation: str, arn: str, request: _Item, name: str) -> list[_Item]:
    if "TransactItems" in request:
        return [_key(one) for item in request["TransactItems"] for one in item.values() if _is_of(one, arn)]
    if "RequestItems" in request:
        return _of_batch([asked for table, asked in request["RequestItems"].items() if _names(table, arn)])
    if operation == "Query":
        return [_of_query(request, name)]
    return [_key(request)] if "Key" in request or "Item" in request else []


def _is_of(item: Any, arn: str) -> bool:
    return isinstance(item, dict) and _names(item.get("TableName", ""), arn)


def _of_batch(tables: list[Any]) -> list[_Item]:
    keys: list[_Item] = []
    for asked in tables:
        if isinstance(asked, dict):
            keys += asked.get("Keys", [])
        else:
            keys += [_key(one) for change in asked for one in change.values()]
    return keys


def _key(item: Any) -> _Item:
    found = item.get("Key") or item.get("Item") if isinstance(item, dict) else None
    return found if isinstance(found, dict) else {}


def _of_query(request: _Item, name: str) -> _Item:
    legacy = (request.get("KeyConditions") or {}).get(name)
    if legacy:
        return {name: (legacy.get("AttributeValueList") or [None])[0]}
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    for match in _EQUALS.finditer(request.get("KeyConditionExpression") or ""):
        attribute, value = match[1] or match[4], match[2] or match[3]
        if names.get(attribute, attribute) == name:
            return {name: values.get(value)}
    return {}


def _names(table: str, arn: str) -> bool:
    match = _TABLE.fullmatch(arn)
    return match is not None and (
        table == match[3] or table == f"arn:aws:dynamodb:{match[1]}:{match[2]}:table/{match[3]}"
    )


def _partition_key(arn: str) -> str | None:
    found = _stored(arn)
    if found is None:
        return None
    table, index = found
    indexes = [*(table.get("GlobalSecondaryIndexes") or []), *(table.get("LocalSecondaryIndexes") or [])]
    schema = next((one["KeySchema"] for one in indexes if one["IndexName"] == index), table["KeySchema"])
    return next((str(one["AttributeName"]) for one in schema if one["KeyType"] == "HASH"), None)


def _stored(arn: str) -> tuple[Mapping[str, Any], str] | None:
    match = _TABLE.fullmatch(arn)
    table = part("services.dynamodb")._tables.get_scoped(match[2], match[1], match[3]) if match else None
    return (table, match[4] or "") if match and table is not None else None


@behaviour(
    call="dynamodb:ExecuteStatement",
    expected="PartiQL needs dynamodb:PartiQLSelect (Insert, Update, Delete) on the table it names",
    source="DynamoDB Developer Guide, IAM security policies with PartiQL",
    test=f"{_TEST}::test_partiql_is_an_action_of_its_own",
)
def _naming_partiql(old: Callable[..., str | None]) -> Callable[..., str | None]:
    def extract(*given: Any) -> str | None:
        action = old(*given)
        *_, body, _query = given
        found = _statement(body) if action == "dynamodb:ExecuteStatement" else None
        return f"dynamodb:PartiQL{found[0]}" if found else action

    return extract


def _statement(body: bytes) -> tuple[str, str] | None:
    """Read what a PartiQL statement does, and to which table; None when that is not plain to see."""
    statement = _read(body).get("Statement")
    if not isinstance(statement, str) or len(re.findall(r"\bFROM\b", statement, re.IGNORECASE)) > 1:
        return None
    match = _PARTIQL.match(statement)
    return ((match[1] or match[2] or match[3] or match[4]).capitalize(), match[5]) if match else None


def _naming_partiql_table(old: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def arns(body: bytes, region: str, account: str) -> list[str]:
        found = _statement(body)
        return [f"arn:aws:dynamodb:{region}:{account}:table/{found[1]}"] if found else old(body, region, account)

    return arns


@behaviour(
    call="dynamodb:*",
    expected="another account's table, named by its ARN, is reached only if its resource policy allows",
    source="DynamoDB Developer Guide, resource-based policies",
    test=f"{_TEST}::test_another_accounts_table_needs_its_resource_policy",
)
def _policy_of_table(arn: str) -> tuple[str, str] | None:
    match = _TABLE.match(arn)
    if match is None:
        return None
    table = f"arn:aws:dynamodb:{match[1]}:{match[2]}:table/{match[3]}"
    entry = part("services.dynamodb")._resource_policies.get_scoped(match[2], match[1], table)
    return (entry["Policy"] if entry else "", match[2])


def _in_the_owners_account(old: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    responses = part("core.responses")

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        match = _TABLE.match(str(_read(body).get("TableName", "")))
        account = match[2] if match else responses.get_account_id()
        with responses.request_scope(account, responses.get_region()):
            return await old(method, path, headers, body, query)

    return handle
