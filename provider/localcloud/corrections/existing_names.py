"""A stack does not take over what somebody else has made under the name that its template wants."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_PROVISIONERS = "services.cloudformation.provisioners"
_Made = tuple[str, Mapping[str, Any]]

_STORES: Mapping[str, tuple[str, str, str]] = {
    "AWS::Lambda::Function": ("FunctionName", "services.lambda_svc", "_functions"),
    "AWS::IAM::Role": ("RoleName", "services.iam", "_roles"),
    "AWS::IAM::User": ("UserName", "services.iam", "_users"),
    "AWS::DynamoDB::Table": ("TableName", "services.dynamodb", "_tables"),
    "AWS::Logs::LogGroup": ("LogGroupName", "services.cloudwatch_logs", "_log_groups"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "services.cloudwatch", "_alarms"),
}
"""By type: the property that names it, and where the base keeps what has such a name."""


class NameTakenError(ValueError):
    """Something of the same type and name is there already."""

    def __init__(self, resource_type: str, name: str) -> None:
        token = part("core.responses").new_uuid()
        super().__init__(
            f"Resource handler returned message: \"Resource of type '{resource_type}' with identifier '{name}' "
            f'already exists." (RequestToken: {token}, HandlerErrorCode: AlreadyExists)'
        )


def apply() -> None:
    """Look before the base creates."""
    for _, module, store in _STORES.values():
        require(module, store)
    supplant(_PROVISIONERS, "_provision_resource", _looking)


@behaviour(
    call="cloudformation:CreateStack",
    expected="a resource whose explicit name is taken fails: 'Resource of type … with identifier … already exists.'",
    source="aws-cloudformation/cloudformation-coverage-roadmap, HandlerErrorCode AlreadyExists",
    test="tests/localcloud/test_resource_types.py::test_a_stack_does_not_take_over_what_has_the_name_already",
)
def _looking(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def provision(resource_type: str, logical_id: str, properties: Mapping[str, Any], stack_name: str) -> _Made:
        if resource_type in _STORES:
            naming, module, store = _STORES[resource_type]
            name = properties.get(naming)
            if name and name in getattr(part(module), store):
                raise NameTakenError(resource_type, str(name))
        return old(resource_type, logical_id, properties, stack_name)

    return provision
