"""API Gateway's control plane: what IAM is asked besides the verb."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.iam_enforcement import ALSO
from provider.localcloud.corrections.ministack_names import supplant

_TEST = "tests/localcloud/test_rest_api_control.py"


def apply() -> None:
    """Tell IAM of a request's tags and of changes of a policy."""
    supplant("core.iam_actions", "request_tag_context", _with_body)


@behaviour(
    call="apigateway:UpdateRestApi",
    expected="changing an API's policy needs apigateway:UpdateRestApiPolicy besides apigateway:PATCH (POST, PUT)",
    source="docs/aws-behaviour.md §3",
    test=f"{_TEST}::test_changing_the_policy_is_an_action_of_its_own",
)
@behaviour(
    call="apigateway:*",
    expected="tags in a request are aws:RequestTag and aws:TagKeys",
    source="API Gateway Developer Guide, tag-based access control",
    test=f"{_TEST}::test_tags_of_a_request_are_seen",
)
def _with_body(old: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(service: str, action: str, body: bytes, query: Mapping[str, Any]) -> dict[str, Any]:
        found = old(service, action, body, query)
        given = _read(body) if service == "apigateway" else {}
        tags = given.get("tags")
        if isinstance(tags, dict) and tags:
            found |= {f"aws:RequestTag/{key}": str(value) for key, value in tags.items()}
            found["aws:TagKeys"] = list(tags)
        return {**found, ALSO: ["apigateway:UpdateRestApiPolicy"]} if _changes_policy(given) else found

    return context


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _changes_policy(given: Mapping[str, Any]) -> bool:
    patches = given.get("patchOperations") or []
    return bool(given.get("policy")) or any(
        isinstance(patch, dict) and str(patch.get("path", "")).startswith("/policy") for patch in patches
    )
