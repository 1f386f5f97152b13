"""Which IAM action a call about an alias, a mapping, or a setting of a function is: the base takes many for one of their kind."""

from collections.abc import Callable

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import supplant

_OF_ONE_ALIAS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}
_OF_ONE_MAPPING = {
    "GET": "GetEventSourceMapping",
    "PUT": "UpdateEventSourceMapping",
    "DELETE": "DeleteEventSourceMapping",
}
_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}
_SETTINGS = {"concurrency": "FunctionConcurrency", "code-signing-config": "FunctionCodeSigningConfig"}


def apply() -> None:
    """Tell the actions on one thing apart."""
    supplant("core.iam_actions", "_lambda_action", _of_aliases)
    supplant("core.iam_actions", "_lambda_action", _of_mappings)
    supplant("core.iam_actions", "_lambda_action", _of_settings)


@behaviour(
    call="lambda:GetAlias",
    expected="reading, changing and deleting an alias are actions of their own, on the function",
    source="Service Authorization Reference, AWS Lambda",
    test="tests/localcloud/test_function_actions.py::test_reading_an_alias_is_an_action_of_its_own",
)
def _of_aliases(old: Callable[[str, str], str | None]) -> Callable[[str, str], str | None]:
    def action(method: str, path: str) -> str | None:
        parts = [part for part in path.split("/") if part]
        if len(parts) == 5 and parts[1] == "functions" and parts[3] == "aliases":
            return _OF_ONE_ALIAS.get(method)
        return old(method, path)

    return action


@behaviour(
    call="lambda:GetEventSourceMapping",
    expected="reading, changing and deleting a mapping are actions of their own, on the mapping",
    source="Service Authorization Reference, AWS Lambda",
    test="tests/localcloud/test_function_actions.py::test_reading_a_mapping_is_an_action_of_its_own",
)
def _of_mappings(old: Callable[[str, str], str | None]) -> Callable[[str, str], str | None]:
    def action(method: str, path: str) -> str | None:
        parts = [part for part in path.split("/") if part]
        is_one = len(parts) == 3 and parts[1] == "event-source-mappings"
        return _OF_ONE_MAPPING.get(method) if is_one else old(method, path)

    return action


@behaviour(
    call="lambda:GetFunctionConcurrency",
    expected="reading, setting and taking away a function's concurrency or code signing are three actions",
    source="Service Authorization Reference, AWS Lambda",
    test="tests/localcloud/test_function_actions.py::test_reading_a_setting_is_an_action_of_its_own",
)
def _of_settings(old: Callable[[str, str], str | None]) -> Callable[[str, str], str | None]:
    def action(method: str, path: str) -> str | None:
        parts = [part for part in path.split("/") if part]
        setting = _SETTINGS.get(parts[3]) if len(parts) == 4 and parts[1] == "functions" else None
        return f"{_VERBS[method]}{setting}" if setting and method in _VERBS else old(method, path)

    return action
