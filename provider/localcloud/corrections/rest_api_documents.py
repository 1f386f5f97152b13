"""What may be a REST API's resource policy, and the form in which API Gateway keeps it and gives it back."""

import json
import re
from collections.abc import Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part
from provider.localcloud.corrections.policy_conditions import is_known
from provider.localcloud.corrections.policy_principals import AbsentPrincipalError, bound, readable
from provider.localcloud.corrections.policy_statements import elements, listed

_TEST = "tests/localcloud/test_rest_api_policies.py"
LIMIT = 8192
_VERSIONS = {"2012-10-17", "2008-10-17"}
_FIELDS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_ACTION = re.compile(r"execute-api:[a-zA-Z*?]+|\*", re.IGNORECASE)
_RESOURCE = re.compile(r"\*|execute-api:/.*|arn:aws[\w*-]*:execute-api:[^:]*:[^:]*:.*")
_SHORT = "execute-api:/"


class RefusedError(Exception):
    """API Gateway refuses: status, code and message of AWS's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Write the refusal as API Gateway's API does."""
        answer: tuple[int, dict[str, str], bytes] = part("services.apigateway_v1")._v1_error(  # noqa: SLF001
            self.code, self.message, self.status
        )
        return answer


@behaviour(
    call="apigateway:UpdateRestApi",
    expected="a document that is no policy of execute-api, or names a principal that does not exist: BadRequestException "
    "400 'Invalid policy document. Please check the policy syntax and ensure that Principals are valid.'",
    source="docs/aws-behaviour.md §3; hashicorp/terraform-provider-aws#29392",
    test=f"{_TEST}::test_what_is_no_policy_is_refused",
)
@behaviour(
    call="apigateway:UpdateRestApi",
    expected="a policy of more than 8192 bytes is BadRequestException 400",
    source="API Gateway quotas, L-8B81B02C 'Maximum resource policy size in bytes'; code and words are a choice of this "
    "cloud [?]",
    test=f"{_TEST}::test_a_policy_has_8192_bytes_at_most",
)
def checked(given: str | Mapping[str, Any]) -> dict[str, Any]:
    """Check a policy and return it with its principals by unique id, as it is stored.

    Raises:
        RefusedError: it is too long, no policy, or names a principal that does not exist.
    """
    text = given if isinstance(given, str) else json.dumps(given)
    policy = _parsed(text)
    if not all(_is_sound(one) for one in elements(policy)):
        raise _malformed()
    if len(text.encode()) > LIMIT:
        raise RefusedError(
            400, "BadRequestException", f"The resource policy exceeds the maximum size of {LIMIT} bytes."
        )
    try:
        return bound(policy)
    except AbsentPrincipalError as absent:
        raise _malformed() from absent


def _malformed() -> RefusedError:
    words = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
    return RefusedError(400, "BadRequestException", words)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        policy = json.loads(text)
    except json.JSONDecodeError:
        raise _malformed() from None
    if not isinstance(policy, dict) or set(policy) - {"Version", "Id", "Statement"}:
        raise _malformed()
    written = policy.get("Statement")
    if not written or len(elements(policy)) != (len(written) if isinstance(written, list) else 1):
        raise _malformed()
    if policy.get("Version") not in _VERSIONS:
        raise _malformed()
    return policy


def _is_sound(one: Mapping[str, Any]) -> bool:
    has_each = all((field in one) != (f"Not{field}" in one) for field in ("Principal", "Action", "Resource"))
    if not has_each or set(one) - _FIELDS or one.get("Effect") not in {"Allow", "Deny"}:
        return False
    actions, resources = (listed(one.get(field, one.get(f"Not{field}"))) for field in ("Action", "Resource"))
    return (
        bool(actions and resources)
        and all(_ACTION.fullmatch(action) for action in actions)
        and all(_RESOURCE.fullmatch(resource) for resource in resources)
        and _is_sound_condition(one.get("Condition", {}))
    )


def _is_sound_condition(condition: Any) -> bool:
    return isinstance(condition, dict) and all(
        is_known(operator) and isinstance(keys, dict) for operator, keys in condition.items()
    )


@behaviour(
    call="apigateway:GetRestApi",
    expected="a policy reads back with `execute-api:/…` as full ARNs of the API, lists of one as what is in them, "
    "account ids as their roots' ARNs, deleted principals as unique ids",
    source="docs/aws-behaviour.md §3; of which lists of one [?]",
    test=f"{_TEST}::test_a_policy_reads_back_normalised",
)
def normalised(policy: Mapping[str, Any], api_arn: str) -> dict[str, Any]:
    """Write a stored policy in API Gateway's form, for the API with the execute-api ARN `api_arn`."""
    return {**policy, "Statement": [_statement(one, api_arn) for one in elements(policy)]}


def _statement(one: Mapping[str, Any], api_arn: str) -> dict[str, Any]:
    found = {name: _single(value) for name, value in one.items()}
    for field in ("Resource", "NotResource"):
        if field in one:
            found[field] = _single([_whole(resource, api_arn) for resource in listed(one[field])])
    return found


def _single(value: Any) -> Any:
    """What may stand without its list, at whatever depth."""
    if isinstance(value, Mapping):
        return {name: _single(inner) for name, inner in value.items()}
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _whole(resource: str, api_arn: str) -> str:
    return f"{api_arn}/{resource.removeprefix(_SHORT)}" if resource.startswith(_SHORT) else resource


@behaviour(
    call="apigateway:GetRestApi",
    expected="the policy is escaped twice, slashes too: `json.loads` of it in quotes is the document's text; without a "
    "policy there is no such key",
    source="docs/aws-behaviour.md §3; hashicorp/terraform-provider-aws#4397, #4606",
    test=f"{_TEST}::test_a_policy_reads_back_escaped_twice",
)
def shown(stored: str) -> str:
    """Write a stored policy as API Gateway's answers carry it, before the answer itself is made JSON."""
    text = json.dumps(readable(json.loads(stored)), separators=(",", ":"), ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("/", r"\/")
