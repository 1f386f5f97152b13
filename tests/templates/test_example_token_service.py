"""The token service's function, as Lambda would load it: what it answers each kind of API."""

from collections.abc import Callable
from typing import Any

import pytest
from template_documents import resolved

API = "arn:aws:execute-api:us-east-1:111111111111:a1b2c3d4e5"
METHOD = f"{API}/live/GET/orders/1"
CONNECT = f"{API}/live/$connect"
ROUTE = f"{API}/$default/GET/orders"


def rest(**headers: str) -> dict[str, Any]:
    """The event of a REST API's REQUEST authorizer."""
    return {"type": "REQUEST", "methodArn": METHOD, "httpMethod": "GET", "headers": headers}


def token(shown: str) -> dict[str, Any]:
    """The event of a REST API's TOKEN authorizer."""
    return {"type": "TOKEN", "methodArn": METHOD, "authorizationToken": shown}


def http(**headers: str) -> dict[str, Any]:
    """The event of an HTTP API's authorizer, payload format 2.0 (docs/aws-behaviour.md §2)."""
    return {"version": "2.0", "type": "REQUEST", "routeArn": ROUTE, "headers": headers}


def http_as_rest(**headers: str) -> dict[str, Any]:
    """The same in payload format 1.0."""
    return {"version": "1.0", "type": "REQUEST", "methodArn": ROUTE, "httpMethod": "GET", "headers": headers}


def websocket(**headers: str) -> dict[str, Any]:
    """The event of a WebSocket API's authorizer."""
    return {"type": "REQUEST", "methodArn": CONNECT, "headers": headers}


@pytest.fixture(scope="module")
def handler() -> Callable[[dict[str, Any], None], dict[str, Any]]:
    source = resolved("examples/token-service.yaml")["TokenFunction"]["Properties"]["Code"]["ZipFile"]
    module: dict[str, Any] = {}
    exec(compile(source, "index.py", "exec"), module)  # noqa: S102 - the example's own code
    found: Callable[[dict[str, Any], None], dict[str, Any]] = module["handler"]
    return found


@pytest.mark.parametrize(
    ("event", "stage"),
    [
        (rest(Authorization="Bearer demo-token"), "live"),
        (rest(authorization="Bearer demo-token"), "live"),
        (token("Bearer demo-token"), "live"),
        (http(authorization="Bearer demo-token"), "$default"),
        (http_as_rest(Authorization="Bearer demo-token"), "$default"),
        (websocket(Authorization="Bearer demo-token"), "live"),
    ],
)
def test_the_authorizer_lets_the_known_token_in(handler: Any, event: dict[str, Any], stage: str) -> None:
    """For the whole stage, since API Gateway caches the answer by token and not by method."""
    answer = handler(event, None)
    [statement] = answer["policyDocument"]["Statement"]
    assert statement == {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{API}/{stage}/*"}
    assert answer["principalId"] == "demo-user"


@pytest.mark.parametrize(
    "event", [rest(Authorization="Bearer other"), rest(), {**rest(), "headers": None}, token(""), token("demo-token")]
)
def test_the_authorizer_turns_others_away_from_rest_apis(handler: Any, event: dict[str, Any]) -> None:
    """With the word that they turn into 401."""
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        handler(event, None)


@pytest.mark.parametrize(
    "event",
    [
        http(authorization="Bearer other"),
        http(),
        http_as_rest(Authorization="Bearer other"),
        websocket(Authorization="Bearer other"),
        websocket(),
    ],
)
def test_the_authorizer_denies_others_http_and_websocket_apis(handler: Any, event: dict[str, Any]) -> None:
    """An exception's meaning there is not established; a policy that denies is 403."""
    answer = handler(event, None)
    assert [one["Effect"] for one in answer["policyDocument"]["Statement"]] == ["Deny"]
    assert answer["principalId"]
