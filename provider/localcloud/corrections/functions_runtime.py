# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Functions run under AWS's own runtime client in environments of their own, as their role.

The base runs them inside its own interpreter, with its own packages and a client of its own making.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from provider.localcloud import printed, settings
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections import function_networks
from provider.localcloud.corrections.function_roles import REFUSED, trusts_lambda
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.packages import unpacked
from provider.localcloud.pool import BOUND, Function, Pool
from provider.localcloud.sandbox import Outcome, Plan, Sandbox

_PATIENCE = 60.0
"""Seconds an invocation waits for one of the function's processes to become free."""

_pool = Pool()


def apply() -> None:
    """Take the base's place in running functions."""
    require("services.lambda_svc", "_emit_lambda_logs", "_throttle_response", "_resolve_layer_zip")
    require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    supplant("services.lambda_svc", "_execute_function_dispatch", lambda _: _execute)  # which all invocations pass
    supplant("core.lambda_runtime", "invalidate_worker", lambda _: _invalidate)
    supplant("core.lambda_runtime", "get_or_create_worker", lambda _: _WebsocketRoute)  # the one way around it
    handlers = part("services.cloudformation.provisioners")._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    handlers["delete"] = _ending_environments(handlers["delete"])


@behaviour(
    call="lambda:Invoke",
    expected="Python code runs under awslambdaric with boto3, as its role, under AWS's host names, one event at a time; "
    "an error's type, message and trace are the runtime's own",
    source="AWS Lambda Developer Guide, Lambda runtime API; docs/aws-behaviour.md §8",
    test="tests/localcloud/test_functions.py::test_a_function_runs_as_its_role_under_aws_host_names",
)
def _execute(
    record: dict[str, Any], config: dict[str, Any], event: Any, request: str, started: float
) -> dict[str, Any]:
    """Run one invocation; signature and result are the base's."""
    lambda_svc = part("services.lambda_svc")
    outcome = _run(record, config, event, request)
    if outcome is None:
        text = f"Rate Exceeded: {BOUND} invocations of {config.get('FunctionName')} have been running for {_PATIENCE} s"
        throttled: dict[str, Any] = lambda_svc._throttle_response("ConcurrentInvocationLimitExceeded", text)
        return throttled
    milliseconds = int((time.time() - started) * 1000)
    lambda_svc._emit_lambda_logs(record, request, outcome.log, outcome.failed, milliseconds)
    result = {"body": outcome.payload, "log": outcome.log}
    return {**result, "error": True, "function_error": "Unhandled"} if outcome.failed else result


def _run(record: dict[str, Any], config: dict[str, Any], event: Any, request: str) -> Outcome | None:
    refusal = _refusal(record, config)
    if refusal is not None:
        return Outcome(refusal, failed=True, log=refusal["errorMessage"])
    function = _function(config)
    if not trusts_lambda(str(config.get("Role")), function.account, function.arn):
        return Outcome({"errorType": "AccessDeniedException", "errorMessage": REFUSED}, failed=True, log=REFUSED)
    fingerprint = _fingerprint(config)
    sandbox = _pool.lease(function, fingerprint, lambda: _sandbox(function, record["code_zip"], config), _PATIENCE)
    if sandbox is None:
        return None
    try:
        return sandbox.invoke(json.dumps(event).encode(), request, config["FunctionArn"], None)
    finally:
        _pool.release(function, sandbox)


def _refusal(record: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, str] | None:
    """Why this function cannot run here, in the form of a function's error."""
    runtime = config.get("Runtime") or config.get("PackageType")
    if not str(runtime).startswith("python3."):
        text = f"The local cloud runs functions in Python alone; {config.get('FunctionName')} has {runtime}."
        return {"errorType": "LocalCloud.UnsupportedRuntime", "errorMessage": text}
    if not record.get("code_zip"):
        return {"errorType": "LocalCloud.NoCode", "errorMessage": f"{config.get('FunctionName')} has no code."}
    return None


def _function(config: Mapping[str, Any]) -> Function:
    _, _, _, region, account, _, name, *_ = config["FunctionArn"].split(":")
    return Function(account, region, name, config.get("Version", "$LATEST"))


