# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""What Lambda itself does as a function's role: reads the stream that wakes the function, and writes its log."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud import decisions
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_TEST = "tests/localcloud/test_function_role_uses.py"
_TYPE = "AWS::Lambda::EventSourceMapping"
_TO_READ = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
_TO_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
_log = logging.getLogger("localcloud.roles")


def apply() -> None:
    """Ask the role's policies before Lambda acts as it."""
    require("core.iam_evaluator", "EvalContext", "evaluate", "_gather_role_policies", "_permissions_boundary")
    require("services.lambda_svc", "_get_func_record_for_qualifier", "_resolve_existing_esm_function")
    require("services.cloudwatch_logs", "_log_groups")
    supplant("services.lambda_svc", "_create_esm", _reading)
    supplant("services.lambda_svc", "_emit_lambda_logs", _logging)
    handlers = require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _reading_of_stack(handlers["create"])


def role_may(role: str, session: str, action: str, resource: str) -> bool:
    """Whether a role's own policies let Lambda, as a session of it, do `action` on `resource` of its account."""
    evaluator, account, name = part("core.iam_evaluator"), role.split(":")[4], role.rpartition("/")[2]
    context = evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        secure_transport=True,
    )
    policies = evaluator._gather_role_policies(name, account)
    limits = evaluator._permissions_boundary(part("services.iam")._roles, name, account)
    allowed = bool(evaluator.evaluate(context, policies, *limits).decision == "Allow")
    decisions.tell_of(context, allowed=allowed)
    return allowed


def _refusal(function: str, qualifier: str | None, stream: str) -> str:
    """Why Lambda may not read a stream of DynamoDB for a function; "" where it may, or where it is no such stream."""
    record, config = part("services.lambda_svc")._get_func_record_for_qualifier(function, qualifier)
    if record is None or not stream.startswith("arn:aws:dynamodb:"):
        return ""
    session = time.strftime("awslambda_%j_%Y%m%d%H%M%S")
    if all(role_may(str(config["Role"]), session, f"dynamodb:{action}", stream) for action in _TO_READ):
        return ""
    return (
        f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, and ListStreams Actions on your stream in IAM."
    )


@behaviour(
    call="lambda:CreateEventSourceMapping",
    expected="400 InvalidParameterValueException 'Cannot access stream …' where the function's role may not GetRecords, "
    "GetShardIterator, DescribeStream and ListStreams of a table's stream; a role that loses them later is not noticed here",
    source="aws-samples/lambda-refarch-webapp#7, aws-amplify/amplify-js#4793; the session's name: serverless/serverless#8540",
    test=f"{_TEST}::test_a_stream_wakes_a_function_only_if_its_role_may_read_it",
)
def _reading(old: Callable[..., Any]) -> Callable[..., Any]:
    def create(data: Mapping[str, Any]) -> Any:
        base = part("services.lambda_svc")
        function, qualifier, error = base._resolve_existing_esm_function(data.get("FunctionName", ""))
        refusal = "" if error else _refusal(function, qualifier, str(data.get("EventSourceArn", "")))
        if refusal:
            return part("core.responses").error_response_json("InvalidParameterValueException", refusal, 400)
        return old(data)

    return create


def _reading_of_stack(old: Callable[..., Any]) -> Callable[..., Any]:
    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> Any:
        base = part("services.lambda_svc")
        function, qualifier, error = base._resolve_existing_esm_function(properties.get("FunctionName", ""))
        refusal = "" if error else _refusal(function, qualifier, str(properties.get("EventSourceArn", "")))
        if refusal:
            raise ValueError(f"{refusal} (Service: Lambda, Status Code: 400)")
        return old(logical_id, properties, stack)

    return create


@behaviour(
    call="lambda:Invoke",
    expected="a function's log is written only if its role may logs:CreateLogStream and logs:PutLogEvents there, and "
    "logs:CreateLogGroup where there is no group yet; the invocation is the same either way",
    source="AWS Lambda Developer Guide, sending function logs to CloudWatch Logs: required IAM permissions",
    test=f"{_TEST}::test_a_log_is_written_only_if_the_role_may",
)
def _logging(old: Callable[..., None]) -> Callable[..., None]:
    def emit(function: Mapping[str, Any], *given: Any, **named: Any) -> None:
        config = function.get("config") or function
        if _may_log(config):
            old(function, *given, **named)
        else:
            _log.warning("the role of %s may not write its log", config.get("FunctionArn"))

    return emit


def _may_log(config: Mapping[str, Any]) -> bool:
    _, _, _, region, account, _, name, *_ = config["FunctionArn"].split(":")
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    role, session = str(config.get("Role")), name[:64]
    if part("services.cloudwatch_logs")._log_groups.get_scoped(account, region, group) is None and not role_may(
        role, session, "logs:CreateLogGroup", arn
    ):
        return False
    stream = f"{arn}:log-stream:{time.strftime('%Y/%m/%d')}/[{config.get('Version', '$LATEST')}]"
    return all(role_may(role, session, action, stream) for action in _TO_LOG)
