"""A property that would have no effect here is an error, not a silence."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_PROVISIONERS = "services.cloudformation.provisioners"
_FUNCTION = "AWS::Lambda::Function"
_Made = tuple[str, Mapping[str, Any]]

WITHOUT_MEANING_HERE: Mapping[str, set[str]] = {
    "": {"Tags", "Description", "Metadata"},
    _FUNCTION: {"KmsKeyArn", "RuntimeManagementConfig", "TracingConfig"},
    "AWS::ApiGateway::RestApi": {"FailOnWarnings", "Mode"},
    "AWS::ApiGateway::Stage": {"TracingEnabled"},
    "AWS::KMS::Key": {"PendingWindowInDays"},
    "AWS::Logs::LogGroup": {"KmsKeyId"},
    "AWS::S3::Bucket": {"AccelerateConfiguration", "LoggingConfiguration", "MetricsConfigurations"},
    "AWS::SNS::Topic": {"KmsMasterKeyId", "TracingConfig"},
}
"""By type ("" for all): what may be ignored, for it concerns networks, keys, tracing, metrics or logs of access alone."""

DEFAULTS: Mapping[tuple[str, str], Any] = {
    ("AWS::ApiGateway::RestApi", "ApiKeySourceType"): "HEADER",
    ("AWS::ApiGateway::RestApi", "DisableExecuteApiEndpoint"): False,
    ("AWS::ApiGateway::RestApi", "Parameters"): {"endpointConfigurationTypes": "REGIONAL"},
    ("AWS::ApiGateway::Stage", "CacheClusterEnabled"): False,
    ("AWS::DynamoDB::Table", "ContributorInsightsSpecification"): {"Enabled": False},
    ("AWS::Lambda::EventSourceMapping", "TumblingWindowInSeconds"): 0,
    ("AWS::Scheduler::Schedule", "ScheduleExpressionTimezone"): "UTC",
}
"""What says in a template no more than what holds without it."""


class PropertyWithoutEffectError(ValueError):
    """A template sets what the local cloud does not do."""

    def __init__(self, resource_type: str, names: set[str]) -> None:
        super().__init__(
            f"The local cloud does not do {', '.join(sorted(names))} of {resource_type}. Leave it out to try the rest."
        )


class _Watched(dict[str, Any]):
    """Properties that remember which of them were read; whoever copies them all has read them all."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        super().__init__(properties)
        self.unread = set(properties)

    def __getitem__(self, name: str) -> Any:
        self.unread.discard(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.unread.discard(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self.unread.clear()
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        self.unread.discard(name)
        return super().get(name, default)

    def keys(self) -> Any:
        self.unread.clear()
        return super().keys()

    def items(self) -> Any:
        self.unread.clear()
        return super().items()

    def values(self) -> Any:
        self.unread.clear()
        return super().values()


def apply() -> None:
    """Watch what the base reads when it creates a resource."""
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS")
    supplant(_PROVISIONERS, "_provision_resource", _watching)
    functions = base._RESOURCE_HANDLERS[_FUNCTION]
    functions["create"] = _with_settings(functions["create"])
    functions["update"] = _with_changed_settings(functions["update"])


@behaviour(
    call="cloudformation:CreateStack",
    expected="every property of a resource has its effect; one that would have none here fails the resource and says so",
    source="AWS CloudFormation User Guide, resource type reference",
    test="tests/localcloud/test_resource_types.py::test_a_property_that_would_have_no_effect_fails_the_resource",
)
def _watching(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def provision(resource_type: str, logical_id: str, properties: Mapping[str, Any], stack_name: str) -> _Made:
        if not resource_type.startswith("AWS::") or resource_type.startswith("AWS::CloudFormation::"):
            return old(resource_type, logical_id, properties, stack_name)
        watched = _Watched(properties)
        made = old(resource_type, logical_id, watched, stack_name)
        ignored = {name for name in watched.unread if not _may_be_ignored(resource_type, name, properties[name])}
        if ignored:
            part(_PROVISIONERS)._delete_resource(resource_type, made[0], dict(properties), stack_name, logical_id)
            raise PropertyWithoutEffectError(resource_type, ignored)
        return made

    return provision


def _may_be_ignored(resource_type: str, name: str, value: Any) -> bool:
    if name in WITHOUT_MEANING_HERE[""] | WITHOUT_MEANING_HERE.get(resource_type, set()):
        return True
    default = DEFAULTS.get((resource_type, name))
    return default is not None and str(value).lower() == str(default).lower()


@behaviour(
    call="cloudformation:AWS::Lambda::Function",
    expected="ReservedConcurrentExecutions and DeadLetterConfig take effect",
    source="AWS CloudFormation User Guide, AWS::Lambda::Function",
    test="tests/localcloud/test_resource_types.py::test_a_functions_concurrency_and_dead_letter_queue_are_set",
)
def _with_settings(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> _Made:
        made = old(logical_id, properties, stack_name)
        _set(made[0], properties)
        return made

    return create


def _with_changed_settings(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def update(physical_id: str, before: Any, properties: Mapping[str, Any], *given: Any, **named: Any) -> _Made:
        made = old(physical_id, before, properties, *given, **named)
        _set(made[0], properties)
        return made

    return update


def _set(name: str, properties: Mapping[str, Any]) -> None:
    """Write the settings that the base leaves out into its record of the function."""
    record = part("services.lambda_svc")._functions[name]
    reserved = properties.get("ReservedConcurrentExecutions")
    record["concurrency"] = None if reserved is None else int(reserved)
    record["config"]["DeadLetterConfig"] = properties.get("DeadLetterConfig") or {}
    for stored in ("VpcConfig", "KmsKeyArn"):
        if properties.get(stored):
            record["config"][stored] = properties[stored]