def _fingerprint(config: Mapping[str, Any]) -> str:
    """Tell code and configuration; what differs per invocation (the ARN's qualifier) is left out."""
    kept = (
        "CodeSha256",
        "Environment",
        "Handler",
        "Role",
        "MemorySize",
        "Timeout",
        "Layers",
        "Runtime",
        "LoggingConfig",
        "VpcConfig",
    )
    return hashlib.sha256(json.dumps([config.get(key) for key in kept], default=str).encode()).hexdigest()


def _sandbox(function: Function, package: bytes, config: Mapping[str, Any]) -> Sandbox:
    home = Path(settings.current().scratch)
    code = unpacked(package, home / "code")
    layers = [unpacked(layer, home / "layers") for layer in _layers(config)]
    plan = Plan(
        interpreter=settings.current().runtime,
        handler=config.get("Handler", ""),
        code=code,
        environment=_environment(function, config, code, layers),
        timeout=int(config.get("Timeout", 3)),
    )
    return Sandbox(plan, lambda line: printed.add(function.arn, line))


def _layers(config: Mapping[str, Any]) -> list[bytes]:
    found = (part("services.lambda_svc")._resolve_layer_zip(layer) for layer in config.get("Layers") or [])
    return [layer for layer in found if layer]


def _environment(function: Function, config: Mapping[str, Any], code: Path, layers: list[Path]) -> dict[str, str]:
    """What AWS sets (Lambda Developer Guide, "Defined runtime environment variables"), and how to reach it here."""
    told = settings.current()
    inside = Path(__file__).parent.parent / "inside"
    own = (config.get("Environment") or {}).get("Variables") or {}
    name = function.name
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **{key: str(value) for key, value in own.items()},
        "_HANDLER": config.get("Handler", ""),
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime')}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d')}/[{function.version}]{secrets.token_hex(16)}",
        "LAMBDA_TASK_ROOT": str(code),
        **_credentials(function, config),
        # How AWS is reached from here; on AWS there is nothing in these places.
        "AWS_CA_BUNDLE": told.authority,
        "SSL_CERT_FILE": told.authority,
        "REQUESTS_CA_BUNDLE": told.authority,
        "PYTHONPATH": ":".join([str(inside), *(str(layer / "python") for layer in layers)]),
        **{f"LOCAL_CLOUD_{kind}_PORT": str(port) for kind, port in function_networks.ports(function, config).items()},
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _credentials(function: Function, config: Mapping[str, Any]) -> dict[str, str]:
    """Make a session of the function's role, named after the function, as the Lambda service does."""
    key, secret, token = f"ASIA{secrets.token_hex(8).upper()}", secrets.token_hex(20), secrets.token_hex(64)
    role = str(config.get("Role", "")).rsplit("/", 1)[-1]
    session = function.name[:64]
    part("services.sts").register_session(
        key,
        {
            "Arn": f"arn:aws:sts::{function.account}:assumed-role/{role}/{session}",
            "UserId": f"{role}:{session}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        },
    )
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}


def _invalidate(name: str, qualifier: str | None = None, account: str | None = None, region: str | None = None) -> None:
    """End a function's environments; signature is the base's."""
    wanted = {"name": name, "version": qualifier, "account": account, "region": region}
    _pool.drop(lambda function: all(value is None or getattr(function, key) == value for key, value in wanted.items()))


def _ending_environments(old: Callable[..., Any]) -> Callable[..., Any]:
    """End a function's environments when its stack deletes it."""

    def delete(physical_id: str, properties: dict[str, Any]) -> Any:
        responses = part("core.responses")
        _invalidate(physical_id, account=responses.get_account_id(), region=responses.get_region())
        return old(physical_id, properties)

    return delete


class _WebsocketRoute:
    """Leads the base's websocket routes, which ask for a worker of their own, to the one way of running functions."""

    def __init__(self, _name: str, config: dict[str, Any], code: bytes, qualifier: str = "") -> None:  # noqa: ARG002 - the base's signature
        self._record = {"config": config, "code_zip": code}
        self._config = config

    def invoke(self, event: Any, request: str) -> dict[str, Any]:
        """Run one invocation; the result's form is the base's."""
        result = _execute(self._record, self._config, event, request, time.time())
        if result.get("error") or result.get("throttle"):
            return {"status": "error", "error": json.dumps(result.get("body"))}
        return {"status": "ok", "result": result.get("body")}
