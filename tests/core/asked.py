"""What consumers ask for on a function, a REST API and a role, said three ways: as properties, plainly, and as a question.

Only the properties go to the product. The plain statement and the question are what its statements are measured by.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from decisions import ANONYMOUS, Call, Caller
from hypothesis import strategies as st

from provider.core.declarations import Grant, declared
from provider.core.identifiers import AccountId, Arn, IssuedAt, Origin, RequestId
from provider.core.properties import PERMISSION
from provider.core.requests import Request, RequestKey, RequestType
from provider.core.statements import CentreId, Statement, merge, render

OWNER, CONSUMER, OTHER, NOBODY = "333333333333", "111111111111", "444444444444", "555555555555"
OURS = CentreId.of(AccountId("222222222222"), "us-east-1")
FUNCTION = Arn(f"arn:aws:lambda:eu-west-1:{OWNER}:function:token:live")
API = Arn(f"arn:aws:execute-api:us-east-1:{OWNER}:ordersapi0")
PROD, BETA = Arn(f"{API}/prod"), Arn(f"{API}/beta")
ROLE = Arn(f"arn:aws:iam::{OWNER}:role/cross-account/orders")
RESOURCES = {"function": FUNCTION, "api": API, "role": ROLE}

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
ENDPOINTS = ("vpce-0123456789abcdef0", "vpce-0123456789abcdef1")
EXTERNAL_IDS = ("shop-1", "shop-2")
APIS, AUTHORIZERS = ("apiaaaaa", "apibbbbb"), ("auth1", "auth2")
NAMES = ("role/buyer", "role/shop/buyer", "user/buyer")


@dataclass(frozen=True)
class Asked:
    """A permission that the stack of an account asks for, open on `arn`."""

    account: str
    arn: Arn
    properties: Mapping[str, Any]
    region: str = "us-east-1"

    @cached_property
    def grant(self) -> Grant:
        """The grant, by way of the properties' validation."""
        found = declared(request(self.account, self.properties, self.region))
        assert isinstance(found, Grant)
        return found

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        return render(self.grant, self.arn)

    @property
    def principals(self) -> Sequence[str]:
        return self.properties.get("Principals", ())

    @property
    def sources(self) -> list[str]:
        """The authorizers by the ARN that API Gateway calls as (docs/aws-behaviour.md §2)."""
        api = f"arn:aws:execute-api:{self.region}:{self.account}:{self.properties['ApiId']}"
        return [f"{api}/authorizers/{one}" for one in self.properties.get("AuthorizerIds", ("*",))]

    def means(self, call: Call) -> bool:
        """Whether this call is among what is asked for."""
        kind = self.properties["GrantType"]
        if kind == "Authorizer":
            source = call.context.get("aws:SourceArn", "")
            rightly = call.caller.service == "apigateway.amazonaws.com" and _is_among(source, self.sources)
        else:
            rightly = call.caller.account == self.account and call.caller.arn in (self.principals or (call.caller.arn,))
        return rightly and _does(kind, self, call)

    def plainly(self) -> dict[str, Any]:
        """One statement as anybody would write it: the account's root as principal, each method and path by itself."""
        kind = self.properties["GrantType"]
        principal = {"AWS": f"arn:aws:iam::{self.account}:root"}
        tests: dict[str, dict[str, Any]] = {}
        if self.principals:
            tests["ArnEquals"] = {"aws:PrincipalArn": list(self.principals)}
        if kind == "Authorizer":
            principal, tests = {"Service": "apigateway.amazonaws.com"}, {"ArnLike": {"AWS:SourceArn": self.sources}}
        if "VpcEndpointIds" in self.properties:
            tests.setdefault("StringEquals", {})["aws:SourceVpce"] = list(self.properties["VpcEndpointIds"])
        if "ExternalId" in self.properties:
            tests.setdefault("StringEquals", {})["sts:ExternalId"] = self.properties["ExternalId"]
        resource = [self.arn] if kind != "ExecuteApi" else self._routes()
        return {
            "Effect": "Allow",
            "Principal": principal,
            "Action": ACTIONS[kind],
            **({"Resource": resource} if kind != "AssumeRole" else {}),
            **({"Condition": tests} if tests else {}),
        }

    def _routes(self) -> list[str]:
        methods = self.properties.get("Methods", METHODS)
        return [f"{self.arn}/{method}{path}" for method in methods for path in self.properties.get("Paths", ("/*",))]


ACTIONS = {
    "Authorizer": "lambda:InvokeFunction",
    "InvokeFunction": "lambda:InvokeFunction",
    "ExecuteApi": "execute-api:Invoke",
    "AssumeRole": "sts:AssumeRole",
}


def _does(kind: str, asked: Asked, call: Call) -> bool:
    """Whether a call does what is asked, whoever makes it."""
    if call.action != ACTIONS[kind]:
        return False
    if kind == "AssumeRole":
        said = call.context.get("sts:ExternalId")
        return asked.properties.get("ExternalId", said) == said
    return call.resource == asked.arn if kind != "ExecuteApi" else _is_route(asked, call)


def _is_route(asked: Asked, call: Call) -> bool:
    if not call.resource.startswith(f"{asked.arn}/"):
        return False
    method, _, path = call.resource.removeprefix(f"{asked.arn}/").partition("/")
    endpoint = call.context.get("aws:SourceVpce")
    return (
        method in asked.properties.get("Methods", METHODS)
        and _is_among(f"/{path}", asked.properties.get("Paths", ("/*",)))
        and endpoint in asked.properties.get("VpcEndpointIds", (endpoint,))
    )


