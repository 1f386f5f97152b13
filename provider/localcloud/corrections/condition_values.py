"""Values inside a template's conditions: a list joined to one text, by which templates ask whether a list is empty."""

from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import supplant

_Evaluate = Callable[[dict[str, Any], dict[str, Any]], dict[str, bool]]


def apply() -> None:
    """Take over the evaluation of conditions."""
    supplant("services.cloudformation.engine", "_evaluate_conditions", _with_joins)


@behaviour(
    call="cloudformation:CreateStack",
    expected="Fn::Join of a list parameter may stand in Fn::Equals of a condition",
    source="AWS CloudFormation User Guide, condition functions; kept in many public templates",
    test="tests/localcloud/test_stacks.py::test_a_condition_may_ask_whether_a_list_is_empty",
)
def _with_joins(old: _Evaluate) -> _Evaluate:
    def evaluate(template: dict[str, Any], params: dict[str, Any]) -> dict[str, bool]:
        conditions = {name: _joined(one, params) for name, one in template.get("Conditions", {}).items()}
        return old({**template, "Conditions": conditions}, params)

    return evaluate


def _joined(node: Any, params: Mapping[str, Any]) -> Any:
    """A part of a condition in which every Fn::Join is the text that it makes."""
    if isinstance(node, list):
        return [_joined(one, params) for one in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Fn::Join"}:
        separator, items = node["Fn::Join"]
        return str(separator).join(_items(items, params))
    return {name: _joined(one, params) for name, one in node.items()}


def _items(items: Any, params: Mapping[str, Any]) -> list[str]:
    if isinstance(items, list):
        return [text for one in items for text in _items(one, params)]
    if isinstance(items, dict) and set(items) == {"Ref"} and items["Ref"] in params:
        value = params[items["Ref"]]["Value"]
        return [str(one) for one in value] if isinstance(value, list) else str(value).split(",")
    return [str(_joined(items, params))]
