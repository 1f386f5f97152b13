"""An API is called by whomever, whichever account it is in, and the ARN of a call is the API's."""

from collections.abc import Callable
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require, supplant

_REST, _HTTP = "services.apigateway_v1", "services.apigateway"

Scope = tuple[str, str]
"""An account's id and a Region."""


def apply() -> None:
    """Find an API in any account."""
    require(_REST, "_rest_apis")
    require(_HTTP, "_apis")
    supplant(_REST, "find_api_scope", _in_every_account(_REST, "_rest_apis"))
    supplant(_HTTP, "find_api_scope", _in_every_account(_HTTP, "_apis"))
    supplant("core.arn", "execute_api_arn", _of_the_apis_account)


@behaviour(
    call="execute-api:Invoke",
    expected="an API's id is unique among all accounts, so that its host name leads to it whoever calls; the ARN of a call "
    "carries the API's account and Region, not the caller's",
    source="API Gateway Developer Guide, invoke REST APIs; control access for invoking an API",
    test="tests/localcloud/test_hosts.py::test_an_api_is_reached_under_its_own_host",
)
def _in_every_account(module: str, store: str) -> Callable[[Any], Callable[[str], Scope | None]]:
    def find(api_id: str) -> Scope | None:
        apis = getattr(part(module), store)
        return next(((account, region) for (account, region, stored), _ in apis.all_items() if stored == api_id), None)

    return lambda _: find


def _of_the_apis_account(old: Callable[..., str]) -> Callable[..., str]:
    def arn(region: str, account_id: str, api_id: str, *rest: str) -> str:
        found = part(_REST).find_api_scope(api_id) or part(_HTTP).find_api_scope(api_id)
        owner, home = found or (account_id, region)
        return old(home, owner, api_id, *rest)

    return arn
