"""What the owners of the model have, and what they publish of it under one name: each owner's targets are of one kind.

Now and then an owner publishes something of another kind, which lets none of those in who have asked so far.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import hypothesis.strategies as st
from twins import MemoryPolicies

from provider.core.identifiers import Arn

OWNERS = ("333333333333", "666666666666")
CONSUMERS = ("111111111111", OWNERS[1])
"""The second owner asks as well, also for what is its own."""
NAME = "orders"

KINDS: Mapping[str, Sequence[str]] = {
    "functions": ("Authorizer", "InvokeFunction"),
    "apis": ("ExecuteApi",),
    "private": ("ExecuteApi",),
    "roles": ("AssumeRole",),
}
"""By kind of target what may be asked for on it."""
STAGES = ("prod", "beta")
OPEN_METHODS = ("GET /health",)

_OUTSIDER = {"AWS": "arn:aws:iam::999999999999:root"}


def _function(owner: str, name: str) -> str:
    return f"arn:aws:lambda:eu-west-1:{owner}:function:{name}"


def _api(owner: str, name: str) -> str:
    return f"arn:aws:execute-api:us-east-1:{owner}:{name}"


def choices(kind: str, owner: str) -> list[dict[str, Any]]:
    """The properties by which an owner may say what he publishes."""
    match kind:
        case "functions":
            shared = _function(owner, "shared")
            return [
                {"FunctionArn": _function(owner, "token:live")},
                {"FunctionArn": shared, "Qualifiers": ["blue", "green"]},
                {"FunctionArn": shared, "Qualifiers": ["green", "red"]},
                {"FunctionArn": f"{shared}:red"},
            ]
        case "apis":
            return [
                *({"RestApiId": "ordersapi0", "StageName": stage} for stage in STAGES),
                {"RestApiId": "openapi000", "StageName": "prod"},
            ]
        case "private":
            return [{"RestApiId": "privateapi", "StageName": stage} for stage in STAGES]
        case _:
            return [{"RoleArn": f"arn:aws:iam::{owner}:role/cross-account/{name}"} for name in ("orders", "stock")]


def arns_of(owner: str, published: Mapping[str, Any]) -> tuple[str, ...]:
    """The ARNs that a target's properties stand for."""
    if "RestApiId" in published:
        return (f"{_api(owner, published['RestApiId'])}/{published['StageName']}",)
    if "RoleArn" in published:
        return (published["RoleArn"],)
    function = published["FunctionArn"]
    return tuple(f"{function}:{one}" for one in published.get("Qualifiers", ())) or (function,)


def kind_of(published: Mapping[str, Any] | None) -> str | None:
    """What consumers take a target for."""
    if published is None:
        return None
    if "RestApiId" in published:
        return "private" if published["RestApiId"] == "privateapi" else "apis"
    return "roles" if "RoleArn" in published else "functions"


def all_arns(owner: str) -> list[str]:
    """All that an owner may ever publish, each once."""
    every = (arn for kind in KINDS for one in choices(kind, owner) for arn in arns_of(owner, one))
    return list(dict.fromkeys(every))


def resource_of(arn: str) -> Arn:
    """What has the policy: of a stage, its API."""
    return Arn(arn.rpartition("/")[0] if is_stage(arn) else arn)


def resources(kind: str, owner: str) -> list[Arn]:
    """What has a policy, of a kind."""
    return list(dict.fromkeys(resource_of(arn) for one in choices(kind, owner) for arn in arns_of(owner, one)))


def stages(owner: str) -> list[str]:
    return [arn for arn in all_arns(owner) if is_stage(arn)]


def is_stage(arn: str) -> bool:
    return ":execute-api:" in arn


def is_private(arn: str) -> bool:
    return ":privateapi" in arn


def is_open(arn: str) -> bool:
    """Whether it is the API with methods that need no authorization."""
    return ":openapi000" in arn


def build(policies: MemoryPolicies, owner: str) -> None:
    """Let an owner have all of it; what has a statement of his own already says `own_statement`."""
    for arn in all_arns(owner):
        resource = resource_of(arn)
        if resource in policies.policies:
            continue
        own = any(part in arn for part in ("token", "blue", "ordersapi0", ":role/"))
        document = {"Version": "2012-10-17", "Statement": [own_statement(arn)]} if own else None
        if is_stage(arn):
            traits: dict[str, Any] = {"private": is_private(arn), "open_methods": OPEN_METHODS if is_open(arn) else ()}
            policies.create_api(resource, *STAGES, document=document, **traits)
        else:
            policies.create(arn, document)


def own_statement(arn: str, sid: str = "mine") -> dict[str, Any]:
    """A statement of the owner's own, for somebody whom nobody else lets in."""
    if ":role/" in arn:
        return {"Sid": sid, "Effect": "Allow", "Principal": _OUTSIDER, "Action": "sts:AssumeRole"}
    action = "execute-api:Invoke" if is_stage(arn) else "lambda:InvokeFunction"
    return {"Sid": sid, "Effect": "Allow", "Principal": _OUTSIDER, "Action": action, "Resource": "*"}


# --- what is drawn ---------------------------------------------------------------------------------


@st.composite
def offers(draw: st.DrawFn, kind: str, owner: str, *, generous: bool = False) -> dict[str, Any]:
    """A target's properties; a `generous` one lets in whoever asks."""
    published = draw(st.sampled_from(choices(kind, owner)))
    offer: dict[str, Any] = {
        "Name": NAME,
        **published,
        "AllowedGrantTypes": list(KINDS[kind]),
        "AllowedAccounts": list(CONSUMERS),
    }
    if kind in ("apis", "private"):
        offer["RedeployOnChange"] = draw(st.sampled_from(["true", "false"]))
        offer["MethodsWithoutAuthorization"] = draw(st.sampled_from(["Refuse", "Close", "CloseWhileGranted"]))
    if generous:
        return offer
    offer["AllowedAccounts"] = draw(st.sampled_from([CONSUMERS] * 4 + [CONSUMERS[:1], CONSUMERS[1:], ()]))
    offer["AllowedGrantTypes"] = draw(st.sampled_from([KINDS[kind]] * 3 + [KINDS[kind][:1]]))
    offer["AllowDeletionWithConsumers"] = draw(st.sampled_from(["true", "false"]))
    if draw(st.sampled_from([False, False, True])):
        others = (arn for one in choices(kind, owner) for arn in arns_of(owner, one))
        offer["RetiredArns"] = sorted(set(others) - set(arns_of(owner, published)))
    if draw(st.sampled_from([False] * 5 + [True])):
        offer["MaximumGrantDays"] = "1"
    return {name: list(value) if isinstance(value, tuple) else value for name, value in offer.items()}


KIND_OF_AN_OWNER = st.sampled_from(list(KINDS))
ANOTHER_KIND = st.sampled_from([None] * 9 + list(KINDS))
