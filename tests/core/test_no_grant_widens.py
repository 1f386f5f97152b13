"""No grant opens anything to anybody outside the account that IAM has proven, or more than it says, whatever it says."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from asked import ACTIONS, BETA, CONSUMER, FUNCTION, METHODS, NOBODY, OTHER, OWNER, PROD, ROLE, Asked, written
from decisions import ANONYMOUS, Call, Caller, Decision, decide
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_values import FITTING, tried, valid

from provider.core.errors import Permanent
from provider.core.identifiers import Arn

ACCOUNTS = (CONSUMER, OTHER, OWNER, NOBODY)
ARNS: dict[str, tuple[Arn, ...]] = {
    "Authorizer": (FUNCTION,),
    "InvokeFunction": (FUNCTION,),
    "ExecuteApi": (PROD, BETA),
    "AssumeRole": (ROLE,),
}
LAW = settings(
    derandomize=True,
    database=None,
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def callers(asked: Asked) -> Iterator[Caller]:
    """A named principal and such as look like it, in every account; services, and nobody known."""
    named = asked.principals[0] if asked.principals else f"arn:aws:iam::{asked.account}:role/buyer"
    for account in ACCOUNTS:
        for arn in (named, f"{named}x", named.replace(":role/", ":role/x/"), f"arn:aws:iam::{account}:root"):
            yield Caller(arn.replace(f"::{asked.account}:", f"::{account}:"))
    yield Caller(f"arn:aws:iam::{NOBODY}:role/{asked.account}")
    yield from (ANONYMOUS, Caller(service="apigateway.amazonaws.com"), Caller(service="lambda.amazonaws.com"))


def contexts(asked: Asked, caller: Caller) -> Iterator[dict[str, str]]:
    """All that a condition may ask for is there, or nothing is, or something like it."""
    endpoint, said = asked.properties.get("VpcEndpointIds", [""])[0], asked.properties.get("ExternalId", "")
    yield {}
    if endpoint:
        yield from ({"aws:SourceVpce": endpoint}, {"aws:SourceVpce": f"{endpoint}0"})
    if said:
        yield from ({"sts:ExternalId": said}, {"sts:ExternalId": f"{said}x"})
    if asked.properties["GrantType"] == "Authorizer" and caller.service:
        for account in ACCOUNTS:
            source = asked.sources[0].replace(f":{asked.account}:", f":{account}:").replace("*", "abc123")
            yield {"aws:SourceArn": source}
            yield {"aws:SourceArn": source.replace(asked.region, "ap-south-1")}
            yield {"aws:SourceArn": source.replace("/authorizers/", "x/authorizers/")}


def routes(asked: Asked) -> Iterator[str]:
    """What is asked for, and beside it: deeper, in another stage, by another method."""
    if asked.properties["GrantType"] != "ExecuteApi":
        yield "" if asked.arn == ROLE else asked.arn
        return
    method, path = asked.properties.get("Methods", METHODS)[-1], asked.properties.get("Paths", ("/*",))[-1]
    yield from (f"{asked.arn}/{method}{path.replace('*', text)}" for text in ("", "a/b"))
    yield from (f"{asked.arn}/{method}/deeper{path}", f"{asked.arn}/{method}{path}/deeper")
    yield from (f"{asked.arn}x/{method}{path}", f"{asked.arn}/DELETE{path}")


def calls(asked: Asked) -> Iterator[Call]:
    action = ACTIONS[asked.properties["GrantType"]]
    for caller in callers(asked):
        for context in contexts(asked, caller):
            yield from (Call(caller, action, route, context) for route in routes(asked))


def narrower_and_wider(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same, without one of its properties, or without all that may be left out."""
    optional = [name for name in properties if name not in ("GrantType", "ApiId")]
    for left_out in ([], *([name] for name in optional), optional):
        yield {name: value for name, value in properties.items() if name not in left_out}


def check(asked: Asked) -> None:
    """Whom AWS lets in is whom the grant means, and nobody from outside its account."""
    statements = written([asked])
    let_in = [call for call in calls(asked) if decide(statements, call) is not Decision.NO]
    assert let_in == [call for call in calls(asked) if asked.means(call)]
    assert not [call for call in let_in if is_outside(call, asked)]
    assert let_in, "whoever asks is let in"


def is_outside(call: Call, asked: Asked) -> bool:
    """Whether a call comes from outside the account: API Gateway calls for whose API it is."""
    on_behalf_of = call.context.get("aws:SourceArn", ":::::").split(":")[4]
    return asked.account not in (call.caller.account, on_behalf_of if call.caller.service else "")


@pytest.mark.parametrize("grant_type", FITTING)
@given(st.data())
@LAW
def test_nobody_outside_the_proven_account_is_let_in_whatever_valid_properties_say(
    grant_type: str, data: st.DataObject
) -> None:
    account = data.draw(st.sampled_from(ACCOUNTS[:3]))
    arn = data.draw(st.sampled_from(ARNS[grant_type]))
    for properties in narrower_and_wider(data.draw(valid(grant_type, account))):
        check(Asked(account, arn, properties))


@pytest.mark.parametrize("grant_type", FITTING)
@given(st.data())
@LAW
def test_what_anybody_tries_is_refused_or_means_what_it_says(grant_type: str, data: st.DataObject) -> None:
    asked = Asked(CONSUMER, ARNS[grant_type][0], data.draw(tried(grant_type, CONSUMER)))
    try:
        _ = asked.grant
    except Permanent:
        return
    check(asked)
