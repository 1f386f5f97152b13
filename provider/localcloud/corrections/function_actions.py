"""Which IAM action a call about an alias is: the base takes all but creation for `lambda:ListAliases`."""

from collections.abc import Callable

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import supplant

_OF_ONE_ALIAS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}


def apply() -> None:
    """Tell the actions on one alias apart."""
    supplant("core.iam_actions", "_lambda_action", _of_aliases)


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
