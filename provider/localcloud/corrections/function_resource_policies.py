"""GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy: the whole policy of a function as a document."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_names import FunctionName
from provider.localcloud.corrections.function_policies import (
    PolicyPlace,
    RefusedError,
    latest,
    no_policy,
    not_found,
)
from provider.localcloud.corrections.function_policy_documents import checked
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.request_parameters import first

_TEST = "tests/localcloud/test_function_resource_policies.py"
_PATH = re.compile(r"/2026-07-09/resource-policy/(.+)")
_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}

_Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Add the three operations, and the actions by which IAM knows them."""
    require("core.responses", "json_response")
    supplant("core.iam_actions", "extract_iam_action", _naming)
    supplant("services.lambda_svc", "handle_request", _serving)


@behaviour(
    call="lambda:PutResourcePolicy",
    expected="IAM knows lambda:GetResourcePolicy, lambda:PutResourcePolicy and lambda:DeleteResourcePolicy on the ARN",
    source="docs/aws-behaviour.md §1; which condition keys they support is [?]",
    test=f"{_TEST}::test_each_operation_is_an_action_on_the_arn",
)
def _naming(old: Callable[..., str | None]) -> Callable[..., str | None]:
    def extract(service: str, method: str, path: str, *given: Any) -> str | None:
        if service == "lambda" and _PATH.fullmatch(path) and method in _VERBS:
            return f"lambda:{_VERBS[method]}ResourcePolicy"
        return old(service, method, path, *given)

    return extract


def _serving(old: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle(method: str, path: str, headers: Any, body: bytes, query: Mapping[str, Any]) -> Any:
        match = _PATH.fullmatch(path)
        if match is None or method not in _VERBS:
            return await old(method, path, headers, body, query)
        try:
            return _serve(method, _name(unquote(match[1])), body, query)
        except RefusedError as refused:
            return refused.answer()

    return handle


def _name(arn: str) -> FunctionName:
    name = FunctionName.of_arn(arn)
    if name is None:
        message = (
            f"1 validation error detected: Value '{arn}' at 'resourceArn' failed to satisfy constraint: not a function"
        )
        raise RefusedError(400, "ValidationException", message)
    return name


def _serve(method: str, name: FunctionName, body: bytes, query: Mapping[str, Any]) -> _Answer:
    if method == "GET":
        return _shown(_with_policy(name))
    if method == "DELETE":
        delete(name, first(query, "RevisionId"))
        return 204, {}, b""
    given = json.loads(body or b"{}")
    return _shown(put(name, str(given.get("Policy") or ""), given.get("RevisionId")))


def _with_policy(name: FunctionName) -> PolicyPlace:
    place = PolicyPlace.find(name)
    if place is None or place.stored is None:
        raise no_policy()
    return place


@behaviour(
    call="lambda:DeleteResourcePolicy",
    expected="without policy or function 404 as GetPolicy; a RevisionId is a precondition",
    source="docs/aws-behaviour.md §1",
    test=f"{_TEST}::test_deleting_it_takes_it_all",
)
def delete(name: FunctionName, revision: str | None = None) -> None:
    """Remove the policy of a function, version or alias.

    Raises:
        RefusedError: there is none, or its revision is another.
    """
    place = _with_policy(name)
    place.check_revision(revision)
    place.write(None)


@behaviour(
    call="lambda:PutResourcePolicy",
    expected="it replaces the policy that AddPermission writes too; a RevisionId is a precondition (without a policy yet, "
    "the function's or alias's), and every change makes a new one",
    source="docs/aws-behaviour.md §1",
    test=f"{_TEST}::test_it_is_one_policy_with_add_permission",
)
@behaviour(
    call="lambda:GetResourcePolicy",
    expected="what is read back has account ids as their roots' ARNs and deleted principals as unique ids, else as written",
    source="docs/aws-behaviour.md §1 [?]",
    test=f"{_TEST}::test_what_is_read_back",
)
def put(name: FunctionName, text: str, revision: str | None = None) -> PolicyPlace:
    """Make the document `text` the whole policy of a function, version or alias.

    Raises:
        RefusedError: there is no such function, its revision is another, or the document may not be.
    """
    if name.qualifier == "$LATEST":
        raise latest()
    place = PolicyPlace.find(name)
    if place is None:
        raise not_found(name)
    place.check_size(len(text))
    place.check_revision(revision)
    place.write(checked(text, name.arn))
    return place


def _shown(place: PolicyPlace) -> _Answer:
    shown = {"Policy": json.dumps(place.policy, separators=(",", ":")), "RevisionId": place.revision}
    answer: _Answer = part("core.responses").json_response(shown)
    return answer
