"""A function of another account is reached by its ARN, once both accounts' policies have allowed it."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_names import FunctionName
from provider.localcloud.corrections.iam_enforcement import policies_of, question
from provider.localcloud.corrections.ministack_names import part, require, supplant

_Handler = Callable[[str, str, dict[str, Any], bytes, dict[str, Any]], Awaitable[Any]]


def apply() -> None:
    """Serve calls of Lambda in the account of the function that they name."""
    require("core.responses", "request_scope", "get_account_id", "get_region")
    supplant("services.lambda_svc", "handle_request", _in_the_functions_account)


@behaviour(
    call="lambda:Invoke",
    expected="a function of another account is invoked by its ARN if the caller's policy and the function's allow it",
    source="AWS Lambda Developer Guide, granting Lambda function access to other accounts",
    test="tests/localcloud/test_functions.py::test_a_foreign_function_is_invoked_with_its_owners_leave",
)
def _in_the_functions_account(old: _Handler) -> _Handler:
    async def handle(method: str, path: str, headers: dict[str, Any], body: bytes, query: dict[str, Any]) -> Any:
        responses = part("core.responses")
        here = responses.get_account_id(), responses.get_region()
        named = FunctionName.of_path(unquote(path), *here)
        if named is None or (named.account, named.region) == here or named.region != here[1] or not _allowed(named):
            return await old(method, path, headers, body, query)
        with responses.request_scope(named.account, named.region):
            return await old(method, path, headers, body, query)

    return handle


def _allowed(named: FunctionName) -> bool:
    """Whether what was allowed just now, the function's own policy considered, is a call of this very function."""
    asked = question()
    if "lambda" not in policies_of:
        return False
    resource = FunctionName.of_arn(asked.resource)
    return asked.allowed and resource is not None and resource.unqualified() == named.unqualified()