def _is_among(text: str, patterns: Sequence[str]) -> bool:
    return any(re.fullmatch(".*".join(map(re.escape, one.split("*"))), text) for one in patterns)


def request(account: str, properties: Mapping[str, Any], region: str = "us-east-1", kind: str = PERMISSION) -> Request:
    """A Create as the stack of an account sends it; a permission without a Target asks for the owner's `orders`."""
    key = RequestKey(AccountId(account), RequestId("request-1"))
    origin = Origin(key.account, f"arn:aws:cloudformation:{region}:{account}:stack/shop/1", "Resource")
    given = {"Target": f"{OWNER}/orders", **properties} if kind == PERMISSION else properties
    at = IssuedAt("20261121T031800Z")
    return Request(key, RequestType.CREATE, origin, at, kind, None, {"ServiceToken": "arn:token", **given})


# --- what is asked, drawn ---------------------------------------------------------------------------

_CONSUMERS = st.sampled_from([CONSUMER, OTHER, OWNER])


def _some(values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


def _asked(grant_type: str, arns: Sequence[Arn], given: Mapping[str, st.SearchStrategy[Any]]) -> Any:
    """Asked for by any of the accounts, the owner's own among them, with any of the properties left out."""

    @st.composite
    def drawn(draw: st.DrawFn) -> Asked:
        account = draw(_CONSUMERS)
        properties = draw(st.fixed_dictionaries({"GrantType": st.just(grant_type)}, optional=dict(given)))
        if "Principals" in properties:
            properties["Principals"] = [f"arn:aws:iam::{account}:{name}" for name in properties["Principals"]]
        if grant_type == "Authorizer":
            properties["ApiId"] = draw(st.sampled_from(APIS))
        return Asked(account, draw(st.sampled_from(arns)), properties)

    return drawn()


_PATHS = ("/", "/*", "/orders", "/orders/*", "/*/orders", "/admin")
ON = {
    "function": st.one_of(
        _asked("Authorizer", [FUNCTION], {"AuthorizerIds": _some(AUTHORIZERS)}),
        _asked("InvokeFunction", [FUNCTION], {"Principals": _some(NAMES)}),
    ),
    "api": _asked(
        "ExecuteApi",
        [PROD, BETA],
        {
            "Principals": _some(NAMES),
            "Methods": _some(["GET", "POST"]),
            "Paths": _some(_PATHS),
            "VpcEndpointIds": _some(ENDPOINTS),
        },
    ),
    "role": _asked("AssumeRole", [ROLE], {"Principals": _some(NAMES), "ExternalId": st.sampled_from(EXTERNAL_IDS)}),
}
"""What may be asked for on each kind of target."""

CONSUMERS_OF = {kind: st.lists(strategy, max_size=6) for kind, strategy in ON.items()}


def written(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """The statements of a policy for all of it, merged."""
    return [one.document(OURS) for one in merge(part for each in asked for part in each.statements)]


# --- who may call ----------------------------------------------------------------------------------

SIGNED = tuple(
    Caller(f"arn:aws:iam::{account}:{name}")
    for account in (CONSUMER, OTHER, OWNER, NOBODY)
    for name in (*NAMES, "role/seller", "root")
)
SERVICES = (Caller(service="apigateway.amazonaws.com"), Caller(service="events.amazonaws.com"))


@cache
def calls(kind: str) -> tuple[Call, ...]:
    """Calls that differ in all that may be asked for, each by everybody."""
    return tuple(call for caller in (*SIGNED, ANONYMOUS, *SERVICES) for call in _CALLS[kind](caller))


def _invocations(caller: Caller) -> Iterator[Call]:
    accounts = (CONSUMER, OTHER, OWNER, NOBODY) if caller.service else ()
    for account, api, authorizer in itertools.product(accounts, APIS, AUTHORIZERS):
        source = f"arn:aws:execute-api:us-east-1:{account}:{api}/authorizers/{authorizer}"
        yield Call(caller, "lambda:InvokeFunction", FUNCTION, {"aws:SourceArn": source})
        yield Call(
            caller, "lambda:InvokeFunction", FUNCTION, {"aws:SourceArn": source.replace("us-east-1", "eu-west-1")}
        )
    for resource in (FUNCTION, FUNCTION.removesuffix(":live")):
        yield Call(caller, "lambda:InvokeFunction", resource)
    yield Call(caller, "lambda:UpdateFunctionCode", FUNCTION)


def _executions(caller: Caller) -> Iterator[Call]:
    paths = ("/", "/orders", "/orders/1", "/admin/orders")
    for stage, method, path in itertools.product((PROD, BETA), ("GET", "DELETE"), paths):
        for context in ({}, {"aws:SourceVpce": ENDPOINTS[0]}):
            yield Call(caller, "execute-api:Invoke", f"{stage}/{method}{path}", context)
    yield Call(caller, "execute-api:Invoke", f"{API}/prod2/GET/orders")
    yield Call(caller, "execute-api:ManageConnections", f"{PROD}/GET/orders")


def _assumptions(caller: Caller) -> Iterator[Call]:
    for said in (None, *EXTERNAL_IDS):
        yield Call(caller, "sts:AssumeRole", context={"sts:ExternalId": said} if said else {})
    yield Call(caller, "sts:TagSession")


_CALLS = {"function": _invocations, "api": _executions, "role": _assumptions}
