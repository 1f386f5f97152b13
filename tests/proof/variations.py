"""Requests that no client can send to the local cloud: recorded ones, with one thing changed."""

from collections.abc import Callable
from dataclasses import replace

from attack import REQUESTS, Variation
from attackers import CENTRAL, CONSUMER, HOME, STRANGER
from deployed_policies import PREFIX

from provider.localcloud.calls import Decision


def _like(who: str, action: str, resource: str, *, allowed: bool) -> Callable[[Decision], bool]:
    """Requests of a principal and for a resource in whose ARNs these texts stand."""
    return lambda one: (
        (one.action, one.allowed) == (action, allowed) and who in one.principal and resource in one.resource
    )


def _as(action: str) -> Callable[[Decision], Decision]:
    """The same request for another action, by a session that nothing narrows."""
    return lambda one: replace(one, action=action, session_policies=())


def _with(key: str, value: str) -> Callable[[Decision], Decision]:
    return lambda one: replace(one, keys={**one.keys, key: value})


def _without_tags(role: str) -> Callable[[Decision], bool]:
    """A refused wish of the consumer's for a session of a role, without tags."""
    like = _like(_OF_CONSUMER, "sts:AssumeRole", f"-{role}", allowed=False)
    return lambda one: like(one) and "aws:tagkeys" not in one.keys


_ELSEWHERE = f"arn:aws:iam::{CONSUMER}:role/elsewhere/{PREFIX}-provider"
_OF_CONSUMER, _OF_STRANGER = f":{CONSUMER}:assumed-role/", f":{STRANGER}:assumed-role/"
_ASKS = _like(f":{CONSUMER}:assumed-role/{PREFIX}-provider", "sts:AssumeRole", "-request", allowed=True)
_PATCHES = _like("-grantor", "apigateway:PATCH", "/restapis/", allowed=False)
_CONSENT = "aws:resourcetag/crossaccountpermission"
_BYSTANDERS = "table/bystander-"

VARIATIONS = (
    Variation("asks as a namesake under another path", _ASKS, _with("aws:principalarn", _ELSEWHERE)),
    *(
        Variation(
            f"tags a {session} as {what}",
            _like(who, "sts:AssumeRole", f"-{role}", allowed=False),
            _as("sts:TagSession"),
        )
        for session, role in (("session", "request"), ("reader's session", "reader"))
        for what, who in (("another role", f"{_OF_CONSUMER}role-"), ("a role outside the organization", _OF_STRANGER))
    ),
    *(
        Variation(f"tags a {session} with nothing", _without_tags(role), _as("sts:TagSession"))
        for session, role in (("session", "request"), ("reader's session", "reader"))
    ),
    Variation(
        "a member reads over plain HTTP",
        _like(f":{CONSUMER}:", "s3:GetObject", f"{PREFIX}-{CENTRAL}", allowed=True),
        _with("aws:securetransport", "false"),
    ),
    Variation(
        "somebody lists over plain HTTP",
        _like(f":{CENTRAL}:", "s3:ListBucket", f"{PREFIX}-{CENTRAL}", allowed=True),
        _with("aws:securetransport", "false"),
    ),
    Variation(
        "opens an API without consent",
        lambda one: _PATCHES(one) and _CONSENT not in one.keys,
        _as("apigateway:UpdateRestApiPolicy"),
    ),
    Variation(
        "opens what is below an API",
        lambda one: _PATCHES(one) and _CONSENT in one.keys and "/resources/" in one.resource,
        _as("apigateway:UpdateRestApiPolicy"),
    ),
    Variation(
        "takes a firewall from a stage",
        _like("-grantor", "apigateway:GET", "/stages/", allowed=True),
        _as("apigateway:SetWebACL"),
    ),
    Variation("tags an API", _like("-grantor", "apigateway:GET", "/tags/", allowed=True), _as("apigateway:POST")),
    Variation(
        "opens the stream to others",
        _like("-controller", "dynamodb:GetRecords", f"{REQUESTS}/stream/", allowed=True),
        _as("dynamodb:PutResourcePolicy"),
    ),
    *(
        Variation(
            f"does {action} on another table's stream",
            _like("-controller", "dynamodb:GetShardIterator", _BYSTANDERS, allowed=False),
            _as(action),
        )
        for action in ("dynamodb:GetRecords", "dynamodb:ListStreams")
    ),
    Variation(
        "checks an item of another table",
        _like("-controller", "dynamodb:PutItem", _BYSTANDERS, allowed=False),
        _as("dynamodb:ConditionCheckItem"),
    ),
    Variation(
        "another rule wakes the controller",
        _like("events.amazonaws.com", "lambda:InvokeFunction", "-controller", allowed=True),
        _with("aws:sourcearn", f"arn:aws:events:{HOME}:{CENTRAL}:rule/another"),
    ),
    *(
        Variation(
            f"another service runs as the {role}",
            _like("lambda.amazonaws.com", "sts:AssumeRole", f"-{role}", allowed=True),
            lambda one: replace(one, principal="ec2.amazonaws.com"),
        )
        for role in ("provider", "controller")
    ),
    *(
        Variation(
            f"Lambda tags the sessions of the {role}",
            _like("lambda.amazonaws.com", "sts:AssumeRole", f"-{role}", allowed=True),
            _as("sts:TagSession"),
        )
        for role in ("provider", "controller")
    ),
)
