"""Parameters that are lists: each of their members is held to AllowedValues; the base looks at the whole text."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import supplant

_Resolve = Callable[..., dict[str, Any]]


def apply() -> None:
    """Take the check over from the base."""
    supplant("services.cloudformation.engine", "_resolve_parameters", _by_member)


@behaviour(
    call="cloudformation:CreateStack",
    expected="AllowedValues of a list parameter (CommaDelimitedList, List<…>) hold for each of its members",
    source="AWS CloudFormation User Guide, Parameters section, AllowedValues",
    test="tests/localcloud/test_list_parameters.py::test_each_member_of_a_list_parameter_must_be_allowed",
)
def _by_member(old: _Resolve) -> _Resolve:
    def resolve(template: dict[str, Any], *given: Any, **named: Any) -> dict[str, Any]:
        parameters: dict[str, Any] = template.get("Parameters") or {}
        lists = {name: one for name, one in parameters.items() if _is_restricted_list(one)}
        unchecked = {name: {**one, "AllowedValues": None} for name, one in lists.items()}
        resolved = old({**template, "Parameters": {**parameters, **unchecked}}, *given, **named)
        for name, one in lists.items():
            _check(name, one, str(resolved[name]["Value"]))
        return resolved

    return resolve


def _is_restricted_list(definition: Mapping[str, Any]) -> bool:
    kind = str(definition.get("Type"))
    return bool(definition.get("AllowedValues")) and (kind == "CommaDelimitedList" or kind.startswith("List<"))


def _check(name: str, definition: Mapping[str, Any], value: str) -> None:
    allowed = {str(one) for one in definition["AllowedValues"]}
    if not {member.strip() for member in value.split(",")} <= allowed:
        words = definition.get("ConstraintDescription") or "must be one of AllowedValues"
        raise ValueError(f"Parameter '{name}' {words}")
