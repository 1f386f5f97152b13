# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""A function's role must let Lambda in: when the function is made, and when it is run."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

REFUSED = "The role defined for the function cannot be assumed by Lambda."
_LAMBDA = "lambda.amazonaws.com"
_TYPE = "AWS::Lambda::Function"


def apply() -> None:
    """Ask the trust policy wherever a function is given a role."""
    require("services.iam", "_roles")
    require("core.iam_evaluator", "EvalContext", "evaluate_resource_policy")
    require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    supplant("services.lambda_svc", "_create_function", _refusing_new)
    supplant("services.lambda_svc", "_update_config", _refusing_changed)
    handlers = part("services.cloudformation.provisioners")._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _raising(handlers["create"], properties_at=1)
    handlers["update"] = _raising(handlers["update"], properties_at=2)


@behaviour(
    call="lambda:CreateFunction",
    expected="400 InvalidParameterValueException when the role's trust policy does not let lambda.amazonaws.com in",
    source="pdomala/LambdaCDDemo#1, alexcasalboni/aws-lambda-power-tuning#69",
    test="tests/localcloud/test_function_roles.py::test_a_role_that_does_not_trust_lambda_is_refused",
)
def trusts_lambda(role: str, account: str, function: str = "") -> bool:
    """Whether the role with this ARN is in the account and Lambda may assume it, for the function's ARN if known."""
    evaluator = part("core.iam_evaluator")
    known = part("services.iam")._roles.get_scoped(account, None, role.rsplit("/", 1)[-1])
    if known is None or known["Arn"] != role:
        return False
    source = {"aws:sourceaccount": account, **({"aws:sourcearn": function} if function else {})}
    context = evaluator.EvalContext(
        principal_arn=_LAMBDA,
        principal_type="Service",
        principal_account="",
        action="sts:AssumeRole",
        resource_arn=role,
        region="",
        service_context=source,
    )
    trust = known["AssumeRolePolicyDocument"]
    return bool(evaluator.evaluate_resource_policy(trust, context, service=_LAMBDA).decision == "Allow")


def _stands(role: Any) -> bool:
    return role is None or trusts_lambda(str(role), part("core.responses").get_account_id())


def _refusal() -> Any:
    return part("core.responses").error_response_json("InvalidParameterValueException", REFUSED, 400)


def _refusing_new(old: Callable[..., Any]) -> Callable[..., Any]:
    def create(data: Mapping[str, Any]) -> Any:
        return old(data) if _stands(data.get("Role")) else _refusal()

    return create


def _refusing_changed(old: Callable[..., Any]) -> Callable[..., Any]:
    def update(name: str, data: Mapping[str, Any]) -> Any:
        return old(name, data) if _stands(data.get("Role")) else _refusal()

    return update


def _raising(old: Callable[..., Any], *, properties_at: int) -> Callable[..., Any]:
    """Fail a stack's function as its resource handler does; `properties_at` tells which argument holds them."""

    def provision(*arguments: Any, **named: Any) -> Any:
        if not _stands(arguments[properties_at].get("Role")):
            raise ValueError(f"{REFUSED} (Service: Lambda, Status Code: 400)")
        return old(*arguments, **named)

    return provision
