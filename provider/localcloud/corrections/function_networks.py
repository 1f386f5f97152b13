# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""A function with a VpcConfig has its network interfaces in the VPC: it needs the right to make them, and is wired to nothing else."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from provider.localcloud import listeners
from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.vpc_networks import Network, Way, way
from provider.localcloud.pool import Function
from provider.localcloud.wires import Wires

REFUSED = "The provided execution role does not have permissions to call CreateNetworkInterface on EC2"
_TYPE = "AWS::Lambda::Function"
_TEST = "tests/localcloud/test_vpc_networks.py"

_wires: Wires[Way] = Wires(listeners.tls_port)
_arrived: ContextVar[Way | None] = ContextVar("localcloud_arrived", default=None)


def apply() -> None:
    """Ask the role's policies wherever a function is put into a VPC."""
    require("core.iam_evaluator", "EvalContext", "evaluate", "_gather_role_policies")
    require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    supplant("services.lambda_svc", "_create_function", _refusing_new)
    supplant("services.lambda_svc", "_update_config", _refusing_changed)
    handlers = part("services.cloudformation.provisioners")._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _raising(handlers["create"], properties_at=1)
    handlers["update"] = _raising(handlers["update"], properties_at=2)


def ports(function: Function, config: Mapping[str, Any]) -> dict[str, int]:
    """The ports by which a function reaches AWS's hosts: one of its VPC's for all, if it is in one."""
    placed = config.get("VpcConfig") or {}
    subnets = tuple(placed.get("SubnetIds") or ())
    if not subnets:
        return {"TLS": listeners.tls_port(), "HTTP": listeners.http_port()}
    network = Network(function.account, function.region, subnets, tuple(placed.get("SecurityGroupIds") or ()))
    port = _wires.port(network, lambda host: way(network, host))
    return {"TLS": port, "HTTP": port}


def arrive(client: tuple[str, int] | None) -> None:
    """Remember how the request at hand came, before it is served; `client` is the address that it came from."""
    _arrived.set(_wires.way(client[1]) if client else None)


def arrived() -> Way | None:
    """How the request at hand came out of a VPC; None if from nowhere like that."""
    return _arrived.get()


@behaviour(
    call="lambda:CreateFunction",
    expected="a function is put into a VPC only if its role may call ec2:CreateNetworkInterface: else 400 "
    "InvalidParameterValueException 'The provided execution role does not have permissions to call CreateNetworkInterface "
    "on EC2'",
    source="aws/aws-sam-cli#617, aws/aws-cdk#23589",
    test=f"{_TEST}::test_a_function_in_a_vpc_needs_a_role_that_may_make_network_interfaces",
)
def _may_stand(role: str, placed: Any) -> bool:
    if not isinstance(placed, Mapping) or not placed.get("SubnetIds"):
        return True
    evaluator, account = part("core.iam_evaluator"), part("core.responses").get_account_id()
    policies = evaluator._gather_role_policies(role.rsplit("/", 1)[-1], account)
    context = evaluator.EvalContext(role, "Role", account, "ec2:CreateNetworkInterface", "*", "")
    return bool(evaluator.evaluate(context, policies).decision == "Allow")


def _refusal() -> Any:
    return part("core.responses").error_response_json("InvalidParameterValueException", REFUSED, 400)


def _refusing_new(old: Callable[..., Any]) -> Callable[..., Any]:
    def create(data: Mapping[str, Any]) -> Any:
        return old(data) if _may_stand(str(data.get("Role")), data.get("VpcConfig")) else _refusal()

    return create


def _refusing_changed(old: Callable[..., Any]) -> Callable[..., Any]:
    def update(name: str, data: Mapping[str, Any]) -> Any:
        record = part("services.lambda_svc")._functions.get(name) or {"config": {}}
        role = data.get("Role") or record["config"].get("Role")
        return old(name, data) if _may_stand(str(role), data.get("VpcConfig")) else _refusal()

    return update


def _raising(old: Callable[..., Any], *, properties_at: int) -> Callable[..., Any]:
    """Fail a stack's function as its resource handler does; `properties_at` tells which argument holds them."""

    def provision(*arguments: Any, **named: Any) -> Any:
        properties = arguments[properties_at]
        if not _may_stand(str(properties.get("Role")), properties.get("VpcConfig")):
            raise ValueError(f"{REFUSED} (Service: Lambda, Status Code: 400)")
        return old(*arguments, **named)

    return provision
